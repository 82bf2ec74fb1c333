import { Gate } from './gate.ts';

/** Something whose turn comes. */
export interface Place {
  /** What it counts in what waits. */
  readonly weight: number;
  /** Whether it can run when its turn has come; whoever makes it true says so by {@link InOrder.goOn}. */
  readonly isReady: boolean;
  /** Starts what makes it ready. */
  start(): void;
  run(): void;
}

const ALWAYS_OPEN = new Gate();

/** How far ahead of the first unfinished place work is started. */
const AHEAD = 256;
/** Stands where a place was that is done. */
const GONE: Place = { weight: 0, isReady: true, start: () => undefined, run: () => undefined };
/** Places that are done before they are given back together. */
const DONE = 1_024;

/**
 * Runs work in the order in which its places were taken, though some of it becomes ready later. Only the work of the first
 * {@link AHEAD} places is under way, so that whoever takes many does not hold up the others who share the same resource.
 */
export class InOrder {
  #places: Place[] = [];
  /** Places before this one are done. */
  #head = 0;
  /** The work of the places before this one has been started. */
  #next = 0;
  #starting = false;
  #weight = 0;
  readonly #opened = (): void => this.goOn();

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
    return this.#places.length - this.#head;
  }

  /** Runs at once when nothing waits before it. */
  push(run: () => void, weight = 0): void {
    if (this.isFree) return run();
    this.#add({ weight, isReady: true, start: () => undefined, run });
    if (!this.gate.isOpen) this.gate.wait(this.#opened);
  }

  /** Takes a place; it is started now or later. */
  reserve(place: Place): void {
    this.#add(place);
    this.#startMore();
  }

  /** A place has become ready, or may run again. */
  goOn(): void {
    this.#drain();
    this.#startMore();
  }

  /** Gives all places up: what was started runs no more. */
  clear(): void {
    this.gate.leave(this.#opened);
    this.#weight = 0;
    this.#places = [];
    this.#head = 0;
    this.#next = 0;
  }

  #add(place: Place): void {
    this.#weight += place.weight;
    this.#places.push(place);
  }

  #startMore(): void {
    // Work that is done at once comes back here: the loop below goes on with it, however much it is.
    if (this.#starting) return;
    this.#starting = true;
    try {
      for (let place = this.#toStart(); place; place = this.#toStart()) {
        this.#next++;
        place.start();
      }
    } finally {
      this.#starting = false;
    }
  }

  #toStart(): Place | undefined {
    return this.#next - this.#head < AHEAD ? this.#places[this.#next] : undefined;
  }

  /** The first place, if it may run. */
  #ready(): Place | undefined {
    const place = this.#places[this.#head];
    if (!place?.isReady || this.gate.isOpen) return place?.isReady ? place : undefined;
    this.gate.wait(this.#opened);
    return undefined;
  }

  #drain(): void {
    for (let place = this.#ready(); place; place = this.#ready()) {
      // The list keeps its length for a while, and must not keep alive what is done.
      this.#places[this.#head++] = GONE;
      this.#weight -= place.weight;
      place.run();
    }
    this.#next = Math.max(this.#next, this.#head);
    if (this.#head < DONE && this.#head < this.#places.length) return;
    this.#places.splice(0, this.#head);
    this.#next -= this.#head;
    this.#head = 0;
  }
}
