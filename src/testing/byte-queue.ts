/** Bytes that are read from the front and written at the end, in the shape that nostr-tools' Negentropy works on. */
export class ByteQueue {
  _raw: Uint8Array;
  length: number;

  constructor(bytes: Uint8Array = new Uint8Array(512)) {
    this._raw = bytes;
    this.length = bytes.length;
  }

  /** A queue with nothing in it. */
  static empty(): ByteQueue {
    const queue = new ByteQueue();
    queue.length = 0;
    return queue;
  }

  get capacity(): number {
    return this._raw.length;
  }

  unwrap(): Uint8Array {
    return this._raw.subarray(0, this.length);
  }

  extend(more: Uint8Array | { unwrap(): Uint8Array }): void {
    const bytes = more instanceof Uint8Array ? more : more.unwrap();
    const length = this.length + bytes.length;
    if (length > this.capacity) {
      const raw = new Uint8Array(Math.max(this.capacity * 2, length));
      raw.set(this.unwrap());
      this._raw = raw;
    }
    this._raw.set(bytes, this.length);
    this.length = length;
  }

  shift(): number {
    return this.shiftN(1)[0] ?? 0;
  }

  /** @throws Error when there are fewer */
  shiftN(count = 1): Uint8Array {
    if (count > this.length) throw new Error('the message ends too early');
    const bytes = this._raw.subarray(0, count);
    this._raw = this._raw.subarray(count);
    this.length -= count;
    return bytes;
  }

  /** A base-128 number, most significant digit first; every digit but the last has its high bit set. */
  shiftVarint(): number {
    let value = 0;
    for (;;) {
      const byte = this.shift();
      value = value * 128 + (byte & 127);
      if (byte < 128) return value;
      if (value > Number.MAX_SAFE_INTEGER / 128) throw new Error('a number is too large');
    }
  }

  extendVarint(value: number): void {
    const digits = [value % 128];
    for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
      digits.unshift(128 + (rest % 128));
    this.extend(Uint8Array.from(digits));
  }
}
