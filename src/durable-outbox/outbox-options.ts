import { asyncScheduler, type Observable, type SchedulerLike } from 'rxjs';
import { Backoff, type BackoffOptions } from '../policies/backoff.ts';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import { platformRandom } from '../policies/platform-random.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import type { PublishQuorum } from '../pool/publish-quorum.ts';
import type { Route } from '../pool/route.ts';
import { connectivity } from '../sources/connectivity.ts';
import { isQuorum } from './outbox-record.ts';

const DAY = 86_400_000;

/**
 * Options of a {@link DurableOutbox}.
 *
 * @example
 * ```ts
 * import type { DurableOutboxOptions } from 'rx-relay-pool/outbox';
 *
 * const options: DurableOutboxOptions = { quorum: 2, keepFor: 7 * 86_400_000, capacity: 1_000 };
 * ```
 */
export interface DurableOutboxOptions {
  /** How many relays have to accept an event before it is kept no more. @default 'majority' */
  readonly quorum?: PublishQuorum | undefined;
  /**
   * Which relays an event goes to that names none itself. A route sees the event, and is asked anew at each attempt.
   *
   * @default the pool's option `route`; the clusters, where the quorum is by cluster
   */
  readonly route?: Route | undefined;
  /** Milliseconds that an event is kept at the most. @default 2_592_000_000 (30 days) */
  readonly keepFor?: number | undefined;
  /** Events that are kept at a time, those that were rejected included; one more is refused. @default 10_000 */
  readonly capacity?: number | undefined;
  /** Characters that these events may have together, as JSON. @default 33_554_432 (2^25) */
  readonly characters?: number | undefined;
  /** Events that are being sent at a time; half as many that are not sent for the first time. @default 32 */
  readonly concurrency?: number | undefined;
  /** Attempts a second that are not the first of their event. @default 50 */
  readonly retryRate?: number | undefined;
  /** Milliseconds of one attempt, until relays that did not answer are tried again later: the `deadline` of `publish`. @default 10_000 */
  readonly deadline?: number | undefined;
  /** Delays between the attempts of one event. @default those of {@link Backoff} */
  readonly backoff?: BackoffOptions | undefined;
  /** Emits when relays may be reachable again: all that waits is tried. @default the browser's online and visibility events */
  readonly connectivity$?: Observable<unknown> | undefined;
  /** Clock and timers. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
  /** Draws from 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: (() => number) | undefined;
}

/**
 * Options of `publish`; plain data, as they are kept with the event.
 *
 * @example
 * ```ts
 * import type { OutboxPublishOptions } from 'rx-relay-pool/outbox';
 *
 * const toMyRelays: OutboxPublishOptions = { relays: ['wss://a.example', 'wss://b.example'], quorum: 'all' };
 * ```
 */
export interface OutboxPublishOptions {
  /** The relays that it goes to, of the pool or not. @default where the outbox's route leads */
  readonly relays?: readonly string[] | undefined;
  /** How many relays have to accept it. @default the outbox's option `quorum` */
  readonly quorum?: PublishQuorum | undefined;
  /** Milliseconds that it is kept at the most; the `expiration` tag of the event (NIP-40) counts too. @default the outbox's option `keepFor` */
  readonly keepFor?: number | undefined;
  /** How urgent it is where there is a queue. @default 'high' */
  readonly priority?: Priority | undefined;
}

type Settled<T> = { readonly [Name in keyof T]-?: Exclude<T[Name], undefined> };

/** The options with their defaults. */
export type CompleteOptions = Settled<Omit<DurableOutboxOptions, 'route' | 'backoff'>> & {
  readonly route: Route | undefined;
  readonly backoff: BackoffOptions | undefined;
};

/** @throws RangeError when one is out of its range. */
export function completeOptions(options: DurableOutboxOptions): CompleteOptions {
  const {
    quorum = 'majority',
    keepFor = 30 * DAY,
    capacity = 10_000,
    characters = 2 ** 25,
    concurrency = 32,
  } = options;
  const { retryRate = 50, deadline = 10_000, backoff, route, scheduler = asyncScheduler } = options;
  const { random = platformRandom, connectivity$ = connectivity() } = options;
  const check = (name: keyof DurableOutboxOptions, value: unknown, isRight: boolean, range: string): void => {
    if (!isRight) throw new RangeError(`DurableOutbox: '${name}' must be ${range}; got ${JSON.stringify(value)}.`);
  };
  const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
  check('quorum', quorum, isQuorum(quorum), "a whole number of relays from 1, 'majority' or 'all', or that by cluster");
  check('keepFor', keepFor, isSpan(keepFor), 'a number of milliseconds above 0');
  check('capacity', capacity, isWhole(capacity), 'a whole number above 0');
  check('characters', characters, isWhole(characters), 'a whole number above 0');
  check('concurrency', concurrency, isWhole(concurrency), 'a whole number above 0');
  check('retryRate', retryRate, isSpan(retryRate), 'a number above 0');
  check('deadline', deadline, deadline > 0 && deadline <= LONGEST_DELAY, `1 to ${LONGEST_DELAY} milliseconds`);
  new Backoff(backoff, random); // a wrong number is the caller's mistake: thrown here, where it was made
  return {
    ...{ quorum, keepFor, capacity, characters, concurrency, retryRate, deadline, backoff, route, scheduler, random },
    connectivity$,
  };
}

export function isSpan(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < Infinity;
}
