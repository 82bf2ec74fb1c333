import { Observable, type Observer, race, type Subscriber, Subscription, take, timer } from 'rxjs';
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
  /** How often it is sent again where it is refused for the moment. @default 5, for which there often is no time */
  readonly retries?: number;
  /** What is known to speak against it; it may become known while it waits. */
  readonly refusal: () => Reason | undefined;
  /** Sends, and tells `answer` what becomes of it; what is added to that is done when it is over, or taken back. */
  readonly send: (connection: Connection, answer: Subscriber<Progress>, sent: Sent) => void;
}

type CallContext = Pick<RoutingContext, 'scheduler' | 'random'> & { readonly notes: CallNotes };

/** Sends over the connection there is or comes, again where that makes sense, until it is answered for good or the deadline. */
export function callRelay(relay: PooledRelay, call: RelayCall, context: CallContext): Observable<CallEnding> {
  return new Observable((subscriber) => new CallUnderWay(relay, call, context, subscriber).begin());
}

/** One call, from its first link to its end. It hears of the links of the relay. */
class CallUnderWay implements Pick<Observer<Link>, 'next' | 'complete'> {
  readonly #over: number;
  #backoff: Backoff | undefined;
  #isSent = false;
  #wasConnected = false;
  #refusal: Reason | undefined;
  /** Why what was sent last is to be sent once more. */
  #challenge: Reason | undefined;
  /** Who judges what was sent and is not answered. */
  #judge: Subscriber<Progress> | undefined;
  #trouble: RelayError | undefined;
  /** What is done about the last link. */
  #work = new Subscription();
  /** Exchanges and waits of that which are not over. */
  #underWay = 0;
  #hasLinks = true;

  constructor(
    private readonly relay: PooledRelay,
    private readonly call: RelayCall,
    private readonly context: CallContext,
    private readonly subscriber: Subscriber<CallEnding>,
  ) {
    this.#over = context.scheduler.now() + call.deadline;
  }

  begin(): void {
    const { relay, subscriber } = this;
    const { priority, deadline, connectDeadline = deadline } = this.call;
    this.#endIfForbidden();
    if (subscriber.closed) return;
    subscriber.add(() => this.#work.unsubscribe());
    relay.hold({ priority, affinity: undefined, subscribes: false }, subscriber, this);
    if (subscriber.closed) return;
    if (connectDeadline < deadline) {
      this.#after(connectDeadline, () => {
        if (!this.#wasConnected) this.#giveUp();
      });
    }
    this.#after(deadline, () => {
      if (this.#isSent) this.#judge?.next({ type: 'failed', error: silence(relay.url, deadline) });
      this.#giveUp();
    });
  }

  next(link: Link): void {
    this.#work.unsubscribe();
    this.#work = new Subscription();
    this.#underWay = 0;
    if (!('error' in link)) {
      this.#wasConnected = true;
      return this.#attempt(link.connection);
    }
    this.#trouble = link.error;
    // Waiting is of use only while an attempt can still succeed in time.
    if (link.retryAt >= this.#over) this.#giveUp();
  }

  complete(): void {
    this.#hasLinks = false;
    this.#endIfIdle();
  }

  #attempt(connection: Connection): void {
    this.#endIfForbidden();
    if (this.subscriber.closed) return;
    const { relay, context } = this;
    const { verb, priority, deadline, timeout = deadline } = this.call;
    const patience = this.#over - context.scheduler.now();
    // A thread that was blocked, or slept, hears of a connection before its timers.
    if (patience <= 0) return this.#giveUp();
    const { notes } = context;
    const exchange = {
      verb,
      call: notes.call,
      priority,
      patience,
      // What ends with the call needs no time of its own.
      timeout: timeout < patience ? timeout : Infinity,
    };
    const progress$ = relay.exchange(exchange, (answer, waited) => {
      notes.sent(relay.url, waited);
      this.#judge = answer;
      this.call.send(connection, answer, this.#sent);
    });
    this.#run(
      progress$,
      (progress) => this.#settle(progress, connection),
      (cause) => this.#stopped(cause, connection),
    );
  }

  readonly #sent: Sent = (isSent, refusal) => {
    this.#isSent = isSent;
    this.#challenge = isSent ? undefined : (refusal ?? this.#challenge);
  };

  #settle(progress: Progress, connection: Connection): void {
    switch (progress.type) {
      case 'answered':
        return this.#end({ status: 'answered', reason: progress.reason ?? parseReason('') });
      case 'refused': {
        const { reason } = progress;
        this.relay.refused(reason.raw);
        if (isRetryable(reason) !== 'backoff' || this.#pauses.exhausted)
          return this.#end({ status: 'rejected', reason });
        this.#refusal = reason;
        return this.#later(connection);
      }
      case 'failed':
        // Where the connection ended, the next one is tried.
        if (progress.error.code === 'silent') this.#giveUp();
        return;
      case 'first-event':
        return;
    }
  }

  #stopped(cause: unknown, connection: Connection): void {
    const { relay } = this;
    const { scheduler } = this.context;
    if (cause instanceof CircuitOpenError) {
      this.#trouble = new RelayError('circuit-open', relay.url, cause.message, { cause });
      const rest = restOf(cause, scheduler.now());
      // A probe is under way while it is half-open, and soon decides.
      if (cause.state === 'open' && scheduler.now() + rest >= this.#over) return this.#giveUp();
      return this.#attemptAfter(race(timer(rest, scheduler), changeSince(cause, relay.health.breaker)), connection);
    }
    if (cause instanceof TimeoutInFlightError) return this.#later(connection);
    if (cause instanceof BulkheadError) return this.#isSent ? this.#giveUp() : this.#end({ status: 'evicted' });
    this.subscriber.error(cause);
  }

  /** Tries again after a pause, where that is still in time. */
  #later(connection: Connection): void {
    const { scheduler } = this.context;
    const pause = this.#pauses.next();
    if (scheduler.now() + pause < this.#over) this.#attemptAfter(timer(pause, scheduler), connection);
    else this.#giveUp();
  }

  #attemptAfter(wait: Observable<unknown>, connection: Connection): void {
    this.#run(
      wait.pipe(take(1)),
      () => this.#attempt(connection),
      (cause) => this.subscriber.error(cause),
    );
  }

  #run<T>(source: Observable<T>, next: (value: T) => void, error: (cause: unknown) => void): void {
    const mine = this.#work;
    this.#underWay++;
    const done = (): void => {
      // What it led to may have been the next link.
      if (mine !== this.#work) return;
      this.#underWay--;
      this.#endIfIdle();
    };
    source.pipe(stopWith(mine)).subscribe({
      next,
      error: (cause: unknown) => {
        error(cause);
        done();
      },
      complete: done,
    });
  }

  get #pauses(): Backoff {
    return (this.#backoff ??= new Backoff({ maxAttempts: this.call.retries ?? 5 }, this.context.random));
  }

  #after(delay: number, work: () => void): void {
    this.subscriber.add(this.context.scheduler.schedule(work, delay));
  }

  #endIfIdle(): void {
    if (this.#hasLinks || this.#underWay > 0) return;
    if (this.#isSent) this.#giveUp();
    else this.#end({ status: 'cancelled' });
  }

  #endIfForbidden(): void {
    const reason = this.call.refusal();
    if (reason) this.#end({ status: 'rejected', reason, ...(this.#isSent ? {} : { isUnsent: true }) });
  }

  #giveUp(): void {
    const reason = this.#refusal ?? this.#challenge;
    if (reason) this.#end({ status: 'rejected', reason });
    else if (this.#isSent) this.#end({ status: 'silent' });
    else this.#end({ status: 'unreachable', ...(this.#trouble ? { error: this.#trouble } : {}) });
  }

  #end(ending: CallEnding): void {
    this.subscriber.next(ending);
    this.subscriber.complete();
  }
}

function silence(relay: RelayUrl, deadline: number): RelayError {
  return new RelayError('silent', relay, `There was no answer within ${deadline} ms.`);
}
