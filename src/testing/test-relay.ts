import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { RelayCore } from './relay-core.ts';
import type { RelayOptions } from './relay-options.ts';

/**
 * Options of {@link TestRelay.start}.
 *
 * @example
 * ```ts
 * import { TestRelay, type TestRelayOptions } from 'rx-relay-pool/testing';
 *
 * const options: TestRelayOptions = { port: 7777, limits: { max_limit: 500 } };
 * const relay = await TestRelay.start(options);
 * ```
 */
export interface TestRelayOptions extends RelayOptions {
  /** @default 0, which takes any free port */
  readonly port?: number;
}

const host = '127.0.0.1';
const cors = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Allow-Methods': 'GET, OPTIONS',
};

/**
 * A relay in this process, on a real WebSocket port of the loopback interface: everything that {@link RelayCore} does,
 * over `ws://`, and its information document (NIP-11) over `http://`. Node only.
 *
 * After {@link TestRelay.stop} no handle is left that keeps the process alive.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 * import { signedEvent, TestRelay, testKey } from 'rx-relay-pool/testing';
 *
 * const relay = await TestRelay.start();
 * relay.seed(signedEvent({ content: 'hello' }, testKey(0)));
 * const pool = new RelayPool({ relays: [relay.url] });
 * pool.subscribe({ kinds: [1] }).subscribe((event) => console.log(event.content));
 * relay.drop();
 * pool.close();
 * await relay.stop();
 * ```
 */
export class TestRelay extends RelayCore implements AsyncDisposable {
  /** The port it listens on, the same after a restart. */
  readonly port: number;
  #server: Server | undefined;
  readonly #webSockets = new WebSocketServer({ noServer: true, autoPong: false });
  /** Connections whose handshake is not answered; nobody else would end them. */
  readonly #hanging = new Set<Duplex>();

  private constructor(server: Server, port: number, options: TestRelayOptions) {
    super(options, `ws://${host}:${port}/`);
    this.port = port;
    this.#serve(server);
  }

  /**
   * Starts a relay.
   *
   * @throws rejects with the system's error when the port is taken
   */
  static async start(options: TestRelayOptions = {}): Promise<TestRelay> {
    const { server, port } = await listen(options.port ?? 0);
    return new TestRelay(server, port, options);
  }

  /** Cuts every connection and closes the port. Resolves when no handle is left. What is stored stays. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.endAll();
    // Those too that were sent a close frame and never answered it.
    for (const socket of this.#webSockets.clients) socket.terminate();
    for (const socket of this.#hanging) socket.destroy();
    server.closeAllConnections();
    await closed;
  }

  /**
   * Stops, if it runs, and starts again on the same port.
   *
   * @throws rejects with the system's error when another has taken the port
   */
  async restart({ keepData = true }: { readonly keepData?: boolean } = {}): Promise<void> {
    await this.stop();
    if (!keepData) this.store.clear();
    const { server } = await listen(this.port);
    this.#serve(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #serve(server: Server): void {
    this.#server = server;
    server.on('request', (request, response) => this.#answerHttp(request, response));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A client that goes away in the middle is no error of the relay.
    socket.on('error', () => socket.destroy());
    if (this.faults.hang) {
      this.#hanging.add(socket);
      socket.once('close', () => this.#hanging.delete(socket));
    } else if (this.faults.refuse) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () =>
        socket.destroy(),
      );
    } else {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#accept(webSocket));
    }
  }

  #accept(webSocket: WebSocket): void {
    const session = this.connect({
      send: (frame) => webSocket.send(frame),
      close: (code, reason) => (code === 1006 ? webSocket.terminate() : webSocket.close(code, reason)),
      freeze: () => webSocket.pause(),
    });
    webSocket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) session.receive(data.toString());
    });
    webSocket.on('ping', (data: Buffer) => {
      if (!session.isFrozen) webSocket.pong(data);
    });
    // 'close' follows.
    webSocket.on('error', () => undefined);
    webSocket.on('close', () => session.disconnected());
  }

  #answerHttp(request: IncomingMessage, response: ServerResponse): void {
    const { informationDelay, informationHang, informationHtml } = this.faults;
    if (informationHang) return;
    const [status, type, body] =
      request.method === 'OPTIONS'
        ? [204, 'text/plain', '']
        : informationHtml !== undefined
          ? [200, 'text/html', informationHtml]
          : request.headers.accept?.includes('application/nostr+json')
            ? [200, 'application/nostr+json', JSON.stringify(this.information)]
            : [200, 'text/plain', 'This is a Nostr relay for tests: connect to it by WebSocket.'];
    const answer = (): void => {
      response.writeHead(status, { ...cors, 'Content-Type': type }).end(body);
    };
    if (informationDelay <= 0) return answer();
    const timer = this.scheduler.schedule(answer, informationDelay);
    response.on('close', () => timer.unsubscribe());
  }
}

/** A server that listens. */
function listen(wanted: number): Promise<{ readonly server: Server; readonly port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(wanted, host, () => {
      server.off('error', reject);
      resolve({ server, port: (server.address() as AddressInfo).port });
    });
  });
}
