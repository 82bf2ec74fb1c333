import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import {
  compileFilters,
  FilterError,
  matchesFilter,
  normalizeFilters,
  type Filter,
} from '../../src/protocol/filter.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const event: NostrEvent = {
  id: A,
  pubkey: B,
  created_at: 100,
  kind: 1,
  tags: [['t', 'one', 'two'], ['t', 'three'], ['p', A], ['x'], ['long', 'value']],
  content: 'hello',
  sig: 'c'.repeat(128),
};

describe('matchesFilter and compileFilters', () => {
  it.each<[string, Filter, boolean]>([
    ['an empty filter', {}, true],
    ['an id', { ids: [B, A] }, true],
    ['another id', { ids: [B] }, false],
    ['a prefix of the id', { ids: ['a'] }, false],
    ['an author', { authors: [B] }, true],
    ['another author', { authors: [A] }, false],
    ['a kind', { kinds: [0, 1] }, true],
    ['another kind', { kinds: [0] }, false],
    ['empty ids', { ids: [] }, false],
    ['empty authors', { authors: [] }, false],
    ['empty kinds', { kinds: [] }, false],
    ['empty tag values', { '#t': [] }, false],
    ['since at the time', { since: 100 }, true],
    ['since after it', { since: 101 }, false],
    ['until at the time', { until: 100 }, true],
    ['until before it', { until: 99 }, false],
    ['until 0', { until: 0 }, false],
    ['since after until', { since: 101, until: 99 }, false],
    ['the first value of a tag', { '#t': ['one'] }, true],
    ['the first value of a later tag of that name', { '#t': ['three'] }, true],
    ['the second value of a tag', { '#t': ['two'] }, false],
    ['a tag without a value', { '#x': [''] }, false],
    ['a tag that is missing', { '#q': ['one'] }, false],
    ['a tag in the other case', { '#T': ['one'] }, false],
    ['several keys that match', { ids: [A], kinds: [1], '#t': ['one'], '#p': [A] }, true],
    ['several keys of which one does not', { ids: [A], kinds: [1], '#t': ['one'], '#p': [B] }, false],
    ['a limit, which says nothing of an event', { limit: 0 }, true],
    ['a search, which is for the relay to judge', { search: 'absent' }, true],
  ])('%s', (_, filter, expected) => {
    expect(matchesFilter(filter, event)).toBe(expected);
    expect(compileFilters([filter])(event)).toBe(expected);
  });

  it('compiles several filters to any of them, and none to nothing', () => {
    expect(compileFilters([{ kinds: [0] }, { ids: [A] }])(event)).toBe(true);
    expect(compileFilters([{ kinds: [0] }, { ids: [B] }])(event)).toBe(false);
    expect(compileFilters([])(event)).toBe(false);
  });

  it('compiles a snapshot: later changes of the filter do not reach it', () => {
    const kinds = [1];
    const matches = compileFilters([{ kinds }]);
    kinds[0] = 2;
    expect(matches(event)).toBe(true);
  });
});

describe('normalizeFilters', () => {
  it('takes one filter or several', () => {
    expect(normalizeFilters({ kinds: [1] })).toEqual([{ kinds: [1] }]);
    expect(normalizeFilters([{ kinds: [1] }, { kinds: [2] }])).toEqual([{ kinds: [1] }, { kinds: [2] }]);
    expect(normalizeFilters([])).toEqual([]);
  });

  it('sorts lists, each value once, kinds as numbers', () => {
    expect(
      normalizeFilters({
        kinds: [10, 9, 10, 1],
        ids: [B, A, B],
        authors: [B, A],
        '#t': ['b', 'a', 'b'],
        '#E': ['z', 'Z'],
      }),
    ).toEqual([{ kinds: [1, 9, 10], ids: [A, B], authors: [A, B], '#t': ['a', 'b'], '#E': ['Z', 'z'] }]);
  });

  it('writes two spellings of one filter as one text', () => {
    const text = (filter: Filter): string => JSON.stringify(normalizeFilters(filter));
    expect(text({ kinds: [2, 1], since: 5, '#t': ['x'] })).toBe(text({ '#t': ['x'], since: 5, kinds: [1, 2, 1] }));
  });

  it('leaves out filters that can match nothing', () => {
    expect(normalizeFilters({ ids: [] })).toEqual([]);
    expect(normalizeFilters({ '#t': [] })).toEqual([]);
    expect(normalizeFilters([{ authors: [] }, { kinds: [1] }, { kinds: [] }])).toEqual([{ kinds: [1] }]);
    expect(normalizeFilters({ since: 2, until: 1 })).toEqual([]);
  });

  it('keeps what matches something', () => {
    const kept: Filter[] = [{}, { since: 1, until: 1 }, { limit: 0 }, { since: 0, until: 0, limit: 1 }, { search: '' }];
    expect(normalizeFilters(kept)).toEqual(kept);
  });

  it('passes over keys that are undefined', () => {
    const filter: Record<string, unknown> = {
      kinds: [1],
      since: undefined,
      ids: undefined,
      '#t': undefined,
      kind: undefined,
    };
    const [normal] = normalizeFilters(filter as Filter);
    expect(Object.keys(normal ?? {})).toEqual(['kinds']);
  });

  it('neither changes nor shares what it was given', () => {
    const filter = Object.freeze({ kinds: Object.freeze([2, 1]), '#t': Object.freeze(['b', 'a']) });
    const [normal] = normalizeFilters(filter);
    expect(filter.kinds).toEqual([2, 1]);
    expect(normal?.kinds).not.toBe(filter.kinds);
  });

  it.each<[key: string, filter: unknown]>([
    ['', null],
    ['', 1],
    ['', 'kinds'],
    ['', undefined],
    ['', [[]]],
    ['', [null]],
    ['ids', { ids: A }],
    ['ids', { ids: ['a'] }],
    ['ids', { ids: ['A'.repeat(64)] }],
    ['ids', { ids: [1] }],
    ['ids', { ids: null }],
    ['authors', { authors: ['npub1xyz'] }],
    ['authors', { authors: [`${A}\n`] }],
    ['kinds', { kinds: 1 }],
    ['kinds', { kinds: ['1'] }],
    ['kinds', { kinds: [1.5] }],
    ['kinds', { kinds: [-1] }],
    ['kinds', { kinds: [65536] }],
    ['kinds', { kinds: [NaN] }],
    ['since', { since: NaN }],
    ['since', { since: 1.5 }],
    ['since', { since: -1 }],
    ['since', { since: '5' }],
    ['since', { since: new Date(0) }],
    ['until', { until: Infinity }],
    ['until', { until: null }],
    ['limit', { limit: -1 }],
    ['limit', { limit: 1.5 }],
    ['limit', { limit: NaN }],
    ['search', { search: 1 }],
    ['search', { search: '\ud800' }],
    ['#t', { '#t': 'nostr' }],
    ['#t', { '#t': [1] }],
    ['#t', { '#t': ['\udc00'] }],
    ['#e', { '#e': ['note1xyz'] }],
    ['#p', { '#p': ['B'.repeat(64)] }],
    ['#tt', { '#tt': ['x'] }],
    ['#1', { '#1': ['x'] }],
    ['#', { '#': ['x'] }],
    ['#ü', { '#ü': ['x'] }],
    ['kind', { kind: [1] }],
    ['constructor', { constructor: [1] }],
    ['__proto__', JSON.parse('{"__proto__":[1]}')],
  ])('refuses %s in %j', (key, filter) => {
    const normalize = (): unknown => normalizeFilters(filter as Filter);
    expect(normalize).toThrow(FilterError);
    expect(normalize).toThrow(expect.objectContaining({ code: 'invalid-filter', key, name: 'FilterError' }));
  });

  it('refuses a bad filter even beside a key that matches nothing', () => {
    expect(() => normalizeFilters([{ ids: [], kinds: [-1] }])).toThrow(FilterError);
  });

  it('says what to do, with the wrong value cut short', () => {
    expect(() => normalizeFilters({ since: 1.5 })).toThrow(/'since' takes whole seconds.*Math\.floor.*got 1\.5/);
    expect(() => normalizeFilters({ ids: ['x'.repeat(10_000)] })).toThrow(/^.{1,250}$/);
  });
});
