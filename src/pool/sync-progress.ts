import type { Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';

/**
 * How a sync with one relay goes, and how it ended:
 *
 * - `pending`: it goes on
 * - `done`: both sides were compared whole, and everything was transferred that was asked for
 * - `incomplete`: `why` says what could not be compared or transferred; the rest was
 * - `rejected`: the relay said no; `reason` says why
 * - `silent`: it did not answer in time
 * - `unreachable`: no connection, or it was lost for too long; or the relay fails too often to be asked
 * - `evicted`: the queue was full before its turn came
 * - `cancelled`: the relay left the pool
 *
 * @example
 * ```ts
 * import type { SyncStatus } from 'rx-relay-pool';
 *
 * const isWorthARetry = (status: SyncStatus): boolean => ['silent', 'unreachable', 'evicted'].includes(status);
 * ```
 */
export type SyncStatus =
  'pending' | 'done' | 'incomplete' | 'rejected' | 'silent' | 'unreachable' | 'evicted' | 'cancelled';

/**
 * A sync with one relay. All numbers are of events.
 *
 * @example
 * ```ts
 * import type { RelaySync } from 'rx-relay-pool';
 *
 * const describe = ({ status, method, have, need }: RelaySync): string =>
 *   `${status} by ${method}: ${need} to get, ${have} to give`;
 * ```
 */
export interface RelaySync {
  readonly status: SyncStatus;
  /** `negentropy` (NIP-77), or `paging` where it fell back, at least in part, to fetching all that matches; `fallback` says why. */
  readonly method: 'negentropy' | 'paging';
  readonly fallback?: string;
  /** Of this side, found missing there. */
  readonly have: number;
  /** Of the relay, found missing in the store at the beginning. */
  readonly need: number;
  /** From this relay to the store; what another relay gave first is counted there. */
  readonly downloaded: number;
  /** That the relay accepted. */
  readonly uploaded: number;
  /** That the relay named and never gave, or that it did not accept. */
  readonly failed: number;
  readonly why?: string;
  readonly reason?: Reason;
  readonly error?: RelayError;
}

/**
 * How far a sync has come; each relay is compared with what the store had at the beginning.
 *
 * @example
 * ```ts
 * import type { SyncProgress } from 'rx-relay-pool';
 *
 * const isWhole = ({ relays }: SyncProgress): boolean => Object.values(relays).every(({ status }) => status === 'done');
 * ```
 */
export interface SyncProgress {
  /** By relay URL. */
  readonly relays: Readonly<Record<RelayUrl, RelaySync>>;
  /** Events that the store was given, each once. */
  readonly downloaded: number;
  /** Acceptances, of all relays together. */
  readonly uploaded: number;
  /** Relays that are still under way; the progress with 0 is the last. */
  readonly pending: number;
}

/** Before anything was compared. */
export const NOT_BEGUN: RelaySync = {
  status: 'pending',
  method: 'negentropy',
  have: 0,
  need: 0,
  downloaded: 0,
  uploaded: 0,
  failed: 0,
};

/** All relays together; `stored` is how many events the store was given. */
export function syncProgress(relays: Readonly<Record<RelayUrl, RelaySync>>, stored: number): SyncProgress {
  const all = Object.values(relays);
  return {
    relays,
    downloaded: stored,
    uploaded: all.reduce((sum, { uploaded }) => sum + uploaded, 0),
    pending: all.filter(({ status }) => status === 'pending').length,
  };
}
