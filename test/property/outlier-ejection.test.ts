import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutlierEjection } from '../../src/policies/outlier-ejection.ts';

type Step =
  | { readonly type: 'calls'; readonly key: number; readonly succeeded: boolean; readonly count: number }
  | { readonly type: 'pass'; readonly milliseconds: number }
  | { readonly type: 'forget'; readonly key: number };

const key = fc.nat(11);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ type: fc.constant('calls' as const), key, succeeded: fc.boolean(), count: fc.integer({ min: 1, max: 12 }) }) }, // prettier-ignore
  { weight: 3, arbitrary: fc.record({ type: fc.constant('pass' as const), milliseconds: fc.nat(8_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forget' as const), key }) },
);

describe('OutlierEjection', () => {
  it('never has more candidates out than its cap, nor any for longer than the maximum', () => {
    const options = fc.record({
      maximumEjected: fc.constantFrom(0, 0.1, 0.3, 0.5, 1),
      minimumCalls: fc.constantFrom(1, 3),
      deviations: fc.constantFrom(0, 1.9),
      baseTime: fc.constant(5_000),
      maximumTime: fc.constantFrom(5_000, 12_000),
    });
    let ejections = 0;
    fc.assert(
      fc.property(options, fc.array(step, { minLength: 50, maxLength: 300, size: 'max' }), (chosen, steps) => {
        const ejection = new OutlierEjection(chosen);
        const known = new Set<number>();
        const outSince = new Map<number, number>();
        let now = 0;
        for (const next of steps) {
          if (next.type === 'pass') now += next.milliseconds;
          else if (next.type === 'forget') {
            ejection.forget(`${next.key}`, now);
            known.delete(next.key);
            outSince.delete(next.key);
          } else {
            for (let n = 0; n < next.count; n++) ejection.observe(`${next.key}`, next.succeeded, now);
            known.add(next.key);
          }
          let out = 0;
          for (let at = 0; at <= 11; at++) {
            if (!ejection.isEjected(`${at}`, now)) {
              outSince.delete(at);
              continue;
            }
            out++;
            if (!known.has(at)) throw new Error(`${at} is out and was never observed`);
            const since = outSince.get(at);
            if (since === undefined) {
              outSince.set(at, now);
              ejections++;
            } else if (now - since >= chosen.maximumTime) throw new Error(`${at} was out for ${now - since} ms`);
          }
          const share = Math.floor(chosen.maximumEjected * known.size);
          const most = chosen.maximumEjected > 0 && known.size > 2 ? Math.max(1, share) : share;
          if (out > most) throw new Error(`${out} of ${known.size} are out, may be ${most}`);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
    // It would keep all promises by doing nothing.
    expect(ejections).toBeGreaterThan(100);
  });

  it('ejects nobody for what chance gives to all alike: a run of 5 % failures in a hundred thousand calls', () => {
    let state = 1;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const ejection = new OutlierEjection();
    let out = 0;
    for (let n = 0; n < 100_000; n++) {
      const now = n * 10;
      const at = `${Math.floor(random() * 10)}`;
      ejection.observe(at, random() >= 0.05, now);
      if (ejection.isEjected(at, now)) out++;
    }
    // A thousand seconds with some 300 calls of each in the window: no share gets near a quarter.
    expect(out).toBe(0);
  });
});
