import { identity, type MonoTypeOperatorFunction } from 'rxjs';
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
