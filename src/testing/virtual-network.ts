import type { SchedulerLike } from 'rxjs';
import { relayUrl } from '../protocol/relay-url.ts';
import { drawLatency, type Latency } from './latency.ts';
import { RelayCore } from './relay-core.ts';
import type { RelayOptions } from './relay-options.ts';
import { seededRandom } from './seeded-random.ts';
import { VirtualLink } from './virtual-link.ts';
import { VirtualWebSocket } from './virtual-web-socket.ts';

/**
 * Options of {@link VirtualNetwork}.
 *
 * @example
 * ```ts
 * import { VirtualNetwork, VirtualTime, type VirtualNetworkOptions } from 'rx-relay-pool/testing';
 *
 * const options: VirtualNetworkOptions = { time: new VirtualTime(), seed: 7, latency: (random) => 20 + 80 * random() };
 * const network = new VirtualNetwork(options);
 * ```
 */
export interface VirtualNetworkOptions {
  /** The clock, usually a {@link VirtualTime}. */
  readonly time: SchedulerLike;
  /** What every draw of the network and its relays comes from: the same seed replays the same run. @default 1 */
  readonly seed?: number;
  /** Milliseconds that a frame travels one way; or a function that draws them, frame by frame. @default 0 */
  readonly latency?: Latency;
}

/**
 * What the way to one relay is like; see {@link VirtualNetwork.condition}.
 *
 * @example
 * ```ts
 * import { logNormalLatency, VirtualNetwork, VirtualTime, type LinkConditions } from 'rx-relay-pool/testing';
 *
 * const far: LinkConditions = { latency: logNormalLatency(300), lifetime: (random) => 600_000 * random() };
 * new VirtualNetwork({ time: new VirtualTime() }).condition('wss://far.example', far);
 * ```
 */
export interface LinkConditions {
  /** Milliseconds that a frame travels one way, or how they are drawn. @default the network's */
  readonly latency?: Latency | undefined;
  /** Milliseconds after which a connection is cut, or how they are drawn for each. @default Infinity, which is never */
  readonly lifetime?: Latency | undefined;
}

/**
 * A relay on a {@link VirtualNetwork}: everything that {@link RelayCore} does, without sockets.
 *
 * @example
 * ```ts
 * import { VirtualNetwork, VirtualTime, type VirtualRelay } from 'rx-relay-pool/testing';
 *
 * const network = new VirtualNetwork({ time: new VirtualTime() });
 * const relay: VirtualRelay = network.relay('wss://relay.example');
 * relay.stop();
 * relay.restart({ keepData: false });
 * ```
 */
export class VirtualRelay extends RelayCore {
  #isRunning = true;

  /** Whether it can be dialled. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Cuts every connection and refuses new ones. What is stored stays. */
  stop(): void {
    this.#isRunning = false;
    this.endAll();
  }

  /** Stops, if it runs, and starts again. */
  restart({ keepData = true }: { readonly keepData?: boolean } = {}): void {
    this.stop();
    if (!keepData) this.store.clear();
    this.#isRunning = true;
  }
}

/**
 * A network on a virtual clock: relays, and the WebSocket that reaches them. Frames arrive in order, each after its
 * latency. Nothing happens unless the clock moves, and the same seed gives the same run.
 *
 * @example
 * ```ts
 * import { VirtualNetwork, VirtualTime } from 'rx-relay-pool/testing';
 *
 * const time = new VirtualTime();
 * const network = new VirtualNetwork({ time, seed: 42, latency: 50 });
 * const relay = network.relay('wss://relay.example');
 * const socket = new network.WebSocket('wss://relay.example');
 * socket.onopen = () => socket.send('["REQ","notes",{"kinds":[1]}]');
 * await time.advance(1_000);
 * // relay.received holds the REQ, 150 ms after the start
 * ```
 */
export class VirtualNetwork {
  /** The standard WebSocket of this network, to be given wherever an implementation may be chosen. */
  readonly WebSocket: {
    new (url: string | URL, protocols?: string | string[]): VirtualWebSocket;
    readonly CONNECTING: 0;
    readonly OPEN: 1;
    readonly CLOSING: 2;
    readonly CLOSED: 3;
    readonly prototype: VirtualWebSocket;
  };
  readonly #time: SchedulerLike;
  readonly #seed: number;
  readonly #random: () => number;
  readonly #latency: Latency;
  readonly #relays = new Map<string, VirtualRelay>();
  readonly #conditions = new Map<string, LinkConditions>();
  readonly #partitioned = new Map<string, 'both' | 'up' | 'down'>();
  readonly #links = new Map<VirtualLink, string>();
  #isOffline = false;

  constructor({ time, seed = 1, latency = 0 }: VirtualNetworkOptions) {
    this.#time = time;
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#latency = latency;
    const makeLink = (url: string, events: ConstructorParameters<typeof VirtualLink>[1]): VirtualLink =>
      this.#dial(url, events);
    this.WebSocket = class extends VirtualWebSocket {
      constructor(url: string | URL, _protocols?: string | string[]) {
        super(url, makeLink);
      }
    };
  }

  /**
   * Puts a relay on the network, or gives the one that is there.
   *
   * @param options apply when it is new; its clock is the network's, its seed follows from the network's
   */
  relay(url: string, options: Omit<RelayOptions, 'scheduler'> = {}): VirtualRelay {
    const key = relayUrl(url);
    const known = this.#relays.get(key);
    if (known) return known;
    const seed = this.#seed * 31 + this.#relays.size + 1;
    const relay = new VirtualRelay({ seed, ...options, scheduler: this.#time }, key);
    this.#relays.set(key, relay);
    return relay;
  }

  /** The relays, in the order in which they came. */
  get relays(): readonly VirtualRelay[] {
    return [...this.#relays.values()];
  }

  /** Says what the way to a relay is like, from the next frame and the next connection on; what is left out is as usual. */
  condition(url: string, conditions: LinkConditions): void {
    this.#conditions.set(relayUrl(url), conditions);
  }

  /**
   * Makes all frames from and to a relay vanish, without a word to either side, or ends that. A connection that has lost
   * a frame stays half-open for good; one that was idle all the time goes on.
   *
   * @param direction which frames vanish: all, those that go up to the relay, or those that come down from it
   */
  partition(url: string, isPartitioned: boolean, direction: 'both' | 'up' | 'down' = 'both'): void {
    if (isPartitioned) this.#partitioned.set(relayUrl(url), direction);
    else this.#partitioned.delete(relayUrl(url));
  }

  /**
   * Makes every connection to a relay that is open or dialled now half-open for good: frames vanish, and neither side is
   * told. Later connections are well.
   */
  halfOpen(url: string): void {
    const key = relayUrl(url);
    for (const [link, to] of this.#links) if (to === key) link.break();
  }

  /**
   * Whether the client is without a network. When that begins, its sockets close (the relays are not told), and while it
   * lasts, every attempt to connect fails at once.
   */
  get isOffline(): boolean {
    return this.#isOffline;
  }
  set isOffline(isOffline: boolean) {
    this.#isOffline = isOffline;
    if (isOffline) for (const link of this.#links.keys()) link.fail();
  }

  #dial(url: string, events: ConstructorParameters<typeof VirtualLink>[1]): VirtualLink {
    const key = relayUrl(url);
    const find = (): VirtualRelay | undefined => {
      const relay = this.#relays.get(key);
      return relay?.isRunning ? relay : undefined;
    };
    const link = new VirtualLink(
      {
        scheduler: this.#time,
        latency: () => drawLatency(this.#conditions.get(key)?.latency ?? this.#latency, this.#random),
        lifetime: () => drawLatency(this.#conditions.get(key)?.lifetime ?? Infinity, this.#random),
        isPartitioned: (direction) => [direction, 'both'].includes(this.#partitioned.get(key) ?? ''),
        door: () => {
          const faults = find()?.faults;
          return !faults || faults.refuse ? 'refuse' : faults.hang ? 'hang' : 'open';
        },
        connect: (peer) => find()?.connect(peer),
        over: (over) => this.#links.delete(over),
      },
      events,
    );
    this.#links.set(link, key);
    if (this.#isOffline) link.fail();
    return link;
  }
}
