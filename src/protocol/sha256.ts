/** The first 32 bits of the fractional part: a double has 20 more of roots as small as these. */
const fraction = (root: number): number => (root % 1) * 2 ** 32;
/** The first 64 primes. */
const primes = (): number[] =>
  Array.from({ length: 310 }, (_, n) => n + 2).filter((n) => {
    for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return false;
    return true;
  });

/** Made when they are first needed, so that a bundler can leave them out. */
let constants: { readonly start: Uint32Array; readonly rounds: Uint32Array } | undefined;

/** The fractional parts of the square roots of the first 8 primes, and of the cube roots of the first 64. */
function makeConstants(): NonNullable<typeof constants> {
  return {
    start: Uint32Array.from(primes().slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
    rounds: Uint32Array.from(primes(), (prime) => fraction(Math.cbrt(prime))),
  };
}

/**
 * The SHA-256 (FIPS 180-4) of some bytes, at once: the platform's own answers later only, and not on every page. Made for the fingerprints
 * of NIP-77, a few bytes each; ids and signatures are the verifiers' matter.
 */
export function sha256(bytes: Uint8Array): Uint8Array {
  const { start, rounds } = (constants ??= makeConstants());
  const state = start.slice();
  const padded = new Uint8Array(64 * Math.ceil((bytes.length + 9) / 64));
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.length * 8);
  const words = new Uint32Array(64);
  for (let at = 0; at < padded.length; at += 64) block(state, rounds, words, view, at);
  const hash = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => hash.setUint32(4 * index, word));
  return new Uint8Array(hash.buffer);
}

function block(state: Uint32Array, rounds: Uint32Array, words: Uint32Array, view: DataView, at: number): void {
  const word = (index: number): number => words[index] ?? 0;
  for (let i = 0; i < 16; i++) words[i] = view.getUint32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const [early, late] = [word(i - 15), word(i - 2)];
    const small = right(early, 7) ^ right(early, 18) ^ (early >>> 3);
    const large = right(late, 17) ^ right(late, 19) ^ (late >>> 10);
    words[i] = word(i - 16) + small + word(i - 7) + large;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i++) {
    const chosen = (e & f) ^ (~e & g);
    const first = h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + chosen + (rounds[i] ?? 0) + word(i);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + majority;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, index) => (state[index] = (state[index] ?? 0) + value));
}

/** Rotates 32 bits to the right. */
function right(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}
