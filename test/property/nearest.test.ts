import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Rankable, rankByDistance } from '../../src/policies/nearest.ts';
import { distance } from '../../src/protocol/place.ts';

const place = fc.record({
  latitude: fc.integer({ min: -90, max: 90 }),
  longitude: fc.integer({ min: -180, max: 180 }),
});
const latency = fc.option(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(Infinity, Number.NaN, -5)), {
  nil: undefined,
});
const candidates = fc
  .array(fc.record({ place: fc.option(place, { nil: undefined }), latency }), { maxLength: 25 })
  .map((all) => all.map((candidate, index): Rankable => ({ key: `relay ${index}`, ...candidate })));
const tie = fc.constantFrom(100, 500, 3_000, Infinity);

/** The middle one of the sorted list, or what lies between two. */
const middle = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  while (sorted.length > 2) sorted.splice(0, sorted.length, ...sorted.slice(1, -1));
  return sorted.reduce((sum, value) => sum + value / sorted.length, 0);
};

describe('rankByDistance', () => {
  it('sorts by band, then by latency, with the median for what is not known', () => {
    fc.assert(
      fc.property(candidates, fc.option(place, { nil: undefined }), tie, (all, from, tie) => {
        const ranking = rankByDistance(all, from, { tie });
        expect([...ranking].sort((a, b) => all.indexOf(a) - all.indexOf(b))).toEqual(all); // a permutation
        const known = (candidate: Rankable): number | undefined =>
          from && candidate.place ? distance(from, candidate.place) : undefined;
        const distances = all.map(known).filter((distance) => distance !== undefined);
        const bandOf = (candidate: Rankable): number => Math.floor((known(candidate) ?? middle(distances)) / tie);
        const isMeasured = ({ latency }: Rankable): boolean => latency !== undefined && latency >= 0;
        const latencyOf = (candidate: Rankable): number =>
          isMeasured(candidate)
            ? (candidate.latency ?? 0)
            : middle(
                all
                  .filter((other) => bandOf(other) === bandOf(candidate) && isMeasured(other))
                  .map((other) => other.latency!),
              );
        for (const [index, candidate] of ranking.slice(1).entries()) {
          const before = ranking[index]!;
          expect(bandOf(before)).toBeLessThanOrEqual(bandOf(candidate));
          if (bandOf(before) < bandOf(candidate)) continue;
          expect(latencyOf(before)).toBeLessThanOrEqual(latencyOf(candidate));
          if (latencyOf(before) < latencyOf(candidate)) continue;
          expect(Number(isMeasured(before))).toBeLessThanOrEqual(Number(isMeasured(candidate)));
          if (isMeasured(before) === isMeasured(candidate)) expect(before.key < candidate.key).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order of the candidates', () => {
    const shuffled = candidates.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, place, ([a, b], from) => {
        expect(rankByDistance(b, from)).toEqual(rankByDistance(a, from));
      }),
      { numRuns: 200 },
    );
  });
});
