import {
  asyncScheduler,
  defer,
  type MonoTypeOperatorFunction,
  Observable,
  type SchedulerLike,
  Subscription,
  tap,
} from 'rxjs';
import type { HedgePolicy } from '../policies/hedge-policy.ts';
import { stopWith } from './stop-with.ts';

/**
 * What {@link hedge} can be told.
 *
 * @example
 * ```ts
 * import type { HedgeOptions, Packet } from 'rx-relay-pool';
 *
 * const untilEose: HedgeOptions<Packet> = { answered: (packet) => packet.type === 'eose' };
 * ```
 */
export interface HedgeOptions<T> {
  /**
   * Whether a value is the answer that is waited for. Asked about each value of either until one says yes; what it throws is the error of
   * the one that it was asked about.
   *
   * @default the first value is
   */
  readonly answered?: ((value: T) => boolean) | undefined;
  /** Clock and timer. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * Asks a second one when the first takes long, and takes the answer that comes first: a hedged request (Jeffrey Dean and Luiz André Barroso,
 * "The Tail at Scale", 2013). For calls that may be made twice, as reading is.
 *
 * The source is subscribed to at once. When it has not answered, by a value or by completing, within the delay of the {@link HedgePolicy}, and its
 * budget has a hedge left, `backup()` is subscribed to as well. The first of the two that answers wins: the other one is unsubscribed from, then
 * the answer is passed on, and the stream is the winner's from there.
 *
 * - Values that are no answer (with `answered`) are passed on as they come, of both: what comes twice is for `uniqueEvents`.
 * - While the other one is under way an error is held back, and passed on if that one fails too. An error without a backup under way is passed on
 *   at once: this is no retry.
 * - The policy is told how long the source took to answer. A source that was given up after the delay counts with the time until then, since it
 *   took at least so long. One that failed, or was given up before the delay, says nothing, and neither does a backup.
 *
 * @param backup - Called once for each hedge, when it is made. What it throws is an error of the backup.
 *
 * @example
 * ```ts
 * import { type Observable } from 'rxjs';
 * import { hedge, HedgePolicy } from 'rx-relay-pool';
 *
 * declare const ask: (mirror: string) => Observable<string>;
 * const policy = new HedgePolicy({ percentile: 95, budget: 0.05 }); // one for all calls of this kind
 * ask('https://a.example')
 *   .pipe(hedge(policy, () => ask('https://b.example')))
 *   .subscribe((answer) => console.log(answer));
 * ```
 */
export function hedge<T>(
  policy: HedgePolicy,
  backup: () => Observable<T>,
  options: HedgeOptions<T> = {},
): MonoTypeOperatorFunction<T> {
  const { answered = () => true, scheduler = asyncScheduler } = options;
  return (source) =>
    new Observable((subscriber) => {
      const begin = scheduler.now();
      const timer = new Subscription();
      const first = new Subscription();
      /** Those that have neither ended nor been given up. */
      const running = new Set<Subscription>();
      let [isDecided, isLate] = [false, false];
      let failure: { readonly error: unknown } | undefined;

      const recordSource = (): void => {
        const now = scheduler.now();
        policy.record(now - begin, now);
      };
      const decide = (winner: Subscription): void => {
        if (isDecided) return;
        isDecided = true;
        timer.unsubscribe();
        if (running.has(first)) recordSource();
        if (winner !== first) policy.won();
        for (const other of running) if (other !== winner) other.unsubscribe();
      };
      const ask = (target: Observable<T>, own: Subscription): void => {
        running.add(own);
        subscriber.add(own);
        target
          .pipe(
            stopWith(own),
            tap((value) => {
              if (!isDecided && answered(value)) decide(own);
            }),
          )
          .subscribe({
            next: (value) => subscriber.next(value),
            complete: () => {
              decide(own);
              subscriber.complete();
            },
            error: (error: unknown) => {
              running.delete(own);
              failure ??= { error };
              if (isDecided) subscriber.error(error);
              else if (running.size === 0) subscriber.error(failure.error);
            },
          });
      };

      subscriber.add(timer);
      subscriber.add(() => {
        if (!isDecided && isLate && running.has(first)) recordSource();
      });
      policy.began();
      ask(source, first);
      const delay = isDecided || subscriber.closed ? undefined : policy.delay(scheduler.now());
      if (delay === undefined) return;
      timer.add(
        scheduler.schedule(() => {
          isLate = true;
          if (policy.tryHedge()) ask(defer(backup), new Subscription());
        }, delay),
      );
    });
}
