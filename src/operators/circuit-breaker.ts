import { type MonoTypeOperatorFunction, Observable, type ObservableNotification, tap } from 'rxjs';
import type { CircuitRefusal } from '../policies/circuit-state.ts';
import { callSafely } from './call-safely.ts';
import type { CircuitBreaker } from './circuit-breaker-handle.ts';

/**
 * The error of a stream that {@link circuitBreaker} did not subscribe to.
 *
 * @example
 * ```ts
 * import { retry, throwError, timer } from 'rxjs';
 * import { CircuitBreaker, circuitBreaker, CircuitOpenError } from 'rx-relay-pool';
 *
 * const breaker = new CircuitBreaker({ consecutiveFailures: 1 });
 * const subscription = throwError(() => new Error('unreachable'))
 *   .pipe(
 *     circuitBreaker(breaker),
 *     retry({ delay: (error) => timer(error instanceof CircuitOpenError ? new Date(error.retryAt) : 1_000) }),
 *   )
 *   .subscribe();
 * subscription.unsubscribe();
 * ```
 */
export class CircuitOpenError extends Error {
  override readonly name = 'CircuitOpenError';
  /** For switches over errors of several kinds. */
  readonly code = 'circuit-open';
  /** `open`, or `half-open` when all probes are under way. */
  readonly state: CircuitRefusal['state'];
  /** When it is worth trying again, in milliseconds of the breaker's clock (by default since 1970). */
  readonly retryAt: number;

  constructor({ state, retryAt }: CircuitRefusal) {
    super(`The circuit is ${state}; try again at ${retryAt}.`);
    this.state = state;
    this.retryAt = retryAt;
  }
}

/**
 * What a notification says of the call: that it succeeded or failed, that it says nothing, or that the other side asked to be left alone for
 * so many milliseconds. With undefined a value leaves it open, an error is a failure and completion a success.
 *
 * @example
 * ```ts
 * import { type CircuitVerdict, parseReason } from 'rx-relay-pool';
 *
 * const ofRefusal = (raw: string): CircuitVerdict =>
 *   parseReason(raw).prefix === 'rate-limited' ? { pushBack: 30_000 } : 'ignore';
 * ```
 */
export type CircuitVerdict = 'success' | 'failure' | 'ignore' | { readonly pushBack: number } | undefined;

/**
 * What {@link circuitBreaker} can be told.
 *
 * @example
 * ```ts
 * import type { CircuitBreakerOperatorOptions, Packet } from 'rx-relay-pool';
 *
 * const untilEose: CircuitBreakerOperatorOptions<Packet> = {
 *   classify: (notification) => {
 *     if (notification.kind !== 'N') return undefined;
 *     const { type } = notification.value;
 *     return type === 'eose' ? 'success' : type === 'lost' ? 'failure' : undefined;
 *   },
 * };
 * ```
 */
export interface CircuitBreakerOperatorOptions<T> {
  /**
   * Asked about each notification until it says something other than undefined. If it throws, it said undefined.
   *
   * @default errors fail, but a {@link CircuitOpenError} says nothing; completion succeeds
   */
  readonly classify?: ((notification: ObservableNotification<T>) => CircuitVerdict) | undefined;
}

/**
 * Subscribes to the source only if the breaker lets it, and tells the breaker how it went: an error is a failure, completion a success, an
 * unsubscribe before either says nothing. A value says nothing either, unless `classify` says so: a stream that breaks after
 * its first value is no success. The latency is the time from the subscription to the verdict, so for a stream that goes on for long let
 * `classify` give it early. It counts before the notification is passed on.
 *
 * It adds no error of its own but a {@link CircuitOpenError}, without having subscribed, when the breaker refuses. Whoever subscribes again
 * asks again.
 *
 * @example
 * ```ts
 * import { from, timeout } from 'rxjs';
 * import { CircuitBreaker, circuitBreaker, CircuitOpenError } from 'rx-relay-pool';
 *
 * const breaker = new CircuitBreaker({ consecutiveFailures: 3 });
 * from(fetch('https://relay.example'))
 *   .pipe(timeout(5_000), circuitBreaker(breaker))
 *   .subscribe({
 *     next: (response) => console.log(response.status),
 *     error: (error) => console.warn(error instanceof CircuitOpenError ? 'not tried' : 'failed', error),
 *   });
 * ```
 */
export function circuitBreaker<T>(
  breaker: CircuitBreaker,
  options: CircuitBreakerOperatorOptions<T> = {},
): MonoTypeOperatorFunction<T> {
  const { classify } = options;
  return (source) =>
    new Observable((subscriber) => {
      const permit = breaker.acquire();
      if (!permit.granted) {
        subscriber.error(new CircuitOpenError(permit));
        return;
      }
      let isSettled = false;
      const judge = (notification: ObservableNotification<T>, otherwise: CircuitVerdict): void => {
        if (isSettled) return;
        const verdict = callSafely(() => classify?.(notification), undefined) ?? otherwise;
        if (verdict === undefined || isSettled) return;
        isSettled = true;
        if (verdict === 'success') permit.succeed();
        else if (verdict === 'failure') permit.fail();
        else if (verdict === 'ignore') permit.release();
        else permit.pushBack(verdict.pushBack);
      };
      subscriber.add(() => permit.release());
      if (subscriber.closed) return; // by somebody who watches the breaker
      source
        .pipe(
          tap({
            next: (value) => judge({ kind: 'N', value }, undefined),
            error: (error) =>
              judge({ kind: 'E', error: error as unknown }, error instanceof CircuitOpenError ? 'ignore' : 'failure'),
            complete: () => judge({ kind: 'C' }, 'success'),
          }),
        )
        .subscribe(subscriber);
    });
}
