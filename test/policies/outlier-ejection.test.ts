import { describe, expect, it } from 'vitest';
import { OutlierEjection, type OutlierEjectionOptions } from '../../src/policies/outlier-ejection.ts';

const EPOCH = 1_700_000_000_000;
const SECOND = 1_000;

/** So many calls of one candidate, of which so many fail, the failures last. */
function calls(ejection: OutlierEjection, key: string, count: number, failures: number, now = EPOCH): void {
  for (let n = 0; n < count; n++) ejection.observe(key, n < count - failures, now);
}

/** As many candidates as there are shares of failures, in percent: each has a hundred calls, in turn with the others, and its failures spread. */
function withShares(shares: Readonly<Record<string, number>>, options: OutlierEjectionOptions = {}): OutlierEjection {
  const ejection = new OutlierEjection(options);
  for (let n = 1; n <= 100; n++) {
    for (const [key, share] of Object.entries(shares)) {
      const failures = (calls: number): number => Math.floor((calls * share) / 100);
      ejection.observe(key, failures(n) === failures(n - 1), EPOCH);
    }
  }
  return ejection;
}

const ejectedOf = (ejection: OutlierEjection, keys: readonly string[], now = EPOCH): readonly string[] =>
  keys.filter((key) => ejection.isEjected(key, now));

describe('OutlierEjection', () => {
  it('ejects who fails where the others do not', () => {
    const ejection = withShares({ a: 0, b: 0, c: 0, d: 50 });
    expect(ejectedOf(ejection, ['a', 'b', 'c', 'd', 'unknown'])).toEqual(['d']);
  });

  it('ejects nobody where all fail alike', () => {
    expect(ejectedOf(withShares({ a: 70, b: 72, c: 75, d: 78 }), ['a', 'b', 'c', 'd'])).toEqual([]);
  });

  it('ejects nobody within the deviations of the others', () => {
    // The others: 10 and 50, mean 30, deviation 20; 1.9 of these reach to 68.
    const isOut = (share: number, options: OutlierEjectionOptions = {}): boolean =>
      withShares({ a: 10, b: 50, c: share }, { difference: 0.01, minimumCalls: 100, ...options }).isEjected('c', EPOCH);
    expect([isOut(67), isOut(69), isOut(67, { deviations: 1.8 }), isOut(69, { deviations: 2 })]).toEqual([false, true, true, false]); // prettier-ignore
  });

  it('ejects nobody who is less than the difference above the others, though these are all alike', () => {
    const isOut = (share: number, options: OutlierEjectionOptions = {}): boolean =>
      withShares({ a: 0, b: 0, c: share }, { minimumCalls: 100, ...options }).isEjected('c', EPOCH);
    expect([isOut(19), isOut(20), isOut(19, { difference: 0.15 })]).toEqual([false, true, true]);
  });

  it('needs a minimum of calls, of the candidate and of the others', () => {
    const few = withShares({ a: 0, b: 0 });
    calls(few, 'c', 19, 19);
    expect(few.isEjected('c', EPOCH)).toBe(false);
    calls(few, 'c', 1, 1);
    expect(few.isEjected('c', EPOCH)).toBe(true);

    const alone = new OutlierEjection();
    calls(alone, 'a', 100, 0);
    calls(alone, 'b', 19, 0);
    calls(alone, 'c', 100, 100);
    expect(alone.isEjected('c', EPOCH)).toBe(false);
    calls(alone, 'b', 1, 0);
    calls(alone, 'c', 1, 1);
    expect(alone.isEjected('c', EPOCH)).toBe(true);
  });

  it('judges when a call fails, not when one succeeds', () => {
    const ejection = new OutlierEjection();
    calls(ejection, 'c', 100, 100);
    for (const key of ['a', 'b']) calls(ejection, key, 100, 0);
    calls(ejection, 'c', 1, 0);
    expect(ejection.isEjected('c', EPOCH)).toBe(false);
    calls(ejection, 'c', 1, 1);
    expect(ejection.isEjected('c', EPOCH)).toBe(true);
  });

  it('forgets calls after the window', () => {
    const ejection = new OutlierEjection({ window: 10 * SECOND });
    calls(ejection, 'c', 30, 30);
    for (const key of ['a', 'b']) calls(ejection, key, 100, 0, EPOCH + 11 * SECOND);
    calls(ejection, 'c', 20, 1, EPOCH + 11 * SECOND);
    expect(ejection.isEjected('c', EPOCH + 11 * SECOND)).toBe(false);
  });

  describe('lets who was ejected return', () => {
    const others = (ejection: OutlierEjection, now: number): void => {
      for (const key of ['a', 'b', 'd']) calls(ejection, key, 20, 0, now);
    };
    /** When an ejection that begins at `from` is over. */
    const ejectAt = (ejection: OutlierEjection, from: number): number => {
      others(ejection, from);
      calls(ejection, 'c', 20, 20, from);
      expect(ejection.isEjected('c', from)).toBe(true);
      let until = from;
      while (ejection.isEjected('c', until)) until += SECOND;
      return until;
    };

    it('after the base time, longer each time, up to the maximum', () => {
      const ejection = new OutlierEjection({ baseTime: 10 * SECOND, maximumTime: 25 * SECOND });
      let now = EPOCH;
      const lengths = [1, 2, 3, 4].map(() => {
        const until = ejectAt(ejection, now);
        const length = until - now;
        now = until;
        return length / SECOND;
      });
      expect(lengths).toEqual([10, 20, 25, 25]);
    });

    it('for less when it was well for a while', () => {
      const ejection = new OutlierEjection({ baseTime: 10 * SECOND });
      let now = EPOCH;
      for (let n = 0; n < 3; n++) now = ejectAt(ejection, now);
      const again = now + 25 * SECOND; // two times the base time
      expect(ejectAt(ejection, again) - again).toBe(20 * SECOND);
      const much = again + 3_600 * SECOND;
      expect(ejectAt(ejection, much) - much).toBe(10 * SECOND);
    });

    it('with an empty window, and without what was still under way', () => {
      const ejection = new OutlierEjection({ baseTime: 5 * SECOND });
      others(ejection, EPOCH);
      calls(ejection, 'c', 70, 70, EPOCH);
      calls(ejection, 'c', 50, 50, EPOCH + 4_999);
      const until = EPOCH + 5_000;
      expect([ejection.isEjected('c', until - 1), ejection.isEjected('c', until)]).toEqual([true, false]);
      others(ejection, until);
      calls(ejection, 'c', 19, 19, until);
      expect(ejection.isEjected('c', until)).toBe(false);
      calls(ejection, 'c', 1, 1, until);
      expect(ejection.isEjected('c', until)).toBe(true);
    });
  });

  describe('ejects no more than its cap', () => {
    const many = (count: number, failing: number, options?: OutlierEjectionOptions): readonly string[] => {
      const keys = Array.from({ length: count }, (_, at) => `${at}`);
      const shares = keys.map((key, at): [string, number] => [key, at < failing ? 90 : 0]);
      return ejectedOf(withShares(Object.fromEntries(shares), options), keys);
    };

    it.each([
      [10, 3],
      [13, 3],
      [20, 6],
    ])('of %i candidates %i', (count, most) => {
      expect(many(count, most + 1, { deviations: 0 })).toHaveLength(most);
    });

    it('one of three, none of two', () => {
      expect(many(3, 1)).toHaveLength(1);
      expect(many(2, 1, { maximumEjected: 0.4 })).toHaveLength(0);
    });

    it('as many as it is told, none with 0', () => {
      expect(many(10, 6, { maximumEjected: 0.5, deviations: 0 })).toHaveLength(5);
      expect(many(10, 1, { maximumEjected: 0 })).toHaveLength(0);
    });

    it('also when others are forgotten: the first to return returns now', () => {
      const keys = Array.from({ length: 10 }, (_, at) => `${at}`);
      const ejection = new OutlierEjection({ deviations: 0 });
      for (const key of keys) calls(ejection, key, 100, 0);
      for (const [at, key] of ['2', '0', '1'].entries()) calls(ejection, key, 100, 100, EPOCH + at);
      expect(ejectedOf(ejection, keys, EPOCH + 3)).toEqual(['0', '1', '2']);
      ejection.forget('9', EPOCH + 3);
      expect(ejectedOf(ejection, keys, EPOCH + 3)).toEqual(['0', '1']);
      for (const key of ['8', '7', '6']) ejection.forget(key, EPOCH + 3);
      expect(ejectedOf(ejection, keys, EPOCH + 3)).toEqual(['1']);
      ejection.forget('1', EPOCH + 3);
      expect(ejectedOf(ejection, keys, EPOCH + 3)).toEqual([]);
    });
  });

  it('remembers so many candidates, and forgets who was observed least recently', () => {
    const ejection = new OutlierEjection({ capacity: 4 });
    for (const key of ['a', 'b', 'c']) calls(ejection, key, 100, 0);
    calls(ejection, 'd', 100, 100);
    expect(ejection.isEjected('d', EPOCH)).toBe(true);
    for (const key of ['c', 'b', 'a']) calls(ejection, key, 1, 0);
    calls(ejection, 'e', 1, 0);
    expect(ejection.isEjected('d', EPOCH)).toBe(false);
  });

  it('takes no harm from a clock that is set back', () => {
    const ejection = withShares({ a: 0, b: 0, c: 90 });
    expect(ejection.isEjected('c', EPOCH - 3_600 * SECOND)).toBe(true);
    expect(ejection.isEjected('c', EPOCH - 3_600 * SECOND + 29_999)).toBe(true);
    expect(ejection.isEjected('c', EPOCH - 3_600 * SECOND + 30_000)).toBe(false);
  });

  it.each<OutlierEjectionOptions>([
    { window: 0 },
    { window: Infinity },
    { minimumCalls: 0 },
    { minimumCalls: 1.5 },
    { deviations: -1 },
    { deviations: Number.NaN },
    { difference: 0 },
    { difference: 1.1 },
    { baseTime: 0 },
    { baseTime: Infinity },
    { maximumTime: 29_999 },
    { maximumTime: Infinity },
    { maximumEjected: -0.1 },
    { maximumEjected: 1.1 },
    { capacity: 0 },
    { capacity: Infinity },
  ])('refuses %o', (options) => {
    expect(() => new OutlierEjection(options)).toThrow(RangeError);
  });
});
