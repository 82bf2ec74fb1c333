import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { firstValueFrom, type Observable, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RelayInformation } from '../../src/protocol/relay-information-document.ts';
import { RelayUrlError } from '../../src/protocol/relay-url.ts';
import {
  fetchRelayInformation,
  RelayInformationError,
  type RelayInformationErrorCode,
} from '../../src/sources/relay-information.ts';
import { TestRelay } from '../../src/testing/index.ts';
import { TimeByHand } from '../support/time-by-hand.ts';

const JSON_TYPE = { 'Content-Type': 'application/nostr+json' };
const RELAY = 'wss://relay.example/';

const rejections: unknown[] = [];
const onRejection = (reason: unknown): number => rejections.push(reason);
const ends: (() => Promise<void>)[] = [];
let time: TimeByHand;

beforeEach(() => {
  rejections.length = 0;
  process.on('unhandledRejection', onRejection);
  time = new TimeByHand();
});
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
  // Node reports them once the microtasks are done.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', onRejection);
  expect(rejections).toEqual([]);
  expect(time.pending).toBe(0);
});

/** The URL, as a relay's, of an HTTP server that answers like this. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function startRelay(options?: Parameters<typeof TestRelay.start>[0]): Promise<TestRelay> {
  const relay = await TestRelay.start(options);
  ends.push(() => relay.stop());
  return relay;
}

/** What a stream of information came to. */
interface Outcome {
  readonly values: RelayInformation[];
  error?: unknown;
  completed?: true;
}

function watch(information$: Observable<RelayInformation>) {
  const outcome: Outcome = { values: [] };
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const subscription = information$.subscribe({
    next: (value) => outcome.values.push(value),
    error: (error: unknown) => {
      outcome.error = error;
      end();
    },
    complete: () => {
      outcome.completed = true;
      end();
    },
  });
  return { outcome, ended, subscription };
}

async function failure(information$: Observable<RelayInformation>): Promise<RelayInformationError> {
  const { outcome, ended } = watch(information$);
  await ended;
  expect(outcome.values).toEqual([]);
  expect(outcome.error).toBeInstanceOf(RelayInformationError);
  return outcome.error as RelayInformationError;
}

/** A fetch that gives this response. */
const giving =
  (body: BodyInit | null, init: ResponseInit = { headers: JSON_TYPE }, url = ''): typeof fetch =>
  async () =>
    Object.defineProperty(new Response(body, init), 'url', { value: url });

/** A body in these pieces, which stays open unless it is told to end; says whether it was cancelled. */
function pieces(chunks: readonly Uint8Array[], { open = false } = {}) {
  const state = { cancelled: false };
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      if (!open) controller.close();
    },
    cancel: () => void (state.cancelled = true),
  });
  return { body, state };
}

/** Runs what promises have under way; virtual time stands still meanwhile. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('fetchRelayInformation from a test relay', () => {
  it('emits what the relay says, and completes', async () => {
    const relay = await startRelay({
      limits: { max_subscriptions: 20, max_limit: 500 },
      auth: { write: true, read: true },
    });
    const [information, ...more] = await firstValueFrom(fetchRelayInformation(relay.url).pipe(toArray()));
    expect(more).toEqual([]);
    expect(information).toMatchObject({
      name: 'test relay',
      software: 'rx-relay-pool/testing',
      limits: { maxSubscriptions: 20, maxLimit: 500, authRequired: true, paymentRequired: false },
    });
    expect(information?.supportedNips).toEqual(expect.arrayContaining([1, 11, 42]));
  });

  it('reads a document in which everything is wrong', async () => {
    const information = { name: 7, description: null, supported_nips: '1', limitation: [], software: {} };
    const relay = await startRelay({ information });
    expect(await firstValueFrom(fetchRelayInformation(relay.url))).toStrictEqual({
      supportedNips: [],
      limits: {},
      countries: [],
      languages: [],
      tags: [],
      retention: [],
    });
  });

  it('waits for one that is slow', async () => {
    const relay = await startRelay({ faults: { informationDelay: 50 } });
    expect(await firstValueFrom(fetchRelayInformation(relay.url))).toMatchObject({ name: 'test relay' });
  });

  it.each([{ informationHang: true }, { informationDelay: 60_000 }])('gives up after 5 s with %j', async (faults) => {
    const relay = await startRelay({ faults });
    const { outcome } = watch(fetchRelayInformation(relay.url, { scheduler: time }));
    time.moveTo(4_999);
    await settle();
    expect(outcome).toEqual({ values: [] });
    time.moveTo(5_000);
    expect(outcome.error).toMatchObject({ code: 'timeout', relay: relay.url, status: undefined });
  });

  it('takes a web page for unknown, even if it reads like a document', async () => {
    const relay = await startRelay({ faults: { informationHtml: '{"name":"page"}' } });
    const error = await failure(fetchRelayInformation(relay.url));
    expect(error).toMatchObject({ name: 'RelayInformationError', code: 'not-a-document' });
    expect(error.message).toContain('text/html');
  });

  it('takes a relay that is down for unreachable', async () => {
    const relay = await startRelay();
    await relay.stop();
    expect(await failure(fetchRelayInformation(relay.url))).toMatchObject({ code: 'unreachable' });
  });
});

describe('the request', () => {
  it('is a GET of the URL over HTTP with the one header that says what is wanted', async () => {
    const requests: IncomingMessage[] = [];
    const url = await serve((request, response) => {
      requests.push(request);
      response.writeHead(200, { ...JSON_TYPE, 'Set-Cookie': 'session=1' }).end('{}');
    });
    await firstValueFrom(fetchRelayInformation(`${url}path?token=1#fragment`));
    await firstValueFrom(fetchRelayInformation(`${url}path?token=1`));
    for (const { method, url: path, headers } of requests) {
      expect([method, path, headers.accept]).toEqual(['GET', '/path?token=1', 'application/nostr+json']);
      expect(headers.cookie).toBeUndefined();
    }
    expect(requests).toHaveLength(2);
  });

  it('goes over https for wss, and says nothing that a browser would have to ask about first', async () => {
    const calls: [unknown, RequestInit | undefined][] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      calls.push([input, init]);
      return new Response('{}', { headers: JSON_TYPE });
    };
    await firstValueFrom(fetchRelayInformation('wss://Relay.example', { fetch }));
    expect(calls).toEqual([
      [
        'https://relay.example/',
        {
          headers: { Accept: 'application/nostr+json' },
          credentials: 'omit',
          redirect: 'follow',
          cache: 'no-store',
          signal: expect.any(AbortSignal),
        },
      ],
    ]);
  });

  it('is made once for each subscription, and not before', async () => {
    let requests = 0;
    const url = await serve((_, response) => response.writeHead(200, JSON_TYPE).end(`{"name":"${++requests}"}`));
    const information$ = fetchRelayInformation(url);
    await settle();
    expect(requests).toBe(0);
    expect(await firstValueFrom(information$)).toMatchObject({ name: '1' });
    expect(await firstValueFrom(information$)).toMatchObject({ name: '2' });
  });

  it('is not made where the call is wrong', () => {
    const fetch = (): never => expect.unreachable();
    for (const url of ['', 'relay.example', 'https://relay.example', 'wss://user:pass@relay.example']) {
      expect(() => fetchRelayInformation(url, { fetch })).toThrow(RelayUrlError);
    }
    for (const timeout of [-1, NaN, Infinity, 2 ** 31]) {
      expect(() => fetchRelayInformation(RELAY, { fetch, timeout })).toThrow(RangeError);
    }
    for (const maxBytes of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => fetchRelayInformation(RELAY, { fetch, maxBytes })).toThrow(RangeError);
    }
  });

  it('is called as a function of its own, as browsers want it', async () => {
    function fetch(this: unknown): Promise<Response> {
      return this === undefined
        ? Promise.resolve(new Response('{}', { headers: JSON_TYPE }))
        : Promise.reject(new TypeError('Illegal invocation'));
    }
    await firstValueFrom(fetchRelayInformation(RELAY, { fetch }));
  });
});

describe('an answer that is no document', () => {
  it.each([
    ['text', 'no json'],
    ['nothing', ''],
    ['an array', '[{"name":"relay"}]'],
    ['null', 'null'],
    ['a number', '1'],
    ['half a document', '{"name":"rel'],
    ['a document and more', '{}{}'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x7b, 0x7d])],
  ])('is unknown when it is %s', async (_, body) => {
    const url = await serve((_, response) => response.writeHead(200, JSON_TYPE).end(body));
    expect(await failure(fetchRelayInformation(url))).toMatchObject({ code: 'not-a-document', relay: url });
  });

  it.each([400, 401, 404, 426, 429, 500, 503])('is unknown with the status %i', async (status) => {
    const url = await serve((_, response) => response.writeHead(status, JSON_TYPE).end('{"name":"relay"}'));
    expect(await failure(fetchRelayInformation(url))).toMatchObject({ code: 'not-found', status });
  });

  it('is unknown without a body', async () => {
    const url = await serve((_, response) => response.writeHead(204).end());
    expect(await failure(fetchRelayInformation(url))).toMatchObject({ code: 'not-a-document' });
  });

  it.each([
    ['application/nostr+json', true],
    ['application/json', true],
    ['Application/JSON; charset=utf-8', true],
    ['application/vnd.relay.v1+json;x=y', true],
    [undefined, true],
    ['text/html', false],
    ['text/plain', false],
    ['application/octet-stream', false],
    ['application/jsonp', false],
    ['application/json-seq', false],
    ['text/html; was=application/json', false],
    ['', false],
  ])('is judged by its type: %s', async (type, isTaken) => {
    const fetch = giving(
      new TextEncoder().encode('{"name":"relay"}'),
      type === undefined ? {} : { headers: { 'Content-Type': type } },
    );
    const { outcome, ended } = watch(fetchRelayInformation(RELAY, { fetch }));
    await ended;
    if (isTaken) expect(outcome.values).toMatchObject([{ name: 'relay' }]);
    else expect(outcome.error).toMatchObject({ code: 'not-a-document' });
  });

  it('is put away unread', async () => {
    const inits: readonly ResponseInit[] = [
      { status: 404 },
      { headers: { 'Content-Type': 'text/html' } },
      { headers: { ...JSON_TYPE, 'Content-Length': '131073' } },
    ];
    for (const init of inits) {
      const { body, state } = pieces([Buffer.from('<html>')], { open: true });
      await failure(fetchRelayInformation(RELAY, { fetch: giving(body, init) }));
      expect(state.cancelled).toBe(true);
    }
  });
});

describe('what stands in the document', () => {
  it('is read byte by byte as well, with a mark in front and letters of several bytes', async () => {
    const bytes = Buffer.from('\ufeff{"name":"Straße 😀"}');
    const { body } = pieces([...bytes].map((byte) => Uint8Array.of(byte)));
    expect(await firstValueFrom(fetchRelayInformation(RELAY, { fetch: giving(body) }))).toMatchObject({
      name: 'Straße 😀',
    });
  });

  it('is read even if a text in it is no UTF-8', async () => {
    const body = Buffer.from('{"name":"caf\xe9","limitation":{"max_limit":5}}', 'latin1');
    const url = await serve((_, response) => response.writeHead(200, JSON_TYPE).end(body));
    expect(await firstValueFrom(fetchRelayInformation(url))).toMatchObject({
      name: 'caf\ufffd',
      limits: { maxLimit: 5 },
    });
  });
});

describe('a document that is too large', () => {
  const tooLarge = { code: 'too-large' satisfies RelayInformationErrorCode };

  it('is given up where it exceeds 131,072 bytes', async () => {
    const most = `{"name":"${'a'.repeat(131_072 - 11)}"}`;
    let body = most;
    const url = await serve((_, response) => response.writeHead(200, JSON_TYPE).end(body));
    expect(await firstValueFrom(fetchRelayInformation(url))).toMatchObject({ name: 'a'.repeat(256) });
    for (body of [`${most} `, `{"name":"${'a'.repeat(10 * 1024 * 1024)}"}`]) {
      expect(await failure(fetchRelayInformation(url))).toMatchObject(tooLarge);
    }
  });

  it('is given up when it never ends, and the request is aborted', async () => {
    let closed = Promise.resolve();
    const url = await serve((_, response) => {
      response.writeHead(200, JSON_TYPE);
      closed = once(response, 'close').then(() => undefined);
      const send = (): void => {
        while (!response.destroyed && response.write('['.repeat(16_384)));
        if (!response.destroyed) response.once('drain', send);
      };
      send();
    });
    expect(await failure(fetchRelayInformation(url))).toMatchObject(tooLarge);
    await closed;
  });

  it('is given up before it is read when it says so itself', async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { ...JSON_TYPE, 'Content-Length': 131_073 }).flushHeaders(),
    );
    expect(await failure(fetchRelayInformation(url, { scheduler: time }))).toMatchObject(tooLarge);
  });

  it('is measured unpacked', async () => {
    const packed = gzipSync(`{"name":"${'a'.repeat(10 * 1024 * 1024)}"}`);
    expect(packed.length).toBeLessThan(20_000);
    const url = await serve((_, response) =>
      response.writeHead(200, { ...JSON_TYPE, 'Content-Encoding': 'gzip' }).end(packed),
    );
    expect(await failure(fetchRelayInformation(url))).toMatchObject(tooLarge);
  });

  it('is one with a byte more than allowed', async () => {
    const fetch = giving('{"name":"é"}');
    expect(await firstValueFrom(fetchRelayInformation(RELAY, { fetch, maxBytes: 13 }))).toMatchObject({ name: 'é' });
    const again = giving('{"name":"é"}');
    expect(await failure(fetchRelayInformation(RELAY, { fetch: again, maxBytes: 12 }))).toMatchObject(tooLarge);
  });
});

describe('a body that stops in the middle', () => {
  /** A server that sends half a document; says when it has, and when its client has gone. */
  async function halfway(then: (response: ServerResponse) => void = () => undefined) {
    let begun = (): void => undefined;
    let gone = (): void => undefined;
    const begin = new Promise<void>((resolve) => (begun = resolve));
    const leave = new Promise<void>((resolve) => (gone = resolve));
    const url = await serve((_, response) => {
      response.on('close', gone);
      response.writeHead(200, JSON_TYPE).write('{"name":"rel', () => {
        begun();
        then(response);
      });
    });
    return { url, begin, leave };
  }

  it('counts against the one timeout, and the request is aborted', async () => {
    const { url, begin, leave } = await halfway();
    const { outcome } = watch(fetchRelayInformation(url, { scheduler: time, timeout: 300 }));
    time.moveTo(150);
    await begin;
    time.moveTo(299);
    await settle();
    expect(outcome).toEqual({ values: [] });
    time.moveTo(300);
    expect(outcome.error).toMatchObject({ code: 'timeout' });
    await leave;
  });

  it('is not waited for by who unsubscribes, and the request is aborted', async () => {
    const { url, begin, leave } = await halfway();
    const { outcome, subscription } = watch(fetchRelayInformation(url, { scheduler: time }));
    await begin;
    subscription.unsubscribe();
    expect(time.pending).toBe(0);
    await leave;
    await settle();
    expect(outcome).toEqual({ values: [] });
  });

  it('is unreachable when the connection breaks', async () => {
    const { url } = await halfway((response) => response.destroy());
    expect(await failure(fetchRelayInformation(url, { scheduler: time }))).toMatchObject({
      code: 'unreachable',
      cause: expect.any(Error),
    });
  });

  it('that drips does not buy itself time', async () => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    let cancelled = false;
    const dripping = new ReadableStream<Uint8Array>({
      start: (given) => void (controller = given),
      cancel: () => void (cancelled = true),
    });
    const { outcome } = watch(fetchRelayInformation(RELAY, { fetch: giving(dripping), scheduler: time }));
    for (let second = 1; second < 5; second++) {
      controller?.enqueue(Buffer.from(' '));
      time.moveTo(second * 1_000);
      await settle();
      expect(outcome).toEqual({ values: [] });
    }
    time.moveTo(5_000);
    expect(outcome.error).toMatchObject({ code: 'timeout' });
    expect(cancelled).toBe(true);
  });
});

describe('redirects', () => {
  it('are followed', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/') response.writeHead(302, { Location: '/information' }).end();
      else response.writeHead(200, JSON_TYPE).end(JSON.stringify({ name: request.headers.accept }));
    });
    expect(await firstValueFrom(fetchRelayInformation(url))).toMatchObject({ name: 'application/nostr+json' });
  });

  it('that go round in a circle, or nowhere, end', async () => {
    let requests = 0;
    const circle = await serve((_, response) => {
      requests++;
      response.writeHead(302, { Location: '/' }).end();
    });
    expect(await failure(fetchRelayInformation(circle))).toMatchObject({ code: 'unreachable' });
    expect(requests).toBeLessThan(50);
    const nowhere = await serve((_, response) => response.writeHead(302, { Location: 'file:///etc/passwd' }).end());
    expect(await failure(fetchRelayInformation(nowhere))).toMatchObject({ code: 'unreachable' });
  });

  it.each([
    ['wss://relay.example', 'http://127.0.0.1/', false],
    ['wss://relay.example', 'http://169.254.169.254/latest', false],
    ['wss://relay.example', 'http://[::1]/', false],
    ['wss://relay.example', 'http://router.local./', false],
    ['wss://relay.example', 'https://other.example/', true],
    ['wss://relay.example.', 'https://relay.example./', true],
    // The caller's own choice leads there already.
    ['ws://localhost', 'http://127.0.0.1/', true],
  ])('from %s to %s are taken: %j', async (url, end, isTaken) => {
    const { body, state } = pieces([Buffer.from('{}')]);
    const { outcome, ended } = watch(fetchRelayInformation(url, { fetch: giving(body, { headers: JSON_TYPE }, end) }));
    await ended;
    if (isTaken) expect(outcome).toMatchObject({ values: [{ limits: {} }], completed: true });
    else
      expect(outcome.error).toMatchObject({ code: 'unreachable', message: expect.stringContaining('private network') });
    expect(state.cancelled).toBe(!isTaken);
  });
});

describe('a fetch that does not play along', () => {
  const never = (): Promise<Response> => new Promise(() => undefined);

  it('and hangs, deaf to its signal, is not waited for', () => {
    const { outcome } = watch(fetchRelayInformation(RELAY, { fetch: never, scheduler: time }));
    time.moveTo(5_000);
    expect(outcome.error).toMatchObject({ code: 'timeout' });
  });

  it.each(['time is up', 'nobody waits any more'])('and answers when %s has its answer put away', async (why) => {
    let answer = (_: Response): void => undefined;
    const signals: AbortSignal[] = [];
    const fetch: typeof globalThis.fetch = (_, init) => {
      if (init?.signal) signals.push(init.signal);
      return new Promise((resolve) => (answer = resolve));
    };
    const { outcome, subscription } = watch(fetchRelayInformation(RELAY, { fetch, scheduler: time }));
    if (why === 'time is up') time.moveTo(5_000);
    else subscription.unsubscribe();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    const { body, state } = pieces([Buffer.from('{}')], { open: true });
    answer(new Response(body, { headers: JSON_TYPE }));
    await settle();
    expect(state.cancelled).toBe(true);
    expect(outcome.values).toEqual([]);
  });

  it.each([
    ['throws', () => expect.fail('at once')],
    ['rejects', () => Promise.reject(new TypeError('refused'))],
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever a foreign fetch may do
    ['rejects with nothing', () => Promise.reject()],
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it cannot even be turned into a text
    ['rejects with what has no text', () => Promise.reject(Object.create(null))],
    ['gives no response', () => Promise.resolve(undefined as unknown as Response)],
  ])('and %s is unreachable', async (_, fetch: typeof globalThis.fetch) => {
    expect(await failure(fetchRelayInformation(RELAY, { fetch, scheduler: time }))).toMatchObject({
      code: 'unreachable',
    });
  });

  it('is aborted before the error is heard, so that whoever tries again is alone', () => {
    let signal: AbortSignal | null | undefined;
    const heard: unknown[] = [];
    const fetch: typeof globalThis.fetch = (_, init) => {
      signal = init?.signal;
      return never();
    };
    const information$ = fetchRelayInformation(RELAY, { fetch, scheduler: time });
    information$.subscribe({ error: () => heard.push(signal?.aborted) });
    time.moveTo(5_000);
    expect(heard).toEqual([true]);
  });

  it('is not aborted when it has been read: that would make an error, with its stack, for nobody', async () => {
    let signal: AbortSignal | null | undefined;
    const fetch: typeof globalThis.fetch = (_, init) => {
      signal = init?.signal;
      return Promise.resolve(new Response('{}', { headers: JSON_TYPE }));
    };
    await firstValueFrom(fetchRelayInformation(RELAY, { fetch, scheduler: time }));
    expect(signal?.aborted).toBe(false);
  });
});
