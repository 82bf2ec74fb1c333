import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import { fakeEvent, type VirtualRelay } from '../../src/testing/index.ts';
import { hear, world } from '../support/world.ts';

/** The promise of resuming, checked through the whole pool: relays, links and outages as they come. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Seconds by which an event may be late and must come all the same: far less than the overlap. */
const ON_TIME = 30;

type Fault = 'cut' | 'clean close' | 'stop' | 'restart' | 'half-open';
type Action =
  | { readonly type: 'store'; readonly relay: number; readonly age: number; readonly count: number }
  | { readonly type: 'fault'; readonly relay: number; readonly fault: Fault }
  | { readonly type: 'wait'; readonly milliseconds: number };

const relay = fc.integer({ min: 0, max: 1 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('store' as const),
      relay: fc.integer({ min: 0, max: 2 }),
      // On time, late by an hour, late by a day, and ahead of time.
      age: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(3_600, 86_400, -3_600)),
      count: fc.integer({ min: 1, max: 15 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('fault' as const),
      relay,
      fault: fc.constantFrom<Fault>('cut', 'clean close', 'stop', 'restart', 'half-open'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      milliseconds: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1_000, max: 90_000 })),
    }),
  },
);

const scenario = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  cap: fc.integer({ min: 10, max: 30 }),
  before: fc.integer({ min: 0, max: 60 }),
  limit: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  actions: fc.array(action, { maxLength: 25 }),
});

function inflict(fault: Fault, on: VirtualRelay): void {
  if (fault === 'cut') on.drop();
  else if (fault === 'clean close') on.drop(1001);
  else if (fault === 'stop') on.stop();
  else if (fault === 'restart') on.restart();
  else {
    // Connections that are open now stay dead; later ones are well.
    on.faults.halfOpen = true;
    on.faults.halfOpen = false;
  }
}

describe('a subscription through outages', () => {
  it(
    'delivers what the relays hold, once each, or names the hole; and leaves nothing behind',
    { timeout: 60_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(scenario, async ({ seed, cap, before, limit, actions }) => {
          const { pool, relays, time } = world({
            seed,
            latency: 40,
            relays: [{ faults: { cap, order: 'shuffled' } }, { faults: { cap, order: 'oldest' }, hints: false }],
            pool: { verifier: { verify: (events) => events.map(() => true) } },
          });
          let made = 0;
          const onTime = new Set<string>();
          const store = (index: number, age: number, how: 'seed' | 'add'): void => {
            const created_at = Math.floor(time.now() / SECOND) - age;
            const event = fakeEvent({ kind: 1, content: `${made++}`, created_at });
            if (age <= ON_TIME) onTime.add(event.id);
            // The third choice is both relays.
            for (const each of index === 2 ? relays : relays.slice(index, index + 1)) each[how](event);
          };
          for (let i = 0; i < before; i++) store(i % 2, Math.floor(i / 4), 'seed');
          const start = new Set(
            relays.flatMap(({ store: stored }) => stored.query([{ kinds: [1] }]).map(({ id }) => id)),
          );

          const heard = hear(pool.packets({ kinds: [1], ...(limit === undefined ? {} : { limit }) }));
          await time.advance(SECOND);
          for (const step of actions) {
            if (step.type === 'wait') await time.advance(step.milliseconds);
            else if (step.type === 'store') for (let i = 0; i < step.count; i++) store(step.relay, step.age, 'add');
            else for (const target of relays.slice(step.relay, step.relay + 1)) inflict(step.fault, target);
          }
          for (const each of relays) each.restart();
          await time.advance(5 * MINUTE);

          const delivered = heard.values.flatMap((packet) => (packet.type === 'event' ? [packet.event.id] : []));
          expect(new Set(delivered).size).toBe(delivered.length);
          const ids = new Set(delivered);
          for (const each of relays) {
            const missing = each.store
              .query([{ kinds: [1] }])
              .filter(({ id }) => !ids.has(id))
              // A limit is for the stored part alone: it says nothing about what comes later.
              .filter(({ id }) => limit === undefined || !start.has(id))
              .filter(
                (event) => !heard.values.some((packet) => excuses(packet, each.url, event, onTime.has(event.id))),
              );
            expect(missing).toEqual([]);
          }
          pool.close();
          expect(await time.settle(MINUTE)).toBe(true);
          expect(time.actions).toHaveLength(0);
        }),
        { numRuns: 100 },
      );
    },
  );
});

/**
 * Whether a gap speaks of this event. What is on time may be missing only where one second holds more than a page: the window
 * before an outage is no excuse for it.
 */
function excuses(packet: Packet, relayUrl: string, event: NostrEvent, isOnTime: boolean): boolean {
  if (packet.type !== 'gap' || packet.relay !== relayUrl) return false;
  if (isOnTime && packet.since !== packet.until) return false;
  return packet.since <= event.created_at && event.created_at <= packet.until;
}
