import type { SchedulerLike } from 'rxjs';
import type { Misconduct } from '../policies/relay-conduct.ts';
import type { SeenIds } from '../policies/seen-ids.ts';
import { asNostrEvent, expiresAt, type NostrEvent } from '../protocol/event.ts';
import { compileFilters, type Filter } from '../protocol/filter.ts';
import type { FramePeek } from '../protocol/frame.ts';
import { parseRelayMessage } from '../protocol/message.ts';
import { ownId } from '../protocol/own-id.ts';
import type { Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import type { Verification } from '../verifiers/verification.ts';
import type { Gate } from './gate.ts';
import { ArrivedEvent, type Recipient } from './arrived-event.ts';
import { InOrder } from './in-order.ts';
import type { RelayCounters } from './relay-counters.ts';

/** Who hears what one REQ brings, in the order in which the relay sent it. */
export interface SubscriptionSink {
  /** The relay's first event, or its EOSE, arrived; it is delivered when its turn has come. */
  arrived?(what: 'event' | 'eose', subscription: RelaySubscription): void;
  /** An event that verified, matches, and was not delivered before. */
  event(event: NostrEvent): void;
  /** The relay's answer holds an event that was delivered before, dated `createdAt`. */
  duplicate(createdAt: number, id: string): void;
  /** The relay's answer holds an event that is not delivered: forged, expired, or none that was asked for. */
  unfit?(): void;
  /** Everything stored has been delivered; `hints` are NIP-67's. */
  eose(hints: readonly string[]): void;
  /** The relay ended the REQ, or refused it. */
  closed(reason: Reason): void;
  /** The connection ended. */
  lost(error: RelayError): void;
  /** More came than can be held, and the REQ was closed: what had arrived is still delivered. Without it, nothing is closed. */
  overrun?(subscription: RelaySubscription): void;
}

/** How what one REQ brings is delivered. */
export interface Delivery {
  /** Ids that are not to be delivered again; those that are go there. */
  readonly delivered: SeenIds;
  /** Nothing is delivered while it is closed. @default one that is always open */
  readonly gate?: Gate | undefined;
}

/** What a subscription needs of the connection that carries it. */
export interface SubscriptionHost {
  readonly verification: Verification;
  readonly scheduler: SchedulerLike;
  readonly counters: RelayCounters;
  /** What may wait of one subscription; see `ConnectionOptions.maxBacklog`. */
  readonly maxBacklog: number;
  /** More than that waits: less has to come in, or {@link RelaySubscription.overrun} be called. */
  full(subscription: RelaySubscription): void;
  /** Less than half of that waits again. */
  eased(subscription: RelaySubscription): void;
  /** The relay sent the event that verified under this id, or says so; returns the id as it is kept, unless the event is forgotten. */
  sighted(id: string): string | undefined;
  /** The relay misbehaved. */
  misbehaved(what: Misconduct): void;
  /** Sends REQ. */
  open(subscription: RelaySubscription): void;
  /** Forgets the subscription; sends CLOSE unless the relay ended it. */
  release(subscription: RelaySubscription, sendClose: boolean): void;
  /** Authenticates (NIP-42); the callback is told whether the relay accepted it. */
  authenticate(done: (accepted: boolean) => void): void;
}

/** An event that is larger than this many UTF-16 units counts more than once in what waits. */
const UNITS = 4_096;

/**
 * One REQ on one connection: takes its frames from the cheapest check to the dearest, and hands on what is left in the order in
 * which it came. EOSE, CLOSED and the end of the connection wait for the verdicts on the events before them.
 */
export class RelaySubscription implements Recipient {
  /** When a frame for this REQ was last received, by the scheduler's clock. */
  heardAt: number;
  readonly #matches: (event: NostrEvent) => boolean;
  readonly #delivered: SeenIds;
  readonly #order: InOrder;
  #isFull = false;
  #hasBegun = false;
  /** EOSE arrived. */
  #isAnswered = false;
  #ended = false;
  #triedToAuthenticate = false;
  #isAuthenticating = false;
  /** What waited was counted as discarded, so no verdict on it counts. */
  #isDiscarded = false;

  constructor(
    readonly id: string,
    readonly filters: readonly Filter[],
    private readonly host: SubscriptionHost,
    private readonly sink: SubscriptionSink,
    { delivered, gate }: Delivery,
  ) {
    this.#delivered = delivered;
    this.heardAt = host.scheduler.now();
    this.#order = new InOrder(gate);
    this.#matches = compileFilters(filters);
  }

  /** Events that came and still wait for their verdict. */
  get backlog(): number {
    return this.#order.waiting;
  }

  /** Whether it is our turn: verdicts are awaited, or an authentication is under way. */
  get isBusy(): boolean {
    return this.backlog > 0 || this.#isAuthenticating;
  }

  /** An EVENT frame, and what `peekFrame` read of it. */
  frame(frame: string, peek: FramePeek): void {
    this.#begins();
    const { id } = peek;
    if (id !== undefined) {
      const deliveredAt = this.#delivered.find(id);
      if (deliveredAt >= 0) {
        const kept = this.host.sighted(id);
        // What comes behind EOSE is no part of the answer, though EOSE may still wait for the verdicts before it.
        if (this.#isAnswered) this.host.counters.duplicates++;
        else this.#duplicate(deliveredAt, kept ?? ownId(id));
        return;
      }
    }
    this.#order.reserve(new ArrivedEvent(frame, peek, 1 + Math.floor(frame.length / UNITS), this));
    this.#fill();
  }

  /** Parses it only where no copy of it is known, or waits for its verdict: what many relays send is read once. */
  check(arrived: ArrivedEvent): void {
    const { verification } = this.host;
    const { id } = arrived.peek;
    if (id !== undefined && verification.join(id, arrived)) return;
    const message = parseRelayMessage(arrived.frame);
    const event = message.type === 'EVENT' ? asNostrEvent(message.event) : undefined;
    if (!event) return arrived.refused('invalid');
    if (!this.#matches(event)) return arrived.refused('unmatched');
    arrived.event = event;
    verification.check(event, arrived, id === undefined ? '' : arrived.text);
  }

  judged({ fault }: ArrivedEvent): void {
    this.#order.goOn();
    // Blame does not wait its turn, lest a liar be paid for by those behind it.
    if (fault && !this.#isDiscarded) this.#blame(fault);
  }

  take({ event, copy }: ArrivedEvent): void {
    if (!copy) this.sink.unfit?.();
    else if (copy === event || this.#matches(copy)) this.#deliver(copy);
    else {
      this.#blame('unmatched');
      this.sink.unfit?.();
    }
    this.#ease();
  }

  eose(hints: readonly string[]): void {
    this.#isAnswered = true;
    this.sink.arrived?.('eose', this);
    this.#order.push(() => this.sink.eose(hints));
  }

  closed(reason: Reason): void {
    if (reason.prefix === 'auth-required' && !this.#triedToAuthenticate) {
      this.#triedToAuthenticate = true;
      this.#isAuthenticating = true;
      this.host.authenticate((accepted) => {
        this.#isAuthenticating = false;
        if (this.#ended) return;
        if (accepted) this.host.open(this);
        else this.#closedForGood(reason);
      });
    } else this.#closedForGood(reason);
  }

  lost(error: RelayError): void {
    this.#ended = true;
    if (error.code === 'abusive') {
      // What such a relay has sent is not worth the verifying; what was real among it is fetched again.
      this.#isDiscarded = true;
      this.host.counters.discarded += this.#order.waiting;
      this.#order.clear();
    }
    this.#order.push(() => this.sink.lost(error));
  }

  /** Ends it, as more comes than can be held, where its user can ask again. */
  overrun(): void {
    if (!this.sink.overrun) return;
    this.end();
    this.sink.overrun(this);
  }

  /** Stops for good: CLOSE is sent, and nothing more is delivered. */
  close(): void {
    this.#order.clear();
    this.#end(true);
  }

  /** Takes nothing more in: CLOSE is sent, and what had arrived is delivered. */
  end(): void {
    this.#end(true);
  }

  /** As {@link RelaySubscription.end}; calls back when all is delivered. */
  drain(done: () => void): void {
    this.end();
    this.#order.push(done);
  }

  #begins(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.sink.arrived?.('event', this);
  }

  #closedForGood(reason: Reason): void {
    this.#end(false);
    this.#order.push(() => this.sink.closed(reason));
  }

  #end(sendClose: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.host.release(this, sendClose);
  }

  #fill(): void {
    if (this.#isFull || this.#ended || this.#order.weight <= this.host.maxBacklog) return;
    this.#isFull = true;
    this.host.full(this);
  }

  #ease(): void {
    if (!this.#isFull || this.#order.weight > this.host.maxBacklog / 2) return;
    this.#isFull = false;
    this.host.eased(this);
  }

  #deliver(event: NostrEvent): void {
    const { id } = event;
    const expiry = expiresAt(event);
    if (expiry !== undefined && expiry * 1_000 <= this.host.scheduler.now()) {
      this.host.counters.expired++;
      // It never is delivered any more: it need not be asked for, or verified, again.
      this.#delivered.add(id, event.created_at);
      return this.sink.unfit?.();
    }
    this.host.sighted(id);
    if (!this.#delivered.add(id, event.created_at)) return this.#duplicate(event.created_at, id);
    this.host.counters.events++;
    this.sink.event(event);
  }

  #duplicate(createdAt: number, id: string): void {
    this.host.counters.duplicates++;
    this.sink.duplicate(createdAt, id);
  }

  #blame(fault: 'unmatched' | 'invalid'): void {
    this.host.counters[fault]++;
    this.host.misbehaved(fault);
  }
}
