/** A Map that forgets its oldest entry beyond `capacity`; setting a key again makes it the newest. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  /** Stands before the oldest entry. A new one would step over all that were deleted, each time. */
  #oldest = this.#entries.keys();

  constructor(readonly capacity: number) {
    if (!(Number.isInteger(capacity) && capacity > 0)) {
      throw new RangeError(`A capacity is a whole number above 0, not ${capacity}.`);
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#add(key, value);
  }

  /** Sets a key that is not there, and says whether it was not. */
  add(key: K, value: V): boolean {
    if (this.#entries.has(key)) return false;
    this.#add(key, value);
    return true;
  }

  /** From the oldest. Nothing may be set or deleted meanwhile. */
  entries(): Iterable<readonly [key: K, value: V]> {
    return this.#entries.entries();
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#oldest = this.#entries.keys();
  }

  #add(key: K, value: V): void {
    this.#entries.set(key, value);
    if (this.#entries.size <= this.capacity) return;
    const oldest = this.#oldest.next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}
