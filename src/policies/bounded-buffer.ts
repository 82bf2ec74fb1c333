/**
 * What becomes of values that find no room: those that have waited longest go (`drop-oldest`), the new ones do (`drop-newest`), or it is an error.
 *
 * @example
 * ```ts
 * import type { BufferOverflow } from 'rx-relay-pool';
 *
 * const ofFeed = (isLog: boolean): BufferOverflow => (isLog ? 'error' : 'drop-oldest');
 * ```
 */
export type BufferOverflow = 'drop-oldest' | 'drop-newest' | 'error';

/**
 * A buffer was full, and told to let it be an error (`overflow: 'error'`).
 *
 * @example
 * ```ts
 * import { BufferOverflowError } from 'rx-relay-pool';
 *
 * const isTooSlow = (error: unknown): boolean => error instanceof BufferOverflowError;
 * ```
 */
export class BufferOverflowError extends Error {
  override readonly name = 'BufferOverflowError';

  constructor(readonly capacity: number) {
    super(
      `More than ${capacity} values waited for a slow subscriber: take them faster, allow for more, drop some, or pause the source.`,
    );
  }
}

/** Values that wait for somebody slower than their source, so many and no more; what is dropped is counted. */
export class BoundedBuffer<T> {
  readonly #values: (T | undefined)[];
  #first = 0;
  #size = 0;
  #dropped = 0;

  /** @throws RangeError when `capacity` is no whole number above 0. */
  constructor(
    readonly capacity: number,
    private readonly overflow: BufferOverflow,
  ) {
    if (!(Number.isSafeInteger(capacity) && capacity > 0)) {
      throw new RangeError(`A buffer's 'capacity' must be a whole number above 0; got ${capacity}.`);
    }
    this.#values = [];
  }

  get size(): number {
    return this.#size;
  }

  /** Values that found no room, in all. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @throws BufferOverflowError when it is full, and that is to be an error. */
  push(value: T): void {
    if (this.#size === this.capacity) {
      if (this.overflow === 'error') throw new BufferOverflowError(this.capacity);
      this.#dropped++;
      if (this.overflow === 'drop-newest') return;
      this.take();
    }
    this.#values[(this.#first + this.#size++) % this.capacity] = value;
  }

  /** The value that has waited longest; undefined where none does. */
  take(): T | undefined {
    if (this.#size === 0) return undefined;
    const value = this.#values[this.#first];
    this.#values[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.capacity;
    this.#size--;
    return value;
  }

  /** All values, those first that have waited longest. */
  takeAll(): T[] {
    const values: T[] = [];
    while (this.#size > 0) values.push(this.take() as T);
    this.#first = 0;
    return values;
  }
}
