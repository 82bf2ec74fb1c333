import { classifyKind } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { Page, Span } from './page.ts';
import { type Compared, type DeliveredIds, ResumeProof } from './resume-proof.ts';

/** A span of time that is still to be fetched, from its newest end downwards. */
interface Hole {
  since: number | undefined;
  until: number | undefined;
  /** How many events are still wanted; undefined: all. */
  limit: number | undefined;
  /** Events at `until` that the page before has brought already. */
  known: number;
}

/** Caps below this are not seen in the wild, so a shorter answer was not cut by one. */
const SMALLEST_CAP = 10;
/** A filter that can match no more events than this is asked again whole. */
const SMALL_ENOUGH_TO_REPEAT = 500;
/** Holes kept apart; beyond this the oldest ones are fetched as one. */
const MOST_HOLES = 8;

/** How to go on after an outage: as `ResumeOptions.mode` says; with `'rest'` for what was not answered yet, and nothing that came since. */
export type ResumeMode = 'window' | 'full' | 'negentropy' | 'rest';

/** How much of one filter one relay has answered; see {@link ResumeCursor}. */
export class FilterProgress {
  readonly #filter: Filter;
  readonly #mode: ResumeMode;
  readonly #mostMatches: number;
  readonly #repeats: boolean;
  readonly #pages: number;
  /** What takes the place of the window; undefined where it cannot. */
  readonly #proof: ResumeProof | undefined;
  #holes: Hole[] = [];
  #coveredUntil: number | undefined;
  #reportedUntil: number | undefined;
  /** Where the window starts. */
  #windowFrom = 0;
  /** Whether the live REQ asks for what is stored too, and does not only open the stream. */
  #liveFetches = true;
  #pagesLeft = 0;

  /** @param delivered - For mode `'negentropy'`. */
  constructor(filter: Filter, mode: ResumeMode, pages: number, delivered: DeliveredIds = new Set<string>()) {
    this.#filter = filter;
    this.#mode = mode;
    this.#mostMatches = mostMatches(filter);
    // Relevance has no time order to resume or page in (NIP-50), and few events are cheaper asked again than reasoned about.
    this.#repeats =
      filter.search !== undefined ||
      this.#mostMatches <= SMALL_ENOUGH_TO_REPEAT ||
      (mode === 'full' && filter.limit === undefined);
    this.#pages = pages;
    // What a limit cut off is not missing, and ids that a relay names might be others than those that were asked for.
    const canProve = mode === 'negentropy' && filter.limit === undefined && filter.ids === undefined;
    this.#proof = canProve ? new ResumeProof(delivered) : undefined;
  }

  get liveFetches(): boolean {
    return this.#liveFetches;
  }

  get hasHoles(): boolean {
    return this.#holes.length > 0 || this.#proof?.isFetching === true;
  }

  /** Of what the stored ids are to be compared before a page is asked for. */
  get toCompare(): Filter | undefined {
    return this.#proof?.isDue ? this.#filter : undefined;
  }

  /**
   * What the live REQ asks for on a new connection; undefined where there is nothing to ask.
   *
   * @param canProve - Whether the relay is not known to be unable to.
   */
  begin(now: number, overlap: number, canProve = false): { readonly filter: Filter | undefined; readonly gap?: Span } {
    this.#pagesLeft = this.#pages;
    if (this.#coveredUntil === undefined) {
      this.#coveredUntil = now;
      this.#holes = this.#filter.limit === 0 ? [] : [this.#whole(this.#filter.limit)];
      return { filter: this.#filter };
    }
    if (this.#mode === 'rest') {
      this.#liveFetches = this.hasHoles;
      return { filter: this.#filter.limit === 0 ? this.#filter : this.page() };
    }
    this.#liveFetches = this.#repeats;
    if (this.#repeats) {
      this.#holes = [this.#whole(undefined)];
      return { filter: this.#filter.search === undefined ? withoutLimit(this.#filter) : this.#filter };
    }
    return this.#resume(Math.max(this.#filter.since ?? 0, this.#coveredUntil - overlap), canProve);
  }

  /** The ids were compared; where that proves nothing, the window is fetched, and the time before it returned. */
  compared(outcome: Compared): Span | undefined {
    if (typeof outcome === 'string') return this.#unproved();
    this.#proof?.compared(outcome.missing, outcome.atOnce);
    return this.#proved();
  }

  /** Everything stored up to this local time has been delivered, but for the holes. */
  coveredUntil(lastAlive: number): void {
    this.#coveredUntil = Math.max(this.#coveredUntil ?? lastAlive, lastAlive);
  }

  /** The REQ for the newest hole. */
  page(): Filter | undefined {
    if (this.#proof?.isFetching) return { ...this.#filter, ids: this.#proof.next() };
    const [hole] = this.#holes;
    if (!hole) return undefined;
    const filter: { -readonly [K in keyof Filter]: Filter[K] } = withoutLimit(this.#filter);
    if (hole.since !== undefined) filter.since = hole.since;
    if (hole.until !== undefined) filter.until = hole.until;
    if (hole.limit !== undefined) filter.limit = hole.limit + hole.known;
    return filter;
  }

  /** The newest hole was asked for by itself, and this is the answer. */
  answered(page: Page, hints: readonly string[]): Span | undefined {
    if (this.#proof?.isFetching) {
      const hasBroughtSome = this.#proof.answered();
      return hasBroughtSome && --this.#pagesLeft > 0 ? this.#proved() : this.#unproved();
    }
    const [hole] = this.#holes;
    if (!hole) return undefined;
    // There is more, but nothing of it was fit to be taken, so there is no date to go on from.
    const isWhole = this.#isWhole(page, hints);
    if (page.count === 0 && hole.limit !== 0 && (!isWhole || hints.includes('more'))) return this.#filled(spanOf(hole));
    const fresh = Math.max(0, page.count - hole.known);
    if (hole.limit !== undefined) hole.limit = Math.max(0, hole.limit - fresh);
    if (hole.limit === 0 || isWhole) return this.#filled();
    const cut = this.#moveDown(hole, page);
    if ((hole.until ?? 0) < (hole.since ?? 0)) return this.#filled(cut);
    if (--this.#pagesLeft > 0) return cut;
    const rest = spanOf(hole);
    return this.#filled(cut ? { since: rest.since, until: cut.until } : rest);
  }

  /** The newest hole was asked for in one REQ with other filters, and this is the answer to all. */
  answeredTogether(page: Page, hints: readonly string[]): void {
    if (isShort(page, hints)) this.#filled();
  }

  unfetched(): readonly Span[] {
    const holes = this.#holes.map(spanOf);
    return this.#proof?.isOpen ? [...holes, this.#beforeWindow()] : holes;
  }

  #whole(limit: number | undefined): Hole {
    return { since: this.#filter.since, until: this.#filter.until, limit, known: 0 };
  }

  #resume(since: number, canProve: boolean): { readonly filter: Filter; readonly gap?: Span } {
    this.#proof?.end();
    const { until = Infinity, since: first = 0 } = this.#filter;
    const hole: Hole = { ...this.#whole(undefined), since };
    const apart: Hole[] = [];
    for (const other of this.#holes) {
      const touches = other.limit === undefined && (other.until ?? Infinity) >= since;
      if (touches) hole.since = Math.min(hole.since ?? first, other.since ?? first);
      else apart.push(other);
    }
    this.#holes = since > until ? apart : [hole, ...apart];
    this.#joinOldest();

    const from = hole.since ?? first;
    if (from <= first && apart.length === 0) {
      this.#liveFetches = true;
      return { filter: withoutLimit(this.#filter) };
    }
    // A `since` in the live REQ would shut out the live events of authors whose clocks are behind: pages fetch the window.
    const filter = { ...this.#filter, limit: 1 };
    if (from <= first) return { filter };
    this.#windowFrom = from;
    if (canProve && this.#proof) {
      this.#proof.begin();
      return { filter };
    }
    const gap = this.#report();
    return gap ? { filter, gap } : { filter };
  }

  /** What a window leaves open, unless that was reported already. */
  #report(): Span | undefined {
    if (this.#reportedUntil === this.#windowFrom) return undefined;
    this.#reportedUntil = this.#windowFrom;
    return this.#beforeWindow();
  }

  #beforeWindow(): Span {
    const { since = 0, until = Infinity } = this.#filter;
    return { since, until: Math.min(this.#windowFrom - 1, until) };
  }

  /** All that the relay has was delivered, once nothing is missing any more. */
  #proved(): undefined {
    if (!this.#proof?.isOpen) this.#holes = [];
  }

  #unproved(): Span | undefined {
    this.#proof?.end();
    this.#pagesLeft = this.#pages;
    return this.#report();
  }

  #joinOldest(): void {
    while (this.#holes.length > MOST_HOLES) {
      const [older, newer] = [this.#holes.pop(), this.#holes.pop()];
      if (!older || !newer) return;
      this.#holes.push({ since: older.since, until: newer.until, limit: undefined, known: 0 });
    }
  }

  #isWhole(page: Page, hints: readonly string[]): boolean {
    if (this.#filter.search !== undefined) return true;
    if (isShort(page, hints)) return true;
    return page.count >= this.#mostMatches && !hints.includes('more');
  }

  /** Where the next page starts; the second that a whole page could not get past is reported. */
  #moveDown(hole: Hole, page: Page): Span | undefined {
    if (page.oldest < (hole.until ?? Infinity)) {
      hole.until = page.oldest;
      hole.known = page.atOldest;
      return undefined;
    }
    const second = hole.until ?? page.oldest;
    hole.until = second - 1;
    hole.known = 0;
    return { since: second, until: second };
  }

  #filled(gap?: Span): Span | undefined {
    this.#holes.shift();
    return gap;
  }
}

/** Whether no cap can have cut this answer: the relay says so (NIP-67), or it is shorter than what caps let through. */
function isShort({ count, unfit }: Page, hints: readonly string[]): boolean {
  return hints.includes('finish') || (count + unfit < SMALLEST_CAP && !hints.includes('more'));
}

function withoutLimit(filter: Filter): Filter {
  const { limit: _, ...rest } = filter;
  return rest;
}

function spanOf(hole: Hole): Span {
  return { since: hole.since ?? 0, until: hole.until ?? Infinity };
}

/** How many events can match at once: ids are unique, replaceable events have one version a key. */
function mostMatches({ ids, authors, kinds, '#d': d }: Filter): number {
  if (ids) return ids.length;
  if (!authors || !kinds) return Infinity;
  const classes = new Set(kinds.map(classifyKind));
  if (classes.has('regular') || classes.has('ephemeral')) return Infinity;
  if (!classes.has('addressable')) return authors.length * kinds.length;
  return d ? authors.length * kinds.length * d.length : Infinity;
}
