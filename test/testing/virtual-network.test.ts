import { describe, expect, it } from 'vitest';
import {
  fakeEvent,
  VirtualNetwork,
  VirtualTime,
  type VirtualNetworkOptions,
  type VirtualWebSocket,
} from '../../src/testing/index.ts';

const url = 'wss://relay.example/';
const start = Date.UTC(2026, 0, 1);

function setUp(options: Partial<VirtualNetworkOptions> = {}) {
  const time = new VirtualTime();
  const network = new VirtualNetwork({ latency: 50, ...options, time });
  const relay = network.relay(url);
  return { time, network, relay };
}

/** Everything that a socket tells, with the time at which it does. */
function record(socket: VirtualWebSocket, time: VirtualTime): string[] {
  const seen: string[] = [];
  const note = (text: string): void => void seen.push(`${time.now() - start} ${text}`);
  socket.addEventListener('open', () => note('open'));
  socket.addEventListener('message', (event) => note(`message ${String(event.data)}`));
  socket.addEventListener('error', () => note('error'));
  socket.addEventListener('close', ({ code, reason, wasClean }) => note(`close ${code} ${reason} ${wasClean}`));
  return seen;
}

describe('the WebSocket of a VirtualNetwork', () => {
  it('is the standard one', () => {
    const { network } = setUp();
    const standard: typeof WebSocket = network.WebSocket;
    expect([standard.CONNECTING, standard.OPEN, standard.CLOSING, standard.CLOSED]).toEqual([0, 1, 2, 3]);
    const socket = new standard('wss://Relay.Example', ['nostr']);
    expect(socket).toBeInstanceOf(EventTarget);
    expect(socket).toMatchObject({
      url,
      CONNECTING: 0,
      OPEN: 1,
      CLOSING: 2,
      CLOSED: 3,
      readyState: 0,
      bufferedAmount: 0,
      binaryType: 'blob',
      protocol: '',
      extensions: '',
      onopen: null,
      onmessage: null,
      onerror: null,
      onclose: null,
    });
  });

  it('opens after the way there and back, and carries frames in their time', async () => {
    const { time, network, relay } = setUp();
    const socket = new network.WebSocket(url);
    const seen = record(socket, time);
    socket.onopen = () => socket.send('["REQ","a",{}]');
    await time.advance(49);
    expect(relay.connectionCount).toBe(0);
    await time.advance(1);
    expect(relay.connectionCount).toBe(1);
    await time.advance(1_000);
    expect(seen).toEqual(['100 open', '200 message ["EOSE","a",["finish"]]']);
    expect(relay.received.map(({ at }) => at - start)).toEqual([150]);
  });

  it('says nothing until the clock moves, even without latency', async () => {
    const { time, network } = setUp({ latency: 0 });
    const socket = new network.WebSocket(url);
    const seen = record(socket, time);
    expect(seen).toEqual([]);
    await time.advance(0);
    expect(seen).toEqual(['0 open']);
  });

  it('keeps the order of frames in each direction, whatever their latency', async () => {
    const { time, network, relay } = setUp({ seed: 3, latency: (random) => random() * 1_000 });
    const socket = new network.WebSocket(url);
    const seen: unknown[] = [];
    socket.onmessage = (event) => void seen.push((JSON.parse(String(event.data)) as unknown[])[1]);
    await time.until(() => socket.readyState === 1);
    const ids = Array.from({ length: 30 }, (_, n) => `${n}`);
    for (const id of ids) socket.send(JSON.stringify(['REQ', id, {}]));
    await time.settle();
    expect(relay.received.map(({ message }) => 'subscriptionId' in message && message.subscriptionId)).toEqual(ids);
    expect(seen).toEqual(ids);
  });

  it('replays a run from its seed', async () => {
    const run = async (seed: number): Promise<string[]> => {
      const { time, network, relay } = setUp({ seed, latency: (random) => 10 + random() * 90 });
      relay.faults.order = 'shuffled';
      relay.faults.delay = (random) => random() * 100;
      relay.seed(Array.from({ length: 10 }, (_, n) => fakeEvent({ created_at: n })));
      const socket = new network.WebSocket(url);
      const seen = record(socket, time);
      socket.onopen = () => socket.send('["REQ","a",{}]');
      await time.settle();
      return seen;
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  it('refuses to send while it connects; what is sent too late is lost and counted', async () => {
    const { time, network, relay } = setUp();
    const socket = new network.WebSocket(url);
    expect(() => socket.send('early')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
    await time.settle();
    socket.close();
    socket.send('é');
    await time.settle();
    socket.send('late');
    expect(socket.bufferedAmount).toBe(6);
    expect(relay.received).toEqual([]);
  });

  it.for(['relay', 'https//x', 'ftp://relay.example', 'wss://relay.example/#part'])('refuses the URL %s', (bad) => {
    const { network } = setUp();
    expect(() => new network.WebSocket(bad)).toThrow(expect.objectContaining({ name: 'SyntaxError' }));
  });

  it('calls handlers like listeners, with itself as this, until they are taken away', async () => {
    const { time, network, relay } = setUp({ latency: 0 });
    const socket = new network.WebSocket(url);
    const seen: string[] = [];
    await time.settle();
    const first = function (this: WebSocket): void {
      seen.push(this === socket ? 'first' : 'no this');
    };
    socket.onmessage = first;
    expect(socket.onmessage).toBe(first);
    socket.addEventListener('message', () => seen.push('listener'));
    const say = async (): Promise<void> => {
      relay.connections[0]?.send('hello');
      await time.settle();
    };
    await say();
    socket.onmessage = () => void seen.push('second');
    await say();
    socket.onmessage = null;
    expect(socket.onmessage).toBeNull();
    await say();
    expect(seen).toEqual(['first', 'listener', 'listener', 'second', 'listener']);
  });

  it('drops binary data', async () => {
    const { time, network, relay } = setUp();
    const socket = new network.WebSocket(url);
    await time.settle();
    socket.send(new Uint8Array(3));
    await time.settle();
    expect(relay.received).toEqual([]);
  });
});

describe('closing', () => {
  it('by the client: the relay sees it after what was sent before, then the handshake ends', async () => {
    const { time, network, relay } = setUp();
    const socket = new network.WebSocket(url);
    const seen = record(socket, time);
    await time.settle();
    socket.send('["REQ","a",{}]');
    socket.close(4000, 'enough');
    expect(socket.readyState).toBe(2);
    await time.advance(50);
    expect(relay.connectionCount).toBe(0);
    expect(relay.received).toHaveLength(1);
    await time.settle();
    expect(seen).toEqual(['100 open', '200 message ["EOSE","a",["finish"]]', '200 close 4000 enough true']);
    expect(time.now() - start).toBe(200);
  });

  it('without a code gives 1005', async () => {
    const { time, network } = setUp();
    const socket = new network.WebSocket(url);
    const seen = record(socket, time);
    await time.settle();
    socket.close();
    socket.close();
    await time.settle();
    expect(seen.slice(1)).toEqual(['200 close 1005  true']);
    expect(socket.readyState).toBe(3);
  });

  it('while it connects fails the connection, and the relay keeps none', async () => {
    for (const after of [0, 10, 60]) {
      const { time, network, relay } = setUp();
      const counts: number[] = [];
      relay.connectionCount$.subscribe((count) => counts.push(count));
      const socket = new network.WebSocket(url);
      const seen = record(socket, time);
      await time.advance(after);
      socket.close();
      expect(seen).toEqual([]);
      await time.settle();
      expect(seen).toEqual([`${after} error`, `${after} close 1006  false`]);
      // A connection that was given up on the way never reaches the relay.
      expect(counts).toEqual(after < 50 ? [0] : [0, 1, 0]);
    }
  });

  it.for([0, 999, 1001, 1006, 2999, 5000])('refuses the code %i', async (code) => {
    const { time, network } = setUp();
    const socket = new network.WebSocket(url);
    await time.settle();
    expect(() => socket.close(code)).toThrow(expect.objectContaining({ name: 'InvalidAccessError' }));
    expect(() => socket.close(1000, 'x'.repeat(124))).toThrow(expect.objectContaining({ name: 'SyntaxError' }));
    expect(socket.readyState).toBe(1);
  });

  it('by the relay: with a close frame it is clean, without one it is lost', async () => {
    const { time, network, relay } = setUp();
    const clean = new network.WebSocket(url);
    const cleanly = record(clean, time);
    await time.settle();
    relay.drop(1001, 'going away');
    await time.settle();
    expect(cleanly.slice(1)).toEqual(['150 close 1001 going away true']);
    const lost = new network.WebSocket(url);
    const losing = record(lost, time);
    await time.settle();
    relay.drop();
    await time.settle();
    expect(losing.slice(1)).toEqual(['300 error', '300 close 1006  false']);
  });

  it('gives up on a relay that does not answer it, after half a minute', async () => {
    const { time, network, relay } = setUp();
    const socket = new network.WebSocket(url);
    const seen = record(socket, time);
    await time.settle();
    relay.faults.halfOpen = true;
    socket.close(1000);
    await time.settle();
    expect(seen.slice(1)).toEqual(['30100 error', '30100 close 1006  false']);
  });
});

describe('dialling', () => {
  const other = 'wss://other.example';
  const cases: readonly (readonly [string, (network: VirtualNetwork) => void])[] = [
    ['an unknown relay', () => undefined],
    ['a stopped relay', (network) => network.relay(other).stop()],
    ['a relay that refuses', (network) => network.relay(other, { faults: { refuse: true } })],
  ];

  it.for(cases)('%s fails after the way there and back', async ([, prepare]) => {
    const { time, network } = setUp();
    prepare(network);
    const socket = new network.WebSocket('wss://other.example');
    const seen = record(socket, time);
    await time.settle();
    expect(seen).toEqual(['100 error', '100 close 1006  false']);
    expect(socket.readyState).toBe(3);
  });

  it('a relay that hangs gets no answer at all', async () => {
    const { time, network, relay } = setUp();
    relay.faults.hang = true;
    const socket = new network.WebSocket(url);
    const seen = record(socket, time);
    await time.advance(3_600_000);
    expect(seen).toEqual([]);
    expect(socket.readyState).toBe(0);
    expect(relay.connectionCount).toBe(0);
  });
});

describe('a virtual relay', () => {
  it('is one, however its URL is spelt, and names itself as it is dialled', () => {
    const { network, relay } = setUp();
    expect(network.relay('WSS://Relay.Example:443')).toBe(relay);
    expect(network.relays).toEqual([relay]);
    expect(relay.url).toBe(url);
  });

  it('stops and starts again, with its data or without', async () => {
    const { time, network, relay } = setUp();
    relay.seed(fakeEvent());
    const socket = new network.WebSocket(url);
    const seen = record(socket, time);
    await time.settle();
    relay.stop();
    expect([relay.isRunning, relay.connectionCount]).toEqual([false, 0]);
    await time.settle();
    expect(seen.slice(1)).toEqual(['150 error', '150 close 1006  false']);
    relay.restart();
    expect([relay.isRunning, relay.store.size]).toEqual([true, 1]);
    const again = new network.WebSocket(url);
    await time.settle();
    expect(again.readyState).toBe(1);
    relay.restart({ keepData: false });
    expect(relay.store.size).toBe(0);
    await time.settle();
    expect(again.readyState).toBe(3);
  });

  it('lives by the clock of the network', async () => {
    const { time, relay } = setUp();
    const now = start / 1000;
    relay.seed(fakeEvent({ tags: [['expiration', `${now + 10}`]] }));
    const count = (): number => relay.store.count([{}], { now: Math.floor(time.now() / 1000) }).count;
    expect(count()).toBe(1);
    await time.advance(10_000);
    expect(count()).toBe(0);
  });
});

describe('a partition', () => {
  it('makes frames vanish both ways without a word, for good where one was lost', async () => {
    const { time, network, relay } = setUp();
    const socket = new network.WebSocket(url);
    const seen = record(socket, time);
    socket.onopen = () => socket.send('["REQ","a",{}]');
    await time.settle();
    network.partition(url, true);
    relay.add(fakeEvent());
    socket.send('["REQ","b",{}]');
    await time.settle();
    network.partition('wss://relay.example', false);
    socket.send('["REQ","c",{}]');
    relay.add(fakeEvent({ content: 'later' }));
    await time.advance(3_600_000);
    expect(seen).toHaveLength(2);
    expect(relay.received).toHaveLength(1);
    expect([socket.readyState, relay.connectionCount]).toEqual([1, 1]);
    expect(socket.bufferedAmount).toBe(2 * '["REQ","b",{}]'.length);
    const fresh = new network.WebSocket(url);
    await time.settle();
    expect(fresh.readyState).toBe(1);
  });

  it('catches frames that are on their way', async () => {
    const { time, network, relay } = setUp();
    const socket = new network.WebSocket(url);
    await time.settle();
    socket.send('["REQ","a",{}]');
    await time.advance(10);
    network.partition(url, true);
    await time.settle();
    expect(relay.received).toEqual([]);
  });

  it('leaves a connection that was idle all the time unharmed, and other relays too', async () => {
    const { time, network } = setUp();
    network.relay('wss://other.example');
    const idle = new network.WebSocket(url);
    const other = new network.WebSocket('wss://other.example');
    const seen = [record(idle, time), record(other, time)];
    await time.settle();
    network.partition(url, true);
    other.send('["REQ","a",{}]');
    await time.advance(60_000);
    network.partition(url, false);
    idle.send('["REQ","a",{}]');
    await time.settle();
    expect(seen.map((lines) => lines.length)).toEqual([2, 2]);
  });

  it('leaves whoever dials without an answer, and whoever closes to the time limit', async () => {
    const { time, network } = setUp();
    const open = new network.WebSocket(url);
    const closing = record(open, time);
    await time.settle();
    network.partition(url, true);
    const dialling = new network.WebSocket(url);
    open.close();
    await time.advance(3_600_000);
    expect(dialling.readyState).toBe(0);
    expect(closing.slice(1)).toEqual(['30100 error', '30100 close 1006  false']);
  });
});
