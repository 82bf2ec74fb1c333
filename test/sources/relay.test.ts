import { config, EMPTY, of, Subject, switchMap } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { RelayUrlError } from '../../src/protocol/relay-url.ts';
import { type Link, relay, type Relay, type RelayOptions, type RelayState } from '../../src/sources/relay.ts';
import {
  fakeEvent,
  type RelayOptions as FarOptions,
  seededRandom,
  testKey,
  testSigner,
  VirtualNetwork,
  VirtualTime,
} from '../../src/testing/index.ts';
import { fakeWebSockets } from '../support/fake-web-socket.ts';
import { hear } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

function setUp(options: RelayOptions = {}, farOptions: Omit<FarOptions, 'scheduler'> = {}) {
  const time = new VirtualTime();
  const network = new VirtualNetwork({ time, latency: 10 });
  const far = network.relay('wss://relay.test', farOptions);
  const near: Relay = relay(far.url, {
    scheduler: time,
    random: seededRandom(1),
    WebSocket: network.WebSocket,
    ...options,
  });
  const states: RelayState[] = [];
  near.status$.subscribe(({ state }) => states.push(state));
  return { time, network, far, near, states };
}
const word = (link: Link): string => ('connection' in link ? 'connection' : link.error.code);

afterEach(() => {
  config.onUnhandledError = null;
});

describe('relay', () => {
  it('throws for a URL that is none of a relay', () => {
    expect(() => relay('https://relay.test')).toThrow(RelayUrlError);
    expect(relay('WSS://Relay.Test').url).toBe('wss://relay.test/');
  });

  describe('states', () => {
    it('go from disconnected to connected, authenticated, disconnecting and back', async () => {
      const { time, near, states } = setUp(
        { signer: testSigner(testKey(0)), idleTimeout: 100 },
        { auth: { read: true } },
      );
      expect(states).toEqual(['disconnected']);
      const { subscription } = hear(near.pipe(switchMap((connection) => connection.subscribe({ kinds: [1] }))));
      expect(states).toEqual(['disconnected', 'connecting']);
      await time.advance(SECOND);
      expect(states).toEqual(['disconnected', 'connecting', 'connected', 'authenticated']);
      subscription.unsubscribe();
      await time.advance(105);
      expect(states.at(-1)).toBe('disconnecting');
      await time.advance(SECOND);
      expect(states).toEqual([
        'disconnected',
        'connecting',
        'connected',
        'authenticated',
        'disconnecting',
        'disconnected',
      ]);
    });

    it('tell of failure after the attempts that the backoff allows, and of success whenever it comes', async () => {
      const { time, near, far, states } = setUp();
      far.stop();
      hear(near);
      await time.until(() => states.at(-1) === 'failed', 10 * MINUTE);
      expect(states.filter((state) => state === 'connecting')).toHaveLength(5);
      await time.advance(10 * MINUTE);
      expect(new Set(states.slice(-10))).toEqual(new Set(['connecting', 'failed']));
      far.restart();
      await time.advance(2 * MINUTE);
      expect(states.at(-1)).toBe('connected');
    });

    it('come with their time, the trouble before them, and when the next attempt is due', async () => {
      const { time, near, far } = setUp();
      const statuses = hear(near.status$);
      hear(near);
      await time.advance(SECOND);
      const openedAt = near.status.since;
      expect(near.status).toMatchObject({ url: far.url, state: 'connected', counters: { connects: 1 } });
      expect(near.status).not.toHaveProperty('error');
      expect(near.status).not.toHaveProperty('retryAt');
      far.drop(1001, 'maintenance');
      await time.advance(20);
      const { error, retryAt = 0, since, state } = near.status;
      expect([state, error?.code]).toEqual(['disconnected', 'closed-by-relay']);
      expect(since).toBeGreaterThan(openedAt);
      expect(retryAt).toBeGreaterThan(time.now());
      await time.advance(retryAt - time.now());
      expect(near.status).toMatchObject({ state: 'connecting' });
      expect(near.status).toHaveProperty('error'); // until a connection opens
      expect(statuses.completed).toBe(false);
    });

    it('are those of the connection, however users come and go and connections break', async () => {
      const { time, near, far, states } = setUp({ idleTimeout: 500 });
      for (let round = 0; round < 20; round++) {
        const { subscription } = hear(near);
        await time.advance(round * 40);
        if (round % 3 === 0) far.drop();
        await time.advance(round * 20);
        subscription.unsubscribe();
        await time.advance(round * 45);
        if (near.status.state === 'connected') expect(far.connectionCount).toBeGreaterThan(0);
      }
      await time.advance(MINUTE);
      expect([near.status.state, far.connectionCount]).toEqual(['disconnected', 0]);
      const steps = states.map((state, index) => `${states[index - 1]} ${state}`).slice(1);
      expect(new Set(steps)).toEqual(
        new Set([
          'disconnected connecting',
          'connecting connected',
          'connected disconnecting',
          'disconnecting disconnected',
          // Lost, waiting for the next attempt; and not even waiting any more.
          'connected disconnected',
          'disconnected disconnected',
        ]),
      );
    });

    it('go straight to connecting when somebody comes back while the old socket is still closing', async () => {
      const { time, near, states } = setUp({ idleTimeout: 0 });
      const { subscription } = hear(near);
      await time.advance(SECOND);
      subscription.unsubscribe();
      await time.advance(5);
      hear(near);
      await time.advance(SECOND);
      expect(states.slice(2)).toEqual(['connected', 'disconnecting', 'connecting', 'connected']);
    });
  });

  describe('sharing', () => {
    it('dials once for all subscribers, and gives a late one the connection there is', async () => {
      const { time, near, far } = setUp();
      const [first, second] = [hear(near), hear(near)];
      await time.advance(SECOND);
      const third = hear(near);
      expect(far.connectionCount).toBe(1);
      expect(first.values).toHaveLength(1);
      expect([second.values, third.values]).toEqual([first.values, first.values]);
    });

    it('keeps the connection for 60 s after the last has left', async () => {
      const { time, near, far } = setUp();
      hear(near).subscription.unsubscribe();
      const { subscription } = hear(near);
      await time.advance(SECOND);
      subscription.unsubscribe();
      await time.advance(59 * SECOND);
      expect([far.connectionCount, near.status.state]).toEqual([1, 'connected']);
      await time.advance(1_100);
      expect([far.connectionCount, near.status.state]).toEqual([0, 'disconnected']);
      expect(time.actions).toHaveLength(0);
    });

    it('keeps it for whoever comes back in time, and starts the 60 s anew', async () => {
      const { time, near, far } = setUp();
      for (let round = 0; round < 5; round++) {
        const { subscription } = hear(near);
        await time.advance(SECOND);
        subscription.unsubscribe();
        await time.advance(50 * SECOND);
      }
      expect(near.status.counters.connects).toBe(1);
      await time.advance(11 * SECOND);
      expect(far.connectionCount).toBe(0);
      hear(near);
      await time.advance(SECOND);
      expect([far.connectionCount, near.status.counters.connects]).toEqual([1, 2]);
    });

    it('keeps it as long as it is told', async () => {
      const { time, near, far } = setUp({ idleTimeout: 2 * SECOND });
      const { subscription } = hear(near);
      await time.advance(SECOND);
      subscription.unsubscribe();
      await time.advance(1_900);
      expect(far.connectionCount).toBe(1);
      await time.advance(200);
      expect(far.connectionCount).toBe(0);
    });

    it('stops its attempts too when nobody has wanted it for as long', async () => {
      const { time, near, far, states } = setUp();
      far.stop();
      const { subscription } = hear(near);
      await time.advance(HOUR);
      subscription.unsubscribe();
      await time.advance(2 * MINUTE);
      expect(states.at(-1)).toBe('disconnected');
      expect(near.status).not.toHaveProperty('error');
      expect(time.actions).toHaveLength(0);
    });
  });

  describe('reconnecting', () => {
    it('gives a new connection after each loss, and the same link never twice', async () => {
      const { time, near, far } = setUp();
      const connections = hear(near);
      const links = hear(near.link$);
      for (let round = 0; round < 4; round++) {
        await time.advance(20 * SECOND);
        far.drop();
      }
      await time.advance(20 * SECOND);
      expect(connections.values).toHaveLength(5);
      expect(new Set(connections.values)).toHaveLength(5);
      expect(connections.values.map(({ isOpen }) => isOpen)).toEqual([false, false, false, false, true]);
      expect(links.values.map(word)).toEqual(
        Array(4).fill(['connection', 'connection-lost']).flat().concat('connection'),
      );
    });

    it('does not hand a connection that has ended to a late subscriber', async () => {
      const { time, near, far } = setUp();
      hear(near);
      await time.advance(SECOND);
      far.stop();
      await time.advance(20);
      const late = hear(near);
      const lateLinks = hear(near.link$);
      expect(late.values).toEqual([]);
      expect(lateLinks.values.map(word)).toEqual(['connection-lost']);
      far.restart();
      await time.advance(10 * SECOND);
      expect(late.values).toHaveLength(1);
    });

    it('revive() tries soon, and starts the attempts anew', async () => {
      const { time, near, far, states } = setUp();
      far.stop();
      hear(near);
      await time.until(() => states.at(-1) === 'failed' && (near.status.retryAt ?? 0) > time.now() + 20 * SECOND, HOUR);
      near.revive();
      expect((near.status.retryAt ?? 0) - time.now()).toBeLessThanOrEqual(SECOND);
      await time.advance(1_100);
      expect(states.at(-1)).toBe('disconnected');
      far.restart();
      near.revive();
      await time.advance(1_100);
      expect(states.at(-1)).toBe('connected');
    });

    it('revive() does nothing to a relay that is connected, or that nobody wants', async () => {
      const { time, near, far } = setUp();
      near.revive();
      await time.advance(SECOND);
      expect(far.connectionCount).toBe(0);
      hear(near);
      await time.advance(SECOND);
      near.revive();
      await time.advance(10 * SECOND);
      expect(near.status.counters.connects).toBe(1);
    });

    it('wakes when the world says so', async () => {
      const wake$ = new Subject<void>();
      const { time, near, far } = setUp({ wake$ });
      far.stop();
      hear(near);
      await time.until(() => (near.status.retryAt ?? 0) > time.now() + 20 * SECOND, HOUR);
      far.restart();
      wake$.next();
      await time.advance(1_100);
      expect(near.status.state).toBe('connected');
    });

    it('counts over all its connections', async () => {
      const { time, near, far } = setUp();
      hear(near.pipe(switchMap((connection) => connection.subscribe({ kinds: [1] }))));
      for (let round = 0; round < 3; round++) {
        await time.advance(20 * SECOND);
        far.drop();
      }
      await time.advance(20 * SECOND);
      const { connects, frames } = near.status.counters;
      expect([connects, frames]).toEqual([4, 4]);
      const before = near.status;
      far.flood({ kind: 'notice', count: 1 });
      await time.advance(SECOND);
      // A status is of its moment.
      expect([before.counters.notices, near.status.counters.notices]).toEqual([0, 1]);
    });
  });

  it('takes up the attempts of an earlier run once: a connection that was held makes them void', async () => {
    const { time, near, far } = setUp({ backoff: { attempts: 6, cap: 60_000 }, idleTimeout: 100 });
    expect(near.status.attempts).toBe(6);
    const first = hear(near);
    await time.advance(MINUTE);
    first.subscription.unsubscribe();
    await time.advance(SECOND);
    expect(near.status).toMatchObject({ state: 'disconnected', attempts: 0 });
    far.stop();
    const second = hear(near.link$);
    await time.advance(50);
    expect(near.status).toMatchObject({ state: 'disconnected', attempts: 1 });
    second.subscription.unsubscribe();
  });

  it('goes on with its attempts when somebody comes back who had left before one succeeded', async () => {
    const { time, near, far } = setUp({ idleTimeout: 100, backoff: { base: 10, floor: 10, cap: 10 } });
    far.stop();
    const first = hear(near.link$);
    await time.advance(SECOND);
    first.subscription.unsubscribe();
    await time.advance(SECOND);
    const { attempts } = near.status;
    expect(attempts).toBeGreaterThan(5);
    const second = hear(near.link$);
    await time.advance(100);
    expect(near.status.attempts).toBeGreaterThan(attempts);
    second.subscription.unsubscribe();
  });

  describe('leaves no timer, socket or listener behind', () => {
    it('after close(), with several users who leave by it', async () => {
      const { time, near } = setUp();
      const users = [hear(near), hear(near.link$), hear(near)];
      await time.advance(SECOND);
      near.close();
      expect(users.every(({ completed }) => completed)).toBe(true);
      await time.advance(SECOND); // the closing handshake
      expect(time.actions).toHaveLength(0);
    });

    it('after close(), whatever was under way', async () => {
      for (const fault of ['none', 'hang', 'refuse', 'halfOpen', 'waiting', 'idle'] as const) {
        const probe$ = new Subject<void>();
        const { time, near, far, states } = setUp({ probe$, wake$: probe$ });
        if (fault === 'hang' || fault === 'refuse' || fault === 'halfOpen') far.faults[fault] = true;
        const heard = hear(near.pipe(switchMap((connection) => connection.subscribe({ kinds: [1] }))));
        const links = hear(near.link$);
        await time.advance(SECOND);
        if (fault === 'waiting') far.stop();
        if (fault === 'idle') {
          heard.subscription.unsubscribe();
          links.subscription.unsubscribe();
        }
        await time.advance(50);
        near.close();
        if (fault !== 'idle') expect([fault, heard.completed, links.completed]).toEqual([fault, true, true]);
        expect(await time.settle(MINUTE)).toBe(true);
        expect([fault, time.actions.length, probe$.observed]).toEqual([fault, 0, false]);
        // The half-open relay never hears that we left.
        expect([fault, far.connectionCount]).toEqual([fault, fault === 'halfOpen' ? 1 : 0]);
        expect([fault, states.at(-1)]).toEqual([fault, 'disconnected']);
        expect(hear(near)).toMatchObject({ values: [], completed: true });
        expect(time.actions).toHaveLength(0);
      }
    });

    it('after failed connects', async () => {
      const { WebSocket, made } = fakeWebSockets();
      const { time, near } = setUp({ WebSocket, idleTimeout: 0 });
      const { subscription } = hear(near);
      for (let attempt = 0; attempt < 50; attempt++) {
        await time.until(() => made.length > attempt && made[attempt]?.closes.length === 1, 2 * MINUTE);
        made[attempt]?.gone();
      }
      expect(made).toHaveLength(50);
      // The wait for the next attempt.
      expect(time.actions).toHaveLength(1);
      subscription.unsubscribe();
      await time.advance(0);
      expect(time.actions).toHaveLength(0);
    });

    it('after an attempt that its last subscriber did not wait for', async () => {
      const { time, near, far, states } = setUp({ idleTimeout: 0 });
      const { subscription } = hear(near);
      subscription.unsubscribe();
      await time.advance(0);
      await time.advance(SECOND);
      expect(states).toEqual(['disconnected', 'connecting', 'disconnecting', 'disconnected']);
      expect(far.connectionCount).toBe(0);
      expect(time.actions).toHaveLength(0);
    });
  });

  it('never errors, whatever is thrown at it', async () => {
    const unhandled: unknown[] = [];
    config.onUnhandledError = (error) => unhandled.push(error);
    const { time, near, far } = setUp({
      random: () => {
        throw new Error('random');
      },
      wake$: new Subject<void>(),
    });
    const heard = hear(near);
    for (const code of [1000, 1001, 1006, 1009, 4000]) {
      await time.advance(10 * SECOND);
      far.drop(code);
    }
    far.faults.refuse = true;
    await time.advance(MINUTE);
    far.clearFaults();
    await time.advance(2 * MINUTE);
    expect(heard.error).toBeUndefined();
    expect(near.status.state).toBe('connected');
    near.close();
    expect(heard.completed).toBe(true);
  });

  it('is of use without a pool', async () => {
    const { time, near, far } = setUp();
    const event = fakeEvent();
    far.seed(event);
    const answers = hear(
      near.pipe(switchMap((connection) => (connection.isOpen ? connection.request({ kinds: [1] }) : EMPTY))),
    );
    await time.advance(SECOND);
    // The event is not signed: a relay alone verifies as well.
    expect(answers.values).toEqual([]);
    expect(near.status.counters.invalid).toBe(1);
    expect(hear(of(near.url)).values).toEqual(['wss://relay.test/']);
  });
});
