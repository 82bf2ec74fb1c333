/**
 * How urgent an item is: `critical` for authentication and errors, `high` for what a user waits for, `normal` for background
 * work, `low` for what can be done without, as preloading.
 *
 * @example
 * ```ts
 * import type { Priority } from 'rx-relay-pool';
 *
 * const ofKind = (kind: number): Priority => (kind === 22242 ? 'critical' : 'normal');
 * ```
 */
export type Priority = 'critical' | 'high' | 'normal' | 'low';

/**
 * How an item left a {@link PriorityQueue}: its turn came, it made room for another, its deadline passed, it was never let in, or
 * nobody wanted it any more.
 *
 * @example
 * ```ts
 * import type { QueueOutcome } from 'rx-relay-pool';
 *
 * const lost: readonly QueueOutcome[] = ['evicted', 'expired', 'rejected'];
 * ```
 */
export type QueueOutcome = 'taken' | 'evicted' | 'expired' | 'rejected' | 'cancelled';

/**
 * An item that left a {@link PriorityQueue}. Each item that is added leaves exactly once.
 *
 * @example
 * ```ts
 * import type { Departure } from 'rx-relay-pool';
 *
 * const describe = ({ outcome, priority, waited }: Departure<unknown>): string =>
 *   `${outcome} (${priority}) after ${waited} ms`;
 * ```
 */
export interface Departure<T, Outcome extends QueueOutcome = QueueOutcome> {
  readonly item: T;
  /** The level that it was added with. */
  readonly priority: Priority;
  readonly outcome: Outcome;
  /** Milliseconds in the queue. */
  readonly waited: number;
}
