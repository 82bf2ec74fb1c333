/**
 * A place on earth, in degrees.
 *
 * @example
 * ```ts
 * import type { Place } from 'rx-relay-pool';
 *
 * const reykjavik: Place = { latitude: 64.1, longitude: -21.9 };
 * ```
 */
export interface Place {
  /** From -90, the south pole, to 90. */
  readonly latitude: number;
  /** From -180 to 180; west of Greenwich is below 0. */
  readonly longitude: number;
}

/** The mean radius of the earth (IUGG), in km. */
const RADIUS = 6_371.0088;

/**
 * How far it is from one place to another on the surface, in km: the haversine formula, which takes the earth for a sphere and is less than
 * 0.6 % off. NaN where a coordinate is.
 */
export function distance(a: Place, b: Place): number {
  const latitudes = haversine(radians(b.latitude - a.latitude));
  const longitudes = haversine(radians(b.longitude - a.longitude));
  const chord = latitudes + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * longitudes;
  // Rounding may bring it a little above 1, of which there is no arcsine.
  return 2 * RADIUS * Math.asin(Math.sqrt(Math.min(1, chord)));
}

function haversine(angle: number): number {
  return Math.sin(angle / 2) ** 2;
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
