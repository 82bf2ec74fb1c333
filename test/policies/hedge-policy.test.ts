import { describe, expect, it } from 'vitest';
import { HedgePolicy, type HedgePolicyOptions } from '../../src/policies/hedge-policy.ts';

const EPOCH = 1_700_000_000_000;

/** One that knows so many latencies, from 1 ms upwards. */
function knowing(count: number, options: HedgePolicyOptions = {}): HedgePolicy {
  const policy = new HedgePolicy(options);
  for (let ms = 1; ms <= count; ms++) policy.record(ms, EPOCH);
  return policy;
}

describe('HedgePolicy', () => {
  describe('delay', () => {
    it('is the 95th percentile of the latencies', () => {
      const delay = knowing(1_000).delay(EPOCH) ?? NaN;
      expect(Math.abs(delay - 950) / 950).toBeLessThanOrEqual(0.01);
    });

    it('is the percentile that is asked for', () => {
      const delay = knowing(1_000, { percentile: 50 }).delay(EPOCH) ?? NaN;
      expect(Math.abs(delay - 500) / 500).toBeLessThanOrEqual(0.01);
    });

    it('is not known before twenty latencies are', () => {
      const policy = knowing(19);
      expect(policy.delay(EPOCH)).toBeUndefined();
      policy.record(20, EPOCH);
      expect(policy.delay(EPOCH)).toBeGreaterThan(15);
      expect([knowing(2, { minimumCount: 3 }).delay(EPOCH), knowing(3, { minimumCount: 3 }).delay(EPOCH)]).toEqual([
        undefined,
        10,
      ]);
    });

    it('is 10 ms at the least', () => {
      expect(knowing(20, { percentile: 5 }).delay(EPOCH)).toBe(10);
      expect(knowing(20, { percentile: 5, minimumDelay: 0 }).delay(EPOCH)).toBe(1);
    });

    it('is a whole number of milliseconds, rounded up', () => {
      const policy = new HedgePolicy({ minimumCount: 1 });
      policy.record(20.1, EPOCH);
      expect(policy.delay(EPOCH)).toBe(21);
    });

    it('rolls: forgets what is older than the window', () => {
      const policy = knowing(100, { window: 10_000 });
      expect(policy.delay(EPOCH + 8_000)).toBeGreaterThan(90);
      expect(policy.delay(EPOCH + 20_000)).toBeUndefined();
      for (let n = 0; n < 20; n++) policy.record(500, EPOCH + 20_000);
      expect(policy.delay(EPOCH + 20_000)).toBe(500);
    });

    it('is computed anew after a hundredth of the window', () => {
      const policy = knowing(100);
      const before = policy.delay(EPOCH);
      for (let n = 0; n < 100; n++) policy.record(5_000, EPOCH);
      expect(policy.delay(EPOCH + 599)).toBe(before);
      expect(policy.delay(EPOCH + 600)).toBe(5_000);
    });

    it('is computed anew when the clock was set back', () => {
      const policy = knowing(100);
      policy.delay(EPOCH);
      for (let n = 0; n < 100; n++) policy.record(5_000, EPOCH);
      expect(policy.delay(EPOCH - 1)).toBe(5_000);
    });

    it('leaves out what is no latency', () => {
      const policy = knowing(19);
      policy.record(Number.NaN, EPOCH);
      expect(policy.delay(EPOCH)).toBeUndefined();
    });
  });

  describe('budget', () => {
    const take = (policy: HedgePolicy): number => {
      let taken = 0;
      while (policy.tryHedge()) taken++;
      return taken;
    };

    it('has ten hedges at the beginning, or as many as it is told', () => {
      expect([take(new HedgePolicy()), take(new HedgePolicy({ burst: 2.5 })), take(new HedgePolicy({ burst: 1 }))]).toEqual([10, 2, 1]); // prettier-ignore
    });

    it('earns one with each twenty calls', () => {
      const policy = new HedgePolicy();
      take(policy);
      const taken = Array.from({ length: 60 }, () => {
        policy.began();
        return policy.tryHedge();
      });
      expect(taken.flatMap((isTaken, at) => (isTaken ? [at + 1] : []))).toEqual([20, 40, 60]);
    });

    it('saves up no more than the burst', () => {
      const policy = new HedgePolicy({ burst: 4 });
      for (let n = 0; n < 1_000; n++) policy.began();
      expect(take(policy)).toBe(4);
    });

    it('of 0 earns none', () => {
      const policy = new HedgePolicy({ budget: 0, burst: 1 });
      take(policy);
      for (let n = 0; n < 1_000; n++) policy.began();
      expect(policy.tryHedge()).toBe(false);
    });
  });

  it('counts calls, hedges that were made, and those that won', () => {
    const policy = new HedgePolicy({ burst: 2 });
    for (let n = 0; n < 3; n++) policy.began();
    for (let n = 0; n < 5; n++) policy.tryHedge();
    policy.won();
    expect(policy.stats).toEqual({ calls: 3, hedges: 2, wins: 1 });
  });

  it.each<HedgePolicyOptions>([
    { percentile: 0 },
    { percentile: 101 },
    { percentile: Number.NaN },
    { budget: -0.1 },
    { budget: 1.1 },
    { minimumDelay: -1 },
    { minimumDelay: 2 ** 31 },
    { minimumCount: 0 },
    { minimumCount: 1.5 },
    { window: 0 },
    { window: Infinity },
    { burst: 0.5 },
    { burst: Infinity },
  ])('refuses %o', (options) => {
    expect(() => new HedgePolicy(options)).toThrow(RangeError);
  });
});
