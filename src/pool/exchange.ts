import type { Priority } from '../policies/queue-outcome.ts';
import type { Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { RelayHealth } from './health.ts';
import type { PoolCall } from './pool-call.ts';

/**
 * One exchange with one relay over an open connection: a REQ up to its EOSE, pages included, an EVENT up to its OK, or a COUNT up to
 * its answer, or a reconciliation up to its end.
 *
 * @example
 * ```ts
 * import { identity } from 'rxjs';
 * import { pipelineStages, type Stage } from 'rx-relay-pool';
 *
 * // Events never wait.
 * const queue: Stage = (exchange) => (exchange.verb === 'EVENT' ? identity : pipelineStages.queue(exchange));
 * ```
 */
export interface Exchange {
  readonly relay: RelayUrl;
  readonly verb: PoolCall['verb'];
  /** What it is for; that may have another verb, as a REQ for the past compares what is stored. */
  readonly call: PoolCall;
  readonly priority: Priority;
  /** Milliseconds that it may wait for its turn; Infinity for ever. */
  readonly patience: number;
  /** Milliseconds that the relay may take from then on; Infinity where whoever asks ends it in time. */
  readonly timeout: number;
  /** What the pool knows of the relay. */
  readonly health: RelayHealth;
}

/**
 * How far an exchange has come. All but `first-event` end it:
 *
 * - `first-event`: the first event of the answer was delivered
 * - `answered`: EOSE, the answer to a COUNT, or an OK that says that the relay has the event
 * - `refused`: CLOSED, or any other OK
 * - `failed`: no answer came in time, or the connection ended
 *
 * @example
 * ```ts
 * import type { Progress } from 'rx-relay-pool';
 *
 * const describe = (progress: Progress): string =>
 *   progress.type === 'refused' ? `refused: ${progress.reason.message}` : progress.type;
 * ```
 */
export type Progress =
  | { readonly type: 'first-event' }
  | { readonly type: 'answered'; readonly reason?: Reason }
  | { readonly type: 'refused'; readonly reason: Reason }
  | { readonly type: 'failed'; readonly error: RelayError };
