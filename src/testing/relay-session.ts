import { Subscription } from 'rxjs';
import { isHex64, isRecord, toNostrEvent, type NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import { parseClientMessage, type ClientMessage } from '../protocol/message.ts';
import { relayAuth, relayClosed, relayCount, relayNegErr, relayNotice, relayOk } from '../protocol/relay-frame.ts';
import { isLonger, outcomes, refuseAuth, refusePublish, refuseStranger } from './admission.ts';
import { malformedFrames } from './faults.ts';
import { drawLatency } from './latency.ts';
import { Reconciliations } from './reconciliations.ts';
import { Outbox } from './outbox.ts';
import { seconds, type RelayContext } from './relay-context.ts';
import type { RelayPeer } from './relay-options.ts';
import {
  answerRequest,
  excessFrames,
  eventFrames,
  openSubscription,
  readFilters,
  type OpenSubscription,
} from './request-answer.ts';
import { randomHex } from './seeded-random.ts';

/**
 * One connection of a test relay: what it has open, who has authenticated, and what it answers. Made by
 * {@link RelayCore.connect}.
 *
 * @example
 * ```ts
 * import { TestRelay } from 'rx-relay-pool/testing';
 *
 * const relay = await TestRelay.start();
 * for (const connection of relay.connections) connection.challenge();
 * ```
 */
export class RelaySession {
  /** Connections of a relay are numbered from 1. */
  readonly id: number;
  readonly #context: RelayContext;
  readonly #peer: RelayPeer;
  readonly #ended: () => void;
  readonly #outbox: Outbox;
  readonly #timers = new Subscription();
  readonly #subscriptions = new Map<string, OpenSubscription>();
  readonly #reconciliations = new Reconciliations();
  readonly #pubkeys = new Set<string>();
  #challenge: string | undefined;
  #isChallengeDue = false;
  #isEnded = false;
  #isFrozen = false;
  #malformed = 0;

  constructor(id: number, context: RelayContext, peer: RelayPeer, ended: () => void) {
    this.id = id;
    this.#context = context;
    this.#peer = peer;
    this.#ended = ended;
    this.#outbox = new Outbox(context.scheduler);
    if (context.faults.halfOpen) this.freeze();
    const { auth } = context.options;
    if (auth && auth.challenge !== 'refusal' && context.faults.lateAuth === 0) this.challenge();
  }

  /** The ids of the open subscriptions. */
  get subscriptionIds(): readonly string[] {
    return [...this.#subscriptions.keys()];
  }

  /** Whose AUTH was accepted (NIP-42). */
  get pubkeys(): readonly string[] {
    return [...this.#pubkeys];
  }

  /** Whether the connection has become half-open by {@link RelayFaults.halfOpen}. */
  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Takes a frame of the client. Never throws. */
  receive(frame: string): void {
    if (this.#isEnded || this.#isFrozen) return;
    const limit = this.#context.limits.max_message_length ?? Infinity;
    const message: ClientMessage = isLonger(frame, limit)
      ? { type: 'MALFORMED', problem: `the message is longer than ${limit} bytes` }
      : parseClientMessage(frame);
    this.#context.note(this.id, message);
    this.#handle(message);
  }

  /** To be called when the connection has ended on the other side, or was lost. */
  disconnected(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#outbox.clear();
    this.#timers.unsubscribe();
    this.#subscriptions.clear();
    this.#reconciliations.clear();
    this.#ended();
  }

  /** Ends the connection; code 1006 cuts it without a close frame. */
  close(code: number, reason = ''): void {
    if (this.#isEnded) return;
    this.disconnected();
    this.#peer.close(code, reason);
  }

  /** Makes the connection half-open for good. */
  freeze(): void {
    if (this.#isEnded || this.#isFrozen) return;
    this.#isFrozen = true;
    this.#outbox.clear();
    this.#timers.unsubscribe();
    this.#peer.freeze?.();
  }

  /** Sends any frame, valid or not, without further faults. */
  send(frame: string): void {
    this.#outbox.push(0, () => this.#write(frame));
  }

  /** Sends a new challenge, which replaces the one before (NIP-42). */
  challenge(): void {
    this.#challenge = randomHex(this.#context.random, 32);
    this.#isChallengeDue = true;
    this.#answer([relayAuth(this.#challenge)]);
  }

  /** Sends an event to the subscriptions that it matches. */
  deliver(event: NostrEvent): void {
    for (const open of this.#subscriptions.values()) {
      if (open.matches(event)) this.#answer(eventFrames(this.#context, event, open), open.id);
    }
  }

  /** The open subscriptions, for those who send what does not belong to them. */
  get open(): Iterable<OpenSubscription> {
    return this.#subscriptions.values();
  }

  #handle(message: ClientMessage): void {
    const { options } = this.#context;
    if (this.#isNoticeOnly(message.type)) {
      return this.#answer([relayNotice(`error: ${message.type} is not answered here`)]);
    }
    const isUnsupported =
      (message.type === 'COUNT' && options.count === false) ||
      (message.type.startsWith('NEG-') && options.negentropy === false);
    if (isUnsupported) return this.#unsupported(message.type);
    switch (message.type) {
      case 'EVENT':
        return this.#publish(message.event);
      case 'AUTH':
        return this.#authenticate(message.event);
      case 'REQ':
        return this.#request(message.subscriptionId, message.filters);
      case 'CLOSE':
        this.#subscriptions.delete(message.subscriptionId);
        return;
      case 'COUNT':
        return this.#count(message.subscriptionId, message.filters);
      case 'NEG-OPEN':
        return this.#reconcile(message.subscriptionId, message.filter, message.message);
      case 'NEG-MSG':
        return this.#answer([this.#reconciliations.goOn(message.subscriptionId, message.message)]);
      case 'NEG-CLOSE':
        this.#reconciliations.close(message.subscriptionId);
        return;
      case 'UNKNOWN':
        return this.#unsupported(message.verb);
      case 'MALFORMED':
        return this.#answer([relayNotice(`invalid: ${message.problem}`)]);
    }
  }

  #publish(value: unknown): void {
    const { faults, store, options } = this.#context;
    const event = toNostrEvent(value);
    if (!event) {
      const id = isRecord(value) ? value['id'] : undefined;
      if (isHex64(id)) return this.#ok(id, false, 'invalid: this is no event');
      return this.#answer([relayNotice('invalid: this is no event')]);
    }
    const refusal =
      faults.rejectedWith ??
      refuseStranger('write', options.auth, this.#pubkeys) ??
      refusePublish(event, this.#admission);
    if (refusal !== undefined) return this.#ok(event.id, false, refusal);
    if (faults.forgets) return this.#ok(event.id, true);
    const outcome = store.add(event, seconds(this.#context));
    const accepted = outcome === 'duplicate' ? !faults.rejectsDuplicates : outcomes[outcome] === '';
    this.#ok(event.id, accepted, outcomes[outcome]);
    if (outcome === 'stored' || outcome === 'ephemeral') this.#context.broadcast(event);
  }

  #authenticate(value: unknown): void {
    const event = toNostrEvent(value);
    if (!event) return this.#answer([relayNotice('invalid: AUTH carries no event')]);
    const { faults, url } = this.#context;
    const challenge = this.#challenge;
    const refusal = faults.authRejectedWith ?? refuseAuth(event, { ...this.#admission, challenge, url });
    if (refusal === undefined) this.#pubkeys.add(event.pubkey);
    this.#ok(event.id, refusal === undefined, refusal);
  }

  #request(id: string, values: readonly unknown[]): void {
    const { limits, options } = this.#context;
    const filters = this.#admitFilters(id, values);
    if (typeof filters === 'string') {
      this.#subscriptions.delete(id);
      return this.#refuse(relayClosed(id, filters), filters);
    }
    if (!this.#subscriptions.has(id) && this.#subscriptions.size >= (limits.max_subscriptions ?? Infinity)) {
      return this.#answer(excessFrames(id)[options.excessSubscriptions ?? 'closed']);
    }
    const open = openSubscription(id, filters);
    this.#subscriptions.set(id, open);
    const { frames, cut } = answerRequest(this.#context, filters, open);
    this.#answer(frames, id);
    if (cut) this.#outbox.push(0, () => this.close(1006));
  }

  #count(id: string, values: readonly unknown[]): void {
    const filters = this.#admitFilters(id, values);
    if (typeof filters === 'string') return this.#refuse(relayClosed(id, filters), filters);
    this.#answer([relayCount(id, this.#context.store.count(filters, { now: seconds(this.#context) }))], id);
  }

  #reconcile(id: string, filter: unknown, message: string): void {
    const { store, limits } = this.#context;
    const filters = this.#admitFilters(id, [filter]);
    if (typeof filters === 'string') {
      this.#reconciliations.close(id);
      return this.#refuse(relayNegErr(id, filters), filters);
    }
    const items = filters.flatMap((only) => store.items(only, { now: seconds(this.#context) }));
    this.#answer([this.#reconciliations.open(id, items, message, limits.max_sync_events)], id);
  }

  /** The filters, or the reason to refuse them. */
  #admitFilters(id: string, values: readonly unknown[]): readonly Filter[] | string {
    const { limits, faults, options } = this.#context;
    const { max_subid_length: idLength = Infinity, max_filters: filters = Infinity } = limits;
    if (id.length > idLength) return `invalid: the subscription id is longer than ${idLength} characters`;
    if (values.length > filters) return `invalid: more than ${filters} filters`;
    return faults.closedWith ?? refuseStranger('read', options.auth, this.#pubkeys) ?? readFilters(values);
  }

  get #admission() {
    const { limits, options } = this.#context;
    return { limits, verify: options.verify ?? true, now: seconds(this.#context), pubkeys: this.#pubkeys };
  }

  #isNoticeOnly(verb: string): boolean {
    const { noticeOnly } = this.#context.faults;
    const verbs: readonly string[] = noticeOnly === true ? ['REQ', 'COUNT', 'AUTH', 'NEG-OPEN'] : noticeOnly || [];
    return verbs.includes(verb);
  }

  #unsupported(verb: string): void {
    if (this.#context.options.unsupported === 'silence') return;
    this.#answer([relayNotice(`unsupported: ${verb}`)]);
  }

  #ok(id: string, accepted: boolean, reason = ''): void {
    const { noOk, okGarbageId } = this.#context.faults;
    if (!noOk) this.#refuse(relayOk(okGarbageId ? 'garbage' : id, accepted, reason), reason);
  }

  /** Sends an answer; where it asks for AUTH, the challenge too: before it, or late. */
  #refuse(frame: string, reason: string): void {
    const { scheduler, faults } = this.#context;
    if (!reason.startsWith('auth-required') || this.#isChallengeDue) return this.#answer([frame]);
    if (faults.lateAuth === 0) {
      this.challenge();
      return this.#answer([frame]);
    }
    this.#isChallengeDue = true;
    this.#answer([frame]);
    this.#timers.add(scheduler.schedule(() => this.challenge(), faults.lateAuth));
  }

  #answer(frames: readonly string[], subscriptionId = ''): void {
    if (frames.length === 0) return;
    const { delay, malformed } = this.#context.faults;
    this.#outbox.push(drawLatency(delay, this.#context.random), () => {
      if (malformed) this.#writeMalformed(subscriptionId);
      for (const frame of frames) this.#write(frame);
    });
  }

  #writeMalformed(subscriptionId: string): void {
    const broken = malformedFrames(subscriptionId);
    this.#write(broken[this.#malformed++ % broken.length] ?? '');
  }

  #write(frame: string): void {
    if (!this.#isEnded && !this.#isFrozen) this.#peer.send(frame);
  }
}
