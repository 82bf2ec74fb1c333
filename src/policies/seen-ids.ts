import { BoundedMap } from './bounded-map.ts';

/** What a Map holds at most in V8 is twice that. */
const LARGEST = 2 ** 23;

/**
 * A set of event ids that is exact and bounded: up to `capacity` ids it forgets none, beyond it the one added first.
 * With each id it can keep a number, such as the event's `created_at`.
 *
 * An id takes about 150 bytes. A substring of a frame would keep the whole frame alive in some engines: add the id of the parsed event.
 *
 * @example
 * ```ts
 * import { SeenIds } from 'rx-relay-pool';
 *
 * const seen = new SeenIds({ capacity: 1_000 });
 * console.log(seen.add('a'.repeat(64)), seen.add('a'.repeat(64))); // true false
 * ```
 */
export class SeenIds {
  /** How many ids are kept at most. */
  readonly capacity: number;
  // Texts in a Map, and not a table of numbers of our own: that takes less than half the memory, but is slow until it is compiled (decision 13).
  readonly #values: BoundedMap<string, number>;
  #hasForgotten = false;

  /**
   * @param options - `capacity`: how many ids to keep, from 1 to 2^23, 100,000 unless given.
   * @throws RangeError when the capacity is out of range.
   */
  constructor({ capacity = 100_000 }: { readonly capacity?: number } = {}) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > LARGEST) {
      throw new RangeError(`SeenIds: 'capacity' must be a whole number from 1 to ${LARGEST}; got ${capacity}.`);
    }
    this.capacity = capacity;
    this.#values = new BoundedMap(capacity);
  }

  /** How many ids are kept now. */
  get size(): number {
    return this.#values.size;
  }

  /** Whether an id had to go to make room for another since it was made, or cleared. */
  get hasForgotten(): boolean {
    return this.#hasForgotten;
  }

  /**
   * Adds an id, with a number of at least 0 for {@link find}. One that is there already keeps its age and its number.
   *
   * @returns whether the id was not there.
   * @throws RangeError when the number is none of at least 0.
   */
  add(id: string, value = 0): boolean {
    if (!(value >= 0)) throw new RangeError(`SeenIds: the number kept with an id is at least 0; got ${value}.`);
    const wasFull = this.#values.size === this.capacity;
    if (!this.#values.add(id, value)) return false;
    if (wasFull) this.#hasForgotten = true;
    return true;
  }

  /** Whether the id is kept. */
  has(id: string): boolean {
    return this.#values.has(id);
  }

  /** The number that was added with the id, or -1 when it is not kept. */
  find(id: string): number {
    return this.#values.get(id) ?? -1;
  }

  /** Forgets an id; returns whether it was kept. */
  delete(id: string): boolean {
    return this.#values.delete(id);
  }

  /** The ids that are kept, each with its number, from the one that was added first. Nothing may be added or deleted meanwhile. */
  entries(): Iterable<readonly [id: string, value: number]> {
    return this.#values.entries();
  }

  /** Forgets all ids, and gives their memory back. */
  clear(): void {
    this.#values.clear();
    this.#hasForgotten = false;
  }
}
