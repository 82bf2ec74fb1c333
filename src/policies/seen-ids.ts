const WORDS = 8;
const NONE = -1;
const SMALLEST = 64;
const LARGEST = 2 ** 26;

/**
 * A set of event ids that is exact and bounded: up to `capacity` ids it forgets none, beyond it the one added first.
 * With each id it can keep a number, such as the event's `created_at`.
 *
 * Ids are read out of a longer text in place and kept as numbers, about 60 bytes each. A substring would keep the whole
 * frame alive that it was cut from. Memory is taken by doubling, from little.
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
  readonly #seed: number;
  /** The id that an operation is about; a field, so that looking one up allocates nothing. */
  readonly #wanted = new Uint32Array(WORDS);

  // An entry is an index below #used: its id in #words, its number in #values, its neighbours in age in #older, #newer.
  #words = new Uint32Array(0);
  #values = new Float64Array(0);
  #older = new Int32Array(0);
  #newer = new Int32Array(0);
  /** Where an entry is found by hash: linear probing, at most half full, NONE for a free slot. */
  #slots = new Int32Array(0);
  #oldest = NONE;
  #newest = NONE;
  #used = 0;
  /** First of the entries that were given back, linked through #newer. */
  #free = NONE;
  #size = 0;
  #hasForgotten = false;

  /**
   * @param options - `capacity`: how many ids to keep, from 1 to 2^26, 100,000 unless given. `seed`: mixed into the
   * hash, 0 unless given; a secret one keeps senders from choosing ids that collide.
   * @throws RangeError when an option is out of range.
   */
  constructor(options: { readonly capacity?: number; readonly seed?: number } = {}) {
    const { capacity = 100_000, seed = 0 } = options;
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > LARGEST) {
      throw new RangeError(`SeenIds: 'capacity' must be a whole number from 1 to ${LARGEST}; got ${capacity}.`);
    }
    this.capacity = capacity;
    this.#seed = seed | 0;
    this.clear();
  }

  /** How many ids are kept now. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds the 64 lower-case hex digits of `hex` from offset `at`, with a number of at least 0 for {@link find}. An id that
   * is there already keeps its age and its number.
   *
   * @returns whether the id was not there.
   * @throws RangeError when there are no 64 such digits, or the number is none of at least 0.
   */
  add(hex: string, at = 0, value = 0): boolean {
    if (!this.#read(hex, at)) throw new RangeError('SeenIds: an id has 64 lower-case hex digits.');
    if (!(value >= 0)) throw new RangeError(`SeenIds: the number kept with an id is at least 0; got ${value}.`);
    if (this.#search() !== NONE) return false;
    if (this.#size === this.capacity) {
      this.#remove(this.#slotOf(this.#oldest));
      this.#hasForgotten = true;
    }
    const entry = this.#allocate();
    this.#words.set(this.#wanted, entry * WORDS);
    this.#values[entry] = value;
    this.#older[entry] = this.#newest;
    this.#newer[entry] = NONE;
    if (this.#newest === NONE) this.#oldest = entry;
    else this.#newer[this.#newest] = entry;
    this.#newest = entry;
    this.#insert(entry);
    this.#size += 1;
    return true;
  }

  /** Whether an id had to go to make room for another since it was made, or cleared. */
  get hasForgotten(): boolean {
    return this.#hasForgotten;
  }

  /** The ids that are kept, each with its number, from the one that was added first. Nothing may be added or deleted meanwhile. */
  *entries(): Generator<readonly [id: string, value: number]> {
    for (let entry = this.#oldest; entry !== NONE; entry = this.#newer[entry] ?? NONE) {
      let id = '';
      for (let at = entry * WORDS; at < (entry + 1) * WORDS; at++) {
        id += (this.#words[at] ?? 0).toString(16).padStart(8, '0');
      }
      yield [id, this.#values[entry] ?? 0];
    }
  }

  /** Whether the 64 lower-case hex digits of `hex` from offset `at` are kept; `false` when there are none. */
  has(hex: string, at = 0): boolean {
    return this.#read(hex, at) && this.#search() !== NONE;
  }

  /** The number that was added with the id that {@link has} would find, or -1 when it finds none. */
  find(hex: string, at = 0): number {
    const slot = this.#read(hex, at) ? this.#search() : NONE;
    return slot === NONE ? -1 : (this.#values[this.#slots[slot] ?? NONE] ?? -1);
  }

  /** Forgets an id; returns whether it was kept. */
  delete(hex: string, at = 0): boolean {
    if (!this.#read(hex, at)) return false;
    const slot = this.#search();
    if (slot === NONE) return false;
    this.#remove(slot);
    return true;
  }

  /** Forgets all ids, and gives their memory back. */
  clear(): void {
    this.#resize(Math.min(SMALLEST, this.capacity));
    this.#slots.fill(NONE);
    this.#oldest = this.#newest = this.#free = NONE;
    this.#used = this.#size = 0;
    this.#hasForgotten = false;
  }

  /** Reads an id into #wanted; says whether there was one. */
  #read(hex: string, at: number): boolean {
    for (let word = 0; word < WORDS; word++) {
      let value = 0;
      for (const end = at + 8; at < end; at++) {
        const code = hex.charCodeAt(at);
        if (code >= 0x30 && code <= 0x39) value = (value << 4) | (code - 0x30);
        else if (code >= 0x61 && code <= 0x66) value = (value << 4) | (code - 0x57);
        else return false;
      }
      this.#wanted[word] = value;
    }
    return true;
  }

  /** The slot of the id in #wanted, or NONE. */
  #search(): number {
    const mask = this.#slots.length - 1;
    for (let slot = this.#hash(this.#wanted, 0) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] ?? NONE;
      if (entry === NONE) return NONE;
      if (this.#isWanted(entry)) return slot;
    }
  }

  #isWanted(entry: number): boolean {
    const start = entry * WORDS;
    for (let word = 0; word < WORDS; word++) if (this.#words[start + word] !== this.#wanted[word]) return false;
    return true;
  }

  /** The slot of an entry that is there. */
  #slotOf(entry: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#home(entry);
    while (this.#slots[slot] !== entry) slot = (slot + 1) & mask;
    return slot;
  }

  /** The slot where the search for an entry starts. */
  #home(entry: number): number {
    return this.#hash(this.#words, entry * WORDS) & (this.#slots.length - 1);
  }

  /** All words count: whoever grinds out ids that share a prefix gains nothing. Rounds as in MurmurHash3. */
  #hash(words: Uint32Array, start: number): number {
    let hash = this.#seed;
    for (let word = 0; word < WORDS; word++) {
      let mixed = Math.imul(words[start + word] ?? 0, 0xcc9e2d51);
      mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
      hash ^= mixed;
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #insert(entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#home(entry);
    while (this.#slots[slot] !== NONE) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
  }

  /** An entry to write to: one that was given back, else a new one. */
  #allocate(): number {
    const entry = this.#free;
    if (entry !== NONE) {
      this.#free = this.#newer[entry] ?? NONE;
      return entry;
    }
    if (this.#used === this.#newer.length) {
      this.#resize(Math.min(this.#used * 2, this.capacity));
      for (let known = 0; known < this.#used; known++) this.#insert(known);
    }
    return this.#used++;
  }

  #remove(slot: number): void {
    const entry = this.#slots[slot] ?? NONE;
    this.#vacate(slot);
    const older = this.#older[entry] ?? NONE;
    const newer = this.#newer[entry] ?? NONE;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
    this.#newer[entry] = this.#free;
    this.#free = entry;
    this.#size -= 1;
  }

  /** Frees a slot and draws later entries of the same run towards their homes, so that no search ends too early. */
  #vacate(slot: number): void {
    const mask = this.#slots.length - 1;
    let hole = slot;
    for (let next = (slot + 1) & mask; ; next = (next + 1) & mask) {
      const entry = this.#slots[next] ?? NONE;
      if (entry === NONE) break;
      const strayed = (next - this.#home(entry)) & mask;
      if (strayed < ((next - hole) & mask)) continue; // its home lies behind the hole
      this.#slots[hole] = entry;
      hole = next;
    }
    this.#slots[hole] = NONE;
  }

  /** Makes room for so many entries. The slots come out empty. */
  #resize(entries: number): void {
    this.#words = resized(this.#words, new Uint32Array(entries * WORDS));
    this.#values = resized(this.#values, new Float64Array(entries));
    this.#older = resized(this.#older, new Int32Array(entries));
    this.#newer = resized(this.#newer, new Int32Array(entries));
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(entries * 2))).fill(NONE);
  }
}

function resized<T extends Uint32Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from.subarray(0, to.length));
  return to;
}
