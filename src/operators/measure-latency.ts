import { asyncScheduler, defer, type MonoTypeOperatorFunction, type SchedulerLike, tap } from 'rxjs';
import { callSafely } from './call-safely.ts';

/**
 * Where {@link measureLatency} puts its readings; {@link LatencyHistogram} and {@link HistogramWindow} are such.
 *
 * @example
 * ```ts
 * import { HistogramWindow, LatencyHistogram, type LatencyRecorder } from 'rx-relay-pool';
 *
 * const recent = new HistogramWindow();
 * const ever = new LatencyHistogram();
 * const both: LatencyRecorder = {
 *   record(ms, now) {
 *     recent.record(ms, now);
 *     ever.record(ms);
 *   },
 * };
 * ```
 */
export interface LatencyRecorder {
  /** Takes a reading of so many milliseconds, made at `now` by the scheduler's clock. */
  record(ms: number, now: number): unknown;
}

/**
 * What {@link measureLatency} can be told.
 *
 * @example
 * ```ts
 * import { type MeasureLatencyOptions, TimeoutInFlightError } from 'rx-relay-pool';
 *
 * const options: MeasureLatencyOptions = { countError: (error) => error instanceof TimeoutInFlightError };
 * ```
 */
export interface MeasureLatencyOptions {
  /**
   * Whether an error is a reading. Leave out those that come at once and say nothing of the relay's speed, lest a relay that
   * refuses everything pass for the fastest. What it throws counts as true.
   *
   * @default every error
   */
  readonly countError?: ((error: unknown) => boolean) | undefined;
  /**
   * Whether an unsubscribe before the first value is a reading: the answer took at least so long. Set it where slow requests are given
   * up by whoever asked, as by a timeout or a hedge further down the pipe.
   *
   * @default false
   */
  readonly countUnsubscribed?: boolean | undefined;
  /** Clock. @default asyncScheduler */
  readonly scheduler?: Pick<SchedulerLike, 'now'> | undefined;
}

/**
 * Records how long the source takes to answer, and passes everything on unchanged. Each subscription gives one reading at most, the
 * milliseconds from its beginning to whichever comes first:
 *
 * - the first value;
 * - completion without a value, which is an answer too;
 * - an error, unless `countError` says no. So what failed slowly counts as slow, and is not left out;
 * - an unsubscribe, if `countUnsubscribed` is set.
 *
 * The reading is made before the value, the completion or the error is passed on. A timeout belongs before it in the pipe, so that it is
 * seen as an error. What the recorder throws does not reach the stream.
 *
 * @example
 * ```ts
 * import { HistogramWindow, measureLatency, relay, timeoutInFlight } from 'rx-relay-pool';
 * import { switchMap, take } from 'rxjs';
 *
 * const firstEvent = new HistogramWindow({ window: 60_000 });
 * const subscription = relay('wss://relay.example')
 *   .pipe(
 *     take(1),
 *     switchMap((connection) =>
 *       connection.request({ kinds: [1], limit: 20 }).pipe(timeoutInFlight(10_000), measureLatency(firstEvent)),
 *     ),
 *   )
 *   .subscribe({ error: () => console.log(firstEvent.summary(Date.now())) });
 * subscription.unsubscribe();
 * ```
 */
export function measureLatency<T>(
  histogram: LatencyRecorder,
  options: MeasureLatencyOptions = {},
): MonoTypeOperatorFunction<T> {
  const { countError, countUnsubscribed = false, scheduler = asyncScheduler } = options;
  return (source) =>
    defer(() => {
      const begin = scheduler.now();
      let isWaiting = true;
      const end = (counts: boolean): void => {
        isWaiting = false;
        if (!counts) return;
        const now = scheduler.now();
        callSafely(() => histogram.record(now - begin, now), undefined);
      };
      return source.pipe(
        tap({
          next: () => {
            if (isWaiting) end(true);
          },
          complete: () => {
            if (isWaiting) end(true);
          },
          error: (error: unknown) => {
            if (isWaiting) end(callSafely(() => countError?.(error) ?? true, true));
          },
          unsubscribe: () => {
            if (isWaiting) end(countUnsubscribed);
          },
        }),
      );
    });
}
