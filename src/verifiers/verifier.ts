import type { NostrEvent } from '../protocol/event.ts';

/**
 * One verdict per event of the batch, in its order: true when the id is the hash of the content and the signature is right.
 *
 * @example
 * ```ts
 * import type { NostrEvent, Verdicts } from 'rx-relay-pool';
 *
 * const trustEverybody = (events: readonly NostrEvent[]): Verdicts => events.map(() => true);
 * ```
 */
export type Verdicts = readonly boolean[];

/**
 * Who checks ids and BIP-340 signatures (NIP-01). It is handed batches of well-formed events (types, lengths and lower-case
 * hex are checked before) and may answer at once or later. It may throw or reject when it cannot do its work; the pool then
 * verifies that batch with the pure verifier and counts the failure.
 *
 * @example
 * ```ts
 * import { verifyEvent } from 'nostr-tools/pure';
 * import { RelayPool, type Verifier } from 'rx-relay-pool';
 *
 * const verifier: Verifier = { verify: (events) => events.map((event) => verifyEvent({ ...event })) };
 * const pool = new RelayPool({ relays: ['wss://relay.example'], verifier });
 * pool.close();
 * ```
 */
export interface Verifier {
  /**
   * Events of a batch at the most, for a verifier that works elsewhere: it is given all that wait, up to so many, read anew for each batch.
   *
   * @default batches grow from one event for as long as they hold this thread for next to no time
   */
  readonly batchSize?: number | undefined;
  /** Verdicts for a batch, in the order of the batch. */
  verify(events: readonly NostrEvent[]): Verdicts | Promise<Verdicts>;
}
