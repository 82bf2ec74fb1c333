import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distance } from '../../src/protocol/place.ts';
import { placeOfTimeZone } from '../../src/protocol/time-zone-place.ts';

/** Zones with the hours of their standard offset, and where the city really is. */
const CITIES: readonly [zone: string, hours: number, latitude: number, longitude: number][] = [
  ['Europe/London', 0, 51.51, -0.13],
  ['Europe/Lisbon', 0, 38.72, -9.14],
  ['Europe/Madrid', 1, 40.42, -3.7],
  ['Europe/Paris', 1, 48.86, 2.35],
  ['Europe/Berlin', 1, 52.52, 13.4],
  ['Europe/Rome', 1, 41.9, 12.5],
  ['Europe/Stockholm', 1, 59.33, 18.07],
  ['Europe/Athens', 2, 37.98, 23.73],
  ['Europe/Helsinki', 2, 60.17, 24.94],
  ['Europe/Istanbul', 3, 41.01, 28.98],
  ['Europe/Moscow', 3, 55.76, 37.62],
  ['Atlantic/Reykjavik', 0, 64.15, -21.94],
  ['Atlantic/Canary', 0, 28.12, -15.43],
  ['America/St_Johns', -3.5, 47.56, -52.71],
  ['America/Halifax', -4, 44.65, -63.58],
  ['America/New_York', -5, 40.71, -74.01],
  ['America/Toronto', -5, 43.65, -79.38],
  ['America/Chicago', -6, 41.88, -87.63],
  ['America/Denver', -7, 39.74, -104.99],
  ['America/Los_Angeles', -8, 34.05, -118.24],
  ['US/Pacific', -8, 34.05, -118.24],
  ['America/Vancouver', -8, 49.28, -123.12],
  ['America/Anchorage', -9, 61.22, -149.9],
  ['Pacific/Honolulu', -10, 21.31, -157.86],
  ['America/Mexico_City', -6, 19.43, -99.13],
  ['America/Costa_Rica', -6, 9.93, -84.08],
  ['America/Puerto_Rico', -4, 18.47, -66.11],
  ['America/Caracas', -4, 10.48, -66.9],
  ['America/Bogota', -5, 4.71, -74.07],
  ['America/Lima', -5, -12.05, -77.04],
  ['America/La_Paz', -4, -16.49, -68.12],
  ['America/Santiago', -4, -33.45, -70.67],
  ['America/Sao_Paulo', -3, -23.55, -46.63],
  ['America/Fortaleza', -3, -3.73, -38.53],
  ['America/Argentina/Buenos_Aires', -3, -34.6, -58.38],
  ['America/Buenos_Aires', -3, -34.6, -58.38],
  ['America/Montevideo', -3, -34.9, -56.16],
  ['Africa/Lagos', 1, 6.52, 3.38],
  ['Africa/Algiers', 1, 36.75, 3.06],
  ['Africa/Cairo', 2, 30.04, 31.24],
  ['Africa/Accra', 0, 5.6, -0.19],
  ['Africa/Johannesburg', 2, -26.2, 28.05],
  ['Africa/Nairobi', 3, -1.29, 36.82],
  ['Asia/Jerusalem', 2, 31.77, 35.21],
  ['Asia/Riyadh', 3, 24.71, 46.68],
  ['Asia/Tehran', 3.5, 35.69, 51.39],
  ['Asia/Dubai', 4, 25.2, 55.27],
  ['Asia/Karachi', 5, 24.86, 67.01],
  ['Asia/Yekaterinburg', 5, 56.84, 60.61],
  ['Asia/Kolkata', 5.5, 22.57, 88.36],
  ['Asia/Calcutta', 5.5, 12.97, 77.59], // Bangalore
  ['Asia/Kathmandu', 5.75, 27.72, 85.32],
  ['Asia/Dhaka', 6, 23.81, 90.41],
  ['Asia/Bangkok', 7, 13.76, 100.5],
  ['Asia/Jakarta', 7, -6.21, 106.85],
  ['Asia/Saigon', 7, 10.82, 106.63],
  ['Asia/Novosibirsk', 7, 55.01, 82.93],
  ['Asia/Singapore', 8, 1.35, 103.82],
  ['Asia/Manila', 8, 14.6, 120.98],
  ['Asia/Shanghai', 8, 31.23, 121.47],
  ['Asia/Hong_Kong', 8, 22.32, 114.17],
  ['Asia/Tokyo', 9, 35.68, 139.65],
  ['Asia/Seoul', 9, 37.57, 126.98],
  ['Asia/Vladivostok', 10, 43.12, 131.89],
  ['Australia/Perth', 8, -31.95, 115.86],
  ['Australia/Darwin', 9.5, -12.46, 130.84],
  ['Australia/Sydney', 10, -33.87, 151.21],
  ['Pacific/Guam', 10, 13.44, 144.79],
  ['Pacific/Auckland', 12, -36.85, 174.76],
  ['Pacific/Tongatapu', 13, -21.14, -175.2],
  ['Pacific/Kiritimati', 14, 1.87, -157.36],
  ['Indian/Mauritius', 4, -20.16, 57.5],
  ['Antarctica/McMurdo', 12, -77.85, 166.67],
];

describe('placeOfTimeZone', () => {
  it.each(CITIES)('knows within 2,000 km where %s is', (zone, hours, latitude, longitude) => {
    expect(distance(placeOfTimeZone(zone, hours * 60)!, { latitude, longitude })).toBeLessThan(2_000);
  });

  it('takes the longitude from the offset', () => {
    expect(placeOfTimeZone('Europe/Berlin', 60)?.longitude).toBe(15);
    expect(placeOfTimeZone('America/New_York', -300)?.longitude).toBe(-75);
    expect(placeOfTimeZone('Asia/Kathmandu', 345)?.longitude).toBe(86.25);
  });

  it('takes the other side of the date line from offsets beyond twelve hours', () => {
    expect(placeOfTimeZone('Pacific/Auckland', 720)?.longitude).toBe(180);
    expect(placeOfTimeZone('Pacific/Chatham', 765)?.longitude).toBe(-168.75);
  });

  it.each([
    'UTC',
    'GMT',
    'Etc/UTC',
    'Etc/GMT+5',
    'CET',
    'EST5EDT',
    'Asia',
    '',
    '/',
    'constructor/x',
    '+01:00',
    'Europe',
  ])('knows no place for %j', (name) => {
    expect(placeOfTimeZone(name, 60)).toBeUndefined();
  });

  it.each([Number.NaN, Infinity, -Infinity, 841, -841])('takes no offset of %s minutes', (offset) => {
    expect(placeOfTimeZone('Europe/Berlin', offset)).toBeUndefined();
  });

  it('knows every zone of this platform that is named after a place', () => {
    const zones = Intl.supportedValuesOf('timeZone').filter((zone) => zone.includes('/') && !zone.startsWith('Etc/'));
    expect(zones.length).toBeGreaterThan(400);
    for (const zone of zones) expect([zone, placeOfTimeZone(zone, 0)]).toEqual([zone, expect.any(Object)]);
  });

  it('takes any name and offset, and stays on the earth', () => {
    const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...CITIES.map(([zone]) => zone)));
    fc.assert(
      fc.property(name, fc.double(), (zone, offset) => {
        const place = placeOfTimeZone(zone, offset);
        if (!place) return;
        expect(Math.abs(place.latitude)).toBeLessThanOrEqual(90);
        expect(Math.abs(place.longitude)).toBeLessThanOrEqual(180);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: -840, max: 840 }), (offset) => {
        expect(Math.abs(placeOfTimeZone('Asia/Tokyo', offset)!.longitude)).toBeLessThanOrEqual(180);
      }),
    );
  });
});
