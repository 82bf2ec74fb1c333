import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverSets, type SetCover } from '../../src/policies/set-cover.ts';

type Wanted = ReadonlyMap<string, readonly string[]>;

const wantedOf = (elements: number, sets: number): fc.Arbitrary<Wanted> =>
  fc
    .array(fc.uniqueArray(fc.integer({ min: 0, max: sets - 1 }), { maxLength: sets }), { maxLength: elements })
    .map((lists) => new Map(lists.map((list, index) => [`e${index}`, list.map((set) => `s${set}`)])));

const small = wantedOf(10, 8);
const large = wantedOf(60, 25);
const times = fc.integer({ min: 1, max: 3 });
const taken = fc.subarray(['s0', 's1', 's2', 's9', 'other']).map((names) => new Set(names));
const worth = fc.dictionary(
  fc.constantFrom('s0', 's1', 's2', 's3', 's4'),
  fc.double({ min: 0, max: 0.9, noNaN: true }),
);

/** By how many sets each element is asked for. */
function counts(wanted: Wanted, { chosen }: SetCover): Map<string, number> {
  const count = new Map([...wanted.keys()].map((element) => [element, 0]));
  for (const element of [...chosen.values()].flat()) count.set(element, (count.get(element) ?? 0) + 1);
  return count;
}

/** The fewest sets that cover each element `times` times, or as often as it has sets; every choice tried. */
function fewest(wanted: Wanted, times: number): number {
  const names = [...new Set([...wanted.values()].flat())];
  let best = names.length;
  for (let bits = 0; bits < 2 ** names.length; bits++) {
    const chosen = new Set(names.filter((_, index) => (bits >> index) & 1));
    const covers = [...wanted.values()].every(
      (sets) => sets.filter((set) => chosen.has(set)).length >= Math.min(times, sets.length),
    );
    if (covers) best = Math.min(best, chosen.size);
  }
  return best;
}

const plain = ({ chosen, uncovered, partlyCovered }: SetCover) => ({
  chosen: new Map([...chosen].map(([set, elements]) => [set, [...elements].sort()])),
  uncovered: [...uncovered].sort(),
  partlyCovered: [...partlyCovered].sort(),
});

describe('set cover', () => {
  it('leaves nothing out where the maximum allows all', () => {
    fc.assert(
      fc.property(large, times, taken, worth, (wanted, times, taken, worth) => {
        const cover = coverSets({ wanted, times, taken, maximum: Infinity, preferred: (set) => worth[set] ?? 0 });
        const count = counts(wanted, cover);
        for (const [element, sets] of wanted) expect(count.get(element)).toBe(Math.min(times, sets.length));
      }),
      { numRuns: 300 },
    );
  });

  it('assigns and reports what is so', () => {
    fc.assert(
      fc.property(large, times, fc.integer({ min: 0, max: 8 }), taken, (wanted, times, maximum, taken) => {
        const cover = coverSets({ wanted, times, maximum, taken });
        const count = counts(wanted, cover);
        const isShort = (element: string): boolean => (count.get(element) ?? 0) < times;
        const elements = [...wanted.keys()];
        expect([...cover.chosen.keys()].filter((set) => !taken.has(set)).length).toBeLessThanOrEqual(maximum);
        expect(cover.uncovered).toEqual(elements.filter((element) => count.get(element) === 0));
        expect(cover.partlyCovered).toEqual(elements.filter((element) => count.get(element) !== 0 && isShort(element)));
        for (const [set, assigned] of cover.chosen) {
          expect(assigned.length).toBeGreaterThan(0);
          expect(new Set(assigned).size).toBe(assigned.length);
          for (const element of assigned) expect(wanted.get(element)).toContain(set);
        }
        // Each goes to those of the chosen ones that it prefers.
        for (const [element, sets] of wanted) {
          const asked = sets.filter((set) => cover.chosen.get(set)?.includes(element));
          expect(asked).toEqual(sets.filter((set) => cover.chosen.has(set)).slice(0, times));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('chooses no set that could go', () => {
    fc.assert(
      fc.property(large, times, fc.integer({ min: 0, max: 12 }), (wanted, times, maximum) => {
        const { chosen } = coverSets({ wanted, times, maximum });
        for (const set of chosen.keys()) {
          const misses = [...wanted.values()].some(
            (sets) => sets.includes(set) && sets.filter((other) => chosen.has(other)).length <= times,
          );
          expect(misses).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('leaves a place empty, or an element covered once, only where all that can be are covered', () => {
    let limited = 0;
    fc.assert(
      fc.property(large, fc.integer({ min: 0, max: 8 }), (wanted, maximum) => {
        const { chosen, uncovered, partlyCovered } = coverSets({ wanted, maximum });
        if (chosen.size === maximum) return void limited++;
        for (const element of uncovered) expect(wanted.get(element)).toEqual([]);
        for (const element of partlyCovered) expect(wanted.get(element)).toHaveLength(1);
      }),
      { numRuns: 300 },
    );
    expect(limited).toBeGreaterThan(30);
  });

  it('covers no element a second time while one is without', () => {
    fc.assert(
      fc.property(large, (wanted) => {
        const once = coverSets({ wanted, times: 1, maximum: Infinity });
        // So many places are enough for all once, hence all are covered, however many times are asked for.
        const thrice = coverSets({ wanted, times: 3, maximum: once.chosen.size + once.uncovered.length + 25 });
        expect(thrice.uncovered).toEqual(once.uncovered);
      }),
      { numRuns: 200 },
    );
  });

  it('needs at most ln(n) + 1 times the fewest sets, for each of the times', () => {
    let isMore = 0;
    fc.assert(
      fc.property(small, times, (wanted, times) => {
        const best = fewest(wanted, times);
        const { chosen } = coverSets({ wanted, times, maximum: Infinity });
        const elements = [...wanted.values()].filter((sets) => sets.length > 0).length;
        if (elements === 0) return void expect(chosen.size).toBe(0);
        expect(chosen.size).toBeGreaterThanOrEqual(best);
        expect(chosen.size).toBeLessThanOrEqual(times * (Math.log(elements) + 1) * best);
        // Far from the bound, it is hardly ever more than one set off.
        expect(chosen.size - best).toBeLessThanOrEqual(2);
        if (chosen.size > best) isMore++;
      }),
      { numRuns: 300, seed: 20_240_101 },
    );
    expect(isMore).toBeGreaterThan(0); // or the heuristic was never put to the test
  });

  it('comes to the same in whatever order the elements come', () => {
    const shuffled = large.chain((wanted) =>
      fc.tuple(
        fc.constant(wanted),
        fc.shuffledSubarray([...wanted], { minLength: wanted.size, maxLength: wanted.size }).map((all) => new Map(all)),
      ),
    );
    fc.assert(
      fc.property(
        shuffled,
        times,
        fc.integer({ min: 0, max: 12 }),
        taken,
        worth,
        ([a, b], times, maximum, taken, worth) => {
          const options = { times, maximum, taken, preferred: (set: string) => worth[set] ?? 0 };
          expect(plain(coverSets({ ...options, wanted: a }))).toEqual(plain(coverSets({ ...options, wanted: b })));
        },
      ),
      { numRuns: 300 },
    );
  });
});
