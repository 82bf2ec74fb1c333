import { ignoreElements, Observable, type OperatorFunction, type SchedulerLike, type Subscription, tap } from 'rxjs';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';

/** What values are put into, and reports are taken from. The clock is an argument. */
export interface Meter<T, R> {
  add(value: T, now: number): void;
  /** Whether there is nothing left to report on. */
  isEmpty(now: number): boolean;
  report(now: number): R;
}

/** How {@link reportEvery} works. */
export interface ReportEveryOptions<T, R> {
  /** Milliseconds. */
  readonly every: number;
  readonly scheduler: SchedulerLike;
  /** Called for each subscription. */
  readonly newMeter: (now: number) => Meter<T, R>;
  readonly isSame: (a: R, b: R) => boolean;
}

/**
 * Puts the values of the source into a meter. From the first value on it reports every so many milliseconds until the meter is empty, with
 * no timer from there to the next value; and once more on completion. A report that is the same as the one before is left out, but a
 * stream that completes has had at least one.
 */
export function reportEvery<T, R>(options: ReportEveryOptions<T, R>): OperatorFunction<T, R> {
  const { every, scheduler, newMeter, isSame } = options;
  if (!(every > 0 && every <= LONGEST_DELAY)) {
    throw new RangeError(`'every' must be a number of milliseconds above 0, and at most 2^31 - 1; got ${every}.`);
  }
  return (source) =>
    new Observable((subscriber) => {
      const meter = newMeter(scheduler.now());
      let last: { readonly report: R } | undefined;
      // A scheduled action stays in whatever it was added to, so there is one variable and no list.
      let timer: Subscription | undefined;
      subscriber.add(() => timer?.unsubscribe());

      const emit = (): void => {
        const report = meter.report(scheduler.now());
        if (last && isSame(last.report, report)) return;
        last = { report };
        subscriber.next(report);
      };
      const arm = (): void => {
        if (!subscriber.closed) timer ??= scheduler.schedule(tick, every);
      };
      const tick = (): void => {
        timer = undefined;
        emit();
        if (!meter.isEmpty(scheduler.now())) arm();
      };

      source
        .pipe(
          tap({
            next: (value) => {
              meter.add(value, scheduler.now());
              arm();
            },
            complete: emit,
          }),
          ignoreElements(),
        )
        .subscribe(subscriber); // itself, so that a synchronous source hears of an unsubscribe
    });
}
