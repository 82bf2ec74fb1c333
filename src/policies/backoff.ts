/**
 * The numbers of a {@link Backoff}.
 *
 * @example
 * ```ts
 * import type { BackoffOptions } from 'rx-relay-pool';
 *
 * const patient: BackoffOptions = { base: 5_000, cap: 300_000 };
 * ```
 */
export interface BackoffOptions {
  /**
   * Upper end of the first delay above the floor, in milliseconds.
   *
   * @default 1000
   */
  base?: number;
  /**
   * How much the upper end grows with each attempt; at least 1.
   *
   * @default 2
   */
  factor?: number;
  /**
   * What the upper end never exceeds, in milliseconds.
   *
   * @default 60_000
   */
  cap?: number;
  /**
   * What every delay is at least, in milliseconds.
   *
   * @default 100
   */
  floor?: number;
  /**
   * How long a connection must have held, in milliseconds, for its loss to start the attempts anew.
   *
   * @default 5_000
   */
  stableAfter?: number;
  /**
   * After how many attempts in a row {@link Backoff.exhausted} is true. Attempts may go on at the cap.
   *
   * @default 5
   */
  maxAttempts?: number;
  /**
   * Attempts in a row to start from, as remembered of an earlier run: a whole number. A reset forgets them too.
   *
   * @default 0
   */
  attempts?: number;
}

/**
 * When to try again: exponential backoff with full jitter (Marc Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015) above a floor and under a cap. The attempts are counted until a connection proved stable,
 * so a relay that accepts and hangs up at once is not asked at the first delay for ever.
 *
 * It holds no timer and no clock.
 *
 * @throws RangeError from the constructor when an option is not a finite number in its range, or `attempts` not a whole one.
 *
 * @example
 * ```ts
 * import { Backoff } from 'rx-relay-pool';
 *
 * const backoff = new Backoff({ cap: 30_000 }, Math.random);
 * console.log(backoff.next()); // 100 to 1100
 * console.log(backoff.next()); // 100 to 2100
 * ```
 */
export class Backoff {
  readonly #base: number;
  readonly #factor: number;
  readonly #cap: number;
  readonly #floor: number;
  readonly #stableAfter: number;
  readonly #maxAttempts: number;
  readonly #random: () => number;
  #attempts: number;
  #openedAt: number | undefined;

  /** @param random - Draws from 0 (inclusive) to 1 (exclusive). */
  constructor(options: BackoffOptions | undefined, random: () => number) {
    this.#base = checked('base', options?.base ?? 1_000, 0);
    this.#factor = checked('factor', options?.factor ?? 2, 1);
    this.#cap = checked('cap', options?.cap ?? 60_000, 0);
    this.#floor = checked('floor', options?.floor ?? 100, 0);
    this.#stableAfter = checked('stableAfter', options?.stableAfter ?? 5_000, 0);
    this.#maxAttempts = checked('maxAttempts', options?.maxAttempts ?? 5, 1);
    this.#attempts = checked('attempts', options?.attempts ?? 0, 0);
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt, which is counted: from the floor to the floor plus the cap. */
  next(): number {
    const draw = this.#random();
    const share = draw >= 0 ? Math.min(draw, 1) : 0;
    // The power may be Infinity, which the cap is for; but no number of times nothing is still nothing.
    const ceiling = this.#base && Math.min(this.#cap, this.#base * this.#factor ** this.#attempts);
    this.#attempts += 1;
    return this.#floor + share * ceiling;
  }

  /** The attempt succeeded at `now`, in milliseconds. */
  opened(now: number): void {
    this.#openedAt = now;
  }

  /** The connection that opened was lost at `now`, in milliseconds; the attempts start anew if it had been stable. */
  lost(now: number): void {
    const openedAt = this.#openedAt;
    this.#openedAt = undefined;
    if (openedAt !== undefined && now - openedAt >= this.#stableAfter) this.reset();
  }

  /** Starts the attempts anew, as when the network came back or the caller asked. */
  reset(): void {
    this.#attempts = 0;
  }

  /** Attempts counted since the last reset, on top of those it started from until there is one. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Whether the attempts have reached `maxAttempts`. */
  get exhausted(): boolean {
    return this.#attempts >= this.#maxAttempts;
  }
}

function checked(name: keyof BackoffOptions, value: number, least: number): number {
  // maxAttempts and stableAfter may be Infinity: never exhausted, never reset by uptime.
  const finite = Number.isFinite(value) || (value === Infinity && (name === 'maxAttempts' || name === 'stableAfter'));
  const isWhole = name !== 'attempts' || Number.isSafeInteger(value);
  if (finite && isWhole && value >= least) return value;
  const kind = name === 'attempts' ? 'a whole number' : 'a number';
  throw new RangeError(`Backoff: '${name}' must be ${kind} of at least ${least}; got ${value}.`);
}
