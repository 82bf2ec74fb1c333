import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlidingWindow } from '../../src/policies/sliding-window.ts';

describe('SlidingWindow', () => {
  it('sums what was added, each counter apart', () => {
    const window = new SlidingWindow(100, 10, 2);
    window.add(0, 0);
    window.add(5, 0);
    window.add(5, 1, 3);
    expect([window.sum(5, 0), window.sum(5, 1)]).toEqual([2, 3]);
  });

  it('forgets a bucket when the window has passed it, and not before', () => {
    const window = new SlidingWindow(100, 10, 1);
    window.add(9, 0);
    window.add(10, 0);
    expect(window.sum(99, 0)).toBe(2);
    expect(window.sum(100, 0)).toBe(1);
    expect(window.sum(109, 0)).toBe(1);
    expect(window.sum(110, 0)).toBe(0);
  });

  it.each([100, 101, 1_000, 12_345_678])('holds nothing %i ms later', (later) => {
    const window = new SlidingWindow(100, 10, 1);
    window.add(0, 0, 7);
    expect(window.sum(later, 0)).toBe(0);
    window.add(later, 0);
    expect(window.sum(later, 0)).toBe(1);
  });

  it('takes what comes late, by a clock that did not go on, for the current bucket', () => {
    const window = new SlidingWindow(100, 10, 1);
    window.add(50, 0);
    window.add(20, 0);
    expect(window.sum(20, 0)).toBe(2);
    expect(window.sum(149, 0)).toBe(2);
    expect(window.sum(150, 0)).toBe(0);
  });

  it('is empty after clear, and counts on', () => {
    const window = new SlidingWindow(100, 10, 1);
    window.add(42, 0);
    window.clear();
    expect(window.sum(42, 0)).toBe(0);
    window.add(43, 0);
    expect(window.sum(60, 0)).toBe(1);
    expect(window.sum(140, 0)).toBe(0);
  });

  it('agrees with a list of everything, for any history', () => {
    const step = fc.record({ after: fc.oneof(fc.nat(40), fc.nat(400)), counter: fc.nat(1), amount: fc.nat(9) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(step, { maxLength: 60 }),
        (buckets, length, steps) => {
          const window = new SlidingWindow(buckets * length, buckets, 2);
          const all: { bucket: number; counter: number; amount: number }[] = [];
          let time = 0;
          for (const { after, counter, amount } of steps) {
            time += after;
            window.add(time, counter, amount);
            const bucket = Math.floor(time / length);
            all.push({ bucket, counter, amount });
            for (const asked of [0, 1]) {
              const within = all.filter((one) => one.counter === asked && bucket - one.bucket < buckets);
              expect(window.sum(time, asked)).toBe(within.reduce((sum, one) => sum + one.amount, 0));
            }
          }
        },
      ),
    );
  });

  it.each([
    [0, 10, 1],
    [Number.NaN, 10, 1],
    [Infinity, 10, 1],
    [100, 0, 1],
    [100, 1.5, 1],
    [100, 10, 0],
  ])('refuses (%d, %d, %d)', (window, buckets, counters) => {
    expect(() => new SlidingWindow(window, buckets, counters)).toThrow(RangeError);
  });
});
