import { type Balanced, type BalanceStrategy, costsOf } from './balance.ts';
import { shuffled, weightedOrder } from './draw.ts';

/**
 * What each factor of {@link weightedTop} weighs. Only their ratios count.
 *
 * @example
 * ```ts
 * import type { ScoreWeights } from 'rx-relay-pool';
 *
 * const speedFirst: ScoreWeights = { latency: 60, load: 30, reliability: 10, features: 0 };
 * ```
 */
export interface ScoreWeights {
  /** The share of the calls that succeed. @default 40 */
  readonly reliability?: number | undefined;
  /** The share of the capacity that is free. @default 30 */
  readonly load?: number | undefined;
  /** The shortest expected wait of all candidates divided by its own, where a wait is cost × (calls under way + 1). @default 20 */
  readonly latency?: number | undefined;
  /** The share of the wanted features that it has. @default 10 */
  readonly features?: number | undefined;
}

/**
 * What {@link weightedTop} can be told.
 *
 * @example
 * ```ts
 * import { weightedTop, type WeightedTopOptions } from 'rx-relay-pool';
 *
 * const options: WeightedTopOptions = { k: 5, weights: { latency: 60 } };
 * const strategy = weightedTop(options);
 * ```
 */
export interface WeightedTopOptions {
  /** How many of the best are drawn from, a whole number above 0. @default 3 */
  readonly k?: number | undefined;
  readonly weights?: ScoreWeights | undefined;
  /**
   * How often a candidate that was not measured is put first where there is one with nothing under way: a share of the calls of priority `normal`
   * and `low`, from 0 to 1.
   *
   * @default 0.05
   */
  readonly tries?: number | undefined;
}

type CompleteWeights = { readonly [Name in keyof ScoreWeights]-?: number };

interface Scored<T> {
  readonly candidate: T;
  readonly score: number;
}

/**
 * Gives each candidate a score, and puts the best `k` first in the order of a weighted draw; the others follow by their score.
 *
 * The score is a weighted sum of four factors from 0 to 1, times the weight of the candidate: reliability, free capacity, latency relative to
 * the best candidate, features. A sum, so that one bad factor costs what it weighs and no more. The latency is what a call may have to wait with
 * those under way before it, as a fast candidate with a queue is not fast. Equal scores come in random order.
 *
 * For calls of priority `high` and `critical` the best `k` come in the order of their load, the least loaded first. A candidate that was not
 * measured counts as the median of those that were, and is tried every so often.
 *
 * @throws RangeError at once for an option out of its range.
 *
 * @example
 * ```ts
 * import { type Balanced, weightedTop } from 'rx-relay-pool';
 *
 * declare const relays: readonly Balanced[];
 * const strategy = weightedTop({ k: 3, weights: { reliability: 40, load: 30, latency: 20, features: 10 } });
 * const [first] = strategy.rank(relays, { priority: 'high', random: Math.random });
 * console.log(`ask ${first?.key}`);
 * ```
 */
export function weightedTop(options: WeightedTopOptions = {}): BalanceStrategy {
  const { k = 3, tries = 0.05 } = options;
  const weights = completeWeights(options.weights ?? {});
  if (!(Number.isSafeInteger(k) && k > 0))
    throw new RangeError(`weightedTop: 'k' must be a whole number above 0; got ${k}.`);
  if (!(tries >= 0 && tries <= 1)) throw new RangeError(`weightedTop: 'tries' must be from 0 to 1; got ${tries}.`);
  return {
    rank: (candidates, { priority, random }) => {
      const isUrgent = priority === 'high' || priority === 'critical';
      const ranked = scoresOf(shuffled(candidates, random), weights).sort((a, b) => b.score - a.score);
      const top = weightedOrder(ranked.slice(0, k), ({ score }) => score, random);
      if (isUrgent) top.sort((a, b) => loadOf(a.candidate) - loadOf(b.candidate));
      const result = [...top, ...ranked.slice(k)].map(({ candidate }) => candidate);
      return !isUrgent && random() < tries ? withTryFirst(result, random) : result;
    },
  };
}

/**
 * The score of each candidate as {@link weightedTop} has it by default, in their order: 0 to 100, times the candidate's weight.
 */
export function defaultScores(candidates: readonly Balanced[]): readonly number[] {
  return scoresOf(candidates, completeWeights({})).map(({ score }) => score);
}

function scoresOf<T extends Balanced>(candidates: readonly T[], weights: CompleteWeights): Scored<T>[] {
  const costs = costsOf(candidates);
  const waits = candidates.map(({ inFlight }, at) => (costs[at] ?? 0) * (inFlight + 1));
  const best = Math.min(...waits);
  return candidates.map((candidate, at) => {
    const { reliability, features, weight } = candidate;
    const sum =
      weights.reliability * reliability +
      weights.load * Math.max(0, 1 - loadOf(candidate)) +
      (weights.latency * best) / (waits[at] ?? best) +
      weights.features * features;
    return { candidate, score: weight * sum };
  });
}

const loadOf = ({ inFlight, capacity }: Balanced): number => inFlight / capacity;

/** One at a time: what was not measured may take for ever. */
function withTryFirst<T extends Balanced>(ranked: T[], random: () => number): T[] {
  const [tried] = shuffled(
    ranked.filter(({ cost, inFlight }) => cost === undefined && inFlight === 0),
    random,
  );
  return tried ? [tried, ...ranked.filter((candidate) => candidate !== tried)] : ranked;
}

function completeWeights(given: ScoreWeights): CompleteWeights {
  const { reliability = 40, load = 30, latency = 20, features = 10 } = given;
  const weights = { reliability, load, latency, features };
  for (const [name, weight] of Object.entries(weights)) {
    if (weight >= 0 && weight < Infinity) continue;
    throw new RangeError(`weightedTop: the weight of '${name}' must be a number from 0; got ${weight}.`);
  }
  if (reliability + load + latency + features > 0) return weights;
  throw new RangeError('weightedTop: at least one weight must be above 0; got 0 for all.');
}
