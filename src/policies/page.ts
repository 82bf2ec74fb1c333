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
