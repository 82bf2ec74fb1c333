import type { BalanceStrategy, Balanced } from '../policies/balance.ts';
import type { HedgePolicy } from '../policies/hedge-policy.ts';
import { readyOrPanic } from '../policies/ready-or-panic.ts';
import { weightedTop } from '../policies/weighted-top.ts';
import { pick } from './picked.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Route, RoutedCall } from './route.ts';

/**
 * How {@link balanced} chooses.
 *
 * @example
 * ```ts
 * import { type BalancedOptions, HedgePolicy, powerOfTwoChoices } from 'rx-relay-pool';
 *
 * const options: BalancedOptions = { strategy: powerOfTwoChoices(), hedge: new HedgePolicy(), nips: [50] };
 * ```
 */
export interface BalancedOptions {
  /** Which relay is the best. @default `weightedTop()` */
  readonly strategy?: BalanceStrategy | undefined;
  /** The share of relays that has to be ready, 0 to 1: with fewer, all are candidates. @default 0.5 */
  readonly panicThreshold?: number | undefined;
  /** NIPs that a relay should have: who says that it lacks one is asked last. That of a search (50) counts anyway. @default none */
  readonly nips?: readonly number[] | undefined;
  /** When another relay is asked besides, because one is late; only for what is asked, not for what is published. @default never */
  readonly hedge?: HedgePolicy | undefined;
}

/** Of a relay that has not said what it can do it is as likely as not that it can. */
const UNKNOWN = 0.5;
const SEARCH = 50;

/**
 * The route to so many relays of the pool, the best ones at the time by what the pool has measured of them: reliability, load, latency, NIPs.
 * A request stays with them; where it fails, the next best is asked instead. Unready relays are left out: those whose breaker is open, that
 * do not connect, or fail clearly more than the others; unless most are so, when all are candidates. Relays that say that they lack a wanted
 * NIP come last.
 *
 * @throws RangeError when `count` is not a whole number above 0, or `panicThreshold` is not from 0 to 1.
 *
 * @example
 * ```ts
 * import { balanced, HedgePolicy, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://a.example', 'wss://b.example', 'wss://c.example'] });
 * const route = balanced(1, { hedge: new HedgePolicy() });
 * const subscription = pool.request({ kinds: [0] }, { route }).subscribe();
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function balanced(count: number, options: BalancedOptions = {}): Route {
  const { strategy = weightedTop(), panicThreshold = 0.5, nips = [], hedge } = options;
  if (!(Number.isSafeInteger(count) && count > 0)) {
    throw new RangeError(`balanced: 'count' must be a whole number above 0; got ${count}.`);
  }
  if (!(panicThreshold >= 0 && panicThreshold <= 1)) {
    throw new RangeError(`balanced: 'panicThreshold' must be from 0 to 1; got ${panicThreshold}.`);
  }
  return (candidates$, call) => {
    const wanted = wantedNips(nips, call);
    const rank = (relays: readonly PooledRelay[]): readonly PooledRelay[] => {
      const views = readyOrPanic(
        relays.map((relay) => viewOf(relay, wanted)),
        panicThreshold,
        call.isEjected,
      );
      const ranked = strategy.rank(views, call);
      return [...ranked.filter(({ lacks }) => !lacks), ...ranked.filter(({ lacks }) => lacks)].map(
        ({ relay }) => relay,
      );
    };
    return pick(candidates$, { count, rank, hedge: call.event ? undefined : hedge, scheduler: call.scheduler });
  };
}

function wantedNips(nips: readonly number[], { filters }: RoutedCall): readonly number[] {
  const searches = filters.some(({ search }) => search !== undefined);
  return [...new Set(searches ? [...nips, SEARCH] : nips)];
}

/** What a {@link BalanceStrategy} is told of a relay, where no NIP is wanted. */
export function balancedView(relay: PooledRelay): Balanced {
  const { bulkhead, cost, standing: reliability, weight } = relay.health;
  return {
    key: relay.url,
    isReady: relay.isReady,
    inFlight: bulkhead.running + bulkhead.waiting,
    capacity: Math.max(1, bulkhead.permits),
    cost,
    reliability,
    weight: weight * relay.preference,
    features: 1,
  };
}

interface View extends Balanced {
  readonly relay: PooledRelay;
  /** It says of itself that it has not all that is wanted. */
  readonly lacks: boolean;
}

function viewOf(relay: PooledRelay, nips: readonly number[]): View {
  const { information } = relay;
  const has = nips.filter((nip) => information?.supportedNips.includes(nip)).length;
  const known = information ? has / nips.length : UNKNOWN;
  return {
    relay,
    lacks: information !== undefined && has < nips.length,
    ...balancedView(relay),
    features: nips.length === 0 ? 1 : known,
  };
}
