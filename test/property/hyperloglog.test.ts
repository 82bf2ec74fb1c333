import fc from 'fast-check';
import { computeOffset, feedPubkey, newHll } from 'nostr-tools/nip45';
import { describe, expect, it } from 'vitest';
import {
  encodeHyperLogLog,
  estimateHyperLogLog,
  mergeHyperLogLogs,
  parseHyperLogLog,
} from '../../src/protocol/hyperloglog.ts';
import { randomHex, seededRandom } from '../../src/testing/seeded-random.ts';

const offset = computeOffset('ab'.repeat(32));
const registers = fc.uint8Array({ minLength: 256, maxLength: 256, max: 193 });
const pubkeys = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 300 });

const known = Array.from({ length: 401 }, (_, i) => randomHex(seededRandom(i + 1), 64));
function registersOf(authors: Iterable<string>): Uint8Array {
  const all = newHll();
  for (const author of authors) feedPubkey(all, author, offset);
  return Uint8Array.from(all);
}
const of = (numbers: readonly number[]): Uint8Array => registersOf(numbers.map((number) => known[number] ?? ''));

describe('merging registers', () => {
  it('is commutative, associative and idempotent, and nothing is its neutral element', () => {
    fc.assert(
      fc.property(registers, registers, registers, (a, b, c) => {
        expect(mergeHyperLogLogs([a, b])).toEqual(mergeHyperLogLogs([b, a]));
        expect(mergeHyperLogLogs([mergeHyperLogLogs([a, b]), c])).toEqual(
          mergeHyperLogLogs([a, mergeHyperLogLogs([b, c])]),
        );
        expect(mergeHyperLogLogs([a, a])).toEqual(a);
        expect(mergeHyperLogLogs([a])).toEqual(a);
        expect(mergeHyperLogLogs([a, mergeHyperLogLogs([])])).toEqual(a);
      }),
    );
  });

  it('gives the registers of the union', () => {
    fc.assert(
      fc.property(pubkeys, pubkeys, (a, b) => {
        expect(mergeHyperLogLogs([of(a), of(b)])).toEqual(of([...a, ...b]));
      }),
    );
  });

  it('changes none of those that are merged', () => {
    const [a, b] = [of([1, 2]), of([3])];
    mergeHyperLogLogs([a, b]);
    expect([a, b]).toEqual([of([1, 2]), of([3])]);
  });
});

describe('registers as text', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(registers, (a) => {
        expect(parseHyperLogLog(encodeHyperLogLog(a))).toEqual(a);
      }),
    );
  });

  it('are 512 hex digits in any case, and nothing else', () => {
    const digits = encodeHyperLogLog(of([1, 2, 3]));
    expect(parseHyperLogLog(digits.toUpperCase())).toEqual(of([1, 2, 3]));
    for (const wrong of [
      undefined,
      1,
      '',
      digits.slice(2),
      `${digits}00`,
      `g${digits.slice(1)}`,
      `${digits.slice(1)} `,
    ]) {
      expect(parseHyperLogLog(wrong)).toBeUndefined();
    }
  });

  it('hold no more than zero bits of a public key can be', () => {
    expect(parseHyperLogLog('c1'.repeat(256))).toHaveLength(256);
    expect(parseHyperLogLog(`${'00'.repeat(255)}c2`)).toBeUndefined();
    expect(estimateHyperLogLog(new Uint8Array(256).fill(193))).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('the estimate', () => {
  it('of so many distinct authors is within four standard errors in each of 20 draws, and hardly off in their mean', () => {
    for (const size of [0, 1, 2, 10, 50, 100, 300, 600, 1_000, 3_000]) {
      const errors = Array.from({ length: 20 }, (_, draw) => {
        const random = seededRandom(size * 100 + draw);
        const authors = Array.from({ length: size }, () => randomHex(random, 64));
        return size === 0
          ? estimateHyperLogLog(registersOf(authors))
          : estimateHyperLogLog(registersOf(authors)) / size - 1;
      });
      // Four times 1.04 / 16: one draw in 16,000 is further off, and these are fixed.
      for (const error of errors) expect(Math.abs(error), `${size}`).toBeLessThanOrEqual(0.26);
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      // Their mean: three standard errors of it, and what is known of the bias between the ranges.
      expect(Math.abs(mean), `${size}`).toBeLessThanOrEqual((3 * 0.065) / Math.sqrt(20) + 0.02);
    }
  });

  it('does not fall when there is more', () => {
    fc.assert(
      fc.property(pubkeys, pubkeys, (a, b) => {
        expect(estimateHyperLogLog(of([...a, ...b]))).toBeGreaterThanOrEqual(estimateHyperLogLog(of(a)));
      }),
    );
  });
});
