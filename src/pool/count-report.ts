import {
  encodeHyperLogLog,
  estimateHyperLogLog,
  mergeHyperLogLogs,
  parseHyperLogLog,
} from '../protocol/hyperloglog.ts';
import type { Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';

/**
 * What became of a count (NIP-45) at one relay; the words are those of a {@link PublishOutcome} where they mean the same:
 *
 * - `pending`: not known yet
 * - `counted`: the relay said how many events it has; with `approximate`, about how many. `hll` are the registers that it sent
 * - `unsupported`: the relay said that it does not count
 * - `rejected`: the relay said no; `reason` says why
 * - `silent`: it was asked, and did not answer in time, as relays do that do not know COUNT; `notice` is what it said meanwhile, if anything
 * - `unreachable`: no connection in time, or the relay fails too often to be asked
 * - `evicted`: the queue was full, or the time over, before its turn came
 * - `cancelled`: the relay left the pool before it was asked
 *
 * @example
 * ```ts
 * import type { CountOutcome } from 'rx-relay-pool';
 *
 * const describe = (outcome: CountOutcome): string =>
 *   outcome.status === 'counted' ? `${outcome.approximate ? 'about ' : ''}${outcome.count}` : outcome.status;
 * ```
 */
export type CountOutcome =
  | { readonly status: 'pending' | 'evicted' | 'cancelled' }
  | { readonly status: 'counted'; readonly count: number; readonly approximate: boolean; readonly hll?: string }
  | { readonly status: 'unsupported' | 'rejected'; readonly reason: Reason }
  | { readonly status: 'silent'; readonly notice?: string }
  | { readonly status: 'unreachable'; readonly error?: RelayError };

/**
 * How far a count has come. The counts of relays are never added, as they have the same events.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import type { CountReport, RelayPool } from 'rx-relay-pool';
 *
 * const describe = ({ count, approximate }: CountReport): string => `${approximate ? 'at least about ' : ''}${count}`;
 * const likes = async (pool: RelayPool, id: string) =>
 *   describe(await lastValueFrom(pool.count({ kinds: [7], '#e': [id] })));
 * ```
 */
export interface CountReport {
  /**
   * The best that is known by now: the highest answer of one relay, which is a lower bound of what all of them have together; or the
   * estimate from the registers of several, where that is higher.
   */
  readonly count: number;
  /** False where `count` is exact: one relay was asked alone, and it says that its answer is exact. */
  readonly approximate: boolean;
  /**
   * An estimate of how many distinct authors the events at all relays have that sent registers (HyperLogLog), standard error 6.5 %. Relays
   * that a route asked for a part alone do not take part. Absent where none sent any.
   */
  readonly authors?: number;
  /** The merged registers that `authors` is estimated from, 512 hex digits: to be kept and merged with others of the same filter. */
  readonly hll?: string;
  /** By relay URL. */
  readonly outcomes: Readonly<Record<RelayUrl, CountOutcome>>;
  /** Relays that answered with a count. */
  readonly counted: number;
  /** Relays that are still awaited; the report with 0 is the last. */
  readonly pending: number;
}

/** What to make of the answers so far. `partial` are relays that were asked for a part: their registers stand for something else. */
export function countReport(
  outcomes: Readonly<Record<RelayUrl, CountOutcome>>,
  partial: ReadonlySet<RelayUrl> = new Set(),
): CountReport {
  const all = Object.values(outcomes);
  const answers = all.filter((outcome) => outcome.status === 'counted');
  const registers = Object.entries(outcomes).flatMap(([relay, outcome]) =>
    outcome.status === 'counted' && !partial.has(relay as RelayUrl) ? (parseHyperLogLog(outcome.hll) ?? []) : [],
  );
  const merged = registers.length > 0 ? mergeHyperLogLogs(registers) : undefined;
  const authors = merged && estimateHyperLogLog(merged);
  const highest = Math.max(0, ...answers.map(({ count }) => count));
  return {
    // One relay knows better how much it has than its registers do.
    count: registers.length > 1 ? Math.max(highest, authors ?? 0) : highest,
    approximate: all.length !== 1 || answers.length !== 1 || partial.size > 0 || answers.some(isApproximate),
    ...(merged && authors !== undefined ? { authors, hll: encodeHyperLogLog(merged) } : {}),
    outcomes,
    counted: answers.length,
    pending: all.filter(({ status }) => status === 'pending').length,
  };
}

function isApproximate({ approximate }: { readonly approximate: boolean }): boolean {
  return approximate;
}
