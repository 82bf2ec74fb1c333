/**
 * Turns readings of a clock that may be set back into a time that only goes forward: a step back counts as no time at all, so
 * that nothing waits for an hour because somebody corrected the clock by one. The time starts at 0 with the first reading.
 */
export class SteadyClock {
  #time = 0;
  #last: number | undefined;

  /** The time, in milliseconds, now that the clock reads `now`. */
  read(now: number): number {
    this.#time += Math.max(0, now - (this.#last ?? now));
    this.#last = now;
    return this.#time;
  }
}
