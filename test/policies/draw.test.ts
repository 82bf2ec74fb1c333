import { describe, expect, it } from 'vitest';
import { drawToEnd, shuffled, weightedOrder } from '../../src/policies/draw.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';

/** Critical value of the chi-square distribution with 5 degrees of freedom for a significance of 0.001. */
const CRITICAL = 20.5;

function chiSquare(draw: () => string, expected: Readonly<Record<string, number>>, draws: number): number {
  const counts = new Map<string, number>();
  for (let n = 0; n < draws; n++) {
    const drawn = draw();
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(Object.keys(expected).sort());
  return Object.entries(expected).reduce((sum, [drawn, share]) => {
    return sum + ((counts.get(drawn) ?? 0) - share * draws) ** 2 / (share * draws);
  }, 0);
}

describe('shuffled', () => {
  it('gives each order as often, and leaves the list as it is', () => {
    const random = seededRandom(1);
    const items = Object.freeze(['a', 'b', 'c']);
    const all = Object.fromEntries(['abc', 'acb', 'bac', 'bca', 'cab', 'cba'].map((order) => [order, 1 / 6]));
    expect(chiSquare(() => shuffled(items, random).join(''), all, 20_000)).toBeLessThan(CRITICAL);
  });

  it('takes nothing and one', () => {
    expect([shuffled([], () => 0), shuffled(['a'], () => 0.99)]).toEqual([[], ['a']]);
  });
});

describe('drawToEnd', () => {
  it('moves the one that is drawn to the last place of those that take part', () => {
    const items = ['a', 'b', 'c', 'd'];
    drawToEnd(items, 3, () => 0);
    expect(items).toEqual(['c', 'b', 'a', 'd']);
    drawToEnd(items, 3, () => 0.999);
    expect(items).toEqual(['c', 'b', 'a', 'd']);
  });

  it('stays within the list when a source of chance draws 1', () => {
    const items = ['a', 'b'];
    drawToEnd(items, 2, () => 1);
    expect(items).toEqual(['a', 'b']);
  });
});

describe('weightedOrder', () => {
  it('draws each by its share of the weights that are left', () => {
    const random = seededRandom(2);
    const weights: Readonly<Record<string, number>> = { a: 6, b: 3, c: 1 };
    const items = Object.freeze(Object.keys(weights));
    const expected = {
      abc: (6 / 10) * (3 / 4),
      acb: (6 / 10) * (1 / 4),
      bac: (3 / 10) * (6 / 7),
      bca: (3 / 10) * (1 / 7),
      cab: (1 / 10) * (6 / 9),
      cba: (1 / 10) * (3 / 9),
    };
    const draw = (): string => weightedOrder(items, (item) => weights[item] ?? 0, random).join('');
    expect(chiSquare(draw, expected, 20_000)).toBeLessThan(CRITICAL);
  });

  it('leaves nobody out, whatever the weights and the draws', () => {
    for (const draw of [0, 0.5, 1 - 2 ** -53, 1]) {
      expect(weightedOrder(['a', 'b', 'c'], () => 0.1, () => draw).sort()).toEqual(['a', 'b', 'c']); // prettier-ignore
      expect(weightedOrder(['a', 'b'], () => 0, () => draw).sort()).toEqual(['a', 'b']); // prettier-ignore
    }
  });
});
