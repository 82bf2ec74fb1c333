import { describe, expect, it } from 'vitest';
import { logNormalLatency, paretoLatency, seededRandom, uniformLatency } from '../../src/testing/index.ts';

/** Sorted draws; the seed is fixed, so they are the same in every run. */
function draws(latency: (random: () => number) => number, count = 20_000): readonly number[] {
  const random = seededRandom(11);
  return Array.from({ length: count }, () => latency(random)).sort((a, b) => a - b);
}
const at = (sorted: readonly number[], share: number): number => sorted[Math.floor(share * sorted.length)] ?? NaN;

describe('latency distributions', () => {
  it('uniform: within its bounds, half of it below the middle', () => {
    const sorted = draws(uniformLatency(20, 100));
    expect(sorted[0]).toBeGreaterThanOrEqual(20);
    expect(sorted.at(-1)).toBeLessThan(100);
    expect(at(sorted, 0.5)).toBeCloseTo(60, -0.5);
  });

  it('log-normal: half of it below the median, one in 20 above 2.3 times that', () => {
    const sorted = draws(logNormalLatency(60));
    expect(at(sorted, 0.5) / 60).toBeCloseTo(1, 1);
    expect(at(sorted, 0.95) / 60).toBeCloseTo(Math.exp(1.645 * 0.5), 1);
    expect(draws(logNormalLatency(60, 0), 10)).toEqual(Array(10).fill(60));
  });

  it('Pareto: from the least on, one in 100 above 21 times that, cut off at the greatest', () => {
    const sorted = draws(paretoLatency(10, 1.5, 2_000));
    expect(sorted[0]).toBeGreaterThanOrEqual(10);
    expect(sorted.at(-1)).toBe(2_000);
    expect(at(sorted, 0.5) / 10).toBeCloseTo(2 ** (1 / 1.5), 1);
    expect(at(sorted, 0.99) / 10 / 100 ** (1 / 1.5)).toBeCloseTo(1, 0.5);
  });

  it('is finite whatever the random source says', () => {
    for (const latency of [uniformLatency(1, 2), logNormalLatency(1), paretoLatency(1)]) {
      for (const draw of [0, 1 - 2 ** -32]) expect(latency(() => draw)).toBeLessThan(Infinity);
    }
  });

  it.each([
    () => uniformLatency(-1, 2),
    () => uniformLatency(3, 2),
    () => uniformLatency(0, Infinity),
    () => logNormalLatency(0),
    () => logNormalLatency(NaN),
    () => logNormalLatency(1, -1),
    () => paretoLatency(-1),
    () => paretoLatency(1, 0),
    () => paretoLatency(5, 1, 4),
  ])('refuses numbers that make no sense (%#)', (make) => {
    expect(make).toThrow(RangeError);
  });
});
