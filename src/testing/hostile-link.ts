import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import type { HostileConditions } from './hostile-conditions.ts';
import { HostilePipe } from './hostile-pipe.ts';
import { seededRandom } from './seeded-random.ts';

/**
 * Options of {@link HostileLink.to}.
 *
 * @example
 * ```ts
 * import { HostileLink, type HostileLinkOptions } from 'rx-relay-pool/testing';
 *
 * const options: HostileLinkOptions = { seed: 7, conditions: { slice: 3 } };
 * const link = await HostileLink.to('ws://127.0.0.1:7777', options);
 * ```
 */
export interface HostileLinkOptions {
  /** What sizes, delays and garbage are drawn from. @default 1 */
  readonly seed?: number;
  /** What is wrong from the start. @default nothing */
  readonly conditions?: Partial<HostileConditions>;
  /** The port of the loopback interface. @default 0, which takes any free one */
  readonly port?: number;
}

const host = '127.0.0.1';

/**
 * A bad network between a real client and a real relay: a TCP proxy on a port of the loopback interface that delays, slices,
 * throttles, cuts, garbles and goes silent, while it runs and as you say. It knows nothing of WebSockets, so everything above
 * TCP is the real thing. Node only, and for `ws://` relays only.
 *
 * After {@link HostileLink.stop} no handle is left that keeps the process alive.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 * import { HostileLink, TestRelay } from 'rx-relay-pool/testing';
 *
 * const relay = await TestRelay.start();
 * const link = await HostileLink.to(relay.url);
 * const pool = new RelayPool({ relays: [link.url] });
 * link.conditions.slice = 1; // byte by byte
 * link.cut(); // and the pool dials again
 * pool.close();
 * await link.stop();
 * await relay.stop();
 * ```
 */
export class HostileLink implements AsyncDisposable {
  /** What a client dials instead of the relay. */
  readonly url: string;
  /** What is wrong now; set a field at any time. */
  readonly conditions: HostileConditions;
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #random: () => number;
  readonly #pipes = new Set<HostilePipe>();
  /** Accepted and left alone: nobody else would end them. */
  readonly #hanging = new Set<Socket>();
  #isStopped = false;

  private constructor(server: Server, target: URL, { seed = 1, conditions = {} }: HostileLinkOptions) {
    const { port } = server.address() as AddressInfo;
    this.url = `ws://${host}:${port}${target.pathname}${target.search}`;
    this.conditions = {
      delay: 0,
      slice: Infinity,
      bytesPerSecond: Infinity,
      refuses: false,
      hangs: false,
      ...conditions,
    };
    this.#server = server;
    this.#target = { host: target.hostname, port: Number(target.port || 80) };
    this.#random = seededRandom(seed);
    server.on('connection', (client) => this.#accept(client));
  }

  /**
   * Puts a link in front of a relay.
   *
   * @throws RangeError for a URL that is not one of `ws://`; rejects with the system's error when the port is taken
   */
  static async to(url: string, options: HostileLinkOptions = {}): Promise<HostileLink> {
    const target = new URL(url);
    if (target.protocol !== 'ws:') throw new RangeError(`HostileLink needs a URL of ws://; got ${url}`);
    // Half-closed sockets are passed on as they are.
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return new HostileLink(server, target, options);
  }

  /** Connections that pass through it now, those that hang included. */
  get connectionCount(): number {
    return this.#pipes.size + this.#hanging.size;
  }

  /** Ends every connection at both ends: by a reset, or politely by the end of the stream. */
  cut(how: 'reset' | 'end' = 'reset'): void {
    for (const pipe of this.#pipes) pipe.cut(how);
    for (const socket of this.#hanging) socket.resetAndDestroy();
  }

  /** Passes nothing on any more on the connections that there are, and leaves them open; later ones are well. */
  halfOpen(): void {
    for (const pipe of this.#pipes) pipe.freeze();
  }

  /** Puts random bytes into what goes to the client, or to the relay, on every connection. */
  garbage(bytes: number, to: 'client' | 'relay' = 'client'): void {
    const noise = Buffer.from(Array.from({ length: bytes }, () => Math.floor(this.#random() * 256)));
    for (const pipe of this.#pipes) pipe.inject(noise, to);
  }

  /** Cuts every connection and closes the port. Resolves when no handle is left. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const ended = [...this.#pipes].map((pipe) => pipe.ended);
    this.cut();
    await Promise.all([closed, ...ended]);
    this.#hanging.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #accept(client: Socket): void {
    client.on('error', () => client.destroy());
    if (this.conditions.refuses || this.#isStopped) {
      client.resetAndDestroy();
      return;
    }
    if (this.conditions.hangs) {
      this.#hanging.add(client);
      client.once('close', () => this.#hanging.delete(client));
      // Unread data keeps a socket from noticing that the other side has gone.
      client.resume();
      client.once('end', () => client.destroy());
      return;
    }
    const relay = connect({ ...this.#target, allowHalfOpen: true });
    const pipe = new HostilePipe(client, relay, this.conditions, this.#random);
    this.#pipes.add(pipe);
    void pipe.ended.then(() => this.#pipes.delete(pipe));
  }
}
