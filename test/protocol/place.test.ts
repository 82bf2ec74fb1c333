import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distance, type Place } from '../../src/protocol/place.ts';

const place = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});
const at = (latitude: number, longitude: number): Place => ({ latitude, longitude });
const RADIUS = 6_371.0088;
const HALF_WAY_ROUND = Math.PI * RADIUS;

/** The place as a point on a ball of radius 1. */
function pointOf({ latitude, longitude }: Place): readonly number[] {
  const [phi, lambda] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180];
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

describe('distance', () => {
  it.each<[string, Place, Place, number]>([
    ['a degree of latitude', at(0, 0), at(1, 0), 111.2],
    ['a quarter of the equator', at(0, 45), at(0, 135), 10_007.6],
    ['pole to pole', at(90, 12), at(-90, 77), HALF_WAY_ROUND],
    ['to the other side', at(0, 0), at(0, 180), HALF_WAY_ROUND],
    [
      'to the other side, where rounding goes too far',
      at(-64.26520088979387, -67.17659721492467),
      at(64.26520088979392, 112.82340278507529),
      HALF_WAY_ROUND,
    ],
    ['across the date line', at(0, 179.5), at(0, -179.5), 111.2],
    ['London to New York', at(51.5074, -0.1278), at(40.7128, -74.006), 5_570.2],
  ])('%s', (_, a, b, kilometres) => {
    expect(distance(a, b)).toBeCloseTo(kilometres, 0);
  });

  it('is the same both ways, none to itself, and never further than half way round', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const there = distance(a, b);
        expect(there).toBeGreaterThanOrEqual(0);
        expect(there).toBeLessThanOrEqual(HALF_WAY_ROUND);
        expect(distance(b, a)).toBeCloseTo(there, 6);
        expect(distance(a, a)).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  it('is the arc over the straight way through the earth', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const [from, to] = [pointOf(a), pointOf(b)];
        const chord = Math.hypot(...from.map((value, axis) => value - to[axis]!));
        expect(distance(a, b)).toBeCloseTo(2 * RADIUS * Math.asin(Math.min(1, chord / 2)), 2);
      }),
      { numRuns: 400 },
    );
  });

  it('is no longer than the way over a third place', () => {
    fc.assert(
      fc.property(place, place, place, (a, b, c) => {
        expect(distance(a, b)).toBeLessThanOrEqual(distance(a, c) + distance(c, b) + 1e-3);
      }),
      { numRuns: 400 },
    );
  });

  it('is not a number where a coordinate is none', () => {
    expect(distance(at(Number.NaN, 0), at(0, 0))).toBeNaN();
    expect(distance(at(0, 0), at(0, Infinity))).toBeNaN();
  });
});
