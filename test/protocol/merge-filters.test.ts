import { describe, expect, it } from 'vitest';
import { type Filter, normalizeFilters } from '../../src/protocol/filter.ts';
import { mergeFilters } from '../../src/protocol/merge-filters.ts';

const hex = (n: number): string => n.toString(16).padStart(64, '0');
const [a, b, c] = [hex(1), hex(2), hex(3)];

describe('mergeFilters', () => {
  it.each<[string, Filter[], Filter[]]>([
    ['nothing', [], []],
    ['equal filters', [{ kinds: [1] }, { kinds: [1] }], [{ kinds: [1] }]],
    [
      'equal filters in another spelling',
      [
        { kinds: [1], since: 5 },
        { since: 5, kinds: [1] },
      ],
      [{ kinds: [1], since: 5 }],
    ],
    ['ids', [{ ids: [a] }, { ids: [b] }], [{ ids: [a, b] }]],
    ['authors', [{ authors: [b] }, { authors: [a, c] }], [{ authors: [a, b, c] }]],
    ['kinds, in the order of numbers', [{ kinds: [10] }, { kinds: [9] }], [{ kinds: [9, 10] }]],
    ['values of a tag', [{ '#t': ['b'] }, { '#t': ['a'] }], [{ '#t': ['a', 'b'] }]],
    [
      'one list where all else is equal',
      [
        { authors: [a], kinds: [1], since: 5, until: 9 },
        { authors: [b], kinds: [1], since: 5, until: 9 },
      ],
      [{ authors: [a, b], kinds: [1], since: 5, until: 9 }],
    ],
    [
      'one list after another',
      [
        { authors: [a], kinds: [1] },
        { authors: [a], kinds: [7] },
        { authors: [b], kinds: [1, 7] },
      ],
      [{ authors: [a, b], kinds: [1, 7] }],
    ],
    ['what a larger list covers', [{ authors: [a, b] }, { authors: [a, b, c] }], [{ authors: [a, b, c] }]],
    ['what a filter without the list covers', [{ authors: [a], kinds: [1] }, { kinds: [1] }], [{ kinds: [1] }]],
    [
      'what a filter by one of several lists covers',
      [
        { authors: [a, b], kinds: [1] },
        { authors: [a], kinds: [1], '#t': ['x'], since: 3 },
      ],
      [{ authors: [a, b], kinds: [1] }],
    ],
    [
      'what a longer time covers',
      [{ since: 3, until: 8 }, { since: 2, until: 9 }, { since: 3 }],
      [{ since: 2, until: 9 }, { since: 3 }],
    ],
    ['all that the filter of everything covers', [{ kinds: [1] }, {}, { ids: [a], until: 3 }], [{}]],
    [
      'a limit that is there twice',
      [
        { kinds: [1], limit: 5 },
        { kinds: [1], limit: 5 },
      ],
      [{ kinds: [1], limit: 5 }],
    ],
  ])('unites %s', (_, filters, expected) => {
    const normal = normalizeFilters(filters);
    expect(mergeFilters([normal])).toEqual(expected);
    expect(mergeFilters(normal.map((filter) => [filter]))).toEqual(expected);
  });

  it.each<[string, Filter[]]>([
    [
      'in two lists',
      [
        { authors: [a], kinds: [1] },
        { authors: [b], kinds: [2] },
      ],
    ],
    [
      'in two lists, one of them larger',
      [
        { authors: [a], kinds: [1, 2] },
        { authors: [a, b], kinds: [2] },
      ],
    ],
    [
      'in a list and a time',
      [
        { authors: [a], since: 1 },
        { authors: [b], since: 2 },
      ],
    ],
    [
      'in times that overlap',
      [
        { since: 1, until: 5 },
        { since: 2, until: 6 },
      ],
    ],
    ['in which list they have', [{ authors: [a] }, { ids: [a] }]],
    ['in tags', [{ '#e': [a] }, { '#p': [a] }]],
    ['in the case of a tag', [{ '#t': ['a'] }, { '#T': ['a'] }]],
    [
      'in their limits',
      [
        { kinds: [1], limit: 5 },
        { kinds: [1], limit: 6 },
      ],
    ],
    ['in what they search', [{ search: 'a' }, { search: 'b' }]],
    ['in that one has a limit', [{ kinds: [1] }, { kinds: [1], limit: 5 }]],
    ['in that one has a limit of 0', [{ kinds: [1] }, { authors: [a], kinds: [1], limit: 0 }]],
    ['in that one has a search', [{ kinds: [1] }, { kinds: [1], search: '' }]],
    [
      'in a list, with limits',
      [
        { authors: [a], limit: 5 },
        { authors: [b], limit: 5 },
      ],
    ],
    [
      'in a list, with searches',
      [
        { authors: [a], search: 'x' },
        { authors: [b], search: 'x' },
      ],
    ],
    ['in a list, the larger with a limit', [{ authors: [a] }, { authors: [a, b], limit: 5 }]],
    ['in a list, the larger with a search', [{ authors: [a] }, { authors: [a, b], search: 'x' }]],
  ])('leaves filters that differ %s', (_, filters) => {
    expect(mergeFilters([filters])).toEqual(filters);
  });

  it('hands on what it does not unite as it is', () => {
    const filters: Filter[] = [{ kinds: [1] }, { kinds: [7], limit: 5 }, { authors: [a] }];
    const merged = mergeFilters(filters.map((filter) => [filter]));
    expect(merged).toHaveLength(3);
    for (const filter of filters) expect(merged.some((other) => other === filter)).toBe(true);
  });

  it('makes one filter of two hundred authors', () => {
    const lists = Array.from({ length: 200 }, (_, n): Filter[] => [{ authors: [hex(n * 7_919)], kinds: [1, 6] }]);
    const [filter, ...others] = mergeFilters(lists);
    expect(others).toEqual([]);
    expect(filter).toEqual({ kinds: [1, 6], authors: lists.map((_, n) => hex(n * 7_919)).sort() });
  });

  it('compares few of thousands that have nothing in common but a kind', () => {
    let looks = 0;
    const lists = Array.from({ length: 3_000 }, (_, n): Filter[] => [
      new Proxy<Filter>(
        { authors: [hex(n)], kinds: [1], since: n },
        {
          get: (filter, key) => {
            if (key === 'since') looks++;
            return Reflect.get(filter, key) as unknown;
          },
        },
      ),
    ]);
    expect(mergeFilters(lists)).toHaveLength(3_000);
    expect(looks).toBeLessThan(100_000);
  });

  it('leaves what it was given alone', () => {
    const freeze = (filter: Filter): Filter => {
      for (const value of Object.values(filter) as unknown[]) Object.freeze(value);
      return Object.freeze(filter);
    };
    const lists = [Object.freeze([freeze({ authors: [b] })]), Object.freeze([freeze({ authors: [a] })])];
    expect(mergeFilters(Object.freeze(lists))).toEqual([{ authors: [a, b] }]);
  });
});
