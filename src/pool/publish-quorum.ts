import { combineLatest, map, type MonoTypeOperatorFunction, Observable, of, Subscription } from 'rxjs';
import { QuorumError } from '../operators/quorum.ts';
import { stopWith } from '../operators/stop-with.ts';
import { quorumOf, type QuorumSize, type QuorumVerdict, verdictOfQuorum } from '../policies/quorum.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { PoolError } from './pool-error.ts';
import type { PublishReport } from './publish-report.ts';

/**
 * How many relays have to accept an event: so many of those that it goes to, or so many of each cluster by its name.
 *
 * @example
 * ```ts
 * import type { PublishQuorum } from 'rx-relay-pool';
 *
 * const twoOfAll: PublishQuorum = 2;
 * const oneHereAndMostThere: PublishQuorum = { home: 1, archive: 'majority' };
 * ```
 */
export type PublishQuorum = QuorumSize | Readonly<Record<string, QuorumSize>>;

/** Relays of which so many have to accept. */
export interface QuorumPart {
  readonly relays: ReadonlySet<RelayUrl>;
  readonly needed: number;
  /** Their cluster, where the quorum is by cluster. */
  readonly cluster?: string;
}

/**
 * Of which relays how many have to accept, when it goes to these.
 *
 * @throws PoolError (through the stream) with `quorum-impossible` where they are too few.
 */
export function quorumParts(
  quorum: PublishQuorum,
  relays: readonly RelayUrl[],
  cluster: (name: string) => Observable<readonly RelayUrl[]>,
): Observable<readonly QuorumPart[]> {
  if (typeof quorum !== 'object') return of([partOf(quorum, relays, 'the route leads to')]);
  const parts = Object.entries(quorum).map(([name, size]) =>
    cluster(name).pipe(
      map((members) => {
        const reached = members.filter((member) => relays.includes(member));
        const part = partOf(size, reached, `the route leads to in the cluster '${name}'`, members.length);
        return { ...part, cluster: name };
      }),
    ),
  );
  return combineLatest(parts);
}

/**
 * Says in each report how the quorum stands, and errors with a {@link QuorumError} as soon as it is out of reach. What is under way then goes on
 * unheard: those that can still accept the event get it.
 */
export function watchQuorum(parts: () => readonly QuorumPart[]): MonoTypeOperatorFunction<PublishReport> {
  return (source) =>
    new Observable((subscriber) => {
      const work = new Subscription();
      subscriber.add(work);
      source.pipe(stopWith(work)).subscribe({
        next: (report) => {
          if (subscriber.closed) return;
          const tallies = parts().map((part) => tallyOf(part, report));
          const failed = tallies.find(({ verdict }) => verdict === 'failed');
          if (!failed) {
            const isMet = tallies.every(({ verdict }) => verdict === 'met');
            return subscriber.next({ ...report, quorum: isMet ? 'met' : 'open' });
          }
          subscriber.remove(work);
          subscriber.error(outOfReach(failed, report));
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
}

/** @param of - How many there are to choose from, where the size is relative to those. */
function partOf(size: QuorumSize, relays: readonly RelayUrl[], which: string, of = relays.length): QuorumPart {
  const needed = quorumOf(size, of);
  if (needed > relays.length) {
    const message = `A quorum of ${needed} needs as many relays; those that ${which} are ${relays.length}. Nothing was sent.`;
    throw new PoolError('quorum-impossible', message);
  }
  return { relays: new Set(relays), needed };
}

/** How a part of the quorum stands. */
interface Tally {
  readonly part: QuorumPart;
  readonly accepted: number;
  readonly pending: number;
  readonly verdict: QuorumVerdict;
}

function tallyOf(part: QuorumPart, { outcomes }: PublishReport): Tally {
  let [accepted, pending] = [0, 0];
  for (const relay of part.relays) {
    const status = outcomes[relay]?.status;
    if (status === 'accepted') accepted++;
    else if (status === 'pending') pending++;
  }
  return { part, accepted, pending, verdict: verdictOfQuorum(part.needed, accepted, pending) };
}

function outOfReach({ part, accepted, pending }: Tally, report: PublishReport): QuorumError<PublishReport> {
  const error = new QuorumError(part.needed, report);
  // The report counts all relays, of which these may be a few.
  if (part.cluster !== undefined) {
    error.message = `A quorum of ${part.needed} in the cluster '${part.cluster}' is out of reach: ${accepted} accepted, ${pending} are pending.`;
  }
  return error;
}
