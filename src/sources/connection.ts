import { asyncScheduler, Observable, type SchedulerLike, Subscription } from 'rxjs';
import { type Misconduct, RelayConduct, TOO_MUCH } from '../policies/relay-conduct.ts';
import { SeenIds } from '../policies/seen-ids.ts';
import { beginningOf } from '../protocol/beginning-of.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { type Filter, normalizeFilters } from '../protocol/filter.ts';
import { type FramePeek, peekFrame } from '../protocol/frame.ts';
import {
  encodeAuth,
  encodeClose,
  encodeCount,
  encodeEvent,
  encodeReq,
  parseRelayMessage,
  type RelayMessage,
} from '../protocol/message.ts';
import { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { Verification } from '../verifiers/verification.ts';
import { type Acknowledgement, Acknowledgements } from './acknowledgements.ts';
import { Authentication } from './authentication.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { Intake } from './intake.ts';
import { type CountAnswer, countAnswer, Queries, type Query, type QuerySink } from './queries.ts';
import { publishEvent, type PublishHost, type PublishSink } from './publish-event.ts';
import { newRelayCounters, type RelayCounters } from './relay-counters.ts';
import {
  type Delivery,
  RelaySubscription,
  type SubscriptionHost,
  type SubscriptionSink,
} from './relay-subscription.ts';
import type { Socket } from './socket.ts';
import { SubscriptionIds } from './subscription-ids.ts';
import { Tolerance } from './tolerance.ts';

const LONGEST_NOTICE = 500;
/** Of an EVENT that only a parse can read. */
const NOT_PEEKED: FramePeek = { verb: 'EVENT', subscriptionId: '', id: undefined, restAt: 0 };

/**
 * One open connection to a relay. It is handed out by {@link relay} and is of use until it is lost; its requests then complete
 * and its publishes error.
 *
 * @example
 * ```ts
 * import { switchMap } from 'rxjs';
 * import { relay } from 'rx-relay-pool';
 *
 * const subscription = relay('wss://relay.example')
 *   .pipe(switchMap((connection) => connection.request({ kinds: [0], limit: 5 })))
 *   .subscribe((event) => console.log(event.content));
 * subscription.unsubscribe();
 * ```
 */
export class Connection implements SubscriptionHost {
  readonly verification: Verification;
  readonly scheduler: SchedulerLike;
  readonly counters: RelayCounters;
  readonly maxBacklog: number;
  /** When the last frame came, in milliseconds by the scheduler's clock. */
  heardAt: number;
  /** What the relay last said in a NOTICE. */
  lastNotice: string | undefined;
  /** Its relay, as who sent an event. */
  readonly #alone: readonly [RelayUrl];
  readonly #socket: Socket;
  readonly #intake: Intake;
  readonly #authentication: Authentication;
  readonly #subscriptions = new Map<string, RelaySubscription>();
  readonly #acks = new Acknowledgements();
  readonly #publishing: PublishHost;
  readonly #queries: Queries;
  readonly #tolerance = new Tolerance();
  readonly #conduct: RelayConduct;
  /** EVENTs that wait until the REQs of a new connection are out. */
  #held: (() => void)[] | undefined = [];
  readonly #ids = new SubscriptionIds();
  #lost: RelayError | undefined;

  constructor(
    readonly url: RelayUrl,
    openSocket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    this.#alone = [url];
    this.#socket = openSocket;
    this.maxBacklog = options.maxBacklog ?? 5_000;
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.verification = options.verification ?? new Verification({ scheduler: this.scheduler });
    this.counters = options.counters ?? newRelayCounters();
    this.#conduct = options.conduct ?? new RelayConduct();
    this.heardAt = this.scheduler.now();
    this.#intake = new Intake(openSocket, this.#conduct, this.scheduler, () => (this.heardAt = this.scheduler.now()));
    this.#authentication = new Authentication(this.url, options.signer, this.scheduler, (event) =>
      this.#socket.send(encodeAuth(event)),
    );
    this.#publishing = {
      acks: this.#acks,
      send: (frame) => {
        this.#intake.giveWay();
        this.#tolerance.owes();
        return this.#socket.send(frame);
      },
      whenReady: (run) => (this.#held ? void this.#held.push(run) : run()),
      authenticate: (done) => this.authenticate(done),
    };
    this.#queries = new Queries({
      send: (frame) => void this.#socket.send(frame),
      authenticate: (done) => void this.authenticate(done),
      closed: (id) => this.#tolerance.closed(id, this.scheduler.now()),
      now: () => this.scheduler.now(),
    });
  }

  /** Whether the connection is still of use. */
  get isOpen(): boolean {
    return this.#lost === undefined;
  }

  /** Whether it is not read for now, as more came than can be held. */
  get isPaused(): boolean {
    return this.#intake.isPaused;
  }

  /** REQs that are open. */
  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** REQs that are open, publishes that wait for their OK, and queries that wait for their answer. */
  get inFlight(): number {
    return this.#subscriptions.size + this.#acks.size + this.#queries.size;
  }

  /**
   * Asks for stored events: verified, matching, each once. Completes at EOSE, and also when the relay refuses or the connection
   * ends; unsubscribing sends CLOSE.
   *
   * @throws FilterError when the filter is not one.
   */
  request(filter: Filter | readonly Filter[]): Observable<NostrEvent> {
    return this.#events(filter, false);
  }

  /** As {@link request}, and then live events until the relay ends it or the connection does. */
  subscribe(filter: Filter | readonly Filter[]): Observable<NostrEvent> {
    return this.#events(filter, true);
  }

  /**
   * Sends an event on subscribe, and emits what the relay answers. Where it answers `auth-required`, authenticates and sends once
   * more. Errors with a {@link RelayError} when the connection ends first; has no deadline of its own.
   */
  publish(event: NostrEvent): Observable<Acknowledgement> {
    return new Observable((subscriber) => {
      const answered = (ack: Acknowledgement): void => {
        subscriber.next(ack);
        subscriber.complete();
      };
      return this.openPublish(event.id, encodeEvent(event), { answered, lost: (error) => subscriber.error(error) });
    });
  }

  /** As {@link publish}, of which `sink` is told; unsubscribing stops waiting for the answer. The frame is that of the event with this id. */
  openPublish(id: string, frame: string, sink: PublishSink): Subscription {
    if (!this.#lost) return publishEvent(id, frame, sink, this.#publishing);
    sink.lost(this.#lost);
    return Subscription.EMPTY;
  }

  /**
   * Asks how many stored events match (NIP-45), on subscribe, and emits what the relay answers. Where it answers `auth-required`,
   * authenticates and asks once more. Errors with a {@link RelayError} when the connection ends first; has no deadline of its own, and a
   * relay that does not know COUNT may never answer.
   *
   * @throws FilterError when the filter is not one.
   */
  count(filter: Filter | readonly Filter[]): Observable<CountAnswer> {
    const filters = normalizeFilters(filter);
    return new Observable((subscriber) => {
      const query = this.openQuery((id) => encodeCount(id, filters), {
        answered: (message) => {
          const answer = countAnswer(message);
          if (!answer) return;
          subscriber.next(answer);
          subscriber.complete();
        },
        lost: (error) => subscriber.error(error),
      });
      return () => query.close();
    });
  }

  /** Asks what is answered once or in turns, COUNT or NEG-OPEN; `open` makes the first frame, of an id that no REQ has. */
  openQuery(open: (id: string) => string, sink: QuerySink): Query {
    this.#intake.giveWay();
    const id = this.#nextId();
    return this.#queries.open(id, open(id), sink, this.#lost);
  }

  /** Events that the next REQ may ask for: more than may wait only where the relay can be made to wait. */
  get mostAtOnce(): number {
    return this.#socket.canPause && this.inFlight === 0 ? Infinity : this.maxBacklog;
  }

  /** Opens a REQ whose answer goes to `sink`. */
  openSubscription(filters: readonly Filter[], sink: SubscriptionSink, delivery: Delivery): RelaySubscription {
    const subscription = new RelaySubscription(this.#nextId(), filters, this, sink, delivery);
    if (this.#lost) subscription.lost(this.#lost);
    else this.open(subscription);
    return subscription;
  }

  open(subscription: RelaySubscription): void {
    this.#intake.giveWay();
    this.#subscriptions.set(subscription.id, subscription);
    subscription.heardAt = this.scheduler.now();
    this.#socket.send(encodeReq(subscription.id, subscription.filters));
  }

  release(subscription: RelaySubscription, sendClose: boolean): void {
    this.eased(subscription);
    if (!this.#subscriptions.delete(subscription.id) || this.#lost) return;
    this.#tolerance.closed(subscription.id, this.scheduler.now());
    if (sendClose) this.#socket.send(encodeClose(subscription.id));
  }

  authenticate(done: (accepted: boolean) => void): Subscription {
    return this.#authentication.attempt().subscribe((outcome) => {
      if (outcome === 'accepted') this.options.onAuthenticated?.();
      done(outcome === 'accepted');
    });
  }

  full(subscription: RelaySubscription): void {
    this.#intake.full(subscription, this.inFlight === 1);
  }

  eased(subscription: RelaySubscription): void {
    this.#intake.eased(subscription);
  }

  sighted(id: string): string | undefined {
    return this.verification.sighted(id, this.#alone);
  }

  misbehaved(what: Misconduct): void {
    if (!this.#conduct.bears(what, this.scheduler.now())) this.#drop(TOO_MUCH[what]);
  }

  /** Ends the connection with this error, as if the network had. */
  fail(error: RelayError): void {
    this.#socket.fail(error);
  }

  /** The REQs of this connection's users are out: what was held back may follow. */
  releaseHeld(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const send of held) send();
  }

  /** The socket is gone: everybody who waits is told. */
  lost(error: RelayError): void {
    if (this.#lost) return;
    this.#lost = error;
    this.#held = undefined;
    this.#intake.close();
    const subscriptions = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    for (const subscription of subscriptions) subscription.lost(error);
    this.#queries.lost(error);
    this.#acks.lost(error);
    this.#authentication.close();
    if (!this.options.verification) this.verification.closeWhenDone();
  }

  /** The one function that every frame goes through. */
  receive(frame: string): void {
    this.heardAt = this.scheduler.now();
    this.counters.frames++;
    this.counters.bytes += frame.length;
    if (!this.#intake.bears(frame.length, this.heardAt)) return this.#drop('more than we take');
    const peek = peekFrame(frame);
    if (peek?.verb === 'EVENT') {
      const subscription = this.#subscriptions.get(peek.subscriptionId);
      if (!subscription) return this.#unasked(peek.subscriptionId);
      subscription.heardAt = this.heardAt;
      subscription.frame(frame, peek);
    } else this.#control(parseRelayMessage(frame), frame);
  }

  #drop(what: string): void {
    this.fail(new RelayError('abusive', this.url, `The relay was dropped: it sent ${what}; see the option budgets.`));
  }

  /** A frame came that cannot be a message. */
  unreadable(): void {
    this.heardAt = this.scheduler.now();
    this.counters.frames++;
    this.#malformed();
  }

  /** An id for a REQ or a query that no other has, as short as the relay wants. */
  #nextId(): string {
    const maxLength = this.options.maxSubscriptionIdLength?.();
    return this.#ids.next(maxLength, (id) => this.#subscriptions.has(id) || this.#queries.has(id));
  }

  #control(message: RelayMessage, frame: string): void {
    switch (message.type) {
      case 'EVENT':
        return this.#forSubscription(message.subscriptionId, (subscription) => subscription.frame(frame, NOT_PEEKED));
      case 'EOSE':
        return this.#forSubscription(message.subscriptionId, (subscription) => subscription.eose(message.hints));
      case 'CLOSED':
        if (this.#queries.received(message)) return;
        return this.#forSubscription(message.subscriptionId, (subscription) => subscription.closed(message.reason));
      case 'COUNT':
      case 'NEG-MSG':
      case 'NEG-ERR':
        if (!this.#queries.received(message)) this.#unasked(message.subscriptionId);
        return;
      case 'OK':
        return this.#ok(message);
      case 'AUTH':
        this.#authentication.challenged(message.challenge);
        return this.misbehaved('unasked');
      case 'NOTICE':
        this.counters.notices++;
        this.lastNotice = beginningOf(message.message, LONGEST_NOTICE);
        this.options.onNotice?.(this.lastNotice, this.#subscriptions.size);
        return this.misbehaved('unasked');
      case 'MALFORMED':
        return this.#malformed();
      default:
        // Verbs that this client does not use; NIP-01 lets relays send them.
        this.counters.unasked++;
        return this.misbehaved('unasked');
    }
  }

  #forSubscription(id: string, use: (subscription: RelaySubscription) => void): void {
    const subscription = this.#subscriptions.get(id);
    if (!subscription) return this.#unasked(id);
    subscription.heardAt = this.heardAt;
    use(subscription);
  }

  #ok(ok: RelayMessage & { readonly type: 'OK' }): void {
    if (this.#authentication.answered(ok.eventId, ok.accepted)) return;
    // An answer may be late, or carry an id that is none; each EVENT excuses one.
    const isOwed = this.#tolerance.paid();
    if (this.#acks.answered(ok.eventId, ok)) return;
    this.counters.unasked++;
    if (!isOwed) this.misbehaved('unasked');
  }

  #unasked(id: string): void {
    this.counters.unasked++;
    if (!this.#tolerance.isLate(id, this.heardAt)) this.misbehaved('unasked');
  }

  #malformed(): void {
    this.counters.malformed++;
    this.misbehaved('unasked');
  }

  #events(filter: Filter | readonly Filter[], live: boolean): Observable<NostrEvent> {
    const filters = normalizeFilters(filter);
    return new Observable((subscriber) => {
      if (filters.length === 0) return subscriber.complete();
      const end = (): void => subscriber.complete();
      const subscription = this.openSubscription(
        filters,
        {
          event: (event) => subscriber.next(event),
          duplicate: () => undefined,
          eose: () => (live ? undefined : end()),
          closed: end,
          lost: end,
        },
        { delivered: new SeenIds() },
      );
      return () => subscription.close();
    });
  }
}
