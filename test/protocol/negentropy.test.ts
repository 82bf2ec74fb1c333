import { nip77 } from 'nostr-tools';
import { describe, expect, it } from 'vitest';
import { Negentropy, NegentropyError } from '../../src/protocol/negentropy.ts';
import { type NegentropyItem, NegentropyItems } from '../../src/protocol/negentropy-items.ts';
import { NegentropyResponder } from '../../src/testing/negentropy.ts';
import { randomHex, seededRandom } from '../../src/testing/seeded-random.ts';

const random = seededRandom(7);
const item = (created_at: number): NegentropyItem => ({ id: randomHex(random, 64), created_at });
const items = (count: number): NegentropyItem[] => Array.from({ length: count }, (_, i) => item(1_000 + (i >> 2)));
const client = (all: readonly NegentropyItem[], frameSize?: number): Negentropy => {
  const sorted = new NegentropyItems(all);
  return new Negentropy(sorted, 0, sorted.size, frameSize);
};

describe('Negentropy', () => {
  it('writes the first message that nostr-tools writes', () => {
    // Where the count is no multiple of 16, which bucket gets one more is up to the writer.
    for (const count of [0, 1, 31, 32, 160, 512]) {
      const all = items(count);
      const storage = new nip77.NegentropyStorageVector();
      for (const { created_at, id } of all) storage.insert(created_at, id);
      storage.seal();
      const theirs = new nip77.Negentropy(storage).initiate();
      expect(client(all).initiate()).toBe(theirs);
    }
  });

  it.for([
    ['nothing', ''],
    ['no hex', '6g'],
    ['half a byte', '616'],
    ['another version', '60'],
    ['a cut bound', '6181'],
    ['a cut fingerprint', '61000001ff'],
    ['a list that is shorter than it says', `61000002${'02'}${'ab'.repeat(32)}`],
    ['an unknown mode', '61000003'],
    ['an endless number', `61${'ff'.repeat(40)}`],
    ['a bound longer than an id', '610121'],
    ['ranges after the end', '6100000001000000'],
    ['a range before the one before it', '610502ffff000102aaaa00'],
  ])('refuses %s', ([, message]) => {
    expect(() => client(items(3)).reconcile(message ?? '')).toThrow(NegentropyError);
  });

  it('takes frames that are large enough to get on, and no others', () => {
    for (const wrong of [1, 4_095, -1, NaN, 5_000.5]) expect(() => client([], wrong)).toThrow(RangeError);
    expect(() => client([], 4_096)).not.toThrow();
  });

  it('takes part with a piece of its items alone', () => {
    const all = items(100);
    const sorted = new NegentropyItems(all);
    const [from, to] = [sorted.indexOf({ created_at: 1_005, id: '' }), sorted.indexOf({ created_at: 1_010, id: '' })];
    const piece = new Negentropy(sorted, from, to);
    const answer = new NegentropyResponder([]).reconcile(piece.initiate());
    const { have, need, answer: next } = piece.reconcile(answer);
    expect(have.toSorted()).toEqual(
      sorted
        .slice(from, to)
        .map(({ id }) => id)
        .sort(),
    );
    expect([need, next]).toEqual([[], undefined]);
  });

  it('takes times beyond 32 bits', () => {
    const all = [item(2 ** 40), item(2 ** 40 + 1), item(Number.MAX_SAFE_INTEGER - 1)];
    const many = [...all, ...Array.from({ length: 60 }, (_, i) => item(2 ** 45 + i))];
    const message = client(many).initiate();
    // Its own message tells it that there is nothing to do.
    expect(client(many).reconcile(message)).toEqual({ have: [], need: [], answer: undefined });
  });
});

describe('NegentropyItems', () => {
  it('are in order, each once, and found', () => {
    const all = items(50);
    const sorted = new NegentropyItems([...all, ...all.slice(0, 10)].reverse());
    expect(sorted.size).toBe(50);
    for (let i = 0; i < 50; i++) expect(sorted.indexOf(sorted.at(i))).toBe(i);
    expect(sorted.indexOf({ created_at: Infinity, id: '' })).toBe(50);
    expect(() => sorted.at(50)).toThrow(RangeError);
  });

  it('have the fingerprints of nostr-tools', () => {
    const all = items(300);
    const storage = new nip77.NegentropyStorageVector();
    for (const { created_at, id } of all) storage.insert(created_at, id);
    storage.seal();
    const sorted = new NegentropyItems(all);
    for (const [from, to] of [
      [0, 0],
      [0, 1],
      [0, 300],
      [100, 300],
      [299, 300],
      [17, 233],
    ] as const) {
      expect(sorted.fingerprint(from, to)).toBe(Buffer.from(storage.fingerprint(from, to)).toString('hex'));
    }
  });
});
