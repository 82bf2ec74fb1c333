import { HistogramWindow } from './histogram-window.ts';
import { LONGEST_DELAY } from './longest-delay.ts';

/**
 * The numbers of a {@link HedgePolicy}.
 *
 * @example
 * ```ts
 * import type { HedgePolicyOptions } from 'rx-relay-pool';
 *
 * const eager: HedgePolicyOptions = { percentile: 90, budget: 0.1 };
 * ```
 */
export interface HedgePolicyOptions {
  /** Which percentile of the latencies a call has to exceed before it is hedged, above 0 and at most 100. @default 95 */
  readonly percentile?: number | undefined;
  /** How many hedges each call earns, from 0 to 1: the share of extra calls in the long run. @default 0.05 */
  readonly budget?: number | undefined;
  /** The shortest delay, in milliseconds. @default 10 */
  readonly minimumDelay?: number | undefined;
  /** How many latencies have to be known before anything is hedged. @default 20 */
  readonly minimumCount?: number | undefined;
  /** How far back latencies count, in milliseconds. @default 60_000 */
  readonly window?: number | undefined;
  /** How many hedges may be saved up, at least 1. So many are there at the beginning. @default 10 */
  readonly burst?: number | undefined;
}

/**
 * What a {@link HedgePolicy} has counted.
 *
 * @example
 * ```ts
 * import type { HedgeStats } from 'rx-relay-pool';
 *
 * const line = ({ calls, hedges, wins }: HedgeStats): string =>
 *   `${((100 * hedges) / calls).toFixed(1)} % hedged, of which ${wins} for the better`;
 * ```
 */
export interface HedgeStats {
  /** Calls without the hedges. */
  readonly calls: number;
  /** Calls that were asked a second time. */
  readonly hedges: number;
  /** Hedges that answered first. */
  readonly wins: number;
}

/** A percentile that was computed is good enough for the time of the window divided by this. */
const FRESH = 100;
/** What is left of a hedge after adding up its parts counts as a whole one. */
const HAIR = 1e-9;

/**
 * When a call that is slow is asked a second time elsewhere, and how often that may happen: hedged requests (Jeffrey Dean and Luiz André
 * Barroso, "The Tail at Scale", 2013). Hedging what is slower than the 95th percentile costs a twentieth more calls, at most.
 *
 * The delay is a rolling percentile of the latencies of calls that were told. As everything may become slow at once, and more calls would make it
 * worse, there is a budget besides: each call earns the part of a hedge, and at most `burst` are saved up. So there are never more hedges
 * than `budget × calls + burst`.
 *
 * Share one between calls of the same kind; the operator `hedge` does the calls. It has no timer and no clock: `now` is in milliseconds, and
 * where it goes back no time has passed.
 *
 * @throws RangeError from the constructor when a number is out of its range.
 *
 * @example
 * ```ts
 * import { HedgePolicy } from 'rx-relay-pool';
 *
 * const policy = new HedgePolicy({ percentile: 95, budget: 0.05 });
 * const now = Date.now();
 * policy.began();
 * const delay = policy.delay(now); // undefined: nothing is known yet
 * policy.record(120, now + 120);
 * console.log(delay, policy.stats); // undefined { calls: 1, hedges: 0, wins: 0 }
 * ```
 */
export class HedgePolicy {
  readonly #percentile: number;
  readonly #budget: number;
  readonly #minimumDelay: number;
  readonly #minimumCount: number;
  readonly #burst: number;
  readonly #latencies: HistogramWindow;
  readonly #freshFor: number;
  /** What {@link HedgePolicy.delay} said last, and when. */
  #delay: number | undefined;
  #computedAt = 0;
  /** Hedges that may be made now, with what has been earned of the next one. */
  #saved: number;
  #calls = 0;
  #hedges = 0;
  #wins = 0;

  constructor(options: HedgePolicyOptions = {}) {
    const {
      percentile = 95,
      budget = 0.05,
      minimumDelay = 10,
      minimumCount = 20,
      window = 60_000,
      burst = 10,
    } = options;
    const check = (name: keyof HedgePolicyOptions, value: number, isRight: boolean, range: string): void => {
      if (!isRight) throw new RangeError(`HedgePolicy: '${name}' must be ${range}; got ${value}.`);
    };
    check('percentile', percentile, percentile > 0 && percentile <= 100, 'above 0 and at most 100');
    check('budget', budget, budget >= 0 && budget <= 1, 'from 0 to 1');
    const isDelay = minimumDelay >= 0 && minimumDelay <= LONGEST_DELAY;
    check('minimumDelay', minimumDelay, isDelay, 'a number of milliseconds from 0 to 2^31 - 1');
    const isCount = Number.isSafeInteger(minimumCount) && minimumCount > 0;
    check('minimumCount', minimumCount, isCount, 'a whole number above 0');
    check('window', window, window > 0 && window <= Number.MAX_SAFE_INTEGER, 'a number of milliseconds above 0');
    check('burst', burst, burst >= 1 && burst < Infinity, 'a number from 1');
    this.#percentile = percentile;
    this.#budget = budget;
    this.#minimumDelay = minimumDelay;
    this.#minimumCount = minimumCount;
    this.#burst = this.#saved = burst;
    this.#latencies = new HistogramWindow({ window });
    this.#freshFor = window / FRESH;
  }

  /** What was counted so far. */
  get stats(): HedgeStats {
    return { calls: this.#calls, hedges: this.#hedges, wins: this.#wins };
  }

  /** A call begins, and earns its part of a hedge. */
  began(): void {
    this.#calls++;
    this.#saved = Math.min(this.#burst, this.#saved + this.#budget);
  }

  /** A call has taken so many milliseconds, as of `now`; one that was given up counts with the time until then. NaN counts nothing. */
  record(ms: number, now: number): void {
    this.#latencies.record(ms, now);
  }

  /**
   * After how many milliseconds a call that begins now is to be hedged; undefined while too few latencies are known. Rounded
   * up to a whole number, as timers count. Computed anew after a hundredth of the window at the earliest.
   */
  delay(now: number): number | undefined {
    const age = now - this.#computedAt;
    if (this.#delay !== undefined && age >= 0 && age < this.#freshFor) return this.#delay;
    this.#computedAt = now;
    const isKnown = this.#latencies.count(now) >= this.#minimumCount;
    const percentile = isKnown ? this.#latencies.percentile(this.#percentile, now) : undefined;
    this.#delay = percentile === undefined ? undefined : Math.max(this.#minimumDelay, Math.ceil(percentile));
    return this.#delay;
  }

  /** Whether a hedge may be made now; if so it is taken from the budget. */
  tryHedge(): boolean {
    if (this.#saved < 1 - HAIR) return false;
    this.#saved = Math.max(0, this.#saved - 1);
    this.#hedges++;
    return true;
  }

  /** A hedge has answered first. */
  won(): void {
    this.#wins++;
  }
}
