import { Observable, race, type Subscriber, Subscription, take, timer } from 'rxjs';
import { BulkheadError } from '../operators/bulkhead.ts';
import { CircuitOpenError } from '../operators/circuit-breaker.ts';
import { stopWith } from '../operators/stop-with.ts';
import { TimeoutInFlightError } from '../operators/timeout-in-flight.ts';
import { Backoff } from '../policies/backoff.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import { isRetryable, parseReason, type Reason } from '../protocol/reason.ts';
import { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { Connection } from '../sources/connection.ts';
import type { Link } from '../sources/relay.ts';
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

/**
 * Told when the relay may have what is sent, or when it is certain that no answer to that will come; then with the reason, where the relay does
 * not take it for now.
 */
export type Sent = (isSent: boolean, refusal?: Reason) => void;

/** What is sent to one relay and answered. */
export interface RelayCall {
  readonly verb: Exchange['verb'];
  readonly priority: Priority;
  /** Milliseconds until it is given up. */
  readonly deadline: number;
  /** Milliseconds until it is given up where no connection came about. @default the deadline */
  readonly connectDeadline?: number;
  /** Milliseconds that an answer may take before it is sent again. @default the deadline */
  readonly timeout?: number;
  /** How often it is sent again where it is refused for the moment. @default until the deadline */
  readonly retries?: number | undefined;
  /** What is known to speak against it; it may become known while it waits. */
  readonly refusal: () => Reason | undefined;
  /** Sends on subscribe. */
  readonly send: (connection: Connection, sent: Sent) => Observable<Progress>;
}

/** Sends over the connection there is or comes, again where that makes sense, until it is answered for good or the deadline. */
export function callRelay(
  relay: PooledRelay,
  { verb, priority, deadline, connectDeadline = deadline, timeout = deadline, retries, refusal: forbids, send }: RelayCall,
  { scheduler, random, notes }: Pick<RoutingContext, 'scheduler' | 'random'> & { readonly notes: CallNotes },
): Observable<CallEnding> {
  return new Observable((subscriber) => {
    const over = scheduler.now() + deadline;
    const backoff = new Backoff(retries === undefined ? undefined : { maxAttempts: retries }, random);
    let sent = false;
    let wasConnected = false;
    let refusal: Reason | undefined;
    /** Why what was sent last is to be sent once more. */
    let challenge: Reason | undefined;
    /** Who judges what was sent and is not answered. */
    let judge: Subscriber<Progress> | undefined;
    let trouble: RelayError | undefined;
    /** What is done about the last link. */
    let work = new Subscription();
    /** Exchanges and waits of that which are not over. */
    let underWay = 0;
    let hasLinks = true;

    const sentOrNot: Sent = (isSent, why) => {
      sent = isSent;
      challenge = isSent ? undefined : (why ?? challenge);
    };
    const end = (ending: CallEnding): void => {
      subscriber.next(ending);
      subscriber.complete();
    };
    const givenUp = (): CallEnding => {
      const reason = refusal ?? challenge;
      if (reason) return { status: 'rejected', reason };
      if (sent) return { status: 'silent' };
      return trouble ? { status: 'unreachable', error: trouble } : { status: 'unreachable' };
    };
    const endIfIdle = (): void => {
      if (!hasLinks && underWay === 0) end(sent ? givenUp() : { status: 'cancelled' });
    };
    const endIfForbidden = (): void => {
      const reason = forbids();
      if (reason) end({ status: 'rejected', reason, ...(sent ? {} : { isUnsent: true }) });
    };
    const run = <T>(source: Observable<T>, next: (value: T) => void, error: (cause: unknown) => void): void => {
      const mine = work;
      underWay++;
      const done = (): void => {
        // What it led to may have been the next link.
        if (mine !== work) return;
        underWay--;
        endIfIdle();
      };
      source.pipe(stopWith(mine)).subscribe({
        next,
        error: (cause: unknown) => {
          error(cause);
          done();
        },
        complete: done,
      });
    };
    const fail = (cause: unknown): void => subscriber.error(cause);
    const attemptAfter = (wait: Observable<unknown>, connection: Connection): void =>
      run(wait.pipe(take(1)), () => attempt(connection), fail);
    /** Tries again after so many milliseconds, where that is still in time. */
    const later = (delay: number, connection: Connection): void => {
      if (scheduler.now() + delay < over) attemptAfter(timer(delay, scheduler), connection);
      else end(givenUp());
    };
    const settle = (progress: Progress, connection: Connection): void => {
      switch (progress.type) {
        case 'answered':
          return end({ status: 'answered', reason: progress.reason ?? parseReason('') });
        case 'refused': {
          const { reason } = progress;
          relay.refused(reason.raw);
          if (isRetryable(reason) !== 'backoff' || backoff.exhausted) return end({ status: 'rejected', reason });
          refusal = reason;
          return later(backoff.next(), connection);
        }
        case 'failed':
          // Where the connection ended, the next one is tried.
          if (progress.error.code === 'silent') end(givenUp());
          return;
        case 'first-event':
          return;
      }
    };
    const stopped = (cause: unknown, connection: Connection): void => {
      if (cause instanceof CircuitOpenError) {
        trouble = new RelayError('circuit-open', relay.url, cause.message, { cause });
        const rest = restOf(cause, scheduler.now());
        // A probe is under way while it is half-open, and soon decides.
        if (cause.state === 'open' && scheduler.now() + rest >= over) return end(givenUp());
        return attemptAfter(race(timer(rest, scheduler), changeSince(cause, relay.health.breaker)), connection);
      }
      if (cause instanceof TimeoutInFlightError) return later(backoff.next(), connection);
      if (cause instanceof BulkheadError) return end(sent ? givenUp() : { status: 'evicted' });
      fail(cause);
    };
    const attempt = (connection: Connection): void => {
      endIfForbidden();
      if (subscriber.closed) return;
      const patience = over - scheduler.now();
      // A thread that was blocked, or slept, hears of a connection before its timers.
      if (patience <= 0) return end(givenUp());
      const exchange = {
        verb,
        call: notes.call,
        priority,
        patience,
        // What ends with the call needs no time of its own.
        timeout: timeout < patience ? timeout : Infinity,
      };
      const sending = (waited: number): void => notes.sent(relay.url, waited);
      const sent$ = new Observable<Progress>((exchange) => {
        judge = exchange;
        send(connection, sentOrNot).subscribe(exchange);
      });
      run(
        relay.exchange(exchange, sent$, sending),
        (progress) => settle(progress, connection),
        (cause) => stopped(cause, connection),
      );
    };
    const linked = (link: Link): void => {
      work.unsubscribe();
      work = new Subscription();
      underWay = 0;
      if (!('error' in link)) {
        wasConnected = true;
        return attempt(link.connection);
      }
      trouble = link.error;
      // Waiting is of use only while an attempt can still succeed in time.
      if (link.retryAt >= over) end(givenUp());
    };

    endIfForbidden();
    if (subscriber.closed) return;
    subscriber.add(() => work.unsubscribe());
    relay
      .lease({ priority, affinity: undefined, subscribes: false })
      .pipe(stopWith(subscriber))
      .subscribe({
        next: linked,
        error: fail,
        complete: () => {
          hasLinks = false;
          endIfIdle();
        },
      });
    if (subscriber.closed) return;
    const after = (delay: number, work: () => void): void => void subscriber.add(scheduler.schedule(work, delay));
    if (connectDeadline < deadline) {
      after(connectDeadline, () => {
        if (!wasConnected) end(givenUp());
      });
    }
    after(deadline, () => {
      if (sent) judge?.next({ type: 'failed', error: silence(relay.url, deadline) });
      end(givenUp());
    });
  });
}

function silence(relay: RelayUrl, deadline: number): RelayError {
  return new RelayError('silent', relay, `There was no answer within ${deadline} ms.`);
}
