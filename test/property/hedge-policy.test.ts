import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HedgePolicy } from '../../src/policies/hedge-policy.ts';

describe('HedgePolicy', () => {
  it('never makes more hedges than the budget, over any stretch of calls', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ calls: fc.nat(50), tries: fc.nat(20) }), { maxLength: 60 }),
        fc.constantFrom(0, 0.01, 0.05, 0.1, 1 / 3, 1),
        fc.constantFrom(1, 3, 10, 2.5),
        (steps, budget, burst) => {
          const policy = new HedgePolicy({ budget, burst });
          /** Of each moment so far: what was counted until then. */
          const moments = [policy.stats];
          for (const { calls, tries } of steps) {
            for (let n = 0; n < calls; n++) policy.began();
            const before = policy.stats;
            const granted = Array.from({ length: tries }, () => policy.tryHedge()).filter(Boolean).length;
            const now = policy.stats;
            expect([now.hedges - before.hedges, now.calls]).toEqual([granted, before.calls]);
            for (const then of moments) {
              if (now.hedges - then.hedges > budget * (now.calls - then.calls) + burst + 1e-6) {
                throw new Error(`${now.hedges - then.hedges} hedges in ${now.calls - then.calls} calls`);
              }
            }
            moments.push(now);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
