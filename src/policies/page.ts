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

/** Takes in one answer, each event once, however often the relay sends it: what is sent twice would make the page look full. */
export class PageCount {
  readonly page = new Page();
  /** The events that came first, by id; they are looked up only where others come again. */
  #first: string[] = [];
  #ids: SeenIds | undefined;
  #isOver = false;

  /** Whether what comes now is no part of the answer. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** An event came that had not come before, in this answer or another. */
  add(createdAt: number, id: string): void {
    if (this.#ids || this.#first.length >= MOST_IDS) this.#seen().add(id);
    else this.#first.push(id);
    this.page.add(createdAt);
  }

  /** An event came that another answer may have brought, or this one; `id` is to be kept. */
  addAgain(createdAt: number, id: string): void {
    if (!this.#isOver && this.#seen().add(id)) this.page.add(createdAt);
  }

  /** An event came that is not to be taken: the relay counts it, but its date is not to be trusted. */
  addUnfit(): void {
    if (!this.#isOver) this.page.unfit++;
  }

  /** The answer is over: its ids are forgotten. */
  end(): void {
    this.#isOver = true;
    this.#first = [];
    this.#ids = undefined;
  }

  #seen(): SeenIds {
    if (this.#ids) return this.#ids;
    this.#ids = new SeenIds({ capacity: MOST_IDS });
    for (const first of this.#first) this.#ids.add(first);
    this.#first = [];
    return this.#ids;
  }
}
