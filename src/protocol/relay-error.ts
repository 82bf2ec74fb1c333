import type { RelayUrl } from './relay-url.ts';

/**
 * What went wrong between us and a relay:
 *
 * - `connect-timeout`, `connect-failed`: no connection came about
 * - `connection-lost`, `closed-by-relay`, `half-open`: an open connection ended (without a word, by a close frame, or it
 *   answered nothing any more)
 * - `message-too-large`, `abusive`: the relay sent what we do not take, and was dropped
 * - `send-failed`: the socket refused a frame
 * - `silent`: connected, but this request got no answer in time
 * - `deadline`: answers still came, but the time for the whole request was over
 * - `circuit-open`: the relay failed too often, so nothing is sent to it for a while
 * - `no-place`: every connection, or every subscription that the relay allows, was taken for too long
 * - `evicted`: the queue was full, or the time over, before its turn came
 * - `parked`: our own side closed the connection to make room for another; it comes back in its turn
 * - `removed`, `pool-closed`: our own side took the relay away
 *
 * @example
 * ```ts
 * import type { RelayErrorCode } from 'rx-relay-pool';
 *
 * const ours: readonly RelayErrorCode[] = ['removed', 'pool-closed'];
 * ```
 */
export type RelayErrorCode =
  | 'connect-timeout'
  | 'connect-failed'
  | 'connection-lost'
  | 'closed-by-relay'
  | 'half-open'
  | 'message-too-large'
  | 'abusive'
  | 'send-failed'
  | 'silent'
  | 'deadline'
  | 'circuit-open'
  | 'no-place'
  | 'evicted'
  | 'parked'
  | 'removed'
  | 'pool-closed';

/**
 * Trouble with one relay, as a value in packets, reports and statuses; data streams do not error with it.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const subscription = pool.packets({ kinds: [1] }).subscribe((packet) => {
 *   if (packet.type === 'lost' && packet.error.code === 'silent') console.warn(`${packet.relay} does not answer`);
 * });
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export class RelayError extends Error {
  override readonly name = 'RelayError';

  constructor(
    /** What kind of trouble. */
    readonly code: RelayErrorCode,
    /** The relay that it is with. */
    readonly relay: RelayUrl,
    /** What happened, and what to do about it. */
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${relay}: ${message}`, options);
  }
}
