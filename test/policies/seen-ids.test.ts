import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SeenIds } from '../../src/policies/seen-ids.ts';

const id = (seed: number): string => createHash('sha256').update(String(seed)).digest('hex');

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

describe('SeenIds', () => {
  it('says of each id whether it is new', () => {
    const seen = new SeenIds();
    expect([seen.has(A), seen.add(A), seen.has(A), seen.add(A), seen.has(B), seen.size]).toEqual([
      false,
      true,
      true,
      false,
      false,
      1,
    ]);
  });

  it('tells ids apart by every digit', () => {
    const seen = new SeenIds();
    seen.add('0'.repeat(64));
    for (let at = 0; at < 64; at++) {
      const other = `${'0'.repeat(at)}1${'0'.repeat(63 - at)}`;
      expect(seen.has(other)).toBe(false);
      expect(seen.add(other)).toBe(true);
    }
    expect(seen.size).toBe(65);
  });

  it('keeps a number with each id, the first one given', () => {
    const seen = new SeenIds();
    seen.add(A, 1_700_000_000);
    seen.add(B);
    expect([seen.find(A), seen.find(B), seen.find(id(1))]).toEqual([1_700_000_000, 0, -1]);
    seen.add(A, 5);
    expect(seen.find(A)).toBe(1_700_000_000);
    seen.delete(A);
    expect(seen.find(A)).toBe(-1);
    seen.add(A, 2 ** 53 - 1);
    expect(seen.find(A)).toBe(2 ** 53 - 1);
  });

  it('keeps the numbers with their ids as it grows', () => {
    const seen = new SeenIds();
    for (let n = 0; n < 1_000; n++) seen.add(id(n), n);
    for (let n = 0; n < 1_000; n++) expect(seen.find(id(n))).toBe(n);
  });

  it.each([-1, NaN])('refuses to keep %d with an id', (value) => {
    const seen = new SeenIds();
    expect(() => seen.add(A, value)).toThrow(RangeError);
    expect(seen.has(A)).toBe(false);
  });

  it('forgets the oldest first beyond its capacity', () => {
    const seen = new SeenIds({ capacity: 3 });
    for (let n = 0; n < 5; n++) expect(seen.add(id(n))).toBe(true);
    expect(seen.size).toBe(3);
    expect([0, 1, 2, 3, 4].map((n) => seen.has(id(n)))).toEqual([false, false, true, true, true]);
  });

  it('does not make an id younger when it is added or asked for again', () => {
    const seen = new SeenIds({ capacity: 2 });
    seen.add(id(0));
    seen.add(id(1));
    seen.add(id(0));
    seen.has(id(0));
    seen.add(id(2));
    expect([0, 1, 2].map((n) => seen.has(id(n)))).toEqual([false, true, true]);
  });

  it('makes an id young when it was deleted and added again', () => {
    const seen = new SeenIds({ capacity: 2 });
    seen.add(id(0));
    seen.add(id(1));
    seen.delete(id(0));
    seen.add(id(0));
    seen.add(id(2));
    expect([0, 1, 2].map((n) => seen.has(id(n)))).toEqual([true, false, true]);
  });

  it('forgets none while deletions make room', () => {
    const seen = new SeenIds({ capacity: 3 });
    for (let n = 0; n < 3; n++) seen.add(id(n));
    seen.delete(id(1));
    seen.add(id(3));
    expect([0, 1, 2, 3].map((n) => seen.has(id(n)))).toEqual([true, false, true, true]);
  });

  it('holds a single id', () => {
    const seen = new SeenIds({ capacity: 1 });
    expect([seen.add(A), seen.add(B), seen.has(A), seen.has(B), seen.size]).toEqual([true, true, false, true, 1]);
    expect([seen.delete(B), seen.delete(B), seen.size, seen.add(A)]).toEqual([true, false, 0, true]);
  });

  it('is empty after clear, and usable', () => {
    const seen = new SeenIds({ capacity: 500 });
    for (let n = 0; n < 600; n++) seen.add(id(n));
    seen.clear();
    expect([seen.size, seen.has(id(599))]).toEqual([0, false]);
    for (let n = 0; n < 501; n++) expect(seen.add(id(n))).toBe(true);
    expect([seen.size, seen.has(id(0)), seen.has(id(1))]).toEqual([500, false, true]);
  });

  it('is exact up to the default capacity of 100,000, and bounded by it', () => {
    const seen = new SeenIds();
    expect(seen.capacity).toBe(100_000);
    // Counting hex digits are cheaper than hashes, and a harder test: they share all but their last digits.
    const counted = (n: number): string => n.toString(16).padStart(64, '0');
    let added = 0;
    for (let n = 0; n < 100_000; n++) if (!seen.has(counted(n)) && seen.add(counted(n))) added++;
    let known = 0;
    for (let n = 0; n < 100_000; n++) if (seen.has(counted(n)) && !seen.add(counted(n))) known++;
    expect([added, known]).toEqual([100_000, 100_000]);
    for (let n = 100_000; n < 150_000; n++) seen.add(counted(n));
    expect(seen.size).toBe(100_000);
    expect([seen.has(counted(49_999)), seen.has(counted(50_000))]).toEqual([false, true]);
  });

  it.each<[string, (n: string) => string]>([
    ['beginning', (n) => n.padStart(8, '0').padEnd(64, '0')],
    ['end', (n) => n.padStart(64, '0')],
    ['eight words alike', (n) => n.padStart(8, '0').repeat(8)],
  ])('does not slow down on ids that differ only at the %s', (_, shape) => {
    const seen = new SeenIds();
    const start = performance.now();
    for (let n = 0; n < 50_000; n++) seen.add(shape(n.toString(16)));
    // In one bucket, this would take 10^9 comparisons of an id.
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(seen.size).toBe(50_000);
  });

  it('says whether an id had to go, and lists those that are there', () => {
    const seen = new SeenIds({ capacity: 2 });
    seen.add(id(1), 10);
    seen.add(id(0xf0e1), 20);
    seen.add(id(1), 30);
    seen.delete(id(1));
    seen.add(id(2), 40);
    expect([seen.hasForgotten, [...seen.entries()]]).toEqual([
      false,
      [
        [id(0xf0e1), 20],
        [id(2), 40],
      ],
    ]);
    seen.add(id(3));
    expect([seen.hasForgotten, [...seen.entries()].map(([of]) => of)]).toEqual([true, [id(2), id(3)]]);
    seen.clear();
    expect([seen.hasForgotten, [...seen.entries()]]).toEqual([false, []]);
  });

  it.each([0, -1, 1.5, NaN, Infinity, 2 ** 40])('refuses a capacity of %d', (capacity) => {
    expect(() => new SeenIds({ capacity })).toThrow(RangeError);
  });
});
