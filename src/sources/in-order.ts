interface Slot {
  run: (() => void) | undefined;
}

/** Runs work in the order in which its places were taken, though some of it becomes ready later. */
export class InOrder {
  #slots: Slot[] = [];
  #head = 0;

  /** Places that wait. */
  get waiting(): number {
    return this.#slots.length - this.#head;
  }

  /** Runs at once when nothing waits before it. */
  push(run: () => void): void {
    if (this.waiting === 0) run();
    else this.#slots.push({ run });
  }

  /** Takes a place; the returned function fills it. */
  reserve(): (run: () => void) => void {
    const slot: Slot = { run: undefined };
    this.#slots.push(slot);
    return (run) => {
      slot.run = run;
      this.#drain();
    };
  }

  clear(): void {
    this.#slots = [];
    this.#head = 0;
  }

  #drain(): void {
    for (let run = this.#slots[this.#head]?.run; run; run = this.#slots[this.#head]?.run) {
      this.#head++;
      run();
    }
    if (this.#head < 1_024 && this.#head < this.#slots.length) return;
    this.#slots.splice(0, this.#head);
    this.#head = 0;
  }
}
