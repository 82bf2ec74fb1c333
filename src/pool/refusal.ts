import { filter, type Observable } from 'rxjs';
import type { CircuitOpenError } from '../operators/circuit-breaker.ts';
import type { CircuitBreaker } from '../operators/circuit-breaker-handle.ts';
import type { CircuitState } from '../policies/circuit-state.ts';

/** Milliseconds until a breaker is worth asking again: one at least, as the last fraction of one may be lost in rounding. */
export function restOf({ retryAt }: CircuitOpenError, now: number): number {
  return Math.max(1, retryAt - now);
}

/** Emits when the breaker is no more as it was when it refused: it is worth asking again sooner. */
export function changeSince({ state: refused }: CircuitOpenError, breaker: CircuitBreaker): Observable<CircuitState> {
  return breaker.state$.pipe(filter((state) => state !== refused));
}

/** The relay taught how much it takes: the request begins anew, and asks for no more at once. */
export class BeginAnew {}
