type Run = () => void;

interface Slot {
  /** Starts the work that will fill the place; undefined where nothing is to be started. */
  readonly start: ((fill: (run: Run) => void) => void) | undefined;
  run: Run | undefined;
}

/** How far ahead of the first unfinished place work is started. */
const AHEAD = 256;

/**
 * Runs work in the order in which its places were taken, though some of it becomes ready later. Only the work of the first
 * {@link AHEAD} places is under way, so that whoever takes many does not hold up the others who share the same resource.
 */
export class InOrder {
  #slots: Slot[] = [];
  /** Places before this one are done. */
  #head = 0;
  /** The work of the places before this one has been started. */
  #next = 0;
  #starting = false;

  /** Places that wait. */
  get waiting(): number {
    return this.#slots.length - this.#head;
  }

  /** Runs at once when nothing waits before it. */
  push(run: Run): void {
    if (this.waiting === 0) run();
    else this.#slots.push({ start: undefined, run });
  }

  /** Takes a place; `start` is called, now or later, with a function that fills it, also now or later. */
  reserve(start: (fill: (run: Run) => void) => void): void {
    this.#slots.push({ start, run: undefined });
    this.#startMore();
  }

  /** Gives all places up: what was started runs no more. */
  clear(): void {
    this.#slots = [];
    this.#head = 0;
    this.#next = 0;
  }

  #startMore(): void {
    // Work that is done at once comes back here: the loop below goes on with it, however much it is.
    if (this.#starting) return;
    this.#starting = true;
    try {
      for (let slot = this.#toStart(); slot; slot = this.#toStart()) {
        const { start } = slot;
        this.#next++;
        start?.((run) => this.#fill(slot, run));
      }
    } finally {
      this.#starting = false;
    }
  }

  #toStart(): Slot | undefined {
    return this.#next - this.#head < AHEAD ? this.#slots[this.#next] : undefined;
  }

  #fill(slot: Slot, run: Run): void {
    slot.run = run;
    this.#drain();
    this.#startMore();
  }

  #drain(): void {
    for (let run = this.#slots[this.#head]?.run; run; run = this.#slots[this.#head]?.run) {
      this.#head++;
      run();
    }
    this.#next = Math.max(this.#next, this.#head);
    if (this.#head < 1_024 && this.#head < this.#slots.length) return;
    this.#slots.splice(0, this.#head);
    this.#next -= this.#head;
    this.#head = 0;
  }
}
