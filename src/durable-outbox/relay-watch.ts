import { map, type Observable, scan } from 'rxjs';
import type { PoolRelayStatus } from '../pool/pool-relay-status.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';

/** What changed at the relays of a pool, as far as it makes another attempt worth while. */
export interface RelayNews {
  /** Relays that can be asked, and could not be before. */
  readonly back: readonly RelayUrl[];
  /** Whether there are relays that there were not. */
  readonly isMore: boolean;
}

interface Seen extends RelayNews {
  readonly ready: ReadonlySet<RelayUrl>;
  readonly known: ReadonlySet<RelayUrl>;
}

/** The news of a pool's `relays$`; all relays are news at first. */
export function relayNews(relays$: Observable<readonly PoolRelayStatus[]>): Observable<RelayNews> {
  const none: Seen = { ready: new Set(), known: new Set(), back: [], isMore: false };
  return relays$.pipe(
    scan((before: Seen, statuses): Seen => {
      const ready = new Set(statuses.filter(isReady).map(({ url }) => url));
      const known = new Set(statuses.map(({ url }) => url));
      return {
        ready,
        known,
        back: [...ready].filter((url) => !before.ready.has(url)),
        isMore: [...known].some((url) => !before.known.has(url)),
      };
    }, none),
    map(({ back, isMore }) => ({ back, isMore })),
  );
}

function isReady({ state, circuit }: PoolRelayStatus): boolean {
  return (state === 'connected' || state === 'authenticated') && circuit !== 'open';
}
