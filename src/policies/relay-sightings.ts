import type { RelayUrl } from '../protocol/relay-url.ts';
import { ownId } from '../protocol/own-id.ts';
import { SeenIds } from './seen-ids.ts';

/** Relays that are told apart at a time. */
const MOST_RELAYS = 1_024;
const BITS = 32;

/**
 * Which relays sent which events. Bounded: beyond `capacity` ids the one that was seen first longest ago is forgotten, and beyond 1,024 relays
 * what the one sent that was met longest ago. An id takes 150 bytes, and four for every 32 relays.
 */
export class RelaySightings {
  readonly #ids: SeenIds;
  /** Numbers of relays, those first that were met first. One that was forgotten is met anew. */
  readonly #numbers = new Map<RelayUrl, number>();
  /** A row of bits for each id, one bit a relay. */
  #rows = new Uint32Array(0);
  #wordsInRow = 1;
  #rowsUsed = 0;

  /** @throws RangeError when `capacity` is no whole number from 1 to 2^23. */
  constructor(private readonly capacity: number) {
    this.#ids = new SeenIds({ capacity });
  }

  /** A relay sent the event with this id, which may be cut from its frame. */
  add(relay: RelayUrl, id: string, isCut = false): void {
    const number = this.#numbers.get(relay) ?? this.#meet(relay);
    let row = this.#ids.find(id);
    if (row < 0) {
      // The oldest id is forgotten for this one, and ids come in turn: so do their rows.
      row = this.#rowsUsed++ % this.capacity;
      this.#ids.add(isCut ? ownId(id) : id, row);
      this.#makeRoom(row + 1);
      this.#rows.fill(0, row * this.#wordsInRow, (row + 1) * this.#wordsInRow);
    }
    const word = row * this.#wordsInRow + Math.floor(number / BITS);
    this.#rows[word] = (this.#rows[word] ?? 0) | (1 << (number % BITS));
  }

  /** The relays that sent the event with this id, in no order that says anything. */
  of(id: string): readonly RelayUrl[] {
    const row = this.#ids.find(id);
    if (row < 0) return [];
    return [...this.#numbers].filter(([, number]) => this.#has(row, number)).map(([relay]) => relay);
  }

  #has(row: number, number: number): boolean {
    return (((this.#rows[row * this.#wordsInRow + Math.floor(number / BITS)] ?? 0) >>> (number % BITS)) & 1) === 1;
  }

  #meet(relay: RelayUrl): number {
    const { size } = this.#numbers;
    const number = size < MOST_RELAYS ? size : this.#forgetRelay();
    this.#numbers.set(relay, number);
    if (number >= this.#wordsInRow * BITS) this.#widen(this.#wordsInRow * 2);
    return number;
  }

  /** Its number is free then, in all rows. */
  #forgetRelay(): number {
    for (const [oldest, number] of this.#numbers) {
      this.#numbers.delete(oldest);
      for (let word = Math.floor(number / BITS); word < this.#rows.length; word += this.#wordsInRow) {
        this.#rows[word] = (this.#rows[word] ?? 0) & ~(1 << (number % BITS));
      }
      return number;
    }
    return 0;
  }

  #makeRoom(rows: number): void {
    if (rows * this.#wordsInRow <= this.#rows.length) return;
    const size = Math.min(this.capacity, Math.max(64, rows * 2));
    const larger = new Uint32Array(size * this.#wordsInRow);
    larger.set(this.#rows);
    this.#rows = larger;
  }

  #widen(wordsInRow: number): void {
    const rows = this.#rows.length / this.#wordsInRow;
    const wider = new Uint32Array(rows * wordsInRow);
    for (let row = 0; row < rows; row++) {
      const start = row * this.#wordsInRow;
      wider.set(this.#rows.subarray(start, start + this.#wordsInRow), row * wordsInRow);
    }
    this.#rows = wider;
    this.#wordsInRow = wordsInRow;
  }
}
