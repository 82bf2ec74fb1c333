import type { Priority } from './queue-outcome.ts';
import { SteadyClock } from './steady-clock.ts';

/**
 * Something that wants a socket, or has one. What it says is read whenever a decision is made.
 *
 * @example
 * ```ts
 * import type { SocketUser } from 'rx-relay-pool';
 *
 * const background: SocketUser = { priority: 'low', usedAt: Date.now() };
 * ```
 */
export interface SocketUser {
  /** The most urgent use that it has now; undefined when nobody uses it and it is kept open in case. */
  readonly priority: Priority | undefined;
  /** When it was last of use, in milliseconds by the clock of the budget. */
  readonly usedAt: number;
}

/**
 * The numbers of a {@link SocketBudget}.
 *
 * @example
 * ```ts
 * import type { SocketBudgetNumbers } from 'rx-relay-pool';
 *
 * const phone: SocketBudgetNumbers = { total: 8, reserved: 1 };
 * ```
 */
export interface SocketBudgetNumbers {
  /**
   * How many sockets there may be, dialled or open.
   *
   * @default 20
   */
  readonly total?: number | undefined;
  /**
   * How many places are only for `critical` and `high`; fewer than `total`.
   *
   * @default 0
   */
  readonly reserved?: number | undefined;
  /**
   * After how many milliseconds a user makes room for an equal that has waited for as long; Infinity for never.
   *
   * @default 30_000
   */
  readonly turn?: number | undefined;
}

/** Who wants a place, or has one: a thing of its own for each time that it does. */
interface Claimant {
  readonly user: SocketUser;
}

const RANKS: Readonly<Record<Priority, number>> = { critical: 0, high: 1, normal: 2, low: 3 };
/** The rank from which the reserved places are not for taking. */
const ORDINARY = RANKS.normal;
/** The rank of what nobody uses. */
const IDLE = 4;

/**
 * The decisions of a {@link SocketBudget}, as a state machine without timers: `now` is in milliseconds, and a clock that is set back does
 * no harm. Each decision takes time in proportion to the claims that wait and the places that are taken.
 *
 * Who waits is served by rank, and within a rank in the order of arrival. Who has to make room is of the lowest rank below that of the
 * claim, or an equal whose turn is over, and among those the least recently used. It has its place until it is released, and as long as
 * somebody is making room for a claim nobody else has to.
 *
 * A place that an ordinary claim's equal or inferior left for it may be taken by an ordinary claim although it is among the last ones:
 * nothing was taken from the reserve by that. Otherwise, where urgent users hold more than the reserve, equals could not take turns.
 *
 * @throws RangeError from the constructor when a number is out of its range.
 */
export class SocketBudgetPolicy<C extends Claimant> {
  readonly total: number;
  readonly #reserved: number;
  readonly #turn: number;
  readonly #clock = new SteadyClock();
  /** Who waits, since when; in the order of arrival. */
  readonly #waiting = new Map<C, number>();
  /** Who has a place, since when. */
  readonly #holders = new Map<C, number>();
  /** Those of them that have been told to make room, and whether for an ordinary claim. */
  readonly #leaving = new Map<C, boolean>();
  /** Places that were left for ordinary claims, and not taken again yet. */
  #exchanged = 0;

  constructor(numbers: SocketBudgetNumbers = {}) {
    const { total = 20, reserved = 0, turn = 30_000 } = numbers;
    if (!(Number.isSafeInteger(total) && total > 0)) {
      throw new RangeError(`SocketBudget: 'total' must be a whole number above 0; got ${total}.`);
    }
    if (!(Number.isSafeInteger(reserved) && reserved >= 0 && reserved < total)) {
      throw new RangeError(`SocketBudget: 'reserved' must be a whole number from 0 to ${total - 1}; got ${reserved}.`);
    }
    if (!(turn > 0))
      throw new RangeError(`SocketBudget: 'turn' must be a number of milliseconds above 0; got ${turn}.`);
    this.total = total;
    this.#reserved = reserved;
    this.#turn = turn;
  }

  /** How many places are taken, those included that are being left. */
  get used(): number {
    return this.#holders.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether somebody waits, or no place is free but reserved ones. */
  get isTight(): boolean {
    return this.#waiting.size > 0 || this.#free <= this.#reserved;
  }

  /** Wants a place from `now` on. Ask {@link SocketBudgetPolicy.admit} who gets one. */
  claim(claim: C, now: number): void {
    if (!this.#holders.has(claim) && !this.#waiting.has(claim)) this.#waiting.set(claim, this.#clock.read(now));
  }

  /** Wants none any more, whether it had one or waited. */
  release(claim: C): void {
    this.#waiting.delete(claim);
    if (!this.#holders.delete(claim)) return;
    if (this.#leaving.get(claim)) this.#exchanged++;
    this.#leaving.delete(claim);
  }

  /** Gives a place to the next that may have one now. Ask until it says undefined. */
  admit(now: number): C | undefined {
    const time = this.#clock.read(now);
    const next = this.#free > 0 ? this.#next(0) : undefined;
    const isUrgent = next !== undefined && rankOf(next) < ORDINARY;
    if (!next || !(isUrgent || this.#free > this.#reserved || this.#exchanged > 0)) {
      this.#exchanged = 0;
      return undefined;
    }
    this.#waiting.delete(next);
    this.#holders.set(next, time);
    this.#exchanged = Math.min(this.#free, isUrgent ? this.#exchanged : Math.max(0, this.#exchanged - 1));
    return next;
  }

  /** Who has to make room now, told once. Ask until it says undefined, when {@link SocketBudgetPolicy.admit} has nobody more. */
  displace(now: number): C | undefined {
    const time = this.#clock.read(now);
    const claim = this.#next(this.#leaving.size);
    if (!claim) return undefined;
    const rank = rankOf(claim);
    let chosen: C | undefined;
    for (const [holder, since] of this.#holders) {
      if (this.#leaving.has(holder) || rankOf(holder) < rank) continue;
      if (rankOf(holder) === rank && this.#turnIsOver(claim, since) > time) continue;
      if (!chosen || isBefore(holder, chosen)) chosen = holder;
    }
    if (chosen) this.#leaving.set(chosen, rank >= ORDINARY);
    return chosen;
  }

  /** In how many milliseconds somebody has to make room by time alone; undefined when nobody has to. */
  changesIn(now: number): number | undefined {
    const time = this.#clock.read(now);
    const claim = this.#next(this.#leaving.size);
    if (!claim) return undefined;
    const rank = rankOf(claim);
    let due = Infinity;
    for (const [holder, since] of this.#holders) {
      if (this.#leaving.has(holder) || rankOf(holder) !== rank) continue;
      due = Math.min(due, this.#turnIsOver(claim, since));
    }
    return due < Infinity ? Math.max(0, due - time) : undefined;
  }

  get #free(): number {
    return this.total - this.#holders.size;
  }

  /** When a place that is held `since` has to be left to an equal. */
  #turnIsOver(claim: C, since: number): number {
    return Math.max(since, this.#waiting.get(claim) ?? Infinity) + this.#turn;
  }

  /** Who is served when so many others have been; undefined when there are no more. */
  #next(served: number): C | undefined {
    if (served >= this.#waiting.size) return undefined;
    let before = served;
    for (let rank = 0; rank <= IDLE; rank++) {
      for (const claim of this.#waiting.keys()) if (rankOf(claim) === rank && before-- === 0) return claim;
    }
    return undefined;
  }
}

/** Whether one has to make room before the other. */
function isBefore(one: Claimant, other: Claimant): boolean {
  const [rank, otherRank] = [rankOf(one), rankOf(other)];
  return rank === otherRank ? one.user.usedAt < other.user.usedAt : rank > otherRank;
}

function rankOf({ user }: Claimant): number {
  const { priority } = user;
  return priority === undefined ? IDLE : (RANKS[priority] ?? IDLE);
}
