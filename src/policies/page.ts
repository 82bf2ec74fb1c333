import { SeenIds } from './seen-ids.ts';

/** A span of `created_at` values, both ends inclusive, in seconds. */
export interface Span {
  readonly since: number;
  readonly until: number;
}

/** What one REQ answered up to its EOSE: enough to tell where the next page starts. */
export class Page {
  /** Events that were fit to be taken. */
  count = 0;
  /** Those that were not. */
  unfit = 0;
  oldest = Infinity;
  /** Events dated `oldest`: the next page, whose `until` is inclusive, holds them again. */
  atOldest = 0;

  add(createdAt: number): void {
    this.count++;
    if (createdAt < this.oldest) {
      this.oldest = createdAt;
      this.atOldest = 1;
    } else if (createdAt === this.oldest) this.atOldest++;
  }
}

/** Ids of one answer that are kept, those that came first forgotten first. */
const MOST_IDS = 100_000;
/** Ids of one date that are compared one by one. */
const MOST_OF_A_DATE = 16;

/**
 * Takes in one answer, each event once, however often the relay sends it: what is sent twice would make the page look full. Relays send the newest
 * first, so an event can only have come among those of its date; a set of ids is made where one does not, or has many of one date.
 */
export class PageCount {
  readonly page = new Page();
  /** The ids in the order in which they came, where that is by date; those of the last date begin at {@link PageCount.#dateAt}. */
  #ids: string[] = [];
  #date = Infinity;
  #dateAt = 0;
  /** The ids where they are not by date. */
  #seen: SeenIds | undefined;
  #isOver = false;

  /** Whether what comes now is no part of the answer. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** An event came that had not come before, in this answer or another. */
  add(createdAt: number, id: string): void {
    this.#isNew(createdAt, id);
    this.page.add(createdAt);
  }

  /** An event came that another answer may have brought, or this one; `id` is to be kept. */
  addAgain(createdAt: number, id: string): void {
    if (!this.#isOver && this.#isNew(createdAt, id)) this.page.add(createdAt);
  }

  /** An event came that is not to be taken: the relay counts it, but its date is not to be trusted. */
  addUnfit(): void {
    if (!this.#isOver) this.page.unfit++;
  }

  /** The answer is over: its ids are forgotten. */
  end(): void {
    this.#isOver = true;
    this.#ids = [];
    this.#seen = undefined;
  }

  /** Keeps the id; says whether it was not kept. */
  #isNew(createdAt: number, id: string): boolean {
    if (this.#seen) return this.#seen.add(id);
    if (createdAt < this.#date) {
      this.#date = createdAt;
      this.#dateAt = this.#ids.length;
    }
    const { length } = this.#ids;
    if (createdAt > this.#date || length - this.#dateAt >= MOST_OF_A_DATE || length >= MOST_IDS)
      return this.#asSet().add(id);
    if (this.#ids.includes(id, this.#dateAt)) return false;
    this.#ids.push(id);
    return true;
  }

  #asSet(): SeenIds {
    this.#seen = new SeenIds({ capacity: MOST_IDS });
    for (const id of this.#ids) this.#seen.add(id);
    this.#ids = [];
    return this.#seen;
  }
}
