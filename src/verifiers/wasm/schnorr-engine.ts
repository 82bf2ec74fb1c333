/** Bytes of a record: the id, the public key and the signature of an event. */
export const RECORD_BYTES = 128;

/** Records that go to the code at a time: more would be hardly faster, and its memory only grows. */
const LARGEST_BATCH = 1_024;
const RANDOM_BYTES = 16;
/** How often linear combinations are tried over the records; see schnorr.c. */
const TRIES = 3;
/** Where more than one in so many is forged, bisection costs more than it spares. */
const FORGERIES_APART = 64;

interface SchnorrExports {
  readonly memory: WebAssembly.Memory;
  readonly reserve: (count: number) => number;
  readonly verify: (count: number, tries: number) => void;
}

/**
 * BIP-340 verification by the compiled libsecp256k1 (schnorr.c). Several records are checked as one random linear combination, with
 * randomisers of the platform's cryptographic source, fresh for each call; where that fails, the forgeries are found by bisection. After a batch
 * with many forgeries the next is checked one by one.
 */
export class SchnorrEngine {
  readonly #exports: SchnorrExports;
  #tries = TRIES;

  constructor(instance: WebAssembly.Instance) {
    this.#exports = instance.exports as unknown as SchnorrExports;
  }

  /**
   * Whether it tells a right signature from a wrong one here. Code runs slowly for the first time: who asks when it is loaded need not wait later.
   *
   * @param good - A record with a right signature.
   */
  isSound(good: Uint8Array): boolean {
    const forged = good.map((byte, at) => (at < RECORD_BYTES - 1 ? byte : byte ^ 1));
    // In this order, as what comes after a forgery is checked one by one.
    return this.verify(forged)[0] === 0 && this.verify(good)[0] === 1;
  }

  /** A verdict for each record, 1 or 0. It throws where there is no memory. */
  verify(records: Uint8Array): Uint8Array<ArrayBuffer> {
    const verdicts = new Uint8Array(records.length / RECORD_BYTES);
    for (let start = 0; start < verdicts.length; start += LARGEST_BATCH) {
      const batch = records.subarray(start * RECORD_BYTES, (start + LARGEST_BATCH) * RECORD_BYTES);
      verdicts.set(this.#verifyBatch(batch), start);
    }
    return verdicts;
  }

  #verifyBatch(records: Uint8Array): Uint8Array {
    const count = records.length / RECORD_BYTES;
    const { memory, reserve, verify } = this.#exports;
    const at = reserve(count);
    const bytes = new Uint8Array(memory.buffer, at, count * (RECORD_BYTES + RANDOM_BYTES + 1));
    bytes.set(records);
    const randomEnd = records.length + count * RANDOM_BYTES;
    crypto.getRandomValues(bytes.subarray(records.length, randomEnd));
    verify(count, this.#tries);
    const verdicts = bytes.subarray(randomEnd);
    const forged = verdicts.reduce((sum, verdict) => sum + 1 - verdict, 0);
    this.#tries = forged * FORGERIES_APART > count ? 0 : TRIES;
    return verdicts;
  }
}
