import { LONGEST_DELAY } from './longest-delay.ts';

/**
 * The numbers of a circuit breaker: when it opens, for how long, and how it finds out that it may close.
 *
 * @example
 * ```ts
 * import type { CircuitBreakerNumbers } from 'rx-relay-pool';
 *
 * const strict: CircuitBreakerNumbers = { consecutiveFailures: 2, openTime: 30_000, slowCall: 1_000 };
 * ```
 */
export interface CircuitBreakerNumbers {
  /**
   * How far back calls count, in milliseconds. After so long without a result nothing of what was before counts.
   *
   * @default 60_000
   */
  readonly window?: number | undefined;
  /**
   * How many results the window must hold before a ratio or an average can open the breaker.
   *
   * @default 10
   */
  readonly minimumCalls?: number | undefined;
  /**
   * The share of failures in the window that opens, above 0; above 1 it never does.
   *
   * @default 0.5
   */
  readonly failureRatio?: number | undefined;
  /**
   * How many failures in a row open, whatever the window holds; Infinity for never.
   *
   * @default 5
   */
  readonly consecutiveFailures?: number | undefined;
  /**
   * A call that takes longer than this is slow, in milliseconds; Infinity for never.
   *
   * @default 10_000
   */
  readonly slowCall?: number | undefined;
  /**
   * The share of slow calls in the window that opens, above 0; above 1 it never does.
   *
   * @default 0.8
   */
  readonly slowRatio?: number | undefined;
  /**
   * The success rate below which it opens: a moving average that starts at 1 and of which each result is 5 %. 0 for never.
   *
   * @default 0.5
   */
  readonly minimumSuccessRate?: number | undefined;
  /**
   * The latency above which it opens, in milliseconds: a moving average of which each success is 20 %. Infinity for never.
   *
   * @default 10_000
   */
  readonly maximumLatency?: number | undefined;
  /**
   * How many calls a half-open breaker lets through. All must succeed to close it.
   *
   * @default 1
   */
  readonly probes?: number | undefined;
  /**
   * How long the breaker stays half-open, in milliseconds; when the probes have not decided by then, it opens again.
   *
   * @default 10_000
   */
  readonly halfOpenTime?: number | undefined;
  /**
   * How long it stays open the first time, in milliseconds, before jitter.
   *
   * @default 5_000
   */
  readonly openTime?: number | undefined;
  /**
   * How much longer it stays open each time; at least 1. It starts anew after a whole window in which it was closed.
   *
   * @default 2
   */
  readonly openFactor?: number | undefined;
  /**
   * What no time of being open exceeds, in milliseconds, one that was asked for by a push back included.
   *
   * @default 300_000
   */
  readonly maximumOpenTime?: number | undefined;
  /**
   * The share of the open time that is drawn: with 0.5 it is from half of it to all of it. From 0 to 1.
   *
   * @default 0.5
   */
  readonly jitter?: number | undefined;
}

export type CompleteNumbers = { readonly [Name in keyof CircuitBreakerNumbers]-?: number };

/** Default, least and greatest; `>` where the least itself is too little, `whole` for counts. */
const RANGES: Readonly<Record<keyof CircuitBreakerNumbers, readonly [number, number, number, ('>' | 'whole')?]>> = {
  window: [60_000, 0, LONGEST_DELAY, '>'],
  minimumCalls: [10, 1, Number.MAX_SAFE_INTEGER, 'whole'],
  failureRatio: [0.5, 0, Infinity, '>'],
  consecutiveFailures: [5, 1, Infinity, 'whole'],
  slowCall: [10_000, 0, Infinity],
  slowRatio: [0.8, 0, Infinity, '>'],
  minimumSuccessRate: [0.5, 0, 1],
  maximumLatency: [10_000, 0, Infinity],
  probes: [1, 1, Number.MAX_SAFE_INTEGER, 'whole'],
  halfOpenTime: [10_000, 0, LONGEST_DELAY, '>'],
  openTime: [5_000, 0, LONGEST_DELAY, '>'],
  openFactor: [2, 1, Number.MAX_SAFE_INTEGER],
  maximumOpenTime: [300_000, 0, LONGEST_DELAY, '>'],
  jitter: [0.5, 0, 1],
};

/**
 * All numbers, with the defaults filled in.
 *
 * @throws RangeError when one is out of its range.
 */
export function completeNumbers(numbers: CircuitBreakerNumbers): CompleteNumbers {
  const value = (name: keyof CircuitBreakerNumbers): number => {
    const [otherwise, least, greatest, kind] = RANGES[name];
    const given = numbers[name] ?? otherwise;
    const isWhole = kind !== 'whole' || Number.isInteger(given) || given === Infinity;
    if (given >= least && given <= greatest && isWhole && !(kind === '>' && given === least)) return given;
    const range = `${kind === 'whole' ? 'a whole number' : 'a number'} ${kind === '>' ? 'above' : 'from'} ${least}`;
    throw new RangeError(`CircuitBreaker: '${name}' must be ${range} to ${greatest}; got ${given}.`);
  };
  return {
    window: value('window'),
    minimumCalls: value('minimumCalls'),
    failureRatio: value('failureRatio'),
    consecutiveFailures: value('consecutiveFailures'),
    slowCall: value('slowCall'),
    slowRatio: value('slowRatio'),
    minimumSuccessRate: value('minimumSuccessRate'),
    maximumLatency: value('maximumLatency'),
    probes: value('probes'),
    halfOpenTime: value('halfOpenTime'),
    openTime: value('openTime'),
    openFactor: value('openFactor'),
    maximumOpenTime: value('maximumOpenTime'),
    jitter: value('jitter'),
  };
}
