import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { ReplaySubject } from 'rxjs';
import { type EventFilter, eventList, type EventListOptions } from '../pool/event-list.ts';
import { LatestValue } from '../pool/latest-value.ts';
import type { RelayPool } from '../pool/relay-pool.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { normalizeFilters } from '../protocol/filter.ts';
import { useRelayPool } from './relay-pool-provider.ts';

/**
 * The newest events that match, newest first: stored ones, then live ones, each once, and of replaceable events the current version alone. The list
 * changes once a frame at most, however many events come. Asked from mount to unmount; not on a server.
 *
 * Filters are compared by what they say, so that a new object on each render does not ask again. Another filter takes over without a gap, and the
 * events that match it stay. `[]` asks for nothing. The options are those of the first render.
 *
 * @throws FilterError (while rendering) when the filter is not one.
 * @throws RangeError (while rendering) when `limit` is not a whole number above 0.
 *
 * @example
 * ```ts
 * import { createElement } from 'react';
 * import { useEvents } from 'rx-relay-pool/react';
 *
 * function Notes({ author }: { author: string }) {
 *   const notes = useEvents({ kinds: [1], authors: [author] }, { limit: 100 });
 *   return createElement('ul', null, notes.map(({ id, content }) => createElement('li', { key: id }, content)));
 * }
 * ```
 */
export function useEvents(filter: EventFilter, options: EventListOptions = {}): readonly NostrEvent[] {
  const pool = useRelayPool();
  const filters = JSON.stringify(normalizeFilters(filter));
  const { list, ask } = useMemo(() => listOf(pool, options), [pool]);
  useEffect(() => ask(JSON.parse(filters) as EventFilter), [ask, filters]);
  return useSyncExternalStore(list.subscribe, list.get, list.get);
}

function listOf(pool: RelayPool, options: EventListOptions) {
  const filter$ = new ReplaySubject<EventFilter>(1);
  return {
    list: new LatestValue<readonly NostrEvent[]>(eventList(pool, filter$, options), []),
    ask: (filter: EventFilter): void => filter$.next(filter),
  };
}
