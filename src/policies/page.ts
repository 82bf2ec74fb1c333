import { SeenIds } from './seen-ids.ts';

/** A span of `created_at` values, both ends inclusive, in seconds. */
export interface Span {
  readonly since: number;
  readonly until: number;
}

/** What one REQ answered up to its EOSE: enough to tell where the next page starts. */
export class Page {
  count = 0;
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

/** Takes in one answer, each event once, however often the relay sends it: what is sent twice would make the page look full. */
export class PageCount {
  readonly page = new Page();
  #ids: SeenIds | undefined;

  add(createdAt: number, id: string): void {
    this.#ids ??= new SeenIds();
    if (this.#ids.add(id)) this.page.add(createdAt);
  }

  /** The answer is over: its ids are forgotten. */
  end(): void {
    this.#ids = undefined;
  }
}
