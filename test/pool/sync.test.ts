import { describe, expect, it } from 'vitest';
import type { RelaySync, SyncProgress } from '../../src/pool/sync-progress.ts';
import { fakeEvent, type VirtualRelay } from '../../src/testing/index.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { idsOf, shelf } from '../support/shelf.ts';
import { hear, world, type WorldOptions } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const START = 1_700_000_000;

/** Takes fake events for real. */
const aWorld = (options: WorldOptions = {}) =>
  world({
    ...options,
    relays:
      typeof options.relays === 'object'
        ? options.relays.map((relay) => ({ verify: false, ...relay }))
        : Array.from({ length: options.relays ?? 1 }, () => ({ verify: false })),
    pool: { verifier: zerosVerifier, ...options.pool },
  });
const many = (count: number, from = 0): NostrEvent[] =>
  Array.from({ length: count }, (_, i) => fakeEvent({ content: `${from + i}`, created_at: START + Math.floor((from + i) / 3) }));
const stored = ({ store }: VirtualRelay): string[] => idsOf(store.query([{}]));
const states = (progress: SyncProgress | undefined): readonly RelaySync[] => Object.values(progress?.relays ?? {});

describe('a sync', () => {
  it.for([
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [40, 10, 10],
    [500, 0, 0],
    [500, 500, 500],
    [0, 2_000, 0],
    [0, 0, 2_000],
    [3_000, 1, 1],
  ])('of %i events in common, %i at the relay alone and %i here alone', async ([common, there, here]) => {
    const { pool, relay, time } = aWorld();
    const all = many(common + there + here);
    relay.seed(all.slice(0, common + there));
    const store = shelf([...all.slice(0, common), ...all.slice(common + there)]);
    const sync = hear(pool.sync({ kinds: [1] }, store));
    await time.advance(5 * MINUTE);
    expect(sync.error).toBeUndefined();
    expect(states(sync.values.at(-1))).toEqual([
      { status: 'done', method: 'negentropy', have: here, need: there, downloaded: there, uploaded: here, failed: 0 },
    ]);
    expect(sync.completed).toBe(true);
    expect(stored(relay)).toEqual(idsOf(all));
    expect(idsOf(store.events.values())).toEqual(idsOf(all));
    expect(store.puts).toHaveLength(there);
    pool.close();
    expect(await time.settle(MINUTE)).toBe(true);
  });
});
