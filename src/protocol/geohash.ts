import type { Place } from './place.ts';

const DIGITS = '0123456789bcdefghjkmnpqrstuvwxyz';
/** Twelve digits are 60 bits, and less than four centimetres. */
const MOST_DIGITS = 12;

/**
 * The centre of a geohash's cell (Gustavo Niemeyer, 2008; NIP-52 has it in `g` tags): 1 to 12 digits in lower case, of five bits each, which
 * halve the longitudes and the latitudes in turns. Undefined for all else, capitals too: those are what monitors write names of
 * countries and cities in.
 */
export function decodeGeohash(text: string): Place | undefined {
  if (text.length === 0 || text.length > MOST_DIGITS) return undefined;
  const longitude = { low: -180, high: 180 };
  const latitude = { low: -90, high: 90 };
  let isLongitude = true;
  for (const digit of text) {
    const value = DIGITS.indexOf(digit);
    if (value < 0) return undefined;
    for (let bit = 16; bit > 0; bit >>= 1) {
      const range = isLongitude ? longitude : latitude;
      range[value & bit ? 'low' : 'high'] = (range.low + range.high) / 2;
      isLongitude = !isLongitude;
    }
  }
  return { latitude: (latitude.low + latitude.high) / 2, longitude: (longitude.low + longitude.high) / 2 };
}
