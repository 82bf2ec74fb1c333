import { identity, map, type MonoTypeOperatorFunction, pipe, type SchedulerLike, throwError, timeout } from 'rxjs';
import { PoolError } from './pool-error.ts';
import type { PooledRelay } from './pooled-relay.ts';

/**
 * Which of the pool's relays take part in a request or a publish: an operator on the list of them. A request follows its changes, a publish
 * takes the first list.
 *
 * @example
 * ```ts
 * import { map } from 'rxjs';
 * import { RelayPool, type Route } from 'rx-relay-pool';
 *
 * const firstTwo: Route = map((relays) => relays.slice(0, 2));
 * const pool = new RelayPool({ relays: ['wss://a.example', 'wss://b.example', 'wss://c.example'], route: firstTwo });
 * pool.close();
 * ```
 */
export type Route = MonoTypeOperatorFunction<readonly PooledRelay[]>;

/**
 * The route to every relay of the pool, as they come and go: the default.
 *
 * @example
 * ```ts
 * import { everyRelay, RelayPool } from 'rx-relay-pool';
 *
 * new RelayPool({ route: everyRelay() }).close();
 * ```
 */
export function everyRelay(): Route {
  return identity;
}

/** Errors where a route names no relay at first, or says nothing in so many milliseconds: who asks would wait for ever. */
export function refuseNobody(deadline: number, scheduler: SchedulerLike): Route {
  const refusal = (): PoolError =>
    new PoolError('no-relays', 'The route names no relay: add one to the pool, or choose another route.');
  return pipe(
    map((relays, index) => {
      if (index === 0 && relays.length === 0) throw refusal();
      return relays;
    }),
    timeout({ first: deadline, scheduler, with: () => throwError(refusal) }),
  );
}
