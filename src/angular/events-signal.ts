import { inject, type Injector, isSignal, PLATFORM_ID, type Signal, signal } from '@angular/core';
import { toObservable, toSignal } from '@angular/core/rxjs-interop';
import { of } from 'rxjs';
import { type EventFilter, eventList, type EventListOptions } from '../pool/event-list.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { within } from './injection.ts';
import { injectRelayPool } from './relay-pool.ts';

/**
 * Options of {@link eventsSignal}.
 *
 * @example
 * ```ts
 * import type { EventsSignalOptions } from 'rx-relay-pool/angular';
 *
 * const options: EventsSignalOptions = { limit: 200, priority: 'high' };
 * ```
 */
export interface EventsSignalOptions extends EventListOptions {
  /** Where there is no injection context: whose pool is asked, and until when. @default that of the caller */
  readonly injector?: Injector | undefined;
}

/**
 * The newest events that match, newest first: stored ones, then live ones, each once, and of replaceable events the current version alone. The signal
 * changes once a frame at most, however many events come. Asked until the component, or the injector that it is made in, is destroyed; on a server
 * the list is empty and no socket is opened.
 *
 * The filter may be a signal: another one takes over without a gap, and the events that match it stay. `[]` asks for nothing.
 *
 * @throws RangeError when `limit` is not a whole number above 0.
 * @throws FilterError (when the signal is read) when the filter is not one.
 *
 * @example
 * ```ts
 * import { computed, signal } from '@angular/core';
 * import { eventsSignal } from 'rx-relay-pool/angular';
 *
 * class Feed {
 *   readonly author = signal<string | undefined>(undefined);
 *   readonly notes = eventsSignal(
 *     computed(() => { const author = this.author(); return author ? { kinds: [1], authors: [author] } : { kinds: [1] }; }),
 *     { limit: 100 },
 *   );
 * }
 * ```
 */
export function eventsSignal(
  filter: EventFilter | Signal<EventFilter>,
  { injector, ...options }: EventsSignalOptions = {},
): Signal<readonly NostrEvent[]> {
  return within(injector, eventsSignal, () => {
    const pool = injectRelayPool();
    // The token is of the core, what compares it is of a package that need not be there.
    if ((inject(PLATFORM_ID) as unknown) === 'server') return signal<readonly NostrEvent[]>([]).asReadonly();
    const filter$ = isSignal(filter) ? toObservable(filter) : of(filter);
    return toSignal(eventList(pool, filter$, options), { initialValue: [] });
  });
}
