import { describe, expect, it } from 'vitest';
import { borrowDefaultVerifier } from '../../src/verifiers/default-verifier.ts';
import { signedEvents } from '../support/records.ts';

const events = signedEvents(40);

describe('borrowDefaultVerifier', () => {
  it('verifies with WebAssembly', async () => {
    const verifier = borrowDefaultVerifier();
    expect(verifier.batchSize).toBeUndefined();
    expect(await verifier.verify(events.slice(0, 2))).toEqual([true, true]);
    // Pure or not yet loaded it would not ask for large batches.
    expect(verifier.batchSize).toBe(128);
    expect(verifier.verify(events.slice(0, 2))).toEqual([true, true]);
    verifier.close();
  });

  it('is one for all: it stays until the last closes theirs, however often the others do', async () => {
    const first = borrowDefaultVerifier();
    await first.verify([]);
    const second = borrowDefaultVerifier();
    expect(second.batchSize).toBe(128);
    first.close();
    first.close();
    expect(await second.verify(events)).toEqual(Array(40).fill(true));
    second.close();
    expect(() => second.verify(events)).toThrow('closed');
    const third = borrowDefaultVerifier();
    expect(third.batchSize).toBeUndefined();
    expect(await third.verify(events.slice(0, 1))).toEqual([true]);
    third.close();
  });
});
