import { asyncScheduler, BehaviorSubject, Subject, Subscription, type Observable, type SchedulerLike } from 'rxjs';
import type { NostrEvent } from '../protocol/event.ts';
import type { ClientMessage } from '../protocol/message.ts';
import { EventStore, type StoreOutcome } from './event-store.ts';
import { resetFaults, watchedFaults, type RelayFaults } from './faults.ts';
import { sendFlood } from './flood.ts';
import { Liar } from './liar.ts';
import { seconds, type RelayContext } from './relay-context.ts';
import { relayInformation } from './relay-information.ts';
import type { Flood, ReceivedMessage, RelayLimits, RelayOptions, RelayPeer } from './relay-options.ts';
import { RelaySession } from './relay-session.ts';
import { seededRandom } from './seeded-random.ts';

/** How often a flood that is spread over time sends its next batch, in milliseconds. */
const floodTick = 20;

/**
 * A whole relay without a transport: NIP-01, 09, 11 (as data), 40, 42, 45, 50, 67, 70 and 77, its limits, and the faults
 * that a relay can have. {@link TestRelay} puts it on a WebSocket port, {@link VirtualNetwork} on a virtual clock;
 * {@link RelayCore.connect} takes anything else that carries frames.
 *
 * @example
 * ```ts
 * import { RelayCore, signedEvent, testKey } from 'rx-relay-pool/testing';
 *
 * const relay = new RelayCore({ limits: { max_limit: 100 } });
 * relay.seed(signedEvent({ content: 'hello' }, testKey(0)));
 * const frames: string[] = [];
 * const session = relay.connect({ send: (frame) => frames.push(frame), close: () => undefined });
 * session.receive('["REQ","notes",{"kinds":[1]}]');
 * session.disconnected();
 * ```
 */
export class RelayCore {
  /** As clients dial it. */
  readonly url: string;
  /** What the relay holds. Events that are put there directly are not sent to live subscriptions. */
  readonly store = new EventStore();
  /** What is wrong with the relay; set a field at any time. */
  readonly faults: RelayFaults;
  /** What the relay enforces and announces; set a field at any time. */
  readonly limits: RelayLimits;
  /** Every message as it is received. */
  readonly received$: Observable<ReceivedMessage>;
  /** How many connections there are: now, and after every change. */
  readonly connectionCount$: Observable<number>;
  /**
   * Every event that a fault kept from a subscriber who asked for it, each time: by {@link RelayFaults.withholds} or
   * {@link RelayFaults.hidesMore}, or by a lie in its place.
   */
  readonly withheld$: Observable<NostrEvent>;
  /** Milliseconds by which the relay's clock is ahead of its scheduler's; it may be changed at any time. */
  clockSkew: number;
  /** Where the relay's time comes from. */
  protected readonly scheduler: SchedulerLike;
  readonly #options: RelayOptions;
  readonly #context: RelayContext;
  readonly #sessions = new Set<RelaySession>();
  readonly #received: ReceivedMessage[] = [];
  readonly #receivedSubject = new Subject<ReceivedMessage>();
  readonly #withheldSubject = new Subject<NostrEvent>();
  readonly #countSubject = new BehaviorSubject(0);
  #floods = new Subscription();
  #lastId = 0;

  /** @param url the relay's own: the answer to a challenge has to name it (NIP-42) */
  constructor(options: RelayOptions = {}, url = 'ws://relay.test/') {
    this.url = url;
    this.#options = options;
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.limits = { max_subid_length: 64, ...options.limits };
    this.faults = watchedFaults(options.faults ?? {}, () => this.#freezeIfHalfOpen());
    this.received$ = this.#receivedSubject.asObservable();
    this.connectionCount$ = this.#countSubject.asObservable();
    this.withheld$ = this.#withheldSubject.asObservable();
    this.clockSkew = options.clockSkew ?? 0;
    const clockSkew = (): number => this.clockSkew;
    this.#context = {
      url,
      options,
      limits: this.limits,
      faults: this.faults,
      store: this.store,
      scheduler: this.scheduler,
      random: seededRandom(options.seed ?? 1),
      liar: new Liar(),
      get clockSkew() {
        return clockSkew();
      },
      broadcast: (event) => this.broadcast(event),
      note: (connection, message) => this.#note(connection, message),
      withheld: (event) => this.#withheldSubject.next(event),
    };
  }

  /** The last messages received, oldest first, up to {@link RelayOptions.receivedCapacity}. It is not a copy. */
  get received(): readonly ReceivedMessage[] {
    return this.#received;
  }

  /** The open connections. */
  get connections(): readonly RelaySession[] {
    return [...this.#sessions];
  }

  /** How many connections are open. */
  get connectionCount(): number {
    return this.#sessions.size;
  }

  /** How many subscriptions are open, on all connections together. */
  get subscriptionCount(): number {
    return this.connections.reduce((sum, session) => sum + session.subscriptionIds.length, 0);
  }

  /** The relay's information document (NIP-11). */
  get information(): Readonly<Record<string, unknown>> {
    return relayInformation(this.#options, this.limits);
  }

  /** Opens a connection. Whoever carries its frames calls `receive` and `disconnected` on the result. */
  connect(peer: RelayPeer): RelaySession {
    const session = new RelaySession(++this.#lastId, this.#context, peer, () => {
      this.#sessions.delete(session);
      this.#countSubject.next(this.#sessions.size);
    });
    this.#sessions.add(session);
    this.#countSubject.next(this.#sessions.size);
    return session;
  }

  /**
   * Stores events, unchecked, and sends those that are new (or ephemeral) to the live subscriptions.
   *
   * @returns what became of each
   */
  add(...events: readonly NostrEvent[]): readonly StoreOutcome[] {
    return events.map((event) => {
      const outcome = this.store.add(event, seconds(this.#context));
      if (outcome === 'stored' || outcome === 'ephemeral') this.broadcast(event);
      return outcome;
    });
  }

  /** Stores events, unchecked, and sends them to nobody, as if they had been there all along. */
  seed(...events: readonly (NostrEvent | Iterable<NostrEvent>)[]): void {
    for (const each of events) {
      for (const event of Symbol.iterator in each ? each : [each]) this.store.add(event, seconds(this.#context));
    }
  }

  /** Sends an event to every subscription that it matches, and does not store it. */
  broadcast(event: NostrEvent): void {
    for (const session of this.#sessions) session.deliver(event);
  }

  /**
   * Ends every connection.
   *
   * @param code of the close frame. Without one the connections are cut without a close frame
   */
  drop(code = 1006, reason = ''): void {
    for (const session of this.connections) session.close(code, reason);
  }

  /** Switches every fault off. Connections that are half-open stay so. */
  clearFaults(): void {
    resetFaults(this.faults);
  }

  /**
   * Sends to every connection what nobody asked for: all at once, or at a rate.
   *
   * @returns unsubscribing it stops the flood
   */
  flood({ kind, count, perSecond = Infinity }: Flood): Subscription {
    const start = this.scheduler.now();
    const { scheduler } = this;
    let sent = 0;
    const send = (upTo: number): void => {
      for (const session of this.connections) sendFlood(kind, session, this.#context.liar, sent, upTo);
      sent = upTo;
    };
    if (perSecond === Infinity) {
      send(count);
      return Subscription.EMPTY;
    }
    const flood = scheduler.schedule(function () {
      send(Math.min(count, Math.floor(((scheduler.now() - start) * perSecond) / 1000)));
      if (sent < count) this.schedule(undefined, floodTick);
    }, floodTick);
    this.#floods.add(flood);
    return flood;
  }

  /** Cuts every connection and stops every flood; what a transport does when its relay stops. */
  protected endAll(): void {
    this.#floods.unsubscribe();
    this.#floods = new Subscription();
    this.drop();
  }

  #note(connection: number, message: ClientMessage): void {
    const entry: ReceivedMessage = { at: this.scheduler.now(), connection, message };
    this.#received.push(entry);
    if (this.#received.length > (this.#options.receivedCapacity ?? 10_000)) this.#received.shift();
    this.#receivedSubject.next(entry);
  }

  #freezeIfHalfOpen(): void {
    if (!this.faults.halfOpen) return;
    for (const session of this.#sessions) session.freeze();
  }
}
