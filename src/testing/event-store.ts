import { Subject, type Observable } from 'rxjs';
import { classifyKind, expiresAt, replaceableKey, supersedes, type NostrEvent } from '../protocol/event.ts';
import { compileFilters, type Filter } from '../protocol/filter.ts';
import { Deletions } from '../policies/deletions.ts';
import { hyperLogLog } from './hyperloglog.ts';
import { searchScore, searchWords } from './search.ts';
import { newestFirst, TimeOrder, type Entry, type TieBreak } from './time-order.ts';

/**
 * What became of an event that was given to an {@link EventStore}.
 *
 * | outcome | meaning |
 * |---|---|
 * | `stored` | it is there now |
 * | `duplicate` | it was there already |
 * | `superseded` | a newer version of the replaceable or addressable event is there (NIP-01) |
 * | `deleted` | its author had asked for its deletion (NIP-09) |
 * | `expired` | its expiration had passed (NIP-40) |
 * | `ephemeral` | its kind is never stored (NIP-01) |
 *
 * @example
 * ```ts
 * import { EventStore, fakeEvent, type StoreOutcome } from 'rx-relay-pool/testing';
 *
 * const outcome: StoreOutcome = new EventStore().add(fakeEvent({ kind: 20_000 })); // 'ephemeral'
 * ```
 */
export type StoreOutcome = 'stored' | 'duplicate' | 'superseded' | 'deleted' | 'expired' | 'ephemeral';

/**
 * How an {@link EventStore} answers a query.
 *
 * @example
 * ```ts
 * import { EventStore, type QueryOptions } from 'rx-relay-pool/testing';
 *
 * const options: QueryOptions = { now: 1_767_225_600, maxLimit: 500 };
 * const events = new EventStore().query([{ kinds: [1] }], options);
 * ```
 */
export interface QueryOptions {
  /** Seconds; events that expire until then are left out (NIP-40). @default nothing has expired */
  readonly now?: number | undefined;
  /** No filter gets more events than this. @default no such bound */
  readonly maxLimit?: number | undefined;
  /** For filters without a limit. @default no such bound */
  readonly defaultLimit?: number | undefined;
  /** @default 'lowest-id', as NIP-01 says */
  readonly tieBreak?: TieBreak | undefined;
}

/**
 * What an {@link EventStore} answers to a query, with what NIP-67 needs to know.
 *
 * @example
 * ```ts
 * import { EventStore, type StoredPage } from 'rx-relay-pool/testing';
 *
 * const page: StoredPage = new EventStore().page([{ kinds: [1], limit: 10 }]);
 * const hints = [page.complete ? 'finish' : 'more'];
 * ```
 */
export interface StoredPage {
  readonly events: readonly NostrEvent[];
  /** Whether every stored event that matches is among `events`. */
  readonly complete: boolean;
}

/**
 * What changed in an {@link EventStore}.
 *
 * @example
 * ```ts
 * import { EventStore, type StoreChange } from 'rx-relay-pool/testing';
 *
 * const gone: string[] = [];
 * new EventStore().changes$.subscribe(({ type, event }: StoreChange) => {
 *   if (type === 'removed') gone.push(event.id);
 * });
 * ```
 */
export interface StoreChange {
  readonly type: 'stored' | 'removed';
  readonly event: NostrEvent;
}

/**
 * An event store in memory that behaves as NIP-01 wants a relay to: newest versions only, deletions (NIP-09), expiry
 * (NIP-40), search (NIP-50), counts with HyperLogLog (NIP-45). Events are kept as given: neither checked nor copied.
 *
 * Made for tests and simulations; 100,000 events are no trouble. It has no clock: `now` is an argument, in seconds.
 *
 * @example
 * ```ts
 * import { EventStore, signedEvent, testKey } from 'rx-relay-pool/testing';
 *
 * const store = new EventStore();
 * store.add(signedEvent({ content: 'hello' }, testKey(0)));
 * const newest = store.query([{ kinds: [1], limit: 1 }]);
 * ```
 */
export class EventStore {
  readonly #byId = new Map<string, Entry>();
  readonly #versions = new Map<string, Entry>();
  readonly #order = new TimeOrder();
  readonly #deletions = new Deletions(Number.MAX_SAFE_INTEGER);
  readonly #changes = new Subject<StoreChange>();
  #sequence = 0;

  /** Every event that comes in or goes, as it does; what replaces another comes after that has gone. */
  get changes$(): Observable<StoreChange> {
    return this.#changes.asObservable();
  }

  /** How many events are stored, expired ones included. */
  get size(): number {
    return this.#byId.size;
  }

  /**
   * Takes an event in. A deletion request also removes what it names.
   *
   * @param now seconds; decides whether the event has expired. Default: it has not
   */
  add(event: NostrEvent, now = -Infinity): StoreOutcome {
    const expires = expiresAt(event) ?? Infinity;
    if (expires <= now) return 'expired';
    if (classifyKind(event.kind) === 'ephemeral') return 'ephemeral';
    if (this.#byId.has(event.id)) return 'duplicate';
    if (this.#deletions.covers(event)) return 'deleted';
    const key = replaceableKey(event);
    const known = key === undefined ? undefined : this.#versions.get(key);
    if (known && !supersedes(event, known.event)) return 'superseded';
    if (known) this.#drop(known);
    const entry: Entry = { event, expires, sequence: this.#sequence++ };
    this.#byId.set(event.id, entry);
    if (key !== undefined) this.#versions.set(key, entry);
    this.#order.add(entry);
    this.#changes.next({ type: 'stored', event });
    if (Deletions.isRequest(event)) this.#applyDeletion(event);
    return 'stored';
  }

  get(id: string): NostrEvent | undefined {
    return this.#byId.get(id)?.event;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Forgets an event, as a relay that loses data does. It may be stored again. Returns whether it was there. */
  remove(id: string): boolean {
    const entry = this.#byId.get(id);
    if (entry) this.#drop(entry);
    return entry !== undefined;
  }

  /** Forgets everything, deletions included. */
  clear(): void {
    const gone = [...this.#byId.values()];
    this.#byId.clear();
    this.#versions.clear();
    this.#order.clear();
    this.#deletions.clear();
    for (const { event } of gone) this.#changes.next({ type: 'removed', event });
  }

  /** All stored events, in NIP-01's order. */
  [Symbol.iterator](): IterableIterator<NostrEvent> {
    return this.query([{}])[Symbol.iterator]();
  }

  /**
   * The stored events that match any of the filters, each once, newest first, on a tie the lowest id first. A filter's
   * limit takes the newest of its events. With a `search` (NIP-50) the order is that of relevance, filter by filter, and
   * the limit takes the most relevant.
   */
  query(filters: readonly Filter[], options: QueryOptions = {}): readonly NostrEvent[] {
    return this.#union(
      filters.map((filter) => this.#answer(filter, options)),
      filters,
      options,
    );
  }

  /** As {@link EventStore.query}, with the word whether the limits left something out (NIP-67). */
  page(filters: readonly Filter[], options: QueryOptions = {}): StoredPage {
    const answers = filters.map((filter) => this.#answer(filter, options));
    const events = this.#union(answers, filters, options);
    const sent = new Set(events);
    const isMissing = (filter: Filter): boolean => {
      let found = false;
      this.#visitMatching(filter, options, (entry) => {
        found = !sent.has(entry.event);
        return found ? 'enough' : undefined;
      });
      return found;
    };
    return { events, complete: !filters.some((filter, at) => answers[at]?.isCut === true && isMissing(filter)) };
  }

  /**
   * How many stored events match any of the filters, limits left aside (NIP-45), and the HyperLogLog registers of
   * their authors where NIP-45 defines them: for one filter with a tag.
   */
  count(filters: readonly Filter[], options: Pick<QueryOptions, 'now'> = {}): { count: number; hll?: string } {
    const found = new Set<NostrEvent>();
    for (const filter of filters) this.#visitMatching(filter, options, ({ event }) => void found.add(event));
    const [only] = filters;
    const hll = only && filters.length === 1 ? hyperLogLog(only, found) : undefined;
    return { count: found.size, ...(hll === undefined ? {} : { hll }) };
  }

  /** What NIP-77 reconciles: the time and id of each event that matches, a limit included. */
  items(filter: Filter, options: QueryOptions = {}): readonly Pick<NostrEvent, 'id' | 'created_at'>[] {
    return this.query([filter], options).map(({ id, created_at }) => ({ id, created_at }));
  }

  /** What one filter gets, its limit applied; `isCut` where the limit may have left something out. */
  #answer(filter: Filter, options: QueryOptions): { readonly entries: readonly Entry[]; readonly isCut: boolean } {
    const limit = limitOf(filter, options);
    const entries: Entry[] = [];
    if (limit === 0) return { entries, isCut: true };
    const words = searchWords(filter.search ?? '');
    if (words.length === 0) {
      this.#visitMatching(filter, options, (entry) => (entries.push(entry) >= limit ? 'enough' : undefined));
      return { entries, isCut: entries.length >= limit };
    }
    this.#visitMatching(filter, options, (entry) => void entries.push(entry));
    const scores = new Map(entries.map((entry) => [entry, searchScore(words, entry.event.content)]));
    // The sort is stable, so what is equally relevant stays newest first.
    entries.sort((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0));
    return { entries: entries.slice(0, limit), isCut: entries.length > limit };
  }

  #union(
    answers: readonly { readonly entries: readonly Entry[] }[],
    filters: readonly Filter[],
    { tieBreak = 'lowest-id' }: QueryOptions,
  ): readonly NostrEvent[] {
    const entries = [...new Set(answers.flatMap((answer) => answer.entries))];
    const hasSearch = filters.some((filter) => searchWords(filter.search ?? '').length > 0);
    if (filters.length > 1 && !hasSearch) entries.sort(newestFirst(tieBreak));
    return entries.map((entry) => entry.event);
  }

  /** Visits everything that matches one filter, its limit left aside. */
  #visitMatching(filter: Filter, options: QueryOptions, visit: (entry: Entry) => 'enough' | undefined): void {
    const { now = -Infinity, tieBreak = 'lowest-id' } = options;
    const matches = matcherOf(filter);
    const visitIfMatching = (entry: Entry): 'enough' | undefined =>
      entry.expires > now && matches(entry.event) ? visit(entry) : undefined;
    if (!filter.ids) {
      this.#order.scan(filter.since ?? -Infinity, filter.until ?? Infinity, tieBreak, visitIfMatching);
      return;
    }
    const named = [...new Set(filter.ids)].map((id) => this.#byId.get(id)).filter((entry) => entry !== undefined);
    for (const entry of named.sort(newestFirst(tieBreak))) if (visitIfMatching(entry) === 'enough') return;
  }

  #applyDeletion(request: NostrEvent): void {
    this.#deletions.add(request);
    for (const [name, value = ''] of request.tags) {
      const entry = name === 'e' ? this.#byId.get(value) : name === 'a' ? this.#versions.get(value) : undefined;
      if (entry && this.#deletions.covers(entry.event)) this.#drop(entry);
    }
  }

  #drop(entry: Entry): void {
    this.#byId.delete(entry.event.id);
    const key = replaceableKey(entry.event);
    if (key !== undefined) this.#versions.delete(key);
    this.#order.remove(entry);
    this.#changes.next({ type: 'removed', event: entry.event });
  }
}

/** Whether an event matches a filter, its search included (NIP-50), as live events are chosen. */
export function matcherOf(filter: Filter): (event: NostrEvent) => boolean {
  const matches = compileFilters([filter]);
  const words = searchWords(filter.search ?? '');
  return words.length === 0 ? matches : (event) => matches(event) && searchScore(words, event.content) > 0;
}

function limitOf(filter: Filter, options: QueryOptions): number {
  return Math.min(filter.limit ?? options.defaultLimit ?? Infinity, options.maxLimit ?? Infinity);
}
