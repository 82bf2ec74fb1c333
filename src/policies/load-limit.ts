import { SteadyClock } from './steady-clock.ts';

/**
 * The numbers of a {@link LoadLimit}.
 *
 * @example
 * ```ts
 * import type { LoadLimitOptions } from 'rx-relay-pool';
 *
 * const careful: LoadLimitOptions = { maximum: 16, threshold: 2_000 };
 * ```
 */
export interface LoadLimitOptions {
  /**
   * How many calls may run at a time while nothing is slow.
   *
   * @default 64
   */
  readonly maximum?: number | undefined;
  /**
   * How many may run however slow it is; at least 1.
   *
   * @default 1
   */
  readonly minimum?: number | undefined;
  /**
   * The 95th percentile of the latency above which it is slow, in milliseconds; Infinity for never.
   *
   * @default 5_000
   */
  readonly threshold?: number | undefined;
  /**
   * What a decrease multiplies the limit by, above 0 and below 1.
   *
   * @default 0.5
   */
  readonly decrease?: number | undefined;
  /**
   * How many permits an interval adds; parts of one add up.
   *
   * @default 1
   */
  readonly increase?: number | undefined;
  /**
   * Milliseconds between two decisions.
   *
   * @default 1_000
   */
  readonly interval?: number | undefined;
  /**
   * Milliseconds between two decreases, at the least.
   *
   * @default 10_000
   */
  readonly cooldown?: number | undefined;
  /**
   * How far back the percentile looks, in milliseconds: for so long after a decrease it may still be what it is because of
   * calls from before.
   *
   * @default 60_000
   */
  readonly window?: number | undefined;
}

type Numbers = { readonly [Name in keyof LoadLimitOptions]-?: number };

/**
 * How many calls may run at something that gets slow under load: additive increase, multiplicative decrease (Dah-Ming Chiu and
 * Raj Jain, "Analysis of the Increase and Decrease Algorithms", 1989; TCP does so). While the percentile is above the threshold the
 * limit is cut to a part; while it is not, or there were too few calls to tell, the limit grows by a fixed amount, for the time that
 * went by since the last decision.
 *
 * **The same slow calls do not count twice.** A percentile over a window stays high long after the calls are fast again, and would take the
 * limit to the minimum by itself. So a further decrease, `cooldown` after the last at the earliest, needs something new: that `window` has
 * passed since, or that the percentile was below the threshold in between, or that it has grown by as much as the limit was cut
 * (twice as slow for a half). Otherwise the limit stays as it is, so a slow spell of some seconds costs one or two decreases, not one each
 * `cooldown` for as long as the window remembers it.
 *
 * It has no timer and no clock: `now` is in milliseconds, and a clock that is set back does no harm.
 *
 * @throws RangeError from the constructor when a number is out of its range.
 *
 * @example
 * ```ts
 * import { HistogramWindow, LoadLimit } from 'rx-relay-pool';
 *
 * const latencies = new HistogramWindow({ window: 60_000 });
 * const limit = new LoadLimit({ maximum: 32 });
 * const now = Date.now();
 * if (limit.isDue(now) && limit.update(latencies.percentile(95, now), now)) console.log(`${limit.permits} calls at a time`);
 * ```
 */
export class LoadLimit {
  readonly #numbers: Numbers;
  readonly #clock = new SteadyClock();
  /** The permits, with what has been added of the next one. */
  #limit: number;
  #decidedAt: number | undefined;
  #reducedAt = -Infinity;
  /** The percentile that led to the last decrease; 0 when it has been below the threshold since. */
  #reducedFor = 0;

  constructor(options: LoadLimitOptions = {}) {
    this.#numbers = completeNumbers(options);
    this.#limit = this.#numbers.maximum;
  }

  /** How many calls may run: a whole number from `minimum` to `maximum`. */
  get permits(): number {
    return Math.floor(this.#limit);
  }

  /** The part that is left of the maximum, above 0 and at most 1. */
  get weight(): number {
    return this.permits / this.#numbers.maximum;
  }

  /** Whether fewer may run than the maximum. */
  get isReduced(): boolean {
    return this.permits < this.#numbers.maximum;
  }

  /** Whether {@link LoadLimit.update} would decide anything, so that the percentile is worth computing. */
  isDue(now: number): boolean {
    return this.#isDue(this.#clock.read(now));
  }

  /**
   * Decides anew, at most once an interval.
   *
   * @param p95 - The 95th percentile in milliseconds; undefined when it was not measured.
   * @returns whether `permits` changed
   */
  update(p95: number | undefined, now: number): boolean {
    const time = this.#clock.read(now);
    if (!this.#isDue(time)) return false;
    const { minimum, maximum, threshold, decrease, increase, interval } = this.#numbers;
    const elapsed = time - (this.#decidedAt ?? time);
    const before = this.permits;
    this.#decidedAt = time;
    if (p95 === undefined || !(p95 > threshold)) {
      this.#reducedFor = 0;
      this.#limit = Math.min(maximum, this.#limit + (increase * elapsed) / interval);
    } else if (this.#saysMore(p95, time)) {
      this.#reducedAt = time;
      this.#reducedFor = p95;
      this.#limit = Math.max(minimum, this.#limit * decrease);
    }
    return this.permits !== before;
  }

  #isDue(time: number): boolean {
    return this.#decidedAt === undefined || time - this.#decidedAt >= this.#numbers.interval;
  }

  /** Whether a slow percentile says more than the one that the last decrease answered. */
  #saysMore(p95: number, time: number): boolean {
    const { cooldown, window, decrease } = this.#numbers;
    const since = time - this.#reducedAt;
    return since >= cooldown && (since >= window || p95 * decrease >= this.#reducedFor);
  }
}

function completeNumbers(options: LoadLimitOptions): Numbers {
  const { maximum = 64, minimum = 1, threshold = 5_000, decrease = 0.5, increase = 1 } = options;
  const { interval = 1_000, cooldown = 10_000, window = 60_000 } = options;
  const check = (name: keyof LoadLimitOptions, value: number, isRight: boolean, range: string): void => {
    if (!isRight) throw new RangeError(`LoadLimit: '${name}' must be ${range}; got ${value}.`);
  };
  check('minimum', minimum, Number.isSafeInteger(minimum) && minimum > 0, 'a whole number above 0');
  const isMaximum = Number.isSafeInteger(maximum) && maximum >= minimum;
  check('maximum', maximum, isMaximum, `a whole number, at least the minimum of ${minimum}`);
  check('threshold', threshold, threshold > 0, 'a number of milliseconds above 0');
  check('decrease', decrease, decrease > 0 && decrease < 1, 'above 0 and below 1');
  check('increase', increase, increase > 0 && increase < Infinity, 'a number above 0');
  check('interval', interval, interval > 0 && interval < Infinity, 'a number of milliseconds above 0');
  check('cooldown', cooldown, cooldown >= 0, 'a number of milliseconds from 0');
  check('window', window, window >= 0, 'a number of milliseconds from 0');
  return { maximum, minimum, threshold, decrease, increase, interval, cooldown, window };
}
