import { afterEach, describe, expect, it, vi } from 'vitest';
import { distance } from '../../src/protocol/place.ts';
import { userPlace } from '../../src/sources/user-place.ts';

describe('userPlace', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it.each([
    ['Europe/Berlin', 15],
    ['America/New_York', -75],
    ['Australia/Sydney', 150], // summer time in January
    ['Europe/Dublin', 0],
    ['Asia/Tokyo', 135],
    ['Asia/Kolkata', 82.5],
  ])('goes by the time zone of the device, without summer time: %s', (zone, longitude) => {
    vi.stubEnv('TZ', zone);
    expect(userPlace()?.longitude).toBe(longitude);
  });

  it('knows the half of the world, too', () => {
    vi.stubEnv('TZ', 'America/Sao_Paulo');
    expect(distance(userPlace()!, { latitude: -23.55, longitude: -46.63 })).toBeLessThan(1_000);
  });

  it('does not go by the day', () => {
    vi.stubEnv('TZ', 'Europe/Berlin');
    vi.useFakeTimers({ now: new Date(2025, 6, 1) });
    const inSummer = userPlace();
    vi.setSystemTime(new Date(2025, 0, 1));
    expect(userPlace()).toEqual(inSummer);
    vi.useRealTimers();
  });

  it.each(['UTC', 'Etc/GMT+5'])('knows nothing of a device that keeps %s', (zone) => {
    vi.stubEnv('TZ', zone);
    expect(userPlace()).toBeUndefined();
  });

  it('knows nothing where the platform does not', () => {
    vi.spyOn(Intl, 'DateTimeFormat').mockReturnValue({ resolvedOptions: () => ({}) } as Intl.DateTimeFormat);
    expect(userPlace()).toBeUndefined();
  });
});
