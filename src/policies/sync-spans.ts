import type { Span } from './page.ts';

/** What is left to be reconciled of a span of time, oldest first. Each second is in one of the spans that it gives, and in one only. */
export class SyncSpans {
  /** Later ones first. */
  readonly #left: Span[];
  #given = 0;

  /** @param most - Spans that are given at most; splitting is refused when it would take more. */
  constructor(
    whole: Span,
    private readonly most = 4_096,
  ) {
    this.#left = whole.since <= whole.until ? [whole] : [];
  }

  /** The next span; undefined when nothing is left. */
  next(): Span | undefined {
    this.#given++;
    return this.#left.pop();
  }

  /**
   * Puts back a span that was too much, in two halves; says whether that could be done: a second has no halves. A span without an end is cut
   * behind `now` (seconds) first, and then ever farther away.
   */
  split({ since, until }: Span, now: number): boolean {
    if (since >= until || this.#given + this.#left.length + 2 > this.most) return false;
    const middle = until === Infinity ? farther(since, Math.floor(now)) : since + Math.floor((until - since) / 2);
    if (middle >= Number.MAX_SAFE_INTEGER) return false;
    this.#left.push({ since: middle + 1, until }, { since, until: middle });
    return true;
  }
}

function farther(since: number, now: number): number {
  return since <= now ? now : since + (since - now);
}
