import {
  asyncScheduler,
  defer,
  filter,
  identity,
  map,
  type OperatorFunction,
  type SchedulerLike,
  throttleTime,
} from 'rxjs';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
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
  /** Milliseconds from one map to the next, at the least; 0: one for each list. A map of many authors takes its time. @default 100 */
  readonly every?: number | undefined;
  /** Clock and timer. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * The relay lists (NIP-65, kind 10002) of all authors so far, by author, anew with lists that are newer than the ones before: the first map at
 * once, then one each `every` milliseconds at most, and what is left when the source completes. For the route `outbox`. Other events are left
 * out. Use it on verified events alone.
 *
 * @throws RangeError at once when a number is out of its range.
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
  const { capacity = 10_000, maxRelays = 10, every = 100, scheduler = asyncScheduler } = options;
  // Wrong numbers are the caller's mistake: thrown here, where it was made.
  checkCount('capacity', capacity);
  checkCount('maxRelays', maxRelays);
  if (!(every >= 0 && every <= LONGEST_DELAY)) {
    throw new RangeError(`relayLists: 'every' must be milliseconds from 0 to 2^31 - 1; got ${every}.`);
  }
  return (source) =>
    defer(() => {
      const lists = new Map<string, RelayList>();
      /** Of the lists; without the rest of the events, which may be large. */
      const versions = new Map<string, Pick<NostrEvent, 'created_at' | 'id'>>();
      const isNews = ({ id, created_at, pubkey }: NostrEvent): boolean => {
        const known = versions.get(pubkey);
        return !known || supersedes({ id, created_at }, known);
      };
      const keep = ({ id, created_at, pubkey }: NostrEvent, list: RelayList): void => {
        lists.delete(pubkey);
        lists.set(pubkey, list);
        versions.set(pubkey, { id, created_at });
        const [oldest] = lists.size > capacity ? lists.keys() : [];
        if (oldest === undefined) return;
        lists.delete(oldest);
        versions.delete(oldest);
      };
      return source.pipe(
        filter((event) => {
          const list = isNews(event) ? readRelayList(event, { maxRelays }) : undefined;
          if (list) keep(event, list);
          return list !== undefined;
        }),
        every > 0 ? throttleTime(every, scheduler, { leading: true, trailing: true }) : identity,
        map(() => new Map(lists)),
      );
    });
}

function checkCount(name: keyof RelayListsOptions, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new RangeError(`relayLists: '${name}' must be a whole number above 0; got ${value}.`);
}
