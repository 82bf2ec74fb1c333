/**
 * A sliding window in time, cut into slices that are used in turn: what was put into a slice is there for at least the window less one
 * slice, and never for longer than the window. It holds no clock.
 *
 * Time may leap. Ahead, as after a sleep: what is too old by then is cleared. Back by less than the window: the newest slice stays the
 * current one until time has caught up. Back by more: that is another time, and everything is cleared.
 */
export class TimeSlices<T> {
  /** Milliseconds of one slice. */
  readonly width: number;
  readonly #slices: readonly T[];
  readonly #clear: (slice: T) => void;
  /** The current slice is number #epoch, counted from time 0; before the first call there is none. */
  #epoch: number | undefined;
  #current: T;
  // Its first millisecond and the one after its last: asked on each reading, where a division would be felt.
  #from = Infinity;
  #until = -Infinity;

  /**
   * @param window - Milliseconds.
   * @param count - How many slices; at least 2.
   * @throws RangeError when either is out of range.
   */
  constructor(window: number, count: number, create: () => T, clear: (slice: T) => void) {
    if (!(window > 0 && window <= Number.MAX_SAFE_INTEGER)) {
      throw new RangeError(`'window' must be a number of milliseconds above 0; got ${window}.`);
    }
    if (!(Number.isInteger(count) && count >= 2 && count <= 1_000)) {
      throw new RangeError(`'slices' must be a whole number from 2 to 1000; got ${count}.`);
    }
    this.width = window / count;
    this.#slices = Array.from({ length: count }, create);
    this.#current = this.#at(0);
    this.#clear = clear;
  }

  /** The slice for what happens at `now`, in milliseconds. */
  current(now: number): T {
    if (!(now >= this.#from && now < this.#until)) this.#turn(Math.floor(now / this.width));
    return this.#current;
  }

  /** The slices of the window that ends at `now`, in no order; some may be empty. */
  live(now: number): readonly T[] {
    this.current(now);
    return this.#slices;
  }

  /** When the window that ends at `now` begins: window less one slice to window before, on the edge of a slice. */
  begin(now: number): number {
    this.current(now);
    return ((this.#epoch ?? 0) + 1 - this.#slices.length) * this.width;
  }

  /** Makes another slice the current one, and clears those that are out of the window then. */
  #turn(epoch: number): void {
    if (!Number.isFinite(epoch)) throw new RangeError('A time is a finite number of milliseconds.');
    const { length } = this.#slices;
    const before = this.#epoch ?? epoch;
    const steps = epoch - before;
    if (steps < 0 && steps > -length) return;
    if (Math.abs(steps) >= length) this.#slices.forEach(this.#clear);
    else for (let step = 1; step <= steps; step++) this.#clear(this.#at(before + step));
    this.#epoch = epoch;
    this.#current = this.#at(epoch);
    this.#from = epoch * this.width;
    this.#until = (epoch + 1) * this.width;
  }

  #at(epoch: number): T {
    const { length } = this.#slices;
    const slice = this.#slices[((epoch % length) + length) % length];
    if (slice === undefined) throw new RangeError(`There is no slice ${epoch}.`); // not reached: it is a remainder
    return slice;
  }
}
