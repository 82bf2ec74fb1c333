import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import type { QueueEntry } from '../policies/priority-level.ts';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import { PriorityQueue, type PriorityQueueOptions } from '../policies/priority-queue.ts';
import type { Departure, Priority, QueueOutcome } from '../policies/queue-outcome.ts';
import { callSafely } from './call-safely.ts';

/**
 * What a {@link Bulkhead} can be told, beside the numbers of its queue.
 *
 * @example
 * ```ts
 * import type { BulkheadOptions } from 'rx-relay-pool';
 *
 * const narrow: BulkheadOptions = {
 *   permits: 8,
 *   capacity: 100,
 *   onLeave: ({ outcome, waited }) => console.log(`${outcome} after ${waited} ms`),
 * };
 * ```
 */
export interface BulkheadOptions extends PriorityQueueOptions {
  /** How many calls may run at a time: a number from 0, Infinity too. @default 64 */
  readonly permits?: number | undefined;
  /**
   * Told of each call that leaves the queue, exactly once, before it runs or fails; also of one that did not have to wait. What it throws does
   * not reach the streams.
   */
  readonly onLeave?: ((departure: Omit<Departure<unknown>, 'item'>) => void) | undefined;
  /** Clock, and the timer of deadlines. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}

/** Why a call got no permit. */
export type BulkheadRefusal = Omit<Departure<unknown, Exclude<QueueOutcome, 'taken' | 'cancelled'>>, 'item'>;

/** What the operator `bulkhead` hands in for each subscription. */
export interface BulkheadCall {
  readonly priority: Priority;
  /** Milliseconds that it may wait. */
  readonly deadline: number;
  /** Closed when the call leaves the queue. Whoever closes it before that takes the call out. */
  readonly wait: Subscription;
  /** Its turn came: it has a permit, and gives it back by `release`, once. */
  readonly run: (release: () => void) => void;
  /** It gets none. */
  readonly fail: (refusal: BulkheadRefusal) => void;
}

/**
 * How many calls to one thing run at a time, and who waits for a place: as the bulkheads of a ship, one thing that is slow does not sink
 * the rest (Michael Nygard, "Release It!", 2007). Share one between all calls to the same thing; the operator `bulkhead` makes the calls.
 *
 * A call that finds no permit waits in a {@link PriorityQueue}, see there for who is next, and who goes when it is full. Calls wait only while
 * no permit is free.
 *
 * @throws RangeError from the constructor when a number is out of its range.
 *
 * @example
 * ```ts
 * import { Bulkhead, bulkhead } from 'rx-relay-pool';
 * import { timer } from 'rxjs';
 *
 * const relay = new Bulkhead({ permits: 1 });
 * const calls = [1, 2, 3].map(() => timer(1_000).pipe(bulkhead(relay)).subscribe());
 * console.log(relay.running, relay.waiting); // 1 2
 * relay.permits = 2;
 * console.log(relay.running, relay.waiting); // 2 1
 * for (const call of calls) call.unsubscribe();
 * ```
 */
export class Bulkhead {
  readonly #queue: PriorityQueue<BulkheadCall>;
  readonly #onLeave: BulkheadOptions['onLeave'];
  readonly #scheduler: SchedulerLike;
  /** Those who left the queue together and are settled one after the other; who was taken holds a permit already. */
  readonly #turns = new Set<Departure<BulkheadCall>>();
  #permits: number;
  #running = 0;
  #isSettling = false;

  constructor(options: BulkheadOptions = {}) {
    const { permits = 64, onLeave, scheduler = asyncScheduler } = options;
    this.#queue = new PriorityQueue(options);
    this.#permits = checked(permits);
    this.#onLeave = onLeave;
    this.#scheduler = scheduler;
  }

  /**
   * How many calls may run at a time. A lower number stops nothing that runs; with a higher one as many as may are started at once.
   *
   * @throws RangeError for a number below 0.
   */
  get permits(): number {
    return this.#permits;
  }

  set permits(value: number) {
    this.#permits = checked(value);
    this.#fill();
  }

  /** How many calls hold a permit. */
  get running(): number {
    return this.#running;
  }

  /** How many calls wait for one. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** How many calls of a level wait. */
  waitingAt(priority: Priority): number {
    return this.#queue.sizeOf(priority);
  }

  /** @internal For the operator: the call runs at once if a permit is free, else it waits or fails. */
  enter(call: BulkheadCall): void {
    const now = this.#scheduler.now();
    const { entry, departure } = this.#queue.add(call, call.priority, now, call.deadline);
    if (entry) call.wait.add(() => this.#giveUp(entry, 'cancelled'));
    // As nobody waits while a permit is free, either the call itself is next, or nobody is.
    const left = departure ?? this.#next(now);
    if (left) this.#settle(left);
    if (!entry?.isWaiting || call.deadline > LONGEST_DELAY) return;
    call.wait.add(this.#scheduler.schedule(() => this.#giveUp(entry, 'expired'), call.deadline));
  }

  /** Who leaves the queue next, if there is a permit for it, which it then holds. */
  #next(now: number): Departure<BulkheadCall> | undefined {
    if (this.#running + 1 > this.#permits) return undefined;
    const next = this.#queue.take(now);
    if (next?.outcome === 'taken') this.#running++;
    return next;
  }

  /**
   * Hands out the free permits, all of them before anything of the caller's runs: so a call that comes in meanwhile finds either a free permit
   * and nobody waiting, or none. Then one loop, so that calls that end at once do not pile up on the stack.
   */
  #fill(): void {
    const now = this.#scheduler.now();
    for (let next = this.#next(now); next; next = this.#next(now)) this.#turns.add(next);
    if (this.#isSettling) return;
    this.#isSettling = true;
    for (const turn of this.#turns) {
      this.#turns.delete(turn);
      this.#settle(turn);
    }
    this.#isSettling = false;
  }

  readonly #release = (): void => {
    this.#running--;
    this.#fill();
  };

  #giveUp(entry: QueueEntry<BulkheadCall>, outcome: 'expired' | 'cancelled'): void {
    const left = this.#queue.remove(entry, outcome, this.#scheduler.now());
    if (left) this.#settle(left);
  }

  /** What becomes of a call that has left the queue. */
  #settle(departure: Departure<BulkheadCall>): void {
    const { item: call, priority, waited } = departure;
    // It may have been unsubscribed from since it left, by another that left with it.
    const outcome = call.wait.closed ? 'cancelled' : departure.outcome;
    call.wait.unsubscribe();
    callSafely(() => this.#onLeave?.({ priority, outcome, waited }), undefined);
    if (departure.outcome === 'taken') call.run(this.#release);
    else if (outcome !== 'taken' && outcome !== 'cancelled') call.fail({ priority, outcome, waited });
  }
}

function checked(permits: number): number {
  if (permits >= 0) return permits;
  throw new RangeError(`Bulkhead: 'permits' must be at least 0; got ${permits}.`);
}
