import { describe, expect, it } from 'vitest';
import { HistogramWindow } from '../../src/policies/histogram-window.ts';
import { LoadLimit, type LoadLimitOptions } from '../../src/policies/load-limit.ts';

const [FAST, SLOW] = [100, 6_000];
const EPOCH = 1_700_000_000_000;

/** What the limit comes to after each of the readings, a second apart. */
function run(readings: readonly (number | undefined)[], options: LoadLimitOptions = {}): number[] {
  const limit = new LoadLimit(options);
  return readings.map((p95, second) => {
    limit.update(p95, EPOCH + second * 1_000);
    return limit.permits;
  });
}

describe('LoadLimit', () => {
  it('lets the maximum run while nothing is slow', () => {
    const limit = new LoadLimit();
    expect(limit).toMatchObject({ permits: 64, weight: 1, isReduced: false });
    expect(run([FAST, undefined, FAST, 5_000])).toEqual([64, 64, 64, 64]);
  });

  it('halves the limit when it is slow, with the first reading, and says so', () => {
    const limit = new LoadLimit();
    expect(limit.update(5_001, EPOCH)).toBe(true);
    expect(limit).toMatchObject({ permits: 32, weight: 0.5, isReduced: true });
  });

  it('adds one an interval when it is fast again, up to the maximum', () => {
    expect(run([SLOW, FAST, FAST, FAST, FAST, FAST, FAST], { maximum: 8 })).toEqual([4, 5, 6, 7, 8, 8, 8]);
  });

  it('takes what was not measured for not slow', () => {
    expect(run([SLOW, undefined, undefined, Number.NaN], { maximum: 8 })).toEqual([4, 5, 6, 7]);
  });

  it('decides once an interval, and says cheaply when it would', () => {
    const limit = new LoadLimit({ maximum: 8 });
    expect(limit.isDue(EPOCH)).toBe(true);
    limit.update(SLOW, EPOCH);
    expect(limit.isDue(EPOCH)).toBe(false);
    expect([limit.isDue(EPOCH + 999), limit.update(FAST, EPOCH + 999), limit.permits]).toEqual([false, false, 4]);
    expect([limit.isDue(EPOCH + 1_000), limit.update(FAST, EPOCH + 1_000), limit.permits]).toEqual([true, true, 5]);
    expect(limit.update(FAST, EPOCH + 1_000)).toBe(false);
  });

  it('catches up after a quiet time', () => {
    const limit = new LoadLimit();
    limit.update(SLOW, EPOCH);
    expect([limit.update(FAST, EPOCH + 20_000), limit.permits]).toEqual([true, 52]);
    expect([limit.update(FAST, EPOCH + 1e9), limit.permits]).toEqual([true, 64]);
    expect([limit.update(FAST, EPOCH + 2e9), limit.permits]).toEqual([false, 64]);
  });

  it('does not catch up on time that was slow', () => {
    const limit = new LoadLimit();
    limit.update(SLOW, EPOCH);
    limit.update(SLOW, EPOCH + 9_000);
    limit.update(FAST, EPOCH + 10_000);
    expect(limit.permits).toBe(33);
  });

  it('adds up parts of a permit, and shows whole ones', () => {
    expect(run([SLOW, FAST, FAST, FAST, FAST], { maximum: 8, increase: 0.5 })).toEqual([4, 4, 5, 5, 6]);
    expect(run([SLOW], { maximum: 5 })).toEqual([2]);
  });

  it('says true only when the whole number changed', () => {
    const limit = new LoadLimit({ maximum: 8, increase: 0.5 });
    limit.update(SLOW, EPOCH);
    expect([1, 2].map((second) => limit.update(FAST, EPOCH + second * 1_000))).toEqual([false, true]);
  });

  it('never goes below the minimum', () => {
    const worse = [1, 2, 4, 8, 16, 32].flatMap((factor) => Array<number>(10).fill(SLOW * factor));
    expect(run(worse, { maximum: 16, minimum: 3 }).at(-1)).toBe(3);
    expect(run(worse, { maximum: 2 }).at(-1)).toBe(1);
    expect(run(worse, { maximum: 1 })).not.toContain(0);
  });

  describe('does not count the same slow calls twice:', () => {
    it('a percentile that stays slow reduces once a window', () => {
      const permits = run(Array<number>(125).fill(SLOW));
      expect([permits[0], permits[59], permits[60], permits[119], permits[120]]).toEqual([32, 32, 16, 16, 8]);
    });

    it('one that gets twice as slow reduces again, but not within the cooldown', () => {
      const permits = run([SLOW, ...Array<number>(30).fill(SLOW * 2)]);
      expect([permits[9], permits[10], permits[30]]).toEqual([32, 16, 16]);
      expect(run([SLOW, ...Array<number>(30).fill(SLOW * 1.9)])[30]).toBe(32);
    });

    it('one that was fast in between reduces again, but not within the cooldown', () => {
      const permits = run([SLOW, FAST, ...Array<number>(10).fill(SLOW)]);
      expect([permits[1], permits[9], permits[10]]).toEqual([33, 33, 16]);
    });

    it('a window that remembers a slow spell of five seconds for a minute does not take it to the minimum', () => {
      const latencies = new HistogramWindow({ window: 60_000 });
      const limit = new LoadLimit();
      let [least, slowDecisions] = [64, 0];
      for (let now = 0; now < 180_000; now += 100) {
        const isSlow = now >= 60_000 && now < 65_000;
        latencies.record(isSlow ? 8_000 : 50, now);
        if (!limit.isDue(now)) continue;
        const p95 = latencies.percentile(95, now);
        if ((p95 ?? 0) > 5_000) slowDecisions++;
        limit.update(p95, now);
        least = Math.min(least, limit.permits);
      }
      expect(slowDecisions).toBeGreaterThan(50);
      expect(least).toBe(32);
      expect(limit.isReduced).toBe(false);
    });
  });

  it('finds the load that something carries, from above and again', () => {
    const limit = new LoadLimit({ window: 0, cooldown: 0 });
    const carries = 20;
    const seen: number[] = [];
    for (let second = 0; second < 500; second++) {
      limit.update(limit.permits > carries ? SLOW : FAST, second * 1_000);
      if (second > 50) seen.push(limit.permits);
    }
    expect(Math.max(...seen)).toBe(carries + 1);
    expect(Math.min(...seen)).toBe(10);
  });

  it('is not harmed by a clock that is set back', () => {
    const limit = new LoadLimit({ maximum: 8 });
    limit.update(SLOW, EPOCH);
    expect(limit.update(FAST, EPOCH - 3_600_000)).toBe(false);
    expect(limit.isDue(EPOCH - 3_600_000 + 999)).toBe(false);
    expect([limit.update(FAST, EPOCH - 3_600_000 + 1_000), limit.permits]).toEqual([true, 5]);
  });

  it('never decreases with an endless threshold', () => {
    expect(run([1e9], { threshold: Infinity })).toEqual([64]);
  });

  it.each<[keyof LoadLimitOptions, readonly number[]]>([
    ['minimum', [0, 1.5, -1, Number.NaN, Infinity]],
    ['maximum', [0, 2.5, Number.NaN, Infinity]],
    ['threshold', [0, -1, Number.NaN]],
    ['decrease', [0, 1, -1, Number.NaN]],
    ['increase', [0, -1, Number.NaN, Infinity]],
    ['interval', [0, -1, Number.NaN, Infinity]],
    ['cooldown', [-1, Number.NaN]],
    ['window', [-1, Number.NaN]],
  ])('refuses a wrong %s', (name, values) => {
    for (const value of values) {
      expect(() => new LoadLimit({ [name]: value })).toThrow(RangeError);
      expect(() => new LoadLimit({ [name]: value })).toThrow(`'${name}'`);
    }
  });

  it('refuses a minimum above the maximum', () => {
    expect(() => new LoadLimit({ minimum: 9, maximum: 8 })).toThrow("'maximum'");
  });
});
