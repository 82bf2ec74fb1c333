import { type MonoTypeOperatorFunction, takeWhile } from 'rxjs';
import type { Packet } from '../protocol/packet.ts';

/**
 * Completes a stream of packets once every relay of the request has settled: said EOSE or CLOSED (NIP-01), or is lost. The packet
 * that says so, the first with `pending` 0, is the last one passed on; what was delivered before it is the stored part.
 *
 * @example
 * ```ts
 * import { events, RelayPool, untilSettled } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const subscription = pool
 *   .packets({ kinds: [1], limit: 100 })
 *   .pipe(untilSettled(), events())
 *   .subscribe({ next: (event) => console.log(event.content), complete: () => pool.close() });
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function untilSettled(): MonoTypeOperatorFunction<Packet> {
  return takeWhile((packet) => !('pending' in packet) || packet.pending > 0, true);
}
