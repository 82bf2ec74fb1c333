import { BehaviorSubject, EMPTY, type Observable, type Subscriber, Subscription, timer } from 'rxjs';
import { BulkheadError } from '../operators/bulkhead.ts';
import type { Bulkhead } from '../operators/bulkhead-handle.ts';
import { CircuitOpenError } from '../operators/circuit-breaker.ts';
import { TimeoutInFlightError } from '../operators/timeout-in-flight.ts';
import { Backoff } from '../policies/backoff.ts';
import { type Page, PageCount } from '../policies/page.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import { ResumeCursor } from '../policies/resume-cursor.ts';
import type { Compared } from '../policies/resume-proof.ts';
import type { Filter } from '../protocol/filter.ts';
import { isRetryable, type Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import type { Connection } from '../sources/connection.ts';
import type { Link } from '../sources/relay.ts';
import type { RelaySubscription, SubscriptionSink } from '../sources/relay-subscription.ts';
import { Answers } from './answers.ts';
import { Appointment } from './appointment.ts';
import { type SentRequest, sentRequest } from './capabilities.ts';
import { canCompare, compareStored } from './compare-stored.ts';
import { Drain } from './drain.ts';
import { awaitAnswer } from './patience.ts';
import { OpenReqs } from './open-reqs.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Answer } from './answer.ts';
import type { Question } from './question.ts';
import { BeginAnew, changeSince, restOf } from './refusal.ts';
import { RequestExchange } from './request-exchange.ts';
import { partsOf } from './request-parts.ts';

/** A relay that is lost stays awaited when its next attempt is due within this many milliseconds, once a request. */
const PATIENCE = 5_000;
const LOSSES_TO_SETTLE = 2;
/** How often a REQ that is refused for the moment (`rate-limited`, `error`) is sent again. */
const MOST_RETRIES = 3;

/** One relay and one request: asks it, again after every reconnect, until unsubscribed; completes early when nothing is left to come. */
export class RelayRequest {
  readonly teardown = new Subscription();
  /** Emits when it needs a place among the REQs that the relay allows, instead of the one that it had. */
  readonly needsPlace$ = new BehaviorSubject<void>(undefined);
  readonly #cursor: ResumeCursor;
  readonly #said: Answers;
  readonly #backoff: Backoff;
  readonly #exchange: RequestExchange;
  readonly #appointment: Appointment;
  readonly #open = new OpenReqs();
  #connection: Connection | undefined;
  /** REQs that ended before all that they had brought was delivered. */
  readonly #drain = new Drain();
  /** An earlier connection was asked already. */
  #wasAsked = false;
  /** An earlier REQ was answered, so that there is something to go on from. */
  #wasAnswered = false;
  #isOver = false;
  /** A REQ was closed as more came than can be held, and is to be asked again. */
  #isOverrun = false;
  #losses = 0;
  #trouble: RelayError | undefined;

  constructor(
    private readonly relay: PooledRelay,
    private readonly question: Question,
    private readonly subscriber: Subscriber<Answer>,
  ) {
    this.#cursor = new ResumeCursor(question.filters, question.resume, question.delivered, question.live);
    this.#said = new Answers(relay.url, subscriber);
    this.#backoff = new Backoff({ maxAttempts: MOST_RETRIES }, question.random);
    this.#exchange = new RequestExchange(relay, question.deadline, question.notes);
    this.#appointment = new Appointment(question.scheduler);
    this.teardown.add(() => this.#stop());
    this.teardown.add(() => this.#drain.close());
    const { live, over, scheduler } = question;
    if (!live) this.teardown.add(scheduler.schedule(() => this.#deadline(), Math.max(0, over - scheduler.now())));
    this.#awaitTurn(question.silenceTimeout);
  }

  linked(link: Link): void {
    if (this.#isOver) return;
    if ('error' in link) return this.#down(link.error, link.retryAt);
    if (!link.connection.isOpen) return;
    this.#forget();
    this.#connection = link.connection;
    if (!this.#isOverrun) this.#ask();
  }

  #ask(): void {
    const priority = this.#wasAsked ? 'critical' : this.question.priority;
    this.#wasAsked = this.question.live;
    this.#send(priority, undefined, (connection) => {
      const { filters, gaps } = this.#cursor.begin(this.question.scheduler.now() / 1_000);
      this.#said.gaps(gaps);
      this.#open.live = this.#openReq(connection, filters, 'live');
    });
  }

  /** Sends when the stages of the pool let it. */
  #send(priority: Priority, lane: Bulkhead | undefined, send: (connection: Connection) => Subscription | void): void {
    const connection = this.#connection;
    if (!connection || this.#hasEnded) return;
    this.#awaitTurn(this.question.deadline);
    this.#exchange.begin(
      this.#cursor.isComparing ? 'NEG-OPEN' : 'REQ',
      priority,
      lane,
      () => send(connection),
      (cause) => this.#refused(cause, () => this.#send(priority, lane, send)),
    );
  }

  /** A stage did not let it through, or gave up on it. */
  #refused(cause: unknown, again: () => void): void {
    if (cause instanceof TimeoutInFlightError) return this.#unanswered();
    if (cause instanceof BulkheadError) {
      this.#giveUp(this.#said.error('evicted', cause.message));
      this.#after(this.#backoff.next(), again);
    } else if (cause instanceof CircuitOpenError) {
      const delay = restOf(cause, this.question.scheduler.now());
      // A probe is under way while it is half-open, and soon decides.
      if (cause.state === 'open' && delay > PATIENCE) this.#giveUp(this.#said.error('circuit-open', cause.message));
      this.#after(delay, again, changeSince(cause, this.relay.health.breaker));
    } else this.subscriber.error(cause);
  }

  /** Found no place among those who wait for a connection of the relay; says when it tries again. */
  evicted(cause: unknown): Observable<unknown> {
    if (!(cause instanceof BulkheadError)) throw cause;
    this.#giveUp(this.#said.error('evicted', cause.message));
    return this.question.live ? timer(this.#backoff.next(), this.question.scheduler) : EMPTY;
  }

  /** Nothing is awaited from the relay for now; a live request goes on all the same. */
  #giveUp(error: RelayError): void {
    this.#said.say({ type: 'lost', relay: this.relay.url, error }, true);
    if (!this.question.live) this.subscriber.complete();
  }

  /** It must not be awaited for ever where every connection is taken, or every turn. */
  #awaitTurn(patience: number): void {
    if (!this.#said.isSettled) this.#after(patience, () => this.#giveUp(this.#said.noPlace(patience)));
  }

  /** Sends a REQ and takes its answer up to EOSE as a page; after that, events are live. */
  #openReq(connection: Connection, filters: readonly Filter[], part: 'live' | 'page'): RelaySubscription | undefined {
    if (this.#hasEnded) return undefined;
    const answer = new PageCount();
    let owes = true;
    const isCurrent = (): boolean => connection === this.#connection;
    const sent = sentRequest(filters, this.relay.limits, connection);
    const sink: SubscriptionSink = {
      // The relay's part is judged by what arrives; the verdicts on it are our own time.
      arrived: (what, answered) => {
        if (!owes || !isCurrent()) return;
        if (what === 'event') return this.#exchange.report({ type: 'first-event' });
        owes = false;
        if (part === 'page' || !this.question.live) answered.end();
        this.#exchange.report({ type: 'answered' });
      },
      event: (event) => {
        if (!answer.isOver) answer.add(event.created_at, event.id);
        else this.#cursor.live(event.created_at, Math.floor(this.question.scheduler.now() / 1_000));
        this.#said.say({ type: 'event', relay: this.relay.url, event }, false);
      },
      duplicate: (createdAt, id) => answer.addAgain(createdAt, id),
      unfit: () => answer.addUnfit(),
      eose: (hints) => {
        const first = !answer.isOver;
        answer.end();
        if (first && isCurrent()) this.#answered(part, answer.page, hints);
      },
      closed: (reason) => {
        // Where it was open for a while, what was opened since may be what is too much.
        if (isCurrent()) this.#closed(part, reason, answer.isOver ? { ...sent, open: connection.subscriptions } : sent);
      },
      // The link tells.
      lost: () => undefined,
      overrun: (ended) => this.#overrun(ended, connection),
    };
    const subscription = connection.openSubscription(sent.filters, sink, this.question);
    if (!isCurrent()) return undefined;
    const { scheduler } = this.question;
    const patience = this.relay.health.patience(this.question.silenceTimeout);
    // Gives up waiting for a relay that says nothing about this REQ, however busy it is elsewhere.
    const silent = (): void => (answer.isOver ? undefined : this.#silent(sent, patience));
    if (!this.#hasEnded) this.#appointment.wait(awaitAnswer(subscription, patience, scheduler, silent));
    return subscription;
  }

  #answered(part: 'live' | 'page', page: Page, hints: readonly string[]): void {
    this.#backoff.reset();
    this.relay.health.answered(true);
    this.#wasAnswered = true;
    this.#open.closePage();
    if (part === 'live' && !this.question.live) this.#open.closeLive();
    this.#said.gaps(this.#cursor.answered(page, hints));
    this.#nextPage();
  }

  #nextPage(): void {
    const { relay, question } = this;
    const lane = question.live ? relay.pages : undefined;
    const stored = this.#cursor.nextComparison();
    if (stored && !canCompare(relay, stored, question)) return this.#compared('unable');
    if (stored) {
      return this.#send(question.priority, lane, (connection) => {
        this.#appointment.cancel();
        return compareStored(relay, connection, this.#exchange, stored, question, (it) => this.#compared(it));
      });
    }
    const filter = this.#cursor.nextPage();
    if (filter) {
      return this.#send(question.priority, lane, (connection) => {
        this.#open.page = this.#openReq(connection, [filter], 'page');
      });
    }
    this.#appointment.cancel();
    this.#said.say({ type: 'eose', relay: this.relay.url }, true);
    if (!this.question.live) this.subscriber.complete();
  }

  /** What is missing is fetched, or the window is. */
  #compared(compared: Compared): void {
    this.#said.gaps(this.#cursor.compared(compared));
    this.#nextPage();
  }

  #closed(part: 'live' | 'page', reason: Reason, sent: SentRequest): void {
    this.#appointment.cancel();
    // That it was too much is no trouble of the relay: it is not reported.
    if (this.#asksForLess(this.relay.refused(reason.raw, sent))) return;
    this.#exchange.report({ type: 'refused', reason });
    const again = isRetryable(reason) === 'backoff' && !this.#backoff.exhausted;
    if (!again) this.#said.gaps(this.#cursor.unfetched());
    if (part === 'live') {
      this.#open.closePage();
      this.#open.live = undefined;
      this.#cursor.lost((this.#connection?.heardAt ?? this.question.scheduler.now()) / 1_000);
    } else this.#open.page = undefined;
    this.#said.say({ type: 'closed', relay: this.relay.url, reason }, !again);
    if (again) this.#after(this.#backoff.next(), () => (part === 'live' ? this.#ask() : this.#nextPage()));
    else if (!this.question.live) this.subscriber.complete();
  }

  /** More came than can be held, and the REQ was closed: it is asked again when what had arrived is delivered. */
  #overrun(ended: RelaySubscription, connection: Connection): void {
    const { heardAt } = connection;
    this.#isOverrun = true;
    this.#appointment.cancel();
    this.#exchange.stop();
    this.#drain.await(ended);
    this.#drain.then(() => {
      // Both REQs of an earlier connection may have been closed: the new one is asked once.
      const isDue = this.#isOverrun;
      this.#isOverrun = false;
      const part = connection === this.#connection ? this.#open.remove(ended) : isDue && 'live';
      if (part === 'page') return this.#nextPage();
      if (!part || !this.#connection) return;
      this.#cursor.lost(heardAt / 1_000);
      this.#ask();
    });
  }

  #down(error: RelayError, retryAt: number): void {
    // The same trouble again is only its next attempt moved.
    if (error === this.#trouble) return;
    this.#trouble = error;
    this.#exchange.report({ type: 'failed', error });
    this.#open.end(this.#drain);
    this.#forget();
    this.#drain.then(() => {
      const soon = retryAt - this.question.scheduler.now() <= PATIENCE;
      this.#losses++;
      this.#said.say({ type: 'lost', relay: this.relay.url, error }, !soon || this.#losses >= LOSSES_TO_SETTLE);
      if (!this.#connection) this.#awaitTurn(this.question.silenceTimeout);
    });
  }

  /** The connection is gone: what was fetched is remembered, what was open is not. */
  #forget(): void {
    this.#appointment.cancel();
    this.#exchange.stop();
    if (!this.#connection) return;
    this.#cursor.lost(this.#connection.heardAt / 1_000);
    this.#connection = undefined;
    this.#open.forget();
  }

  #silent(sent: SentRequest, patience: number): void {
    if (this.#asksForLess(this.relay.unanswered(sent))) return;
    const error = this.#said.silence(patience, this.#connection?.lastNotice);
    this.relay.health.answered(false);
    this.#open.closePage();
    if (!this.question.live) this.#open.closeLive();
    this.#exchange.report({ type: 'failed', error });
    this.#said.gaps(this.#cursor.unfetched());
    this.#giveUp(error);
  }

  /** Events came all the time, but no EOSE: it is awaited no longer, and goes on. */
  #unanswered(): void {
    this.#appointment.cancel();
    if (this.#cursor.isComparing) return this.#compared('unable');
    this.#open.closePage();
    this.#said.gaps(this.#cursor.unfetched());
    this.#giveUp(this.#said.overdue('A REQ', this.question.deadline));
  }

  /** The time for a request that is not live is over: what had arrived is still delivered. */
  #deadline(): void {
    if (this.#said.isSettled) return;
    const error = this.#said.overdue('The request', this.question.deadline);
    this.#isOver = true;
    this.#appointment.cancel();
    // CLOSE goes out before the permit is free for the next one, here and elsewhere.
    this.#open.end(this.#drain);
    this.#exchange.report({ type: 'failed', error });
    this.#exchange.stop();
    this.#drain.then(() => {
      if (!this.#said.isSettled) this.#said.gaps(this.#cursor.unfetched());
      if (!this.#said.isSettled) this.#said.say({ type: 'lost', relay: this.relay.url, error }, true);
      this.subscriber.complete();
    });
  }

  /** Asks again, for no more than the relay takes, where the last REQ was more; says whether it does. */
  #asksForLess(isTooMuch: boolean): boolean {
    const isCut = partsOf(this.question.filters, this.relay.limits).length > 1;
    if (isCut || (isTooMuch && !this.#wasAnswered)) {
      if (this.#wasAnswered) this.#said.gaps(this.#cursor.unfetched());
      this.subscriber.error(new BeginAnew());
    } else if (isTooMuch) {
      this.#stop();
      this.#forget();
      this.#awaitTurn(this.question.silenceTimeout);
      this.needsPlace$.next();
    }
    return isCut || isTooMuch;
  }

  /** Whether nothing more is to be asked: by its deadline, or because a packet made the subscriber leave. */
  get #hasEnded(): boolean {
    return this.#isOver || this.subscriber.closed;
  }

  #stop(): void {
    this.#appointment.cancel();
    this.#open.close();
    this.#exchange.stop();
  }

  #after(delay: number, work: () => void, sooner$?: Observable<unknown>): void {
    if (this.#hasEnded) this.#appointment.cancel();
    else this.#appointment.after(delay, work, sooner$);
  }
}
