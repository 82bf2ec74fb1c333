import type { Priority } from './queue-outcome.ts';

/**
 * An item's place in a {@link PriorityQueue}.
 *
 * @example
 * ```ts
 * import { PriorityQueue, type QueueEntry } from 'rx-relay-pool';
 *
 * const queue = new PriorityQueue<string>();
 * const entry: QueueEntry<string> | undefined = queue.add('preload', 'low', Date.now()).entry;
 * if (entry?.isWaiting) queue.remove(entry, 'cancelled', Date.now());
 * ```
 */
export class QueueEntry<T> {
  /** @internal The list that it is in; undefined when it waits no more. */
  level: PriorityLevel<T> | undefined = undefined;
  /** @internal */
  before: QueueEntry<T> | undefined = undefined;
  /** @internal */
  after: QueueEntry<T> | undefined = undefined;

  constructor(
    readonly item: T,
    readonly priority: Priority,
    readonly addedAt: number,
    readonly expiresAt: number,
  ) {}

  /** Whether the item is still in the queue. */
  get isWaiting(): boolean {
    return this.level !== undefined;
  }
}

/** The items of one level, the oldest first: linked, so that one leaves from anywhere at the same cost. */
export class PriorityLevel<T> {
  first: QueueEntry<T> | undefined = undefined;
  last: QueueEntry<T> | undefined = undefined;
  size = 0;

  /** @param handicap - Milliseconds by which an item of this level must be older than a critical one to be its equal. */
  constructor(readonly handicap: number) {}

  push(entry: QueueEntry<T>): void {
    entry.level = this;
    entry.before = this.last;
    if (this.last) this.last.after = entry;
    else this.first = entry;
    this.last = entry;
    this.size++;
  }

  unlink(entry: QueueEntry<T>): void {
    const { before, after } = entry;
    if (before) before.after = after;
    else this.first = after;
    if (after) after.before = before;
    else this.last = before;
    entry.level = entry.before = entry.after = undefined;
    this.size--;
  }
}
