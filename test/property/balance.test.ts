import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Balanced, BalanceStrategy } from '../../src/policies/balance.ts';
import { PeakEwma } from '../../src/policies/peak-ewma.ts';
import { powerOfTwoChoices } from '../../src/policies/power-of-two-choices.ts';
import { readyOrPanic } from '../../src/policies/ready-or-panic.ts';
import { weightedTop } from '../../src/policies/weighted-top.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { aCandidate, keysOf } from '../support/balanced.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const candidate = fc.record({
  isReady: fc.boolean(),
  inFlight: fc.nat(40),
  capacity: fc.integer({ min: 1, max: 64 }),
  cost: fc.option(fc.double({ min: 0, max: 1e5, noNaN: true }), { nil: undefined }),
  reliability: share,
  weight: fc.double({ min: 0.01, max: 100, noNaN: true }),
  features: share,
});
const candidates = fc
  .array(candidate, { maxLength: 25 })
  .map((all) => all.map((given, at) => aCandidate(`${at}`, given)));
const priority = fc.constantFrom('critical' as const, 'high' as const, 'normal' as const, 'low' as const);

/** Critical values of the chi-square distribution for a significance of 0.001, by degrees of freedom. */
const CRITICAL: Readonly<Record<number, number>> = { 1: 10.8, 4: 18.5, 19: 43.8 };

describe.each<[string, BalanceStrategy]>([
  ['powerOfTwoChoices', powerOfTwoChoices()],
  ['weightedTop', weightedTop()],
])('%s', (_, strategy) => {
  it('gives the eligible ones in another order: none is left out, none comes twice', () => {
    fc.assert(
      fc.property(
        candidates,
        priority,
        share,
        fc.integer(),
        fc.func(fc.boolean()),
        (all, level, threshold, seed, out) => {
          const eligible = readyOrPanic(all, threshold, out);
          const ranked = strategy.rank(eligible, { priority: level, random: seededRandom(seed) });
          expect(ranked).toHaveLength(eligible.length);
          expect(new Set(ranked)).toEqual(new Set(eligible));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives the same picks for the same seed', () => {
    fc.assert(
      fc.property(candidates, priority, fc.integer(), (all, level, seed) => {
        const [one, other] = [seed, seed].map((same) => {
          const random = seededRandom(same);
          return Array.from({ length: 5 }, () => keysOf(strategy.rank(all, { priority: level, random })));
        });
        expect(one).toEqual(other);
      }),
      { numRuns: 200 },
    );
  });

  it.each([2, 5, 20])('chooses uniformly among %i that are equal, measured or not', (count) => {
    for (const cost of [80, undefined]) {
      const equal = Array.from({ length: count }, (__, at) => aCandidate(`${at}`, { cost }));
      const random = seededRandom(count);
      const draws = 20_000;
      const counts = new Array<number>(count).fill(0);
      for (let n = 0; n < draws; n++) {
        const at = Number(strategy.rank(equal, { priority: 'normal', random })[0]?.key);
        counts[at] = (counts[at] ?? 0) + 1;
      }
      const expected = draws / count;
      const chiSquare = counts.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
      expect(chiSquare).toBeLessThan(CRITICAL[count - 1] ?? 0);
    }
  });

  /**
   * Ten candidates of 50 ms, a call every 20 ms, one after the other; one candidate takes a second for each call until `recoversAt`. Says which
   * share of the calls it gets in each ten seconds.
   */
  const sharesOfSlow = (isSlowAt: (now: number) => boolean, seed: number): readonly number[] => {
    const random = seededRandom(seed);
    const views = Array.from({ length: 10 }, (__, at) => ({ key: `${at}`, latency: new PeakEwma() }));
    const counts = new Array<number>(15).fill(0);
    for (let now = 0; now < 150_000; now += 20) {
      const list = views.map((view): Balanced & { readonly latency: PeakEwma } => ({
        ...aCandidate(view.key),
        latency: view.latency,
        cost: view.latency.value(now),
      }));
      const [first] = strategy.rank(list, { priority: 'normal', random });
      if (!first) throw new Error('there is nobody to ask');
      const isSlow = first.key === '0' && isSlowAt(now);
      first.latency.record(isSlow ? 1_000 : 40 + 20 * random(), now);
      if (first.key === '0') counts[Math.floor(now / 10_000)] = (counts[Math.floor(now / 10_000)] ?? 0) + 1;
    }
    return counts.map((count) => count / 500);
  };

  it.each([1, 2, 3])('gives little to one that is slow, and its part again in a minute after (seed %i)', (seed) => {
    const shares = sharesOfSlow((now) => now >= 30_000 && now < 60_000, seed);
    for (const slow of shares.slice(4, 6)) expect(slow).toBeLessThan(0.02);
    // From the last slow answer the memory lasts for 60 s; after that it is one of ten.
    const later = shares.slice(12);
    expect(later.reduce((sum, part) => sum + part, 0) / later.length).toBeGreaterThan(0.05);
  });

  it.each([1, 2])('comes back to one that was slow from the very first call (seed %i)', (seed) => {
    const later = sharesOfSlow((now) => now < 40_000, seed).slice(11);
    expect(later.reduce((sum, part) => sum + part, 0) / later.length).toBeGreaterThan(0.05);
  });
});

describe('readyOrPanic', () => {
  it('lets nobody through who is not ready or is ejected, but in a panic, and then all', () => {
    fc.assert(
      fc.property(candidates, share, fc.func(fc.boolean()), (all, threshold, isEjected) => {
        const result = readyOrPanic(all, threshold, isEjected);
        const ready = all.filter(({ key, isReady }) => isReady && !isEjected(key));
        expect(result).toEqual(ready.length / all.length < threshold ? all : ready);
      }),
      { numRuns: 500 },
    );
  });
});
