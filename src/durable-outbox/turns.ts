import { TokenBucket } from '../policies/token-bucket.ts';

/** The bounds of {@link Turns}. */
export interface TurnsOptions {
  /** How many may be sent at a time. */
  readonly concurrency: number;
  /** Attempts a second that are not the first of their event. */
  readonly retryRate: number;
}

/**
 * Whose turn it is to be sent. What was just published comes before what is tried again; what is tried again takes half of the places at
 * the most, and only so many a second, so that a long list that waits for one dead relay stands in nobody's way.
 */
export class Turns<T> {
  readonly #fresh = new Set<T>();
  readonly #again = new Set<T>();
  readonly #sending = new Map<T, 'fresh' | 'again'>();
  readonly #bucket: TokenBucket;
  #sendingAgain = 0;

  constructor(private readonly options: TurnsOptions) {
    this.#bucket = new TokenBucket(Math.max(1, options.retryRate), options.retryRate);
  }

  /** Waits for its turn, unless it waits or is being sent already. */
  add(item: T, kind: 'fresh' | 'again'): void {
    if (this.#sending.has(item) || this.#fresh.has(item)) return;
    if (kind === 'fresh') this.#again.delete(item);
    (kind === 'fresh' ? this.#fresh : this.#again).add(item);
  }

  /** Waits no more. */
  remove(item: T): void {
    this.#fresh.delete(item);
    this.#again.delete(item);
  }

  /** Takes the next one and its place; at `now` in milliseconds. */
  next(now: number): T | undefined {
    if (this.#sending.size >= this.options.concurrency) return undefined;
    for (const item of this.#fresh) return this.#begin(item, 'fresh');
    if (this.#isHalfTaken) return undefined;
    for (const item of this.#again) return this.#bucket.take(1, now) ? this.#begin(item, 'again') : undefined;
    return undefined;
  }

  /** Gives its place back. */
  done(item: T): void {
    if (this.#sending.get(item) === 'again') this.#sendingAgain--;
    this.#sending.delete(item);
  }

  /** Milliseconds after which one that waits may have its turn, though no place is given back; undefined when that is all that is missing. */
  get pause(): number | undefined {
    const isFree = this.#sending.size < this.options.concurrency && !this.#isHalfTaken;
    return isFree && this.#again.size > 0 ? 1_000 / this.options.retryRate : undefined;
  }

  get #isHalfTaken(): boolean {
    return this.#sendingAgain >= Math.max(1, Math.floor(this.options.concurrency / 2));
  }

  #begin(item: T, kind: 'fresh' | 'again'): T {
    this.remove(item);
    this.#sending.set(item, kind);
    if (kind === 'again') this.#sendingAgain++;
    return item;
  }
}
