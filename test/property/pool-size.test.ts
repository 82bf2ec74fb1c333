import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PoolSize } from '../../src/policies/pool-size.ts';

const EPOCH = 1_700_000_000_000;

const anyOptions = fc
  .record({
    minimum: fc.integer({ min: 1, max: 3 }),
    more: fc.integer({ min: 0, max: 5 }),
    callsPerConnection: fc.constantFrom(1, 4, 32),
    burst: fc.constantFrom(0, 0.2, 1),
    halfLife: fc.constantFrom(1, 100, 10_000),
    hysteresis: fc.constantFrom(0, 0.2, 0.5),
    growCooldown: fc.constantFrom(0, 50, 1_000),
    shrinkCooldown: fc.constantFrom(0, 70, 30_000),
  })
  .map(({ more, ...options }) => ({ ...options, maximum: options.minimum + more }));

const anyLoad = fc.oneof(fc.nat(8), fc.nat(200));
const anyStep = fc.record({
  load: fc.option(anyLoad, { nil: undefined }),
  pause: fc.oneof(fc.nat(60), fc.nat(20_000)),
  isFull: fc.nat(9).map((n) => n === 0),
});

describe('PoolSize', () => {
  it('stays within its bounds, and never moves twice within a cooldown', () => {
    fc.assert(
      fc.property(anyOptions, fc.array(anyStep, { maxLength: 100, size: 'max' }), (options, steps) => {
        const pool = new PoolSize(options);
        let now = EPOCH;
        let size = options.minimum;
        let changedAt = -Infinity;
        for (const { load, pause, isFull } of steps) {
          now += pause;
          if (load !== undefined) pool.observe(load, now);
          const next = pool.size(now, isFull);
          expect(next).toBeGreaterThanOrEqual(options.minimum);
          expect(next).toBeLessThanOrEqual(options.maximum);
          if (next < size) expect(size - next).toBe(1);
          if (next !== size) {
            const cooldown = next > size ? options.growCooldown : options.shrinkCooldown;
            expect(now - changedAt).toBeGreaterThanOrEqual(cooldown);
            changedAt = now;
          }
          if (isFull) expect(next).toBeGreaterThanOrEqual(size);
          size = next;
        }
      }),
      { numRuns: 200 },
    );
  });

  it('settles at a constant load, whatever was before, and at the minimum without one', () => {
    const places = fc.constantFrom(2, 10, Infinity);
    const steps = fc.array(anyStep, { maxLength: 30 });
    fc.assert(
      fc.property(anyOptions, steps, anyLoad, places, (options, before, load, perConnection) => {
        const pool = new PoolSize(options);
        let now = EPOCH;
        let size = options.minimum;
        let inFlight = 0;
        const observe = (calls: number): void => pool.observe((inFlight = calls), now);
        const step = (pause: number): void => {
          now += pause;
          size = pool.size(now, size * perConnection <= inFlight);
        };
        for (const { load, pause } of before) {
          if (load !== undefined) observe(load);
          step(pause);
        }
        observe(load);
        // Until the smoothing is over, and each connection could have been given up and taken again.
        for (let at = 0; at < 100; at++) step(30_000);
        const settled = size;
        // As many as the load needs, of both kinds.
        const needed = Math.max(load / options.callsPerConnection, perConnection < Infinity ? load / perConnection : 0);
        expect(settled).toBeGreaterThanOrEqual(Math.min(options.maximum, Math.ceil(needed)));
        for (let at = 0; at < 50; at++) {
          step(5_000);
          expect(size).toBe(settled);
        }
        observe(0);
        for (let at = 0; at < 50; at++) step(30_000);
        expect(size).toBe(options.minimum);
      }),
      { numRuns: 500 },
    );
  });
});
