import { asyncScheduler, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { HistogramWindow, type HistogramWindowOptions } from '../policies/histogram-window.ts';
import type { LatencySummary } from '../policies/latency-histogram.ts';
import { reportEvery } from './report-every.ts';

/**
 * What {@link latencyPercentiles} can be told, beside the window and the accuracy.
 *
 * @example
 * ```ts
 * import type { LatencyPercentilesOptions } from 'rx-relay-pool';
 *
 * const options: LatencyPercentilesOptions = { window: 300_000, every: 5_000, minCount: 50 };
 * ```
 */
export interface LatencyPercentilesOptions extends HistogramWindowOptions {
  /**
   * With fewer readings in the window than this there is no summary but `undefined`: the 95th percentile of three is a rumour.
   *
   * @default 10
   */
  readonly minCount?: number | undefined;
  /**
   * Milliseconds between two summaries; at most `window`.
   *
   * @default 1_000, or `window` where that is less
   */
  readonly every?: number | undefined;
  /** Clock and timer. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * Turns latencies in milliseconds into `{ count, min, mean, p50, p95, p99, max }` of those of the last minute, or of another window;
 * `undefined` while there are fewer than `minCount`. See {@link HistogramWindow} for how it forgets, {@link LatencyHistogram} for
 * the accuracy (1 % by default) and the clamping of readings; NaN is left out.
 *
 * A summary is made `every` so many milliseconds, not on each input, from the first input until the window is empty, and once more when
 * the source completes. It is left out where it equals the one before. An error of the source is passed on at once.
 *
 * @throws RangeError at once when an option is out of its range.
 *
 * @example
 * ```ts
 * import { latencyPercentiles } from 'rx-relay-pool';
 * import { from } from 'rxjs';
 *
 * from([31, 28, 45, 30, 260])
 *   .pipe(latencyPercentiles({ window: 60_000, minCount: 5 }))
 *   .subscribe((summary) => console.log(summary?.p95)); // 260
 * ```
 */
export function latencyPercentiles(
  options: LatencyPercentilesOptions = {},
): OperatorFunction<number, LatencySummary | undefined> {
  const { window = 60_000, minCount = 10, scheduler = asyncScheduler } = options;
  const { every = Math.min(1_000, window) } = options;
  if (!(Number.isInteger(minCount) && minCount >= 1)) {
    throw new RangeError(`latencyPercentiles: 'minCount' must be a whole number from 1; got ${minCount}.`);
  }
  new HistogramWindow(options); // a wrong number is the caller's mistake: thrown here, where it was made
  if (every > window) {
    throw new RangeError(`latencyPercentiles: 'every' must be at most 'window', ${window} ms; got ${every}.`);
  }
  return reportEvery({
    every,
    scheduler,
    isSame,
    newMeter: () => {
      const latencies = new HistogramWindow(options);
      return {
        add: (ms: number, now) => latencies.record(ms, now),
        isEmpty: (now) => latencies.count(now) === 0,
        report: (now) => latencies.summary(now, minCount),
      };
    },
  });
}

function isSame(a: LatencySummary | undefined, b: LatencySummary | undefined): boolean {
  if (!a || !b) return a === b;
  const { count, min, mean, p50, p95, p99, max } = a;
  if (count !== b.count || min !== b.min || mean !== b.mean || max !== b.max) return false;
  return p50 === b.p50 && p95 === b.p95 && p99 === b.p99;
}
