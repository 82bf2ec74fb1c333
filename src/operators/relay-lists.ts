import { defer, filter, map, type OperatorFunction } from 'rxjs';
import { BoundedMap } from '../policies/bounded-map.ts';
import { type NostrEvent, supersedes } from '../protocol/event.ts';
import { readRelayList, type RelayList, type RelayListOptions } from '../protocol/relay-list.ts';

/**
 * What {@link relayLists} can be told.
 *
 * @example
 * ```ts
 * import type { RelayListsOptions } from 'rx-relay-pool';
 *
 * const small: RelayListsOptions = { capacity: 500, maxRelays: 4 };
 * ```
 */
export interface RelayListsOptions extends RelayListOptions {
  /** Authors whose list is kept; beyond it the one that was renewed least recently is forgotten. @default 10_000 */
  readonly capacity?: number | undefined;
}

/**
 * The relay lists (NIP-65, kind 10002) of all authors so far, by author, anew with each list that is newer than the one before. For the route
 * `outbox`. Other events are left out. Use it on verified events alone.
 *
 * @throws RangeError at once when a number is not a whole one above 0.
 *
 * @example
 * ```ts
 * import { outbox, relayLists, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const authors = ['a'.repeat(64), 'b'.repeat(64)];
 * const lists$ = pool.subscribe({ kinds: [10_002], authors }).pipe(relayLists());
 * const subscription = pool.subscribe({ kinds: [1], authors }, { route: outbox(lists$) }).subscribe();
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function relayLists(
  options: RelayListsOptions = {},
): OperatorFunction<NostrEvent, ReadonlyMap<string, RelayList>> {
  const { capacity = 10_000, ...reading } = options;
  new BoundedMap(capacity); // a wrong capacity is the caller's mistake: thrown here, where it was made
  return (source) =>
    defer(() => {
      const newest = new Map<string, { readonly event: NostrEvent; readonly list: RelayList }>();
      return source.pipe(
        filter((event) => {
          const list = readRelayList(event, reading);
          const before = newest.get(event.pubkey);
          if (!list || (before && !supersedes(event, before.event))) return false;
          newest.delete(event.pubkey);
          newest.set(event.pubkey, { event, list });
          const [oldest] = newest.size > capacity ? newest.keys() : [];
          if (oldest !== undefined) newest.delete(oldest);
          return true;
        }),
        map(() => new Map([...newest].map(([author, { list }]) => [author, list]))),
      );
    });
}
