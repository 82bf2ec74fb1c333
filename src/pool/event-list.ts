import { distinctUntilChanged, filter, map, merge, Observable, of, type SchedulerLike } from 'rxjs';
import { perFrame } from '../operators/per-frame.ts';
import { switchOverlapping } from '../operators/switch-overlapping.ts';
import { NewestEvents } from '../policies/newest-events.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { compileFilters, type Filter, normalizeFilters } from '../protocol/filter.ts';
import type { PoolRelayStatus } from './pool-relay-status.ts';
import type { RelayPool } from './relay-pool.ts';
import type { RequestOptions } from './requests.ts';

/**
 * A filter, or several of which any may match; `[]` asks for nothing.
 *
 * @example
 * ```ts
 * import type { EventFilter } from 'rx-relay-pool/react';
 *
 * const notesOf = (author: string | undefined): EventFilter => (author ? { kinds: [1], authors: [author] } : []);
 * ```
 */
export type EventFilter = Filter | readonly Filter[];

/**
 * When a list is updated.
 *
 * @example
 * ```ts
 * import { VirtualTime } from 'rx-relay-pool/testing';
 * import type { FrameOptions } from 'rx-relay-pool/react';
 *
 * const inTests: FrameOptions = { scheduler: new VirtualTime() };
 * ```
 */
export interface FrameOptions {
  /** Clock and timer of the batches: one at most every 16 ms. @default the animation frames of the page, 16 ms where there are none */
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * What a list of events can be told, beside the options of a request.
 *
 * @example
 * ```ts
 * import { only } from 'rx-relay-pool';
 * import type { EventListOptions } from 'rx-relay-pool/react';
 *
 * const options: EventListOptions = { limit: 200, priority: 'high', route: only(['wss://relay.example']) };
 * ```
 */
export interface EventListOptions extends RequestOptions, FrameOptions {
  /** Events in the list at most, the newest: a whole number above 0. @default 1_000 */
  readonly limit?: number | undefined;
}

/**
 * The newest events that match, newest first, stored and live; a new list once a frame at most. Another filter takes over without a gap, and the
 * events that match it stay in the list. The list outlives its subscriptions, so one who comes back goes on with what was there.
 *
 * @throws RangeError at once when `limit` is out of its range.
 * @throws FilterError (through the stream) when a filter is not one.
 */
export function eventList(
  pool: Pick<RelayPool, 'subscribe'>,
  filter$: Observable<EventFilter>,
  { limit = 1_000, scheduler, ...request }: EventListOptions = {},
): Observable<readonly NostrEvent[]> {
  const newest = new NewestEvents(limit);
  let told = newest.events;
  return filter$.pipe(
    map(normalizeFilters),
    distinctUntilChanged((before, filters) => JSON.stringify(before) === JSON.stringify(filters)),
    switchOverlapping((filters) =>
      merge(
        // Whoever left before its frame had come was not told of what came last, and it changes nothing when it comes again.
        of(newest.retain(matching(filters)) || newest.events !== told),
        // By value and not as an observable: a request for the next filter is to bring also what came for an earlier one.
        leftLater(pool.subscribe(filters, request)).pipe(map((event) => newest.add(event))),
      ),
    ),
    filter((isChanged) => isChanged),
    perFrame(scheduler),
    map(() => (told = newest.events)),
  );
}

/** Which events of an earlier filter match. Of a search only the relay can tell, so there none do. */
function matching(filters: readonly Filter[]): (event: NostrEvent) => boolean {
  return filters.some(({ search }) => search !== undefined) ? () => false : compileFilters(filters);
}

/** As the source, but left a microtask later: requests begin so late, and the next is to be sent before the one before is taken back. */
function leftLater<T>(source: Observable<T>): Observable<T> {
  return new Observable((subscriber) => {
    const subscription = source.subscribe({
      next: (value) => subscriber.next(value),
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    });
    return () => queueMicrotask(() => subscription.unsubscribe());
  });
}

/** How the relays are, a new list once a frame at most. */
export function relayList(
  pool: Pick<RelayPool, 'relays$'>,
  { scheduler }: FrameOptions = {},
): Observable<readonly PoolRelayStatus[]> {
  return pool.relays$.pipe(perFrame(scheduler));
}

/** How the relays are now. */
export function currentRelays({ relays$ }: Pick<RelayPool, 'relays$'>): readonly PoolRelayStatus[] {
  let current: readonly PoolRelayStatus[] = [];
  relays$.subscribe((relays) => (current = relays)).unsubscribe();
  return current;
}
