import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { NEWEST } from './events.ts';
import { chunksOf } from './frames.ts';
import type { RelayPlan } from './messages.ts';
import { Client } from './relay-client.ts';

const INFORMATION = JSON.stringify({
  name: 'bench',
  description: 'A relay of the benchmark.',
  supported_nips: [1, 11],
});

/** A relay that answers with prepared events, the newest first; of a filter it reads `limit`, `since`, `until`, and `#t` for the live events that it keeps. */
export class BenchRelay {
  readonly clients = new Set<Client>();
  /** By topic, live events that are stored. */
  readonly #kept = new Map<string, Kept[]>();
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });

  constructor(
    private readonly plan: RelayPlan,
    private readonly events: readonly Buffer[],
  ) {
    this.#http = createServer((request, response) => void this.#inform(request, response));
    this.#http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.#pause().then(() => this.#accept(request, socket, head));
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((done) => this.#http.listen(0, '127.0.0.1', 1_024, done));
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** Stores a live event of a topic, once. */
  keep(topic: string, event: Buffer): void {
    const kept = this.#kept.get(topic) ?? [];
    if (kept.at(-1)?.event === event) return;
    kept.push({ at: Math.floor(Date.now() / 1_000), event });
    this.#kept.set(topic, kept);
  }

  close(): void {
    for (const client of this.clients) client.end();
    this.#http.close();
    this.#http.closeAllConnections();
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const client = new Client(webSocket, socket);
      this.clients.add(client);
      webSocket.on('close', () => this.clients.delete(client));
      webSocket.on('error', () => undefined);
      webSocket.on('message', (data) => void this.#hear(client, JSON.parse((data as Buffer).toString()) as unknown[]));
    });
  }

  async #hear(client: Client, [verb, first, ...rest]: readonly unknown[]): Promise<void> {
    await this.#pause();
    if (verb === 'EVENT') client.say('OK', (first as { readonly id: string }).id, true, '');
    else if (verb === 'CLOSE') client.forget(String(first));
    else if (verb === 'REQ') await this.#answer(client, String(first), rest as readonly Asked[]);
  }

  async #answer(client: Client, id: string, filters: readonly Asked[]): Promise<void> {
    const { from = 0, stored: size = 0, says = 'eose', between = 0 } = this.plan;
    if (says === 'refuses') return client.say('CLOSED', id, 'restricted: not for you');
    client.remember(
      id,
      filters.flatMap((filter) => filter['#t'] ?? []),
    );
    // The prepared events are a second apart.
    const start = Math.max(from, ...filters.map(({ until = NEWEST }) => NEWEST - until));
    const end = Math.min(from + size, ...filters.map(({ since = -Infinity }) => NEWEST - since + 1));
    const count = Math.max(0, Math.min(end - start, ...filters.map(({ limit = size }) => limit)));
    const head = Buffer.from(`["EVENT",${JSON.stringify(id)},`);
    const stored = this.events.slice(start, start + count).concat(filters.flatMap((filter) => this.#keptFor(filter)));
    const texts = stored.map((event) => [head, event, END]);
    if (between > 0) {
      for (const text of texts) {
        await client.write(chunksOf([text]));
        await sleep(between);
      }
    } else await client.write(chunksOf(texts));
    if (says === 'eose') client.say('EOSE', id);
  }

  #keptFor({ '#t': topics = [], since = 0 }: Asked): readonly Buffer[] {
    return topics.flatMap((topic) =>
      (this.#kept.get(topic) ?? []).flatMap(({ at, event }) => (at >= since ? [event] : [])),
    );
  }

  async #inform(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#pause();
    const headers = { 'content-type': 'application/nostr+json', 'access-control-allow-origin': '*' };
    response.writeHead(200, headers).end(INFORMATION);
  }

  async #pause(): Promise<void> {
    if (this.plan.delay) await sleep(this.plan.delay);
  }
}

/** What is read of a filter. */
interface Asked {
  readonly limit?: number;
  readonly since?: number;
  readonly until?: number;
  readonly '#t'?: readonly string[];
}

interface Kept {
  /** Seconds since 1970. */
  readonly at: number;
  readonly event: Buffer;
}

/** What closes a message that an event is the last part of. */
export const END = Buffer.from(']');
