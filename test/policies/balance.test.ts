import { describe, expect, it } from 'vitest';
import { costsOf } from '../../src/policies/balance.ts';
import { aCandidate } from '../support/balanced.ts';

const costs = (...given: (number | undefined)[]): readonly number[] =>
  costsOf(given.map((cost) => aCandidate('a', { cost })));

describe('costsOf', () => {
  it('are those that were measured, a millisecond at least', () => {
    expect(costs(30, 0, 0.5, 10)).toEqual([30, 1, 1, 10]);
  });

  it('are the median of these where nothing was measured, of two in the middle the lower one', () => {
    expect(costs(undefined, 300, 20, 10)).toEqual([20, 300, 20, 10]);
    expect(costs(40, undefined, 300, 20, 10, undefined)).toEqual([40, 20, 300, 20, 10, 20]);
    expect(costs(70, undefined)).toEqual([70, 70]);
  });

  it('are all the same where none was measured', () => {
    expect(costs(undefined, undefined)).toEqual([1, 1]);
    expect(costs()).toEqual([]);
  });
});
