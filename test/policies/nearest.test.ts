import { describe, expect, it } from 'vitest';
import { type Rankable, rankByDistance } from '../../src/policies/nearest.ts';
import type { Place } from '../../src/protocol/place.ts';

const from: Place = { latitude: 0, longitude: 0 };
/** So many km east of it, as good as. */
const east = (kilometres: number): Place => ({ latitude: 0, longitude: kilometres / 111.195 });
const relay = (key: string, place: Place | undefined, latency?: number): Rankable => ({ key, place, latency });
const ranked = (candidates: readonly Rankable[], ...rest: [Place | undefined, { tie?: number }?]): string =>
  rankByDistance(candidates, ...rest)
    .map(({ key }) => key)
    .join('');

describe('rankByDistance', () => {
  it('puts the nearest first', () => {
    expect(ranked([relay('c', east(9_000)), relay('a', east(10)), relay('b', east(1_200))], from)).toBe('abc');
  });

  it('lets the distance count more than the latency from band to band', () => {
    expect(ranked([relay('b', east(600), 1), relay('a', east(400), 900)], from)).toBe('ab');
  });

  it('lets the latency decide within a band', () => {
    expect(ranked([relay('b', east(10), 90), relay('a', east(490), 20), relay('c', east(510), 1)], from)).toBe('abc');
  });

  it('takes bands of another breadth', () => {
    const candidates = [relay('b', east(10), 90), relay('a', east(490), 20), relay('c', east(510), 1)];
    expect(ranked(candidates, from, { tie: 100 })).toBe('bac');
    expect(ranked(candidates, from, { tie: 1_000 })).toBe('cab');
    expect(ranked(candidates, from, { tie: Infinity })).toBe('cab');
  });

  it('puts what was not measured in the middle of its band', () => {
    const near = ['a', 'b', 'd', 'e'].map((key, index) => relay(key, east(1), 10 * (index + 1)));
    expect(ranked([...near, relay('c', east(1))], from)).toBe('abcde');
    // Of the band, not of all: those far away are slower.
    expect(
      ranked([relay('y', east(5_000), 900), relay('z', east(5_000), 990), ...near, relay('c', east(1))], from),
    ).toBe('abcdeyz');
  });

  it('gives it its try before one that is just in the middle', () => {
    expect(ranked([relay('a', east(1), 50), relay('z', east(1))], from)).toBe('za');
  });

  it('takes a latency that makes no sense for none', () => {
    const candidates = [relay('a', east(1), 10), relay('c', east(1), 20), relay('d', east(1), 30)];
    for (const latency of [Number.NaN, -1])
      expect(ranked([relay('b', east(1), latency), ...candidates], from)).toBe('abcd');
    expect(ranked([relay('e', east(1), Infinity), ...candidates], from)).toBe('acde');
  });

  it('puts what has no place into the band in the middle', () => {
    const placed = [relay('a', east(1), 100), relay('c', east(2_010), 100), relay('d', east(9_000), 100)];
    expect(ranked([...placed, relay('b', undefined, 50)], from)).toBe('abcd');
    expect(ranked([...placed, relay('z', undefined, 150)], from)).toBe('aczd');
    expect(ranked([...placed, relay('b', { latitude: Number.NaN, longitude: 0 }, 50)], from)).toBe('abcd');
    // Half way between two.
    expect(ranked([relay('a', east(1), 100), relay('c', east(9_000), 100), relay('b', undefined, 150)], from)).toBe(
      'abc',
    );
  });

  it('goes by latency alone where one place or the other is not known', () => {
    expect(ranked([relay('c', east(1), 30), relay('a', east(9_000), 10), relay('b', undefined)], undefined)).toBe(
      'abc',
    );
    expect(ranked([relay('b', undefined, 30), relay('a', undefined, 10)], from)).toBe('ab');
  });

  it('goes by the key where nothing else tells', () => {
    expect(
      ranked(
        ['c', 'a', 'b'].map((key) => relay(key, east(1), 5)),
        from,
      ),
    ).toBe('abc');
    expect(
      ranked(
        ['c', 'a', 'b'].map((key) => relay(key, undefined)),
        undefined,
      ),
    ).toBe('abc');
  });

  it('hands back what it got, and leaves that alone', () => {
    const candidates = [relay('b', east(9_000)), relay('a', east(1))];
    const copy = [...candidates];
    expect(rankByDistance(candidates, from)).toEqual([copy[1], copy[0]]);
    expect(rankByDistance(candidates, from)[0]).toBe(copy[1]);
    expect(candidates).toEqual(copy);
    expect(rankByDistance([], from)).toEqual([]);
  });

  it.each([0, -1, Number.NaN])('refuses bands of %s km', (tie) => {
    expect(() => rankByDistance([], from, { tie })).toThrow(RangeError);
    expect(() => rankByDistance([], from, { tie })).toThrow(`got ${tie}`);
  });
});
