/**
 * Whether calls go through: `closed` all, `open` none, `half-open` the probes.
 *
 * @example
 * ```ts
 * import type { CircuitState } from 'rx-relay-pool';
 *
 * const colour: Record<CircuitState, string> = { closed: 'green', 'half-open': 'yellow', open: 'red' };
 * ```
 */
export type CircuitState = 'closed' | 'open' | 'half-open';

/**
 * Why a breaker opened: one of its numbers, a probe that failed or did not end in time, a push back, or what was remembered of it.
 *
 * @example
 * ```ts
 * import type { CircuitCause } from 'rx-relay-pool';
 *
 * const isOurDoing = (cause: CircuitCause): boolean => cause === 'push-back';
 * ```
 */
export type CircuitCause =
  | 'consecutive-failures'
  | 'failure-ratio'
  | 'slow-calls'
  | 'success-rate'
  | 'latency'
  | 'probe-failed'
  | 'probe-timeout'
  | 'push-back'
  | 'remembered';

/**
 * A breaker's answer that a call may not go through.
 *
 * @example
 * ```ts
 * import { CircuitBreaker, type CircuitRefusal } from 'rx-relay-pool';
 *
 * const waitFor = ({ retryAt }: CircuitRefusal): number => Math.max(0, retryAt - Date.now());
 * const answer = new CircuitBreaker().acquire();
 * if (!answer.granted) console.warn(`refused for ${waitFor(answer)} ms`);
 * ```
 */
export interface CircuitRefusal {
  readonly granted: false;
  readonly state: 'open' | 'half-open';
  /** When it is worth asking again, in milliseconds of the breaker's clock. */
  readonly retryAt: number;
}

/**
 * What a breaker knows.
 *
 * @example
 * ```ts
 * import { CircuitBreaker, type CircuitStats } from 'rx-relay-pool';
 *
 * const { state, successRate, latency }: CircuitStats = new CircuitBreaker().stats;
 * console.log(state, `${successRate * 100} %`, latency ?? 'not measured');
 * ```
 */
export interface CircuitStats {
  readonly state: CircuitState;
  readonly isFrozen: boolean;
  /** Moving average of the results, 1 for all successes: the old one × 0.95 + the new one × 0.05. */
  readonly successRate: number;
  /** Moving average of the successes' latency in milliseconds, the old one × 0.8 + the new one × 0.2; undefined before the first. */
  readonly latency: number | undefined;
  /** Results in the window. */
  readonly calls: number;
  /** Failures in the window. */
  readonly failures: number;
  /** Slow calls in the window. */
  readonly slowCalls: number;
  /** Failures since the last success. */
  readonly consecutiveFailures: number;
  /** Probes under way. */
  readonly probes: number;
  /** Calls that were refused, in all. */
  readonly refused: number;
  /** How often it opened, push backs apart, without having been closed for a whole window in between. */
  readonly openings: number;
  /** Why it is not closed; undefined when it is. */
  readonly cause: CircuitCause | undefined;
  /** From when calls may go through again, in milliseconds of the breaker's clock; undefined when they may now. */
  readonly retryAt: number | undefined;
}

/**
 * What is worth keeping of a breaker for the next run, as plain data.
 *
 * @example
 * ```ts
 * import { CircuitBreaker, type CircuitMemory } from 'rx-relay-pool';
 *
 * const memory: CircuitMemory = new CircuitBreaker().memory;
 * const nextRun = new CircuitBreaker({ memory: JSON.parse(JSON.stringify(memory)) as CircuitMemory });
 * console.log(nextRun.state);
 * ```
 */
export interface CircuitMemory {
  /** Until when it is open, in milliseconds since 1970; absent when it is closed. */
  readonly openUntil?: number;
  /** As in {@link CircuitStats}. */
  readonly openings: number;
}
