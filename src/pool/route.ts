import type { Observable, SchedulerLike } from 'rxjs';
import type { Priority } from '../policies/queue-outcome.ts';
import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { RelayOrigin } from './registry.ts';

/**
 * How a request goes with a relay that it was sent to:
 *
 * - `answered`: it said EOSE
 * - `failed`: it refused, or was lost, less than a minute ago
 *
 * @example
 * ```ts
 * import type { RelayProgress } from 'rx-relay-pool';
 *
 * const isOfUse = (progress: RelayProgress | undefined): boolean => progress !== 'failed';
 * ```
 */
export type RelayProgress = 'answered' | 'failed';

/**
 * The relays of the pool, and how the request has gone with those that it was sent to.
 *
 * @example
 * ```ts
 * import type { Candidates, PooledRelay } from 'rx-relay-pool';
 *
 * const fresh = ({ relays, progress }: Candidates): readonly PooledRelay[] =>
 *   relays.filter(({ url }) => progress.get(url) !== 'failed');
 * ```
 */
export interface Candidates {
  /** In the order in which they were added. */
  readonly relays: readonly PooledRelay[];
  /** Absent: it was not asked, or has neither answered nor failed. */
  readonly progress: ReadonlyMap<RelayUrl, RelayProgress>;
}

/**
 * A relay that takes part.
 *
 * @example
 * ```ts
 * import type { Choice } from 'rx-relay-pool';
 *
 * const describe = ({ relay, filters }: Choice): string => `${relay.url}: ${filters ? JSON.stringify(filters) : 'everything'}`;
 * ```
 */
export interface Choice {
  readonly relay: PooledRelay;
  /** The part of a request that goes to it. @default all of it */
  readonly filters?: readonly Filter[] | undefined;
}

/**
 * What a route is asked for, and what it may use.
 *
 * @example
 * ```ts
 * import type { RoutedCall } from 'rx-relay-pool';
 *
 * const isSearch = ({ filters }: RoutedCall): boolean => filters.some(({ search }) => search !== undefined);
 * ```
 */
export interface RoutedCall {
  /** What is asked; empty where an event is published. */
  readonly filters: readonly Filter[];
  /** What is published. */
  readonly event: NostrEvent | undefined;
  readonly priority: Priority;
  readonly scheduler: SchedulerLike;
  /** Draws from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /**
   * Relays by their URLs, of the pool or not, for as long as it is subscribed to; they come and go. Where the URLs come from an event,
   * those that are not admitted are left out.
   */
  readonly borrow: (urls: readonly string[], origin: RelayOrigin) => Observable<readonly PooledRelay[]>;
  /** Whether a relay of this URL fails so much more than the others that it is left alone for a while. */
  readonly isEjected: (url: string) => boolean;
  /** The relays of a cluster, now and after every change; errors with `unknown-cluster` where there is none. */
  readonly cluster: (name: string) => Observable<readonly RelayUrl[]>;
}

/**
 * Which relays take part in a request or a publish: an operator on the relays of the pool. It emits anew whenever those change, or the
 * request fails at one of them; a request follows, a publish takes what comes first. The same list again says that nothing has changed. It completes
 * with the candidates.
 *
 * @example
 * ```ts
 * import { map } from 'rxjs';
 * import { RelayPool, type Route } from 'rx-relay-pool';
 *
 * const firstTwo: Route = (candidates$) =>
 *   candidates$.pipe(map(({ relays }) => relays.slice(0, 2).map((relay) => ({ relay }))));
 * const pool = new RelayPool({ relays: ['wss://a.example', 'wss://b.example', 'wss://c.example'], route: firstTwo });
 * pool.close();
 * ```
 */
export type Route = (candidates$: Observable<Candidates>, call: RoutedCall) => Observable<readonly Choice[]>;
