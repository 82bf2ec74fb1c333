import type { Priority } from '../policies/queue-outcome.ts';
import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { Explanation } from './explanation.ts';

/**
 * What a verb of a pool was called with: one object from the beginning of a call to its end, the same for all its exchanges. Requests that
 * share a REQ are one call, and so is each value of a filter that changes.
 *
 * @example
 * ```ts
 * import type { PoolCall } from 'rx-relay-pool';
 *
 * const describe = ({ verb, event, filters }: PoolCall): string => `${verb} ${event?.id ?? JSON.stringify(filters)}`;
 * ```
 */
export interface PoolCall {
  /** `REQ` of a request or a subscription, `EVENT` of a publish, `COUNT`, or `NEG-OPEN` of a sync. */
  readonly verb: Explanation['verb'];
  /** The option `id` of each that shares it, also of those who join later. */
  readonly ids: ReadonlySet<string>;
  /** What is asked; empty where an event is published. */
  readonly filters: readonly Filter[];
  /** What is published. */
  readonly event: NostrEvent | undefined;
  readonly priority: Priority;
}

/**
 * Called when a request, a count, a sync or a publish begins; what it returns is called once it has ended. A request that may share its REQ
 * begins in a microtask of the turn in which it is subscribed to, all others on subscribe. What either throws does not reach the call.
 *
 * @example
 * ```ts
 * import { type CallObserver, explanationText, RelayPool } from 'rx-relay-pool';
 *
 * const explainAll: CallObserver = () => (explanation) => console.log(explanationText(explanation));
 * new RelayPool({ observeCall: explainAll }).close();
 * ```
 */
export type CallObserver = (call: PoolCall) => ((explanation: Explanation) => void) | undefined;
