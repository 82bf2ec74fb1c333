import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/testing/index.ts';
import { growth, linearFit, type Point } from './linear-fit.ts';

const series = (length: number, of: (x: number) => number): Point[] => Array.from({ length }, (_, x) => [x, of(x)]);
/** Near enough to normal for what is asked of it: the sum of twelve draws, less six. */
const noise = (random: () => number): number => Array.from({ length: 12 }, random).reduce((sum, one) => sum + one, -6);

describe('linearFit', () => {
  it('finds a line that is one, with no error', () => {
    const fit = linearFit(series(10, (x) => 3 - 2 * x));
    expect(fit.intercept).toBeCloseTo(3);
    expect(fit.slope).toBeCloseTo(-2);
    expect(fit.standardError).toBeCloseTo(0);
  });

  it('fits a sample whose fit is known', () => {
    // By hand: means 2.5 and 7, Sxx 5, Sxy 7; residuals 1.1, -1.3, -0.7 and 0.9, whose squares are 4.2 together.
    const fit = linearFit([
      [1, 6],
      [2, 5],
      [3, 7],
      [4, 10],
    ]);
    expect(fit.slope).toBeCloseTo(1.4);
    expect(fit.intercept).toBeCloseTo(3.5);
    expect(fit.standardError).toBeCloseTo(Math.sqrt(4.2 / 2 / 5));
  });

  it('has an error as large as slopes of noise scatter', () => {
    const random = seededRandom(1);
    const fits = Array.from({ length: 400 }, () => linearFit(series(60, () => noise(random))));
    const scatter = Math.sqrt(fits.reduce((sum, { slope }) => sum + slope ** 2, 0) / fits.length);
    const told = fits.reduce((sum, { standardError }) => sum + standardError, 0) / fits.length;
    // 400 slopes tell their scatter within 3.5 %.
    expect(Math.abs(scatter / told - 1)).toBeLessThan(0.12);
  });

  it.each([
    [[]],
    [[[0, 1]]],
    [
      [
        [0, 1],
        [1, 2],
      ],
    ],
    [
      [
        [2, 1],
        [2, 2],
        [2, 3],
      ],
    ],
  ] as Point[][][])('refuses what has no slope with an error: %j', (points) =>
    expect(() => linearFit(points)).toThrow(RangeError),
  );
});

describe('growth', () => {
  const bounds = { slope: 1, total: 20 };

  it('is too much beyond both bounds', () => {
    expect(
      growth(
        series(100, (x) => 2 * x),
        bounds,
      ),
    ).toMatchObject({ isTooMuch: true });
    expect(
      growth(
        series(100, (x) => 2 * x),
        bounds,
      ).total,
    ).toBeCloseTo(198);
  });

  it('is not too much where it is slow, however long it lasts', () =>
    expect(
      growth(
        series(10_000, (x) => 0.9 * x),
        bounds,
      ).isTooMuch,
    ).toBe(false));

  it('is not too much where it is fast, but little in all', () =>
    expect(
      growth(
        series(5, (x) => 4 * x),
        bounds,
      ).isTooMuch,
    ).toBe(false));

  it('is not too much where it shrinks', () =>
    expect(
      growth(
        series(100, (x) => -5 * x),
        bounds,
      ).isTooMuch,
    ).toBe(false));

  it('is not too much where noise hides it: the slope alone is no proof', () => {
    const random = seededRandom(3);
    const noisy = series(10, (x) => 2.5 * x + 60 * noise(random));
    expect(linearFit(noisy).slope).toBeGreaterThan(1);
    expect(growth(noisy, bounds).isTooMuch).toBe(false);
  });

  it('takes noise for growth five times of a hundred', () => {
    const random = seededRandom(7);
    const trials = 2_000;
    let alarms = 0;
    for (let trial = 0; trial < trials; trial++) {
      if (
        growth(
          series(60, () => noise(random)),
          { slope: 0, total: 0 },
        ).isTooMuch
      )
        alarms++;
    }
    // Expected 100 to 106 with Student's t; four standard deviations of 9.7 either way.
    expect(alarms).toBeGreaterThan(64);
    expect(alarms).toBeLessThan(145);
  });
});
