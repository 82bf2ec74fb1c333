import type { NostrEvent } from './event.ts';
import type { Reason } from './reason.ts';
import type { RelayError } from './relay-error.ts';
import type { RelayUrl } from './relay-url.ts';

/**
 * What a request hears from its relays, one step at a time. A relay has settled once it said `eose` or `closed` or is `lost`;
 * `pending` counts the relays of the request that have not.
 *
 * - `event`: verified, matching, and the first time in this request
 * - `eose`: what this relay has stored is delivered; live events follow
 * - `closed`: the relay refused the request or ended it
 * - `lost`: the relay cannot be reached or does not answer now; the pool goes on trying while somebody listens
 * - `gap`: events dated `since` to `until` (seconds, inclusive) may be missing from this relay
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const subscription = pool.packets({ kinds: [1], limit: 20 }).subscribe((packet) => {
 *   if (packet.type === 'event') console.log(packet.relay, packet.event.content);
 *   else if (packet.type !== 'gap') console.log(`${packet.type} from ${packet.relay}, ${packet.pending} to go`);
 * });
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export type Packet =
  | { readonly type: 'event'; readonly relay: RelayUrl; readonly event: NostrEvent }
  | { readonly type: 'eose'; readonly relay: RelayUrl; readonly pending: number }
  | { readonly type: 'closed'; readonly relay: RelayUrl; readonly reason: Reason; readonly pending: number }
  | { readonly type: 'lost'; readonly relay: RelayUrl; readonly error: RelayError; readonly pending: number }
  | { readonly type: 'gap'; readonly relay: RelayUrl; readonly since: number; readonly until: number };
