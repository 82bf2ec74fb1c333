import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeGeohash } from '../../src/protocol/geohash.ts';

const DIGITS = '0123456789bcdefghjkmnpqrstuvwxyz';

/** The geohash of a place, bit by bit. */
function encode(latitude: number, longitude: number, length: number): string {
  const bits: number[] = [];
  const ranges = [
    { low: -180, high: 180, value: longitude },
    { low: -90, high: 90, value: latitude },
  ];
  while (bits.length < length * 5) {
    const range = ranges[bits.length % 2]!;
    const middle = (range.low + range.high) / 2;
    bits.push(range.value >= middle ? 1 : 0);
    if (range.value >= middle) range.low = middle;
    else range.high = middle;
  }
  return Array.from({ length }, (_, index) => DIGITS[parseInt(bits.slice(index * 5, index * 5 + 5).join(''), 2)]).join(
    '',
  );
}

describe('decodeGeohash', () => {
  it.each([
    ['ezs42', 42.605, -5.603], // León, the example of the geohash articles
    ['u4pruydqqvj', 57.64911, 10.40744], // Jutland
    ['9q8yyk8ytpxr', 37.7749, -122.4194], // San Francisco
    ['r3gx2f9tt5sn', -33.8688, 151.2093], // Sydney
    ['s', 22.5, 22.5],
    ['0', -67.5, -157.5],
  ])('reads %s', (text, latitude, longitude) => {
    const place = decodeGeohash(text);
    expect(place?.latitude).toBeCloseTo(latitude, 2);
    expect(place?.longitude).toBeCloseTo(longitude, 2);
  });

  it.each(['', 'a', 'ezs4i', 'u4l', 'o', 'US', 'EZS42', 'ezs42 ', '-1', '0123456789bcd', '😀', 'ü', '\u0000'])(
    'has nothing to say about %j',
    (text) => {
      expect(decodeGeohash(text)).toBeUndefined();
    },
  );

  it('gives the centre of the cell that a place is in', () => {
    const coordinate = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
    fc.assert(
      fc.property(coordinate(90), coordinate(180), fc.integer({ min: 1, max: 12 }), (latitude, longitude, length) => {
        const centre = decodeGeohash(encode(latitude, longitude, length));
        const longitudeBits = Math.ceil((length * 5) / 2);
        const latitudeBits = Math.floor((length * 5) / 2);
        expect(Math.abs(centre!.longitude - longitude)).toBeLessThanOrEqual(180 / 2 ** longitudeBits);
        expect(Math.abs(centre!.latitude - latitude)).toBeLessThanOrEqual(90 / 2 ** latitudeBits);
      }),
      { numRuns: 300 },
    );
  });

  it('takes any text, and stays on the earth', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 14 }),
      fc.string({ unit: fc.constantFrom(...DIGITS) }),
    );
    fc.assert(
      fc.property(text, (input) => {
        const place = decodeGeohash(input);
        const isGeohash =
          input.length >= 1 && input.length <= 12 && [...input].every((digit) => DIGITS.includes(digit));
        expect(place !== undefined).toBe(isGeohash);
        if (!place) return;
        expect(Math.abs(place.latitude)).toBeLessThan(90);
        expect(Math.abs(place.longitude)).toBeLessThan(180);
      }),
      { numRuns: 300 },
    );
  });
});
