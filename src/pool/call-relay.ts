import { catchError, concat, defer, EMPTY, map, merge, type Observable, of, race, switchMap, take, timer } from 'rxjs';
import { BulkheadError } from '../operators/bulkhead.ts';
import { CircuitOpenError } from '../operators/circuit-breaker.ts';
import { TimeoutInFlightError } from '../operators/timeout-in-flight.ts';
import { Backoff } from '../policies/backoff.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import { isRetryable, parseReason, type Reason } from '../protocol/reason.ts';
import { RelayError } from '../protocol/relay-error.ts';
import type { Connection } from '../sources/connection.ts';
import type { Exchange, Progress } from './exchange.ts';
import type { CallNotes } from './journal.ts';
import type { PooledRelay } from './pooled-relay.ts';
import { changeSince, restOf } from './refusal.ts';
import type { RoutingContext } from './routing.ts';

/** How a call to one relay ended; the words are those of {@link PublishOutcome}. */
export type CallEnding =
  | { readonly status: 'answered'; readonly reason: Reason }
  | { readonly status: 'silent' | 'evicted' | 'cancelled' }
  | { readonly status: 'rejected'; readonly reason: Reason; readonly isUnsent?: true }
  | { readonly status: 'unreachable'; readonly error?: RelayError };

/** What is sent to one relay and answered. */
export interface RelayCall {
  readonly verb: Exchange['verb'];
  readonly priority: Priority;
  /** Milliseconds until it is given up. */
  readonly deadline: number;
  /** Milliseconds until it is given up where no connection came about. @default the deadline */
  readonly connectDeadline?: number;
  /** Milliseconds that an answer may take before it is sent again. */
  readonly timeout: number;
  /** How often it is sent again where it is refused for the moment. @default until the deadline */
  readonly retries?: number | undefined;
  /** What is known to speak against it; it may become known while it waits. */
  readonly refusal: () => Reason | undefined;
  /** Sends on subscribe; `sent` is told when the relay may have it, or when it is certain that no answer to that will come. */
  readonly send: (connection: Connection, sent: (isSent: boolean) => void) => Observable<Progress>;
}

/** Sends over the connection there is or comes, again where that makes sense, until it is answered for good or the deadline. */
export function callRelay(
  relay: PooledRelay,
  { verb, priority, deadline, connectDeadline = deadline, timeout, retries, refusal: forbids, send }: RelayCall,
  { scheduler, random, notes }: Pick<RoutingContext, 'scheduler' | 'random'> & { readonly notes: CallNotes },
): Observable<CallEnding> {
  return defer(() => {
    const over = scheduler.now() + deadline;
    const backoff = new Backoff(retries === undefined ? undefined : { maxAttempts: retries }, random);
    let sent = false;
    let wasConnected = false;
    let refusal: Reason | undefined;
    let trouble: RelayError | undefined;

    const forbidden = (): CallEnding | undefined => {
      const reason = forbids();
      return reason && { status: 'rejected', reason, ...(sent ? {} : { isUnsent: true }) };
    };
    const unsent = forbidden();
    if (unsent) return of(unsent);
    const givenUp = (): CallEnding => {
      if (refusal) return { status: 'rejected', reason: refusal };
      if (sent) return { status: 'silent' };
      return trouble ? { status: 'unreachable', error: trouble } : { status: 'unreachable' };
    };
    /** Tries again after so many milliseconds, where that is still in time. */
    const later = (delay: number, connection: Connection): Observable<CallEnding> =>
      scheduler.now() + delay < over
        ? timer(delay, scheduler).pipe(switchMap(() => attempt(connection)))
        : of(givenUp());
    const settle = (progress: Progress, connection: Connection): Observable<CallEnding> => {
      switch (progress.type) {
        case 'answered':
          return of({ status: 'answered', reason: progress.reason ?? parseReason('') });
        case 'refused': {
          const { reason } = progress;
          relay.refused(reason.raw);
          if (isRetryable(reason) !== 'backoff' || backoff.exhausted) return of({ status: 'rejected', reason });
          refusal = reason;
          return later(backoff.next(), connection);
        }
        case 'failed':
          // Where the connection ended, the next one is tried.
          return progress.error.code === 'silent' ? of(givenUp()) : EMPTY;
        case 'first-event':
          return EMPTY;
      }
    };
    const stopped = (cause: unknown, connection: Connection): Observable<CallEnding> => {
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
      if (cause instanceof BulkheadError) return of<CallEnding>(sent ? givenUp() : { status: 'evicted' });
      throw cause;
    };
    const attempt = (connection: Connection): Observable<CallEnding> => {
      const unsent = forbidden();
      if (unsent) return of(unsent);
      const patience = over - scheduler.now();
      // A thread that was blocked, or slept, hears of a connection before its timers.
      if (patience <= 0) return of(givenUp());
      const sending = (waited: number): void => notes.sent(relay.url, waited);
      const sent$ = send(connection, (isSent) => (sent = isSent));
      return relay.exchange({ verb, call: notes.call, priority, patience, timeout }, sent$, sending).pipe(
        switchMap((progress) => settle(progress, connection)),
        catchError((cause: unknown) => stopped(cause, connection)),
      );
    };

    const outcome$ = relay.lease({ priority, affinity: undefined, subscribes: false }).pipe(
      switchMap((link): Observable<CallEnding> => {
        if (!('error' in link)) {
          wasConnected = true;
          return attempt(link.connection);
        }
        trouble = link.error;
        // Waiting is of use only while an attempt can still succeed in time.
        return link.retryAt < over ? EMPTY : of(givenUp());
      }),
    );
    const closed$ = defer(() => of<CallEnding>(sent ? givenUp() : { status: 'cancelled' }));
    const unconnected$ =
      connectDeadline < deadline
        ? timer(connectDeadline, scheduler).pipe(switchMap(() => (wasConnected ? EMPTY : of(givenUp()))))
        : EMPTY;
    const deadline$ = timer(deadline, scheduler).pipe(map(givenUp));
    return merge(concat(outcome$, closed$), unconnected$, deadline$).pipe(take(1));
  });
}
