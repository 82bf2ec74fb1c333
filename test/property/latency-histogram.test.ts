import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../src/policies/latency-histogram.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';

const LOWEST = 0.001;
const HIGHEST = 86_400_000;
const PRECISION = 0.01;

/** Draws from the standard normal distribution (Box and Muller). */
const normal = (random: () => number) => (): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Makes so many readings from a source of chance. */
type Shape = (random: () => number, length: number) => number[];

const shapes: Record<string, Shape> = {
  uniform: (random, length) => Array.from({ length }, () => random() * 5_000),
  normal: (random, length) => {
    const draw = normal(random);
    return Array.from({ length }, () => 200 + 40 * draw());
  },
  'log-normal': (random, length) => {
    const draw = normal(random);
    return Array.from({ length }, () => Math.exp(4 + 1.5 * draw()));
  },
  bimodal: (random, length) => {
    const draw = normal(random);
    return Array.from({ length }, () => (random() < 0.9 ? 20 + 2 * draw() : 30_000 + 100 * draw()));
  },
  'Pareto, with a heavy tail': (random, length) => Array.from({ length }, () => 5 * (1 - random()) ** (-1 / 0.5)),
  'milliseconds, with many ties': (random, length) => Array.from({ length }, () => Math.floor(random() * 30)),
  'all the same': (random, length) => new Array<number>(length).fill(random() * 1_000),
  'two readings at the ends of the range': (random, length) =>
    Array.from({ length }, () => (random() < 0.5 ? 0 : HIGHEST)),
  'every size there is, and beyond': (random, length) => Array.from({ length }, () => 10 ** (random() * 24 - 12)),
  'bounds of buckets': (random, length) => {
    const growth = (1 + PRECISION) / (1 - PRECISION);
    return Array.from(
      { length },
      () => LOWEST * growth ** Math.floor(random() * 1_250) * (1 + (random() - 0.5) * 1e-15),
    );
  },
  'one straggler': (random, length) => Array.from({ length }, (_, index) => (index === 0 ? 1e7 : 10 + random())),
  falling: (random, length) => Array.from({ length }, (_, index) => (length - index) * (1 + random() * 1e-3)),
};

const clamped = (ms: number): number => Math.min(HIGHEST, Math.max(0, ms));
const recorded = (readings: readonly number[], options = {}): LatencyHistogram => {
  const histogram = new LatencyHistogram(options);
  for (const ms of readings) histogram.record(ms);
  return histogram;
};

/** The nearest rank by whole numbers alone; `tenths` of a per cent. */
const oracle = (sorted: readonly number[], tenths: number): number =>
  sorted[Math.max(1, Math.floor((tenths * sorted.length + 999) / 1_000)) - 1] ?? Number.NaN;

/** What is wrong with the percentiles of a histogram, beside its readings. */
function wrongPercentiles(histogram: LatencyHistogram, readings: readonly number[], precision = PRECISION): string[] {
  const sorted = readings.map(clamped).sort((a, b) => a - b);
  const wrong: string[] = [];
  for (let tenths = 0; tenths <= 1_000; tenths++) {
    const want = oracle(sorted, tenths);
    const got = histogram.percentile(tenths / 10) ?? Number.NaN;
    const allowed = want <= LOWEST ? LOWEST : precision * want;
    // Written so that NaN is wrong too.
    if (!(Math.abs(got - want) <= allowed)) wrong.push(`p${tenths / 10}: ${got}, not ${want}`);
  }
  return wrong;
}

const anyReadings = fc
  .record({
    shape: fc.constantFrom(...Object.keys(shapes)),
    seed: fc.integer(),
    length: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 2_000 })),
  })
  .map(({ shape, seed, length }) => shapes[shape]?.(seededRandom(seed), length) ?? []);

describe('LatencyHistogram', () => {
  for (const [name, shape] of Object.entries(shapes)) {
    it(`is within 1 % of a sorted list: ${name}`, () => {
      for (const length of [1, 2, 3, 10, 99, 100, 101, 1_000, 20_000]) {
        const readings = shape(seededRandom(length), length);
        expect(readings.some(Number.isNaN)).toBe(false);
        expect(wrongPercentiles(recorded(readings), readings), `${length} readings`).toEqual([]);
      }
    });
  }

  it('is within its precision of a sorted list, for any precision and any readings', () => {
    fc.assert(
      fc.property(
        anyReadings,
        fc.array(fc.double({ noNaN: true })),
        fc.double({ min: 0.0005, max: 0.5, noNaN: true }),
        (some, others, precision) => {
          const readings = [...some, ...others];
          expect(wrongPercentiles(recorded(readings, { precision }), readings, precision)).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has count, min, mean and max exactly', () => {
    fc.assert(
      fc.property(anyReadings, fc.array(fc.double()), (some, others) => {
        const readings = [...some, ...others];
        const counted = readings.filter((ms) => !Number.isNaN(ms)).map(clamped);
        const histogram = recorded(readings);
        const mean = counted.reduce((sum, ms) => sum + ms, 0) / counted.length;
        expect([histogram.count, histogram.min, histogram.max]).toEqual([
          counted.length,
          counted.reduce((a, b) => Math.min(a, b)),
          counted.reduce((a, b) => Math.max(a, b)),
        ]);
        expect(Math.abs((histogram.mean ?? Number.NaN) - mean)).toBeLessThanOrEqual(mean * 1e-12);
      }),
    );
  });

  it('never goes down with the percentage, nor out of min to max', () => {
    fc.assert(
      fc.property(anyReadings, (readings) => {
        const histogram = recorded(readings);
        let before = histogram.min ?? Number.NaN;
        for (let percent = 0; percent <= 100; percent += 0.5) {
          const now = histogram.percentile(percent) ?? Number.NaN;
          expect(now).toBeGreaterThanOrEqual(before);
          before = now;
        }
        expect(before).toBe(histogram.max);
      }),
    );
  });

  it('merged from parts is what one would be that had all the readings', () => {
    fc.assert(
      fc.property(fc.array(anyReadings, { minLength: 1, maxLength: 5 }), fc.boolean(), (parts, backwards) => {
        const histograms = parts.map((part) => recorded(part));
        const merged = new LatencyHistogram();
        for (const part of backwards ? histograms.reverse() : histograms) merged.merge(part);
        const whole = recorded(parts.flat());

        expect([merged.count, merged.min, merged.max]).toEqual([whole.count, whole.min, whole.max]);
        expect(Math.abs((merged.mean ?? 0) - (whole.mean ?? 0))).toBeLessThanOrEqual((whole.mean ?? 0) * 1e-12);
        // At every place, so that no bucket differs.
        const places = Array.from({ length: whole.count }, (_, place) => (100 * (place + 1)) / whole.count);
        expect(places.filter((percent) => merged.percentile(percent) !== whole.percentile(percent))).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
