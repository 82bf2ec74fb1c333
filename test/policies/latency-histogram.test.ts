import { afterEach, describe, expect, it, vi } from 'vitest';
import { LatencyHistogram } from '../../src/policies/latency-histogram.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';

const histogramOf = (...readings: number[]): LatencyHistogram => {
  const histogram = new LatencyHistogram();
  for (const ms of readings) histogram.record(ms);
  return histogram;
};
const DAY = 86_400_000;

describe('LatencyHistogram', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('has nothing to say when empty', () => {
    const empty = new LatencyHistogram();
    expect([empty.count, empty.min, empty.max, empty.mean]).toEqual([0, undefined, undefined, undefined]);
    expect(empty.percentile(50)).toBeUndefined();
    expect(empty.summary()).toBeUndefined();
    expect(empty.summary(0)).toBeUndefined();
  });

  it('says of one reading that it is everything, exactly', () => {
    expect(histogramOf(123.456).summary()).toEqual({
      count: 1,
      min: 123.456,
      mean: 123.456,
      p50: 123.456,
      p95: 123.456,
      p99: 123.456,
      max: 123.456,
    });
  });

  it('keeps count, min, mean and max exactly', () => {
    const histogram = histogramOf(12.5, 0.25, 300.75, 86.5);
    expect([histogram.count, histogram.min, histogram.mean, histogram.max]).toEqual([4, 0.25, 100, 300.75]);
    expect(histogram.summary()).toMatchObject({ count: 4, min: 0.25, mean: 100, max: 300.75 });
  });

  it('takes the nearest rank: no index past the end, and none too late', () => {
    const twenty = histogramOf(...Array.from({ length: 20 }, (_, index) => 2 ** index));
    const place = (percent: number): number => Math.round(Math.log2(twenty.percentile(percent) ?? Number.NaN)) + 1;
    expect([0, 1, 5, 5.1, 10, 50, 50.1, 95, 95.1, 99, 100].map(place)).toEqual([1, 1, 1, 2, 2, 10, 11, 19, 20, 20, 20]);
  });

  it('is not led astray by the rounding of a product', () => {
    // 1.1 × 1000 and 0.07 × 100 are a trifle over a whole number as doubles: the place must not move up by one.
    for (const [percent, count, place] of [
      [7, 100, 7],
      [1.1, 1_000, 11],
      [0.7, 1_000, 7],
      [55.1, 1_000, 551],
      [99.9, 1_000, 999],
    ] as const) {
      const histogram = new LatencyHistogram({ precision: 0.0001 });
      for (let reading = 1; reading <= count; reading++) histogram.record(reading);
      expect(Math.round(histogram.percentile(percent) ?? 0), `${percent} of ${count}`).toBe(place);
    }
  });

  it('needs a minimum of readings for a summary', () => {
    const three = histogramOf(1, 2, 3);
    expect(three.summary(4)).toBeUndefined();
    expect(three.summary(3)).toMatchObject({ count: 3 });
  });

  it('leaves NaN out, and says so', () => {
    const histogram = histogramOf(5);
    expect(histogram.record(Number.NaN)).toBe(false);
    expect(histogram.record(7)).toBe(true);
    expect(histogram.summary()).toMatchObject({ count: 2, mean: 6, max: 7 });
  });

  it('clamps what is out of its range', () => {
    expect(histogramOf(-5).summary()).toMatchObject({ count: 1, min: 0, mean: 0, p50: 0, max: 0 });
    expect(histogramOf(Infinity, DAY + 1).summary()).toMatchObject({ min: DAY, mean: DAY, p50: DAY, max: DAY });
    const narrow = new LatencyHistogram({ lowest: 1, highest: 1_000 });
    for (const ms of [-Infinity, 0.5, 0.6, 1e300]) narrow.record(ms);
    expect(narrow.summary()).toMatchObject({ min: 0, p50: 1, p99: 1_000, max: 1_000 });
  });

  it('is right at both ends of its range, to the last bucket', () => {
    for (const edge of [0, 1e-9, 0.001, 0.0010001, DAY * 0.999, DAY]) {
      const histogram = histogramOf(edge, edge, edge, 0, DAY);
      const median = histogram.percentile(50) ?? Number.NaN;
      expect(Math.abs(median - edge), `${edge}`).toBeLessThanOrEqual(Math.max(0.001, edge * 0.01));
    }
  });

  it('takes memory for the range that occurs, and never more than for the whole range', () => {
    const sizes: number[] = [];
    vi.stubGlobal(
      'Float64Array',
      class extends Float64Array {
        constructor(length: number) {
          super(length);
          sizes.push(length);
        }
      },
    );
    const usual = new LatencyHistogram();
    const random = seededRandom(1);
    for (let reading = 0; reading < 10_000; reading++) usual.record(10 + random() * 1_990);
    expect(Math.max(...sizes) * 8).toBeLessThan(3_000);

    sizes.length = 0;
    const all = new LatencyHistogram();
    for (let reading = 0; reading < 100_000; reading++) all.record(Math.exp(random() * 40 - 15));
    expect(all.count).toBe(100_000);
    expect(Math.max(...sizes)).toBeGreaterThan(1_000);
    expect(Math.max(...sizes) * 8).toBeLessThanOrEqual(10 * 1_024);
    expect(sizes.length).toBeLessThan(25);
  });

  it('grows to either side without losing a reading', () => {
    const histogram = histogramOf(100, 10_000, 0.01, 1_000_000, 0, 1);
    const at = [1, 2, 3, 4, 5, 6].map((place) => histogram.percentile((100 * place) / 6) ?? Number.NaN);
    [0, 0.01, 1, 100, 10_000, 1_000_000].forEach((want, index) => {
      expect(Math.abs((at[index] ?? Number.NaN) - want)).toBeLessThanOrEqual(want * 0.01);
    });
  });

  it('forgets all on reset', () => {
    const histogram = histogramOf(1, 2, 3, 1_000);
    histogram.reset();
    expect(histogram.summary()).toBeUndefined();
    for (const ms of [50, 60, 70]) histogram.record(ms);
    expect(histogram.summary()).toEqual(histogramOf(50, 60, 70).summary());
    expect(histogram.percentile(50)).toBeCloseTo(60, 0);
  });

  describe('merge', () => {
    it('adds the readings of the other, which stays as it is', () => {
      const [one, other] = [histogramOf(1, 2, 3), histogramOf(1_000, 0.5)];
      one.merge(other);
      expect(one.summary()).toMatchObject({ count: 5, min: 0.5, mean: 201.3, max: 1_000 });
      expect(other.summary()).toMatchObject({ count: 2, min: 0.5, max: 1_000 });
      one.record(5_000);
      expect(other.max).toBe(1_000);
    });

    it('with an empty one changes nothing, either way round', () => {
      const [one, empty] = [histogramOf(5, 7), new LatencyHistogram()];
      one.merge(empty);
      expect(one.summary()).toMatchObject({ count: 2, min: 5, max: 7 });
      empty.merge(one);
      expect(empty.summary()).toEqual(one.summary());
    });

    it('with itself doubles', () => {
      const one = histogramOf(5, 500);
      one.merge(one);
      expect(one.summary()).toMatchObject({ count: 4, min: 5, mean: 252.5, max: 500 });
      expect(one.percentile(50)).toBeCloseTo(5, 1);
    });

    it.each([{ precision: 0.02 }, { lowest: 0.01 }, { highest: 1_000 }])('refuses one with %o', (options) => {
      expect(() => new LatencyHistogram().merge(new LatencyHistogram(options))).toThrow(RangeError);
    });
  });

  it('is as precise as asked', () => {
    for (const precision of [0.5, 0.1, 0.001]) {
      const histogram = new LatencyHistogram({ precision });
      for (const ms of [1, ...Array<number>(8).fill(777.7), 5_000]) histogram.record(ms);
      const error = Math.abs((histogram.percentile(50) ?? Number.NaN) - 777.7) / 777.7;
      expect(error).toBeLessThanOrEqual(precision);
    }
  });

  it.each([-0.1, 100.1, Number.NaN, Infinity])('has no percentile %s, with or without readings', (percent) => {
    expect(() => histogramOf(1).percentile(percent)).toThrow(RangeError);
    expect(() => histogramOf().percentile(percent)).toThrow(RangeError);
  });

  it.each([
    { precision: 0 },
    { precision: 0.6 },
    { precision: Number.NaN },
    { lowest: 0 },
    { lowest: -1 },
    { lowest: Number.NaN },
    { highest: 0.001 },
    { highest: Infinity },
    { highest: Number.NaN },
  ])('refuses %o', (options) => {
    expect(() => new LatencyHistogram(options)).toThrow(RangeError);
  });
});
