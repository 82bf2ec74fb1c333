import { concatMap, defer, from, map, type Observable, type ObservableInput, of, toArray } from 'rxjs';
import { isHex64, isNatural, type NostrEvent, toNostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import { type NegentropyItem, NegentropyItems } from '../protocol/negentropy-items.ts';
import { PoolError } from './pool-error.ts';

/**
 * Where a `sync` finds the events of this side, and puts those of the relays. Whatever RxJS reads will do: an array, an iterator, an async
 * iterator, a stream. What it throws, or rejects with, errors the sync.
 *
 * @example
 * ```ts
 * import { type Filter, matchesFilter, type NostrEvent, type SyncStore } from 'rx-relay-pool';
 *
 * const events = new Map<string, NostrEvent>();
 * const store: SyncStore = {
 *   list: (filter: Filter) => [...events.values()].filter((event) => matchesFilter(filter, event)),
 *   get: (ids) => ids.flatMap((id) => events.get(id) ?? []),
 *   put: (event) => void events.set(event.id, event),
 * };
 * ```
 */
export interface SyncStore {
  /** What there is that matches, in any order; asked once a sync. */
  list(filter: Filter): ObservableInput<Pick<NostrEvent, 'id' | 'created_at'>>;
  /** The events of these ids, a hundred at a time at most, to be uploaded; those that are gone may be left out. */
  get(ids: readonly string[]): ObservableInput<NostrEvent>;
  /** Takes an event: verified, matching, and each once a sync. The next one of a relay waits for the promise. */
  put(event: NostrEvent): void | Promise<void>;
}

/** The store during one sync: what it had at the beginning, and what it got since, from whichever relay. */
export class LocalEvents {
  readonly items: NegentropyItems;
  readonly #known: Set<string>;
  /** Ids that are being fetched. */
  readonly #claimed = new Set<string>();
  #stored = 0;

  private constructor(
    items: readonly NegentropyItem[],
    private readonly store: SyncStore,
  ) {
    this.items = new NegentropyItems(items);
    this.#known = new Set(items.map(({ id }) => id));
  }

  /** Lists the store; errors with `invalid-option` where that gives something else than ids and times. */
  static of(store: SyncStore, filter: Filter): Observable<LocalEvents> {
    return defer(() => from(store.list(filter))).pipe(
      map(({ id, created_at }): NegentropyItem => {
        if (isHex64(id) && isNatural(created_at)) return { id, created_at };
        throw new PoolError(
          'invalid-option',
          `A store lists ids of 64 lower-case hex digits and times in seconds, not ${String(id)} of ${String(created_at)}.`,
        );
      }),
      toArray(),
      map((items) => new LocalEvents(items, store)),
    );
  }

  /** Events that were handed to the store. */
  get stored(): number {
    return this.#stored;
  }

  /** Whether the store had it at the beginning. */
  had({ id, created_at }: NegentropyItem): boolean {
    const index = this.items.indexOf({ id, created_at });
    return index < this.items.size && this.items.at(index).id === id;
  }

  /** Whether the store has it by now. */
  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** The next of these to fetch, those first that nobody else fetches now, and what is left then. Release them when they came or not. */
  claim(ids: readonly string[], most: number): { readonly chunk: readonly string[]; readonly left: readonly string[] } {
    const open = ids.filter((id) => !this.#known.has(id));
    const free = open.filter((id) => !this.#claimed.has(id));
    const chunk = new Set((free.length > 0 ? free : open).slice(0, most));
    for (const id of chunk) this.#claimed.add(id);
    return { chunk: [...chunk], left: open.filter((id) => !chunk.has(id)) };
  }

  release(ids: readonly string[]): void {
    for (const id of ids) this.#claimed.delete(id);
  }

  /** Hands an event to the store, unless it has it; says whether it was new. */
  put(event: NostrEvent): Observable<boolean> {
    return defer(() => {
      if (this.#known.has(event.id)) return of(false);
      this.#known.add(event.id);
      const stored = this.store.put(event);
      return stored instanceof Promise ? from(stored) : of(undefined);
    }).pipe(
      map((result) => {
        if (result === false) return false;
        this.#stored++;
        return true;
      }),
    );
  }

  /** The events of these ids that the store still has. */
  get(ids: readonly string[]): Observable<NostrEvent> {
    return defer(() => from(this.store.get(ids))).pipe(
      concatMap((value) => {
        const event = toNostrEvent(value);
        return event && ids.includes(event.id) ? of(event) : [];
      }),
    );
  }
}
