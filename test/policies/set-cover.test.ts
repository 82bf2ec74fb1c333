import { describe, expect, it } from 'vitest';
import { coverSets, type SetCoverOptions } from '../../src/policies/set-cover.ts';

/** `{ alice: 'a b' }` for alice, who is held by a and, less gladly, by b. */
const wanted = (sets: Record<string, string>): ReadonlyMap<string, readonly string[]> =>
  new Map(Object.entries(sets).map(([name, list]) => [name, list === '' ? [] : list.split(' ')]));
const cover = (sets: Record<string, string>, options: Omit<SetCoverOptions, 'wanted'> = {}) => {
  const { chosen, ...rest } = coverSets({ wanted: wanted(sets), ...options });
  return { chosen: Object.fromEntries(chosen), ...rest };
};
const complete = { uncovered: [], partlyCovered: [] };

describe('coverSets', () => {
  it('takes the set that covers most', () => {
    expect(cover({ alice: 'a shared', bob: 'b shared', carol: 'c shared' }, { times: 1 })).toEqual({
      chosen: { shared: ['alice', 'bob', 'carol'] },
      ...complete,
    });
  });

  it('covers twice by default, in the order that each element prefers', () => {
    const { chosen, ...rest } = cover({ alice: 'x y z', bob: 'z x y' });
    expect(rest).toEqual(complete);
    expect(Object.values(chosen).flat().sort()).toEqual(['alice', 'alice', 'bob', 'bob']);
    expect(Object.keys(chosen)).toHaveLength(2);
  });

  it('assigns to the sets that an element prefers, of those that were chosen', () => {
    // Both sets are needed by someone; carol is held by both, and is asked for where she prefers.
    expect(cover({ alice: 'a', bob: 'b', carol: 'b a' }, { times: 1 }).chosen).toEqual({
      a: ['alice'],
      b: ['bob', 'carol'],
    });
  });

  it('covers each once before any twice', () => {
    // For two times, `big` and `twin` cover most; but then nobody would ask for the lonely one.
    const sets = { alice: 'big twin', bob: 'big twin', carol: 'big twin', lonely: 'far' };
    expect(cover(sets, { maximum: 2 })).toEqual({
      chosen: { big: ['alice', 'bob', 'carol'], far: ['lonely'] },
      uncovered: [],
      partlyCovered: ['alice', 'bob', 'carol', 'lonely'],
    });
  });

  it('reports what has no set, and what the maximum left out', () => {
    const sets = { nobody: '', alice: 'a', bob: 'a', carol: 'c' };
    expect(cover(sets, { maximum: 1, times: 1 })).toEqual({
      chosen: { a: ['alice', 'bob'] },
      uncovered: ['nobody', 'carol'],
      partlyCovered: [],
    });
    expect(cover(sets, { maximum: 0, times: 1 })).toEqual({
      chosen: {},
      uncovered: ['nobody', 'alice', 'bob', 'carol'],
      partlyCovered: [],
    });
  });

  it('says so where an element has fewer sets than asked for', () => {
    expect(cover({ alice: 'a', bob: 'a b' }).partlyCovered).toEqual(['alice']);
  });

  it('chooses twenty sets at most by default', () => {
    const apart = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`element ${index}`, `set-${index}`]));
    const { chosen, uncovered } = cover(apart);
    expect([Object.keys(chosen).length, uncovered.length]).toEqual([20, 5]);
    expect(cover(apart, { maximum: Infinity }).uncovered).toEqual([]);
  });

  it('takes what is used anyway for nothing', () => {
    const sets = { alice: 'a open', bob: 'b open', carol: 'c' };
    const taken = new Set(['open', 'idle']);
    expect(cover(sets, { times: 1, maximum: 1, taken })).toEqual({
      chosen: { open: ['alice', 'bob'], c: ['carol'] },
      ...complete,
    });
    expect(cover(sets, { times: 2, maximum: 0, taken })).toEqual({
      chosen: { open: ['alice', 'bob'] },
      uncovered: ['carol'],
      partlyCovered: ['alice', 'bob'],
    });
  });

  it('chooses more beside what is taken, for the second time', () => {
    expect(cover({ alice: 'open a', bob: 'open a' }, { taken: new Set(['open']) })).toEqual({
      chosen: { open: ['alice', 'bob'], a: ['alice', 'bob'] },
      ...complete,
    });
  });

  it('does without a set that later choices made needless', () => {
    // The greedy one takes `middle` first, and then needs `left` and `right`, which cover all of it.
    const sets = {
      l1: 'left',
      l2: 'middle left',
      l3: 'middle left',
      r1: 'right',
      r2: 'middle right',
      r3: 'middle right',
    };
    expect(cover(sets, { times: 1 })).toEqual({
      chosen: { left: ['l1', 'l2', 'l3'], right: ['r1', 'r2', 'r3'] },
      ...complete,
    });
  });

  it('uses the place that came free so', () => {
    const sets = {
      l1: 'left',
      l2: 'middle left',
      l3: 'middle left',
      r1: 'right',
      r2: 'middle right',
      r3: 'middle right',
    };
    expect(cover({ ...sets, far: 'z' }, { times: 1, maximum: 3 })).toEqual({
      chosen: { left: ['l1', 'l2', 'l3'], right: ['r1', 'r2', 'r3'], z: ['far'] },
      ...complete,
    });
    expect(cover({ ...sets, far: 'z', further: 'y' }, { times: 1, maximum: 3 }).uncovered).toEqual(['far']);
  });

  it('does without the later of two sets that could go, but not both', () => {
    const sets = { x: 'a b', a1: 'a c', a2: 'a c', a3: 'a d', b1: 'b c', b2: 'b d', c1: 'c', d1: 'd' };
    expect(Object.keys(cover(sets, { times: 1 }).chosen).sort()).toEqual(['a', 'c', 'd']);
  });

  describe('between sets that cover as much', () => {
    const sets = { alice: 'a b c', bob: 'b a c' };
    const only = (options: Omit<SetCoverOptions, 'wanted'>, of: Record<string, string> = sets): string[] =>
      Object.keys(cover(of, { times: 1, ...options }).chosen);

    it('takes the one that is worth more', () => {
      expect(only({ preferred: (set) => (set === 'c' ? 0.5 : 0) })).toEqual(['c']);
    });

    it('lets one more element count more than a worth below one', () => {
      expect(only({ preferred: (set) => (set === 'a' ? 0.9 : 0) }, { alice: 'a b', bob: 'b' })).toEqual(['b']);
    });

    it('then takes the one that more elements name first', () => {
      expect(only({}, { alice: 'b a', bob: 'b a', carol: 'a b' })).toEqual(['b']);
    });

    it('then takes the one whose name sorts first', () => {
      expect(only({})).toEqual(['a']);
    });

    it('takes NaN for nothing, and asks about each set once', () => {
      const asked: string[] = [];
      const preferred = (set: string): number => {
        asked.push(set);
        return set === 'a' ? Number.NaN : set === 'b' ? 0.1 : 0;
      };
      expect(only({ preferred })).toEqual(['b']);
      expect(asked.sort()).toEqual(['a', 'b', 'c']);
    });

    it('still looks at the number of elements where the worth has no end', () => {
      expect(only({ preferred: () => Infinity }, { alice: 'a z', bob: 'b z', carol: 'c z' })).toEqual(['z']);
    });
  });

  it('counts a set that is named twice once', () => {
    expect(cover({ alice: 'a a', bob: 'b' })).toEqual({
      chosen: { a: ['alice'], b: ['bob'] },
      uncovered: [],
      partlyCovered: ['alice', 'bob'],
    });
  });

  it('takes nothing at all', () => {
    expect(cover({})).toEqual({ chosen: {}, ...complete });
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses to cover %s times', (times) => {
    expect(() => cover({}, { times })).toThrow(RangeError);
    expect(() => cover({}, { times })).toThrow(`got ${times}`);
  });

  it.each([-1, 1.5, Number.NaN, -Infinity])('refuses a maximum of %s', (maximum) => {
    expect(() => cover({}, { maximum })).toThrow(RangeError);
    expect(() => cover({}, { maximum })).toThrow(`got ${maximum}`);
  });
});
