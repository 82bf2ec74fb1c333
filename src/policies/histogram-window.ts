import { LatencyHistogram, type LatencyHistogramOptions, type LatencySummary } from './latency-histogram.ts';
import { TimeSlices } from './time-slices.ts';

/**
 * What a {@link HistogramWindow} remembers.
 *
 * @example
 * ```ts
 * import type { HistogramWindowOptions } from 'rx-relay-pool';
 *
 * const options: HistogramWindowOptions = { window: 300_000, slices: 30, precision: 0.02 };
 * ```
 */
export interface HistogramWindowOptions extends LatencyHistogramOptions {
  /**
   * Milliseconds after which a reading is forgotten at the latest.
   *
   * @default 60_000
   */
  readonly window?: number | undefined;
  /**
   * In how many steps the window forgets, from 2 to 1000. Each costs the memory of a histogram.
   *
   * @default 10
   */
  readonly slices?: number | undefined;
}

/**
 * The latencies of the last minute, or another span: one {@link LatencyHistogram} for each slice of it. A reading counts for at least
 * the window less one slice and never longer than the window. It holds no clock: `now` is milliseconds from any origin.
 *
 * Where `now` leaps ahead, all that is too old by then is gone. Where it goes back by less than the window, readings are added to the
 * newest slice until time has caught up; where by more, the window starts anew.
 *
 * Recording takes constant time; the answers take as long as merging the slices, some microseconds.
 *
 * @throws RangeError from the constructor when an option is out of its range, and from all methods when `now` is not finite.
 *
 * @example
 * ```ts
 * import { HistogramWindow } from 'rx-relay-pool';
 *
 * const latencies = new HistogramWindow({ window: 60_000 });
 * latencies.record(42, Date.now());
 * console.log(latencies.summary(Date.now())?.p95);
 * ```
 */
export class HistogramWindow {
  readonly #slices: TimeSlices<LatencyHistogram>;
  /** Where the slices are merged to answer. */
  readonly #merged: LatencyHistogram;

  constructor(options: HistogramWindowOptions = {}) {
    const { window = 60_000, slices = 10 } = options;
    this.#merged = new LatencyHistogram(options);
    const create = (): LatencyHistogram => new LatencyHistogram(options);
    this.#slices = new TimeSlices(window, slices, create, (slice) => slice.reset());
  }

  /** Adds a reading of so many milliseconds, made at `now`. Returns false for NaN, which changes nothing. */
  record(ms: number, now: number): boolean {
    return this.#slices.current(now).record(ms);
  }

  /** How many readings count at `now`. */
  count(now: number): number {
    let count = 0;
    for (const slice of this.#slices.live(now)) count += slice.count;
    return count;
  }

  /** As {@link LatencyHistogram.percentile}, of the readings that count at `now`. */
  percentile(percent: number, now: number): number | undefined {
    return this.#merge(now).percentile(percent);
  }

  /** As {@link LatencyHistogram.summary}, of the readings that count at `now`. */
  summary(now: number, minCount = 1): LatencySummary | undefined {
    return this.#merge(now).summary(minCount);
  }

  /**
   * Adds the readings that count at `now` to a histogram, as for percentiles over several relays.
   *
   * @throws RangeError when `target` has another precision or range.
   */
  mergeInto(target: LatencyHistogram, now: number): void {
    for (const slice of this.#slices.live(now)) target.merge(slice);
  }

  #merge(now: number): LatencyHistogram {
    this.#merged.reset();
    this.mergeInto(this.#merged, now);
    return this.#merged;
  }
}
