import { catchError, EMPTY, type Observable, type SchedulerLike, Subscription } from 'rxjs';
import type { Filter } from '../protocol/filter.ts';
import { learnLimit, type LearntLimit } from '../protocol/refused-limits.ts';
import type { RelayInformation } from '../protocol/relay-information-document.ts';
import type { RelayLimits } from '../protocol/relay-limits.ts';

/** How long a document counts as news, and how long it is not asked for again where there was none, in milliseconds. */
const FRESH_FOR = 3_600_000;
const NOT_AGAIN_FOR = 600_000;
/** Fewer than one request and one page a connection cannot carry. */
export const LEAST_SUBSCRIPTIONS = 2;

/** A refusal, and what of ours it may be about. */
export interface Refused {
  /** What the relay said, in a CLOSED, an OK or a NOTICE. */
  readonly text: string;
  /** Other REQs that are open on the connection. */
  readonly open?: number | undefined;
  /** What was asked. */
  readonly filters?: readonly Filter[] | undefined;
}

/** What a relay can do and takes: by its own word (NIP-11), and by what its refusals taught where that says nothing. */
export class RelayCapabilities {
  #information: RelayInformation | undefined;
  #learnt: RelayLimits;
  #dueAt = -Infinity;
  #asking = Subscription.EMPTY;

  /**
   * @param ask - Fetches the document; undefined where there is no way.
   * @param given - What the user knows of the relay, which counts more than what it says of itself.
   * @param remembered - What was learnt of it earlier.
   * @param changed - Called when there are other limits.
   */
  constructor(
    private readonly ask: (() => Observable<RelayInformation>) | undefined,
    private readonly given: RelayLimits,
    remembered: RelayLimits,
    private readonly scheduler: SchedulerLike,
    private readonly changed: () => void,
  ) {
    this.#learnt = remembered;
  }

  /** What it says of itself; undefined while that is unknown. */
  get information(): RelayInformation | undefined {
    return this.#information;
  }

  /** What it takes, as far as that is known. */
  get limits(): RelayLimits {
    const said: RelayLimits = { ...this.#information?.limits, ...this.given };
    const limits: Writable<RelayLimits> = { ...said };
    for (const [limit, value] of Object.entries(this.#learnt) as [LimitName, number][]) {
      limits[limit] = stricter(limit, said[limit], value);
    }
    return limits;
  }

  /** REQs that may be open on one connection; Infinity where it is not known. */
  get maxSubscriptions(): number {
    return Math.max(LEAST_SUBSCRIPTIONS, this.limits.maxSubscriptions ?? Infinity);
  }

  /** A connection is there: asks for the document, unless there is a fresh one. Nothing waits for it. */
  connected(): void {
    const now = this.scheduler.now();
    if (!this.ask || now < this.#dueAt) return;
    this.#dueAt = now + NOT_AGAIN_FOR;
    this.#asking = this.ask()
      .pipe(catchError(() => EMPTY))
      .subscribe((information) => {
        this.#information = information;
        this.#dueAt = this.scheduler.now() + FRESH_FOR;
        this.changed();
      });
  }

  /** Takes from a refusal what it says of limits; says whether that is news. */
  refused({ text, open, filters }: Refused): boolean {
    const learnt = learnLimit(text);
    if (!learnt) return false;
    const { limit, value = valueOf(limit, open, filters) } = learnt;
    const known = this.limits[limit];
    if (value === undefined || (known !== undefined && stricter(limit, known, value) === known)) return false;
    this.#learnt = { ...this.#learnt, [limit]: value };
    this.changed();
    return true;
  }

  close(): void {
    this.#asking.unsubscribe();
  }
}

type LimitName = LearntLimit['limit'];
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Of two numbers for the same limit the one that allows less. */
function stricter(limit: LimitName, known: number | undefined, value: number): number {
  if (known === undefined) return value;
  return limit === 'minPowDifficulty' ? Math.max(known, value) : Math.min(known, value);
}

/** What was too much, where the refusal names no number: less than it is allowed. */
function valueOf(limit: LimitName, open: number | undefined, filters: readonly Filter[] = []): number | undefined {
  if (limit === 'maxSubscriptions') return open === undefined ? undefined : Math.max(LEAST_SUBSCRIPTIONS, open);
  if (limit === 'maxFilters') return filters.length > 1 ? filters.length >> 1 : undefined;
  if (limit === 'maxMessageLength' && filters.length > 0) return JSON.stringify(filters).length >> 1;
  return undefined;
}
