import { classifyKind, expiresAt, replaceableKey, type NostrEvent } from '../../../src/protocol/event.ts';
import { matchesFilter, type Filter } from '../../../src/protocol/filter.ts';
import type { QueryOptions, StoreOutcome } from '../../../src/testing/index.ts';

/** The rules of NIP-01, 09 and 40 written down as plainly as possible: a list, and a look through all of it each time. */
export class NaiveStore {
  /** In the order in which they came. */
  events: NostrEvent[] = [];
  readonly #requests: NostrEvent[] = [];

  add(event: NostrEvent, now: number): StoreOutcome {
    if ((expiresAt(event) ?? Infinity) <= now) return 'expired';
    if (classifyKind(event.kind) === 'ephemeral') return 'ephemeral';
    if (this.events.some((known) => known.id === event.id)) return 'duplicate';
    if (this.#requests.some((request) => deletes(request, event))) return 'deleted';
    const key = replaceableKey(event);
    const rivals = key === undefined ? [] : this.events.filter((known) => replaceableKey(known) === key);
    if (rivals.some((rival) => byNip01(rival, event) < 0)) return 'superseded';
    this.events = this.events.filter((known) => !rivals.includes(known));
    this.events.push(event);
    if (event.kind === 5) {
      this.#requests.push(event);
      this.events = this.events.filter((known) => !deletes(event, known));
    }
    return 'stored';
  }

  remove(id: string): boolean {
    const before = this.events.length;
    this.events = this.events.filter((event) => event.id !== id);
    return this.events.length < before;
  }

  matching(filters: readonly Filter[], now: number): NostrEvent[] {
    const alive = this.events.filter((event) => (expiresAt(event) ?? Infinity) > now);
    return alive.filter((event) => filters.some((filter) => matchesFilter(filter, event)));
  }

  query(
    filters: readonly Filter[],
    { now = -Infinity, tieBreak = 'lowest-id', maxLimit, defaultLimit }: QueryOptions,
  ): NostrEvent[] {
    const arrival = (event: NostrEvent): number => this.events.indexOf(event);
    const order = (a: NostrEvent, b: NostrEvent): number => {
      if (a.created_at !== b.created_at) return b.created_at - a.created_at;
      if (tieBreak === 'lowest-id') return a.id < b.id ? -1 : 1;
      if (tieBreak === 'highest-id') return a.id < b.id ? 1 : -1;
      return tieBreak === 'first-stored' ? arrival(a) - arrival(b) : arrival(b) - arrival(a);
    };
    const found = filters.flatMap((filter) =>
      this.matching([filter], now)
        .sort(order)
        .slice(0, Math.min(filter.limit ?? defaultLimit ?? Infinity, maxLimit ?? Infinity)),
    );
    return [...new Set(found)].sort(order);
  }
}

/** Below zero when `a` comes first. */
export function byNip01(a: NostrEvent, b: NostrEvent): number {
  return b.created_at - a.created_at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function deletes(request: NostrEvent, event: NostrEvent): boolean {
  if (event.kind === 5 || event.pubkey !== request.pubkey) return false;
  return request.tags.some(
    ([name, value]) =>
      (name === 'e' && value === event.id) ||
      (name === 'a' && value === replaceableKey(event) && event.created_at <= request.created_at),
  );
}
