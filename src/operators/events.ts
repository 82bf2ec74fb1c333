import { filter, map, type OperatorFunction, pipe } from 'rxjs';
import type { NostrEvent } from '../protocol/event.ts';
import type { Packet } from '../protocol/packet.ts';

/**
 * The events in a stream of packets, without word of relays, EOSE (NIP-01) and gaps.
 *
 * @example
 * ```ts
 * import { events, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const subscription = pool
 *   .packets({ kinds: [1] })
 *   .pipe(events())
 *   .subscribe((event) => console.log(event.content));
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function events(): OperatorFunction<Packet, NostrEvent> {
  return pipe(
    filter((packet) => packet.type === 'event'),
    map((packet) => packet.event),
  );
}
