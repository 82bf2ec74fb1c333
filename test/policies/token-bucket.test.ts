import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/policies/token-bucket.ts';

describe('TokenBucket', () => {
  it('allows a burst of its capacity, and no more', () => {
    const bucket = new TokenBucket(3, 1);
    expect([1, 2, 3, 4].map(() => bucket.take(1, 0))).toEqual([true, true, true, false]);
  });

  it('fills up over time, to its capacity at most', () => {
    const bucket = new TokenBucket(3, 2);
    bucket.take(3, 1_000);
    expect([bucket.take(1, 1_400), bucket.take(1, 1_500), bucket.take(1, 1_500)]).toEqual([false, true, false]);
    expect(bucket.take(4, 1e9)).toBe(false);
    expect(bucket.take(3, 1e9)).toBe(true);
  });

  it('takes nothing when there is not enough', () => {
    const bucket = new TokenBucket(10, 1);
    expect([bucket.take(11, 0), bucket.take(10, 0), bucket.take(1, 0)]).toEqual([false, true, false]);
  });

  it('does not lose what fills up in small steps', () => {
    const bucket = new TokenBucket(100, 1);
    bucket.take(100, 0);
    for (let now = 0; now < 10_000; now += 125) bucket.take(1_000, now);
    expect(bucket.take(10, 10_000)).toBe(true);
    expect(bucket.take(1, 10_000)).toBe(false);
  });

  it('gives nothing for a clock that goes backwards, and goes on from there', () => {
    const bucket = new TokenBucket(5, 1);
    bucket.take(5, 100_000);
    expect(bucket.take(1, 50_000)).toBe(false);
    expect(bucket.take(1, 51_000)).toBe(true);
  });

  it('allows its rate in the long run, however greedy the taker', () => {
    const bucket = new TokenBucket(50, 8);
    let taken = 0;
    for (let now = 0; now <= 60_000; now += 125) while (bucket.take(1, now)) taken++;
    expect(taken).toBe(50 + 8 * 60);
  });

  it('starts full whatever the clock says then', () => {
    expect(new TokenBucket(5, 1).take(5, -1e12)).toBe(true);
    expect(new TokenBucket(5, 1).take(6, 1e15)).toBe(false);
  });
});
