import {
  combineLatest,
  map,
  type MonoTypeOperatorFunction,
  Observable,
  type SchedulerLike,
  type Subscription,
} from 'rxjs';
import { stopWith } from '../operators/stop-with.ts';
import { switchOverlapping } from '../operators/switch-overlapping.ts';
import { PoolError } from './pool-error.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Choice, Route } from './route.ts';

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
  return (candidates$) => candidates$.pipe(map(({ relays }) => allOf(relays)));
}

/**
 * The route to these relays, whether the pool has them or not. One that it has not is dialled for this request, and let go a while after the last
 * request that named it; other routes do not see it.
 *
 * @throws RelayUrlError (through the stream) when a URL is none of a relay.
 *
 * @example
 * ```ts
 * import { only, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool();
 * const subscription = pool.request({ kinds: [0] }, { route: only(['wss://profiles.example']) }).subscribe();
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function only(urls: readonly string[]): Route {
  return (candidates$, { borrow }) =>
    combineLatest([candidates$, borrow(urls, 'caller')], (_, relays) => allOf(relays));
}

/**
 * The route to the relays of a cluster, as its members come and go; see `pool.cluster`.
 *
 * @throws PoolError (through the stream) with `unknown-cluster` where the pool has none of the name.
 *
 * @example
 * ```ts
 * import { cluster, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ clusters: { archive: { relays: ['wss://a.example', 'wss://b.example'] } } });
 * const subscription = pool.subscribe({ kinds: [30_023] }, { route: cluster('archive') }).subscribe();
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function cluster(name: string): Route {
  return (candidates$, call) => call.cluster(name).pipe(switchOverlapping((urls) => only(urls)(candidates$, call)));
}

/** All of the request to a relay. */
export function whole(relay: PooledRelay): Choice {
  return { relay };
}

const choicesOfAll = new WeakMap<readonly PooledRelay[], readonly Choice[]>();

/** The same list for the same relays, so that whoever follows it knows at once that nothing has changed. */
function allOf(relays: readonly PooledRelay[]): readonly Choice[] {
  const known = choicesOfAll.get(relays);
  if (known) return known;
  const choices = relays.map(whole);
  choicesOfAll.set(relays, choices);
  return choices;
}

/** Errors where a route names no relay at first, or says nothing in so many milliseconds: who asks would wait for ever. */
export function refuseNobody(deadline: number, scheduler: SchedulerLike): MonoTypeOperatorFunction<readonly Choice[]> {
  const refusal = (): PoolError =>
    new PoolError('no-relays', 'The route names no relay: add one to the pool, or choose another route.');
  return (source) =>
    new Observable((subscriber) => {
      let isTold = false;
      let timer: Subscription | undefined;
      const refuse = (): void => subscriber.error(refusal());
      source.pipe(stopWith(subscriber)).subscribe({
        next: (choices) => {
          if (!isTold && choices.length === 0) return refuse();
          isTold = true;
          timer?.unsubscribe();
          subscriber.next(choices);
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      // Most routes say at once whom they name.
      if (!isTold && !subscriber.closed) subscriber.add((timer = scheduler.schedule(refuse, deadline)));
    });
}
