import { SlidingWindow } from './sliding-window.ts';
import { SteadyClock } from './steady-clock.ts';

/**
 * How much passes, on average over a window of time.
 *
 * @example
 * ```ts
 * import type { Throughput } from 'rx-relay-pool';
 *
 * const line = ({ messagesPerSecond, bytesPerSecond }: Throughput): string =>
 *   `${messagesPerSecond.toFixed(1)}/s, ${(bytesPerSecond / 1024).toFixed(1)} KiB/s`;
 * ```
 */
export interface Throughput {
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

const MESSAGES = 0;
const BYTES = 1;

/**
 * Messages and bytes a second over a sliding window of so many milliseconds, in so many slices. Until a whole window has gone by the time
 * since the beginning counts instead, though at least that of a slice. It holds no clock; where `now` goes back, no time has passed.
 */
export class RateWindow {
  readonly #clock = new SteadyClock();
  readonly #sums: SlidingWindow;
  readonly #width: number;
  readonly #slices: number;

  /** @param now - When counting begins, in milliseconds. */
  constructor(window: number, slices: number, now: number) {
    if (!(Number.isInteger(slices) && slices >= 2 && slices <= 1_000)) {
      throw new RangeError(`'slices' must be a whole number from 2 to 1000; got ${slices}.`);
    }
    this.#sums = new SlidingWindow(window, slices, 2);
    this.#width = window / slices;
    this.#slices = slices;
    this.#clock.read(now);
  }

  /** Counts a message at `now`; a size is rounded, and one that is no finite number above 0 counts as none. */
  add(bytes: number, now: number): void {
    const time = this.#clock.read(now);
    this.#sums.add(time, MESSAGES);
    // Whole numbers: they are subtracted again when they are forgotten, and nothing must be left over.
    if (bytes > 0 && bytes < Infinity) this.#sums.add(time, BYTES, Math.round(bytes));
  }

  isEmpty(now: number): boolean {
    return this.#sums.sum(this.#clock.read(now), MESSAGES) === 0;
  }

  rates(now: number): Throughput {
    const time = this.#clock.read(now);
    const begin = (Math.floor(time / this.#width) + 1 - this.#slices) * this.#width;
    const seconds = Math.max(this.#width, time - Math.max(0, begin)) / 1_000;
    return {
      messagesPerSecond: this.#sums.sum(time, MESSAGES) / seconds,
      bytesPerSecond: this.#sums.sum(time, BYTES) / seconds,
    };
  }
}
