import { describe, expect, it } from 'vitest';
import type { Filter } from '../../src/protocol/filter.ts';
import { shapeOfFilters } from '../../src/protocol/filter-shape.ts';
import { anEvent } from '../support/packets.ts';

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];
const keyOf = (...filters: readonly Filter[]): string => shapeOfFilters(filters).shape.key;

describe('shapeOfFilters', () => {
  it.each<[string, Filter, readonly string[]]>([
    ['ids before all others', { ids: [A, B], authors: [C], '#t': ['x'] }, [A, B]],
    ['authors before tags', { authors: [B], '#e': [A], kinds: [1] }, [B]],
    ['the first tag by name, whatever the order of keys', { '#t': ['x'], '#e': [A, B] }, [A, B]],
    ['an empty value of a tag, too', { '#d': ['', 'x'] }, ['', 'x']],
  ])('takes one list apart: %s', (_, filter, values) => {
    const { shape, values: own } = shapeOfFilters([filter]);
    expect([...own]).toEqual(values);
    expect(shape.filtersWith([...own])).toEqual([filter]);
  });

  it('makes the request for the values of all, in the form of a normal filter', () => {
    const filter: Filter = { kinds: [0], authors: [B] };
    expect(shapeOfFilters([filter]).shape.filtersWith([C, A, B])).toEqual([{ kinds: [0], authors: [A, B, C] }]);
    expect(filter).toEqual({ kinds: [0], authors: [B] });
  });

  it('is the same for filters that differ in that list alone', () => {
    expect(keyOf({ kinds: [0], authors: [A] })).toBe(keyOf({ authors: [B, C], kinds: [0] }));
    expect(keyOf({ '#t': ['x'], since: 5 })).toBe(keyOf({ since: 5, '#t': ['y'] }));
    expect(keyOf({ ids: [A] })).toBe(keyOf({ ids: [B] }));
  });

  it.each<[string, Filter, Filter]>([
    ['kinds', { authors: [A], kinds: [0] }, { authors: [A], kinds: [1] }],
    ['since', { authors: [A], since: 1 }, { authors: [A], since: 2 }],
    ['until', { authors: [A], until: 1 }, { authors: [A], until: 2 }],
    ['a second list', { authors: [A], '#t': ['x'] }, { authors: [A], '#t': ['y'] }],
    ['the key of the list', { '#e': [A] }, { '#p': [A] }],
    ['the case of a tag', { '#t': ['x'] }, { '#T': ['x'] }],
    ['a list that the other has not', { authors: [A] }, { ids: [A], authors: [A] }],
    ['the values where there is a limit', { authors: [A], limit: 5 }, { authors: [B], limit: 5 }],
    ['the limit', { authors: [A], limit: 5 }, { authors: [A], limit: 6 }],
    ['a limit that the other has not', { authors: [A], limit: 5 }, { authors: [A] }],
    ['the values where there is a search', { authors: [A], search: 'x' }, { authors: [B], search: 'x' }],
    ['the search', { search: 'x' }, { search: 'y' }],
  ])('tells filters apart that differ in %s', (_, one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });

  it('keeps together what has no list of its own: all of it is one value that every event has', () => {
    for (const filters of [
      [{ kinds: [1] }],
      [{ authors: [A], limit: 0 }],
      [{ authors: [A], search: '' }],
      [{ authors: [A] }, { authors: [B] }],
    ] satisfies Filter[][]) {
      const { shape, values } = shapeOfFilters(filters);
      expect(shape.filtersWith([...values])).toEqual(filters);
      expect(shape.valuesOf(anEvent('1', { pubkey: C }))).toEqual([...values]);
      expect(values.size).toBe(1);
    }
  });

  it('is the same for several filters whatever their order, and another for others', () => {
    expect(keyOf({ kinds: [1] }, { authors: [A] })).toBe(keyOf({ authors: [A] }, { kinds: [1] }));
    expect(keyOf({ kinds: [1] }, { authors: [A] })).not.toBe(keyOf({ kinds: [1] }, { authors: [B] }));
    expect(keyOf({ authors: [A] }, { authors: [A] })).not.toBe(keyOf({ authors: [A] }, { kinds: [1] }));
  });

  it('finds the values of an event: its id, its author, the first values of its tags', () => {
    const event = anEvent('1', {
      pubkey: B,
      tags: [['t', 'x', 'y'], ['t'], ['T', 'z'], ['tt', 'n'], ['t', ''], ['t', 'x']],
    });
    const valuesFor = (filter: Filter): readonly string[] => shapeOfFilters([filter]).shape.valuesOf(event);
    expect(valuesFor({ ids: [A] })).toEqual([event.id]);
    expect(valuesFor({ authors: [A] })).toEqual([B]);
    expect(valuesFor({ '#t': ['q'] })).toEqual(['x', '', 'x']);
    expect(valuesFor({ '#T': ['q'] })).toEqual(['z']);
    expect(valuesFor({ '#e': [A] })).toEqual([]);
  });
});
