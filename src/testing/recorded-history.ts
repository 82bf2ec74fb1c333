import { Observable, Subscription, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs';
import type { PublishReport } from '../pool/publish-report.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { normalizeFilters, type Filter } from '../protocol/filter.ts';
import { parseClientMessage, parseRelayMessage } from '../protocol/message.ts';
import type { Packet } from '../protocol/packet.ts';
import { relayUrl, type RelayUrl } from '../protocol/relay-url.ts';
import type { WebSocketConstructor } from '../sources/web-socket.ts';
import type { HistoryEntry, Untimed } from './history-entry.ts';
import type { RelayCore } from './relay-core.ts';

/**
 * What a {@link RecordedHistory} is told about a subscriber.
 *
 * @example
 * ```ts
 * import type { RecordedAsking } from 'rx-relay-pool/testing';
 *
 * const options: RecordedAsking = { relays: ['wss://relay.example'], within: 10_000 };
 * ```
 */
export interface RecordedAsking {
  /** Which relays its route leads to. @default all that are in the pool */
  readonly relays?: readonly string[] | undefined;
  /** Milliseconds in which it has to end. @default Infinity */
  readonly within?: number | undefined;
  /**
   * Whether it may take part in a request that others began before: then an EOSE speaks of the time when they asked, and what was stored since is owed
   * at rest.
   *
   * @default false
   */
  readonly joins?: boolean | undefined;
}

/**
 * Writes down what relays, sockets, subscribers and publishes do, each thing with its time, for {@link checkHistory} to judge.
 * It changes nothing: it listens to relays, taps streams, and stands between a pool and its WebSocket.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 * import { checkHistory, RecordedHistory, VirtualNetwork, VirtualTime } from 'rx-relay-pool/testing';
 *
 * const time = new VirtualTime();
 * const network = new VirtualNetwork({ time, latency: 50 });
 * const history = new RecordedHistory(time);
 * const relay = network.relay('wss://relay.example');
 * history.watch(relay);
 * const pool = new RelayPool({ scheduler: time, WebSocket: history.recording(network.WebSocket) });
 * history.joined(pool.add(relay.url));
 * const filter = { kinds: [1] };
 * pool.packets(filter).pipe(history.packets('timeline', filter)).subscribe();
 * await time.advance(60_000);
 * history.rest();
 * const violations = checkHistory(history); // []
 * ```
 */
export class RecordedHistory {
  readonly #scheduler: SchedulerLike;
  readonly #entries: HistoryEntry[] = [];
  readonly #asking = new Map<string, RecordedAsking>();
  #sockets = 0;

  /** @param scheduler whose clock the times are of */
  constructor(scheduler: SchedulerLike) {
    this.#scheduler = scheduler;
  }

  /** What happened, in its order. It is not a copy. */
  get entries(): readonly HistoryEntry[] {
    return this.#entries;
  }

  /** Writes down what a relay holds now, what it stores and loses, and what its faults withhold, until unsubscribed. */
  watch(relay: Pick<RelayCore, 'url' | 'store' | 'withheld$'>): Subscription {
    const url = relayUrl(relay.url);
    for (const event of relay.store) this.#add({ type: 'stored', relay: url, event });
    const watch = new Subscription();
    watch.add(relay.store.changes$.subscribe(({ type, event }) => this.#add({ type, relay: url, event })));
    watch.add(relay.withheld$.subscribe((event) => this.#add({ type: 'withheld', relay: url, event })));
    return watch;
  }

  /** The relay is in the pool from here on; to be called before the pool is told. */
  joined(url: string): void {
    this.#add({ type: 'joined', relay: relayUrl(url) });
  }

  /** The relay is in the pool no more; to be called before the pool is told. */
  left(url: string): void {
    this.#add({ type: 'left', relay: relayUrl(url) });
  }

  /** The same WebSocket, whose sockets write down what they do: the option `WebSocket` of a pool. */
  recording(WebSocket: WebSocketConstructor): WebSocketConstructor {
    const add = (entry: Untimed): void => this.#add(entry);
    const next = (): number => ++this.#sockets;
    return class extends WebSocket {
      readonly #socket = next();
      readonly #relay: RelayUrl;

      constructor(url: string) {
        super(url);
        const [relay, socket] = [relayUrl(url), this.#socket];
        this.#relay = relay;
        add({ type: 'dialled', relay, socket });
        this.addEventListener('open', () => add({ type: 'opened', relay, socket }));
        this.addEventListener('message', ({ data }) => {
          const message = parseRelayMessage(typeof data === 'string' ? data : '');
          add({ type: 'received', relay, socket, message });
        });
        this.addEventListener('close', () => add({ type: 'closed', relay, socket }));
      }

      override send(frame: string): void {
        if (this.readyState === 1) {
          add({ type: 'sent', relay: this.#relay, socket: this.#socket, message: parseClientMessage(frame) });
        }
        super.send(frame);
      }

      override close(code?: number, reason?: string): void {
        if (this.readyState < 2) add({ type: 'closing', relay: this.#relay, socket: this.#socket });
        super.close(code, reason);
      }
    };
  }

  /** Writes down a subscriber: who asks for what, each packet, and the end. The name is used once. */
  packets(
    name: string,
    filter: Filter | readonly Filter[],
    options: RecordedAsking = {},
  ): MonoTypeOperatorFunction<Packet> {
    return this.#taps(
      name,
      () => this.asks(name, filter, options),
      (packet) => ({ type: 'packet', name, packet }),
    );
  }

  /** As {@link RecordedHistory.packets}, of a stream of events alone. What it may have missed is not known then. */
  events(
    name: string,
    filter: Filter | readonly Filter[],
    options: RecordedAsking = {},
  ): MonoTypeOperatorFunction<NostrEvent> {
    return this.#taps(
      name,
      () => this.asks(name, filter, options),
      (event) => ({ type: 'event', name, event }),
    );
  }

  /** A subscriber wants something else from here on; to be called before its pool is told. */
  asks(name: string, filter: Filter | readonly Filter[], options: RecordedAsking = {}): void {
    const { relays, within = Infinity, joins = false } = { ...this.#asking.get(name), ...options };
    this.#asking.set(name, { relays, within, joins });
    const only = relays && new Set(relays.map((url) => relayUrl(url)));
    this.#add({ type: 'asked', name, filters: normalizeFilters(filter), relays: only, within, joins });
  }

  /**
   * Writes down a publish: what it sends, each report, and the end. The name is used once.
   *
   * @param within milliseconds in which it has to end: its deadline
   */
  reports(name: string, event: NostrEvent, within = 10_000): MonoTypeOperatorFunction<PublishReport> {
    return this.#taps(
      name,
      () => this.#add({ type: 'publishing', name, event, within }),
      (report) => ({ type: 'report', name, report }),
    );
  }

  /** How much there is of something that is bounded, and how much there may be at most. */
  gauge(name: string, value: number, most: number): void {
    this.#add({ type: 'gauge', name, value, most });
  }

  /**
   * All relays have been well for so long that everything that they hold is owed by now: delivered, or named by a gap. With
   * the pool's defaults, two minutes do.
   */
  rest(): void {
    this.#add({ type: 'rest' });
  }

  /**
   * The pool is closed, and the sockets have had the time to close.
   *
   * @param timers how many are still pending, as `time.actions.length` of a {@link VirtualTime} tells
   */
  over(timers = 0): void {
    this.#add({ type: 'over', timers });
  }

  #add(entry: Untimed): void {
    this.#entries.push({ at: this.#scheduler.now(), ...entry });
  }

  #taps<T>(name: string, begin: () => void, entry: (value: T) => Untimed): MonoTypeOperatorFunction<T> {
    return (source) =>
      new Observable((subscriber) => {
        let hasEnded = false;
        const ended = (how: 'completed' | 'errored' | 'unsubscribed', error?: unknown): void => {
          if (hasEnded) return;
          hasEnded = true;
          this.#add({ type: 'ended', name, how, ...(error === undefined ? {} : { error }) });
        };
        begin();
        // Before the source is let go, which may send what belongs to the end.
        subscriber.add(() => ended('unsubscribed'));
        subscriber.add(
          source.subscribe({
            next: (value) => {
              this.#add(entry(value));
              subscriber.next(value);
            },
            error: (error: unknown) => {
              ended('errored', error);
              subscriber.error(error);
            },
            complete: () => {
              ended('completed');
              subscriber.complete();
            },
          }),
        );
      });
  }
}
