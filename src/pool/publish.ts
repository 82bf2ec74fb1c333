import {
  catchError,
  concat,
  defer,
  EMPTY,
  map,
  merge,
  type Observable,
  of,
  race,
  type SchedulerLike,
  scan,
  startWith,
  switchMap,
  take,
  takeWhile,
  timer,
} from 'rxjs';
import { BulkheadError } from '../operators/bulkhead.ts';
import { CircuitOpenError } from '../operators/circuit-breaker.ts';
import { TimeoutInFlightError } from '../operators/timeout-in-flight.ts';
import { Backoff } from '../policies/backoff.ts';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import { isWellFormedEvent, type NostrEvent } from '../protocol/event.ts';
import { acceptedByRelay, isRetryable, parseReason, type Reason } from '../protocol/reason.ts';
import { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { Connection } from '../sources/connection.ts';
import type { Progress } from './exchange.ts';
import { PoolError } from './pool-error.ts';
import type { PooledRelay } from './pooled-relay.ts';
import { changeSince, restOf } from './refusal.ts';
import { refuseNobody } from './routes.ts';

/**
 * What became of an event at one relay:
 *
 * - `pending`: not known yet
 * - `accepted`: the relay said so, or that it has it already
 * - `rejected`: the relay said no; `reason` says why
 * - `silent`: it was sent, and no OK came in time; the relay may have it
 * - `unreachable`: no connection in time, or the relay fails too often to be asked, so it was never sent
 * - `evicted`: the queue was full, or the time over, before its turn came, so it was never sent
 * - `cancelled`: the relay left the pool before it was sent
 *
 * @example
 * ```ts
 * import type { PublishOutcome } from 'rx-relay-pool';
 *
 * const describe = (outcome: PublishOutcome): string =>
 *   outcome.status === 'rejected' ? `rejected: ${outcome.reason.message}` : outcome.status;
 * ```
 */
export type PublishOutcome =
  | { readonly status: 'pending' | 'silent' | 'evicted' | 'cancelled' }
  | { readonly status: 'accepted' | 'rejected'; readonly reason: Reason }
  | { readonly status: 'unreachable'; readonly error?: RelayError };

/**
 * How far a publish has come; plain data, to be kept and handed to a later publish as `previous`.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import type { NostrEvent } from 'rx-relay-pool';
 * import { RelayPool } from 'rx-relay-pool';
 *
 * async function send(pool: RelayPool, event: NostrEvent) {
 *   const report = await lastValueFrom(pool.publish(event));
 *   for (const [relay, outcome] of Object.entries(report.outcomes)) console.log(relay, outcome.status);
 *   return report.accepted > 0;
 * }
 * ```
 */
export interface PublishReport {
  readonly event: NostrEvent;
  /** By relay URL. */
  readonly outcomes: Readonly<Record<RelayUrl, PublishOutcome>>;
  /** Relays that accepted the event. */
  readonly accepted: number;
  /** Relays that are still awaited; the report with 0 is the last. */
  readonly pending: number;
}

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
  /** How urgent it is where there is a queue. @default 'high' */
  readonly priority?: Priority;
  /** A report of an earlier publish of this event, also of another process: relays that accepted it are left alone. */
  readonly previous?: Pick<PublishReport, 'outcomes'>;
}

/** What publishing needs of its pool. */
export interface PublishContext {
  readonly route: Observable<readonly PooledRelay[]>;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
}

/** Milliseconds that an OK may take before the event is sent again; a signer may ask its user to authenticate meanwhile. */
const OK_TIMEOUT = 60_000;

/** Publishes on subscribe to the relays that the route names now; a report at once and after every outcome. */
export function publish(
  event: NostrEvent,
  options: PublishOptions,
  context: PublishContext,
): Observable<PublishReport> {
  const { deadline = 10_000, priority = 'high' } = options;
  if (!isWellFormedEvent(event)) {
    throw new PoolError(
      'invalid-event',
      'Only a signed event can be published: all seven fields of NIP-01, hex in lower case.',
    );
  }
  if (!(deadline > 0 && deadline <= LONGEST_DELAY)) {
    throw new PoolError('invalid-option', `A deadline is from 1 to ${LONGEST_DELAY} milliseconds, not ${deadline}.`);
  }
  return context.route.pipe(
    refuseNobody(deadline, context.scheduler),
    take(1),
    switchMap((relays) => {
      const first = initialReport(event, relays, options.previous);
      const missing = relays.filter(({ url }) => first.outcomes[url]?.status === 'pending');
      return merge(...missing.map((relay) => deliver(relay, event, { deadline, priority }, context))).pipe(
        scan(withOutcome, first),
        startWith(first),
        takeWhile(({ pending }) => pending > 0, true),
      );
    }),
  );
}

function initialReport(
  event: NostrEvent,
  relays: readonly PooledRelay[],
  previous: PublishOptions['previous'],
): PublishReport {
  const outcomes: Record<RelayUrl, PublishOutcome> = {};
  for (const { url } of relays) {
    const before = previous?.outcomes[url];
    outcomes[url] = before?.status === 'accepted' ? before : { status: 'pending' };
  }
  return counted(event, outcomes);
}

function withOutcome(report: PublishReport, [relay, outcome]: readonly [RelayUrl, PublishOutcome]): PublishReport {
  return counted(report.event, { ...report.outcomes, [relay]: outcome });
}

function counted(event: NostrEvent, outcomes: Record<RelayUrl, PublishOutcome>): PublishReport {
  const all = Object.values(outcomes);
  const count = (status: PublishOutcome['status']): number => all.filter((outcome) => outcome.status === status).length;
  return { event, outcomes, accepted: count('accepted'), pending: count('pending') };
}

/** One relay: sends over the connection there is or comes, again where that makes sense, until an outcome or the deadline. */
function deliver(
  relay: PooledRelay,
  event: NostrEvent,
  { deadline, priority }: { readonly deadline: number; readonly priority: Priority },
  { scheduler, random }: PublishContext,
): Observable<readonly [RelayUrl, PublishOutcome]> {
  return defer(() => {
    const over = scheduler.now() + deadline;
    const backoff = new Backoff(undefined, random);
    let sent = false;
    let refusal: Reason | undefined;
    let trouble: RelayError | undefined;

    const givenUp = (): PublishOutcome => {
      if (refusal) return { status: 'rejected', reason: refusal };
      if (sent) return { status: 'silent' };
      return trouble ? { status: 'unreachable', error: trouble } : { status: 'unreachable' };
    };
    /** Tries again after so many milliseconds, where that is still in time. */
    const later = (delay: number, connection: Connection): Observable<PublishOutcome> =>
      scheduler.now() + delay < over
        ? timer(delay, scheduler).pipe(switchMap(() => attempt(connection)))
        : of(givenUp());
    const settle = (progress: Progress, connection: Connection): Observable<PublishOutcome> => {
      if (progress.type === 'answered') return of({ status: 'accepted', reason: progress.reason ?? parseReason('') });
      // The connection ended: the next one is tried.
      if (progress.type !== 'refused') return EMPTY;
      const { reason } = progress;
      if (isRetryable(reason) !== 'backoff') return of({ status: 'rejected', reason });
      refusal = reason;
      return later(backoff.next(), connection);
    };
    const stopped = (cause: unknown, connection: Connection): Observable<PublishOutcome> => {
      if (cause instanceof CircuitOpenError) {
        trouble = new RelayError('circuit-open', relay.url, cause.message, { cause });
        const rest = restOf(cause, scheduler.now());
        // A probe is under way while it is half-open, and soon decides.
        if (cause.state === 'open' && scheduler.now() + rest >= over) return of(givenUp());
        const change$ = changeSince(cause, relay.health.breaker);
        return race(timer(rest, scheduler), change$).pipe(
          take(1),
          switchMap(() => attempt(connection)),
        );
      }
      if (cause instanceof TimeoutInFlightError) return later(backoff.next(), connection);
      if (cause instanceof BulkheadError) return of<PublishOutcome>(sent ? givenUp() : { status: 'evicted' });
      throw cause;
    };
    const attempt = (connection: Connection): Observable<PublishOutcome> => {
      const patience = over - scheduler.now();
      const send = acknowledged(connection, event, () => (sent = true));
      return relay.exchange({ verb: 'EVENT', priority, patience, timeout: OK_TIMEOUT }, send).pipe(
        switchMap((progress) => settle(progress, connection)),
        catchError((cause: unknown) => stopped(cause, connection)),
      );
    };

    const outcome$ = relay.lease({ priority, affinity: undefined, subscribes: false }).pipe(
      switchMap((link): Observable<PublishOutcome> => {
        if (!('error' in link)) return attempt(link.connection);
        trouble = link.error;
        // Waiting is of use only while an attempt can still succeed in time.
        return link.retryAt < over ? EMPTY : of(givenUp());
      }),
    );
    const closed$ = defer(() => of<PublishOutcome>(sent ? givenUp() : { status: 'cancelled' }));
    const deadline$ = timer(deadline, scheduler).pipe(map(givenUp));
    return merge(concat(outcome$, closed$), deadline$).pipe(
      take(1),
      map((outcome) => [relay.url, outcome] as const),
    );
  });
}

/** Sends the event on subscribe, and says what became of it. */
function acknowledged(connection: Connection, event: NostrEvent, onSent: () => void): Observable<Progress> {
  return connection.publish(event, onSent).pipe(
    map(({ accepted, reason }): Progress => ({
      type: acceptedByRelay(accepted, reason) ? 'answered' : 'refused',
      reason,
    })),
    catchError((error: unknown) => {
      if (!(error instanceof RelayError)) throw error;
      return of<Progress>({ type: 'failed', error });
    }),
  );
}
