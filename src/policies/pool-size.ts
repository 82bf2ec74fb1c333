import { SteadyClock } from './steady-clock.ts';

/**
 * The numbers of a {@link PoolSize}.
 *
 * @example
 * ```ts
 * import type { PoolSizeOptions } from 'rx-relay-pool';
 *
 * const alwaysOne: PoolSizeOptions = { maximum: 1 };
 * ```
 */
export interface PoolSizeOptions {
  /**
   * How many connections there are at the least; at least 1.
   *
   * @default 1
   */
  readonly minimum?: number | undefined;
  /**
   * How many there are at the most.
   *
   * @default 3
   */
  readonly maximum?: number | undefined;
  /**
   * How many calls in flight one connection carries well.
   *
   * @default 32
   */
  readonly callsPerConnection?: number | undefined;
  /**
   * The share of the peak that is kept free for bursts, from 0.
   *
   * @default 0.2
   */
  readonly burst?: number | undefined;
  /**
   * After how many milliseconds the load of before weighs half.
   *
   * @default 10_000
   */
  readonly halfLife?: number | undefined;
  /**
   * The share of the smaller pool that must stay free for the pool to shrink to it, from 0 and below 1.
   *
   * @default 0.2
   */
  readonly hysteresis?: number | undefined;
  /**
   * Milliseconds from a change to the next growth, at the least.
   *
   * @default 1_000
   */
  readonly growCooldown?: number | undefined;
  /**
   * Milliseconds from a change to the next connection that is given up, at the least.
   *
   * @default 30_000
   */
  readonly shrinkCooldown?: number | undefined;
}

type Numbers = { readonly [Name in keyof PoolSizeOptions]-?: number };

/**
 * How many connections to one relay are right for its load: the average of the calls in flight and a share of their peak, divided by what a
 * connection carries. The average is a moving one, weighted by time, and the peak decays towards the load at the same pace, so neither
 * an idle hour nor a burst of a millisecond counts for more than it is.
 *
 * **It grows** to what the load asks for, and by one when every place for a subscription is taken, which also tells that a connection carries
 * no more calls than that. **It shrinks** by one at a time, and only when the load fits in the smaller pool with a margin. Between two
 * changes there is a cooldown. So at a constant load it settles, and without any it comes back to the minimum.
 *
 * It has no timer and no clock: `now` is in milliseconds, and a clock that is set back does no harm.
 *
 * @throws RangeError from the constructor when a number is out of its range.
 *
 * @example
 * ```ts
 * import { PoolSize } from 'rx-relay-pool';
 *
 * const size = new PoolSize({ maximum: 4 });
 * size.observe(50, Date.now());
 * console.log(size.size(Date.now())); // 1 at first, 2 if it stays so
 * ```
 */
export class PoolSize {
  readonly #numbers: Numbers;
  readonly #clock = new SteadyClock();
  #size: number;
  #changedAt = -Infinity;
  #inFlight = 0;
  #average = 0;
  #peak = 0;
  #smoothedAt = 0;
  /** What a connection carries: the option, or less where all places for subscriptions were taken with less. */
  #perConnection: number;

  constructor(options: PoolSizeOptions = {}) {
    this.#numbers = completeNumbers(options);
    this.#size = this.#numbers.minimum;
    this.#perConnection = this.#numbers.callsPerConnection;
  }

  /**
   * From `now` on so many calls are in flight, subscriptions included.
   *
   * @throws RangeError for a number below 0.
   */
  observe(inFlight: number, now: number): void {
    if (!(inFlight >= 0 && inFlight < Infinity)) {
      throw new RangeError(`PoolSize: the calls in flight are a number from 0; got ${inFlight}.`);
    }
    this.#smooth(this.#clock.read(now));
    this.#inFlight = inFlight;
    this.#peak = Math.max(this.#peak, inFlight);
  }

  /**
   * How many connections are right at `now`.
   *
   * @param isFull - Whether every place for a subscription is taken, on all connections that this asked for: one more then, whatever the load.
   */
  size(now: number, isFull = false): number {
    const time = this.#clock.read(now);
    this.#smooth(time);
    this.#learn(isFull);
    const { maximum, hysteresis, burst, growCooldown, shrinkCooldown } = this.#numbers;
    const desired = (this.#average + burst * this.#peak) / this.#perConnection;
    const target = Math.min(maximum, Math.max(Math.ceil(desired), isFull ? this.#size + 1 : 0));
    const since = time - this.#changedAt;
    if (target > this.#size) {
      if (since >= growCooldown) this.#change(target, time);
    } else if (!isFull && desired < (this.#size - 1) * (1 - hysteresis) && since >= shrinkCooldown) {
      this.#change(Math.max(this.#numbers.minimum, this.#size - 1), time);
    }
    return this.#size;
  }

  #change(size: number, time: number): void {
    if (size === this.#size) return;
    this.#size = size;
    this.#changedAt = time;
  }

  #smooth(time: number): void {
    if (time === this.#smoothedAt) return;
    const rest = 0.5 ** ((time - this.#smoothedAt) / this.#numbers.halfLife);
    this.#average = this.#inFlight + (this.#average - this.#inFlight) * rest;
    this.#peak = this.#inFlight + (this.#peak - this.#inFlight) * rest;
    this.#smoothedAt = time;
  }

  /** Full places say how many calls a connection carries; without that, a pool that grew by them would shrink and grow for ever. */
  #learn(isFull: boolean): void {
    const carried = Math.min(this.#inFlight / this.#size, this.#numbers.callsPerConnection);
    if (isFull && carried > 0) this.#perConnection = carried;
    else if (!isFull) this.#perConnection = Math.max(this.#perConnection, carried);
  }
}

function completeNumbers(options: PoolSizeOptions): Numbers {
  const { minimum = 1, maximum = 3, callsPerConnection = 32, burst = 0.2, halfLife = 10_000 } = options;
  const { hysteresis = 0.2, growCooldown = 1_000, shrinkCooldown = 30_000 } = options;
  const check = (name: keyof PoolSizeOptions, value: number, isRight: boolean, range: string): void => {
    if (!isRight) throw new RangeError(`PoolSize: '${name}' must be ${range}; got ${value}.`);
  };
  check('minimum', minimum, Number.isSafeInteger(minimum) && minimum > 0, 'a whole number above 0');
  const isMaximum = Number.isSafeInteger(maximum) && maximum >= minimum;
  check('maximum', maximum, isMaximum, `a whole number, at least the minimum of ${minimum}`);
  const isLoad = callsPerConnection > 0 && callsPerConnection < Infinity;
  check('callsPerConnection', callsPerConnection, isLoad, 'a number above 0');
  check('burst', burst, burst >= 0 && burst < Infinity, 'a number from 0');
  check('halfLife', halfLife, halfLife > 0 && halfLife < Infinity, 'a number of milliseconds above 0');
  check('hysteresis', hysteresis, hysteresis >= 0 && hysteresis < 1, 'from 0 and below 1');
  check('growCooldown', growCooldown, growCooldown >= 0, 'a number of milliseconds from 0');
  check('shrinkCooldown', shrinkCooldown, shrinkCooldown >= 0, 'a number of milliseconds from 0');
  return { minimum, maximum, callsPerConnection, burst, halfLife, hysteresis, growCooldown, shrinkCooldown };
}
