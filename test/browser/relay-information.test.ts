import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RelayInformation, RelayInformationError } from '../../src/index.ts';
import { TestRelay, type TestRelayOptions } from '../../src/testing/index.ts';
import { launchChromium } from '../support/chromium.ts';
import type { ServedPage } from '../support/page-server.ts';
import { LibraryPage, serveLibrary } from './support/library-page.ts';

/** A document that every site may read. */
const open = { 'Content-Type': 'application/nostr+json', 'Access-Control-Allow-Origin': '*' };

/** What a stream of information came to, as far as it can leave the page. */
interface Outcome {
  readonly values: readonly RelayInformation[];
  readonly error?: Pick<RelayInformationError, 'name' | 'code' | 'status'>;
}

describe('fetchRelayInformation in Chromium', () => {
  let browser: Browser;
  let served: ServedPage;
  let page: LibraryPage;
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    served = await serveLibrary();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });
  beforeEach(async () => {
    page = await LibraryPage.open(browser, served);
  });
  afterEach(async () => {
    await page.end();
    await Promise.all(ends.splice(0).map((end) => end()));
  });

  const startRelay = async (options?: TestRelayOptions): Promise<TestRelay> => {
    const relay = await TestRelay.start(options);
    ends.push(() => relay.stop());
    return relay;
  };

  const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> => {
    const server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    });
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };

  const ask = (url: string, options: { readonly timeout?: number } = {}): Promise<Outcome> =>
    page.page.evaluate(
      ([relay, settings]) =>
        new Promise<Outcome>((resolve) => {
          const values: RelayInformation[] = [];
          library.fetchRelayInformation(relay, settings).subscribe({
            next: (value) => values.push(value),
            error: ({ name, code, status }: RelayInformationError) =>
              resolve({ values, error: { name, code, status } }),
            complete: () => resolve({ values }),
          });
        }),
      [url, options] as const,
    );

  /** Takes what Chromium logs about an answer that it does not like: no script can prevent it, and it may come late. */
  const logged = async (...lines: readonly string[]): Promise<void> => {
    const expected = lines.map((line): unknown => expect.stringContaining(line));
    await vi.waitFor(() => expect([...page.problems].sort()).toEqual(expected), { timeout: 20_000, interval: 20 });
    page.problems.length = 0;
  };

  it('reads what a relay says', async () => {
    const relay = await startRelay({ limits: { max_limit: 500 } });
    const { values, error } = await ask(relay.url);
    expect(error).toBeUndefined();
    expect(values).toMatchObject([{ name: 'test relay', limits: { maxLimit: 500 } }]);
  });

  it('asks anew each time, without a preflight and without cookies', async () => {
    const seen: (string | undefined)[][] = [];
    const url = await serve(({ method, headers }, response) => {
      seen.push([method, headers.accept, headers.cookie]);
      const kept = { 'Cache-Control': 'max-age=3600', 'Set-Cookie': 'session=1' };
      response.writeHead(200, { ...open, ...kept }).end('{}');
    });
    for (let round = 0; round < 2; round++) expect((await ask(url)).values).toHaveLength(1);
    expect(seen).toEqual(new Array(2).fill(['GET', 'application/nostr+json', undefined]));
  });

  it('gives up in time', async () => {
    const relay = await startRelay({ faults: { informationHang: true } });
    expect(await ask(relay.url, { timeout: 200 })).toMatchObject({ values: [], error: { code: 'timeout' } });
  });

  it('takes a web page for unknown', async () => {
    const relay = await startRelay({ faults: { informationHtml: '<!doctype html>' } });
    expect((await ask(relay.url)).error).toMatchObject({ name: 'RelayInformationError', code: 'not-a-document' });
  });

  it('takes a status for unknown', async () => {
    const url = await serve((_, response) => response.writeHead(404, open).end());
    expect((await ask(url)).error).toMatchObject({ code: 'not-found', status: 404 });
    await logged('404');
  });

  it('takes a relay that does not let other sites read for unreachable', async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { 'Content-Type': 'application/nostr+json' }).end('{}'),
    );
    expect((await ask(url)).error).toMatchObject({ code: 'unreachable' });
    await logged('CORS', 'ERR_FAILED');
  });

  it('gives up a document that never ends', async () => {
    let closed: Promise<unknown> | undefined;
    const url = await serve((_, response) => {
      closed = once(response, 'close');
      response.writeHead(200, open);
      const send = (): void => {
        while (!response.destroyed && response.write('['.repeat(16_384)));
        if (!response.destroyed) response.once('drain', send);
      };
      send();
    });
    expect((await ask(url)).error).toMatchObject({ code: 'too-large' });
    await closed;
  });

  it('aborts the request of who unsubscribes in the middle of a document', async () => {
    let begun = (): void => undefined;
    let gone = (): void => undefined;
    const begin = new Promise<void>((resolve) => (begun = resolve));
    const leave = new Promise<void>((resolve) => (gone = resolve));
    const url = await serve((_, response) => {
      response.on('close', gone);
      response.writeHead(200, open).write('{"name":"rel', begun);
    });
    const subscription = await page.page.evaluateHandle(
      (relay) => library.fetchRelayInformation(relay).subscribe(),
      url,
    );
    await begin;
    await subscription.evaluate((running) => running.unsubscribe());
    await leave;
  });
});
