import { BehaviorSubject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { PooledRelay } from '../../src/pool/pooled-relay.ts';
import { RequestProgress } from '../../src/pool/request-progress.ts';
import type { Route } from '../../src/pool/route.ts';
import { everyRelay } from '../../src/pool/routes.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { TimeByHand } from '../support/time-by-hand.ts';
import { hear, world } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const [a, b] = [relayUrl('wss://a.test'), relayUrl('wss://b.test')];

function aProgress() {
  const time = new TimeByHand();
  const progress = new RequestProgress(time);
  const relays$ = new BehaviorSubject<readonly PooledRelay[]>([]);
  const heard = hear(progress.candidates(relays$));
  /** By the last candidates. */
  const now = (): unknown => Object.fromEntries(heard.values.at(-1)?.progress ?? []);
  return { time, progress, relays$, heard, now };
}

describe('RequestProgress', () => {
  it('tells how it goes: now, and after every change', () => {
    const { progress, heard, now } = aProgress();
    expect(heard.values).toEqual([{ relays: [], progress: new Map() }]);
    progress.mark(a, 'answered');
    expect(now()).toEqual({ [a]: 'answered' });
    progress.mark(b, 'late');
    progress.mark(a, 'failed');
    expect(now()).toEqual({ [a]: 'failed', [b]: 'late' });
    progress.mark(a, 'answered');
    expect(now()).toEqual({ [a]: 'answered', [b]: 'late' });
    expect(heard.values).toHaveLength(5);
  });

  it('says nothing where nothing changes', () => {
    const { progress, heard } = aProgress();
    progress.mark(a, 'answered');
    progress.mark(a, 'answered');
    expect(heard.values).toHaveLength(2);
  });

  it('forgets a failure after a minute, counted from the last', () => {
    const { time, progress, relays$, now } = aProgress();
    progress.mark(a, 'failed');
    progress.mark(b, 'answered');
    time.moveTo(30 * SECOND);
    progress.mark(a, 'failed');
    time.moveTo(90 * SECOND - 1);
    relays$.next([]);
    expect(now()).toEqual({ [a]: 'failed', [b]: 'answered' });
    time.moveTo(90 * SECOND);
    relays$.next([]);
    expect(now()).toEqual({ [b]: 'answered' });
    expect(time.pending).toBe(0);
  });

  it('is over with the relays', () => {
    const { progress, relays$, heard } = aProgress();
    relays$.complete();
    expect(heard.completed).toBe(true);
    progress.mark(a, 'failed');
    expect(heard.values).toHaveLength(1);
  });
});

describe('the progress of a request', () => {
  it('is told to its route, and is its own', async () => {
    const told: string[][] = [[], []];
    const watching =
      (index: number): Route =>
      (candidates$, call) => {
        candidates$.subscribe(({ progress }) => told[index]?.push([...progress.values()].sort().join(' ')));
        return everyRelay()(candidates$, call);
      };
    const { pool, relays, time } = world({ relays: [{}, { faults: { closedWith: 'restricted: no' } }] });
    hear(pool.packets({ kinds: [1] }, { route: watching(0), alone: true }));
    await time.advance(SECOND);
    hear(pool.packets({ kinds: [2] }, { route: watching(1), alone: true }));
    expect(told[0]?.at(-1)).toBe('answered failed');
    expect(told[1]).toEqual(['']);
    // A relay that is lost for a moment has not failed.
    relays[0]?.drop();
    await time.advance(10 * SECOND);
    expect(told[0]?.at(-1)).toBe('answered failed');
    await time.advance(MINUTE);
    pool.remove(relays[1]?.url ?? '');
    expect(told[0]?.at(-1)).toBe('answered');
    pool.close();
  });
});
