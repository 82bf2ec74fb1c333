import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { seededRandom } from '../../../src/testing/index.ts';
import { loadCode } from '../../../src/verifiers/wasm/load-code.ts';
import { RECORD_BYTES, SchnorrEngine } from '../../../src/verifiers/wasm/schnorr-engine.ts';
import { newEngine, numberAt, ORDER, recordAt, recordsOf, signedEvents, writeNumber } from '../../support/records.ts';

// Some seconds of work, which are many on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const S_AT = 96;
/** The eigenvalue of the curve's endomorphism, by which schnorr.c multiplies the second half of a randomiser. */
const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n;

interface Vector {
  readonly index: string;
  readonly record: Uint8Array;
  readonly right: boolean;
  readonly comment: string;
}

const vectors: readonly Vector[] = readFileSync(new URL('bip-340-vectors.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(2)
  .map((line) => {
    const [index = '', key = '', message = '', signature = '', result, comment = ''] = line.split(',');
    return { index, record: Buffer.from(message + key + signature, 'hex'), right: result === 'TRUE', comment };
  });

let engine: SchnorrEngine;
let good: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  ({ engine } = await newEngine());
  good = recordsOf(signedEvents(300));
}, 60_000);
afterEach(() => void vi.restoreAllMocks());

/** So many good records, some of them with their last bit changed. */
function batch(size: number, forged: readonly number[] = []): Uint8Array<ArrayBuffer> {
  const records = new Uint8Array(size * RECORD_BYTES);
  for (let i = 0; i < size; i++) records.set(recordAt(good, i % 300), i * RECORD_BYTES);
  for (const index of forged) records[(index + 1) * RECORD_BYTES - 1]! ^= 1;
  return records;
}

const verify = (records: Uint8Array): number[] => [...engine.verify(records)];
const refusedBy = (records: Uint8Array): number[] =>
  verify(records).flatMap((verdict, i) => (verdict === 1 ? [] : [i]));

describe('SchnorrEngine', () => {
  it('has vectors to be held against', () => {
    expect(vectors).toHaveLength(15);
    expect(vectors.filter(({ right }) => right)).toHaveLength(5);
    expect(vectors.every(({ record }) => record.length === RECORD_BYTES)).toBe(true);
  });

  it('is sound, and one that says the same of every signature is not', () => {
    const [record] = vectors.map((vector) => vector.record);
    expect(engine.isSound(record!)).toBe(true);
    for (const verdict of [0, 1]) {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const verify = (count: number): void =>
        void new Uint8Array(memory.buffer).fill(verdict, count * 144, count * 145);
      const exports = { memory, reserve: () => 0, verify };
      expect(new SchnorrEngine({ exports }).isSound(record!)).toBe(false);
    }
  });

  it('is not loaded where it is not sound', async () => {
    vi.resetModules();
    const { SchnorrEngine: Engine } = await import('../../../src/verifiers/wasm/schnorr-engine.ts');
    vi.spyOn(Engine.prototype, 'isSound').mockReturnValue(false);
    const { loadCode: load } = await import('../../../src/verifiers/wasm/load-code.ts');
    await expect(load()).rejects.toThrow('WebAssembly errs here');
  });

  it.each(vectors.map((vector) => [vector.index, vector.comment, vector] as const))(
    'agrees with vector %s of BIP-340 (%s), alone and in batches of good ones',
    (_index, _comment, { record, right }) => {
      expect(verify(record)).toEqual([right ? 1 : 0]);
      for (const size of [2, 5, 17, 64, 200]) {
        for (const place of [0, size >> 1, size - 1]) {
          const records = batch(size);
          records.set(record, place * RECORD_BYTES);
          expect(refusedBy(records), `place ${place} of ${size}`).toEqual(right ? [] : [place]);
        }
      }
    },
  );

  it('agrees with all vectors at once', () => {
    const records = new Uint8Array(vectors.length * RECORD_BYTES);
    vectors.forEach(({ record }, index) => records.set(record, index * RECORD_BYTES));
    for (let round = 0; round < 2; round++)
      expect(verify(records)).toEqual(vectors.map(({ right }) => (right ? 1 : 0)));
  });

  it('finds one forgery in any place of any batch', () => {
    for (let size = 1; size <= 30; size++) {
      for (let place = 0; place < size; place++) expect(refusedBy(batch(size, [place]))).toEqual([place]);
    }
    for (const size of [100, 255, 256, 700, 1_024]) {
      for (const place of [0, 1, size >> 1, size - 2, size - 1]) {
        expect(refusedBy(batch(size, [place]))).toEqual([place]);
      }
    }
  });

  it('finds any set of forgeries, and forgets between calls', () => {
    const random = seededRandom(7);
    for (let round = 0; round < 60; round++) {
      const size = 1 + Math.floor(random() * 300);
      const share = random() ** 3;
      const forged = Array.from({ length: size }, (_, i) => i).filter(() => random() < share);
      expect(refusedBy(batch(size, forged))).toEqual(forged);
      expect(refusedBy(batch(size))).toEqual([]);
    }
  });

  it.each([
    ['of different authors', 0, 1],
    ['of the same author', 0, 5],
  ])('is not fooled by two forgeries %s that cancel each other', (_whose, first, second) => {
    for (const size of [6, 32, 300]) {
      const records = batch(size);
      const [one, two] = [recordAt(records, first), recordAt(records, second)];
      writeNumber(one, S_AT, numberAt(one, S_AT) + 1n);
      writeNumber(two, S_AT, numberAt(two, S_AT) - 1n);
      expect(refusedBy(records)).toEqual([first, second]);
    }
  });

  it('draws new randomisers from the cryptographic source for each batch: to know the last ones does not help', async () => {
    const draws: Uint8Array[] = [];
    const draw = crypto.getRandomValues.bind(crypto);
    const source = vi.spyOn(crypto, 'getRandomValues').mockImplementation((into) => {
      draw(into);
      draws.push(new Uint8Array((into as unknown as Uint8Array).slice()));
      return into;
    });
    const records = batch(8);
    expect(refusedBy(records)).toEqual([]);
    expect(draws.map(({ length }) => length)).toEqual([8 * 16]);

    const randomiser = (index: number): bigint => {
      const [u, v] = [numberAt(draws[0]!, 16 * index, 8), numberAt(draws[0]!, 16 * index + 8, 8)];
      return (u + v * LAMBDA) % ORDER;
    };
    const [one, two] = [recordAt(records, 2), recordAt(records, 3)];
    writeNumber(one, S_AT, numberAt(one, S_AT) + randomiser(3));
    writeNumber(two, S_AT, numberAt(two, S_AT) - randomiser(2));
    expect(refusedBy(records)).toEqual([2, 3]);
    expect(draws).toHaveLength(2);
    expect(draws[1]).not.toEqual(draws[0]);

    // With the first randomisers again it would have been fooled: so the attack is one.
    const { engine: fooled } = await newEngine();
    source.mockImplementation((into) => {
      (into as unknown as Uint8Array).set(draws[0]!);
      return into;
    });
    expect([...fooled.verify(records)]).toEqual(Array(8).fill(1));
  });

  it('takes one author many times, and as many authors as records', () => {
    const same = recordsOf(signedEvents(100, 1));
    expect([...engine.verify(same)]).toEqual(Array(100).fill(1));
    same[50 * RECORD_BYTES - 1]! ^= 1;
    expect(refusedBy(same)).toEqual([49]);
    const different = recordsOf(signedEvents(100, 100));
    expect(refusedBy(different)).toEqual([]);
    // The records of others under one author's key.
    const stolen = different.slice();
    for (let i = 1; i < 100; i++) stolen.copyWithin(i * RECORD_BYTES + 32, 32, 64);
    expect(refusedBy(stolen)).toEqual(Array.from({ length: 99 }, (_, i) => i + 1));
  });

  it('grows its memory for large batches, and stays right after it', async () => {
    const { engine: fresh, memory } = await newEngine();
    expect([...fresh.verify(batch(3))]).toEqual([1, 1, 1]);
    const small = memory.buffer.byteLength;
    const forged = [0, 1_023, 1_024, 2_048, 2_999];
    const verdicts = [...fresh.verify(batch(3_000, forged))];
    expect(verdicts.flatMap((verdict, i) => (verdict === 1 ? [] : [i]))).toEqual(forged);
    const large = memory.buffer.byteLength;
    expect(large).toBeGreaterThan(small);
    expect(large).toBeLessThan(8 * 2 ** 20);
    expect([...fresh.verify(batch(3, [1]))]).toEqual([1, 0, 1]);
    for (let round = 0; round < 3; round++) fresh.verify(batch(1_024));
    expect(memory.buffer.byteLength).toBe(large);
  });

  it('verifies one by one after a batch with many forgeries, until one has few', async () => {
    const tries: number[] = [];
    const { exports } = await WebAssembly.instantiate((await loadCode()).module);
    const real = exports['verify'] as (count: number, tries: number) => void;
    const watched = {
      ...exports,
      verify: (count: number, times: number) => {
        tries.push(times);
        real(count, times);
      },
    };
    const wary = new SchnorrEngine({ exports: watched });
    wary.verify(batch(64, [3]));
    wary.verify(batch(64, [3, 4]));
    wary.verify(batch(64, [3, 4]));
    wary.verify(batch(64));
    wary.verify(batch(64));
    expect(tries).toEqual([3, 3, 0, 0, 3]);
  });

  it('has no verdict on nothing', () => {
    expect(verify(new Uint8Array(0))).toEqual([]);
  });
});
