import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { compileFilters, matchesFilter, normalizeFilters, type Filter } from '../../src/protocol/filter.ts';

// Small worlds, so that filters and events meet.
const anyHex = fc.constantFrom('0', '1', '2', '3').map((digit) => digit.repeat(64));
const anyKind = fc.constantFrom(0, 1, 2, 10, 65535);
const anyTime = fc.nat(5);
const anyWord = fc.constantFrom('', 'a', 'b', 'é', '😀');
const anyLetter = fc.constantFrom('e', 'p', 't', 'T', 'd');

const anyTag = fc.oneof(
  fc.tuple(anyLetter, fc.oneof(anyHex, anyWord)),
  fc.tuple(anyLetter, fc.oneof(anyHex, anyWord), fc.oneof(anyHex, anyWord)),
  fc.tuple(anyLetter),
  fc.tuple(fc.constantFrom('', 'title'), anyWord),
);

const anyEvent: fc.Arbitrary<NostrEvent> = fc.record({
  id: anyHex,
  pubkey: anyHex,
  created_at: anyTime,
  kind: anyKind,
  tags: fc.array(
    anyTag.map((tag): string[] => [...tag]),
    { maxLength: 4 },
  ),
  content: anyWord,
  sig: fc.constant('f'.repeat(128)),
});

const few = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 4 });

const anyWholeFilter = fc.record({
  ids: few(anyHex),
  authors: few(anyHex),
  kinds: few(anyKind),
  since: anyTime,
  until: anyTime,
  limit: fc.nat(3),
  search: anyWord,
  '#e': few(anyHex),
  '#p': few(anyHex),
  '#t': few(anyWord),
  '#T': few(anyWord),
});

/** A few keys at a time: a filter with all of them matches next to nothing. */
const anyFilter: fc.Arbitrary<Filter> = anyWholeFilter.chain((whole) =>
  fc
    .subarray(Object.entries(whole), { maxLength: 4 })
    .map((entries): Filter => Object.fromEntries<unknown>(entries) as Filter),
);

/** NIP-01, word for word. */
function oracle(filter: Filter, event: NostrEvent): boolean {
  return Object.entries(filter).every(([key, value]: [string, unknown]) => {
    const isOneOf = (wanted: unknown): boolean => Array.isArray(value) && value.includes(wanted);
    if (key === 'limit' || key === 'search') return true;
    if (key === 'since') return Number(value) <= event.created_at;
    if (key === 'until') return event.created_at <= Number(value);
    if (key === 'ids') return isOneOf(event.id);
    if (key === 'authors') return isOneOf(event.pubkey);
    if (key === 'kinds') return isOneOf(event.kind);
    const values = event.tags.filter((tag) => `#${tag[0]}` === key && tag.length > 1).map((tag) => tag[1]);
    return values.some(isOneOf);
  });
}

describe('filters', () => {
  it('match what a naive reading of NIP-01 matches', () => {
    let matched = 0;
    fc.assert(
      fc.property(anyFilter, fc.array(anyEvent, { minLength: 1, maxLength: 20 }), (filter, events) => {
        const expected = events.filter((event) => oracle(filter, event));
        matched += expected.length;
        expect(events.filter((event) => matchesFilter(filter, event))).toEqual(expected);
        expect(events.filter(compileFilters([filter]))).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
    expect(matched).toBeGreaterThan(500); // the worlds do meet
  });

  it('add up', () => {
    fc.assert(
      fc.property(fc.array(anyFilter, { maxLength: 4 }), anyEvent, (filters, event) => {
        expect(compileFilters(filters)(event)).toBe(filters.some((filter) => oracle(filter, event)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('match the same when normalised', () => {
    fc.assert(
      fc.property(fc.array(anyFilter, { maxLength: 4 }), fc.array(anyEvent, { maxLength: 10 }), (filters, events) => {
        const normal = normalizeFilters(filters);
        expect(events.filter(compileFilters(normal))).toEqual(events.filter(compileFilters(filters)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('are normal once normalised, without empty lists, repeats or disorder', () => {
    fc.assert(
      fc.property(fc.array(anyFilter, { maxLength: 4 }), (filters) => {
        const normal = normalizeFilters(filters);
        expect(JSON.stringify(normalizeFilters(normal))).toBe(JSON.stringify(normal));
        for (const filter of normal) {
          for (const value of Object.values(filter) as unknown[]) {
            if (!Array.isArray(value)) continue;
            expect(value.length).toBeGreaterThan(0);
            for (let at = 1; at < value.length; at++) expect(value[at - 1] < value[at]).toBe(true);
          }
        }
      }),
    );
  });
});
