import { describe, expect, it } from 'vitest';
import { PoolSize, type PoolSizeOptions } from '../../src/policies/pool-size.ts';

const EPOCH = 1_700_000_000_000;

/** The size each second of a load that is constant, or changes at the seconds named. */
function run(loads: Readonly<Record<number, number>>, seconds: number, options: PoolSizeOptions = {}): number[] {
  const size = new PoolSize(options);
  const sizes: number[] = [];
  for (let second = 0; second <= seconds; second++) {
    const now = EPOCH + second * 1_000;
    const load = loads[second];
    if (load !== undefined) size.observe(load, now);
    sizes.push(size.size(now));
  }
  return sizes;
}

const changes = (sizes: readonly number[]): number[] => sizes.filter((size, index) => size !== sizes[index - 1]);

describe('PoolSize', () => {
  it('starts with the minimum', () => {
    expect(new PoolSize().size(EPOCH)).toBe(1);
    expect(new PoolSize({ minimum: 2 }).size(EPOCH)).toBe(2);
  });

  it('gives one call, and as many as one connection carries with what is kept for bursts, one connection', () => {
    expect(changes(run({ 0: 1 }, 3_600))).toEqual([1]);
    expect(changes(run({ 0: 26 }, 3_600))).toEqual([1]); // 1.2 x 26 = 31.2
    expect(changes(run({ 0: 27 }, 3_600))).toEqual([1, 2]);
  });

  it('grows as the average comes to ask for it', () => {
    // 50 calls: 10 for bursts from the first, and 22 more by the time that the average is 44 % of them: 0.84 half-lives.
    const sizes = run({ 0: 50 }, 60);
    expect(sizes[8]).toBe(1);
    expect(sizes[9]).toBe(2);
    expect(changes(sizes)).toEqual([1, 2]);
  });

  it('does not grow for a burst that is over at once', () => {
    const size = new PoolSize();
    size.observe(150, EPOCH);
    size.observe(0, EPOCH + 100);
    for (let now = EPOCH + 100; now < EPOCH + 60_000; now += 100) expect(size.size(now)).toBe(1);
  });

  it('keeps room for the peak for a while', () => {
    const size = new PoolSize({ burst: 1 });
    size.observe(50, EPOCH);
    size.observe(20, EPOCH);
    expect(size.size(EPOCH)).toBe(2);
    const sizes = Array.from({ length: 100 }, (_, second) => size.size(EPOCH + second * 1_000));
    expect(sizes.at(-1)).toBe(2); // 20 + 20 of 32: no margin
    size.observe(5, EPOCH + 100_000);
    expect(size.size(EPOCH + 200_000)).toBe(1);
  });

  it('grows by several at once when the load asks for them', () => {
    expect(changes(run({ 0: 10_000 }, 10))).toEqual([3]);
    const size = new PoolSize({ maximum: 8 });
    size.observe(100, EPOCH);
    expect(size.size(EPOCH + 60_000)).toBe(4); // 120 / 32
  });

  it('never exceeds the maximum', () => {
    expect(Math.max(...run({ 0: 1e9 }, 600))).toBe(3);
    expect(changes(run({ 0: 1e9 }, 600, { maximum: 1 }))).toEqual([1]);
  });

  it('waits between two growths', () => {
    const size = new PoolSize({ growCooldown: 5_000, burst: 0, halfLife: 1 });
    size.observe(33, EPOCH);
    expect(size.size(EPOCH + 100)).toBe(2);
    size.observe(65, EPOCH + 100);
    expect([size.size(EPOCH + 5_099), size.size(EPOCH + 5_100)]).toEqual([2, 3]);
  });

  it('gives up one at a time, after the cooldown, and comes back to the minimum', () => {
    const sizes = run({ 0: 96, 60: 0 }, 200);
    expect(changes(sizes)).toEqual([1, 2, 3, 2, 1]);
    const [two, one] = [sizes.lastIndexOf(3) + 1, sizes.lastIndexOf(2) + 1];
    expect(two).toBeGreaterThan(60);
    expect(one - two).toBe(30);
  });

  it('gives up none while the load fits without a margin only', () => {
    // Two connections are enough for 1.2 x 45 = 54 calls, but not with a fifth of the 64 left.
    expect(changes(run({ 0: 80, 60: 45 }, 3_600))).toEqual([1, 2, 3]);
    expect(changes(run({ 0: 80, 60: 42 }, 3_600))).toEqual([1, 2, 3, 2]);
    expect(changes(run({ 0: 80, 60: 45 }, 3_600, { hysteresis: 0 }))).toEqual([1, 2, 3, 2]);
  });

  it('stays at one size when the load swings around what one connection carries', () => {
    const loads = Object.fromEntries(Array.from({ length: 720 }, (_, at) => [at * 5, at % 2 ? 24 : 30]));
    expect(changes(run(loads, 3_600))).toEqual([1, 2]);
  });

  describe('with all places for subscriptions taken', () => {
    it('grows by one whatever the load, with a cooldown, up to the maximum', () => {
      const size = new PoolSize();
      const sizes = [0, 500, 999, 1_000, 1_500, 2_000, 5_000].map((ms) => size.size(EPOCH + ms, true));
      expect(sizes).toEqual([2, 2, 2, 3, 3, 3, 3]);
    });

    it('gives none up', () => {
      const size = new PoolSize();
      size.size(EPOCH, true);
      expect(size.size(EPOCH + 1e6, true)).toBe(3);
      expect(size.size(EPOCH + 2e6, true)).toBe(3);
    });

    it('settles where they suffice, as it learns how many calls a connection carries', () => {
      const size = new PoolSize();
      const sizes: number[] = [];
      size.observe(25, EPOCH); // of which one connection takes 20
      for (let second = 0; second < 3_600; second++) {
        sizes.push(size.size(EPOCH + second * 1_000, (sizes.at(-1) ?? 1) * 20 <= 25));
      }
      expect(changes(sizes)).toEqual([2]);
      size.observe(5, EPOCH + 3_600_000);
      expect(size.size(EPOCH + 3_700_000)).toBe(1);
    });

    it('unlearns it when a connection turns out to carry more', () => {
      const size = new PoolSize();
      size.observe(5, EPOCH);
      expect(size.size(EPOCH, true)).toBe(2);
      size.observe(15, EPOCH + 1_000);
      expect(size.size(EPOCH + 60_000)).toBe(3);
      expect(size.size(EPOCH + 120_000)).toBe(3); // by 5 a connection
      for (const [minute, load] of [40, 60, 80].entries()) {
        size.observe(load, EPOCH + 180_000 + minute * 60_000);
        size.size(EPOCH + 180_000 + minute * 60_000);
      }
      size.observe(15, EPOCH + 360_000);
      expect(size.size(EPOCH + 420_000)).toBe(2);
      expect(size.size(EPOCH + 480_000)).toBe(1); // by 26.7
    });
  });

  it('weighs by time, not by how often it is told', () => {
    const often = new PoolSize();
    const once = new PoolSize();
    once.observe(50, EPOCH);
    for (let ms = 0; ms <= 20_000; ms += 10) {
      often.observe(50, EPOCH + ms);
      expect(often.size(EPOCH + ms)).toBe(once.size(EPOCH + ms));
    }
  });

  it('is not harmed by a clock that is set back', () => {
    const size = new PoolSize();
    size.observe(96, EPOCH);
    expect(size.size(EPOCH + 60_000)).toBe(3);
    const later = EPOCH - 3_600_000;
    size.observe(0, later);
    expect([size.size(later), size.size(later + 60_000), size.size(later + 90_000)]).toEqual([3, 2, 1]);
  });

  it('refuses a load that is none', () => {
    for (const load of [-1, Number.NaN, Infinity]) expect(() => new PoolSize().observe(load, 0)).toThrow(RangeError);
  });

  it.each<[keyof PoolSizeOptions, readonly number[]]>([
    ['minimum', [0, 1.5, -1, Number.NaN, Infinity]],
    ['maximum', [0, 2.5, Number.NaN, Infinity]],
    ['callsPerConnection', [0, -1, Number.NaN, Infinity]],
    ['burst', [-0.1, Number.NaN, Infinity]],
    ['halfLife', [0, -1, Number.NaN, Infinity]],
    ['hysteresis', [-0.1, 1, Number.NaN]],
    ['growCooldown', [-1, Number.NaN]],
    ['shrinkCooldown', [-1, Number.NaN]],
  ])('refuses a wrong %s', (name, values) => {
    for (const value of values) {
      expect(() => new PoolSize({ [name]: value })).toThrow(RangeError);
      expect(() => new PoolSize({ [name]: value })).toThrow(`'${name}'`);
    }
  });
});
