import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import { type SocketBudgetNumbers, SocketBudgetPolicy, type SocketUser } from '../policies/socket-budget.ts';
import { callSafely } from './call-safely.ts';

export type { SocketBudgetNumbers, SocketUser } from '../policies/socket-budget.ts';

/**
 * What a {@link SocketBudget} can be told.
 *
 * @example
 * ```ts
 * import type { SocketBudgetOptions } from 'rx-relay-pool';
 *
 * const phone: SocketBudgetOptions = { total: 8, reserved: 1, turn: 60_000 };
 * ```
 */
export interface SocketBudgetOptions extends SocketBudgetNumbers {
  /** Clock and timer. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * A wish for one socket, for one time. The operator `withinBudget` makes them for streams.
 *
 * @example
 * ```ts
 * import { SocketBudget, type SocketClaim } from 'rx-relay-pool';
 *
 * const budget = new SocketBudget();
 * const claim: SocketClaim = {
 *   user: { priority: 'normal', usedAt: Date.now() },
 *   granted: () => console.log('dial'),
 *   parked: () => budget.release(claim), // once the socket is closed
 * };
 * budget.claim(claim);
 * ```
 */
export interface SocketClaim {
  readonly user: SocketUser;
  /** It has a place now, until {@link SocketBudget.release}. It may be told so from within {@link SocketBudget.claim}. */
  granted(): void;
  /** It has to close its socket and to release its place. */
  parked(): void;
}

/**
 * How many sockets there may be at a time, dialled or open, of all relays together; what is closing counts no more. Who finds no place free waits; the more urgent goes first,
 * and among equals the first that came.
 *
 * **Lanes.** `normal` and `low` get a place only while more than `reserved` are free, so that what is urgent does not wait for
 * what is not. What nobody uses comes after `low`.
 *
 * **Parking.** For a claim that waits, one of those that are less urgent has to make room: what nobody uses first, then the lowest level, within a
 * level the least recently used. Equals take turns: who has had a place for `turn` makes room for one that has waited for as long. So
 * there may be more relays than sockets, and each gets its turn.
 *
 * It has one timer, while somebody waits for such a turn.
 *
 * @throws RangeError from the constructor when a number is out of its range.
 *
 * @example
 * ```ts
 * import { relay, SocketBudget, withinBudget } from 'rx-relay-pool';
 *
 * const budget = new SocketBudget({ total: 8 });
 * const user = { priority: 'normal', usedAt: Date.now() } as const;
 * const subscription = relay('wss://relay.example', { dialling: withinBudget(budget, user) }).subscribe();
 * console.log(`${budget.used} of ${budget.total} sockets, ${budget.waiting} wait`);
 * subscription.unsubscribe();
 * ```
 */
export class SocketBudget {
  readonly #policy: SocketBudgetPolicy<SocketClaim>;
  readonly #scheduler: SchedulerLike;
  #timer = Subscription.EMPTY;
  #isDeciding = false;

  constructor(options: SocketBudgetOptions = {}) {
    this.#policy = new SocketBudgetPolicy(options);
    this.#scheduler = options.scheduler ?? asyncScheduler;
  }

  /** How many sockets there may be. */
  get total(): number {
    return this.#policy.total;
  }

  /** How many places are taken: by sockets that are dialled or open. One that is closing, which takes its time where the other side is gone, is not. */
  get used(): number {
    return this.#policy.used;
  }

  /** How many wait for a place. */
  get waiting(): number {
    return this.#policy.waiting;
  }

  /** Whether somebody waits, or no place is free but reserved ones: then nobody should ask for one that it can do without. */
  get isTight(): boolean {
    return this.#policy.isTight;
  }

  /** Decides anew. Call it when the priority of a user changed: the budget is not told otherwise. */
  changed(): void {
    this.#decide();
  }

  /** Asks for a place, at the end of its lane. The operator `withinBudget` does so for streams. */
  claim(claim: SocketClaim): void {
    this.#policy.claim(claim, this.#scheduler.now());
    this.#decide();
  }

  /** Gives the place back, or waits for it no more. Whoever has none changes nothing. */
  release(claim: SocketClaim): void {
    this.#policy.release(claim);
    this.#decide();
  }

  /**
   * From within another decision only free places are given away; the outer one goes on with the rest. So nobody is told to close a
   * socket while it is still being opened, further up the stack.
   */
  #decide(): void {
    if (this.#isDeciding) return this.#admit();
    this.#isDeciding = true;
    try {
      this.#admit();
      for (let next = this.#displace(); next; next = this.#displace()) {
        const claim = next;
        callSafely(() => claim.parked(), undefined);
        this.#admit();
      }
    } finally {
      this.#isDeciding = false;
    }
    this.#timer.unsubscribe();
    const due = this.#policy.changesIn(this.#scheduler.now());
    if (due !== undefined) this.#timer = this.#scheduler.schedule(() => this.#decide(), Math.min(due, LONGEST_DELAY));
  }

  #admit(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      const claim = next;
      callSafely(() => claim.granted(), undefined);
    }
  }

  #next(): SocketClaim | undefined {
    return this.#policy.admit(this.#scheduler.now());
  }

  #displace(): SocketClaim | undefined {
    return this.#policy.displace(this.#scheduler.now());
  }
}
