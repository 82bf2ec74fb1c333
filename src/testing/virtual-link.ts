import { Subscription, type SchedulerLike } from 'rxjs';
import type { RelayPeer } from './relay-options.ts';
import type { RelaySession } from './relay-session.ts';
import type { VirtualSocketEvents, VirtualWire } from './virtual-web-socket.ts';

/** Milliseconds that a browser or Node waits for the other side to close before it gives up. */
const closeTimeout = 30_000;

/** Which way a frame goes: up to the relay, or down from it. */
type Direction = 'up' | 'down';

/** What a link needs to know of the network and the relay that it leads to. */
export interface VirtualRoute {
  readonly scheduler: SchedulerLike;
  /** Draws how long the next frame travels, in milliseconds. */
  latency(): number;
  /** Draws how long a connection that opens now lasts, in milliseconds. */
  lifetime(): number;
  /** Whether frames that go this way vanish now. */
  isPartitioned(direction: Direction): boolean;
  /** What a handshake that arrives now meets. */
  door(): 'open' | 'refuse' | 'hang';
  connect(peer: RelayPeer): RelaySession | undefined;
  /** Called when the socket has been told that it is closed. */
  over(link: VirtualLink): void;
}

/**
 * One connection between a socket and a relay. Each direction keeps its order, as TCP does. A frame that vanishes takes its
 * direction with it: TCP never delivers what comes after a hole, so that side hears nothing more from the other, nor that it
 * has gone.
 */
export class VirtualLink implements VirtualWire {
  readonly #route: VirtualRoute;
  readonly #events: VirtualSocketEvents;
  readonly #arrivals = { up: -Infinity, down: -Infinity };
  readonly #broken = { up: false, down: false };
  /** What ends with the link: the wait for a closing handshake, and the cut at the end of its life. */
  readonly #timers = new Subscription();
  #session: RelaySession | undefined;
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
    if (this.#broken.up) this.#stuckBytes += new TextEncoder().encode(frame).length;
  }

  close(code: number, reason: string): void {
    this.#travel('up', () => {
      // A relay that has become half-open does not even notice that the other side closes.
      if (this.#session?.isFrozen) return;
      this.#session?.disconnected();
      this.#travel('down', () => this.#end(code, reason, true));
    });
    this.#timers.add(this.#route.scheduler.schedule(() => this.#end(1006, '', false), closeTimeout));
  }

  abort(): void {
    this.#route.scheduler.schedule(() => this.#end(1006, '', false));
    this.#travel('up', () => this.#session?.disconnected());
  }

  /** Makes it half-open for good: frames vanish both ways, and nobody is told. */
  break(): void {
    this.#broken.up = this.#broken.down = true;
  }

  /** The network under the socket is gone: the socket hears so at once, the relay hears nothing. */
  fail(): void {
    this.break();
    this.#route.scheduler.schedule(() => this.#end(1006, '', false));
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
    const lifetime = this.#route.lifetime();
    if (lifetime < Infinity) this.#timers.add(this.#route.scheduler.schedule(() => this.#cut(), lifetime));
  }

  /** Both sides hear that it is gone. */
  #cut(): void {
    this.#session?.disconnected();
    this.#end(1006, '', false);
  }

  #deliver(frame: string): void {
    if (!this.#isOver) this.#events.received(frame);
  }

  #end(code: number, reason: string, wasClean: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timers.unsubscribe();
    this.#route.over(this);
    this.#events.closed(code, reason, wasClean);
  }

  /** Does something at the other side, after everything that was sent there before. */
  #travel(direction: Direction, arrive: () => void): void {
    if (this.#isLost(direction)) return;
    const now = this.#route.scheduler.now();
    const arrival = Math.max(now + this.#route.latency(), this.#arrivals[direction]);
    this.#arrivals[direction] = arrival;
    this.#route.scheduler.schedule(() => {
      if (!this.#isLost(direction)) arrive();
    }, arrival - now);
  }

  #isLost(direction: Direction): boolean {
    this.#broken[direction] ||= this.#route.isPartitioned(direction);
    return this.#broken[direction];
  }
}
