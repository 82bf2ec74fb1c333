import type { Observable, Subscription } from 'rxjs';
import { type NostrEvent, serializeEvent } from '../../src/protocol/event.ts';
import { compileFilters, type Filter } from '../../src/protocol/filter.ts';
import { encodeNegMsg, encodeNegOpen } from '../../src/protocol/message.ts';
import { Negentropy, NegentropyError } from '../../src/protocol/negentropy.ts';
import { NegentropyItems } from '../../src/protocol/negentropy-items.ts';
import { RelayError } from '../../src/protocol/relay-error.ts';
import { relayAuth, relayClosed, relayCount, relayEose, relayEvent, relayOk } from '../../src/protocol/relay-frame.ts';
import type { Connection } from '../../src/sources/connection.ts';
import type { Query } from '../../src/sources/queries.ts';
import type { Signer } from '../../src/sources/authentication.ts';
import { fakeEvent, type VirtualTime } from '../../src/testing/index.ts';
import type { Verification } from '../../src/verifiers/verification.ts';
import type { Verifier } from '../../src/verifiers/verifier.ts';
import { aConnection, type OpenConnection } from '../support/a-connection.ts';
import type { FrameStuff } from '../support/mutated-frames.ts';

const stored = Array.from({ length: 300 }, (_, n) =>
  fakeEvent({
    kind: n % 3 === 0 ? 7 : 1,
    content: `note ${n} ${'"\\\n\u{1f600}'.repeat(n % 5)}`,
    tags:
      n % 2 === 0
        ? [
            ['t', 'x'],
            ['e', `${n}`.padStart(64, 'e')],
          ]
        : [],
    created_at: 1_767_000_000 + n,
  }),
);
const items = new NegentropyItems(stored);
/** Answers, and the relay's OK is then awaited for as long as an authentication takes. */
const signer: Signer = { signEvent: async (template) => fakeEvent({ ...template }) };

/** Real events that may still be asked for: more than a verification remembers. */
const LATEST = 1_000;

/** The events that there are; any other, and any other content of these, is a forgery. */
export class RealEvents implements Verifier {
  readonly #byId = new Map(stored.map((event) => [event.id, event]));
  /** The ids of those that were made. */
  readonly #latest: string[] = [];
  #made = 0;

  /** One more, of which forgeries may come before itself. */
  make(): NostrEvent {
    const number = this.#made++;
    const event = fakeEvent({ kind: number % 2 === 0 ? 1 : 7, content: `real ${number}`, tags: [['t', 'x']] });
    this.#byId.set(event.id, event);
    this.#latest.push(event.id);
    if (this.#latest.length > LATEST) this.#byId.delete(this.#latest.shift() ?? '');
    return event;
  }

  has(event: NostrEvent): boolean {
    const known = this.#byId.get(event.id);
    return known !== undefined && known.sig === event.sig && serializeEvent(known) === serializeEvent(event);
  }

  verify(events: readonly NostrEvent[]): readonly boolean[] {
    return events.map((event) => this.has(event));
  }
}

/** A subscription that stays, and what came out of it since it was last looked at. */
interface Asked {
  readonly id: string;
  readonly matches: (event: NostrEvent) => boolean;
  readonly heard: Set<string>;
  readonly subscription: Subscription;
}

interface Question {
  readonly id: string;
  readonly subscription: Subscription;
}

/**
 * One connection with everything under way that a connection can have under way, and a look at all that comes out of it. Whatever should not have
 * come is written down as broken.
 */
export class HostileConnection {
  readonly broken: string[] = [];
  readonly #open: OpenConnection;
  readonly #published: string[] = [];
  /** The questions under way, the latest last. */
  #questions: Question[] = [];
  #reconciliations: Query[] = [];
  #asked: Asked[] = [];
  /** The real event that comes next, which hostile frames forge already. */
  #next: NostrEvent;
  /** The one before it, which some REQs have not been sent. */
  #last: NostrEvent;
  #owed: { readonly event: NostrEvent; readonly by: readonly Asked[] }[] = [];
  #stuff: FrameStuff;
  #rounds = 0;

  constructor(
    readonly time: VirtualTime,
    readonly verification: Verification,
    private readonly real: RealEvents,
  ) {
    this.#open = aConnection({ scheduler: time, verification, signer });
    this.#last = this.#next = real.make();
    this.#stuff = { ids: [], published: [], events: stored };
    this.renew();
  }

  get isDropped(): boolean {
    return this.#open.failures.length > 0;
  }

  get connection(): Connection {
    return this.#open.connection;
  }

  /** What hostile frames are made of. */
  get stuff(): FrameStuff {
    return this.#stuff;
  }

  receive(frame: string): void {
    this.#open.connection.receive(frame);
  }

  /** Opens what is not open any more: subscriptions, publishes, counts, reconciliations, and an authentication in progress. */
  renew(): void {
    this.#rounds++;
    this.#asked = this.#asked.filter(({ subscription }) => !subscription.closed);
    while (this.#asked.length < 4)
      this.#askLive(this.#asked.length % 2 === 0 ? { kinds: [1] } : { kinds: [7], '#t': ['x'] });
    this.#publish();
    this.#publish();
    this.#count();
    this.#reconcile();
    this.receive(relayAuth('challenge'));
    this.#watch(this.connection.request({ kinds: [1] }), (event) => this.#expectReal(event, (one) => one.kind === 1));
    this.receive(relayClosed(this.#lastId(), 'auth-required: members only'));
    for (const question of this.#questions.splice(0, Math.max(0, this.#questions.length - 12))) {
      question.subscription.unsubscribe();
    }
    for (const query of this.#reconciliations.splice(0, Math.max(0, this.#reconciliations.length - 3))) query.close();
    this.#open.sent.splice(0, Math.max(0, this.#open.sent.length - 50));
    this.#published.splice(0, Math.max(0, this.#published.length - 4));
    this.#restock();
  }

  /** A real event, sent to every subscription that it is for, between the frames that are none. */
  sendReal(): void {
    const event = this.#next;
    this.#last = event;
    this.#next = this.real.make();
    const { counters } = this.connection;
    const by = this.#asked.filter(({ id, matches }) => {
      if (!matches(event)) return false;
      const { unasked } = counters;
      this.receive(relayEvent(id, event));
      // A REQ that the relay ended gets nothing more, though its subscriber hears of the end when all before it is verified.
      return counters.unasked === unasked;
    });
    this.#owed.push({ event, by });
    this.#restock();
  }

  /** Every verdict is in: what was real was delivered to all, unless the relay was dropped. */
  settled(): void {
    for (const { event, by } of this.#owed) {
      const lacking = by.filter(({ heard }) => !heard.has(event.id));
      if (lacking.length > 0 && !this.isDropped) {
        this.broken.push(`${event.content} was not delivered to ${lacking.map(({ id }) => id).join()}`);
      }
    }
    this.#owed = [];
    for (const { heard } of this.#asked) {
      // What comes next may have come already, among the hostile frames.
      for (const id of heard) if (id !== this.#next.id) heard.delete(id);
    }
  }

  /** The connection still does everything that it did before. */
  async proveAlive(): Promise<void> {
    await this.time.advance(1_000);
    this.settled();
    if (this.isDropped) return;
    const before = this.connection.inFlight;
    const event = this.real.make();
    const said: unknown[] = [];
    const requested = this.connection.request({ ids: [event.id] }).subscribe(({ id }) => said.push(id));
    const requestId = this.#lastId();
    const published = fakeEvent({ content: `published last ${this.#rounds}` });
    this.connection.publish(published).subscribe(({ accepted }) => said.push(accepted));
    this.connection.count({ kinds: [1] }).subscribe((answer) => said.push(answer.counted && answer.count));
    const countId = this.#lastId('COUNT');
    this.receive(relayEvent(requestId, event));
    this.receive(relayEose(requestId));
    this.receive(relayOk(published.id, true));
    this.receive(relayCount(countId, { count: 7 }));
    await this.time.advance(100);
    if (this.isDropped) return;
    const isAlive =
      requested.closed && [event.id, true, 7].every((answer) => said.includes(answer)) && said.length === 3;
    if (!isAlive) this.broken.push(`it is not what it was: ${JSON.stringify(said)}`);
    if (this.connection.inFlight !== before) this.broken.push(`${this.connection.inFlight} under way, not ${before}`);
  }

  /** Ends what the test itself keeps open. */
  close(): void {
    for (const { subscription } of [...this.#asked, ...this.#questions]) subscription.unsubscribe();
    for (const query of this.#reconciliations) query.close();
  }

  #askLive(filter: Filter): void {
    const matches = compileFilters([filter]);
    const heard = new Set<string>();
    const subscription = this.connection.subscribe(filter).subscribe({
      next: (event) => {
        this.#expectReal(event, matches);
        if (heard.has(event.id)) this.broken.push(`${event.id} was delivered twice`);
        heard.add(event.id);
      },
      error: (error) => this.broken.push(`a subscription errs: ${String(error)}`),
    });
    this.#asked.push({ id: this.#lastId(), matches, heard, subscription });
  }

  #publish(): void {
    const event = fakeEvent({ content: `published ${this.#rounds} ${this.#published.length}` });
    this.#published.push(event.id);
    this.#watch(this.connection.publish(event), ({ accepted, reason }) => {
      if (typeof accepted !== 'boolean' || typeof reason.raw !== 'string') this.broken.push('an OK of another form');
    });
  }

  #count(): void {
    this.#watch(this.connection.count({ kinds: [1] }), (answer) => {
      const isOne = answer.counted
        ? Number.isSafeInteger(answer.count) && answer.count >= 0 && /^(?:[0-9a-f]{512})?$/.test(answer.hll ?? '')
        : typeof answer.reason.raw === 'string';
      if (!isOne) this.broken.push(`a count of another form: ${JSON.stringify(answer)}`);
    });
  }

  #reconcile(): void {
    const negentropy = new Negentropy(items, 0, items.size, 4_096);
    const query = this.connection.openQuery((id) => encodeNegOpen(id, { kinds: [1] }, negentropy.initiate()), {
      answered: (message, asked) => {
        if (message.type !== 'NEG-MSG') return;
        try {
          const { answer } = negentropy.reconcile(message.message);
          if (answer !== undefined) asked.send(encodeNegMsg(asked.id, answer));
        } catch (error) {
          if (!(error instanceof NegentropyError)) throw error;
        }
      },
      lost: () => undefined,
    });
    this.#reconciliations.push(query);
  }

  /** Hears a stream that may end, and may be lost with the connection, but says no more than one thing wrong. */
  #watch<T>(stream: Observable<T>, heard: (value: T) => void): void {
    const subscription = stream.subscribe({
      next: heard,
      error: (error) => error instanceof RelayError || this.broken.push(`a stream errs: ${String(error)}`),
    });
    this.#questions.push({ id: this.#open.sent.length > 0 ? this.#lastId() : '', subscription });
  }

  #expectReal(event: NostrEvent, matches: (event: NostrEvent) => boolean): void {
    if (!this.real.has(event)) this.broken.push(`a forgery was delivered: ${JSON.stringify(event)}`);
    if (!matches(event)) this.broken.push(`${event.id} was delivered, which nobody asked for`);
  }

  /** The id of the last message sent of a verb. */
  #lastId(verb: 'REQ' | 'COUNT' = 'REQ'): string {
    const sent = this.#open.sent.findLast(({ type }) => type === verb);
    return sent && 'subscriptionId' in sent ? sent.subscriptionId : '';
  }

  #restock(): void {
    const ids = [
      ...this.#asked.flatMap(({ id, subscription }) => (subscription.closed ? [] : [id])),
      ...this.#open.sent.flatMap((sent) => ('subscriptionId' in sent ? [sent.subscriptionId] : [])).slice(-4),
    ];
    const from = (this.#rounds * 16) % stored.length;
    const made = Array.from({ length: 6 }, () => [this.#next, this.#last]).flat();
    this.#stuff = { ids, published: this.#published, events: [...stored.slice(from, from + 16), ...made] };
  }
}
