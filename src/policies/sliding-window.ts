/**
 * Counts of the recent past, in buckets of time: what is older than the window counts nothing, and recording costs the same however
 * much is recorded. A count leaves with its bucket, so the window reaches back by at least `window - window / buckets` and by less
 * than `window`.
 *
 * Times are milliseconds and must not go back, as those of a steady clock.
 *
 * @throws RangeError from the constructor when `window` is not above 0, or `buckets` or `counters` is not a whole number above 0.
 */
export class SlidingWindow {
  readonly #bucketLength: number;
  readonly #buckets: number;
  readonly #counters: number;
  /** The buckets one after the other, used in turn; each has one place for each counter. */
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  /** Number of the bucket that is being filled, counted from time 0. */
  #current = 0;

  /** @param counters - How many things are counted side by side. */
  constructor(window: number, buckets: number, counters: number) {
    if (!(window > 0 && window < Infinity)) throw new RangeError(`A window is longer than 0 ms, not ${window}.`);
    if (!(isCount(buckets) && isCount(counters))) {
      throw new RangeError(`Buckets and counters are whole numbers above 0, not ${buckets} and ${counters}.`);
    }
    this.#bucketLength = window / buckets;
    this.#buckets = buckets;
    this.#counters = counters;
    this.#counts = new Float64Array(buckets * counters);
    this.#sums = new Float64Array(counters);
  }

  /** Adds `amount` to a counter at `time`. */
  add(time: number, counter: number, amount = 1): void {
    this.#advance(time);
    const place = (this.#current % this.#buckets) * this.#counters + counter;
    this.#counts[place] = (this.#counts[place] ?? 0) + amount;
    this.#sums[counter] = (this.#sums[counter] ?? 0) + amount;
  }

  /** What a counter has come to within the window that ends at `time`. */
  sum(time: number, counter: number): number {
    this.#advance(time);
    return this.#sums[counter] ?? 0;
  }

  /** Forgets everything. */
  clear(): void {
    this.#counts.fill(0);
    this.#sums.fill(0);
  }

  #advance(time: number): void {
    const bucket = Math.floor(time / this.#bucketLength);
    if (bucket - this.#current >= this.#buckets) this.clear();
    else for (let at = this.#current + 1; at <= bucket; at++) this.#forget(at % this.#buckets);
    this.#current = Math.max(this.#current, bucket);
  }

  #forget(bucket: number): void {
    for (let counter = 0; counter < this.#counters; counter++) {
      const place = bucket * this.#counters + counter;
      this.#sums[counter] = (this.#sums[counter] ?? 0) - (this.#counts[place] ?? 0);
      this.#counts[place] = 0;
    }
  }
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}
