import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HistogramWindow } from '../../src/policies/histogram-window.ts';
import { LatencyHistogram } from '../../src/policies/latency-histogram.ts';

const anyShape = fc.record({
  window: fc.oneof(fc.constantFrom(1_000, 60_000), fc.double({ min: 1, max: 1e5, noNaN: true })),
  slices: fc.integer({ min: 2, max: 20 }),
});
/** How far to go on, in windows, and what to record there. */
const anyStep = (min: number) =>
  fc.record({
    by: fc.oneof(
      fc.double({ min: 0, max: 0.2, noNaN: true }),
      fc.constantFrom(0.05, 0.1, 0.5, 1),
      fc.double({ min, max: 3, noNaN: true }),
    ),
    ms: fc.integer({ min: 0, max: 10_000 }),
  });
const anyStart = fc.constantFrom(0, -12_345, 1_800_000_000_000);

describe('HistogramWindow', () => {
  it('counts all that is younger than the window less a slice, and nothing as old as the window', () => {
    fc.assert(
      fc.property(anyShape, anyStart, fc.array(anyStep(0), { maxLength: 60 }), ({ window, slices }, start, steps) => {
        const latencies = new HistogramWindow({ window, slices });
        // A time is rounded to a 64-bit number: near 2^41 that is a thousandth of a millisecond.
        const hair = 0.001;
        const made: number[] = [];
        let now = start;
        for (const { by, ms } of steps) {
          now += by * window;
          made.push(now);
          latencies.record(ms, now);
          const ages = made.map((at) => now - at);
          const count = latencies.count(now);
          expect(count).toBeGreaterThanOrEqual(ages.filter((age) => age <= window - window / slices - hair).length);
          expect(count).toBeLessThanOrEqual(ages.filter((age) => age < window + hair).length);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is one histogram of what counts, wherever time goes', () => {
    fc.assert(
      fc.property(anyShape, anyStart, fc.array(anyStep(-3), { maxLength: 60 }), ({ window, slices }, start, steps) => {
        const latencies = new HistogramWindow({ window, slices });
        const width = window / slices;
        let kept: { readonly slice: number; readonly ms: number }[] = [];
        let [now, time] = [start, 0];
        latencies.count(start);
        for (const { by, ms } of steps) {
          const before = now;
          now += by * window;
          time += Math.max(0, now - before);
          const slice = Math.floor(time / width);
          kept = [...kept.filter((reading) => reading.slice > slice - slices), { slice, ms }];
          latencies.record(ms, now);

          const naive = new LatencyHistogram();
          for (const reading of kept) naive.record(reading.ms);
          const { mean, ...summary } = latencies.summary(now) ?? {};
          expect(summary).toEqual({ ...naive.summary(), mean: undefined });
          expect(mean).toBeCloseTo(naive.mean ?? Number.NaN, 6);
          expect(latencies.count(now)).toBe(kept.length);
        }
      }),
      { numRuns: 300 },
    );
  });
});
