import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Guests } from '../../src/pool/guests.ts';
import type { Route } from '../../src/pool/route.ts';
import { only, whole } from '../../src/pool/routes.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { testKey, testSigner } from '../../src/testing/index.ts';
import { statusesOf } from '../support/status-of.ts';
import { TimeByHand } from '../support/time-by-hand.ts';
import { hear, words, world, type WorldOptions } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const GUEST = 'wss://guest.test/';

function aScene(options: WorldOptions = {}) {
  const scene = world(options);
  const guest = scene.network.relay(GUEST);
  return {
    ...scene,
    guest,
    route: only([GUEST]),
    urls: () => statusesOf(scene.pool).map(({ url }) => new URL(url).hostname),
  };
}

/** The route to relays that events named. */
const fromEvents =
  (...urls: string[]): Route =>
  (_, { borrow }) =>
    borrow(urls, 'event').pipe(map((relays) => relays.map(whole)));

describe('a relay that only a route leads to', () => {
  it('is there from the first request to a while after the last, and everyRelay does not see it', async () => {
    const { pool, guest, route, urls, time } = aScene();
    const all = hear(pool.packets({ kinds: [1] }));
    const [one, other] = [
      hear(pool.subscribe({ kinds: [1] }, { route })),
      hear(pool.subscribe({ kinds: [2] }, { route })),
    ];
    await time.advance(SECOND);
    expect(urls()).toEqual(['relay1.test', 'guest.test']);
    expect(guest.subscriptionCount).toBe(2);
    one.subscription.unsubscribe();
    await time.advance(2 * MINUTE);
    expect(urls()).toEqual(['relay1.test', 'guest.test']);
    other.subscription.unsubscribe();
    await time.advance(59 * SECOND);
    expect(urls()).toEqual(['relay1.test', 'guest.test']);
    // It is wanted again in time.
    const again = hear(pool.subscribe({ kinds: [3] }, { route }));
    await time.advance(2 * MINUTE);
    again.subscription.unsubscribe();
    await time.advance(59 * SECOND);
    expect(urls()).toEqual(['relay1.test', 'guest.test']);
    await time.advance(SECOND);
    expect(urls()).toEqual(['relay1.test']);
    await time.advance(SECOND);
    expect(guest.connectionCount).toBe(0);
    expect(words(all.values)).toEqual(['eose 0']);
    pool.close();
  });

  it('goes when idleTimeout is over, and what was learnt of it is kept', async () => {
    const { pool, guest, route, urls, time } = aScene({ pool: { idleTimeout: 5 * SECOND } });
    guest.faults.delay = 300;
    for (let i = 0; i < 3; i++) {
      hear(pool.request({ kinds: [1] }, { route }));
      await time.advance(SECOND);
    }
    await time.advance(5 * SECOND);
    expect(urls()).toEqual(['relay1.test']);
    expect(pool.memory.relays[GUEST]?.latency).toBeGreaterThan(300);
    pool.close();
  });

  it('becomes one of the pool by add, whatever leads to it or does not', async () => {
    const { pool, guest, route, urls, time } = aScene();
    const all = hear(pool.packets({ kinds: [1] }));
    hear(pool.request({ kinds: [7] }, { route }));
    await time.advance(SECOND);
    expect(pool.add('wss://guest.test')).toBe(GUEST);
    await time.advance(SECOND);
    expect(words(all.values)).toEqual(['eose 0', 'eose 0']);
    await time.advance(5 * MINUTE);
    expect(urls()).toEqual(['relay1.test', 'guest.test']);
    expect(guest.subscriptionCount).toBe(1);
    pool.close();
  });

  it('goes by remove, and then again by that of a member, although a route leads to it', async () => {
    const { pool, guest, route, urls, time } = aScene();
    const live = hear(pool.packets({ kinds: [1] }, { route }));
    await time.advance(SECOND);
    expect(pool.remove(GUEST)).toBe(true);
    await time.advance(SECOND);
    expect([urls(), guest.connectionCount]).toEqual([['relay1.test'], 0]);
    expect(pool.remove(GUEST)).toBe(false);
    pool.add(GUEST);
    await time.advance(SECOND);
    expect(words(live.values)).toEqual(['eose 0', 'eose 0']);
    live.subscription.unsubscribe();
    await time.advance(5 * MINUTE);
    // It is a member now.
    expect(urls()).toEqual(['relay1.test', 'guest.test']);
    pool.close();
  });

  it('that is of the pool is no guest: it stays', async () => {
    const { pool, urls, time } = aScene();
    hear(pool.request({ kinds: [1] }, { route: only(['wss://relay1.test']) }));
    await time.advance(5 * MINUTE);
    expect(urls()).toEqual(['relay1.test']);
    pool.close();
  });

  it('leaves no timer behind when the pool closes, in use or about to go', async () => {
    const { pool, route, time } = aScene();
    hear(pool.request({ kinds: [1] }, { route }));
    hear(pool.subscribe({ kinds: [1] }, { route: only(['wss://other.test']) }));
    await time.advance(SECOND);
    pool.close();
    await time.advance(30 * SECOND); // handshakes that end
    expect(time.actions).toHaveLength(0);
  });
});

describe('a relay that an event names', () => {
  it('is left out where it is private, no relay, or one too many', async () => {
    const { pool, urls, time, network } = aScene({ pool: { maxRelaysFromEvents: 2 } });
    for (const name of ['b', 'c', 'd']) network.relay(`wss://${name}.test`);
    const route = fromEvents(
      'ws://127.0.0.1',
      'ws://192.168.0.1',
      'nonsense',
      'https://x.test',
      GUEST,
      'wss://b.test',
      'wss://c.test',
    );
    const request = hear(pool.packets({ kinds: [1] }, { route }));
    await time.advance(SECOND);
    expect(words(request.values)).toEqual(['eose 1', 'eose 0']);
    expect(urls()).toEqual(['relay1.test', 'guest.test', 'b.test']);
    expect(() => pool.add('wss://d.test', { origin: 'event' })).toThrow(
      expect.objectContaining({ code: 'too-many-relays' }),
    );
    // One of the pool's own is none of them.
    const own = hear(pool.request({ kinds: [1] }, { route: fromEvents('wss://relay1.test', 'wss://c.test') }));
    await time.advance(SECOND);
    expect(own.completed).toBe(true);
    request.subscription.unsubscribe();
    await time.advance(61 * SECOND);
    expect(urls()).toEqual(['relay1.test']);
    hear(pool.subscribe({ kinds: [1] }, { route: fromEvents('wss://c.test', 'wss://d.test') }));
    await time.advance(SECOND);
    expect(urls()).toEqual(['relay1.test', 'c.test', 'd.test']);
    pool.close();
  });

  it('leads nowhere where all are left out', async () => {
    const { pool, time } = aScene();
    const request = hear(pool.request({ kinds: [1] }, { route: fromEvents('ws://localhost', 'ws://10.0.0.1') }));
    await time.advance(SECOND);
    expect(request.error).toMatchObject({ code: 'no-relays' });
    pool.close();
  });

  it('does not have the signer asked, until the caller names it too', async () => {
    const { pool, network, time } = world({ pool: { signer: testSigner(testKey(1)) } });
    const guarded = network.relay(GUEST, { auth: { read: true } });
    hear(pool.subscribe({ kinds: [1] }, { route: fromEvents(GUEST) }));
    await time.advance(SECOND);
    expect(guarded.connections[0]?.pubkeys).toEqual([]);
    hear(pool.subscribe({ kinds: [2] }, { route: only([GUEST]) }));
    await time.advance(SECOND);
    expect(guarded.connections[0]?.pubkeys).toEqual([testKey(1).publicKey]);
    pool.close();
  });
});

describe('Guests', () => {
  it('are let go once, a while after the last who led to them', () => {
    const time = new TimeByHand();
    const left: string[] = [];
    const guests = new Guests(100, time, (url) => left.push(url));
    const [a, b] = [relayUrl('wss://a.test'), relayUrl('wss://b.test')];
    guests.add(a);
    guests.hold(a);
    guests.hold(a);
    guests.hold(b);
    guests.release(a);
    guests.release(b);
    expect(time.pending).toBe(0);
    guests.release(a);
    time.moveTo(99);
    expect(left).toEqual([]);
    time.moveTo(100);
    expect([left, guests.has(a), time.pending]).toEqual([[a], false, 0]);
    guests.add(b);
    guests.hold(b);
    guests.close();
    guests.release(b);
    expect([guests.has(b), time.pending]).toEqual([false, 0]);
  });
});
