import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quorumOf, type QuorumSize, verdictOfQuorum } from '../../src/policies/quorum.ts';

describe('quorumOf', () => {
  it.each<[QuorumSize, number, number]>([
    [1, 5, 1],
    [3, 5, 3],
    [5, 5, 5],
    [6, 5, 6],
    [1, 0, 1],
    ['majority', 0, 1],
    ['majority', 1, 1],
    ['majority', 2, 2],
    ['majority', 3, 2],
    ['majority', 4, 3],
    ['majority', 5, 3],
    ['all', 0, 1],
    ['all', 1, 1],
    ['all', 5, 5],
  ])('%s of %d is %d', (size, members, needed) => expect(quorumOf(size, members)).toBe(needed));

  it('of a majority is the fewest that are more than the others', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), (members) => {
        const needed = quorumOf('majority', members);
        expect(needed).toBeGreaterThan(members - needed);
        expect(needed - 1).toBeLessThanOrEqual(members - (needed - 1));
      }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity, 2 ** 53])('refuses %d', (size) => {
    expect(() => quorumOf(size, 5)).toThrow(RangeError);
    expect(() => quorumOf(size, 5)).toThrow(`got ${size}.`);
  });

  it.each(['most', '', '2', undefined, null])('refuses %j', (size) => {
    expect(() => quorumOf(size as unknown as QuorumSize, 5)).toThrow(RangeError);
  });
});

describe('verdictOfQuorum', () => {
  it.each([
    [2, 0, 3, 'open'],
    [2, 0, 2, 'open'],
    [2, 0, 1, 'failed'],
    [2, 1, 1, 'open'],
    [2, 1, 0, 'failed'],
    [2, 2, 0, 'met'],
    [2, 2, 5, 'met'],
    [2, 3, 0, 'met'],
    [1, 0, 0, 'failed'],
  ] as const)('of %d, with %d accepted and %d pending, is %s', (needed, accepted, pending, verdict) => {
    expect(verdictOfQuorum(needed, accepted, pending)).toBe(verdict);
  });
});
