import { TimeSlices } from './time-slices.ts';

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

interface Sums {
  messages: number;
  bytes: number;
}

/**
 * Messages and bytes a second over a sliding window of so many milliseconds, in so many slices. Until a whole window has gone by the time
 * since the beginning counts instead, though at least that of a slice. It holds no clock.
 */
export class RateWindow {
  readonly #slices: TimeSlices<Sums>;
  #since: number;

  /** @param now - When counting begins, in milliseconds. */
  constructor(window: number, slices: number, now: number) {
    const clear = (sums: Sums): void => {
      sums.messages = sums.bytes = 0;
    };
    this.#slices = new TimeSlices(window, slices, () => ({ messages: 0, bytes: 0 }), clear);
    this.#since = now;
  }

  /** Counts a message at `now`; a size that is no finite number above 0 counts as none. */
  add(bytes: number, now: number): void {
    const sums = this.#slices.current(now);
    sums.messages += 1;
    if (bytes > 0 && bytes < Infinity) sums.bytes += bytes;
  }

  isEmpty(now: number): boolean {
    return this.#slices.live(now).every(({ messages }) => messages === 0);
  }

  rates(now: number): Throughput {
    // The clock was set back: all that is known is that it began no later than now.
    if (now < this.#since) this.#since = now;
    let [messages, bytes] = [0, 0];
    for (const sums of this.#slices.live(now)) {
      messages += sums.messages;
      bytes += sums.bytes;
    }
    const begin = Math.max(this.#since, this.#slices.begin(now));
    const seconds = Math.max(this.#slices.width, now - begin) / 1_000;
    return { messagesPerSecond: messages / seconds, bytesPerSecond: bytes / seconds };
  }
}
