import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backoff, type BackoffOptions } from '../../src/policies/backoff.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';

const anyOptions: fc.Arbitrary<Required<BackoffOptions>> = fc.record({
  base: fc.oneof(fc.nat(1e6), fc.double({ min: 0, max: 1e12, noNaN: true })),
  factor: fc.oneof(fc.constantFrom(1, 2), fc.double({ min: 1, max: 1e300, noNaN: true })),
  cap: fc.oneof(fc.nat(1e6), fc.double({ min: 0, max: 1e12, noNaN: true })),
  floor: fc.oneof(fc.nat(1e4), fc.double({ min: 0, max: 1e12, noNaN: true })),
  stableAfter: fc.nat(60_000),
  maxAttempts: fc.integer({ min: 1, max: 20 }),
  attempts: fc.oneof(fc.nat(20), fc.maxSafeNat()),
});

describe('Backoff', () => {
  it('stays within [floor, floor + cap] for any options and draws', () => {
    fc.assert(
      fc.property(
        anyOptions,
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 100 }),
        (options, draws) => {
          let at = 0;
          const backoff = new Backoff(options, () => draws[at++ % draws.length] ?? 0);
          const delays = Array.from({ length: 300 }, () => backoff.next());
          // Written so that NaN is out of bounds too.
          expect(delays.filter((delay) => !(delay >= options.floor && delay <= options.floor + options.cap))).toEqual(
            [],
          );
        },
      ),
    );
  });

  it('draws each delay from below base × factor^attempt, until the cap', () => {
    fc.assert(
      fc.property(
        fc.record({
          base: fc.integer({ min: 1, max: 10_000 }),
          factor: fc.integer({ min: 1, max: 5 }),
          cap: fc.nat(1e6),
        }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(40),
        ({ base, factor, cap }, draw, attempt) => {
          const backoff = new Backoff({ base, factor, cap, floor: 0 }, () => draw);
          for (let before = 0; before < attempt; before++) backoff.next();
          expect(backoff.next()).toBeCloseTo(draw * Math.min(cap, base * factor ** attempt), 3);
        },
      ),
    );
  });

  it('goes on from attempts that it is told of as one that counted them', () => {
    fc.assert(
      fc.property(anyOptions, fc.nat(40), fc.integer({ min: 1, max: 10 }), (options, attempts, count) => {
        const counted = new Backoff({ ...options, attempts: 0 }, () => 0.75);
        for (let before = 0; before < attempts; before++) counted.next();
        const told = new Backoff({ ...options, attempts }, () => 0.75);
        for (let more = 0; more < count; more++) {
          expect([told.attempts, told.exhausted]).toEqual([counted.attempts, counted.exhausted]);
          expect(told.next()).toBe(counted.next());
        }
      }),
    );
  });

  it('is finite and within bounds for a million attempts', () => {
    const backoff = new Backoff(undefined, seededRandom(1));
    let lowest = Infinity;
    let highest = -Infinity;
    let odd = 0;
    for (let attempt = 0; attempt < 1_000_000; attempt++) {
      const delay = backoff.next();
      if (!Number.isFinite(delay)) odd++;
      lowest = Math.min(lowest, delay);
      highest = Math.max(highest, delay);
    }
    expect(odd).toBe(0);
    expect(lowest).toBeGreaterThanOrEqual(100);
    expect(highest).toBeLessThanOrEqual(60_100);
    expect(backoff.attempts).toBe(1_000_000);
  });

  it('spreads evenly at the cap', () => {
    const backoff = new Backoff(undefined, seededRandom(2));
    for (let attempt = 0; attempt < 10; attempt++) backoff.next();
    const buckets = new Array<number>(20).fill(0);
    const draws = 20_000;
    for (let draw = 0; draw < draws; draw++) {
      const bucket = Math.floor(((backoff.next() - 100) / 60_000) * buckets.length);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    expect(buckets).toHaveLength(20);
    const expected = draws / buckets.length;
    const chiSquare = buckets.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 19 degrees of freedom: a fair draw exceeds 43.8 once in a thousand times, and the seed is fixed.
    expect(chiSquare).toBeLessThan(43.8);
  });

  it('sends a herd of clients back spread over the whole window, not together', () => {
    const herd = Array.from({ length: 1_000 }, (_, seed) => new Backoff(undefined, seededRandom(seed)));
    const perTenth = new Array<number>(10).fill(0);
    for (const client of herd) {
      const tenth = Math.floor((client.next() - 100) / 100);
      perTenth[tenth] = (perTenth[tenth] ?? 0) + 1;
    }
    expect(Math.max(...perTenth)).toBeLessThan(200);
    expect(Math.min(...perTenth)).toBeGreaterThan(50);
  });

  it('starts anew by stable uptime alone, for any history', () => {
    const step = fc.record({ delay: fc.nat(100_000), uptime: fc.oneof(fc.nat(10_000), fc.constantFrom(4_999, 5_000)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (history) => {
        const backoff = new Backoff(undefined, () => 0.5);
        let now = 0;
        let attempts = 0;
        for (const { delay, uptime } of history) {
          backoff.next();
          attempts++;
          backoff.opened((now += delay));
          expect(backoff.attempts).toBe(attempts);
          backoff.lost((now += uptime));
          if (uptime >= 5_000) attempts = 0;
          expect(backoff.attempts).toBe(attempts);
          expect(backoff.exhausted).toBe(attempts >= 5);
        }
      }),
    );
  });
});
