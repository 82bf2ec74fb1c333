import { describe, expect, it } from 'vitest';
import type { Filter } from '../../src/protocol/filter.ts';
import { listsOf, withList } from '../../src/protocol/filter-lists.ts';

describe('listsOf', () => {
  it('is all that is a list, by its key', () => {
    const filter: Filter = { '#t': ['a'], authors: [], kinds: [1], limit: 1, search: 'b', since: 2, until: 3 };
    expect(listsOf(filter)).toEqual([
      ['#t', ['a']],
      ['authors', []],
      ['kinds', [1]],
    ]);
    expect(listsOf({ '#e': undefined })).toEqual([]);
  });
});

describe('withList', () => {
  it('changes one list of a copy', () => {
    const filter: Filter = { authors: ['a'], kinds: [1], limit: 5 };
    expect(withList(filter, 'kinds', [2, 3])).toEqual({ authors: ['a'], kinds: [2, 3], limit: 5 });
    expect(filter.kinds).toEqual([1]);
  });
});
