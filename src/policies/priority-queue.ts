import { PriorityLevel, QueueEntry } from './priority-level.ts';
import type { Departure, Priority, QueueOutcome } from './queue-outcome.ts';
import { SteadyClock } from './steady-clock.ts';

export type { QueueEntry } from './priority-level.ts';
export type { Departure, Priority, QueueOutcome } from './queue-outcome.ts';

/**
 * What a full {@link PriorityQueue} does with one item more. Levels count as the items came, whatever their age.
 *
 * - `drop-lowest-oldest`: the oldest item of the lowest level is evicted, for work that goes stale
 * - `drop-newest`: the newest item of the lowest level is evicted, for work of which the first in line should be served
 * - `reject`: the arriving item is rejected, whatever its level, and what was accepted stays
 *
 * With the first two the arriving item counts as one of the queue, so it is the one to go if it alone is of the lowest level.
 *
 * @example
 * ```ts
 * import type { Overflow } from 'rx-relay-pool';
 *
 * const overflow: Overflow = 'reject';
 * ```
 */
export type Overflow = 'drop-lowest-oldest' | 'drop-newest' | 'reject';

/**
 * The numbers of a {@link PriorityQueue}.
 *
 * @example
 * ```ts
 * import type { PriorityQueueOptions } from 'rx-relay-pool';
 *
 * const strict: PriorityQueueOptions = { capacity: 100, overflow: 'reject', ageing: Infinity };
 * ```
 */
export interface PriorityQueueOptions {
  /**
   * How many items may wait, of all levels together.
   *
   * @default 1_000
   */
  readonly capacity?: number | undefined;
  /**
   * Who goes when one more arrives.
   *
   * @default 'drop-lowest-oldest'
   */
  readonly overflow?: Overflow | undefined;
  /**
   * How many milliseconds of waiting weigh as much as one level. 0 makes it first come, first served; with Infinity the lower
   * levels may starve.
   *
   * @default 5_000
   */
  readonly ageing?: number | undefined;
}

/**
 * What {@link PriorityQueue.add} came to.
 *
 * @example
 * ```ts
 * import { type Admission, PriorityQueue } from 'rx-relay-pool';
 *
 * const { departure }: Admission<string> = new PriorityQueue<string>().add('profile', 'high', Date.now());
 * if (departure) console.warn(`${departure.item} ${departure.outcome}`);
 * ```
 */
export interface Admission<T> {
  /** For {@link PriorityQueue.remove}; undefined when the item itself left at once. */
  readonly entry: QueueEntry<T> | undefined;
  /** The item, the new one or another, that left because the queue was full. */
  readonly departure: Departure<T> | undefined;
}

const OVERFLOWS: ReadonlySet<Overflow> = new Set<Overflow>(['drop-lowest-oldest', 'drop-newest', 'reject']);
const LEVELS: Readonly<Record<Priority, number>> = { critical: 0, high: 1, normal: 2, low: 3 };

/**
 * A bounded queue of four levels: the higher level first, within a level first come, first served. Each item leaves with a typed
 * outcome. Adding, taking and removing take the same time however many items wait.
 *
 * **The wait is bounded.** An item that has waited `ageing` ms longer than one of the next higher level comes first. So an item that is
 * n levels below critical is overtaken only by items that are added within n × `ageing` ms after it; from then on at most
 * `capacity` - 1 others are before it, whatever arrives. For a `low` item and the defaults that is 15 s, and 999 items.
 *
 * Ageing decides who is next, not who is evicted: what was added as `low` makes room for a `critical` item at any age.
 *
 * It holds no timer and no clock: `now` is in milliseconds, and a clock that is set back does no harm. So deadlines are looked at when
 * an item's turn comes, and for the first of each level when the queue is full.
 *
 * @throws RangeError from the constructor when an option is out of its range.
 *
 * @example
 * ```ts
 * import { PriorityQueue } from 'rx-relay-pool';
 *
 * const queue = new PriorityQueue<string>({ capacity: 2 });
 * queue.add('preload', 'low', Date.now());
 * queue.add('profile', 'high', Date.now());
 * const { departure } = queue.add('auth', 'critical', Date.now());
 * console.log(departure?.item, departure?.outcome); // preload evicted
 * console.log(queue.take(Date.now())?.item); // auth
 * ```
 */
export class PriorityQueue<T> {
  /** How many items may wait. */
  readonly capacity: number;
  readonly #overflow: Overflow;
  /** By rank, critical first. */
  readonly #levels: readonly PriorityLevel<T>[];
  readonly #clock = new SteadyClock();
  #size = 0;

  constructor(options: PriorityQueueOptions = {}) {
    const { capacity = 1_000, overflow = 'drop-lowest-oldest', ageing = 5_000 } = options;
    if (!(Number.isSafeInteger(capacity) && capacity > 0)) {
      throw new RangeError(`PriorityQueue: 'capacity' must be a whole number above 0; got ${capacity}.`);
    }
    if (!OVERFLOWS.has(overflow)) {
      throw new RangeError(`PriorityQueue: 'overflow' must be one of ${[...OVERFLOWS].join(', ')}; got ${overflow}.`);
    }
    if (!(ageing >= 0)) throw new RangeError(`PriorityQueue: 'ageing' must be at least 0 ms; got ${ageing}.`);
    this.capacity = capacity;
    this.#overflow = overflow;
    this.#levels = Object.values(LEVELS).map((rank) => new PriorityLevel<T>(rank === 0 ? 0 : rank * ageing));
  }

  /** How many items wait. */
  get size(): number {
    return this.#size;
  }

  /** Whether one more would cost an item. */
  get isFull(): boolean {
    return this.#size >= this.capacity;
  }

  /** How many items of a level wait. */
  sizeOf(priority: Priority): number {
    return this.#level(priority).size;
  }

  /**
   * Adds an item at `now`. At most one item leaves for it, which may be the item itself.
   *
   * @param deadline - How long it may wait, in milliseconds; one that waited longer expires.
   * Default: for ever.
   * @throws RangeError for a level that does not exist, or a deadline below 0.
   */
  add(item: T, priority: Priority, now: number, deadline = Infinity): Admission<T> {
    const level = this.#level(priority);
    if (!(deadline >= 0)) throw new RangeError(`A deadline is at least 0 ms; got ${deadline}.`);
    const time = this.#clock.read(now);
    const entry = new QueueEntry(item, priority, time, time + deadline);
    let departure: Departure<T> | undefined;
    if (this.isFull) {
      const expired = this.#levels.find(({ first }) => first && first.expiresAt < time)?.first;
      const evicted = expired ? undefined : this.#loser(level);
      if (expired) departure = this.#leave(expired, 'expired', time);
      else if (evicted) departure = this.#leave(evicted, 'evicted', time);
      else {
        const outcome = this.#overflow === 'reject' ? 'rejected' : 'evicted';
        return { entry: undefined, departure: { item, priority, outcome, waited: 0 } };
      }
    }
    level.push(entry);
    this.#size++;
    return { entry, departure };
  }

  /** Lets the next item leave, as `taken`, or as `expired` when its deadline passed; undefined when none waits. */
  take(now: number): Departure<T, 'taken' | 'expired'> | undefined {
    const time = this.#clock.read(now);
    let next: QueueEntry<T> | undefined;
    let least = Infinity;
    for (const { first, handicap } of this.#levels) {
      if (!first) continue;
      const due = first.addedAt + handicap;
      if (next && due >= least) continue; // as old as a higher one for its level: the higher one first
      next = first;
      least = due;
    }
    return next && this.#leave(next, next.expiresAt < time ? 'expired' : 'taken', time);
  }

  /** Lets an item leave before its turn; undefined when it waits no more. */
  remove<O extends QueueOutcome>(entry: QueueEntry<T>, outcome: O, now: number): Departure<T, O> | undefined {
    const time = this.#clock.read(now);
    return entry.level && this.#levels.includes(entry.level) ? this.#leave(entry, outcome, time) : undefined;
  }

  /** Lets everyone leave, as `cancelled`, the higher levels first. */
  clear(now: number): Departure<T, 'cancelled'>[] {
    const time = this.#clock.read(now);
    const left: Departure<T, 'cancelled'>[] = [];
    for (const level of this.#levels) while (level.first) left.push(this.#leave(level.first, 'cancelled', time));
    return left;
  }

  #level(priority: Priority): PriorityLevel<T> {
    const level = this.#levels[LEVELS[priority]];
    if (level) return level;
    throw new RangeError(`A priority is one of ${Object.keys(LEVELS).join(', ')}; got ${String(priority)}.`);
  }

  /** Who must go so that one of `arriving` can come in; undefined when that one must. */
  #loser(arriving: PriorityLevel<T>): QueueEntry<T> | undefined {
    if (this.#overflow === 'reject') return undefined;
    const lowest = this.#levels.findLast((level) => level === arriving || level.first);
    if (this.#overflow === 'drop-lowest-oldest') return lowest?.first;
    return lowest === arriving ? undefined : lowest?.last;
  }

  #leave<O extends QueueOutcome>(entry: QueueEntry<T>, outcome: O, time: number): Departure<T, O> {
    entry.level?.unlink(entry);
    this.#size--;
    return { item: entry.item, priority: entry.priority, outcome, waited: time - entry.addedAt };
  }
}
