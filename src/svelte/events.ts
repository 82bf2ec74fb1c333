import { toStore } from 'svelte/store';
import { Observable, of } from 'rxjs';
import { type EventFilter, eventList, type EventListOptions } from '../pool/event-list.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { normalizeFilters } from '../protocol/filter.ts';
import { type Reading, reading } from './reading.ts';
import { getRelayPool } from './relay-pool.ts';

/**
 * The newest events that match, newest first: stored ones, then live ones, each once, and of replaceable events the current version alone. The list
 * changes once a frame at most, however many events come. Asked while somebody reads it; not on a server. Called while the component is initialised.
 *
 * A filter that depends on state is a function, as `() => ({ authors: [author] })`: when it changes, the next takes over without a gap, and the
 * events that match it stay. `[]` asks for nothing.
 *
 * @throws FilterError when the filter is not one; of a function, when the list is read.
 * @throws RangeError when `limit` is not a whole number above 0.
 *
 * @example
 * ```ts
 * import { events } from 'rx-relay-pool/svelte';
 *
 * const notes = events({ kinds: [1] }, { limit: 100 });
 * console.log(notes.current.map(({ content }) => content)); // in a template: {#each notes.current as note (note.id)}
 * ```
 */
export function events(
  filter: EventFilter | (() => EventFilter),
  options: EventListOptions = {},
): Reading<readonly NostrEvent[]> {
  const filter$ = typeof filter === 'function' ? changesOf(filter) : of(normalizeFilters(filter));
  return reading(eventList(getRelayPool(), filter$, options), []);
}

/** What a function says, now and whenever the state that it reads changes. */
function changesOf<T>(read: () => T): Observable<T> {
  return new Observable((subscriber) => toStore(read).subscribe((value) => subscriber.next(value)));
}
