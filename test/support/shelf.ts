import type { SyncStore } from '../../src/pool/sync-store.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { type Filter, matchesFilter } from '../../src/protocol/filter.ts';

/** A store in memory that counts how often each event was put. */
export interface Shelf extends SyncStore {
  list(filter: Filter): NostrEvent[];
  get(ids: readonly string[]): NostrEvent[];
  readonly events: Map<string, NostrEvent>;
  readonly puts: string[];
}

export function shelf(events: Iterable<NostrEvent> = []): Shelf {
  const byId = new Map([...events].map((event) => [event.id, event]));
  const puts: string[] = [];
  return {
    events: byId,
    puts,
    list: (filter) => [...byId.values()].filter((event) => matchesFilter(filter, event)),
    get: (ids) => ids.flatMap((id) => byId.get(id) ?? []),
    put: (event) => {
      puts.push(event.id);
      byId.set(event.id, event);
    },
  };
}

/** Their ids, in order. */
export function idsOf(events: Iterable<{ readonly id: string }>): string[] {
  return [...events].map(({ id }) => id).sort();
}
