/**
 * A small, fast source of pseudo-random numbers that a seed replays: the same seed gives the same numbers on every
 * machine. For tests and simulations only, never for keys.
 *
 * The algorithm is mulberry32 (Tommy Ettinger, public domain), 32 bits of state.
 *
 * @param seed any number; only its lowest 32 bits count
 * @returns a function with the shape of `Math.random`: each call gives the next number in [0, 1)
 * @example
 * ```ts
 * import { seededRandom } from 'rx-relay-pool/testing';
 *
 * const random = seededRandom(42);
 * const dice = 1 + Math.floor(random() * 6);
 * ```
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `length` random hex digits from a `Math.random`-like source. */
export function randomHex(random: () => number, length: number): string {
  let hex = '';
  while (hex.length < length) hex += Math.floor(random() * 16).toString(16);
  return hex;
}
