import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NewestEvents } from '../../src/policies/newest-events.ts';
import { type NostrEvent, replaceableKey } from '../../src/protocol/event.ts';
import { anEvent } from '../support/packets.ts';

/** Few of everything, so that events meet: copies, ties, versions. The id follows from the rest, as it does in Nostr. */
const events = fc
  .record({ kind: fc.constantFrom(0, 1, 30_023), created_at: fc.integer({ min: 1, max: 6 }), salt: fc.nat(2) })
  .map(({ kind, created_at, salt }) => {
    const id = ((kind * 31 + created_at * 7 + salt * 13) % 97) * 1_000 + (kind % 100) * 100 + created_at * 10 + salt;
    return anEvent(String(id), { kind, created_at, tags: salt === 2 ? [['d', 'other']] : [] });
  });
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: events.map((event) => ({ event })) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, 30_023).map((without) => ({ without })) },
  ),
  { maxLength: 40 },
);

const isNewer = (a: NostrEvent, b: NostrEvent): number => b.created_at - a.created_at || (a.id < b.id ? -1 : 1);

/** What it promises, with one list that is made anew each time. */
function newestOf(list: readonly NostrEvent[], limit: number): NostrEvent[] {
  const sorted = [...new Map(list.map((event) => [event.id, event])).values()].sort(isNewer);
  const keyOf = (event: NostrEvent): string => replaceableKey(event) ?? event.id;
  const current = sorted.filter((event, place) => sorted.findIndex((other) => keyOf(other) === keyOf(event)) === place);
  return current.slice(0, limit);
}

describe('NewestEvents', () => {
  it('is what sorting all of them gives, after every step, and says truly whether anything changed', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 8 }), (all, limit) => {
        const list = new NewestEvents(limit);
        let model: NostrEvent[] = [];
        for (const step of all) {
          const before = list.events;
          const isChanged = 'event' in step ? list.add(step.event) : list.retain(({ kind }) => kind !== step.without);
          model = newestOf(
            'event' in step ? [...model, step.event] : model.filter(({ kind }) => kind !== step.without),
            limit,
          );
          expect(list.events).toEqual(model);
          expect(list.events !== before).toBe(isChanged);
        }
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });
});
