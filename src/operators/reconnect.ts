import {
  asyncScheduler,
  concat,
  defer,
  type MonoTypeOperatorFunction,
  Observable,
  retry,
  type SchedulerLike,
  Subscription,
  tap,
  throwError,
} from 'rxjs';
import { Backoff, type BackoffOptions } from '../policies/backoff.ts';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import { platformRandom } from '../policies/platform-random.ts';
import { callSafely } from './call-safely.ts';

/**
 * An attempt of {@link reconnect}, or the wait before one.
 *
 * @example
 * ```ts
 * import type { ReconnectInfo } from 'rx-relay-pool';
 *
 * const describe = ({ attempt, delay }: ReconnectInfo): string => `attempt ${attempt} in ${Math.round(delay)} ms`;
 * ```
 */
export interface ReconnectInfo {
  /** Reconnects in a row without a stable uptime, from `attempts` on; 0 for one that `wake$` brought about. */
  readonly attempt: number;
  /** Milliseconds from the end of the one before to this attempt; 0 for the first subscription. */
  readonly delay: number;
  /** Whether `maxAttempts` is reached; attempts go on all the same, `cap` apart. */
  readonly exhausted: boolean;
  /** What the source errored with; undefined when it completed, and for the first subscription. */
  readonly error: unknown;
}

/**
 * What {@link reconnect} can be told, beside the numbers of the backoff.
 *
 * @example
 * ```ts
 * import { fromEvent } from 'rxjs';
 * import type { ReconnectOptions } from 'rx-relay-pool';
 *
 * const options: ReconnectOptions = {
 *   cap: 300_000,
 *   wake$: fromEvent(globalThis, 'online'),
 *   retryable: (error) => !(error instanceof TypeError),
 *   onWait: ({ attempt, delay }) => console.log(`attempt ${attempt} in ${delay} ms`),
 * };
 * ```
 */
export interface ReconnectOptions extends BackoffOptions {
  /** Draws from 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Clock and timer. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
  /**
   * Each value says that an attempt is worth it now, as when the network came back: the attempts start anew, and a wait is cut
   * short to within `spread`, but never below a penalty of `retryable`. So is the wait after a loss that comes at most `spread`
   * later, where the attempt that was lost had begun before the value. Its error and completion mean no more than silence.
   *
   * @default never
   */
  readonly wake$?: Observable<unknown> | undefined;
  /** Milliseconds over which the reconnects after a value of `wake$` are spread, lest all clients come at once. @default 1_000 */
  readonly spread?: number | undefined;
  /**
   * Asked about each error: false passes it on and ends, true waits, a number waits at least so many milliseconds. Asked once more when
   * `wake$` cuts the wait short, as the penalty may be less by then.
   *
   * @default true
   */
  readonly retryable?: ((error: unknown) => number | boolean) | undefined;
  /** Told when the source is subscribed to. What it throws does not break the loop. */
  readonly onAttempt?: ((info: ReconnectInfo) => void) | undefined;
  /** Told when a wait begins, and once more when `wake$` changes it. What it throws does not break the loop. */
  readonly onWait?: ((info: ReconnectInfo) => void) | undefined;
}

/** Stands for completion on its way to the one place that decides when to try again. */
const COMPLETED = Symbol('completed');

/**
 * Subscribes to the source again whenever it errors or completes, after a delay: exponential backoff with full jitter, see
 * {@link Backoff}. The first value of the source counts as its being open; only an uptime of `stableAfter` from there lets the
 * attempts start anew, so a source that opens and ends at once is not tried at the first delay for ever. The first reconnect
 * after a stable uptime is spread as well, from `floor` to `floor + base`.
 *
 * It never completes, and errors only with what `retryable` refused. Each subscription has its own count of attempts.
 *
 * @throws RangeError at once when a number is out of its range.
 *
 * @example
 * ```ts
 * import { defer, timer } from 'rxjs';
 * import { reconnect } from 'rx-relay-pool';
 *
 * const flaky = defer(() => timer(1_000)); // completes after its value
 * const subscription = flaky
 *   .pipe(reconnect({ base: 500, cap: 30_000, onWait: ({ delay }) => console.log(`again in ${delay} ms`) }))
 *   .subscribe();
 * subscription.unsubscribe();
 * ```
 */
export function reconnect<T>(options: ReconnectOptions = {}): MonoTypeOperatorFunction<T> {
  const { scheduler = asyncScheduler, wake$, spread = 1_000, retryable, onAttempt, onWait } = options;
  const random = options.random ?? platformRandom;
  if (!(spread >= 0 && spread <= LONGEST_DELAY)) {
    throw new RangeError(`reconnect: 'spread' must be a number of milliseconds from 0; got ${spread}.`);
  }
  const draw = (): number => callSafely(random, 0.5);
  const newBackoff = (): Backoff => new Backoff(options, draw);
  newBackoff(); // a wrong number is the caller's mistake: thrown here, where it was made

  return (source) =>
    new Observable((subscriber) => {
      const backoff = newBackoff();
      let isOpen = false;
      let last: Pick<ReconnectInfo, 'delay' | 'error'> = { delay: 0, error: undefined };
      let begunAt = 0;
      let wokenAt = -Infinity;
      /** Cuts the current wait short; undefined while there is none, or when it was cut short before. */
      let cutShort: (() => void) | undefined;

      const tell = (listener: typeof onWait): void => {
        const info: ReconnectInfo = { attempt: backoff.attempts, exhausted: backoff.exhausted, ...last };
        callSafely(() => listener?.(info), undefined);
      };

      const attempt = defer(() => {
        tell(onAttempt);
        begunAt = scheduler.now();
        return source;
      }).pipe(
        tap(() => {
          if (isOpen) return;
          isOpen = true;
          backoff.opened(scheduler.now());
        }),
      );

      const wait = (cause: unknown): Observable<void> => {
        const begin = scheduler.now();
        backoff.lost(begin);
        isOpen = false;
        const error = cause === COMPLETED ? undefined : cause;
        const ask = (): number | boolean =>
          cause === COMPLETED ? true : callSafely(() => retryable?.(cause) ?? true, true);
        const verdict = ask();
        if (verdict === false) return throwError(() => cause);
        return new Observable((ready) => {
          if (ready.closed) return; // unsubscribed by the listener
          const timer = new Subscription();
          ready.add(timer);
          ready.add(() => (cutShort = undefined));
          let due = Infinity;
          const tryAfter = (delay: number): void => {
            due = begin + delay;
            last = { delay, error };
            timer.add(scheduler.schedule(() => ready.next(), Math.max(0, due - scheduler.now())));
            tell(onWait);
          };
          cutShort = () => {
            cutShort = undefined; // one draw a wait: the least of many would be no spread
            const elapsed = scheduler.now() - begin;
            const penalty = Math.min(penaltyOf(verdict), elapsed + penaltyOf(ask()));
            const woken = Math.max(penalty, elapsed + draw() * spread);
            tryAfter(Math.min(due - begin, woken));
          };
          const delay = Math.min(LONGEST_DELAY, Math.max(penaltyOf(verdict), backoff.next()));
          // What began no earlier than the news has had its chance; the loss of what is older says nothing about the network now.
          if (wokenAt > begunAt && begin - wokenAt <= spread) {
            backoff.reset();
            due = begin + delay;
            cutShort();
          } else tryAfter(delay);
        });
      };

      if (wake$) {
        const woken = (): void => {
          wokenAt = scheduler.now();
          if (!isOpen) backoff.reset();
          cutShort?.();
        };
        subscriber.add(wake$.subscribe({ next: woken, error: () => undefined }));
      }
      concat(
        attempt,
        throwError(() => COMPLETED),
      )
        .pipe(retry({ delay: wait }))
        .subscribe(subscriber);
    });
}

function penaltyOf(verdict: number | boolean): number {
  return typeof verdict === 'number' && verdict > 0 ? verdict : 0;
}
