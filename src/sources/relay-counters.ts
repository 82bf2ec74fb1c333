/**
 * What one relay has sent since the pool knows it. Counts only ever grow.
 *
 * @example
 * ```ts
 * import type { RelayCounters } from 'rx-relay-pool';
 *
 * const isLying = ({ invalid, events }: RelayCounters): boolean => invalid > 10 && invalid > events;
 * ```
 */
export interface RelayCounters {
  /** Messages received, of any kind. */
  frames: number;
  /** Their length, in UTF-16 units. */
  bytes: number;
  /** Events handed to a request. */
  events: number;
  /** Copies of events that the request had already, dropped unparsed. */
  duplicates: number;
  /** Events that match no filter of the request that they were sent for. */
  unmatched: number;
  /** Events with a wrong form, id or signature: forgeries. */
  invalid: number;
  /** Events past their expiry (NIP-40). */
  expired: number;
  /** Messages for subscriptions that are not open, and of kinds that nobody asked for. */
  unasked: number;
  /** Messages that could not be read. */
  malformed: number;
  /** Messages that still waited to be verified when the relay was dropped as abusive. */
  discarded: number;
  /** NOTICEs. */
  notices: number;
  /** Connections that opened. */
  connects: number;
}

export function newRelayCounters(): RelayCounters {
  return {
    frames: 0,
    bytes: 0,
    events: 0,
    duplicates: 0,
    unmatched: 0,
    invalid: 0,
    expired: 0,
    unasked: 0,
    malformed: 0,
    discarded: 0,
    notices: 0,
    connects: 0,
  };
}
