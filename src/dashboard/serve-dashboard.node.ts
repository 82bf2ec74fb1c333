import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { pageFiles, SECURITY_HEADERS } from './page-files.ts';
import { PageStreams } from './page-streams.ts';
import type { DashboardSource } from './source.ts';

/**
 * What {@link serveDashboard} can be told.
 *
 * @example
 * ```ts
 * import type { ServeDashboardOptions } from 'rx-relay-pool/dashboard-server';
 *
 * const options: ServeDashboardOptions = { port: 8080, maxPages: 3 };
 * ```
 */
export interface ServeDashboardOptions {
  /** 0 takes any free port. @default 0 */
  readonly port?: number | undefined;
  /** The address that it listens on. There is no login: whoever can connect can watch. @default '127.0.0.1', this machine alone */
  readonly host?: string | undefined;
  /** Names by which it may be called besides `localhost`, loopback addresses and `host`. @default none */
  readonly names?: readonly string[] | undefined;
  /** Pages that may watch at a time; more are turned away. @default 20 */
  readonly maxPages?: number | undefined;
  /** The text of the page's script, where it is not to be the one that this package brings. */
  readonly script?: string | undefined;
}

/**
 * A dashboard that is being served.
 *
 * @example
 * ```ts
 * import { type ServedDashboard, serveDashboard } from 'rx-relay-pool/dashboard-server';
 * import { RelayPool } from 'rx-relay-pool';
 *
 * const served: ServedDashboard = await serveDashboard(new RelayPool());
 * console.log(served.url);
 * await served.close();
 * ```
 */
export interface ServedDashboard extends AsyncDisposable {
  /** The address of the page, as `http://127.0.0.1:54321/`. */
  readonly url: string;
  /** Ends every connection and closes the port; the pool is left as it is. Resolves when no handle is left. */
  close(): Promise<void>;
}

const LOOPBACK: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];
/** Requests that a page of another site has made, as browsers say. */
const FOREIGN: readonly unknown[] = ['cross-site', 'same-site'];

/**
 * Serves a dashboard of a pool to browsers, by default on this machine alone: a page, a stream of states by server-sent events, and explanations of
 * requests. Nothing can be changed by it. Node only.
 *
 * Requests by another name than those of `names` are refused (DNS rebinding), as are requests for states that pages of other sites make. The
 * page loads nothing from elsewhere, and a policy (CSP) forbids it.
 *
 * Neither the server nor a page that is connected keeps the process alive. While a page watches, the pool measures once a second, which does, as every
 * subscriber of `metrics$`: close the pool, or the server, to end.
 *
 * @throws rejects with the system's error where it cannot listen, as with code `EADDRINUSE`
 * @throws RangeError (rejects) when `maxPages` is not a whole number above 0
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 * import { serveDashboard } from 'rx-relay-pool/dashboard-server';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const dashboard = await serveDashboard(pool);
 * console.log(`Watch it at ${dashboard.url}`);
 * await dashboard.close();
 * pool.close();
 * ```
 */
export async function serveDashboard(
  source: DashboardSource,
  { port = 0, host = '127.0.0.1', names = [], maxPages = 20, script }: ServeDashboardOptions = {},
): Promise<ServedDashboard> {
  if (!(Number.isSafeInteger(maxPages) && maxPages > 0)) {
    throw new RangeError(`serveDashboard: 'maxPages' must be a whole number above 0; got ${maxPages}.`);
  }
  const files = pageFiles(script ?? (await builtScript()));
  const streams = new PageStreams(source);
  const address = isIPv6(host) ? `[${host}]` : host;
  const allowed = new Set([...LOOPBACK, address, ...names].map((name) => name.toLowerCase()));

  const server = createServer((request, response) => {
    const answer = (status: number, type: string, content: string): void => {
      response.writeHead(status, { ...SECURITY_HEADERS, 'content-type': type }).end(content);
    };
    const refuse = (status: number, why: string): void => answer(status, 'text/plain; charset=utf-8', `${why}\n`);
    if (!allowed.has(nameIn(request))) return refuse(403, 'This server is not called by that name.');
    if (request.method !== 'GET') return refuse(405, 'There is nothing to change here.');
    // Not by URL, which throws at what a client may send.
    const [path = '', query] = (request.url ?? '').split('?');
    const file = files.get(path);
    if (file) return answer(200, ...file);
    if (FOREIGN.includes(request.headers['sec-fetch-site'])) return refuse(403, 'This is for pages of this server.');
    if (path === '/events') {
      if (streams.isOver) return refuse(503, 'The pool is closed.');
      if (streams.size >= maxPages) return refuse(503, `${maxPages} pages watch already.`);
      return stream(streams, response);
    }
    if (path === '/explain') {
      void explained(source, new URLSearchParams(query).get('call') ?? '').then(([status, text]) =>
        answer(status, 'application/json', text),
      );
      return;
    }
    refuse(404, 'There is nothing here.');
  });
  // Whoever watches is no reason for the process to go on.
  server.on('connection', (socket) => socket.unref());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.unref();

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise<void>((resolve) => {
      server.close(() => resolve());
      streams.end();
      server.closeAllConnections();
    });
    return closed;
  };
  return {
    url: `http://${address}:${(server.address() as AddressInfo).port}/`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function stream(streams: PageStreams, response: ServerResponse): void {
  response.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
  response.write('retry: 1000\n\n');
  response.on('close', () => streams.remove(response));
  streams.add(response);
  // The pool was closed before anybody watched.
  if (streams.isOver) response.end();
}

async function explained(source: DashboardSource, call: string): Promise<readonly [status: number, text: string]> {
  try {
    const explanation = await source.explain(call);
    return explanation ? [200, JSON.stringify(explanation)] : [404, 'null'];
  } catch (error) {
    return [500, JSON.stringify({ error: String(error) })];
  }
}

/** The host that the client means, without its port. */
function nameIn({ headers: { host = '' } }: IncomingMessage): string {
  return host.replace(/:\d*$/, '').toLowerCase();
}

/** In the package, the script is built beside this file. */
async function builtScript(): Promise<string> {
  const location = new URL('../page/dashboard.js', import.meta.url);
  try {
    return await readFile(location, 'utf8');
  } catch (error) {
    throw new Error(`serveDashboard: the page's script is not at ${location.href}; see the option 'script'.`, {
      cause: error,
    });
  }
}
