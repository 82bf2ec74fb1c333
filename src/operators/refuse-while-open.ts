import { defer, type MonoTypeOperatorFunction, throwError } from 'rxjs';
import { CircuitOpenError } from './circuit-breaker.ts';
import type { CircuitBreaker } from './circuit-breaker-handle.ts';

/**
 * Errors with a {@link CircuitOpenError} at once, without having subscribed to the source, while the breaker would let no call through.
 * It takes no permit and counts nothing: it belongs before a queue, so that what has no chance does not wait for its turn, and
 * `circuitBreaker` behind the queue asks for the permit when the turn has come.
 *
 * @example
 * ```ts
 * import { timer } from 'rxjs';
 * import { Bulkhead, bulkhead, CircuitBreaker, circuitBreaker, refuseWhileOpen } from 'rx-relay-pool';
 *
 * const breaker = new CircuitBreaker();
 * const turns = new Bulkhead({ permits: 4 });
 * timer(100)
 *   .pipe(circuitBreaker(breaker), bulkhead(turns), refuseWhileOpen(breaker))
 *   .subscribe({ next: () => console.log('done'), error: (error) => console.warn(error) });
 * ```
 */
export function refuseWhileOpen<T>(breaker: CircuitBreaker): MonoTypeOperatorFunction<T> {
  return (source) =>
    defer(() => {
      const { refusal } = breaker;
      return refusal ? throwError(() => new CircuitOpenError(refusal)) : source;
    });
}
