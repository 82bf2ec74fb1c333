import { type Bound, type NegentropyItems, toHex, varint } from './negentropy-items.ts';

const VERSION = 0x61;
const SKIP = 0;
const FINGERPRINT = 1;
const ID_LIST = 2;
/** Into how many parts a range that differs is cut; one with less than twice as many items is sent as a list. */
const BUCKETS = 16;
/** Bytes of a frame that stay free for the end of a message: a bound, a mode and a fingerprint, twice. */
const RESERVE = 200;
/** Bytes that a frame needs to hold the answer to one range. */
const SMALLEST_FRAME = 4_096;
const END: Bound = { created_at: Infinity, id: '' };

/** A message that is none of Negentropy's, or of a version that is not spoken here. */
export class NegentropyError extends Error {
  override readonly name = 'NegentropyError';
}

/** What one message brought. */
export interface NegentropyStep {
  /** Ids of this side that the other has not. */
  readonly have: readonly string[];
  /** Ids of the other side that this one has not. */
  readonly need: readonly string[];
  /** The answer, in hex; undefined when both sides are reconciled. */
  readonly answer: string | undefined;
}

/**
 * The client's side of a reconciliation (NIP-77, Negentropy V1) of the items from one place to another. It keeps nothing between messages,
 * so the other side decides what it is asked next: whoever uses it has to bound the rounds.
 *
 * That of nostr-tools is not used, as that package gives it out only with everything else, writes times in 32 bits, and compares the wrong
 * range where a frame is full.
 */
export class Negentropy {
  /**
   * @param frameSize - Bytes that a message may have, before it is hex; 0 is any number.
   * @throws RangeError when a frame is too small to get anywhere.
   */
  constructor(
    private readonly items: NegentropyItems,
    private readonly from: number,
    private readonly to: number,
    private readonly frameSize = 60_000,
  ) {
    if (Number.isInteger(frameSize) && (frameSize === 0 || frameSize >= SMALLEST_FRAME)) return;
    throw new RangeError(`A frame has ${SMALLEST_FRAME} bytes at least, or 0 for any number; got ${frameSize}.`);
  }

  /** The first message, in hex. */
  initiate(): string {
    const writer = new Writer();
    this.#split(writer, this.from, this.to, END);
    return writer.hex;
  }

  /**
   * Takes a message of the other side, in hex.
   *
   * @throws NegentropyError when it is none.
   */
  reconcile(message: string): NegentropyStep {
    const reader = new Reader(message);
    const version = reader.byte();
    if (version !== VERSION) throw new NegentropyError(`the other side speaks version ${version - 0x60}, not 1`);
    const have: string[] = [];
    const need: string[] = [];
    const writer = new Writer();
    let lower = this.from;
    let previous: Bound = { created_at: 0, id: '' };
    let isSkipping = false;
    while (!reader.isAtEnd) {
      const bound = reader.bound(previous);
      const upper = Math.min(this.to, Math.max(lower, this.items.indexOf(bound)));
      const mode = reader.varint();
      let differs = false;
      if (mode === FINGERPRINT) differs = reader.hex(16) !== this.items.fingerprint(lower, upper);
      else if (mode === ID_LIST) this.#compare(reader.ids(), lower, upper, have, need);
      else if (mode !== SKIP) throw new NegentropyError(`a range has the unknown mode ${mode}`);
      if (differs) {
        if (isSkipping) writer.range(previous, SKIP);
        isSkipping = false;
        const mark = writer.mark();
        this.#split(writer, lower, upper, bound);
        if (this.frameSize > 0 && writer.bytes > this.frameSize - RESERVE) {
          // This range and all behind it wait for the next round.
          writer.rewind(mark);
          writer.range(END, FINGERPRINT, this.items.fingerprint(lower, this.to));
          return { have, need, answer: writer.hex };
        }
      } else isSkipping = true;
      lower = upper;
      previous = bound;
    }
    return { have, need, answer: writer.isEmpty ? undefined : writer.hex };
  }

  #compare(theirs: Set<string>, lower: number, upper: number, have: string[], need: string[]): void {
    for (let index = lower; index < upper; index++) {
      const { id } = this.items.at(index);
      if (!theirs.delete(id)) have.push(id);
    }
    for (const id of theirs) need.push(id);
  }

  #split(writer: Writer, lower: number, upper: number, bound: Bound): void {
    const count = upper - lower;
    if (count < 2 * BUCKETS) {
      const ids = this.items.slice(lower, upper).map(({ id }) => id);
      return writer.range(bound, ID_LIST, toHex(varint(count)) + ids.join(''));
    }
    let start = lower;
    for (let bucket = 1; bucket <= BUCKETS; bucket++) {
      const end = lower + Math.floor((count * bucket) / BUCKETS);
      writer.range(end === upper ? bound : this.#between(end), FINGERPRINT, this.items.fingerprint(start, end));
      start = end;
    }
  }

  /** The shortest bound between an item and the one before it. */
  #between(index: number): Bound {
    const [before, item] = [this.items.at(index - 1), this.items.at(index)];
    if (before.created_at !== item.created_at) return { created_at: item.created_at, id: '' };
    let shared = 0;
    while (item.id.slice(shared, shared + 2) === before.id.slice(shared, shared + 2)) shared += 2;
    return { created_at: item.created_at, id: item.id.slice(0, shared + 2) };
  }
}

/** Writes ranges as hex, each time as its distance from the one before. */
class Writer {
  #hex = toHex([VERSION]);
  #lastTime = 0;

  get hex(): string {
    return this.#hex;
  }

  get bytes(): number {
    return this.#hex.length / 2;
  }

  get isEmpty(): boolean {
    return this.#hex.length === 2;
  }

  range({ created_at: time, id }: Bound, mode: number, rest = ''): void {
    const distance = time === Infinity ? 0 : time - this.#lastTime + 1;
    this.#lastTime = time;
    this.#hex += toHex(varint(distance)) + toHex(varint(id.length / 2)) + id + toHex(varint(mode)) + rest;
  }

  mark(): readonly [hex: string, lastTime: number] {
    return [this.#hex, this.#lastTime];
  }

  rewind([hex, lastTime]: readonly [hex: string, lastTime: number]): void {
    this.#hex = hex;
    this.#lastTime = lastTime;
  }
}

/** Reads ranges from hex. What it gives out does not keep the message alive. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #lastTime = 0;

  constructor(hex: string) {
    if (hex.length % 2 !== 0 || /[^0-9a-f]/i.test(hex)) throw new NegentropyError('the message is not hex');
    this.#bytes = Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new NegentropyError('the message ends too early');
    return byte;
  }

  varint(): number {
    let value = 0;
    for (;;) {
      const byte = this.byte();
      value = value * 128 + (byte & 127);
      if (value > Number.MAX_SAFE_INTEGER) throw new NegentropyError('a number is too large');
      if (byte < 128) return value;
    }
  }

  hex(length: number): string {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new NegentropyError('the message ends too early');
    const hex = toHex(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return hex;
  }

  /** The end of a range, which is not before its start. */
  bound(start: Bound): Bound {
    const distance = this.varint();
    const time = distance === 0 ? Infinity : this.#lastTime + distance - 1;
    this.#lastTime = time;
    const length = this.varint();
    if (length > 32) throw new NegentropyError('a bound is longer than an id');
    const bound = { created_at: time, id: this.hex(length) };
    if (time < start.created_at || (time === start.created_at && bound.id < start.id)) {
      throw new NegentropyError('the ranges are not in order');
    }
    return bound;
  }

  ids(): Set<string> {
    const count = this.varint();
    if (count * 32 > this.#bytes.length - this.#at) throw new NegentropyError('the message ends too early');
    const ids = new Set<string>();
    for (let i = 0; i < count; i++) ids.add(this.hex(32));
    return ids;
  }
}
