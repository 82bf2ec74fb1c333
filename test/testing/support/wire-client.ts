import { once } from 'node:events';
import { WebSocket } from 'ws';

/** A frame from a relay, parsed; or the raw text where it is no JSON array. */
export type Frame = readonly unknown[] | string;

interface Waiter {
  readonly wants: (frame: Frame) => boolean;
  readonly resolve: (frame: Frame) => void;
}

/** A plain client over a real socket. It knows no protocol: it sends what it is told and keeps what comes. */
export class WireClient {
  /** Everything received, in order. */
  readonly frames: Frame[] = [];
  /** The close code, once the connection has ended. */
  readonly closed: Promise<number>;
  readonly socket: WebSocket;
  readonly #unread: Frame[] = [];
  readonly #waiters: Waiter[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer) => this.#receive(data.toString()));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.on('close', resolve));
  }

  static async connect(url: string): Promise<WireClient> {
    const client = new WireClient(new WebSocket(url));
    await once(client.socket, 'open');
    return client;
  }

  /** Sends a message: an array as JSON, a string as it is. */
  send(...messages: readonly (readonly unknown[] | string)[]): void {
    for (const message of messages) this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The first frame not taken yet that starts with these elements; waits for it. */
  take(...start: readonly unknown[]): Promise<readonly unknown[]> {
    return this.takeWhere((frame) => start.every((element, at) => frame[at] === element)) as Promise<
      readonly unknown[]
    >;
  }

  takeWhere(wants: (frame: Frame) => boolean): Promise<Frame> {
    const at = this.#unread.findIndex(wants);
    if (at >= 0) return Promise.resolve(this.#unread.splice(at, 1)[0] ?? '');
    return new Promise((resolve) => this.#waiters.push({ wants, resolve }));
  }

  /** Sends a REQ; resolves with the events up to EOSE, and the EOSE. */
  async request(
    id: string,
    ...filters: readonly object[]
  ): Promise<{ events: { id: string }[]; eose: readonly unknown[] }> {
    this.send(['REQ', id, ...filters]);
    const eose = await this.take('EOSE', id);
    const events: { id: string }[] = [];
    for (let at = 0; at < this.#unread.length;) {
      const frame = this.#unread[at];
      if (frame?.[0] === 'EVENT' && frame[1] === id) {
        events.push(frame[2] as { id: string });
        this.#unread.splice(at, 1);
      } else at += 1;
    }
    return { events, eose };
  }

  /** Resolves when the relay has read all that was sent, and its answers without a delay have come. */
  async settled(): Promise<void> {
    const pong = once(this.socket, 'pong');
    this.socket.ping();
    await pong;
  }

  close(): void {
    this.socket.close();
  }

  #receive(text: string): void {
    const frame = parse(text);
    this.frames.push(frame);
    const waiter = this.#waiters.findIndex(({ wants }) => wants(frame));
    if (waiter >= 0) this.#waiters.splice(waiter, 1)[0]?.resolve(frame);
    else this.#unread.push(frame);
  }
}

function parse(text: string): Frame {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? (value as readonly unknown[]) : text;
  } catch {
    return text;
  }
}
