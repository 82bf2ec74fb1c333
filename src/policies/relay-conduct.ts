import { TokenBucket } from './token-bucket.ts';

/**
 * How much of something a relay may send: so much in one go, and so much a second in the long run.
 *
 * @example
 * ```ts
 * import type { RelayBudget } from 'rx-relay-pool';
 *
 * const generous: RelayBudget = { burst: 10_000, perSecond: 500 };
 * ```
 */
export interface RelayBudget {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * What a relay may send. One that is over its budget of frames or bytes is read no faster than that, where the platform can (Node); elsewhere it
 * is dropped when it is ten seconds ahead. One that is over another is dropped, and not dialled again for a minute, then ten, then an hour;
 * that is forgotten after an hour of good conduct. All of it is counted over all connections of a relay.
 *
 * @example
 * ```ts
 * import { type RelayBudgets, RelayPool } from 'rx-relay-pool';
 *
 * const budgets: RelayBudgets = { invalid: { burst: 10, perSecond: 0.1 }, bytes: { burst: 10_000_000, perSecond: 100_000 } };
 * new RelayPool({ budgets }).close();
 * ```
 */
export interface RelayBudgets {
  /** Messages of any kind. @default { burst: 500_000, perSecond: 20_000 } */
  readonly frames?: RelayBudget | undefined;
  /** Their length, in UTF-16 units. @default { burst: 500_000_000, perSecond: 20_000_000 } */
  readonly bytes?: RelayBudget | undefined;
  /** Messages that nobody asked for, cannot be read, or need no answer, as NOTICEs. @default { burst: 1_000, perSecond: 50 } */
  readonly unasked?: RelayBudget | undefined;
  /** Events that match no filter of the REQ that they were sent for. @default { burst: 1_000, perSecond: 50 } */
  readonly unmatched?: RelayBudget | undefined;
  /** Events with a wrong form, id or signature: forgeries. @default { burst: 100, perSecond: 5 } */
  readonly invalid?: RelayBudget | undefined;
}

/** What a relay may send only so much of without being dropped. */
export type Misconduct = 'unasked' | 'unmatched' | 'invalid';

/** What a relay that was dropped for it has sent. */
export const TOO_MUCH: Readonly<Record<Misconduct, string>> = {
  unasked: 'too many messages that nobody asked for',
  unmatched: 'too many events that match no filter',
  invalid: 'too many forged events',
};

const DEFAULTS: Required<{ readonly [K in keyof RelayBudgets]: RelayBudget }> = {
  frames: { burst: 500_000, perSecond: 20_000 },
  bytes: { burst: 500_000_000, perSecond: 20_000_000 },
  unasked: { burst: 1_000, perSecond: 50 },
  unmatched: { burst: 1_000, perSecond: 50 },
  invalid: { burst: 100, perSecond: 5 },
};
/** Milliseconds for which a relay that was dropped is not dialled: the first time, the second, and after that. */
const QUARANTINES = [60_000, 600_000, 3_600_000] as const;
const FORGOTTEN_AFTER = 3_600_000;

/** How a relay behaves: what it has left of its budgets, and for how long it is left alone. Times in milliseconds. */
export class RelayConduct {
  readonly #budgets: { readonly [K in keyof typeof DEFAULTS]: TokenBucket };
  #offences = 0;
  #until = -Infinity;

  /** @throws RangeError when a budget is none of numbers above 0. */
  constructor(options: RelayBudgets = {}) {
    const bucket = (name: keyof typeof DEFAULTS): TokenBucket => {
      const { burst, perSecond } = options[name] ?? DEFAULTS[name];
      if (burst >= 1 && perSecond > 0) return new TokenBucket(burst, perSecond);
      throw new RangeError(
        `budgets: '${name}' must have a 'burst' of at least 1 and a 'perSecond' above 0; got ${burst} and ${perSecond}.`,
      );
    };
    this.#budgets = {
      frames: bucket('frames'),
      bytes: bucket('bytes'),
      unasked: bucket('unasked'),
      unmatched: bucket('unmatched'),
      invalid: bucket('invalid'),
    };
  }

  /** Until when it is not dialled. */
  get quarantinedUntil(): number {
    return this.#until;
  }

  /** So much came; says how long nothing more should be read. */
  received(frames: number, bytes: number, now: number): number {
    return Math.max(this.#budgets.frames.overdraw(frames, now), this.#budgets.bytes.overdraw(bytes, now));
  }

  /** Whether one more of these is borne. */
  bears(what: Misconduct, now: number): boolean {
    return this.#budgets[what].take(1, now);
  }

  /** It was dropped for what it sent, on one connection or on several at once; returns until when it is not dialled. */
  dropped(now: number): number {
    if (now < this.#until) return this.#until;
    if (now > this.#until + FORGOTTEN_AFTER) this.#offences = 0;
    const [first, second, later] = QUARANTINES;
    this.#until = now + ([first, second][this.#offences++] ?? later);
    return this.#until;
  }
}
