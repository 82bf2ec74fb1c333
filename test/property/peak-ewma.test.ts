import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PeakEwma } from '../../src/policies/peak-ewma.ts';

const step = fc.record({
  ms: fc.double({ min: 0, max: 1e5, noNaN: true }),
  /** Back too, as of a clock that was set. */
  after: fc.integer({ min: -5_000, max: 30_000 }),
});

describe('PeakEwma', () => {
  it('agrees with the same told backwards, from the readings alone', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(100, 10_000, 1e6),
        (steps, decay) => {
          const latency = new PeakEwma({ decay, memory: Infinity });
          let now = 0;
          let time = 0;
          const readings: { readonly ms: number; readonly at: number }[] = [];
          for (const { ms, after } of steps) {
            now += after;
            if (readings.length > 0) time += Math.max(0, after);
            latency.record(ms, now);
            readings.push({ ms, at: time });
          }
          const weight = (from: number, until: number): number => Math.exp((from - until) / decay);
          const averageOf = (count: number): number => {
            const [first, ...rest] = readings.slice(0, count);
            let [average, at] = [first?.ms ?? NaN, first?.at ?? NaN];
            for (const reading of rest) {
              average = reading.ms * (1 - weight(at, reading.at)) + average * weight(at, reading.at);
              at = reading.at;
            }
            return average;
          };
          const valueOf = (count: number, until: number): number => {
            const last = readings[count - 1];
            if (!last) return 0;
            const peak = Math.max(valueOf(count - 1, last.at), last.ms);
            return averageOf(count) + (peak - averageOf(count)) * weight(last.at, until);
          };
          const expected = valueOf(readings.length, time + 700);
          const value = latency.value(now + 700) ?? NaN;
          expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, expected));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is never below the smallest nor above the largest reading, and only falls without readings', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const latency = new PeakEwma({ memory: Infinity });
        let [now, least, most] = [0, Infinity, 0];
        for (const { ms, after } of steps) {
          now += after;
          const before = latency.value(now);
          latency.record(ms, now);
          [least, most] = [Math.min(least, ms), Math.max(most, ms)];
          const at = latency.value(now) ?? NaN;
          const later = [1, 500, 20_000].map((wait) => latency.value((now += wait)) ?? NaN);
          const isRight =
            at >= ms &&
            (before === undefined || at <= Math.max(before, ms)) &&
            [at, ...later].every((value, place, all) => {
              return value >= least && value <= most && value <= (all[place - 1] ?? Infinity);
            });
          if (!isRight) throw new Error(`${ms} ms made ${before} to ${at}, later ${later.join(', ')}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});
