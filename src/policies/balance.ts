import type { Priority } from './queue-outcome.ts';

/**
 * What a {@link BalanceStrategy} knows of a candidate.
 *
 * @example
 * ```ts
 * import type { Balanced } from 'rx-relay-pool';
 *
 * const mirror: Balanced = {
 *   key: 'https://mirror.example',
 *   isReady: true,
 *   inFlight: 2,
 *   capacity: 16,
 *   cost: 120,
 *   reliability: 0.99,
 *   weight: 1,
 *   features: 1,
 * };
 * ```
 */
export interface Balanced {
  /** Tells it from the others, as the relay's URL. */
  readonly key: string;
  /** Whether it may be asked: its circuit breaker lets calls through, and it does not fail. */
  readonly isReady: boolean;
  /** How many calls of ours are under way. */
  readonly inFlight: number;
  /** How many calls may be under way at a time, above 0. */
  readonly capacity: number;
  /** The latency to expect in milliseconds, as of a {@link PeakEwma}; undefined when it was not measured. */
  readonly cost: number | undefined;
  /** The share of the calls that succeed, 0 to 1. */
  readonly reliability: number;
  /** What the caller makes of it: 1 is normal, 2 is to get twice as much, above 0. */
  readonly weight: number;
  /** The share of the wanted features that it has, 0 to 1, as of the NIPs that a request needs; 1 where nothing is wanted. */
  readonly features: number;
}

/**
 * What a {@link BalanceStrategy} knows of the call that the candidates are ranked for.
 *
 * @example
 * ```ts
 * import type { BalanceCall } from 'rx-relay-pool';
 *
 * const call: BalanceCall = { priority: 'high', random: Math.random };
 * ```
 */
export interface BalanceCall {
  readonly priority: Priority;
  /** Draws from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

/**
 * Which candidate to ask first, which one when that fails, and so on.
 *
 * @example
 * ```ts
 * import type { BalanceStrategy } from 'rx-relay-pool';
 *
 * const leastLoaded: BalanceStrategy = {
 *   rank: (candidates) => [...candidates].sort((a, b) => a.inFlight / a.capacity - b.inFlight / b.capacity),
 * };
 * ```
 */
export interface BalanceStrategy {
  /** All of the candidates, the best first. It changes neither the list nor anything else, but for the draws. */
  rank<T extends Balanced>(candidates: readonly T[], call: BalanceCall): readonly T[];
}

/** Clocks count in milliseconds: what takes less is not told apart, and nothing is for nothing. */
const LEAST_COST = 1;

/**
 * The cost of each candidate in milliseconds, at least 1. Those that were not measured count as the median of those that were, so that
 * they are tried without being preferred; where none was, all cost the same.
 */
export function costsOf(candidates: readonly Balanced[]): readonly number[] {
  const measured: number[] = [];
  for (const { cost } of candidates) if (cost !== undefined) measured.push(Math.max(cost, LEAST_COST));
  if (measured.length === candidates.length) return measured;
  measured.sort((a, b) => a - b);
  const prior = measured[Math.floor((measured.length - 1) / 2)] ?? LEAST_COST;
  return candidates.map(({ cost }) => (cost === undefined ? prior : Math.max(cost, LEAST_COST)));
}
