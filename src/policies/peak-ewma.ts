import { SteadyClock } from './steady-clock.ts';

/**
 * How fast a {@link PeakEwma} forgets.
 *
 * @example
 * ```ts
 * import type { PeakEwmaOptions } from 'rx-relay-pool';
 *
 * const nervous: PeakEwmaOptions = { decay: 2_000, memory: 20_000 };
 * ```
 */
export interface PeakEwmaOptions {
  /**
   * Milliseconds in which the distance to a lower value shrinks to a third (to 1/e).
   *
   * @default 10_000
   */
  readonly decay?: number | undefined;
  /**
   * Milliseconds without a reading after which nothing is known any more.
   *
   * @default 60_000
   */
  readonly memory?: number | undefined;
}

/**
 * An estimate of a latency that believes bad news at once and good news slowly: a peak-sensitive, exponentially weighted moving average
 * (Twitter's Finagle, `com.twitter.finagle.loadbalancer.PeakEwma`). So traffic leaves what has become slow with the first slow answer.
 *
 * - A reading above the value becomes the value.
 * - From there the value decays, exponentially with time, towards the plain average of the readings, in which each weighs by the time that
 *   it stood for. It never falls below that average, and so never leaves the range of the readings.
 * - After `memory` milliseconds without a reading it knows nothing, as before the first one. Whoever is not asked gives no readings, and
 *   what was slow once would never be asked again; so it is tried again in bounded time. Finagle lets the value decay to zero
 *   instead, which makes the relay that was not asked for longest look the fastest.
 *
 * It has no clock: `now` is in milliseconds, and where it goes back no time has passed. Constant time and memory.
 *
 * @throws RangeError from the constructor when a number is out of its range.
 *
 * @example
 * ```ts
 * import { PeakEwma } from 'rx-relay-pool';
 *
 * const latency = new PeakEwma({ decay: 10_000 });
 * latency.record(50, 0);
 * latency.record(800, 1_000);
 * console.log(latency.value(1_000)); // 800
 * console.log(latency.value(31_000)); // about 155, on the way down to the average of 121
 * console.log(latency.value(61_000)); // undefined: it may be anything by now
 * ```
 */
export class PeakEwma {
  readonly #decay: number;
  readonly #memory: number;
  readonly #clock = new SteadyClock();
  /** The plain average, undefined when nothing is known. */
  #average: number | undefined;
  /** The value when the last reading was made. */
  #peak = 0;
  #recordedAt = 0;

  constructor(options: PeakEwmaOptions = {}) {
    const { decay = 10_000, memory = 60_000 } = options;
    if (!(decay > 0 && decay < Infinity)) {
      throw new RangeError(`PeakEwma: 'decay' must be a number of milliseconds above 0; got ${decay}.`);
    }
    if (!(memory > 0)) {
      throw new RangeError(`PeakEwma: 'memory' must be a number of milliseconds above 0; got ${memory}.`);
    }
    this.#decay = decay;
    this.#memory = memory;
  }

  /**
   * Takes a reading of so many milliseconds, made at `now`. A negative one, as of a clock that was set back, counts as 0.
   *
   * @returns false for NaN and Infinity, which are no readings and change nothing.
   */
  record(ms: number, now: number): boolean {
    const time = this.#clock.read(now);
    if (!Number.isFinite(ms)) return false;
    const reading = Math.max(0, ms);
    const before = this.#valueAt(time);
    if (before === undefined || this.#average === undefined) {
      this.#average = this.#peak = reading;
    } else {
      const average = blend(reading, this.#average, this.#weightAt(time));
      this.#average = average;
      this.#peak = Math.max(reading, before, average);
    }
    this.#recordedAt = time;
    return true;
  }

  /** The latency to expect at `now`, in milliseconds; undefined before the first reading, and when the last is too old. */
  value(now: number): number | undefined {
    return this.#valueAt(this.#clock.read(now));
  }

  #valueAt(time: number): number | undefined {
    if (this.#average === undefined || time - this.#recordedAt >= this.#memory) return undefined;
    return blend(this.#average, this.#peak, this.#weightAt(time));
  }

  /** What is left at `time` of how it was at the last reading, from 1 down to 0. */
  #weightAt(time: number): number {
    return Math.exp((this.#recordedAt - time) / this.#decay);
  }
}

/** From `to` to `from` as `weight` goes from 0 to 1; never outside of the two, whatever the rounding. */
function blend(to: number, from: number, weight: number): number {
  const value = to + (from - to) * weight;
  return Math.min(Math.max(value, Math.min(to, from)), Math.max(to, from));
}
