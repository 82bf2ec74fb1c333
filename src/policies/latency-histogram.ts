/**
 * The accuracy and the range of a {@link LatencyHistogram}.
 *
 * @example
 * ```ts
 * import type { LatencyHistogramOptions } from 'rx-relay-pool';
 *
 * const coarse: LatencyHistogramOptions = { precision: 0.05, highest: 60_000 };
 * ```
 */
export interface LatencyHistogramOptions {
  /**
   * How far a percentile may be from the true one, as a share of it; from 0.0001 to 0.5. Memory goes with its inverse.
   *
   * @default 0.01
   */
  readonly precision?: number | undefined;
  /**
   * Milliseconds up to which readings are not told apart: a percentile may be off by as much, and no more, down there.
   *
   * @default 0.001
   */
  readonly lowest?: number | undefined;
  /**
   * Milliseconds above which a reading is taken for this very number, `Infinity` too.
   *
   * @default 86_400_000, a day
   */
  readonly highest?: number | undefined;
}

/**
 * What a set of latencies looks like, in milliseconds. `count`, `min`, `mean` and `max` are exact (the mean but for the rounding of
 * sums), the percentiles within the histogram's precision.
 *
 * @example
 * ```ts
 * import type { LatencySummary } from 'rx-relay-pool';
 *
 * const line = ({ count, p50, p95 }: LatencySummary): string => `${count} calls, ${p50} ms, one in twenty over ${p95} ms`;
 * ```
 */
export interface LatencySummary {
  /** How many readings. */
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  /** The median: half of the readings are at most this. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Buckets are allocated in runs of so many. */
const RUN = 64;
/** Shared by all histograms without a reading: nothing can be written to it. */
const NONE = new Float64Array(0);
/** Buckets a hair narrower than asked for, so that the rounding of a logarithm cannot break the promise. */
const HAIR = 1 - 1e-9;

/**
 * Latencies counted in buckets whose bounds grow geometrically, so that every percentile is within `precision` of the true one whatever
 * the distribution, however many readings there are (Charles Masson, Jee E. Rim, Homin K. Lee, "DDSketch: A Fast and
 * Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", PVLDB 12, 2019). Merging two gives what one would hold
 * that had seen the readings of both.
 *
 * A reading is clamped to 0 to `highest` before anything is done with it: negative ones, as of a clock that was set back, count as 0. Counts are
 * exact up to 2^53.
 *
 * Recording takes constant time. Memory is taken for the range that occurs: 8 bytes a bucket, 35 buckets for each doubling at the
 * default precision, about 2 kB for 10 ms to 2 s; never more than 10 kB, the whole default range. It holds no clock.
 *
 * @throws RangeError from the constructor when an option is out of its range.
 *
 * @example
 * ```ts
 * import { LatencyHistogram } from 'rx-relay-pool';
 *
 * const histogram = new LatencyHistogram();
 * for (const ms of [12, 15, 11, 240]) histogram.record(ms);
 * console.log(histogram.percentile(50), histogram.max); // about 12, 240
 * ```
 */
export class LatencyHistogram {
  readonly precision: number;
  readonly lowest: number;
  readonly highest: number;
  /** Bounds of buckets grow by this factor. */
  readonly #growth: number;
  /** Buckets for each natural logarithm. */
  readonly #scale: number;
  /** How many buckets the range has: the first for readings up to `lowest`, the last up to `highest`. */
  readonly #buckets: number;

  /** The counts of the buckets from #first on; numbers of 64 bits, as 2^32 readings of one size are within reach. */
  #counts = NONE;
  #first = 0;
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  constructor(options: LatencyHistogramOptions = {}) {
    const { precision = 0.01, lowest = 0.001, highest = 86_400_000 } = options;
    if (!(precision >= 0.0001 && precision <= 0.5)) {
      throw new RangeError(`LatencyHistogram: 'precision' must be a number from 0.0001 to 0.5; got ${precision}.`);
    }
    if (!(lowest > 0 && highest > lowest && highest <= Number.MAX_SAFE_INTEGER && lowest >= 1e-9)) {
      throw new RangeError(
        `LatencyHistogram: 'lowest' must be from 1e-9 and below 'highest', which is at most 2^53 - 1; got ${lowest} and ${highest}.`,
      );
    }
    this.precision = precision;
    this.lowest = lowest;
    this.highest = highest;
    this.#growth = (1 + precision * HAIR) / (1 - precision * HAIR);
    this.#scale = 1 / Math.log(this.#growth);
    this.#buckets = this.#bucketOf(highest) + 1;
  }

  /** How many readings were recorded. */
  get count(): number {
    return this.#count;
  }

  /** The smallest reading, in milliseconds; `undefined` when there is none. */
  get min(): number | undefined {
    return this.#count === 0 ? undefined : this.#min;
  }

  /** The largest reading, in milliseconds; `undefined` when there is none. */
  get max(): number | undefined {
    return this.#count === 0 ? undefined : this.#max;
  }

  /** The arithmetic mean of the readings, in milliseconds; `undefined` when there is none. */
  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum / this.#count;
  }

  /**
   * Adds a reading of so many milliseconds.
   *
   * @returns false for NaN, which is no reading and changes nothing.
   */
  record(ms: number): boolean {
    if (Number.isNaN(ms)) return false;
    const reading = ms > this.highest ? this.highest : ms > 0 ? ms : 0;
    const bucket = this.#bucketOf(reading);
    let at = bucket - this.#first;
    if (at < 0 || at >= this.#counts.length) {
      this.#cover(bucket, bucket);
      at = bucket - this.#first;
    }
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#count += 1;
    this.#sum += reading;
    if (reading < this.#min) this.#min = reading;
    if (reading > this.#max) this.#max = reading;
    return true;
  }

  /**
   * Adds the readings of another histogram, which stays as it is.
   *
   * @throws RangeError when the other has another precision or range: their buckets do not match.
   */
  merge(other: LatencyHistogram): void {
    if (other.precision !== this.precision || other.lowest !== this.lowest || other.highest !== this.highest) {
      throw new RangeError('LatencyHistogram: only histograms of the same precision and range can be merged.');
    }
    if (other.#count === 0) return;
    const { length } = other.#counts;
    this.#cover(other.#first, other.#first + length - 1);
    const shift = other.#first - this.#first;
    for (let at = 0; at < length; at++) {
      this.#counts[at + shift] = (this.#counts[at + shift] ?? 0) + (other.#counts[at] ?? 0);
    }
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** Forgets all readings. Keeps its memory, as what comes next is likely to be of the same size. */
  reset(): void {
    this.#counts.fill(0);
    this.#count = this.#sum = 0;
    this.#min = Infinity;
    this.#max = -Infinity;
  }

  /**
   * The reading that `percent` per cent of all are not above, in milliseconds, by the nearest-rank method: of n readings in order, the one
   * at place ceil(percent × n / 100), and the first one for 0. The first and the last place are exact, others within
   * `precision`. `undefined` when there are no readings.
   *
   * @throws RangeError when `percent` is not from 0 to 100.
   */
  percentile(percent: number): number | undefined {
    if (!(percent >= 0 && percent <= 100)) {
      throw new RangeError(`LatencyHistogram: a percentile is a number from 0 to 100; got ${percent}.`);
    }
    return this.#count === 0 ? undefined : this.#atRank(percent);
  }

  /** All at once; `undefined` with fewer than `minCount` readings, or none at all. */
  summary(minCount = 1): LatencySummary | undefined {
    if (this.#count === 0 || this.#count < minCount) return undefined;
    return {
      count: this.#count,
      min: this.#min,
      mean: this.#sum / this.#count,
      p50: this.#atRank(50),
      p95: this.#atRank(95),
      p99: this.#atRank(99),
      max: this.#max,
    };
  }

  #atRank(percent: number): number {
    // Taken a trifle lower: 1.1 × 10 is a trifle over 11, and must not count as the twelfth place.
    const rank = Math.ceil(((percent * this.#count) / 100) * (1 - 1e-12));
    if (rank <= 1) return this.#min;
    if (rank >= this.#count) return this.#max;
    let below = 0;
    let at = 0;
    for (; at < this.#counts.length; at++) {
      below += this.#counts[at] ?? 0;
      if (below >= rank) break;
    }
    const upper = this.lowest * this.#growth ** (this.#first + at);
    // As far from the lower as from the upper bound of the bucket, in proportion.
    const middle = this.#first + at === 0 ? this.lowest : (2 * upper) / (this.#growth + 1);
    return Math.min(this.#max, Math.max(this.#min, middle));
  }

  /** Bucket 0 holds what is at most `lowest`; bucket n > 0 what is at most lowest × growth^n, and above the one before. */
  #bucketOf(reading: number): number {
    return reading <= this.lowest ? 0 : Math.ceil(Math.log(reading / this.lowest) * this.#scale);
  }

  /** Makes sure that there are counts for these buckets, and those between. */
  #cover(from: number, to: number): void {
    const { length } = this.#counts;
    const first = length === 0 ? from : Math.min(from, this.#first);
    const last = length === 0 ? to : Math.max(to, this.#first + length - 1);
    if (length > 0 && first === this.#first && last < first + length) return;
    const start = first - (first % RUN);
    const end = Math.min(this.#buckets, (Math.floor(last / RUN) + 1) * RUN);
    const counts = new Float64Array(end - start);
    counts.set(this.#counts, length === 0 ? 0 : this.#first - start);
    this.#counts = counts;
    this.#first = start;
  }
}
