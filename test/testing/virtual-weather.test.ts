import { describe, expect, it } from 'vitest';
import { fakeEvent, type VirtualNetworkOptions, VirtualNetwork, VirtualTime } from '../../src/testing/index.ts';

const url = 'wss://relay.example/';
const start = Date.UTC(2026, 0, 1);

function setUp(options: Partial<VirtualNetworkOptions> = {}) {
  const time = new VirtualTime();
  const network = new VirtualNetwork({ latency: 50, ...options, time });
  const relay = network.relay(url);
  const dial = () => {
    const socket = new network.WebSocket(url);
    const seen: string[] = [];
    const note = (text: string): void => void seen.push(`${time.now() - start} ${text}`);
    socket.addEventListener('open', () => note('open'));
    socket.addEventListener('message', () => note('message'));
    socket.addEventListener('close', ({ code }) => note(`close ${code}`));
    return { socket, seen };
  };
  return { time, network, relay, dial };
}

describe('the ways of a VirtualNetwork', () => {
  it('have a latency of their own', async () => {
    const { time, network, dial } = setUp();
    network.condition(url, { latency: 300 });
    const { seen } = dial();
    await time.advance(1_000);
    expect(seen).toEqual(['600 open']);
  });

  it('cut connections at the end of their life, at both ends, and leave no timer', async () => {
    const { time, network, relay, dial } = setUp();
    network.condition(url, { lifetime: 5_000 });
    const cut = dial();
    const closed = dial();
    await time.advance(1_000);
    closed.socket.close();
    await time.advance(2_000);
    expect(relay.connectionCount).toBe(1);
    await time.advance(3_000);
    expect(cut.seen).toEqual(['100 open', '5050 close 1006']);
    expect(relay.connectionCount).toBe(0);
    expect(time.actions).toHaveLength(0);
  });

  it('lose what goes up, or what comes down, alone', async () => {
    for (const direction of ['up', 'down'] as const) {
      const { time, network, relay, dial } = setUp();
      const { socket, seen } = dial();
      await time.advance(200);
      network.partition(url, true, direction);
      socket.send('["REQ","a",{}]');
      relay.drop();
      await time.advance(1_000);
      expect(relay.received).toHaveLength(0);
      expect(seen).toEqual(direction === 'up' ? ['100 open', '250 close 1006'] : ['100 open']);
    }
    const { time, network, relay, dial } = setUp();
    const { socket, seen } = dial();
    await time.advance(200);
    network.partition(url, true, 'down');
    socket.send('["REQ","a",{}]');
    await time.advance(1_000);
    expect(relay.received).toHaveLength(1);
    expect(seen).toEqual(['100 open']);
  });

  it('become half-open, those that there are alone', async () => {
    const { time, network, relay, dial } = setUp();
    const dead = dial();
    await time.advance(200);
    network.halfOpen(url);
    const well = dial();
    await time.advance(200);
    dead.socket.send('["REQ","a",{}]');
    well.socket.send('["REQ","b",{}]');
    await time.advance(1_000);
    expect(dead.seen).toEqual(['100 open']);
    expect(dead.socket.bufferedAmount).toBeGreaterThan(0);
    expect(well.seen).toEqual(['300 open', '500 message']);
    expect(relay.connectionCount).toBe(2);
  });

  it('are gone while the client is offline: sockets close at once, and none opens', async () => {
    const { time, network, relay, dial } = setUp();
    const open = dial();
    await time.advance(200);
    network.isOffline = true;
    expect(network.isOffline).toBe(true);
    const refused = dial();
    await time.advance(1_000);
    expect(open.seen).toEqual(['100 open', '200 close 1006']);
    expect(refused.seen).toEqual(['200 close 1006']);
    expect(relay.connectionCount).toBe(1); // which it has not been told
    network.isOffline = false;
    const back = dial();
    await time.advance(1_000);
    expect(back.seen).toEqual(['1300 open']);
  });
});

describe('a relay', () => {
  it('goes by its own clock', async () => {
    const { time, network } = setUp({ latency: 0 });
    const relay = network.relay('wss://skewed.example', {
      clockSkew: 3_600_000,
      verify: false,
      limits: { created_at_lower_limit: 60 },
    });
    const ok: string[] = [];
    const socket = new network.WebSocket(relay.url);
    socket.addEventListener('message', ({ data }) => ok.push(String(data)));
    const publish = async (): Promise<void> => {
      socket.send(JSON.stringify(['EVENT', fakeEvent({ content: `${ok.length}`, created_at: start / 1_000 })]));
      await time.advance(0);
    };
    await time.advance(0);
    await publish();
    relay.clockSkew = 0;
    await publish();
    expect(ok.map((frame) => (JSON.parse(frame) as unknown[])[2])).toEqual([false, true]);
  });

  it('withholds and hides, and says what it withheld', async () => {
    const { time, relay, dial } = setUp({ latency: 0 });
    const withheld: string[] = [];
    relay.withheld$.subscribe(({ content }) => withheld.push(content));
    const events = Array.from({ length: 4 }, (_, n) => fakeEvent({ content: `${n}`, created_at: start / 1_000 - n }));
    relay.seed(events);
    const { socket } = dial();
    const answers: unknown[][] = [];
    socket.addEventListener('message', ({ data }) => answers.push(JSON.parse(String(data)) as unknown[]));
    await time.advance(0);
    const ask = async (): Promise<readonly string[]> => {
      answers.length = 0;
      socket.send('["REQ","a",{"kinds":[1]}]');
      await time.advance(0);
      return answers.map(([verb, , last]) =>
        verb === 'EVENT' ? (last as { content: string }).content : `${String(last)}`,
      );
    };
    relay.faults.withholds = ({ content }) => content === '1';
    expect(await ask()).toEqual(['0', '2', '3', 'finish']);
    expect(withheld.splice(0)).toEqual(['1']);
    relay.clearFaults();
    relay.faults.cap = 2;
    expect(await ask()).toEqual(['0', '1', 'more']);
    relay.faults.hidesMore = true;
    expect(await ask()).toEqual(['0', '1', 'finish']);
    expect(withheld.splice(0)).toEqual(['2', '3']);
  });

  it('forgets what it says it has', async () => {
    const { time, network } = setUp({ latency: 0 });
    const relay = network.relay('wss://forgetful.example', { verify: false, faults: { forgets: true } });
    const socket = new network.WebSocket(relay.url);
    const said: string[] = [];
    socket.addEventListener('message', ({ data }) => said.push(String(data)));
    await time.advance(0);
    const event = fakeEvent();
    socket.send('["REQ","a",{"kinds":[1]}]');
    socket.send(JSON.stringify(['EVENT', event]));
    await time.advance(0);
    expect(said).toEqual(['["EOSE","a",["finish"]]', `["OK","${event.id}",true,""]`]);
    expect(relay.store.size).toBe(0);
  });
});
