import type { Filter } from '../protocol/filter.ts';
import { FilterProgress } from './filter-progress.ts';
import type { Page, Span } from './page.ts';
import type { Compared, DeliveredIds } from './resume-proof.ts';

/**
 * How a live request catches up after an outage.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const subscription = pool.subscribe({ kinds: [1] }, { resume: { mode: 'full', pages: 200 } }).subscribe();
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export interface ResumeOptions {
  /**
   * `'window'` asks for what may have been stored since shortly before the outage and reports the older time as a gap, since a
   * relay may have stored back-dated events meanwhile; `'full'` asks for everything again (what was delivered is dropped
   * unparsed) and leaves no gap, but cannot tell what a `limit` cut off, so a filter with a limit uses the window.
   *
   * `'negentropy'` compares the ids of what the relay has stored with those of what was delivered, by whichever relay (NIP-77),
   * and fetches what is missing by its id, however it is dated: that leaves no gap, and costs about a kilobyte where little is
   * missing. It uses the window, with its gap, for a filter with a `limit` or with `ids`, with a relay that does not know NIP-77 or
   * does not give what it names, and where more was delivered than `proven`.
   * @default 'window'
   */
  readonly mode?: 'window' | 'full' | 'negentropy';
  /** Seconds before the outage from which on to ask again, on top of the largest delay seen in live events. @default 600 */
  readonly overlap?: number;
  /** Seconds that the overlap may grow to, however late events claim to be. @default 172_800 */
  readonly maxOverlap?: number;
  /** Further REQs that a filter may take for one connection before the rest is reported as a gap. @default 50 */
  readonly pages?: number;
  /**
   * Events that may be delivered, with those that a relay names as missing, for mode `'negentropy'` to compare them; more than the
   * request remembers (`seenCapacity`) never are. A whole number from 0.
   * @default 100_000
   */
  readonly proven?: number;
}

/** The default of the option `proven`. */
export const MOST_PROVEN = 100_000;
/** Live events whose delay is remembered. */
const DELAYS = 64;

/**
 * What has been fetched from one relay for one request, and so what to ask after a reconnect (NIP-01, paging as in NIP-67).
 *
 * No `created_at` moves the point from which an outage is fetched: that is the local time at which the connection was last
 * known to work, less an overlap. An event dated in the future therefore hides nothing, and authors (or a local clock) that are
 * behind are covered by the largest delay seen among recent live events. What cannot be proved complete is returned as a
 * {@link Span} to report.
 *
 * Use: `begin` on each connection gives the filters of the live REQ; its answer goes to `answered`; then ask `nextPage` one
 * by one, each answer again to `answered`; `lost` when the connection ends. Where `nextComparison` gives a filter, its ids are
 * compared first, and what comes of it goes to `compared`.
 */
export class ResumeCursor {
  readonly #filters: readonly FilterProgress[];
  readonly #overlap: number;
  readonly #maxOverlap: number;
  readonly #delays: number[] = [];
  #delayAt = 0;
  #live: 'asked' | 'answered' | undefined;
  #paging: FilterProgress | undefined;
  #comparing: FilterProgress | undefined;
  /** The relay is not known to be unable to compare. */
  #canProve = true;

  /**
   * @param delivered - For mode `'negentropy'`.
   * @param isLive - Whether live events are wanted; otherwise nothing that is stored during an outage is asked for.
   * @throws RangeError when `proven` is out of range.
   */
  constructor(filters: readonly Filter[], options: ResumeOptions = {}, delivered?: DeliveredIds, isLive = true) {
    const { pages = 50, proven = MOST_PROVEN } = options;
    const mode = isLive ? (options.mode ?? 'window') : 'rest';
    if (!Number.isInteger(proven) || proven < 0) {
      throw new RangeError(`The option 'proven' is a whole number from 0; got ${proven}.`);
    }
    this.#overlap = options.overlap ?? 600;
    this.#maxOverlap = options.maxOverlap ?? 172_800;
    this.#filters = filters.map((filter) => new FilterProgress(filter, mode, pages, delivered));
  }

  /** The filters of the live REQ on a new connection, and the gaps that asking them leaves open. `now` in seconds. */
  begin(now: number): { readonly filters: readonly Filter[]; readonly gaps: readonly Span[] } {
    this.#live = 'asked';
    this.#paging = undefined;
    this.#comparing = undefined;
    const steps = this.#filters.map((filter) => filter.begin(Math.floor(now), this.#currentOverlap(), this.#canProve));
    return { filters: steps.flatMap((step) => step.filter ?? []), gaps: steps.flatMap((step) => step.gap ?? []) };
  }

  /** A live event arrived: learns how late events may be. Both in seconds. */
  live(createdAt: number, now: number): void {
    this.#delays[this.#delayAt] = Math.max(0, now - createdAt);
    this.#delayAt = (this.#delayAt + 1) % DELAYS;
  }

  /** EOSE came for the live REQ or for the page asked last; `hints` are NIP-67's. Returns what stays unproved. */
  answered(page: Page, hints: readonly string[] = []): readonly Span[] {
    if (this.#live === 'asked') {
      this.#live = 'answered';
      return this.#liveAnswered(page, hints);
    }
    const gap = this.#paging?.answered(page, hints);
    this.#paging = undefined;
    return gap ? [gap] : [];
  }

  /** Whether what is stored is being compared. */
  get isComparing(): boolean {
    return this.#comparing !== undefined;
  }

  /** The filter whose stored ids are to be compared next with those that were delivered, undefined when there is none. */
  nextComparison(): Filter | undefined {
    this.#comparing = this.#filters.find((filter) => filter.toCompare);
    return this.#comparing?.toCompare;
  }

  /** What came of that. Returns what stays unproved. */
  compared(outcome: Compared): readonly Span[] {
    // What one comparison shows of the relay holds for the next ones too.
    if (outcome === 'unable') this.#canProve = false;
    const ended = outcome === 'unable' ? this.#filters.filter((filter) => filter.toCompare) : [this.#comparing];
    this.#comparing = undefined;
    return ended.flatMap((filter) => filter?.compared(outcome) ?? []);
  }

  /** The filter of the next page that is still to be fetched, undefined when everything stored has been. */
  nextPage(): Filter | undefined {
    this.#paging = this.#filters.find((filter) => filter.hasHoles);
    return this.#paging?.page();
  }

  /** What is still to be fetched; it stays to be fetched on the next connection. */
  unfetched(): readonly Span[] {
    return this.#filters.flatMap((filter) => filter.unfetched());
  }

  /** The connection ended; it was last known to work at `lastAlive` (seconds). */
  lost(lastAlive: number): void {
    if (this.#live === 'answered') for (const filter of this.#filters) filter.coveredUntil(Math.floor(lastAlive));
    this.#live = undefined;
    this.#paging = undefined;
    this.#comparing = undefined;
  }

  #liveAnswered(page: Page, hints: readonly string[]): readonly Span[] {
    const fetching = this.#filters.filter((filter) => filter.liveFetches);
    const [only] = fetching;
    if (only && this.#filters.length === 1) {
      const gap = only.answered(page, hints);
      return gap ? [gap] : [];
    }
    // Which filter a relay cut short is not told: each is paged by itself unless the answer is surely whole.
    for (const filter of fetching) filter.answeredTogether(page, hints);
    return [];
  }

  #currentOverlap(): number {
    return Math.min(this.#maxOverlap, this.#overlap + Math.ceil(Math.max(0, ...this.#delays)));
  }
}
