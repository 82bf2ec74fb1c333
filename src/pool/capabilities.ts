import { catchError, EMPTY, type Observable, type SchedulerLike, Subscription } from 'rxjs';
import type { Filter } from '../protocol/filter.ts';
import { learnLimit, type LearntLimit } from '../protocol/refused-limits.ts';
import type { RelayInformation } from '../protocol/relay-information-document.ts';
import type { RelayLimits } from '../protocol/relay-limits.ts';
import { utf8Length } from '../protocol/text-length.ts';
import { withinLimit } from '../protocol/within-limit.ts';
import type { Connection } from '../sources/connection.ts';

/** How long a document counts as news, and how long it is not asked for again where there was none, in milliseconds. */
const FRESH_FOR = 3_600_000;
const NOT_AGAIN_FOR = 600_000;
/** How long a connection is there, in milliseconds, before the document is asked for: what it is there for comes first. */
const ASK_AFTER = 250;
/** Fewer than one request and one page a connection cannot carry. */
export const LEAST_SUBSCRIPTIONS = 2;
/** A signed event without content takes a third of it: no relay means less. */
const LEAST_MESSAGE = 1_024;

/** Events that are asked for at once where there are as many, however little may wait: a short answer is taken for a whole one. */
const LEAST_AT_ONCE = 100;

/** A REQ as it was sent. */
export interface SentRequest {
  /** When, in milliseconds by the scheduler's clock. */
  readonly at: number;
  /** Other REQs that were open on the connection. */
  readonly open: number;
  readonly filters: readonly Filter[];
}

/** A REQ that is sent now, of no more events than the relay gives, and than can be taken in. */
export function sentRequest(
  filters: readonly Filter[],
  { maxLimit = Infinity }: RelayLimits,
  { scheduler, subscriptions, mostAtOnce }: Pick<Connection, 'scheduler' | 'subscriptions' | 'mostAtOnce'>,
): SentRequest {
  const share = Math.max(LEAST_AT_ONCE, Math.floor(mostAtOnce / filters.length));
  return { at: scheduler.now(), open: subscriptions, filters: withinLimit(filters, Math.min(maxLimit, share)) };
}

/** What a relay can do and takes: by its own word (NIP-11), and by what its refusals taught. */
export class RelayCapabilities {
  #information: RelayInformation | undefined;
  /** Numbers that refusals named, and those that they led us to guess. */
  #learnt: RelayLimits = {};
  #guessed: RelayLimits = {};
  /** What it takes by all of these: it is asked about for each REQ and EVENT, and seldom changes. */
  #said: RelayLimits;
  #limits: RelayLimits;
  /** The last NOTICE that spoke of a limit; it names no REQ. */
  #notice: { readonly text: string; readonly at: number } | undefined;
  #dueAt = -Infinity;
  #asking = Subscription.EMPTY;

  /**
   * @param ask - Fetches the document; undefined where there is no way.
   * @param given - What the user knows of the relay, which counts more than what it says of itself.
   * @param remembered - What was known of it earlier, which counts less: it may have changed.
   * @param changed - Called when there are other limits.
   */
  constructor(
    private readonly ask: Observable<RelayInformation> | undefined,
    private readonly given: RelayLimits,
    private readonly remembered: RelayLimits,
    private readonly scheduler: SchedulerLike,
    private readonly changed: () => void,
  ) {
    this.#said = this.#limits = { ...remembered, ...given };
  }

  /** What it says of itself; undefined while that is unknown. */
  get information(): RelayInformation | undefined {
    return this.#information;
  }

  /** What it takes, as far as that was said: by its document, by the user, or by a refusal. */
  get said(): RelayLimits {
    return this.#said;
  }

  /** What is asked of it at most: what was said, and what refusals without a number led us to guess. */
  get limits(): RelayLimits {
    return this.#limits;
  }

  /** REQs that may be open on one connection; Infinity where it is not known. */
  get maxSubscriptions(): number {
    return Math.max(LEAST_SUBSCRIPTIONS, this.limits.maxSubscriptions ?? Infinity);
  }

  /** The same without what the user says, who may say something else next time: what to keep. */
  get knownSubscriptions(): number {
    const known = { ...this.remembered, ...this.#information?.limits };
    const { maxSubscriptions = Infinity } = strictest(strictest(known, this.#learnt), this.#guessed);
    return Math.max(LEAST_SUBSCRIPTIONS, maxSubscriptions);
  }

  /**
   * A connection is there, until what this returns is unsubscribed from: where it lasts, the document is asked for, unless there is a fresh one.
   * Nothing waits for it.
   */
  connected(): Subscription {
    const { ask } = this;
    return ask ? this.scheduler.schedule(() => this.#askIfDue(ask), ASK_AFTER) : Subscription.EMPTY;
  }

  /** Takes from a CLOSED, or an OK, what it says of limits; says whether the REQ was more than the relay takes, as far as is known now. */
  refused(text: string, sent?: SentRequest): boolean {
    const learnt = learnLimit(text);
    if (learnt) this.#learn(learnt, sent);
    return sent !== undefined && this.#isExceededBy(sent);
  }

  /** Takes from a NOTICE what it says of limits. Which REQ it means shows when that gets no answer. */
  noticed(text: string): void {
    const learnt = learnLimit(text);
    if (!learnt) return;
    this.#notice = { text, at: this.scheduler.now() };
    this.#learn(learnt);
  }

  /** A REQ got no answer, as a NOTICE since may explain; says whether it was more than the relay takes, as far as is known now. */
  unanswered(sent: SentRequest): boolean {
    const learnt = this.#notice && this.#notice.at >= sent.at ? learnLimit(this.#notice.text) : undefined;
    if (learnt) this.#learn(learnt, sent);
    return this.#isExceededBy(sent);
  }

  close(): void {
    this.#asking.unsubscribe();
  }

  #askIfDue(ask: Observable<RelayInformation>): void {
    const now = this.scheduler.now();
    if (now < this.#dueAt) return;
    this.#dueAt = now + NOT_AGAIN_FOR;
    this.#asking.unsubscribe();
    this.#asking = ask.pipe(catchError(() => EMPTY)).subscribe((information) => {
      this.#information = information;
      this.#dueAt = this.scheduler.now() + FRESH_FOR;
      this.#takeTogether();
    });
  }

  #learn({ limit, value }: LearntLimit, sent?: SentRequest): void {
    const told = value ?? (sent && guessOf(limit, sent));
    if (told === undefined) return;
    const known = (value === undefined ? this.limits : this.said)[limit];
    if (known !== undefined && stricter(limit, known, told) === known) return;
    if (value === undefined) this.#guessed = { ...this.#guessed, [limit]: told };
    else this.#learnt = { ...this.#learnt, [limit]: told };
    this.#takeTogether();
  }

  #takeTogether(): void {
    this.#said = strictest({ ...this.remembered, ...this.#information?.limits, ...this.given }, this.#learnt);
    this.#limits = strictest(this.#said, this.#guessed);
    this.changed();
  }

  #isExceededBy({ open, filters }: SentRequest): boolean {
    return open >= this.maxSubscriptions || withinLimit(filters, this.limits.maxLimit) !== filters;
  }
}

type LimitName = LearntLimit['limit'];
type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Of the limits that refusals tell of the ones that allow less. */
function strictest(known: RelayLimits, learnt: RelayLimits): RelayLimits {
  const limits: Writable<RelayLimits> = { ...known };
  for (const [limit, value] of Object.entries(learnt) as [LimitName, number][]) {
    limits[limit] = stricter(limit, known[limit], value);
  }
  return limits;
}

/** Of two numbers for the same limit the one that allows less. */
function stricter(limit: LimitName, known: number | undefined, value: number): number {
  if (known === undefined) return value;
  return limit === 'minPowDifficulty' ? Math.max(known, value) : Math.min(known, value);
}

/** What a refusal that names no number allows at most: less than was sent. */
function guessOf(limit: LimitName, { open, filters }: SentRequest): number | undefined {
  switch (limit) {
    case 'maxSubscriptions':
      return open > 0 ? Math.max(LEAST_SUBSCRIPTIONS, open) : undefined;
    case 'maxFilters':
      return filters.length > 1 ? filters.length >> 1 : undefined;
    case 'maxMessageLength': {
      const bytes = utf8Length(JSON.stringify(filters));
      return bytes > LEAST_MESSAGE ? Math.max(LEAST_MESSAGE, bytes >> 1) : undefined;
    }
    case 'maxLimit': {
      const largest = Math.max(...filters.map(({ limit: wanted = 0 }) => wanted));
      return largest > 1 ? largest >> 1 : undefined;
    }
    default:
      return undefined;
  }
}
