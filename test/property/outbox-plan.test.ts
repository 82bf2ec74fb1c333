import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OutboxKnowledge, planPublish, planRequest } from '../../src/policies/outbox-plan.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { type Filter, matchesFilter } from '../../src/protocol/filter.ts';
import type { RelayList } from '../../src/protocol/relay-list.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { fakeEvent } from '../../src/testing/index.ts';

const USERS = Array.from({ length: 8 }, (_, index) => index.toString(16).repeat(64));
const RELAYS = Array.from({ length: 8 }, (_, index) => relayUrl(`wss://r${index}.example`));

const relays = fc.subarray(RELAYS, { maxLength: 4 });
const user = fc.constantFrom(...USERS);
const some = fc.uniqueArray(user, { minLength: 1, maxLength: 6 });
const kinds = fc.uniqueArray(fc.constantFrom(1, 7, 1_059), { minLength: 1, maxLength: 3 });
const filter: fc.Arbitrary<Filter> = fc.record({ authors: some, '#p': some, kinds }, { requiredKeys: [] });
const knowledge: fc.Arbitrary<OutboxKnowledge> = fc
  .record({
    lists: fc.array(fc.tuple(user, relays, relays), { maxLength: 8 }),
    inboxes: fc.array(fc.tuple(user, relays), { maxLength: 8 }),
    down: fc.subarray(RELAYS, { maxLength: 3 }),
    open: fc.subarray(RELAYS),
  })
  .map(({ lists, inboxes, down, open }) => ({
    lists: new Map(
      lists.map(([pubkey, write, read]): [string, RelayList] => [pubkey, { pubkey, createdAt: 1, write, read }]),
    ),
    inboxes: new Map(inboxes),
    isUsable: (relay: string) => !(down as readonly string[]).includes(relay),
    worth: (relay: string) => ((open as readonly string[]).includes(relay) ? 0.75 : 0),
  }));
const numbers = fc.record({
  times: fc.integer({ min: 1, max: 3 }),
  maxRelays: fc.integer({ min: 1, max: 10 }),
  maxAuthors: fc.integer({ min: 1, max: 4 }),
});
const event = fc
  .record({ pubkey: user, kind: fc.constantFrom(1, 7, 1_059), to: fc.array(user, { maxLength: 3 }) })
  .map(({ pubkey, kind, to }) => ({ ...fakeEvent({ kind, tags: to.map((each) => ['p', each]) }), pubkey }));

/** Where a user's part of a filter may be asked for, said anew and simply. */
function placesOf({ authors, kinds = [] }: Filter, who: string, { lists, inboxes, isUsable }: OutboxKnowledge) {
  const all = authors
    ? lists.get(who)?.write
    : kinds.length === 1 && kinds[0] === 1_059
      ? inboxes.get(who)
      : lists.get(who)?.read;
  return (all ?? []).filter(isUsable);
}
const usersOf = ({ authors, '#p': mentioned }: Filter): readonly string[] => authors ?? mentioned ?? [];
const matchesAny = (filters: readonly Filter[], each: NostrEvent): boolean =>
  filters.some((filter) => matchesFilter(filter, each));
/** With gift wraps in a filter of their own, as they lie elsewhere. */
const apart = (each: Filter): readonly Filter[] =>
  each.authors || !each['#p'] || each.kinds === undefined || !each.kinds.includes(1_059)
    ? [each]
    : [each.kinds.filter((kind) => kind !== 1_059), [1_059]]
        .filter(({ length }) => length > 0)
        .map((some) => ({ ...each, kinds: some }));

describe('planRequest', () => {
  it('the parts and the rest together match what the filters match', () => {
    fc.assert(
      fc.property(
        fc.array(filter, { minLength: 1, maxLength: 3 }),
        knowledge,
        numbers,
        fc.array(event, { minLength: 5, maxLength: 20 }),
        (filters, knowledge, numbers, events) => {
          const { relays, rest } = planRequest(filters, knowledge, numbers);
          const parts = [...[...relays.values()].flat(), ...rest];
          for (const each of events) expect(matchesAny(parts, each)).toBe(matchesAny(filters, each));
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  it('asks each user at up to `times` of their relays, and leaves out nobody who could be asked', () => {
    fc.assert(
      fc.property(filter, knowledge, numbers, (given, knowledge, numbers) => {
        const unlimited = { ...numbers, maxRelays: 100 };
        for (const each of apart(given)) {
          const { relays, rest } = planRequest([each], knowledge, unlimited);
          for (const who of usersOf(each)) {
            const places = placesOf(each, who, knowledge);
            const askedAt = [...relays].filter(([, part]) => part.some((some) => usersOf(some).includes(who)));
            expect(askedAt).toHaveLength(Math.min(numbers.times, places.length));
            for (const [relay] of askedAt) expect(places).toContain(relay);
            expect(rest.some((some) => usersOf(some).includes(who))).toBe(places.length === 0);
          }
        }
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  it('keeps to its numbers, and what does not fit is in the rest', () => {
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 3 }), knowledge, numbers, (filters, knowledge, numbers) => {
        const { relays, rest } = planRequest(filters, knowledge, numbers);
        expect(relays.size).toBeLessThanOrEqual(numbers.maxRelays);
        for (const relay of relays.keys()) expect(knowledge.isUsable(relay)).toBe(true);
        const parts = [...[...relays.values()].flat(), ...rest];
        for (const part of parts) expect(usersOf(part).length).toBeLessThanOrEqual(numbers.maxAuthors);
        for (const part of parts) if (part.authors ?? part['#p']) expect(usersOf(part).length).toBeGreaterThan(0);
        // Nobody is in the rest and at a relay by the same filter.
        for (const each of filters.flatMap(apart)) {
          const alone = planRequest([each], knowledge, numbers);
          const atRelays = [...alone.relays.values()].flat().flatMap(usersOf);
          for (const who of alone.rest.flatMap(usersOf)) expect(atRelays).not.toContain(who);
        }
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});

describe('planPublish', () => {
  it('goes to usable relays that somebody concerned has named, those of the author before all others', () => {
    fc.assert(
      fc.property(event, knowledge, numbers, (event, knowledge, { maxRelays }) => {
        const { relays, needed } = planPublish(event, knowledge, { maxRelays });
        const tagged = [...new Set(event.tags.map(([, who = '']) => who))];
        const own = event.kind === 1_059 ? [] : (knowledge.lists.get(event.pubkey)?.write ?? []);
        const theirs = tagged.map((who) =>
          event.kind === 1_059 ? (knowledge.inboxes.get(who) ?? []) : (knowledge.lists.get(who)?.read ?? []),
        );
        const allowed = [...new Set([...own, ...theirs.flat()])].filter(knowledge.isUsable);
        expect(relays).toHaveLength(Math.min(maxRelays, allowed.length));
        expect(new Set(relays).size).toBe(relays.length);
        for (const relay of relays) expect(allowed).toContain(relay);
        const usableOwn = own.filter(knowledge.isUsable).slice(0, maxRelays);
        expect(relays.slice(0, usableOwn.length)).toEqual(usableOwn);
        expect(needed).toEqual(event.kind === 1_059 ? undefined : usableOwn);
        // Where there is room for one of each, each gets one.
        const users = theirs.map((some) => some.filter(knowledge.isUsable)).filter(({ length }) => length > 0);
        if (users.length + usableOwn.length > maxRelays || users.some((some, at) => some[0] !== theirs[at]?.[0]))
          return;
        for (const some of users) expect(some.some((relay) => relays.includes(relay))).toBe(true);
      }),
      { numRuns: 500, seed: 4 },
    );
  });
});
