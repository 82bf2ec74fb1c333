/**
 * Why the outbox did not keep an event:
 *
 * - `full`: as many events wait as the options `capacity` and `characters` allow
 * - `invalid-event`, `invalid-option`: the call was wrong
 * - `store-locked`: another process has the store open
 * - `store-failed`: the store could not be read or written; `cause` says why
 * - `closed`: the outbox was closed
 *
 * @example
 * ```ts
 * import type { OutboxErrorCode } from 'rx-relay-pool/outbox';
 *
 * const hints: Partial<Record<OutboxErrorCode, string>> = { full: 'Too much is waiting: go online first.' };
 * ```
 */
export type OutboxErrorCode = 'full' | 'invalid-event' | 'invalid-option' | 'store-locked' | 'store-failed' | 'closed';

/**
 * The outbox did not keep an event, and sent nothing of it.
 *
 * @example
 * ```ts
 * import { catchError, type Observable, of, throwError } from 'rxjs';
 * import { OutboxError, type OutboxReport } from 'rx-relay-pool/outbox';
 *
 * const unlessFull = (report$: Observable<OutboxReport>) =>
 *   report$.pipe(
 *     catchError((error: unknown) =>
 *       error instanceof OutboxError && error.code === 'full' ? of(undefined) : throwError(() => error),
 *     ),
 *   );
 * ```
 */
export class OutboxError extends Error {
  override readonly name = 'OutboxError';

  constructor(
    readonly code: OutboxErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
