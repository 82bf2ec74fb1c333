import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilters, type Filter, normalizeFilters } from '../../src/protocol/filter.ts';
import { filterKey, keyOfFilter, sameFilters } from '../../src/protocol/filter-key.ts';
import { mergeFilters } from '../../src/protocol/merge-filters.ts';
import { anyEvent, anyFilter, anyPlainFilter } from '../support/any-filter.ts';

const anyLists = fc.array(fc.array(fc.oneof(anyFilter, anyPlainFilter), { maxLength: 4 }), { maxLength: 6 });
const anyNormalLists = anyLists.map((lists) => lists.map((list) => normalizeFilters(list)));
/** Filters that only have lists and times, and often can be united. */
const anyPlainLists = fc
  .array(fc.array(anyPlainFilter, { maxLength: 6 }), { maxLength: 6 })
  .map((lists) => lists.map((list) => normalizeFilters(list)));
const anyEvents = fc.array(anyEvent, { minLength: 1, maxLength: 20 });

const isPlain = ({ limit, search }: Filter): boolean => limit === undefined && search === undefined;

const valueOf = (filter: Filter, key: string): unknown => (filter as Record<string, unknown>)[key];

/** Whether two filters are the same but for one list, told by going through all keys. */
function canUnite(one: Filter, other: Filter): boolean {
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const different = keys.filter((key) => JSON.stringify(valueOf(one, key)) !== JSON.stringify(valueOf(other, key)));
  return different.length === 1 && different.every((key) => [one, other].every((f) => Array.isArray(valueOf(f, key))));
}

/** Whether all that the one matches is matched by the other, told by what the keys mean. */
function covers(cover: Filter, filter: Filter): boolean {
  return Object.keys(cover).every((key) => {
    const [wide, narrow] = [valueOf(cover, key), valueOf(filter, key)];
    if (key === 'since') return Number(narrow ?? -1) >= Number(wide);
    if (key === 'until') return Number(narrow ?? Infinity) <= Number(wide);
    return Array.isArray(wide) && Array.isArray(narrow) && narrow.every((value) => wide.includes(value));
  });
}

describe('mergeFilters', () => {
  it.each([
    ['any', anyLists],
    ['normalised', anyNormalLists],
    ['plain', anyPlainLists],
  ])('matches what the lists match, no more and no less: %s filters', (_, lists) => {
    let [matched, shorter] = [0, 0];
    fc.assert(
      fc.property(lists, anyEvents, (given, events) => {
        const merged = mergeFilters(given);
        const expected = events.filter(compileFilters(given.flat()));
        expect(events.filter(compileFilters(merged))).toEqual(expected);
        matched += expected.length;
        if (merged.length < given.flat().length) shorter++;
      }),
      { numRuns: 2_000 },
    );
    expect(matched).toBeGreaterThan(1_000);
    expect(shorter).toBeGreaterThan(200);
  });

  it('leaves nothing that could be united or is covered, and so changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.oneof(anyNormalLists, anyPlainLists), (lists) => {
        const merged = mergeFilters(lists);
        const plain = merged.filter(isPlain);
        for (const one of plain) {
          for (const other of plain) {
            if (one !== other) expect([canUnite(one, other), covers(one, other)]).toEqual([false, false]);
          }
        }
        const again = mergeFilters([merged]);
        expect(again).toHaveLength(merged.length);
        again.forEach((filter, at) => expect(filter).toBe(merged[at]));
      }),
      { numRuns: 2_000 },
    );
  });

  it('matches the same whatever the order of the lists', () => {
    const lists = fc.oneof(anyNormalLists, anyPlainLists);
    const inAnyOrder = lists.chain((given) =>
      fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length })),
    );
    fc.assert(
      fc.property(inAnyOrder, anyEvents, ([given, shuffled], events) => {
        expect(events.filter(compileFilters(mergeFilters(shuffled)))).toEqual(
          events.filter(compileFilters(mergeFilters(given))),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves every limit and every search, once, as it is', () => {
    fc.assert(
      fc.property(anyNormalLists, (lists) => {
        const expected = new Set(
          lists
            .flat()
            .filter((filter) => !isPlain(filter))
            .map((filter) => keyOfFilter(filter)),
        );
        const kept = mergeFilters(lists).filter((filter) => !isPlain(filter));
        expect(kept).toHaveLength(expected.size);
        expect(new Set(kept.map((filter) => keyOfFilter(filter)))).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is normal where it was given what is', () => {
    fc.assert(
      fc.property(anyNormalLists, (lists) => {
        const merged = mergeFilters(lists);
        expect(JSON.stringify(merged)).toBe(JSON.stringify(normalizeFilters(merged)));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The same filters, with keys, values and filters in another order. */
function inAnotherOrder(filters: readonly Filter[]): fc.Arbitrary<readonly Filter[]> {
  const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
    fc.shuffledSubarray([...items], { minLength: items.length });
  const entry = ([key, value]: [string, unknown]): fc.Arbitrary<[string, unknown]> =>
    (Array.isArray(value) ? shuffled(value) : fc.constant(value)).map((other) => [key, other]);
  const filter = (one: Filter): fc.Arbitrary<Filter> =>
    shuffled(Object.entries(one))
      .chain((entries) => fc.tuple(...entries.map(entry)))
      .map((entries) => Object.fromEntries(entries) as unknown as Filter);
  return shuffled(filters).chain((others) => fc.tuple(...others.map(filter)));
}

describe('filterKey', () => {
  const anyFilters = fc.array(anyFilter, { maxLength: 4 }).map((filters) => normalizeFilters(filters));

  it('is the same in whatever order', () => {
    const pairs = anyFilters.chain((filters) => fc.tuple(fc.constant(filters), inAnotherOrder(filters)));
    fc.assert(
      fc.property(pairs, ([filters, others]) => {
        expect(filterKey(others)).toBe(filterKey(filters));
        expect(sameFilters(filters, others)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is another one for filters that ask something else', () => {
    // Normal filters are in one spelling, so that filters that ask the same are the same text, once each and sorted.
    const spelling = (filters: readonly Filter[]): string =>
      [...new Set(filters.map((filter) => JSON.stringify(filter)))].sort().join('\n');
    const alike = fc.tuple(anyFilters, anyFilters).chain(([one, other]) => {
      const near = one.map((filter, at) => ({ ...filter, ...(at === 0 ? { since: 1 } : {}) }));
      return fc.constantFrom(
        [one, other] as const,
        [one, normalizeFilters(near)] as const,
        [one, one.slice(1)] as const,
      );
    });
    let [same, different] = [0, 0];
    fc.assert(
      fc.property(alike, ([one, other]) => {
        const isSame = spelling(one) === spelling(other);
        if (isSame) same++;
        else different++;
        expect(filterKey(one) === filterKey(other)).toBe(isSame);
        expect(sameFilters(one, other)).toBe(isSame);
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(same, different)).toBeGreaterThan(50);
  });

  it('tells a text from a list of it, and takes an undefined key for none', () => {
    expect(filterKey([{ search: 'a' }])).not.toBe(filterKey([{ '#t': ['a'] }]));
    expect(filterKey([{ '#t': ['a,b'] }])).not.toBe(filterKey([{ '#t': ['a', 'b'] }]));
    expect(filterKey([{ '#t': ['a","b'] }])).not.toBe(filterKey([{ '#t': ['a', 'b'] }]));
    expect(filterKey([{ kinds: [1], '#t': undefined }])).toBe(filterKey([{ kinds: [1] }]));
    expect(filterKey([{ kinds: [1] }, { kinds: [1] }])).toBe(filterKey([{ kinds: [1] }]));
    expect(filterKey([])).not.toBe(filterKey([{}]));
  });
});
