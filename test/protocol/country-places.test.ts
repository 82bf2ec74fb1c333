import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeOfCountry } from '../../src/protocol/country-places.ts';
import { distance } from '../../src/protocol/place.ts';

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const PAIRS = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));

/** Capitals, or large cities, to two decimals. */
const CITIES: readonly [code: string, latitude: number, longitude: number][] = [
  ['AR', -34.6, -58.38],
  ['AT', 48.21, 16.37],
  ['AU', -33.87, 151.21],
  ['BR', -23.55, -46.63],
  ['CA', 43.65, -79.38],
  ['CH', 47.37, 8.54],
  ['CL', -33.45, -70.67],
  ['CZ', 50.08, 14.44],
  ['DE', 52.52, 13.4],
  ['EG', 30.04, 31.24],
  ['ES', 40.42, -3.7],
  ['FI', 60.17, 24.94],
  ['FR', 48.86, 2.35],
  ['GB', 51.51, -0.13],
  ['HK', 22.32, 114.17],
  ['ID', -6.21, 106.85],
  ['IS', 64.15, -21.94],
  ['IT', 41.9, 12.5],
  ['JP', 35.68, 139.65],
  ['KE', -1.29, 36.82],
  ['KR', 37.57, 126.98],
  ['MX', 19.43, -99.13],
  ['NL', 52.37, 4.9],
  ['NO', 59.91, 10.75],
  ['NZ', -36.85, 174.76],
  ['PE', -12.05, -77.04],
  ['PL', 52.23, 21.01],
  ['PT', 38.72, -9.14],
  ['RU', 55.76, 37.62],
  ['SE', 59.33, 18.07],
  ['SG', 1.35, 103.82],
  ['TR', 41.01, 28.98],
  ['UA', 50.45, 30.52],
  ['ZA', -26.2, 28.05],
];

describe('placeOfCountry', () => {
  it('knows the 249 codes, each somewhere on earth', () => {
    const places = PAIRS.map(placeOfCountry).filter((place) => place !== undefined);
    expect(places).toHaveLength(249);
    for (const { latitude, longitude } of places) {
      expect(Number.isInteger(latitude) && Math.abs(latitude) <= 90).toBe(true);
      expect(Number.isInteger(longitude) && Math.abs(longitude) <= 180).toBe(true);
    }
  });

  it.each(CITIES)('%s is where its people are', (code, latitude, longitude) => {
    expect(distance(placeOfCountry(code)!, { latitude, longitude })).toBeLessThan(100);
  });

  it('has the United States within 2,300 km, Alaska and Hawaii aside', () => {
    const places: [number, number][] = [
      [40.71, -74.01],
      [25.76, -80.19],
      [34.05, -118.24],
      [47.61, -122.33],
    ];
    for (const [latitude, longitude] of places) {
      expect(distance(placeOfCountry('US')!, { latitude, longitude })).toBeLessThan(2_300);
    }
  });

  it('takes small letters', () => {
    expect(placeOfCountry('de')).toEqual(placeOfCountry('DE'));
  });

  it.each(['', 'D', 'DEU', 'EU', 'XX', 'UK', '*', '1A', ' D', '__', 'D1'])('does not know %j', (code) => {
    expect(placeOfCountry(code)).toBeUndefined();
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void placeOfCountry(text)));
  });

  it('is a small file', () => {
    expect(readFileSync('src/protocol/country-places.ts').length).toBeLessThan(4_000);
  });
});
