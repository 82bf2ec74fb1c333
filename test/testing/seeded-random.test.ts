import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/testing/index.ts';
import { randomHex } from '../../src/testing/seeded-random.ts';

const draw = (seed: number, count: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, random);
};

describe('seededRandom', () => {
  it('gives the numbers of mulberry32', () => {
    // The known first numbers for seed 0.
    expect(draw(0, 3).map((n) => Math.round(n * 2 ** 32))).toEqual([1144304738, 1416247, 958946056]);
  });

  it('replays a seed and differs between seeds', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(draw(seed, 20)).toEqual(draw(seed, 20));
        expect(draw(seed, 20)).not.toEqual(draw(seed + 1, 20));
      }),
    );
  });

  it('stays in [0, 1) and spreads evenly', () => {
    const tenths = new Array<number>(10).fill(0);
    const numbers = draw(7, 100_000);
    expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
    for (const n of numbers) {
      const tenth = Math.floor(n * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});

describe('randomHex', () => {
  it('has the length asked for and every digit', () => {
    const hex = randomHex(seededRandom(1), 2_000);
    expect(hex).toMatch(/^[0-9a-f]{2000}$/);
    expect(new Set(hex).size).toBe(16);
  });
});
