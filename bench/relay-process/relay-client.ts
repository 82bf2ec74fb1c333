import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

/** The other end of one socket of a relay. */
export class Client {
  /** By topic what has to be sent before an event of it, once for each subscription; '' is every topic. */
  readonly #heads = new Map<string, Map<string, Buffer>>();

  #draining: Promise<void> | undefined;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly socket: Duplex,
  ) {}

  say(...message: readonly unknown[]): void {
    this.webSocket.send(JSON.stringify(message));
  }

  end(): void {
    this.webSocket.terminate();
  }

  remember(id: string, topics: readonly string[]): void {
    this.forget(id);
    for (const topic of topics.length > 0 ? topics : ['']) {
      const heads = this.#heads.get(topic) ?? new Map<string, Buffer>();
      this.#heads.set(topic, heads.set(id, Buffer.from(`["EVENT",${JSON.stringify(id)},`)));
    }
  }

  forget(id: string): void {
    for (const heads of this.#heads.values()) heads.delete(id);
  }

  /** What goes before an event of this topic, for each subscription that wants it. */
  *headsOf(topic: string): Generator<Buffer> {
    for (const name of [topic, '']) yield* this.#heads.get(name)?.values() ?? [];
  }

  /** One wait for all who write. */
  #drained(): Promise<void> {
    this.#draining ??= new Promise((resolve) => {
      const done = (): void => {
        this.socket.off('drain', done).off('close', done);
        this.#draining = undefined;
        resolve();
      };
      this.socket.on('drain', done).on('close', done);
    });
    return this.#draining;
  }

  /** Writes frames as fast as the other side takes them; gives up when the socket is gone. */
  async write(chunks: Iterable<Buffer>): Promise<void> {
    for (const chunk of chunks) {
      if (this.socket.destroyed) return;
      if (!this.socket.write(chunk)) await this.#drained();
    }
  }
}
