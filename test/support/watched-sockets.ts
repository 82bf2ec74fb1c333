import type { RelayHealth } from '../../src/pool/health.ts';
import { parseClientMessage, parseRelayMessage } from '../../src/protocol/message.ts';
import { relayUrl, type RelayUrl } from '../../src/protocol/relay-url.ts';
import type { VirtualNetwork, VirtualTime, VirtualWebSocket } from '../../src/testing/index.ts';

/** What a client is held to. */
export interface SocketLimits {
  /** Sockets in all that are dialled or open. */
  readonly sockets: number;
  /** Of them to one relay. */
  readonly connections: number;
  /** Milliseconds after which a REQ without an answer is no exchange under way any more. */
  readonly silence: number;
}

/** Who knows the relays, and who is told what is broken. */
export interface SocketWatcher {
  healthOf(url: RelayUrl): RelayHealth | undefined;
  broken(what: string): void;
}

/** The id that no event has, by which the probe of a connection's liveness is known; it passes no stage of the pool. */
const NOBODY = '0'.repeat(64);

/**
 * Sees what leaves and reaches the sockets of a client at the moment when it does, before the client itself: so no bound can be broken and
 * mended between two looks.
 */
export class WatchedSockets {
  readonly WebSocket: VirtualNetwork['WebSocket'];
  /** The most sockets there were that had not closed yet, with those in their closing handshake. */
  mostWithClosing = 0;
  readonly #sockets = new Set<VirtualWebSocket>();
  /** Until when the REQs without an answer may be answered, by socket and subscription id. */
  readonly #unanswered = new Map<VirtualWebSocket, Map<string, number>>();

  constructor(
    network: VirtualNetwork,
    private readonly time: VirtualTime,
    private readonly limits: SocketLimits,
    private readonly watcher: SocketWatcher,
  ) {
    const dialled = (socket: VirtualWebSocket): void => this.#dialled(socket);
    const sent = (socket: VirtualWebSocket, frame: string): void => this.#sent(socket, frame);
    this.WebSocket = class extends network.WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols);
        dialled(this);
      }

      override send(data: string): void {
        if (this.readyState === this.OPEN) sent(this, data);
        super.send(data);
      }
    };
  }

  /** Sockets that have not closed yet, with those in their closing handshake. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Sockets to a relay that are open. */
  openTo(url: RelayUrl): number {
    return this.#to(url).filter(({ readyState }) => readyState === 1).length;
  }

  /** What holds between two pieces of work; the counts of sockets hold within one too. */
  check(): void {
    this.#checkCounts();
    for (const url of new Set([...this.#sockets].map((socket) => relayUrl(socket.url)))) {
      this.#compare(url, this.watcher.healthOf(url)?.bulkhead.running ?? 0);
    }
  }

  #checkCounts(): void {
    const { sockets, connections } = this.limits;
    const live = [...this.#sockets].filter(isLive);
    if (live.length > sockets) this.watcher.broken(`${live.length} sockets`);
    const counts = new Map<string, number>();
    for (const { url } of live) counts.set(url, (counts.get(url) ?? 0) + 1);
    for (const [url, count] of counts) if (count > connections) this.watcher.broken(`${count} sockets to ${url}`);
    this.mostWithClosing = Math.max(this.mostWithClosing, this.#sockets.size);
  }

  #dialled(socket: VirtualWebSocket): void {
    const url = relayUrl(socket.url);
    const state = this.watcher.healthOf(url)?.breaker.state;
    if (state === 'open') this.watcher.broken(`${url} was dialled while its circuit was open`);
    this.#sockets.add(socket);
    this.#unanswered.set(socket, new Map());
    socket.addEventListener('close', () => {
      this.#sockets.delete(socket);
      this.#unanswered.delete(socket);
    });
    socket.addEventListener('message', ({ data }) => this.#received(socket, String(data)));
    this.#checkCounts();
  }

  #received(socket: VirtualWebSocket, frame: string): void {
    if (!frame.startsWith('["EOSE"') && !frame.startsWith('["CLOSED"')) return;
    const message = parseRelayMessage(frame);
    if (message.type === 'EOSE' || message.type === 'CLOSED') {
      this.#unanswered.get(socket)?.delete(message.subscriptionId);
    }
  }

  #sent(socket: VirtualWebSocket, frame: string): void {
    const message = parseClientMessage(frame);
    const unanswered = this.#unanswered.get(socket);
    if (message.type === 'CLOSE') unanswered?.delete(message.subscriptionId);
    if (message.type !== 'REQ' && message.type !== 'EVENT') return;
    const url = relayUrl(socket.url);
    const health = this.watcher.healthOf(url);
    if (message.type === 'REQ') {
      if (frame.includes(NOBODY)) return;
      const patience = health?.patience(this.limits.silence) ?? this.limits.silence;
      unanswered?.set(message.subscriptionId, this.time.now() + patience);
    }
    if (!health) return this.watcher.broken(`${url} got a ${message.type}, but is not in the pool`);
    const { state } = health.breaker;
    const { running, permits } = health.bulkhead;
    if (state === 'open') this.watcher.broken(`${url} got a ${message.type} while its circuit was open`);
    if (running > permits) this.watcher.broken(`${url} got a ${message.type}: ${running} exchanges of ${permits}`);
    // One more for this instant: a REQ that is given up passes its turn on, and says CLOSE right behind the REQ whose turn it then is.
    this.#compare(url, running + 1);
  }

  /** No relay has more REQs to answer than are counted as under way. */
  #compare(url: RelayUrl, counted: number): void {
    const underWay = this.#underWay(url);
    if (underWay > counted) this.watcher.broken(`${url} has ${underWay} REQs to answer, and ${counted} are counted`);
  }

  /** REQs that a relay has not answered, and still may. */
  #underWay(url: RelayUrl): number {
    const now = this.time.now();
    return this.#to(url)
      .filter(isLive)
      .flatMap((socket) => [...(this.#unanswered.get(socket)?.values() ?? [])])
      .filter((until) => until > now).length;
  }

  #to(url: RelayUrl): readonly VirtualWebSocket[] {
    return [...this.#sockets].filter((socket) => relayUrl(socket.url) === url);
  }
}

function isLive({ readyState }: VirtualWebSocket): boolean {
  return readyState < 2;
}
