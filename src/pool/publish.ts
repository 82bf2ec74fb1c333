import { EMPTY, exhaustMap, finalize, Observable, switchMap, take, takeWhile } from 'rxjs';
import { stopWith } from '../operators/stop-with.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import { isWellFormedEvent, type NostrEvent } from '../protocol/event.ts';
import { encodeEvent } from '../protocol/message.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { union } from './combined-routes.ts';
import type { CallEnding } from './call-relay.ts';
import { checkMilliseconds } from './check-milliseconds.ts';
import { deliver, outcomeOf } from './delivery.ts';
import type { CallNotes } from './journal.ts';
import { PoolError } from './pool-error.ts';
import type { PooledRelay } from './pooled-relay.ts';
import { type PublishQuorum, type QuorumPart, quorumParts, watchQuorum } from './publish-quorum.ts';
import { initialReport, type PublishOutcome, type PublishReport, withOutcome } from './publish-report.ts';
import { RequestProgress } from './request-progress.ts';
import type { Choice, Route } from './route.ts';
import { cluster, refuseNobody } from './routes.ts';
import { choose, type RoutingContext } from './routing.ts';

/**
 * Options of `publish`.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import type { NostrEvent, PublishReport, RelayPool } from 'rx-relay-pool';
 *
 * // Offline now? Keep the report, and go on for a day after the next start.
 * async function goOn(pool: RelayPool, event: NostrEvent, previous: PublishReport) {
 *   return lastValueFrom(pool.publish(event, { deadline: 86_400_000, previous }));
 * }
 * ```
 */
export interface PublishOptions {
  /** Milliseconds until a relay that did not answer is given up, at most 2^31 - 1 (24 days). @default 10_000 */
  readonly deadline?: number;
  /** Which relays it goes to. @default the pool's option `route` */
  readonly route?: Route | undefined;
  /** How urgent it is where there is a queue. @default 'high' */
  readonly priority?: Priority;
  /** A report of an earlier publish of this event, also of another process: relays that accepted it are left alone. */
  readonly previous?: Pick<PublishReport, 'outcomes'>;
  /** Which outcomes of `previous` stand, so that their relays are left alone. @default those that say `accepted` */
  readonly stands?: ((outcome: PublishOutcome) => boolean) | undefined;
  /**
   * How many relays have to accept it. Each report says how that stands; when it is out of reach, the stream errors with a `QuorumError`, and those
   * that can still accept the event get it all the same. Without a `route` a quorum by cluster goes to those clusters.
   *
   * @default none
   */
  readonly quorum?: PublishQuorum | undefined;
}

/** Publishes on subscribe to the relays that the route names now; a report at once and after every outcome. */
export function publish(
  event: NostrEvent,
  options: PublishOptions,
  context: RoutingContext,
): Observable<PublishReport> {
  const { deadline = 10_000, priority = 'high', previous, stands, quorum } = options;
  const route = options.route ?? routeOf(quorum);
  if (!isWellFormedEvent(event)) {
    throw new PoolError(
      'invalid-event',
      'Only a signed event can be published: all seven fields of NIP-01, hex in lower case.',
    );
  }
  if (typeof quorum === 'object' && Object.keys(quorum).length === 0) {
    throw new PoolError('invalid-option', 'A quorum by cluster names one cluster at least.');
  }
  checkMilliseconds({ deadline });
  let parts: readonly QuorumPart[] = [];
  /** Whom it goes to is settled by the first choices; the route is kept, and with it the relays that are there for its sake. */
  const send = (choices: readonly Choice[], index: number): Observable<PublishReport> => {
    if (index > 0) return EMPTY;
    const relays = choices.map(({ relay }) => relay);
    const urls = relays.map(({ url }) => url);
    const first = initialReport(event, urls, previous, stands);
    const missing = relays.filter(({ url }) => first.outcomes[url]?.status === 'pending');
    const frame = encodeEvent(event);
    const reports$ = reportsOf(first, missing, notes, (relay) =>
      deliver(relay, event, frame, { deadline, priority }, noted),
    );
    if (quorum === undefined) return reports$;
    return quorumParts(quorum, urls, context.cluster).pipe(
      take(1),
      switchMap((found) => {
        parts = found;
        return reports$;
      }),
    );
  };
  const notes = context.journal.begin({ ids: new Set(), filters: [], event, priority });
  const noted = { ...context, notes };
  const progress = new RequestProgress(context.scheduler);
  const reports$ = choose(route, { filters: [], event, priority }, progress, notes, context).pipe(
    refuseNobody(deadline, context.scheduler),
    exhaustMap(send),
    takeWhile(({ pending }) => pending > 0, true),
    finalize(() => notes.ended()),
  );
  // Last, so that what goes on unheard keeps the route, and with it the guests of the pool that it goes to.
  return quorum === undefined ? reports$ : reports$.pipe(watchQuorum(() => parts));
}

/** A report at once, and one after every outcome; what is sent to each relay is sent with the subscription. */
function reportsOf(
  first: PublishReport,
  relays: readonly PooledRelay[],
  notes: CallNotes,
  send: (relay: PooledRelay) => Observable<CallEnding>,
): Observable<PublishReport> {
  return new Observable((subscriber) => {
    let report = first;
    const ended = (relay: RelayUrl, outcome: PublishOutcome): void => {
      notes.settled(relay, outcome);
      subscriber.next((report = withOutcome(report, relay, outcome)));
    };
    const error = (cause: unknown): void => subscriber.error(cause);
    subscriber.next(first);
    for (const relay of relays) {
      if (subscriber.closed) return;
      send(relay)
        .pipe(stopWith(subscriber))
        .subscribe({ next: (ending) => ended(relay.url, outcomeOf(ending)), error });
    }
  });
}

/** Where a quorum by cluster leads, when nothing else is said. */
export function routeOf(quorum: PublishQuorum | undefined): Route | undefined {
  if (typeof quorum !== 'object') return undefined;
  const [first, ...more] = Object.keys(quorum).map(cluster);
  return first && union(first, ...more);
}
