import { describe, expect, it } from 'vitest';
import type { Priority } from '../../src/policies/queue-outcome.ts';
import { weightedTop, type WeightedTopOptions } from '../../src/policies/weighted-top.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { aCandidate, keysOf } from '../support/balanced.ts';

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);
/** Without a draw among the best, so that the order is that of the scores. */
const BY_SCORE: WeightedTopOptions = { k: 1, tries: 0 };

const rank = (
  candidates: readonly ReturnType<typeof aCandidate>[],
  options: WeightedTopOptions = BY_SCORE,
  seed = 1,
  priority: Priority = 'normal',
): readonly string[] => keysOf(weightedTop(options).rank(candidates, { priority, random: seededRandom(seed) }));

describe('weightedTop', () => {
  it.each([
    ['is more reliable', { reliability: 0.9 }, { reliability: 0.8 }],
    ['has more of its capacity free', { inFlight: 4, capacity: 10, cost: 60 }, { inFlight: 2, capacity: 4, cost: 100 }],
    ['is faster', { cost: 80 }, { cost: 100 }],
    ['waits less with what is under way before it', { cost: 100, inFlight: 0 }, { cost: 60, inFlight: 1 }],
    ['has more of what is wanted', { features: 1 }, { features: 0.5 }],
    ['weighs more', { weight: 2, reliability: 0.6 }, { weight: 1 }],
    // 40 × 1 + 30 + 20 × 50/100 against 40 × 0.7 + 30 + 20, and against 40 × 0.8 + 30 + 20.
    ['has reliability that outweighs latency', { reliability: 1, cost: 100 }, { reliability: 0.7, cost: 50 }],
    ['has latency that outweighs reliability', { reliability: 0.8, cost: 50 }, { reliability: 1, cost: 100 }],
  ])('puts first who %s', (_, better, worse) => {
    for (const seed of SEEDS) {
      const pair = [aCandidate('better', better), aCandidate('worse', worse)];
      expect(rank(pair, BY_SCORE, seed)).toEqual(['better', 'worse']);
      expect(rank(pair.reverse(), BY_SCORE, seed)).toEqual(['better', 'worse']);
    }
  });

  it('adds: one factor that is nothing does not decide', () => {
    const broken = aCandidate('fast, but full', { inFlight: 16, cost: 1 });
    const others = [aCandidate('unreliable', { reliability: 0, cost: 17, inFlight: 0 })];
    // 40 + 0 + 20 + 10 against 0 + 30 + 20 + 10.
    expect(rank([broken, ...others])).toEqual(['fast, but full', 'unreliable']);
  });

  it('takes an overfull candidate for a full one', () => {
    const [full, overfull] = [
      aCandidate('full', { inFlight: 4, capacity: 4 }),
      aCandidate('over', { inFlight: 8, capacity: 4 }),
    ];
    const options = { ...BY_SCORE, weights: { latency: 0 } };
    expect(new Set(SEEDS.map((seed) => rank([full, overfull], options, seed)[0]))).toEqual(new Set(['full', 'over']));
  });

  it('takes the weights that it is given', () => {
    const [fast, sure] = [aCandidate('fast', { cost: 10, reliability: 0.5 }), aCandidate('sure', { cost: 100 })];
    expect(rank([fast, sure])).toEqual(['sure', 'fast']);
    expect(rank([fast, sure], { ...BY_SCORE, weights: { latency: 60 } })).toEqual(['fast', 'sure']);
    expect(rank([fast, sure], { ...BY_SCORE, weights: { reliability: 0 } })).toEqual(['fast', 'sure']);
  });

  it('draws among the best three by their scores, and leaves the others in order', () => {
    const candidates = [30, 10, 50, 20, 40].map((cost) => aCandidate(`${cost}`, { cost }));
    const orders = SEEDS.map((seed) => rank(candidates, { tries: 0 }, seed));
    for (const order of orders) expect([[...order.slice(0, 3)].sort(), order.slice(3)]).toEqual([['10', '20', '30'], ['40', '50']]); // prettier-ignore
    expect(new Set(orders.map(([first]) => first))).toEqual(new Set(['10', '20', '30']));
  });

  it('draws the better ones more often', () => {
    const candidates = [aCandidate('good', { weight: 4 }), aCandidate('fair', { weight: 1 })];
    const random = seededRandom(7);
    const strategy = weightedTop({ tries: 0 });
    let good = 0;
    for (let n = 0; n < 10_000; n++) {
      if (strategy.rank(candidates, { priority: 'low', random })[0]?.key === 'good') good++;
    }
    // Four fifths, within four standard deviations of 40.
    expect(Math.abs(good - 8_000)).toBeLessThan(160);
  });

  it.each<Priority>(['high', 'critical'])('puts the least loaded of the best first for %s', (priority) => {
    const candidates = [aCandidate('a', { inFlight: 3 }), aCandidate('b', { inFlight: 1 }), aCandidate('c', { inFlight: 2 }), aCandidate('d', { reliability: 0 })]; // prettier-ignore
    for (const seed of SEEDS) expect(rank(candidates, {}, seed, priority)).toEqual(['b', 'c', 'a', 'd']);
    const equal = [aCandidate('a'), aCandidate('b')];
    expect(new Set(SEEDS.map((seed) => rank(equal, {}, seed, priority)[0]))).toEqual(new Set(['a', 'b']));
  });

  describe('with candidates that were not measured', () => {
    const measured = [10, 20, 30, 40].map((cost) => aCandidate(`${cost}`, { cost }));
    const unknown = aCandidate('new', { cost: undefined });

    it('takes them for one in the middle', () => {
      for (const seed of SEEDS) {
        const ranked = rank([...measured, unknown], BY_SCORE, seed);
        expect([ranked[0], [...ranked.slice(1, 3)].sort(), ranked.slice(3)]).toEqual([
          '10',
          ['20', 'new'],
          ['30', '40'],
        ]);
      }
    });

    it('tries one every so often, for calls that are not urgent', () => {
      const bad = aCandidate('new', { cost: undefined, reliability: 0 });
      const tried = (priority: Priority, tries?: number): number =>
        Array.from({ length: 2_000 }, (_, seed) => rank([...measured, bad], { tries }, seed, priority)[0]).filter(
          (first) => first === 'new',
        ).length;
      // 100, within four standard deviations of 10.
      expect(Math.abs(tried('normal') - 100)).toBeLessThan(40);
      expect([tried('low', 1), tried('normal', 0), tried('high', 1), tried('critical', 1)]).toEqual([2_000, 0, 0, 0]);
    });

    it('tries one call at a time', () => {
      const busy = aCandidate('busy', { cost: undefined, inFlight: 1, reliability: 0 });
      for (const seed of SEEDS) {
        expect(rank([...measured, busy], { k: 1, tries: 1 }, seed)[0]).toBe('10');
        expect(rank([...measured, busy, unknown], { k: 1, tries: 1 }, seed)[0]).toBe('new');
      }
    });

    it('tries each of them', () => {
      const several = ['a', 'b', 'c'].map((key) => aCandidate(key, { cost: undefined, reliability: 0 }));
      const firsts = SEEDS.map((seed) => rank([...measured, ...several], { tries: 1 }, seed)[0]);
      expect(new Set(firsts)).toEqual(new Set(['a', 'b', 'c']));
    });
  });

  it('takes lists of none and of one, and changes nothing that it was given', () => {
    const candidates = Object.freeze(['a', 'b', 'c', 'd'].map((key) => Object.freeze(aCandidate(key))));
    expect([rank([], {}), rank([aCandidate('a')], {})]).toEqual([[], ['a']]);
    expect(rank(candidates, { tries: 1 })).toHaveLength(4);
    expect(keysOf(candidates)).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each<WeightedTopOptions>([
    { k: 0 },
    { k: 1.5 },
    { k: Number.NaN },
    { tries: -0.1 },
    { tries: 1.1 },
    { tries: Number.NaN },
    { weights: { load: -1 } },
    { weights: { latency: Infinity } },
    { weights: { features: Number.NaN } },
    { weights: { reliability: 0, load: 0, latency: 0, features: 0 } },
  ])('refuses %o', (options) => {
    expect(() => weightedTop(options)).toThrow(RangeError);
  });
});
