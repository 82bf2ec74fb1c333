import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request, type ClientRequest } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { signedEvent, TestRelay, testKey, VirtualTime, type TestRelayOptions } from '../../src/testing/index.ts';
import { WireClient } from './support/wire-client.ts';

const relays: TestRelay[] = [];
afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.stop();
});
async function start(options: TestRelayOptions = {}): Promise<TestRelay> {
  const relay = await TestRelay.start(options);
  relays.push(relay);
  return relay;
}
const count = (relay: TestRelay, wanted: number): Promise<number> =>
  firstValueFrom(relay.connectionCount$.pipe(filter((connections) => connections === wanted)));
const note = signedEvent({ content: 'hello' }, testKey(0));
const informationHeaders = { Accept: 'application/nostr+json' };
const httpUrl = (relay: TestRelay): string => relay.url.replace('ws:', 'http:');
/** By node:http, since fetch may wait for ever where a server stops while it connects. */
const askForInformation = (relay: TestRelay): ClientRequest =>
  request(httpUrl(relay), { headers: informationHeaders, agent: false }).end();

describe('TestRelay', () => {
  it('listens on loopback only, on a port of its own', async () => {
    const [one, two] = [await start(), await start()];
    expect(one.url).toBe(`ws://127.0.0.1:${one.port}/`);
    expect(one.port).not.toBe(two.port);
  });

  it('takes the port that is asked for, and says when it is taken', async () => {
    const first = await start();
    await expect(TestRelay.start({ port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const { port } = first;
    await first.stop();
    expect((await start({ port })).port).toBe(port);
  });

  it('counts connections and subscriptions, and logs what it receives', async () => {
    const relay = await start();
    const [a, b] = [await WireClient.connect(relay.url), await WireClient.connect(relay.url)];
    await a.request('one', { kinds: [1] });
    await b.request('two', { kinds: [1] });
    await b.request('three', { kinds: [1] });
    expect([relay.connectionCount, relay.subscriptionCount]).toEqual([2, 3]);
    expect(relay.connections.map((connection) => connection.subscriptionIds)).toEqual([['one'], ['two', 'three']]);
    expect(relay.received.map(({ connection, message }) => [connection, message])).toEqual([
      [1, { type: 'REQ', subscriptionId: 'one', filters: [{ kinds: [1] }] }],
      [2, { type: 'REQ', subscriptionId: 'two', filters: [{ kinds: [1] }] }],
      [2, { type: 'REQ', subscriptionId: 'three', filters: [{ kinds: [1] }] }],
    ]);
    const left = count(relay, 1);
    b.close();
    await left;
    expect(relay.subscriptionCount).toBe(1);
  });

  it('reports messages as they come, and keeps the last ones only', async () => {
    const relay = await start({ receivedCapacity: 3 });
    const client = await WireClient.connect(relay.url);
    const fifth = firstValueFrom(
      relay.received$.pipe(filter(({ message }) => message.type === 'CLOSE' && message.subscriptionId === '5')),
    );
    for (let n = 1; n <= 5; n += 1) client.send(['CLOSE', `${n}`]);
    await fifth;
    expect(relay.received.map(({ message }) => message)).toEqual(
      ['3', '4', '5'].map((subscriptionId) => ({ type: 'CLOSE', subscriptionId })),
    );
  });

  it('adds events for everybody and seeds them for nobody', async () => {
    const relay = await start();
    const client = await WireClient.connect(relay.url);
    await client.request('live', { kinds: [1] });
    relay.seed(signedEvent({ content: 'silent' }, testKey(0)), [signedEvent({ content: 'also silent' }, testKey(0))]);
    expect(relay.add(note, note)).toEqual(['stored', 'duplicate']);
    await client.settled();
    expect(client.frames.filter((frame) => frame[0] === 'EVENT')).toEqual([['EVENT', 'live', note]]);
    expect(relay.store.size).toBe(3);
  });

  it.for([1000, 1001, 4000])('drops with close frame %i', async (code) => {
    const relay = await start();
    const client = await WireClient.connect(relay.url);
    relay.drop(code);
    expect(await client.closed).toBe(code);
    expect(relay.connectionCount).toBe(0);
  });

  it('drops without a close frame', async () => {
    const relay = await start();
    const client = await WireClient.connect(relay.url);
    relay.drop();
    expect(await client.closed).toBe(1006);
  });

  it('stops: connections are cut and new ones refused', async () => {
    const relay = await start({ faults: { informationHang: true } });
    const client = await WireClient.connect(relay.url);
    const silent = connect(relay.port, '127.0.0.1').resume();
    const cutSilent = once(silent, 'close');
    await once(silent, 'connect');
    relay.faults.hang = true;
    const hanging = new WebSocket(relay.url);
    const cutHanging = once(hanging, 'error');
    const unanswered = once(askForInformation(relay), 'error');
    await client.settled();
    await relay.stop();
    await relay.stop();
    expect(await client.closed).toBe(1006);
    await Promise.all([cutSilent, cutHanging, unanswered]);
    const late = new WebSocket(relay.url);
    expect(await once(late, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
  });

  it('stops also when a client never answers the close frame', async () => {
    const relay = await start();
    const client = await WireClient.connect(relay.url);
    client.socket.pause();
    relay.drop(1000);
    await relay.stop();
    client.socket.terminate();
  });

  it('leaves no handle: the process ends by itself', async () => {
    const script = fileURLToPath(new URL('./support/start-and-stop.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, output }).toEqual({ code: 0, output: 'stopped' });
  });

  it('restarts on the same port, with its data or without', async () => {
    const relay = await start();
    relay.seed(note);
    await relay.stop();
    await relay.restart();
    const client = await WireClient.connect(relay.url);
    expect((await client.request('a', {})).events).toEqual([note]);
    const cut = client.closed;
    await relay.restart({ keepData: false });
    expect(await cut).toBe(1006);
    const again = await WireClient.connect(relay.url);
    expect((await again.request('a', {})).events).toEqual([]);
  });

  it('disposes of itself', async () => {
    const use = async (): Promise<number> => {
      await using relay = await TestRelay.start();
      return relay.port;
    };
    const socket = connect(await use(), '127.0.0.1');
    expect(await once(socket, 'error')).toMatchObject([{ code: 'ECONNREFUSED' }]);
  });

  it('answers pings', async () => {
    const client = await WireClient.connect((await start()).url);
    const pong = once(client.socket, 'pong');
    client.socket.ping('here?');
    expect(String((await pong)[0])).toBe('here?');
  });
});

describe('faults of the transport', () => {
  it('refuse: the handshake gets status 503', async () => {
    const relay = await start({ faults: { refuse: true } });
    const socket = new WebSocket(relay.url);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(503);
    relay.faults.refuse = false;
    await WireClient.connect(relay.url);
  });

  it('hang: the handshake is never answered, though TCP is', async () => {
    const relay = await start({ faults: { hang: true } });
    const socket = connect(relay.port, '127.0.0.1');
    const received: Buffer[] = [];
    socket.on('data', (data: Buffer) => received.push(data));
    await once(socket, 'connect');
    socket.write(
      'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    // A second connection is answered after the first was read.
    relay.faults.informationHtml = 'read';
    expect(await (await fetch(httpUrl(relay))).text()).toBe('read');
    expect(Buffer.concat(received).length).toBe(0);
    const closed = once(socket, 'close');
    await relay.stop();
    await closed;
    expect(Buffer.concat(received).length).toBe(0);
  });

  it('halfOpen: nothing is read, answered or closed any more, for good; a later connection is well', async () => {
    const relay = await start();
    const dead = await WireClient.connect(relay.url);
    await dead.request('live', { kinds: [1] });
    const before = relay.received.length;
    relay.faults.halfOpen = true;
    let pongs = 0;
    dead.socket.on('pong', () => (pongs += 1));
    dead.send(['REQ', 'more', {}], ['CLOSE', 'live']);
    dead.socket.ping();
    dead.close();
    relay.add(note);
    relay.faults.halfOpen = false;
    const well = await WireClient.connect(relay.url);
    expect((await well.request('a', {})).events).toEqual([note]);
    await well.settled();
    expect(relay.received.slice(before).map(({ connection }) => connection)).toEqual([2]);
    expect(dead.frames.filter((frame) => frame[0] === 'EVENT')).toEqual([]);
    expect(pongs).toBe(0);
    expect(dead.socket.readyState).toBe(WebSocket.CLOSING);
    dead.socket.terminate();
  });

  it('halfOpen: also for connections that are opened while it is set', async () => {
    const relay = await start({ faults: { halfOpen: true }, auth: { read: true } });
    const dead = await WireClient.connect(relay.url);
    dead.send(['REQ', 'a', {}]);
    relay.faults.halfOpen = false;
    const well = await WireClient.connect(relay.url);
    await well.take('AUTH');
    expect(dead.frames).toEqual([]);
    expect(relay.received).toEqual([]);
    dead.socket.terminate();
  });
});

describe('the information document (NIP-11)', () => {
  it('is served for its media type, with the headers that a browser needs', async () => {
    const relay = await start({
      limits: { max_limit: 7, max_sync_events: 5 },
      information: { name: 'mine', description: undefined },
    });
    const response = await fetch(httpUrl(relay), { headers: informationHeaders });
    expect(response.headers.get('content-type')).toBe('application/nostr+json');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toBe('*');
    expect(response.headers.get('access-control-allow-methods')).toBe('GET, OPTIONS');
    expect(await response.json()).toEqual({
      name: 'mine',
      software: 'rx-relay-pool/testing',
      supported_nips: [1, 9, 11, 40, 42, 45, 50, 67, 70, 77],
      limitation: {
        max_limit: 7,
        max_subid_length: 64,
        auth_required: false,
        payment_required: false,
        restricted_writes: false,
      },
    });
  });

  it('names what the relay does and what it demands', async () => {
    const relay = await start({
      count: false,
      negentropy: false,
      hints: false,
      auth: { read: true, write: true, pubkeys: [] },
    });
    expect(relay.information).toMatchObject({
      supported_nips: [1, 9, 11, 40, 42, 50, 70],
      limitation: { auth_required: true, restricted_writes: true },
    });
  });

  it('is not served to others, and a preflight is answered', async () => {
    const relay = await start();
    const page = await fetch(httpUrl(relay), { headers: { Accept: 'text/html' } });
    expect(page.headers.get('content-type')).toBe('text/plain');
    const preflight = await fetch(httpUrl(relay), { method: 'OPTIONS', headers: informationHeaders });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('may be HTML instead', async () => {
    const relay = await start({ faults: { informationHtml: '<html>' } });
    const response = await fetch(httpUrl(relay), { headers: informationHeaders });
    expect([response.headers.get('content-type'), await response.text()]).toEqual(['text/html', '<html>']);
  });

  it('may come late', async () => {
    const time = new VirtualTime();
    const relay = await start({ scheduler: time, faults: { informationDelay: 3_000 } });
    let answered = false;
    const response = fetch(httpUrl(relay), { headers: informationHeaders }).finally(() => (answered = true));
    // The request has been read when something is scheduled for it.
    await expect.poll(() => time.actions.length).toBe(1);
    await time.advance(2_999);
    expect(answered).toBe(false);
    await time.advance(1);
    expect((await response).status).toBe(200);
  });

  it('may never come, and stopping ends the wait', async () => {
    const relay = await start({ faults: { informationHang: true } });
    const failed = once(askForInformation(relay), 'error');
    const client = await WireClient.connect(relay.url);
    await client.settled();
    await relay.stop();
    await failed;
  });
});
