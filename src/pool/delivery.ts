import { catchError, concat, defer, EMPTY, map, merge, type Observable, of, race, switchMap, take, timer } from 'rxjs';
import { BulkheadError } from '../operators/bulkhead.ts';
import { CircuitOpenError } from '../operators/circuit-breaker.ts';
import { TimeoutInFlightError } from '../operators/timeout-in-flight.ts';
import { Backoff } from '../policies/backoff.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { acceptedByRelay, isRetryable, parseReason, type Reason } from '../protocol/reason.ts';
import { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { Connection } from '../sources/connection.ts';
import type { Progress } from './exchange.ts';
import type { CallNotes } from './journal.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { PublishOutcome } from './publish-report.ts';
import { changeSince, restOf } from './refusal.ts';
import type { RoutingContext } from './routing.ts';

/** Milliseconds that an OK may take before the event is sent again; a signer may ask its user to authenticate meanwhile. */
const OK_TIMEOUT = 60_000;

/** One relay: sends over the connection there is or comes, again where that makes sense, until an outcome or the deadline. */
export function deliver(
  relay: PooledRelay,
  event: NostrEvent,
  { deadline, priority }: { readonly deadline: number; readonly priority: Priority },
  { scheduler, random, notes }: Pick<RoutingContext, 'scheduler' | 'random'> & { readonly notes: CallNotes },
): Observable<readonly [RelayUrl, PublishOutcome]> {
  return defer(() => {
    const over = scheduler.now() + deadline;
    const backoff = new Backoff(undefined, random);
    let sent = false;
    let refusal: Reason | undefined;
    let trouble: RelayError | undefined;

    /** What the relay's limits say of it; they may become known while it waits. */
    const forbidden = (): PublishOutcome | undefined => {
      const reason = relay.refusalOf(event);
      return reason && { status: 'rejected', reason, ...(sent ? {} : { isUnsent: true }) };
    };
    const unsent = forbidden();
    if (unsent) return of([relay.url, unsent] as const);
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
      relay.refused(reason.raw);
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
      const unsent = forbidden();
      if (unsent) return of(unsent);
      const patience = over - scheduler.now();
      // A thread that was blocked, or slept, hears of a connection before its timers.
      if (patience <= 0) return of(givenUp());
      const send = acknowledged(connection, event, () => (sent = true));
      const sending = (waited: number): void => notes.sent(relay.url, waited);
      return relay.exchange({ verb: 'EVENT', priority, patience, timeout: OK_TIMEOUT }, send, sending).pipe(
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
