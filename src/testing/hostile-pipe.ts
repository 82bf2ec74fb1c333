import type { Socket } from 'node:net';
import type { HostileConditions } from './hostile-conditions.ts';
import { drawLatency } from './latency.ts';

/** A piece of data, or the end of the stream, on its way. */
interface Piece {
  readonly due: number;
  readonly data: Buffer | 'end';
}

/** What waits here at most, in bytes, before the sender is made to wait. */
const MOST_WAITING = 1 << 20;

/** Two sockets and what passes between them. */
export class HostilePipe {
  readonly #up: Lane;
  readonly #down: Lane;
  /** Resolves when both sockets are closed. */
  readonly ended: Promise<void>;

  constructor(
    private readonly client: Socket,
    private readonly relay: Socket,
    conditions: HostileConditions,
    random: () => number,
  ) {
    this.#up = new Lane(client, relay, conditions, random);
    this.#down = new Lane(relay, client, conditions, random);
    const sockets = [client, relay];
    this.ended = Promise.all(
      sockets.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))),
    ).then(() => undefined);
    for (const socket of sockets) {
      socket.setNoDelay(true);
      // One that is broken takes the other with it.
      socket.on('error', () => this.cut('reset'));
      socket.on('close', () => this.#closed());
    }
  }

  cut(how: 'reset' | 'end'): void {
    this.#up.stop();
    this.#down.stop();
    for (const socket of [this.client, this.relay]) {
      // Of one that is not connected yet there is nothing to reset.
      if (how === 'end') socket.end(() => socket.destroy());
      else if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    }
  }

  freeze(): void {
    this.#up.stop();
    this.#down.stop();
  }

  inject(noise: Buffer, to: 'client' | 'relay'): void {
    (to === 'client' ? this.#down : this.#up).push(noise);
  }

  /** One end is closed, and with it the other; but at the other end of a half-open connection nothing is noticed. */
  #closed(): void {
    if (this.#up.isStopped) return;
    this.freeze();
    this.client.destroy();
    this.relay.destroy();
  }
}

/** One direction. */
class Lane {
  isStopped = false;
  readonly #waiting: Piece[] = [];
  #bytes = 0;
  /** When the last piece leaves: no later one overtakes it. */
  #lastDue = 0;
  /** When what was sent last has passed, at the speed there is. */
  #freeAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly conditions: HostileConditions,
    private readonly random: () => number,
  ) {
    from.on('data', (data) => {
      // A half-open link reads on, so that its sockets notice when an end goes away.
      if (!this.isStopped) this.push(data);
    });
    from.on('end', () => {
      if (this.isStopped) from.destroy();
      else this.#queue('end');
    });
  }

  push(data: Buffer): void {
    for (let at = 0; at < data.length;) {
      const { slice } = this.conditions;
      const size = slice < Infinity ? 1 + Math.floor(this.random() * slice) : data.length;
      this.#queue(data.subarray(at, at + size));
      at += size;
    }
    if (this.#bytes > MOST_WAITING) this.from.pause();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.length = 0;
    this.#bytes = 0;
    this.from.resume();
  }

  #queue(data: Buffer | 'end'): void {
    if (this.isStopped) return;
    const { delay, bytesPerSecond } = this.conditions;
    const now = performance.now();
    const size = data === 'end' ? 0 : data.length;
    this.#freeAt = Math.max(this.#freeAt, now) + (1_000 * size) / bytesPerSecond;
    this.#lastDue = Math.max(this.#lastDue, this.#freeAt + drawLatency(delay, this.random));
    this.#waiting.push({ due: this.#lastDue, data });
    this.#bytes += size;
    if (this.#timer === undefined) this.#pass();
  }

  #pass(): void {
    this.#timer = undefined;
    for (let piece = this.#waiting[0]; piece; piece = this.#waiting[0]) {
      const wait = piece.due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#pass(), wait);
        return;
      }
      this.#waiting.shift();
      if (piece.data === 'end') this.to.end();
      else if (this.to.writable) {
        this.#bytes -= piece.data.length;
        this.to.write(piece.data);
      }
    }
    if (this.#bytes <= MOST_WAITING && this.from.isPaused()) this.from.resume();
  }
}
