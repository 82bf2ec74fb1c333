import { describe, expect, it } from 'vitest';
import { powerOfTwoChoices } from '../../src/policies/power-of-two-choices.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { aCandidate, keysOf } from '../support/balanced.ts';

const strategy = powerOfTwoChoices();
const rank = (candidates: Parameters<typeof strategy.rank>[0], seed = 1): readonly string[] =>
  keysOf(strategy.rank(candidates, { priority: 'normal', random: seededRandom(seed) }));
/** Of two, both are drawn, whatever the seed. */
const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);

describe('powerOfTwoChoices', () => {
  it.each([
    ['costs less', { cost: 99 }, { cost: 100 }],
    ['has less under way', { inFlight: 2 }, { inFlight: 3 }],
    ['waits less in all', { cost: 50, inFlight: 3 }, { cost: 201, inFlight: 0 }],
    ['weighs more', { cost: 100, weight: 2 }, { cost: 60 }],
    ['is more reliable', { reliability: 1 }, { cost: 60, reliability: 0.5 }],
    ['has more of what is wanted', { features: 1 }, { cost: 1, features: 0 }],
    ['has nothing under way, where both cost nothing', { cost: 0 }, { cost: 0, inFlight: 1 }],
    ['has less under way, where one was not measured', { cost: undefined }, { cost: 1_000, inFlight: 1 }],
    ['has less under way, where the other was not measured', { cost: 1_000 }, { cost: undefined, inFlight: 1 }],
    ['has nothing under way, where neither was measured', { cost: undefined }, { cost: undefined, inFlight: 1 }],
  ])('puts first who %s', (_, better, worse) => {
    for (const seed of SEEDS) {
      expect(rank([aCandidate('better', better), aCandidate('worse', worse)], seed)).toEqual(['better', 'worse']);
      expect(rank([aCandidate('worse', worse), aCandidate('better', better)], seed)).toEqual(['better', 'worse']);
    }
  });

  it('never puts the worst of all first, and the best last neither', () => {
    const candidates = [5, 3, 1, 4, 2].map((n) => aCandidate(`${n}`, { cost: n * 10 }));
    for (const seed of SEEDS) {
      const ranked = rank(candidates, seed);
      expect([ranked[0] === '5', ranked.at(-1) === '1']).toEqual([false, false]);
    }
  });

  it.each([
    ['rising', [10, 20, 30, 40, 50]],
    ['falling', [50, 40, 30, 20, 10]],
  ])('puts each first as often as it is the better of two: costs %s', (_, costs) => {
    const candidates = costs.map((cost) => aCandidate(`${cost}`, { cost }));
    const random = seededRandom(11);
    const counts = new Map<string, number>();
    for (let n = 0; n < 20_000; n++) {
      const key = strategy.rank(candidates, { priority: 'normal', random })[0]?.key ?? '';
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    // Of the ten pairs four have the best of five, three more the second, and none the worst as the better one.
    const chiSquare = [4, 3, 2, 1].reduce((sum, pairs, place) => {
      const expected = 2_000 * pairs;
      return sum + ((counts.get(`${10 * (place + 1)}`) ?? 0) - expected) ** 2 / expected;
    }, 0);
    expect(counts.get('50')).toBeUndefined();
    expect(chiSquare).toBeLessThan(16.3); // 3 degrees of freedom, significance 0.001
  });

  it('takes lists of none and of one', () => {
    expect([rank([]), rank([aCandidate('a')])]).toEqual([[], ['a']]);
  });

  it('draws anew for each call, and changes nothing that it was given', () => {
    const candidates = Object.freeze(['a', 'b', 'c', 'd'].map((key) => Object.freeze(aCandidate(key))));
    const firsts = new Set(SEEDS.map((seed) => rank(candidates, seed)[0]));
    expect(firsts).toEqual(new Set(['a', 'b', 'c', 'd']));
    expect(keysOf(candidates)).toEqual(['a', 'b', 'c', 'd']);
  });
});
