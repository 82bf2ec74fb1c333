import { SlidingWindow } from './sliding-window.ts';
import { SteadyClock } from './steady-clock.ts';

/**
 * The numbers of an {@link OutlierEjection}.
 *
 * @example
 * ```ts
 * import type { OutlierEjectionOptions } from 'rx-relay-pool';
 *
 * const careful: OutlierEjectionOptions = { minimumCalls: 50, maximumEjected: 0.1 };
 * ```
 */
export interface OutlierEjectionOptions {
  /** How far back calls count, in milliseconds. @default 30_000 */
  readonly window?: number | undefined;
  /** How many calls of a candidate the window must hold before its share of failures counts. @default 20 */
  readonly minimumCalls?: number | undefined;
  /** How many standard deviations of the others a share has to lie above their mean. @default 1.9 */
  readonly deviations?: number | undefined;
  /** How far it has to lie above their mean in any case, above 0 and at most 1. @default 0.2 */
  readonly difference?: number | undefined;
  /** How long the first ejection lasts, in milliseconds. @default 30_000 */
  readonly baseTime?: number | undefined;
  /** What no ejection exceeds, in milliseconds. @default 300_000 */
  readonly maximumTime?: number | undefined;
  /** The share of the candidates that may be ejected at a time, 0 to 1. Of more than two it is one at the least, unless it is 0. @default 0.3 */
  readonly maximumEjected?: number | undefined;
  /** How many candidates are remembered; the one that was observed least recently goes first. @default 1_000 */
  readonly capacity?: number | undefined;
}

type Numbers = { readonly [Name in keyof OutlierEjectionOptions]-?: number };

const BUCKETS = 10;
/** The counters of a window. */
const [CALLS, FAILURES] = [0, 1];

/** What is known of one candidate. */
interface Candidate {
  readonly window: SlidingWindow;
  /** How many ejections weigh on it. */
  ejections: number;
  /** When the last one is over, or was. */
  until: number;
}

/**
 * Takes out for a while who fails clearly more often than the others do: where all fail alike it is the network, or we, and nobody is ejected
 * for that.
 *
 * The rule is that of Envoy's success rate outlier detection (mean − 1.9 σ), with the candidate itself left out of the mean, so that
 * it works from three candidates on. When a call fails, the candidate is ejected if its share of failures in the window is above the mean of the
 * others' shares by `deviations` standard deviations of these, and by `difference` in any case. Shares of fewer than `minimumCalls`
 * calls do not count, on either side, and there must be two others.
 *
 * An ejection lasts `baseTime`, the next one twice as long, then three times, up to `maximumTime`. Each `baseTime` without one takes one back. What comes
 * back starts with an empty window. Calls of an ejected one that end meanwhile do not count.
 *
 * At most `maximumEjected` of the candidates are out; when it is reached, others stay in however they fail. It knows the candidates that it has
 * observed; tell it with {@link OutlierEjection.forget} when one is gone for good.
 *
 * It has no timer and no clock: `now` is in milliseconds, and where it goes back no time has passed.
 *
 * @throws RangeError from the constructor when a number is out of its range.
 *
 * @example
 * ```ts
 * import { loadBalance, OutlierEjection, powerOfTwoChoices } from 'rx-relay-pool';
 *
 * const ejection = new OutlierEjection({ baseTime: 10_000 });
 * const balanced = loadBalance(powerOfTwoChoices(), { ejection });
 * // With each call that ends:
 * ejection.observe('wss://relay.example', false, Date.now());
 * console.log(ejection.isEjected('wss://relay.example', Date.now())); // false: one failure is none
 * ```
 */
export class OutlierEjection {
  readonly #numbers: Numbers;
  readonly #clock = new SteadyClock();
  /** The one that was observed least recently comes first. */
  readonly #candidates = new Map<string, Candidate>();

  constructor(options: OutlierEjectionOptions = {}) {
    this.#numbers = completeNumbers(options);
  }

  /** A call to a candidate has ended. */
  observe(key: string, succeeded: boolean, now: number): void {
    const time = this.#clock.read(now);
    const candidate = this.#touch(key);
    if (time < candidate.until) return;
    candidate.window.add(time, CALLS);
    if (succeeded) return;
    candidate.window.add(time, FAILURES);
    if (this.#isOutlier(candidate, time) && this.#countEjected(time) < this.#mostEjected())
      this.#eject(candidate, time);
  }

  /** Whether a candidate is out. */
  isEjected(key: string, now: number): boolean {
    return this.#clock.read(now) < (this.#candidates.get(key)?.until ?? 0);
  }

  /** A candidate is gone for good. Where too many of those that are left are out then, the first ones to return return now. */
  forget(key: string, now: number): void {
    const time = this.#clock.read(now);
    this.#candidates.delete(key);
    const ejected = [...this.#candidates.values()].filter(({ until }) => time < until);
    ejected.sort((a, b) => a.until - b.until);
    const tooMany = Math.max(0, ejected.length - this.#mostEjected());
    for (const candidate of ejected.slice(0, tooMany)) candidate.until = time;
  }

  /** What is known of a candidate, which has just been observed. */
  #touch(key: string): Candidate {
    const candidate = this.#candidates.get(key) ?? newCandidate(this.#numbers.window);
    this.#candidates.delete(key);
    const [oldest] = this.#candidates.keys();
    if (oldest !== undefined && this.#candidates.size >= this.#numbers.capacity) this.#candidates.delete(oldest);
    this.#candidates.set(key, candidate);
    return candidate;
  }

  #isOutlier(candidate: Candidate, time: number): boolean {
    const { deviations, difference } = this.#numbers;
    const share = this.#shareOfFailures(candidate, time);
    if (share === undefined) return false;
    const others: number[] = [];
    for (const other of this.#candidates.values()) {
      const theirs = other === candidate ? undefined : this.#shareOfFailures(other, time);
      if (theirs !== undefined) others.push(theirs);
    }
    if (others.length < 2) return false;
    const mean = meanOf(others);
    const deviation = Math.sqrt(meanOf(others.map((theirs) => (theirs - mean) ** 2)));
    return share > mean + deviations * deviation && share >= mean + difference;
  }

  /** Undefined when there are too few calls to tell. */
  #shareOfFailures({ window }: Candidate, time: number): number | undefined {
    const calls = window.sum(time, CALLS);
    return calls < this.#numbers.minimumCalls ? undefined : window.sum(time, FAILURES) / calls;
  }

  #eject(candidate: Candidate, time: number): void {
    const { baseTime, maximumTime } = this.#numbers;
    candidate.ejections = Math.max(0, candidate.ejections - Math.floor((time - candidate.until) / baseTime)) + 1;
    candidate.until = time + Math.min(maximumTime, baseTime * candidate.ejections);
    candidate.window.clear();
  }

  #countEjected(time: number): number {
    let count = 0;
    for (const { until } of this.#candidates.values()) if (time < until) count++;
    return count;
  }

  #mostEjected(): number {
    const { maximumEjected } = this.#numbers;
    const share = Math.floor(maximumEjected * this.#candidates.size);
    return maximumEjected > 0 && this.#candidates.size > 2 ? Math.max(1, share) : share;
  }
}

const newCandidate = (window: number): Candidate => ({
  window: new SlidingWindow(window, BUCKETS, 2),
  ejections: 0,
  until: 0,
});

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function completeNumbers(options: OutlierEjectionOptions): Numbers {
  const { window = 30_000, minimumCalls = 20, deviations = 1.9, difference = 0.2 } = options;
  const { baseTime = 30_000, maximumTime = 300_000, maximumEjected = 0.3, capacity = 1_000 } = options;
  const check = (name: keyof OutlierEjectionOptions, value: number, isRight: boolean, range: string): void => {
    if (!isRight) throw new RangeError(`OutlierEjection: '${name}' must be ${range}; got ${value}.`);
  };
  check('window', window, window > 0 && window < Infinity, 'a number of milliseconds above 0');
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
  check('minimumCalls', minimumCalls, isCount(minimumCalls), 'a whole number above 0');
  check('deviations', deviations, deviations >= 0 && deviations < Infinity, 'a number from 0');
  check('difference', difference, difference > 0 && difference <= 1, 'above 0 and at most 1');
  check('baseTime', baseTime, baseTime > 0 && baseTime < Infinity, 'a number of milliseconds above 0');
  const isMaximum = maximumTime >= baseTime && maximumTime < Infinity;
  check('maximumTime', maximumTime, isMaximum, `a number of milliseconds, at least the base time of ${baseTime}`);
  check('maximumEjected', maximumEjected, maximumEjected >= 0 && maximumEjected <= 1, 'from 0 to 1');
  check('capacity', capacity, isCount(capacity), 'a whole number above 0');
  return { window, minimumCalls, deviations, difference, baseTime, maximumTime, maximumEjected, capacity };
}
