import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedMap } from '../../src/policies/bounded-map.ts';

describe('BoundedMap', () => {
  it('forgets the oldest entry beyond its capacity', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('c', 3);
    expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([undefined, 2, 3]);
    expect(map.size).toBe(2);
  });

  it('makes a key that is set again the newest, with its new value', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    map.set('c', 4);
    expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([3, undefined, 4]);
  });

  it('does not make a key newer by reading it', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.get('a');
    map.has('a');
    map.set('c', 3);
    expect(map.has('a')).toBe(false);
  });

  it('deletes and clears, and has room again', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect([map.delete('a'), map.delete('a')]).toEqual([true, false]);
    map.set('c', 3);
    expect([map.has('b'), map.has('c')]).toEqual([true, true]);
    map.clear();
    expect(map.size).toBe(0);
  });

  it('knows a value that is undefined from no value', () => {
    const map = new BoundedMap<string, undefined>(1);
    map.set('a', undefined);
    expect([map.has('a'), map.has('b')]).toEqual([true, false]);
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses a capacity of %d', (capacity) => {
    expect(() => new BoundedMap(capacity)).toThrow(RangeError);
  });

  it('agrees with a list that keeps the last of each key', () => {
    const step = fc.tuple(fc.constantFrom('set', 'delete'), fc.nat(9));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (capacity, steps) => {
        const map = new BoundedMap<number, number>(capacity);
        let model: [number, number][] = [];
        steps.forEach(([what, key], value) => {
          model = model.filter(([known]) => known !== key);
          if (what === 'set') model.push([key, value]);
          model = model.slice(-capacity);
          if (what === 'set') map.set(key, value);
          else map.delete(key);
          expect(map.size).toBe(model.length);
          for (let n = 0; n < 10; n++) expect(map.get(n)).toBe(model.find(([known]) => known === n)?.[1]);
        });
      }),
    );
  });
});
