import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/protocol/sha256.ts';

const expected = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest());

it('is that of the platform, for every length around the block borders and any content', () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
    expect(sha256(bytes)).toEqual(expected(bytes));
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1_000 }), (bytes) => {
      expect(sha256(bytes)).toEqual(expected(bytes));
    }),
  );
});

it('takes a part of a buffer', () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i).subarray(10, 50);
  expect(sha256(bytes)).toEqual(expected(bytes));
});
