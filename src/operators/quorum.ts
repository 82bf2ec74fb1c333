import { Observable, type OperatorFunction, Subscription } from 'rxjs';
import { quorumOf, type QuorumSize, verdictOfQuorum } from '../policies/quorum.ts';
import { stopWith } from './stop-with.ts';

/**
 * What {@link quorum} looks at in a report of progress, as that of `pool.publish`.
 *
 * @example
 * ```ts
 * import type { QuorumReport } from 'rx-relay-pool';
 *
 * const halfway: QuorumReport = { accepted: 1, pending: 1, outcomes: { a: 'accepted', b: 'pending' } };
 * ```
 */
export interface QuorumReport {
  /** Members that accepted. */
  readonly accepted: number;
  /** Members that are still awaited. */
  readonly pending: number;
  /** By member, each of which has an entry from the first report on. */
  readonly outcomes: Readonly<Record<string, unknown>>;
}

/**
 * The error of {@link quorum}: fewer accepted than it takes, and no more can.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { quorum, QuorumError } from 'rx-relay-pool';
 *
 * of({ accepted: 1, pending: 0, outcomes: { a: 'accepted', b: 'rejected' } })
 *   .pipe(quorum('all'))
 *   .subscribe({
 *     error: (error) => {
 *       if (error instanceof QuorumError) console.warn(error.message); // A quorum of 2 is out of reach: …
 *     },
 *   });
 * ```
 */
export class QuorumError<T extends QuorumReport = QuorumReport> extends Error {
  override readonly name = 'QuorumError';
  /** For switches over errors of several kinds. */
  readonly code = 'out-of-reach';

  constructor(
    /** How many it takes. */
    readonly needed: number,
    /** The last report; undefined when there was none. */
    readonly report: T | undefined,
  ) {
    super(
      `A quorum of ${needed} is out of reach: ${report?.accepted ?? 0} accepted, ${report?.pending ?? 0} are pending.`,
    );
  }
}

/**
 * What {@link quorum} can be told.
 *
 * @example
 * ```ts
 * import type { QuorumOptions } from 'rx-relay-pool';
 *
 * const noMoreThanNeedBe: QuorumOptions = { finish: false };
 * ```
 */
export interface QuorumOptions {
  /**
   * Whether the source goes on, unheard, when the quorum is decided, until it ends by itself. With `false` it is unsubscribed from: what a
   * publish has not sent by then is not sent.
   *
   * @default true
   */
  readonly finish?: boolean | undefined;
}

/**
 * Waits until enough relays have accepted: emits the first report that says so, and completes. How many are there, for `'majority'` and
 * `'all'`, is told by the outcomes of the report.
 *
 * It errors with a {@link QuorumError} as soon as too few are left, or when the source completes before; an error of the source passes through.
 *
 * A quorum is about when to go on, not about who gets the event. So once it is decided, either way, the source goes on in the background
 * until it ends by itself, as each `pool.publish` does, and an error that it then has reaches nobody; the option `finish` changes this. Two
 * things stop the source in any case: to unsubscribe before the decision, and a quorum of more relays than there are, which
 * errors at the first report, when nothing has been sent.
 *
 * @throws RangeError at once when the size is neither a whole number from 1 nor one of the words.
 *
 * @example
 * ```ts
 * import { firstValueFrom } from 'rxjs';
 * import { type NostrEvent, quorum, type RelayPool } from 'rx-relay-pool';
 *
 * // Resolves when two relays have it; the others get it too.
 * const save = (pool: RelayPool, event: NostrEvent) => firstValueFrom(pool.publish(event).pipe(quorum(2)));
 * ```
 */
export function quorum<T extends QuorumReport>(size: QuorumSize, options: QuorumOptions = {}): OperatorFunction<T, T> {
  const { finish = true } = options;
  quorumOf(size, 1); // a wrong size is the caller's mistake: thrown here, where it was made
  return (source) =>
    new Observable((subscriber) => {
      const work = new Subscription();
      subscriber.add(work);
      let isDecided = false;
      let last: T | undefined;
      source.pipe(stopWith(work)).subscribe({
        next: (report) => {
          if (isDecided) return;
          last = report;
          const members = Object.keys(report.outcomes).length;
          const needed = quorumOf(size, members);
          const verdict = verdictOfQuorum(needed, report.accepted, report.pending);
          if (verdict === 'open') return;
          isDecided = true;
          // Before anybody is told, as whoever takes one value unsubscribes then and there.
          if (finish && needed <= members) subscriber.remove(work);
          else work.unsubscribe();
          if (verdict === 'failed') {
            subscriber.error(new QuorumError(needed, report));
            return;
          }
          subscriber.next(report);
          subscriber.complete();
        },
        error: (error: unknown) => {
          if (!isDecided) subscriber.error(error);
        },
        complete: () => {
          if (isDecided) return;
          const members = Object.keys(last?.outcomes ?? {}).length;
          subscriber.error(new QuorumError(quorumOf(size, members), last));
        },
      });
    });
}
