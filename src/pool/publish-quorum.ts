import { combineLatest, map, type MonoTypeOperatorFunction, Observable, of, Subscription } from 'rxjs';
import { QuorumError } from '../operators/quorum.ts';
import { stopWith } from '../operators/stop-with.ts';
import { quorumOf, type QuorumSize, verdictOfQuorum } from '../policies/quorum.ts';
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
}

/**
 * Of which relays how many have to accept, when it goes to these.
 *
 * @throws PoolError (through the stream) with `quorum-impossible` where they are too few.
 */
export function quorumParts(
  quorum: PublishQuorum | undefined,
  relays: readonly RelayUrl[],
  cluster: (name: string) => Observable<readonly RelayUrl[]>,
): Observable<readonly QuorumPart[]> {
  if (quorum === undefined) return of([]);
  if (typeof quorum !== 'object') return of([partOf(quorum, relays, 'the route leads to')]);
  const parts = Object.entries(quorum).map(([name, size]) =>
    cluster(name).pipe(
      map((members) => {
        const reached = members.filter((member) => relays.includes(member));
        return partOf(size, reached, `the route leads to in the cluster '${name}'`, members.length);
      }),
    ),
  );
  return combineLatest(parts);
}

/**
 * Says in each report how the quorum stands, and errors with a {@link QuorumError} as soon as it is out of reach. What is under way then goes on
 * unheard: those that can still accept the event get it.
 */
export function watchQuorum(parts: readonly QuorumPart[]): MonoTypeOperatorFunction<PublishReport> {
  return (source) =>
    new Observable((subscriber) => {
      const work = new Subscription();
      subscriber.add(work);
      source.pipe(stopWith(work)).subscribe({
        next: (report) => {
          if (subscriber.closed) return;
          const verdicts = parts.map((part) => ({ part, verdict: verdictOn(part, report) }));
          const failed = verdicts.find(({ verdict }) => verdict === 'failed');
          if (!failed) {
            const isMet = verdicts.every(({ verdict }) => verdict === 'met');
            return subscriber.next({ ...report, quorum: isMet ? 'met' : 'open' });
          }
          subscriber.remove(work);
          subscriber.error(new QuorumError(failed.part.needed, report));
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

function verdictOn({ relays, needed }: QuorumPart, { outcomes }: PublishReport): ReturnType<typeof verdictOfQuorum> {
  let [accepted, pending] = [0, 0];
  for (const relay of relays) {
    const status = outcomes[relay]?.status;
    if (status === 'accepted') accepted++;
    else if (status === 'pending') pending++;
  }
  return verdictOfQuorum(needed, accepted, pending);
}
