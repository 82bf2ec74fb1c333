/**
 * What was asked of a pool that it cannot do.
 *
 * @example
 * ```ts
 * import type { PoolErrorCode } from 'rx-relay-pool';
 *
 * const hints: Partial<Record<PoolErrorCode, string>> = { 'no-relays': 'Add a relay in the settings.' };
 * ```
 */
export type PoolErrorCode =
  | 'no-relays'
  | 'pool-closed'
  | 'invalid-event'
  | 'invalid-option'
  | 'too-many-relays'
  | 'unknown-cluster'
  | 'quorum-impossible';

/**
 * Misuse of a pool: the call was wrong, and the message says what to do. Trouble with relays is never an error but a packet, an
 * outcome or a status.
 *
 * @example
 * ```ts
 * import { PoolError, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: [] });
 * pool.request({ kinds: [1] }).subscribe({
 *   error: (error) => console.warn(error instanceof PoolError && error.code === 'no-relays'),
 * });
 * pool.close();
 * ```
 */
export class PoolError extends Error {
  override readonly name = 'PoolError';

  constructor(
    readonly code: PoolErrorCode,
    message: string,
  ) {
    super(message);
  }
}
