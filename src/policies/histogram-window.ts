import { LatencyHistogram, type LatencyHistogramOptions, type LatencySummary } from './latency-histogram.ts';
import { SteadyClock } from './steady-clock.ts';

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
 * Where `now` leaps ahead, as after a sleep, all that is too old by then is gone. Where it goes back, no time has passed.
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
  readonly #clock = new SteadyClock();
  readonly #width: number;
  /** Used in turn, each made when it is first used. */
  readonly #slices: (LatencyHistogram | undefined)[];
  /** Where the slices are merged to answer. */
  #merged: LatencyHistogram | undefined;
  /** The slice that is being filled, its number counted from time 0, and when it is over. */
  #current: LatencyHistogram;
  #number = 0;
  #until: number;

  constructor(private readonly options: HistogramWindowOptions = {}) {
    const { window = 60_000, slices = 10 } = options;
    if (!(window > 0 && window <= Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`HistogramWindow: 'window' must be a number of milliseconds above 0; got ${window}.`);
    }
    if (!(Number.isInteger(slices) && slices >= 2 && slices <= 1_000)) {
      throw new RangeError(`HistogramWindow: 'slices' must be a whole number from 2 to 1000; got ${slices}.`);
    }
    this.#width = this.#until = window / slices;
    this.#slices = Array.from({ length: slices });
    this.#current = this.#slice(0);
  }

  /** Adds a reading of so many milliseconds, made at `now`. Returns false for NaN, which changes nothing. */
  record(ms: number, now: number): boolean {
    this.#advance(now);
    return this.#current.record(ms);
  }

  /** How many readings count at `now`. */
  count(now: number): number {
    this.#advance(now);
    return this.#slices.reduce((sum, slice) => sum + (slice?.count ?? 0), 0);
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
    this.#advance(now);
    for (const slice of this.#slices) if (slice) target.merge(slice);
  }

  #merge(now: number): LatencyHistogram {
    const merged = (this.#merged ??= new LatencyHistogram(this.options));
    merged.reset();
    this.mergeInto(merged, now);
    return merged;
  }

  /** Empties the slices that are out of the window at `now`. */
  #advance(now: number): void {
    if (!Number.isFinite(now)) throw new RangeError(`HistogramWindow: a time is a number of milliseconds; got ${now}.`);
    const time = this.#clock.read(now);
    if (time < this.#until) return;
    const number = Math.floor(time / this.#width);
    const steps = Math.min(number - this.#number, this.#slices.length);
    for (let step = 1; step <= steps; step++) this.#slices[(this.#number + step) % this.#slices.length]?.reset();
    this.#number = number;
    this.#current = this.#slice(number);
    this.#until = (number + 1) * this.#width;
  }

  #slice(number: number): LatencyHistogram {
    return (this.#slices[number % this.#slices.length] ??= new LatencyHistogram(this.options));
  }
}
