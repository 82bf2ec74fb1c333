import { combineLatest, defer, map, type Observable, tap } from 'rxjs';
import type { Filter } from '../protocol/filter.ts';
import { mergeFilters } from '../protocol/merge-filters.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Candidates, Choice, RelayProgress, Route } from './route.ts';
import { everyRelay } from './routes.ts';

type Progress = ReadonlyMap<RelayUrl, RelayProgress>;

/**
 * The first of several routes that leads to a relay where the request has not failed; the last one where none does. So the others are there for
 * when it does.
 *
 * @example
 * ```ts
 * import { everyRelay, firstOf, only, RelayPool } from 'rx-relay-pool';
 *
 * const localFirst = firstOf(only(['ws://localhost:4869']), everyRelay());
 * new RelayPool({ relays: ['wss://relay.example'], route: localFirst }).close();
 * ```
 */
export function firstOf(...routes: readonly [Route, ...Route[]]): Route {
  return withProgress(routes, (chosen, progress) => {
    const promising = chosen.find((choices) => choices.some(isPromising(progress)));
    return promising ?? chosen.findLast(({ length }) => length > 0) ?? [];
  });
}

/**
 * All relays that any of several routes leads to. One that gets a part of the request by one route and another part by another gets both.
 *
 * @example
 * ```ts
 * import { cluster, only, RelayPool, union } from 'rx-relay-pool';
 *
 * const route = union(cluster('archive'), only(['wss://news.example']));
 * new RelayPool({ clusters: { archive: { relays: ['wss://a.example'] } }, route }).close();
 * ```
 */
export function union(...routes: readonly [Route, ...Route[]]): Route {
  return withProgress(routes, (chosen) => {
    const united = new Map<RelayUrl, Choice>();
    for (const choice of chosen.flat()) {
      const { relay } = choice;
      const before = united.get(relay.url);
      united.set(relay.url, before ? { relay, filters: both(before.filters, choice.filters) } : choice);
    }
    return [...united.values()];
  });
}

/**
 * The first `count` relays of a route; where the request fails at one of them, the next is asked instead.
 *
 * @throws RangeError when `count` is not a whole number above 0.
 *
 * @example
 * ```ts
 * import { everyRelay, limit, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://a.example', 'wss://b.example', 'wss://c.example'] });
 * const subscription = pool.request({ kinds: [1] }, { route: limit(everyRelay(), 2) }).subscribe();
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function limit(route: Route, count: number): Route {
  if (!(Number.isSafeInteger(count) && count > 0)) {
    throw new RangeError(`limit: 'count' must be a whole number above 0; got ${count}.`);
  }
  return withProgress([route], ([choices = []], progress) => {
    const promises = isPromising(progress);
    const others = choices.filter((choice) => !promises(choice));
    return [...choices.filter(promises), ...others].slice(0, count);
  });
}

/**
 * The relays of a route that a condition holds for. It is asked again whenever the route has news, such as a relay that was lost.
 *
 * @param route - Default: `everyRelay()`.
 *
 * @example
 * ```ts
 * import { RelayPool, where } from 'rx-relay-pool';
 *
 * const reliable = where(({ health }) => health.reliability > 0.5);
 * new RelayPool({ relays: ['wss://relay.example'], route: reliable }).close();
 * ```
 */
export function where(condition: (relay: PooledRelay) => boolean, route: Route = everyRelay()): Route {
  return (candidates$, call) =>
    route(candidates$, call).pipe(map((choices) => choices.filter(({ relay }) => condition(relay))));
}

/** Combines what routes say; each says something whenever the candidates have news, so the progress is that of the latest news. */
function withProgress(
  routes: readonly Route[],
  combine: (chosen: readonly (readonly Choice[])[], progress: Progress) => readonly Choice[],
): Route {
  return (candidates$, call): Observable<readonly Choice[]> =>
    defer(() => {
      let progress: Progress = new Map();
      const noted$ = candidates$.pipe(tap((candidates: Candidates) => (progress = candidates.progress)));
      return combineLatest(routes.map((route) => route(noted$, call))).pipe(map((chosen) => combine(chosen, progress)));
    });
}

function isPromising(progress: Progress): (choice: Choice) => boolean {
  return ({ relay }) => progress.get(relay.url) !== 'failed';
}

/** Undefined is all of the request. */
function both(a: readonly Filter[] | undefined, b: readonly Filter[] | undefined): readonly Filter[] | undefined {
  return a && b ? mergeFilters([a, b]) : undefined;
}
