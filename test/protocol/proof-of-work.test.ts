import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { difficultyOf } from '../../src/protocol/proof-of-work.ts';

describe('difficultyOf', () => {
  it.each([
    // The example of NIP-13.
    ['000006d8c378af1779d2feebc7603a125d99eca0ccf1085959b307f64e5dd358', 21],
    ['6bf5b4f434813c64b523d2b0e6efe18f3bd0cbbd0a5effd8ece9e00fd2531996', 1],
    ['00003479309ecdb46b1c04ce129d2709378518588bed6776e60474ebde3159ae', 18],
    ['01a76167d41add96be4959d9e618b7a35f26551d62c43c11e5e64094c6b53c83', 7],
    ['f'.repeat(64), 0],
    ['8'.padEnd(64, '0'), 0],
    ['7'.padEnd(64, '0'), 1],
    ['1'.padEnd(64, 'f'), 3],
    ['1'.padStart(64, '0'), 255],
    ['0'.repeat(64), 256],
  ])('of %s is %d', (id, bits) => expect(difficultyOf(id)).toBe(bits));

  it('is what is left of the 256 bits before the first that is 1', () => {
    fc.assert(
      fc.property(fc.nat(256), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (shift, number) => {
        const id = (number >> BigInt(shift)).toString(16).padStart(64, '0');
        const bits = BigInt(`0x${id}`).toString(2).padStart(256, '0');
        const first = bits.indexOf('1');
        expect(difficultyOf(id)).toBe(first < 0 ? 256 : first);
      }),
    );
  });
});
