import type { Place } from '../protocol/place.ts';
import { placeOfTimeZone } from '../protocol/time-zone-place.ts';

/**
 * About where the user is, as far as the time zone of this device tells: within 2,000 km in nearly all of the world. Nothing is looked up
 * and nothing leaves the machine; no permission is asked for. Undefined where the device keeps UTC, as servers do and browsers that
 * resist fingerprinting, and where its time zone is unknown.
 *
 * @example
 * ```ts
 * import { rankByDistance, userPlace } from 'rx-relay-pool';
 *
 * const relays = [
 *   { key: 'wss://tokyo.example/', place: { latitude: 36, longitude: 140 }, latency: undefined },
 *   { key: 'wss://paris.example/', place: { latitude: 49, longitude: 2 }, latency: undefined },
 * ];
 * console.log(rankByDistance(relays, userPlace())[0]?.key);
 * ```
 */
export function userPlace(): Place | undefined {
  // ECMA-402 has it always there; some engines without it are about.
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions() as { readonly timeZone?: string | undefined };
  if (timeZone === undefined) return undefined;
  // Minutes to the west. Where summer time is kept, the standard offset is the larger one: in January north of the equator, in July south
  // of it.
  const toTheWest = [new Date(2025, 0, 15), new Date(2025, 6, 15)].map((date) => date.getTimezoneOffset());
  return placeOfTimeZone(timeZone, 0 - Math.max(...toTheWest));
}
