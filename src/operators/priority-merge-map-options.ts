import type { Observable, ObservableInput, SchedulerLike } from 'rxjs';
import type { PriorityQueueOptions } from '../policies/priority-queue.ts';
import type { Departure, Priority, QueueOutcome } from '../policies/queue-outcome.ts';

/**
 * An item that {@link priorityMergeMap} did not project: it was `evicted` by another or on arrival, `rejected` because the queue was
 * full, `expired` at its deadline, or `cancelled`.
 *
 * @example
 * ```ts
 * import type { Drop } from 'rx-relay-pool';
 *
 * const describe = ({ outcome, priority, waited }: Drop<unknown>): string => `${priority} ${outcome} after ${waited} ms`;
 * ```
 */
export type Drop<T> = Departure<T, Exclude<QueueOutcome, 'taken'>>;

/**
 * What the project function of {@link priorityMergeMap} learns beside the item.
 *
 * @example
 * ```ts
 * import type { QueueTurn } from 'rx-relay-pool';
 *
 * const isLate = ({ priority, waited }: QueueTurn): boolean => priority === 'critical' && waited > 100;
 * ```
 */
export type QueueTurn = Pick<Departure<unknown>, 'priority' | 'waited'>;

/**
 * What {@link priorityMergeMap} can be told, beside the numbers of the queue.
 *
 * @example
 * ```ts
 * import type { PriorityMergeMapOptions } from 'rx-relay-pool';
 *
 * interface Job {
 *   readonly urgent: boolean;
 *   readonly timeLeft: number;
 * }
 * const options: PriorityMergeMapOptions<Job> = {
 *   priority: ({ urgent }) => (urgent ? 'high' : 'low'),
 *   concurrency: 4,
 *   deadline: ({ timeLeft }) => timeLeft,
 *   onDrop: ({ item, outcome }) => console.warn(outcome, item),
 * };
 * ```
 */
export interface PriorityMergeMapOptions<T> extends PriorityQueueOptions {
  /** How urgent an item is, asked when it arrives. @default () => 'normal' */
  readonly priority?: ((item: T) => Priority) | undefined;
  /**
   * How many projected observables may run at a time: a number above 0, Infinity too, or an observable of numbers from 0. Of an observable the
   * last value holds; nothing starts before the first one, and a lower one stops nothing that runs. If it errors, so does the stream.
   *
   * @default 1
   */
  readonly concurrency?: number | Observable<number> | undefined;
  /** How long an item may wait, in milliseconds; undefined and Infinity mean for ever. @default undefined */
  readonly deadline?: number | ((item: T) => number | undefined) | undefined;
  /**
   * What cancels an item that waits: subscribed to while it does, and its first value drops the item. Its error and completion mean no
   * more than silence. An item that runs is the business of `project`.
   *
   * @default never
   */
  readonly cancel?: ((item: T) => ObservableInput<unknown> | undefined) | undefined;
  /** Told of each item that is not projected, exactly once. What it throws does not reach the stream. */
  readonly onDrop?: ((drop: Drop<T>) => void) | undefined;
  /** Clock and timer. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}
