import { Gate } from './gate.ts';

type Run = () => void;

interface Slot {
  /** Starts the work that will fill the place; undefined where nothing is to be started. */
  readonly start: ((fill: (run: Run) => void) => void) | undefined;
  run: Run | undefined;
  readonly weight: number;
}

const ALWAYS_OPEN = new Gate();

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
  #weight = 0;
  readonly #goOn = (): void => {
    this.#drain();
    this.#startMore();
  };

  constructor(private readonly gate: Gate = ALWAYS_OPEN) {}

  /** Whether what comes now can run at once. */
  get isFree(): boolean {
    return this.waiting === 0 && this.gate.isOpen;
  }

  /** What the places that wait weigh together. */
  get weight(): number {
    return this.#weight;
  }

  /** Places that wait. */
  get waiting(): number {
    return this.#slots.length - this.#head;
  }

  /** Runs at once when nothing waits before it. */
  push(run: Run, weight = 0): void {
    if (this.isFree) return run();
    this.#add({ start: undefined, run, weight });
    if (!this.gate.isOpen) this.gate.wait(this.#goOn);
  }

  /** Takes a place; `start` is called, now or later, with a function that fills it, also now or later. */
  reserve(start: (fill: (run: Run) => void) => void, weight = 0): void {
    this.#add({ start, run: undefined, weight });
    this.#startMore();
  }

  /** Gives all places up: what was started runs no more. */
  clear(): void {
    this.gate.leave(this.#goOn);
    this.#weight = 0;
    this.#slots = [];
    this.#head = 0;
    this.#next = 0;
  }

  #add(slot: Slot): void {
    this.#weight += slot.weight;
    this.#slots.push(slot);
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

  /** The first place, if it may run. */
  #ready(): Slot | undefined {
    const slot = this.#slots[this.#head];
    if (this.gate.isOpen || !slot?.run) return slot;
    this.gate.wait(this.#goOn);
    return undefined;
  }

  #drain(): void {
    for (let slot = this.#ready(); slot?.run; slot = this.#ready()) {
      this.#head++;
      this.#weight -= slot.weight;
      slot.run();
    }
    this.#next = Math.max(this.#next, this.#head);
    if (this.#head < 1_024 && this.#head < this.#slots.length) return;
    this.#slots.splice(0, this.#head);
    this.#next -= this.#head;
    this.#head = 0;
  }
}
