import { asyncScheduler, type MonoTypeOperatorFunction, Observable, type SchedulerLike, Subscription, tap } from 'rxjs';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import { stopWith } from './stop-with.ts';

/**
 * The error of {@link timeoutInFlight}: there was no outcome in time.
 *
 * @example
 * ```ts
 * import { TimeoutInFlightError, timeoutInFlight } from 'rx-relay-pool';
 * import { NEVER } from 'rxjs';
 *
 * const subscription = NEVER.pipe(timeoutInFlight(5_000)).subscribe({
 *   error: (error) => {
 *     if (error instanceof TimeoutInFlightError) console.warn(`given up after ${error.elapsed} ms`);
 *   },
 * });
 * subscription.unsubscribe();
 * ```
 */
export class TimeoutInFlightError extends Error {
  override readonly name = 'TimeoutInFlightError';
  /** For switches over errors of several kinds. */
  readonly code = 'timeout-in-flight';

  constructor(
    /** The milliseconds that were given. */
    readonly limit: number,
    /** The milliseconds that went by: more than `limit` where the thread was busy, or the machine asleep. */
    readonly elapsed: number,
  ) {
    super(`There was no outcome within ${limit} ms of the subscription (${elapsed} ms went by).`);
  }
}

/**
 * What {@link timeoutInFlight} can be told.
 *
 * @example
 * ```ts
 * import type { Packet, TimeoutInFlightOptions } from 'rx-relay-pool';
 *
 * const untilEose: TimeoutInFlightOptions<Packet> = { isOutcome: (packet) => packet.type === 'eose' };
 * ```
 */
export interface TimeoutInFlightOptions<T> {
  /**
   * Whether a value is the outcome that is waited for, after which the stream may go on for as long as it likes. Asked about each value
   * until it says yes; the stream errors with what it throws. `() => true` waits for the first value.
   *
   * @default no value is: the source has to complete or error
   */
  readonly isOutcome?: ((value: T) => boolean) | undefined;
  /** Clock and timer. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * Gives each subscription `limit` milliseconds for its outcome, from its beginning: its completion or error, or a value that `isOutcome`
 * knows. Values do not give it more time, however many they are, so nothing pends for ever behind a busy stream. Values are passed
 * on as they come.
 *
 * When time is up it unsubscribes from the source, and then errors with a {@link TimeoutInFlightError}: a retry further down the pipe
 * finds the slot free. What comes at exactly `limit` is too late.
 *
 * @param limit - Milliseconds, from 0 to 2^31 - 1.
 * @throws RangeError at once when `limit` is out of its range.
 *
 * @example
 * ```ts
 * import { RelayPool, timeoutInFlight } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const subscription = pool
 *   .request({ kinds: [0], limit: 1 })
 *   .pipe(timeoutInFlight(30_000))
 *   .subscribe({ next: (event) => console.log(event.content), error: (error) => console.warn(error) });
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function timeoutInFlight<T>(
  limit: number,
  options: TimeoutInFlightOptions<T> = {},
): MonoTypeOperatorFunction<T> {
  const { isOutcome, scheduler = asyncScheduler } = options;
  if (!(limit >= 0 && limit <= LONGEST_DELAY)) {
    throw new RangeError(`timeoutInFlight: the limit is a number of milliseconds from 0 to 2^31 - 1; got ${limit}.`);
  }
  return (source) =>
    new Observable((subscriber) => {
      const begin = scheduler.now();
      const watched = new Subscription();
      const timer = scheduler.schedule(() => {
        // Whoever hears of it finds that the source has been torn down.
        watched.unsubscribe();
        subscriber.error(new TimeoutInFlightError(limit, scheduler.now() - begin));
      }, limit);
      subscriber.add(watched);
      subscriber.add(timer);
      const judged = isOutcome
        ? source.pipe(
            tap((value) => {
              if (!timer.closed && isOutcome(value)) timer.unsubscribe();
            }),
          )
        : source;
      judged.pipe(stopWith(watched)).subscribe({
        next: (value) => subscriber.next(value),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
}
