import { sha256 } from './sha256.ts';

/** An event as reconciliation knows it (NIP-77). */
export interface NegentropyItem {
  /** 64 lower-case hex digits. */
  readonly id: string;
  /** Seconds. */
  readonly created_at: number;
}

/** A place between items: all before it are older, or as old with a lower id. An `id` may be the beginning of one. */
export interface Bound {
  readonly created_at: number;
  readonly id: string;
}

/** 32-bit words of an id. */
const WORDS = 8;
/** Bytes of a fingerprint. */
const FINGERPRINT = 16;

/** Items in the order of Negentropy, each once, with the fingerprint of any range of them at the same small cost. */
export class NegentropyItems {
  readonly #items: readonly NegentropyItem[];
  /** The sum of all ids before each place, as little-endian numbers of 256 bits. */
  readonly #sums: Uint32Array;

  constructor(items: Iterable<NegentropyItem>) {
    const sorted = [...items].sort((a, b) => a.created_at - b.created_at || compareText(a.id, b.id));
    this.#items = sorted.filter(({ id }, index) => id !== sorted[index - 1]?.id);
    this.#sums = new Uint32Array(WORDS * (this.#items.length + 1));
    this.#items.forEach(({ id }, index) => {
      let carry = 0;
      for (let word = 0; word < WORDS; word++) {
        const at = WORDS * index + word;
        const sum = (this.#sums[at] ?? 0) + littleEndian(id, word) + carry;
        this.#sums[at + WORDS] = sum;
        carry = sum > 0xffff_ffff ? 1 : 0;
      }
    });
  }

  get size(): number {
    return this.#items.length;
  }

  /** @throws RangeError where there is none */
  at(index: number): NegentropyItem {
    const item = this.#items[index];
    if (!item) throw new RangeError(`There is no item ${index} of ${this.size}.`);
    return item;
  }

  /** The items from one place to another. */
  slice(from: number, to: number): readonly NegentropyItem[] {
    return this.#items.slice(from, to);
  }

  /** How many items are before the bound. */
  indexOf({ created_at: time, id }: Bound): number {
    let [low, high] = [0, this.#items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = this.at(middle);
      if (item.created_at < time || (item.created_at === time && item.id < id)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The fingerprint of the items from one place to another, in hex: the start of the hash of their sum and number. */
  fingerprint(from: number, to: number): string {
    const bytes = new Uint8Array(4 * WORDS + 8);
    const view = new DataView(bytes.buffer);
    let borrow = 0;
    for (let word = 0; word < WORDS; word++) {
      const difference = (this.#sums[WORDS * to + word] ?? 0) - (this.#sums[WORDS * from + word] ?? 0) - borrow;
      view.setUint32(4 * word, difference, true);
      borrow = difference < 0 ? 1 : 0;
    }
    const count = varint(to - from);
    bytes.set(count, 4 * WORDS);
    return toHex(sha256(bytes.subarray(0, 4 * WORDS + count.length)).subarray(0, FINGERPRINT));
  }
}

/** A whole number as base-128 digits, the most significant first; all but the last have their high bit set. */
export function varint(value: number): readonly number[] {
  const digits = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift(128 + (rest % 128));
  return digits;
}

/** Bytes as lower-case hex. */
export function toHex(bytes: Iterable<number>): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}

function littleEndian(id: string, word: number): number {
  const big = parseInt(id.slice(8 * word, 8 * word + 8), 16);
  return (((big & 0xff) << 24) + ((big & 0xff00) << 8) + ((big >>> 8) & 0xff00) + (big >>> 24)) >>> 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
