import { firstValueFrom } from 'rxjs';
import { events } from '../../src/operators/events.ts';
import { describe, expect, it } from 'vitest';
import { PoolError } from '../../src/pool/pool-error.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { relayAuth, relayEose, relayEvent, relayNotice, relayOk } from '../../src/protocol/relay-frame.ts';
import { RelayUrlError } from '../../src/protocol/relay-url.ts';
import { fakeEvent, type Flood, type Lie, signedEvent, testKey, testSigner } from '../../src/testing/index.ts';
import { pureVerifier } from '../../src/verifiers/pure.ts';
import type { RelayCounters } from '../../src/sources/relay-counters.ts';
import type { Verifier } from '../../src/verifiers/verifier.ts';
import { aConnection } from '../support/a-connection.ts';
import { busyVerifier, laterVerifier, zerosVerifier } from '../support/clocked-verifiers.ts';
import { heapInUse } from '../support/heap.ts';
import { statusOf } from '../support/status-of.ts';
import { contents, hear, words, world, type World } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const MEGABYTE = 2 ** 20;
const FORGERIES: readonly Lie[] = ['forged-signature', 'forged-content', 'wrong-id'];
const forged = (event: NostrEvent): NostrEvent => ({ ...event, sig: 'f'.repeat(128) });

/** A world with two relays, the first of which is under suspicion. */
interface Trial extends World {
  readonly suspect: World['relay'];
  readonly honest: World['relay'];
}

function trial(options: Parameters<typeof world>[0] = {}): Trial {
  const scene = world({ relays: 2, ...options });
  const [suspect, honest] = scene.relays;
  if (!suspect || !honest) throw new Error('A trial has two relays.');
  return { ...scene, suspect, honest };
}

/** The suspect is fast, the honest relay waits this long before each answer. */
function fastAndSlow(delay: number, verifier: (clock: () => World['time']) => Verifier): Trial {
  const scene: Trial = trial({
    relays: [{}, { faults: { delay } }],
    pool: { verifier: verifier(() => scene.time) },
  });
  return scene;
}

describe('lies', () => {
  describe.each([
    ['the pure verifier', () => pureVerifier],
    ['a verifier that answers later', (clock: () => World['time']) => laterVerifier(clock, 500)],
  ])('with %s', (_, verifier) => {
    // The real copy comes while the forged one waits for its verdict, and after it.
    describe.each([0, 100, 2_000])('the honest relay %i ms behind', (delay) => {
      it.each(FORGERIES)('1. a %s that arrives first does not hide the real event', async (lie) => {
        const { pool, relays, suspect, time, note } = fastAndSlow(delay, verifier);
        const stored = [note('one'), note('two', { age: 5 }), note('three', { age: 9 })];
        suspect.faults.lie = lie;
        for (const relay of relays) relay.seed(...stored);
        const request = hear(pool.request({ kinds: [1] }));
        await time.advance(10 * SECOND);
        expect(request.completed).toBe(true);
        expect(request.values).toEqual(stored);
        const live = hear(pool.packets({ kinds: [1] }).pipe(events()));
        await time.advance(10 * SECOND);
        expect(live.values).toEqual(stored);
        pool.close();
      });
    });

    it.each(FORGERIES)('1. a %s in front of the real event, from one relay, live', async (lie) => {
      const { pool, relay, time, note } = fastAndSlow(0, verifier);
      relay.faults.lie = lie;
      relay.faults.lieInFront = true;
      const heard = hear(pool.subscribe({ kinds: [1] }));
      await time.advance(5 * SECOND);
      const real = note('real');
      relay.add(real);
      await time.advance(5 * SECOND);
      expect(heard.values).toEqual([real]);
      expect(statusOf(pool, relay).counters).toMatchObject({ invalid: 1, events: 1 });
      pool.close();
    });
  });

  describe('2. under an id that verified, nothing but the copy that verified is handed out', () => {
    it.each<Lie>(['forged-signature', 'forged-content'])('%s, in a later subscription', async (lie) => {
      const { pool, suspect, honest, time, note } = trial();
      const real = note('real');
      honest.seed(real);
      const first = hear(pool.request({ kinds: [1] }));
      await time.advance(SECOND);
      expect(first.values).toEqual([real]);
      // From now on only the liar answers.
      honest.stop();
      suspect.seed(real);
      suspect.faults.lie = lie;
      const later = hear(pool.request({ kinds: [1] }));
      const byId = hear(pool.request({ ids: [real.id] }));
      await time.advance(MINUTE);
      expect(later.values).toEqual([real]);
      expect(byId.values).toEqual([real]);
      pool.close();
    });

    it('other content in a subscription that is open already', async () => {
      const { pool, suspect, honest, time, note } = trial();
      const all = hear(pool.subscribe({ kinds: [1] }));
      const tagged = hear(pool.subscribe({ kinds: [1], '#t': ['tagged'] }));
      await time.advance(SECOND);
      const real = note('real');
      honest.add(real);
      await time.advance(SECOND);
      // The same id with a tag that the other subscription asks for.
      suspect.broadcast({ ...real, tags: [['t', 'tagged']] });
      await time.advance(SECOND);
      expect(all.values).toEqual([real]);
      expect(tagged.values).toEqual([]);
      expect(statusOf(pool, suspect).counters.unmatched).toBe(1);
      pool.close();
    });

    it('a copy that waits for its verdict beside the real one', async () => {
      const scene: World = world({ relays: 3, pool: { verifier: laterVerifier(() => scene.time, 500) } });
      const { pool, relays, time, note } = scene;
      const real = note('real');
      const other = { ...real, content: 'other' };
      const heard = hear(pool.subscribe({ kinds: [1] }));
      const sameFilter = hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      relays[0]?.broadcast(real);
      relays[1]?.broadcast(other);
      relays[2]?.broadcast(forged(real));
      await time.advance(5 * SECOND);
      expect(heard.values).toEqual([real]);
      expect(sameFilter.values).toEqual([real]);
      pool.close();
    });

    it('when the verified copy has been forgotten, the next one is verified anew', async () => {
      const { pool, relay, time, note } = world({ pool: { remembered: 1 } });
      const heard = hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      const real = note('real');
      relay.add(real, note('another'));
      await time.advance(SECOND);
      expect(contents(heard.values)).toEqual(['real', 'another']);
      relay.faults.lie = 'forged-content';
      const later = hear(pool.request({ ids: [real.id] }));
      await time.advance(SECOND);
      expect(later.completed).toBe(true);
      expect(later.values).toEqual([]);
      pool.close();
    });
  });

  it.each(FORGERIES)('3. the relay that forwarded a %s is blamed, not the honest one that follows', async (lie) => {
    for (const delay of [0, 100, 2_000]) {
      const scene: World = world({
        relays: [{ faults: { lie } }, { faults: { lie } }, { faults: { delay } }, { faults: { delay: delay + 50 } }],
        pool: { verifier: laterVerifier(() => scene.time, 500) },
      });
      const { pool, relays, time, note } = scene;
      const real = note('real');
      for (const relay of relays) relay.seed(real);
      const heard = hear(pool.request({ kinds: [1] }));
      await time.advance(10 * SECOND);
      expect(heard.values).toEqual([real]);
      // Both liars sent the same forgery: one verdict, two to blame.
      expect(relays.map((relay) => statusOf(pool, relay).counters.invalid)).toEqual([1, 1, 0, 0]);
      expect(relays.map((relay) => statusOf(pool, relay).counters.events)).toEqual([0, 0, 1, 0]);
      expect(relays.map((relay) => statusOf(pool, relay).counters.duplicates)).toEqual([0, 0, 0, 1]);
      pool.close();
    }
  });

  describe('4. a relay that floods is dropped at the door, counted and slowed, and others feel nothing', () => {
    /** What must hold once the first relay has flooded. */
    async function expectDropped(
      { pool, suspect, honest, time, note }: Trial,
      counted: keyof RelayCounters,
    ): Promise<void> {
      const heard = hear(pool.subscribe({ kinds: [1], '#t': ['wanted'] }));
      await time.advance(10);
      honest.add(note('during the flood', { tags: [['t', 'wanted']] }));
      await time.advance(500);
      expect(contents(heard.values)).toEqual(['during the flood']);

      const { state, error, counters, since } = statusOf(pool, suspect);
      expect([state, error?.code]).toEqual(['disconnected', 'abusive']);
      expect(counters[counted]).toBeGreaterThanOrEqual(100);
      expect(statusOf(pool, honest)).toMatchObject({ state: 'connected', counters: { connects: 1 } });

      await time.advance(since + 58 * SECOND - time.now());
      pool.revive();
      await time.advance(SECOND);
      expect(statusOf(pool, suspect).counters.connects).toBe(1);
      await time.advance(5 * SECOND);
      expect(statusOf(pool, suspect).counters.connects).toBe(2);
      suspect.add(note('from the one that repented', { tags: [['t', 'wanted']] }));
      await time.advance(SECOND);
      expect(contents(heard.values)).toEqual(['during the flood', 'from the one that repented']);
      expect(statusOf(pool, honest).counters).toMatchObject({ connects: 1, unmatched: 0, unasked: 0, malformed: 0 });
      pool.close();
    }

    it.each<[Flood['kind'], keyof RelayCounters]>([
      ['unmatched', 'unmatched'],
      ['unknown-subscription', 'unasked'],
      ['malformed', 'malformed'],
      ['notice', 'notices'],
    ])('of %s frames', async (kind, counted) => {
      const scene = trial();
      hear(scene.pool.subscribe({ kinds: [1], '#t': ['wanted'] }));
      await scene.time.advance(SECOND);
      scene.suspect.flood({ kind, count: 3_000 });
      await expectDropped(scene, counted);
    });

    it('of forgeries, most of which are not even verified', async () => {
      let verified = 0;
      const verifier: Verifier = {
        verify: (batch) => {
          verified += batch.length;
          return pureVerifier.verify(batch);
        },
      };
      const scene = trial({ pool: { verifier } });
      const tags = [['t', 'wanted']];
      scene.suspect.seed(Array.from({ length: 2_000 }, (_, i) => fakeEvent({ content: `forged ${i}`, tags })));
      hear(scene.pool.subscribe({ kinds: [1], '#t': ['wanted'] }));
      await scene.time.advance(SECOND);
      expect(verified).toBeLessThan(500);
      const { frames, invalid, discarded } = statusOf(scene.pool, scene.suspect).counters;
      expect(frames).toBe(2_000 + 1);
      // The EOSE behind them waited too.
      expect(invalid + discarded).toBe(frames);
      scene.suspect.store.clear();
      await expectDropped(scene, 'invalid');
    });

    it('of forgeries, while the verifier has its hands full', async () => {
      const verifier = busyVerifier((): World['time'] => scene.time, 2.5, zerosVerifier);
      const scene = trial({ pool: { verifier } });
      const { pool, suspect, honest, time } = scene;
      const heard = hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      for (let i = 0; i < 3_000; i++) suspect.broadcast(forged(fakeEvent({ content: `forged ${i}` })));
      await time.advance(50);
      honest.add(fakeEvent({ content: 'from the honest one' }));
      await time.advance(1_500);
      expect(contents(heard.values)).toEqual(['from the honest one']);
      expect(statusOf(pool, suspect).error?.code).toBe('abusive');
      pool.close();
    });

    it('of events for a REQ that was closed long ago', async () => {
      const { pool, relay, time } = world();
      hear(pool.subscribe({ kinds: [1], '#t': ['wanted'] }));
      const short = hear(pool.subscribe({ kinds: [7] }));
      await time.advance(SECOND);
      const [connection] = relay.connections;
      const id = connection?.subscriptionIds.at(-1) ?? '';
      short.subscription.unsubscribe();
      const late = relayEvent(id, fakeEvent({ kind: 7 }));
      // What was on its way when the REQ was closed is no fault.
      for (let i = 0; i < 5_000; i++) connection?.send(late);
      await time.advance(SECOND);
      expect(statusOf(pool, relay)).toMatchObject({ state: 'connected', counters: { unasked: 5_000 } });
      await time.advance(2 * MINUTE);
      for (let i = 0; i < 5_000; i++) connection?.send(late);
      await time.advance(SECOND);
      expect(statusOf(pool, relay).error?.code).toBe('abusive');
      pool.close();
    }, 60_000);

    it('but a slow relay whose answers come late is not one', async () => {
      const { pool, relay, time, note } = world({
        relays: [{ verify: false, faults: { delay: 5_000 } }],
        pool: { connections: { maximum: 1 } },
      });
      const events = Array.from({ length: 1_500 }, (_, i) => fakeEvent({ content: `${i}` }));
      const publishes = events.map((event) => hear(pool.publish(event, { deadline: 2_000 })));
      await time.advance(10 * SECOND);
      expect(publishes.every(({ completed }) => completed)).toBe(true);
      expect(statusOf(pool, relay)).toMatchObject({ state: 'connected', counters: { connects: 1 } });
      const next = hear(pool.publish(note('with time'), { deadline: 9_000 }));
      await time.advance(10 * SECOND);
      expect(next.values.at(-1)?.accepted).toBe(1);
      pool.close();
    }, 60_000);

    it('but what was on its way for many cancelled requests is no flood', async () => {
      const { pool, relay, time, note } = world({ pool: { connections: { maximum: 1 }, alone: true } });
      relay.seed(note('one'), note('two'));
      const staying = hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      const requests = Array.from({ length: 800 }, () => hear(pool.request({ kinds: [1] })));
      await time.advance(15);
      for (const { subscription } of requests) subscription.unsubscribe();
      await time.advance(SECOND);
      expect(statusOf(pool, relay)).toMatchObject({ state: 'connected', counters: { unasked: 2_400, connects: 1 } });
      relay.add(note('three'));
      await time.advance(SECOND);
      expect(contents(staying.values)).toEqual(['one', 'two', 'three']);
      pool.close();
    }, 60_000);

    it('nor may a relay answer what was never sent to it', async () => {
      const { pool, relay, time } = world();
      hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      for (let i = 0; i < 2_000; i++) relay.connections[0]?.send(relayOk(`${i}`.padStart(64, '0'), true, ''));
      await time.advance(SECOND);
      expect(statusOf(pool, relay).error?.code).toBe('abusive');
      pool.close();
    });

    it('and is not dialled before its time by a request that comes when the relay was at rest', async () => {
      const { pool, relay, time } = world({ pool: { idleTimeout: 100 } });
      const first = hear(pool.request({ kinds: [1] }));
      await time.advance(10);
      relay.flood({ kind: 'notice', count: 2_000 });
      await time.advance(SECOND);
      expect(first.completed).toBe(true);
      for (let i = 0; i < 11; i++) {
        const again = hear(pool.request({ kinds: [1] }));
        await time.advance(5 * SECOND);
        expect(again.completed).toBe(true);
      }
      expect(relay.received.filter(({ message }) => message.type === 'REQ')).toHaveLength(1);
      expect(statusOf(pool, relay).counters.connects).toBe(1);
      await time.advance(5 * SECOND);
      const heard = hear(pool.packets({ kinds: [1] }));
      await time.advance(5 * SECOND);
      expect(words(heard.values)).toEqual(['eose 0']);
      pool.close();
    });

    it('but a trickle of nonsense is only counted', async () => {
      const { pool, relay, time, note } = world();
      const heard = hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      relay.flood({ kind: 'malformed', count: 40 * 120, perSecond: 40 });
      await time.advance(3 * MINUTE);
      relay.add(note('still here'));
      await time.advance(SECOND);
      expect(contents(heard.values)).toEqual(['still here']);
      expect(statusOf(pool, relay)).toMatchObject({ state: 'connected', counters: { connects: 1 } });
      pool.close();
    });
  });

  describe('5. endless frames that nobody asked for grow nothing', () => {
    const filler = 'x'.repeat(200);
    it.each<[string, (n: number) => string]>([
      ['AUTH challenges', (n) => relayAuth(`${filler}${n}`)],
      ['AUTH challenges of a size that no relay needs', (n) => relayAuth(`${filler.repeat(10)}${n}`)],
      ['NOTICEs', (n) => relayNotice(`${filler}${n}`)],
      ['EVENTs for ids never opened', (n) => relayEvent(`${filler}${n}`, { id: `${n}` })],
      ['EOSEs for ids never opened', (n) => relayEose(`${filler}${n}`)],
      ['unknown verbs', (n) => JSON.stringify([`${filler}${n}`, n])],
      ['OKs for events never sent', (n) => JSON.stringify(['OK', `${filler}${n}`, true, ''])],
    ])('%s', async (_, frame) => {
      let asked = 0;
      const signer = {
        signEvent: () => {
          asked++;
          return Promise.reject(new Error('not now'));
        },
      };
      const { connection, time, receive, failures } = aConnection({ signer });
      const received: NostrEvent[] = [];
      connection.subscribe({ kinds: [1] }).subscribe((event) => received.push(event));
      const flood = async (from: number, to: number): Promise<void> => {
        for (let n = from; n < to; n++) {
          receive(frame(n));
          // As fast as a relay may go on for ever: 50 in a second.
          if (n % 50 === 49) await time.advance(SECOND);
        }
      };
      await flood(0, 2_000);
      const before = await heapInUse();
      await flood(2_000, 32_000);
      // Had each frame left its text behind, it would be 6 MB or more.
      expect((await heapInUse()) - before).toBeLessThan(2 * MEGABYTE);
      expect(failures).toEqual([]);
      expect(asked).toBe(0);
      expect(connection.inFlight).toBe(1);
      expect(connection.verification.pending).toBe(0);
      expect(time.actions).toHaveLength(0);
      const event = signedEvent({ content: 'after all that' }, testKey(0));
      receive(relayEvent('0', event));
      await time.advance(SECOND);
      expect(received).toEqual([event]);
    });

    it('a NOTICE of megabytes is not kept', async () => {
      const connections = Array.from({ length: 20 }, () => aConnection());
      const before = await heapInUse();
      for (const { receive } of connections) receive(relayNotice(`${Math.random()}${'n'.repeat(MEGABYTE)}`));
      expect((await heapInUse()) - before).toBeLessThan(2 * MEGABYTE);
      for (const { connection } of connections) expect(connection.lastNotice).toHaveLength(500);
    });
  });

  describe('6. a relay list from an event cannot make the pool', () => {
    it.each([
      'ws://localhost',
      'ws://localhost:7777/path',
      'ws://127.0.0.1',
      'ws://127.1',
      'ws://0x7f000001',
      'ws://2130706433',
      'wss://10.0.0.1',
      'wss://172.16.5.4',
      'wss://192.168.1.1:8080',
      'wss://169.254.169.254/latest/meta-data',
      'wss://100.64.0.1',
      'wss://0.0.0.0',
      'wss://[::1]',
      'wss://[::ffff:127.0.0.1]',
      'wss://[fe80::1]',
      'wss://[fd00::1]',
      'wss://printer',
      'wss://router.local',
      'wss://db.internal',
      'wss://LOCALHOST.',
    ])('dial %s', async (url) => {
      const { pool, time, network } = world();
      const dialled: string[] = [];
      const watched = network.relay('wss://relay1.test');
      watched.received$.subscribe(({ message }) => dialled.push(message.type));
      hear(pool.subscribe({ kinds: [1] }));
      expect(() => pool.add(url, { origin: 'event' })).toThrow(RelayUrlError);
      await time.advance(MINUTE);
      const statuses = await firstValueFrom(pool.relays$);
      expect(statuses.map((status) => status.url)).toEqual([watched.url]);
      expect(new Set(dialled)).toEqual(new Set(['REQ', 'CLOSE']));
      pool.close();
    });

    it('dial what the caller may: its own list is allowed as written', async () => {
      const { pool, network, time } = world();
      const local = network.relay('ws://localhost:7777');
      pool.add('ws://localhost:7777');
      hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      expect(local.connectionCount).toBe(1);
      pool.close();
    });

    it('hold more relays than the cap, which those of the caller do not count for', async () => {
      const { pool } = world({ pool: { maxRelaysFromEvents: 3 } });
      pool.add('wss://caller.example');
      for (const n of [1, 2, 3]) pool.add(`wss://event${n}.example`, { origin: 'event' });
      expect(() => pool.add('wss://event4.example', { origin: 'event' })).toThrow(PoolError);
      expect(() => pool.add('wss://event4.example', { origin: 'event' })).toThrow(/maxRelaysFromEvents/);
      // Known ones are no more.
      pool.add('wss://event2.example/', { origin: 'event' });
      pool.add('wss://caller.example', { origin: 'event' });
      pool.add('wss://caller2.example');
      // A place is given back by removing, and by the caller's taking the relay over.
      pool.remove('wss://event1.example');
      pool.add('wss://event4.example', { origin: 'event' });
      pool.add('wss://event2.example');
      pool.add('wss://event5.example', { origin: 'event' });
      expect(() => pool.add('wss://event6.example', { origin: 'event' })).toThrow(PoolError);
      pool.close();
    });

    it('hold more than 50, unless told', () => {
      const { pool } = world();
      for (let n = 0; n < 50; n++) pool.add(`wss://event${n}.example`, { origin: 'event' });
      expect(() => pool.add('wss://one-too-many.example', { origin: 'event' })).toThrow(PoolError);
      pool.close();
    });

    it('ask the signer, until the caller adds the relay itself', async () => {
      const asked: string[] = [];
      const signer = testSigner(testKey(7));
      const spied = {
        signEvent: (template: Parameters<typeof signer.signEvent>[0]) => {
          asked.push(template.tags?.find(([name]) => name === 'relay')?.[1] ?? '');
          return signer.signEvent(template);
        },
      };
      const auth = { read: true };
      const { pool, network, time, note } = world({ relays: [{ auth }], pool: { signer: spied } });
      const hinted = network.relay('wss://hinted.test', { auth });
      hinted.seed(note('for members'));
      pool.add(hinted.url, { origin: 'event' });
      const heard = hear(pool.subscribe({ kinds: [1] }));
      await time.advance(MINUTE);
      expect(asked).toEqual(['wss://relay1.test/']);
      expect(heard.values).toEqual([]);
      // A new connection is one that the caller vouches for.
      pool.add(hinted.url);
      hinted.drop();
      await time.advance(MINUTE);
      expect(new Set(asked)).toEqual(new Set(['wss://relay1.test/', 'wss://hinted.test/']));
      expect(contents(heard.values)).toEqual(['for members']);
      pool.close();
    });

    it('ask the signer of relays that the app does not want it asked for', async () => {
      const auth = { read: true };
      let asked = 0;
      const { pool, time } = world({
        relays: [{ auth }],
        pool: {
          signer: {
            signEvent: () => {
              asked++;
              return Promise.reject(new Error('no'));
            },
          },
          mayAuthenticate: () => false,
        },
      });
      const packets = hear(pool.packets({ kinds: [1] }));
      await time.advance(MINUTE);
      expect(words(packets.values)).toEqual(['gap', 'closed auth-required 0']);
      expect(asked).toBe(0);
      pool.close();
    });
  });
});
