import { describe, expect, it } from 'vitest';
import { median } from '../../src/policies/median.ts';

describe('median', () => {
  it.each<[(number | undefined)[], number | undefined]>([
    [[], undefined],
    [[undefined, Number.NaN], undefined],
    [[7], 7],
    [[100, 9, 20], 20],
    [[4, 1], 2.5],
    [[undefined, 3, Number.NaN, 1, undefined, 2], 2],
    [[0, Infinity], Infinity],
  ])('of %j is %s', (values, middle) => {
    expect(median(values)).toBe(middle);
  });

  it('leaves the values alone', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});
