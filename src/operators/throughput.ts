import { asyncScheduler, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { RateWindow, type Throughput } from '../policies/rate-window.ts';
import { utf8Length } from '../protocol/text-length.ts';
import { callSafely } from './call-safely.ts';
import { reportEvery } from './report-every.ts';

/**
 * What {@link throughput} knows the size of by itself: a text (its length in UTF-8), a number of bytes, or something with one.
 *
 * @example
 * ```ts
 * import type { Sized } from 'rx-relay-pool';
 *
 * const sizes: Sized[] = ['["EOSE","a"]', 12, { bytes: 12 }];
 * ```
 */
export type Sized = string | number | { readonly bytes: number };

/**
 * What {@link throughput} can be told.
 *
 * @example
 * ```ts
 * import type { NostrEvent, ThroughputOptions } from 'rx-relay-pool';
 *
 * const options: ThroughputOptions<NostrEvent> = { window: 30_000, sizeOf: (event) => event.content.length };
 * ```
 */
export interface ThroughputOptions<T> {
  /** Milliseconds over which is averaged. @default 10_000 */
  readonly window?: number | undefined;
  /** In how many steps the window forgets, from 2 to 1000. @default 10 */
  readonly slices?: number | undefined;
  /**
   * Milliseconds between two reports; at most `window`.
   *
   * @default 1_000, or `window` where that is less
   */
  readonly every?: number | undefined;
  /**
   * The bytes of a value. What is not a finite number above 0, or throws, counts as no bytes; the message counts all the same.
   *
   * @default the UTF-8 length of a text, a number itself, or the `bytes` of an object
   */
  readonly sizeOf?: ((value: T) => number) | undefined;
  /** Clock and timer. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * Turns messages into how many of them, and how many bytes, pass a second, averaged over the last 10 s or another window. A message counts
 * for at least the window less one slice and never longer than the window. Until a window has gone by since the subscription, the
 * time since then is what is averaged over, though at least that of one slice.
 *
 * A report is made `every` so many milliseconds from the first message until the window is empty, which ends in zeros, and once more when
 * the source completes. It is left out where it equals the one before. An error of the source is passed on at once.
 *
 * @throws RangeError at once when an option is out of its range.
 *
 * @example
 * ```ts
 * import { throughput } from 'rx-relay-pool';
 * import { interval, map } from 'rxjs';
 *
 * const subscription = interval(10)
 *   .pipe(
 *     map((n) => `["NOTICE","${n}"]`),
 *     throughput({ window: 5_000 }),
 *   )
 *   .subscribe(({ messagesPerSecond, bytesPerSecond }) => console.log(messagesPerSecond, bytesPerSecond));
 * subscription.unsubscribe();
 * ```
 */
export function throughput<T>(
  options: ThroughputOptions<T> & { readonly sizeOf: (value: T) => number },
): OperatorFunction<T, Throughput>;
export function throughput(options?: ThroughputOptions<Sized>): OperatorFunction<Sized, Throughput>;
export function throughput<T>(options: ThroughputOptions<T> = {}): OperatorFunction<T, Throughput> {
  const { window = 10_000, slices = 10, sizeOf = sizeOfSized, scheduler = asyncScheduler } = options;
  const { every = Math.min(1_000, window) } = options;
  new RateWindow(window, slices, 0); // a wrong number is the caller's mistake: thrown here, where it was made
  if (every > window) throw new RangeError(`throughput: 'every' must be at most 'window', ${window} ms; got ${every}.`);
  return reportEvery({
    every,
    scheduler,
    isSame: (a, b) => a.messagesPerSecond === b.messagesPerSecond && a.bytesPerSecond === b.bytesPerSecond,
    newMeter: (since) => {
      const rates = new RateWindow(window, slices, since);
      return {
        add: (value: T, now) =>
          rates.add(
            callSafely(() => sizeOf(value), 0),
            now,
          ),
        isEmpty: (now) => rates.isEmpty(now),
        report: (now) => rates.rates(now),
      };
    },
  });
}

function sizeOfSized(value: unknown): number {
  if (typeof value === 'string') return utf8Length(value);
  if (typeof value === 'number') return value;
  const bytes = typeof value === 'object' && value !== null && 'bytes' in value ? value.bytes : 0;
  return typeof bytes === 'number' ? bytes : 0;
}
