import { DurableOutbox, type OutboxReport } from '../../src/durable-outbox/index.ts';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import { type NostrEvent, replaceableKey, supersedes } from '../../src/protocol/event.ts';
import {
  seededRandom,
  signedEvent,
  testKey,
  VirtualNetwork,
  type VirtualRelay,
  VirtualTime,
} from '../../src/testing/index.ts';
import { StepStore } from './step-store.ts';

export const RELAYS = 3;
const QUORUM = 2;
const MINUTE = 60_000;
/** Without the pauses that spare real relays, so that a test sees more in less time. */
const BACKOFF = { base: 500, cap: 4_000 };

/** Something that happens; relays and events by their number. */
export type Happening =
  | { readonly type: 'publish' | 'cancel'; readonly event: number }
  | { readonly type: 'stop' | 'restart' | 'drop' | 'mute' | 'unmute' | 'busy'; readonly relay: number }
  | { readonly type: 'offline' | 'online' | 'close' }
  | { readonly type: 'wait'; readonly milliseconds: number };

/**
 * One user's life with an outbox whose process crashes between any two steps of its store, and is started again. It writes down what was
 * promised and what relays really said, and compares.
 */
export class OutboxCrashes {
  readonly time = new VirtualTime();
  readonly relays: readonly VirtualRelay[];
  readonly disk = new Map<string, string>();
  /** What an outbox said that is not so. */
  readonly lies: string[] = [];
  /** Events that `publish` said are durable. */
  readonly promised = new Map<string, NostrEvent>();
  /** Events of which somebody was told an end other than delivery. */
  readonly ends = new Map<string, string>();
  readonly delivered = new Set<string>();
  /** Steps of the store that the last process took, before it was closed. */
  steps = 0;
  crashes = 0;

  readonly #network = new VirtualNetwork({ time: this.time, latency: 10 });
  /** `relay event` of each OK true that reached a process. */
  readonly #confirmed = new Set<string>();
  readonly #cancelled = new Set<string>();
  readonly #events = new Map<number, NostrEvent>();
  readonly #crashPoints: number[];
  #store!: StepStore;
  #pool!: RelayPool;
  #outbox!: DurableOutbox;
  #isCrashed = false;

  /** @param crashPoints - Of each process the step of its store after which it is dead; after those one that lives. */
  constructor(crashPoints: readonly number[]) {
    this.relays = Array.from({ length: RELAYS }, (_, index) => this.#network.relay(`wss://relay${index}.test`));
    this.#crashPoints = [...crashPoints];
    this.#start();
  }

  async happen(happening: Happening): Promise<void> {
    await this.#startAgain();
    const relay = 'relay' in happening ? this.relays[happening.relay] : undefined;
    switch (happening.type) {
      case 'publish':
        this.#publish(this.#event(happening.event));
        break;
      case 'cancel':
        this.#cancel(this.#event(happening.event));
        break;
      case 'wait':
        await this.time.advance(happening.milliseconds);
        break;
      case 'close':
        // Rather than a crash: an orderly end.
        void this.#outbox.close();
        await this.time.advance(10);
        // It may have crashed while it closed, and is started again anyway.
        if (this.#isCrashed) break;
        this.#pool.close();
        this.#start();
        break;
      case 'offline':
        for (const each of this.relays) each.stop();
        break;
      case 'online':
        for (const each of this.relays) each.restart();
        break;
      case 'stop':
        relay?.stop();
        break;
      case 'restart':
        relay?.restart();
        break;
      case 'drop':
        relay?.drop();
        break;
      case 'mute':
        if (relay) relay.faults.noOk = true;
        break;
      case 'busy':
        if (relay) relay.faults.rejectedWith = 'error: busy';
        break;
      case 'unmute':
        relay?.clearFaults();
        break;
    }
    await this.time.advance(1);
  }

  /** Everything is well for so long that all must have gone out; what is wrong then, in words. */
  async end(): Promise<string[]> {
    const isQuiet = (): boolean => this.#isCrashed || this.disk.size === 0;
    do {
      await this.#startAgain();
      for (const relay of this.relays) {
        relay.clearFaults();
        relay.restart();
      }
      // So that what is being written is on the disk before that is looked at.
      await this.time.advance(10);
      await this.time.until(isQuiet, 10 * MINUTE).catch(() => undefined);
      await this.time.advance(10);
    } while (this.#isCrashed);
    const wrong = [...this.lies];
    for (const event of this.promised.values()) {
      const at = this.relays.filter(({ store }) => [...store].some(({ id }) => id === event.id)).length;
      if (at < QUORUM && !this.#isExcused(event)) wrong.push(`lost: ${event.content} is at ${at} relays`);
      // A process that dies when it has forgotten an event cannot tell why.
      const isTold = this.delivered.has(event.id) || this.ends.has(event.id);
      if (this.crashes === 0 && !isTold) wrong.push(`${event.content} has no end`);
    }
    if (this.disk.size > 0) wrong.push(`${this.disk.size} entries are left`);
    this.steps = this.#store.steps;
    this.#store.crashAfter = Infinity;
    await this.#outbox.close();
    this.#pool.close();
    if (!(await this.time.settle(60 * MINUTE))) wrong.push('timers are left');
    return wrong;
  }

  /** Taken back, or there is a newer version that was promised too. */
  #isExcused(event: NostrEvent): boolean {
    if (this.#cancelled.has(event.id)) return true;
    const key = replaceableKey(event);
    return (
      key !== undefined &&
      [...this.#events.values()].some((other) => replaceableKey(other) === key && supersedes(other, event))
    );
  }

  #start(): void {
    const store = new StepStore(this.disk);
    const confirmed = this.#confirmed;
    class Overheard extends this.#network.WebSocket {
      constructor(url: string | URL) {
        super(url);
        this.addEventListener('message', (event) => {
          const [verb, id, isOk] = JSON.parse(String(event.data));
          if (verb === 'OK' && isOk === true) confirmed.add(`${this.url} ${id}`);
        });
      }
    }
    const pool = new RelayPool({
      relays: this.relays.map(({ url }) => url),
      scheduler: this.time,
      random: seededRandom(this.crashes + 1),
      WebSocket: Overheard,
      idleTimeout: 1_000,
      backoff: BACKOFF,
    });
    store.crashAfter = this.#crashPoints.shift() ?? Infinity;
    store.onCrash = () => {
      this.#isCrashed = true;
      this.crashes++;
      pool.close();
    };
    this.#store = store;
    this.#pool = pool;
    this.#outbox = new DurableOutbox(pool, store, {
      quorum: QUORUM,
      backoff: BACKOFF,
      scheduler: this.time,
      random: seededRandom(this.crashes + 2),
    });
    this.#outbox.settled$.subscribe((report) => this.#hear(store, report));
    this.#outbox.pending$.subscribe((reports) => reports.forEach((report) => this.#hear(store, report)));
  }

  async #startAgain(): Promise<void> {
    if (!this.#isCrashed) return;
    this.#isCrashed = false;
    this.#start();
    await this.time.advance(1);
  }

  /** What a process says; the dead say nothing. */
  #hear(store: StepStore, report: OutboxReport): void {
    if (store.isDead) return;
    const { event, outcomes, status, accepted } = report;
    const claimed = Object.entries(outcomes).filter(([, outcome]) => outcome.status === 'accepted');
    for (const [url] of claimed) {
      if (!this.#confirmed.has(`${url} ${event.id}`)) this.lies.push(`${url} never accepted ${event.content}`);
    }
    if (accepted !== claimed.length) this.lies.push(`${accepted} are not ${claimed.length}`);
    if (status === 'delivered') {
      if (accepted < QUORUM) this.lies.push(`${event.content} is delivered to ${accepted}`);
      this.delivered.add(event.id);
    } else if (status !== 'pending') this.ends.set(event.id, status);
  }

  #publish(event: NostrEvent): void {
    const store = this.#store;
    this.#cancelled.delete(event.id);
    this.#outbox.publish(event).subscribe({
      next: (report) => {
        if (store.isDead) return;
        this.#hear(store, report);
        if (report.status !== 'pending') return;
        this.promised.set(event.id, event);
        if (!this.disk.has(event.id)) this.lies.push(`${event.content} is not on the disk`);
      },
      error: (error: unknown) => this.lies.push(String(error)),
    });
  }

  #cancel(event: NostrEvent): void {
    // Whether or not it is told of: what was asked for may be so.
    this.#cancelled.add(event.id);
    this.#outbox.cancel(event.id).catch((error: unknown) => this.lies.push(String(error)));
  }

  /** Every third one is a version of one profile, newer by its number. */
  #event(index: number): NostrEvent {
    const known = this.#events.get(index);
    if (known) return known;
    const kind = index % 3 === 2 ? 0 : 1;
    const created_at = Math.floor(Date.UTC(2026, 0, 1) / 1_000) + index;
    const event = signedEvent({ kind, content: `event ${index}`, created_at }, testKey(0));
    this.#events.set(index, event);
    return event;
  }
}
