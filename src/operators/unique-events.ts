import { defer, filter, type MonoTypeOperatorFunction } from 'rxjs';
import { SeenIds } from '../policies/seen-ids.ts';
import type { NostrEvent } from '../protocol/event.ts';

/**
 * Passes each event once, by its id: exactly so within the last `capacity` ids, beyond which the oldest is forgotten.
 *
 * Use it on verified events alone, as those of a pool or after {@link verifyEvents}: before, a forgery under a real id would
 * hide the real event. Each subscription has its own memory, about 150 bytes an id.
 *
 * @param options - `capacity`: how many ids to remember, from 1 to 2^23.
 * Default: 100,000.
 * @throws RangeError at once when `capacity` is out of range.
 *
 * @example
 * ```ts
 * import { RelayPool, uniqueEvents } from 'rx-relay-pool';
 * import { merge } from 'rxjs';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const notes = pool.request({ kinds: [1], limit: 50 });
 * const replies = pool.request({ kinds: [1, 1111], limit: 50 });
 * const subscription = merge(notes, replies)
 *   .pipe(uniqueEvents({ capacity: 10_000 }))
 *   .subscribe((event) => console.log(event.id));
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function uniqueEvents(options: { readonly capacity?: number } = {}): MonoTypeOperatorFunction<NostrEvent> {
  new SeenIds(options); // a wrong capacity is the caller's mistake: thrown here, where it was made
  return (source) =>
    defer(() => {
      const seen = new SeenIds(options);
      return source.pipe(filter((event) => seen.add(event.id)));
    });
}
