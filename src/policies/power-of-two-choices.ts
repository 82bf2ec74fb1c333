import { type Balanced, type BalanceStrategy, costsOf } from './balance.ts';
import { drawToEnd } from './draw.ts';

/**
 * Draws two candidates and takes the better one; then two of those that are left, and so on. The better one is expected to have done what is
 * under way and one call more in less time: `cost × (inFlight + 1)`, divided by weight, by the share of calls that succeed and by the
 * share of the wanted features.
 *
 * Two draws already keep the longest queue exponentially shorter than one (Michael Mitzenmacher, "The Power of Two Choices in Randomized
 * Load Balancing", 2001). The draw also keeps callers who know the same from all running to the same candidate.
 *
 * A candidate that was not measured counts as the median of those that were. The priority of the call makes no difference.
 *
 * @example
 * ```ts
 * import { type Balanced, powerOfTwoChoices } from 'rx-relay-pool';
 *
 * declare const relays: readonly Balanced[];
 * const [first, second] = powerOfTwoChoices().rank(relays, { priority: 'normal', random: Math.random });
 * console.log(`ask ${first?.key}, and ${second?.key} if it fails`);
 * ```
 */
export function powerOfTwoChoices(): BalanceStrategy {
  return {
    rank: (candidates, { random }) => {
      const costs = costsOf(candidates);
      const entries = candidates.map((candidate, at) => ({ candidate, load: loadOf(candidate, costs[at] ?? 0) }));
      // Of the two that are drawn to the end of those that are left, the better one stays there: the order comes out from behind.
      for (let left = entries.length; left > 1; left--) {
        drawToEnd(entries, left, random);
        drawToEnd(entries, left - 1, random);
        const [one, other] = [entries[left - 2], entries[left - 1]];
        if (one && other && one.load < other.load) {
          entries[left - 2] = other;
          entries[left - 1] = one;
        }
      }
      return entries.reverse().map(({ candidate }) => candidate);
    },
  };
}

function loadOf({ inFlight, weight, reliability, features }: Balanced, cost: number): number {
  return (cost * (inFlight + 1)) / (weight * reliability * features);
}
