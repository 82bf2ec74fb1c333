import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Negentropy } from '../../src/protocol/negentropy.ts';
import { type NegentropyItem, NegentropyItems } from '../../src/protocol/negentropy-items.ts';
import { NegentropyResponder } from '../../src/testing/negentropy.ts';
import { randomHex, seededRandom } from '../../src/testing/seeded-random.ts';

interface Sides {
  readonly seed: number;
  readonly seconds: number;
  readonly both: number;
  readonly here: number;
  readonly there: number;
  readonly frameSize: number;
}

const sides: fc.Arbitrary<Sides> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  seconds: fc.constantFrom(1, 5, 1_000, 1_000_000_000),
  both: fc.integer({ min: 0, max: 600 }),
  here: fc.constantFrom(0, 1, 3, 40, 400),
  there: fc.constantFrom(0, 1, 3, 40, 400),
  frameSize: fc.constantFrom(0, 4_096, 60_000),
});

it('finds exactly what either side lacks, in few rounds, whatever the stores and the frames', () => {
  fc.assert(
    fc.property(sides, ({ seed, seconds, both, here, there, frameSize }) => {
      const random = seededRandom(seed);
      const some = (count: number): NegentropyItem[] =>
        Array.from({ length: count }, () => ({
          id: randomHex(random, 64),
          created_at: Math.floor(random() * seconds),
        }));
      const [common, mine, theirs] = [some(both), some(here), some(there)];
      const items = new NegentropyItems([...common, ...mine]);
      const client = new Negentropy(items, 0, items.size, frameSize);
      const relay = new NegentropyResponder([...common, ...theirs]);
      const have = new Set<string>();
      const need = new Set<string>();
      let message: string | undefined = client.initiate();
      let rounds = 0;
      while (message !== undefined && rounds < 60) {
        if (frameSize > 0) expect(message.length).toBeLessThanOrEqual(2 * frameSize);
        const step = client.reconcile(relay.reconcile(message));
        for (const id of step.have) have.add(id);
        for (const id of step.need) need.add(id);
        message = step.answer;
        rounds++;
      }
      expect(message).toBeUndefined();
      expect([...have].sort()).toEqual(mine.map(({ id }) => id).sort());
      expect([...need].sort()).toEqual(theirs.map(({ id }) => id).sort());
    }),
    { numRuns: 60 },
  );
});

it('a message of anything is read, or refused, and never answered beyond a frame', () => {
  const items = new NegentropyItems(
    Array.from({ length: 200 }, (_, i) => ({ id: randomHex(seededRandom(i + 1), 64), created_at: i })),
  );
  const client = new Negentropy(items, 0, items.size, 4_096);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const message = `61${Buffer.from(bytes).toString('hex')}`;
      try {
        expect(client.reconcile(message).answer?.length ?? 0).toBeLessThanOrEqual(2 * 4_096);
      } catch (error) {
        expect(error).toMatchObject({ name: 'NegentropyError' });
      }
    }),
    { numRuns: 300 },
  );
});

it('a range that a full frame leaves out is not taken for the same as what follows it', () => {
  const random = seededRandom(3);
  const all = Array.from({ length: 2_000 }, (_, created_at) => ({ id: randomHex(random, 64), created_at }));
  const items = new NegentropyItems(all);
  const client = new Negentropy(items, 0, items.size, 4_096);
  // A first answer in which every hundred items differ: more than a frame can answer, so that one hundred and all behind it wait.
  const distances = [...Array.from({ length: 19 }, () => '65'), '00']; // a hundred seconds each are written as 101, the end as 0
  const first = `61${distances.map((distance) => `${distance}0001${'ab'.repeat(16)}`).join('')}`;
  for (let lacking = 0; lacking < 20; lacking++) {
    const relay = new NegentropyResponder(all.filter((_, i) => Math.floor(i / 100) !== lacking));
    const have = new Set<string>();
    let message = client.reconcile(first).answer;
    for (let rounds = 0; message !== undefined && rounds < 100; rounds++) {
      const step = client.reconcile(relay.reconcile(message));
      for (const id of step.have) have.add(id);
      message = step.answer;
    }
    expect([have.size, message]).toEqual([100, undefined]);
  }
});
