import { Subscription, type SchedulerLike } from 'rxjs';
import type { RelayPeer } from './relay-options.ts';
import type { RelaySession } from './relay-session.ts';
import type { VirtualSocketEvents, VirtualWire } from './virtual-web-socket.ts';

/** Milliseconds that a browser or Node waits for the other side to close before it gives up. */
const closeTimeout = 30_000;

/** What a link needs to know of the network and the relay that it leads to. */
export interface VirtualRoute {
  readonly scheduler: SchedulerLike;
  /** Draws how long the next frame travels, in milliseconds. */
  latency(): number;
  /** Whether frames vanish now. */
  isPartitioned(): boolean;
  /** What a handshake that arrives now meets. */
  door(): 'open' | 'refuse' | 'hang';
  connect(peer: RelayPeer): RelaySession | undefined;
}

/**
 * One connection between a socket and a relay. Each direction keeps its order, as TCP does. A frame that vanishes in a
 * partition takes the connection with it: TCP never delivers what comes after a hole, so neither side hears anything more
 * from the other, nor that it has gone.
 */
export class VirtualLink implements VirtualWire {
  readonly #route: VirtualRoute;
  readonly #events: VirtualSocketEvents;
  readonly #arrivals = { up: -Infinity, down: -Infinity };
  #session: RelaySession | undefined;
  #closing = Subscription.EMPTY;
  #isBroken = false;
  /** Whether the socket has been told that it is closed. */
  #isOver = false;
  #stuckBytes = 0;

  constructor(route: VirtualRoute, events: VirtualSocketEvents) {
    this.#route = route;
    this.#events = events;
    this.#travel('up', () => this.#knock());
  }

  get stuckBytes(): number {
    return this.#stuckBytes;
  }

  send(frame: string): void {
    this.#travel('up', () => this.#session?.receive(frame));
    if (this.#isBroken) this.#stuckBytes += new TextEncoder().encode(frame).length;
  }

  close(code: number, reason: string): void {
    this.#travel('up', () => {
      // A relay that has become half-open does not even notice that the other side closes.
      if (this.#session?.isFrozen) return;
      this.#session?.disconnected();
      this.#travel('down', () => this.#end(code, reason, true));
    });
    this.#closing = this.#route.scheduler.schedule(() => this.#end(1006, '', false), closeTimeout);
  }

  abort(): void {
    this.#route.scheduler.schedule(() => this.#end(1006, '', false));
    this.#travel('up', () => this.#session?.disconnected());
  }

  /** The handshake has arrived at the relay. */
  #knock(): void {
    if (this.#isOver) return;
    const door = this.#route.door();
    if (door === 'hang') return;
    if (door === 'refuse') return this.#travel('down', () => this.#end(1006, '', false));
    this.#travel('down', () => !this.#isOver && this.#events.opened());
    this.#session = this.#route.connect({
      send: (frame) => this.#travel('down', () => this.#deliver(frame)),
      close: (code, reason) => this.#travel('down', () => this.#end(code, reason, code !== 1006)),
    });
  }

  #deliver(frame: string): void {
    if (!this.#isOver) this.#events.received(frame);
  }

  #end(code: number, reason: string, wasClean: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#closing.unsubscribe();
    this.#events.closed(code, reason, wasClean);
  }

  /** Does something at the other side, after everything that was sent there before. */
  #travel(direction: 'up' | 'down', arrive: () => void): void {
    if (this.#isLost()) return;
    const now = this.#route.scheduler.now();
    const arrival = Math.max(now + this.#route.latency(), this.#arrivals[direction]);
    this.#arrivals[direction] = arrival;
    this.#route.scheduler.schedule(() => {
      if (!this.#isLost()) arrive();
    }, arrival - now);
  }

  #isLost(): boolean {
    this.#isBroken ||= this.#route.isPartitioned();
    return this.#isBroken;
  }
}
