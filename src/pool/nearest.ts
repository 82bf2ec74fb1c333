import { combineLatest, map, type Observable, of, startWith } from 'rxjs';
import { rankByDistance } from '../policies/nearest.ts';
import type { DiscoveredRelay } from '../policies/relay-directory.ts';
import { placeOfCountry } from '../protocol/country-places.ts';
import type { Place } from '../protocol/place.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { userPlace } from '../sources/user-place.ts';
import { pick } from './picked.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Route } from './route.ts';

/**
 * How {@link nearest} chooses.
 *
 * @example
 * ```ts
 * import type { NearestOptions } from 'rx-relay-pool';
 *
 * const fromVienna: NearestOptions = { from: { latitude: 48.2, longitude: 16.4 }, tie: 1_000 };
 * ```
 */
export interface NearestOptions {
  /** Where from. @default where the time zone of this device lies; nothing is looked up */
  readonly from?: Place | undefined;
  /**
   * What monitors report (NIP-66), as `discoverRelays` gives it: their places go before the countries that relays name (NIP-11). Nothing waits
   * for it: share it with `shareReplay`, so that it is there when a request begins. What it errors with is the error of the request.
   *
   * @default nothing
   */
  readonly known$?: Observable<ReadonlyMap<RelayUrl, DiscoveredRelay>> | undefined;
  /** Within so many km the measured latency decides; above 0. @default 500 */
  readonly tie?: number | undefined;
}

type Known = ReadonlyMap<RelayUrl, DiscoveredRelay>;
const NOTHING: Known = new Map();

/**
 * The route to so many relays of the pool that lie nearest; of those about as near, the fastest as measured. A relay whose place is not known
 * counts as neither near nor far. A request stays with them; where it fails, the next is asked instead.
 *
 * Unready relays, as {@link balanced} has them, are left out, unless all are so.
 *
 * @throws RangeError when `count` is not a whole number above 0, or `tie` is not above 0.
 *
 * @example
 * ```ts
 * import { nearest, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://tokyo.example', 'wss://paris.example', 'wss://lima.example'] });
 * const subscription = pool.subscribe({ kinds: [1] }, { route: nearest(2) }).subscribe();
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function nearest(count: number, options: NearestOptions = {}): Route {
  const { known$ = of(NOTHING), tie = 500, from = userPlace() } = options;
  if (!(Number.isSafeInteger(count) && count > 0)) {
    throw new RangeError(`nearest: 'count' must be a whole number above 0; got ${count}.`);
  }
  if (!(tie > 0)) throw new RangeError(`nearest: 'tie' must be a number of km above 0; got ${tie}.`);
  return (candidates$, { scheduler }) => {
    let known = NOTHING;
    const rank = (relays: readonly PooledRelay[]): readonly PooledRelay[] => {
      const ready = relays.filter(({ isReady }) => isReady);
      const views = (ready.length > 0 ? ready : relays).map((relay) => ({
        relay,
        key: relay.url,
        place: placeOf(relay, known.get(relay.url)),
        latency: relay.health.latency ?? known.get(relay.url)?.roundTrip.open,
      }));
      return rankByDistance(views, from, { tie }).map(({ relay }) => relay);
    };
    // What is known already comes before the candidates, as the request stays with those that are picked first.
    const informed$ = combineLatest([known$.pipe(startWith(NOTHING)), candidates$]).pipe(
      map(([latest, candidates]) => {
        known = latest;
        return candidates;
      }),
    );
    return pick(informed$, { count, rank, hedge: undefined, scheduler });
  };
}

function placeOf({ information }: PooledRelay, discovered: DiscoveredRelay | undefined): Place | undefined {
  if (discovered?.place) return discovered.place;
  const [country = '*'] = information?.countries ?? [];
  return placeOfCountry(country);
}
