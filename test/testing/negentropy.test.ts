import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { nip77 } from 'nostr-tools';
import { describe, expect, it } from 'vitest';
import { NegentropyResponder } from '../../src/testing/negentropy.ts';

interface Item {
  readonly id: string;
  readonly created_at: number;
}

/** Plays the client's side, by nostr-tools, until it has no more to ask. */
function reconcile(mine: readonly Item[], theirs: readonly Item[], mostRounds = 50) {
  const storage = new nip77.NegentropyStorageVector();
  for (const { id, created_at } of mine) storage.insert(created_at, id);
  storage.seal();
  const client = new nip77.Negentropy(storage);
  const relay = new NegentropyResponder(theirs);
  const have = new Set<string>();
  const need = new Set<string>();
  let rounds = 0;
  let longest = 0;
  for (let message: string | null = client.initiate(); message !== null; rounds += 1) {
    if (rounds > mostRounds) throw new Error('does not come to an end');
    const answer = relay.reconcile(message);
    longest = Math.max(longest, answer.length / 2);
    message = client.reconcile(
      answer,
      (id) => have.add(id),
      (id) => need.add(id),
    );
  }
  return { have: [...have].sort(), need: [...need].sort(), rounds, longest };
}

const idsOf = (items: readonly Item[]): string[] => items.map((item) => item.id).sort();
const without = (items: readonly Item[], others: readonly Item[]): Item[] => {
  const ids = new Set(idsOf(others));
  return items.filter((item) => !ids.has(item.id));
};
const item = (n: number): Item => ({
  // A hash, as ids are: the fingerprint of a range is of the sum of its ids, and must not be met by other ids of the same sum.
  id: createHash('sha256').update(`${n}`).digest('hex'),
  created_at: 1_767_225_600 + Math.floor(n / 3),
});
const items = (count: number, keep: (n: number) => boolean = () => true): Item[] =>
  Array.from({ length: count }, (_, n) => n)
    .filter(keep)
    .map(item);

describe('NegentropyResponder', () => {
  it('lets a client of nostr-tools learn exactly the difference, whatever the sets', () => {
    const sets = fc.array(
      fc.record({ n: fc.integer({ min: 0, max: 5_000 }), where: fc.constantFrom('both', 'mine', 'theirs') }),
      { maxLength: 300, size: 'max' },
    );
    fc.assert(
      fc.property(sets, (entries) => {
        const where = new Map(entries.map((entry) => [entry.n, entry.where]));
        const side = (name: string): Item[] =>
          [...where].filter(([, at]) => at === 'both' || at === name).map(([n]) => item(n));
        const [mine, theirs] = [side('mine'), side('theirs')];
        const { have, need } = reconcile(mine, theirs);
        expect(have).toEqual(idsOf(without(mine, theirs)));
        expect(need).toEqual(idsOf(without(theirs, mine)));
      }),
      { numRuns: 60 },
    );
  });

  it('gives everything to a client that has nothing, and learns that it misses everything', () => {
    const all = items(40);
    expect(reconcile([], all)).toMatchObject({ have: [], need: idsOf(all) });
    expect(reconcile(all, [])).toMatchObject({ have: idsOf(all), need: [] });
    expect(reconcile([], [])).toMatchObject({ have: [], need: [] });
  });

  it('keeps its frames within the limit and goes on in later rounds', () => {
    const theirs = items(10_000);
    const mine = items(10_000, (n) => n % 50 === 0);
    const { need, longest, rounds } = reconcile(mine, theirs);
    expect(need).toEqual(idsOf(without(theirs, mine)));
    expect(longest).toBeLessThanOrEqual(60_000);
    expect(rounds).toBeGreaterThan(1);
  });

  it('cuts an answer to a list of ids that would be too long', () => {
    const theirs = items(5_000);
    const { need, longest } = reconcile([], theirs);
    expect(need).toEqual(idsOf(theirs));
    expect(longest).toBeGreaterThan(50_000);
    expect(longest).toBeLessThanOrEqual(60_000);
  });

  it('answers a version that it does not know with its own', () => {
    const relay = new NegentropyResponder(items(3));
    expect(relay.reconcile('62')).toBe('61');
    expect(relay.reconcile('60ff')).toBe('61');
  });

  it.for(['00', '6100', '61000005', '6100000203', '61000001', '', '6180'])(
    'refuses the broken message %j',
    (message) => {
      expect(() => new NegentropyResponder(items(3)).reconcile(message)).toThrow(Error);
    },
  );

  it('leaves out what nostr-tools cannot write: times from 2038', () => {
    const late = { ...item(1), created_at: 2 ** 32 };
    expect(reconcile([], [item(0), late]).need).toEqual([item(0).id]);
  });
});
