import { describe, expect, it } from 'vitest';
import type { Filter } from '../../src/protocol/filter.ts';
import { encodeReq } from '../../src/protocol/message.ts';
import { splitFilters } from '../../src/protocol/split-filters.ts';

const hex = (n: number): string => n.toString(16).padStart(64, '0');
const hexes = (count: number): string[] => Array.from({ length: count }, (_, n) => hex(n));
const bytesOf = (filters: readonly Filter[], idLength = 8): number =>
  new TextEncoder().encode(encodeReq('x'.repeat(idLength), filters)).length;

describe('splitFilters', () => {
  it('hands on the very array where all of it fits', () => {
    const filters: Filter[] = [{ kinds: [1] }, { kinds: [7], search: 'é😀' }];
    const maxMessageLength = bytesOf(filters);
    for (const limits of [{}, { maxFilters: 2 }, { maxMessageLength }, { maxFilters: 2, maxMessageLength }]) {
      const groups = splitFilters(filters, limits);
      expect(groups).toHaveLength(1);
      expect(groups?.[0]).toBe(filters);
    }
  });

  it('makes no group where there is nothing to ask', () => {
    expect(splitFilters([], {})).toEqual([]);
    expect(splitFilters([], { maxFilters: 1, maxMessageLength: 1 })).toEqual([]);
  });

  it('puts at most so many filters into a group, in order and as they are', () => {
    const filters: Filter[] = [{ kinds: [1] }, { kinds: [2] }, { kinds: [3] }, { kinds: [4] }, { kinds: [5] }];
    const groups = splitFilters(filters, { maxFilters: 2 });
    expect(groups).toEqual([[{ kinds: [1] }, { kinds: [2] }], [{ kinds: [3] }, { kinds: [4] }], [{ kinds: [5] }]]);
    groups?.flat().forEach((filter, at) => expect(filter).toBe(filters[at]));
  });

  it('puts at most so many bytes into a group, to the byte, with the id of the given length', () => {
    const filters: Filter[] = [{ '#t': ['é'] }, { '#t': ['😀'] }, { kinds: [] }];
    const two = bytesOf(filters.slice(0, 2), 64);
    expect(splitFilters(filters, { maxMessageLength: two }, 64)).toEqual([filters.slice(0, 2), filters.slice(2)]);
    expect(splitFilters(filters, { maxMessageLength: two - 1 }, 64)).toEqual([filters.slice(0, 1), filters.slice(1)]);
    expect(splitFilters(filters, { maxMessageLength: two }, 65)).toEqual([filters.slice(0, 1), filters.slice(1)]);
    const whole = bytesOf(filters, 64);
    expect(splitFilters(filters, { maxMessageLength: whole }, 64)).toEqual([filters]);
    expect(splitFilters(filters, { maxMessageLength: whole - 1 }, 64)).toHaveLength(2);
  });

  it('cuts a filter that is too long along its longest list, into as few parts as can be', () => {
    const authors = hexes(1_000);
    const part = (from: number, to: number): Filter => ({ kinds: [1, 6], authors: authors.slice(from, to), limit: 20 });
    const maxMessageLength = bytesOf([part(0, 100)]);
    const groups = splitFilters([part(0, 1_000)], { maxMessageLength });
    expect(groups).toEqual(Array.from({ length: 10 }, (_, n) => [part(n * 100, n * 100 + 100)]));
    expect(splitFilters([part(0, 1_000)], { maxMessageLength: maxMessageLength - 1 })).toHaveLength(11);
  });

  it.each([['ids'], ['authors'], ['kinds'], ['#e'], ['#t']])('can cut along %s', (key) => {
    const values = key === 'kinds' ? hexes(50).map((_, n) => 10_000 + n) : hexes(50);
    const part = (from: number, to: number): Filter => ({ [key]: values.slice(from, to) }) as unknown as Filter;
    const groups = splitFilters([part(0, 50)], { maxMessageLength: bytesOf([part(0, 10)]) });
    expect(groups).toEqual([0, 10, 20, 30, 40].map((from) => [part(from, from + 10)]));
  });

  it('takes what fits along with a part', () => {
    const authors = hexes(3);
    const one: Filter = { kinds: [1] };
    const maxMessageLength = bytesOf([one, { authors: authors.slice(0, 2) }]);
    const groups = splitFilters([one, { authors }, one], { maxMessageLength });
    expect(groups).toEqual([
      [one, { authors: authors.slice(0, 2) }],
      [{ authors: authors.slice(2) }, one],
    ]);
  });

  it('cuts two long lists where one is not enough, into a number of parts that is within reason', () => {
    const filter: Filter = { authors: hexes(400), '#p': hexes(300) };
    // A hundred values in a part: 50 and 50 would make 8 × 6 parts.
    const maxMessageLength = bytesOf([{ authors: hexes(50), '#p': hexes(50) }]);
    const groups = splitFilters([filter], { maxMessageLength });
    expect(groups?.length).toBeLessThanOrEqual(2 * 48);
    for (const group of groups ?? []) expect(bytesOf(group)).toBeLessThanOrEqual(maxMessageLength);
    const pairs = new Set(
      groups?.flat().flatMap(({ authors = [], '#p': keys = [] }) => authors.flatMap((a) => keys.map((p) => a + p))),
    );
    expect(pairs.size).toBe(400 * 300);
  });

  it('does not make a part of each value where the second list leaves room for little more than one', () => {
    const filter: Filter = { authors: hexes(101), '#p': hexes(100) };
    const maxMessageLength = bytesOf([{ authors: hexes(2), '#p': hexes(100) }]);
    expect(splitFilters([filter], { maxMessageLength })).toHaveLength(4);
  });

  it.each<[string, Filter]>([
    ['search', { kinds: [1, 2], search: 'x'.repeat(500) }],
    ['value', { '#t': ['a', 'x'.repeat(500)] }],
    ['list that holds one value', { '#t': ['x'.repeat(500)] }],
  ])('says so when a long %s cannot fit', (_, filter) => {
    expect(splitFilters([{ kinds: [1] }, filter], { maxMessageLength: 400 })).toBeUndefined();
    expect(splitFilters([{ kinds: [1] }, filter], { maxMessageLength: 700 })).toBeDefined();
  });

  it('says so when even an empty filter is too long', () => {
    expect(splitFilters([{}], { maxMessageLength: bytesOf([{}]) })).toEqual([[{}]]);
    expect(splitFilters([{}], { maxMessageLength: bytesOf([{}]) - 1 })).toBeUndefined();
    expect(splitFilters([{}], { maxMessageLength: 1 })).toBeUndefined();
  });

  it('makes no more parts of a filter than it may, however little a relay takes', () => {
    const maxMessageLength = bytesOf([{ authors: hexes(1) }]);
    const most = (count: number, mostParts?: number) =>
      splitFilters([{ authors: hexes(count) }], { maxMessageLength }, 8, mostParts);
    expect(most(1_000)).toHaveLength(1_000);
    expect(most(1_001)).toBeUndefined();
    expect(most(7, 7)).toHaveLength(7);
    expect(most(8, 7)).toBeUndefined();
    const square: Filter = { authors: hexes(5_000), '#p': hexes(5_000) };
    expect(splitFilters([square], { maxMessageLength: 2 * maxMessageLength })).toBeUndefined();
  });

  it('leaves the filters that it was given alone', () => {
    const filter: Filter = Object.freeze({ authors: Object.freeze(hexes(10)) });
    expect(splitFilters(Object.freeze([filter, filter]), { maxFilters: 1, maxMessageLength: 200 })).toHaveLength(10);
    expect(filter.authors).toHaveLength(10);
  });
});
