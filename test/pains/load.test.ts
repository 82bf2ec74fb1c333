import { map, Observable, Subject, takeWhile, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { relayAuth, relayClosed, relayEose, relayEvent, relayNotice, relayOk } from '../../src/protocol/relay-frame.ts';
import type { Connection } from '../../src/sources/connection.ts';
import { relay as aRelay } from '../../src/sources/relay.ts';
import type { RelayCounters } from '../../src/sources/relay-counters.ts';
import { fakeEvent, testKey, testSigner, VirtualNetwork, VirtualTime } from '../../src/testing/index.ts';
import { Verification } from '../../src/verifiers/verification.ts';
import type { Verifier } from '../../src/verifiers/verifier.ts';
import { busyVerifier, laterVerifier, zerosVerifier } from '../support/clocked-verifiers.ts';
import { heapInUse } from '../support/heap.ts';
import { statusOf } from '../support/status-of.ts';
import { watchUnhandledErrors } from '../support/unhandled-errors.ts';
import { contents, hear, words, world, worldOfLoners, type World } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const MEGABYTE = 2 ** 20;

describe('carrying load', () => {
  describe('32. nothing grows for ever', () => {
    it('seen ids: within the bound no event comes twice, from however many relays and connections', async () => {
      const { pool, relays, time } = world({ relays: 4, pool: { verifier: zerosVerifier } });
      const stored = Array.from({ length: 500 }, (_, i) =>
        fakeEvent({ content: `${i}`, created_at: 1_767_000_000 + i }),
      );
      for (const relay of relays) relay.seed(stored);
      const heard = hear(pool.subscribe({ kinds: [1] }, { seenCapacity: 500, resume: { mode: 'full' } }));
      await time.advance(5 * SECOND);
      for (let round = 0; round < 3; round++) {
        for (const relay of relays) relay.drop();
        await time.advance(10 * SECOND);
        for (const event of stored.slice(0, 50)) for (const relay of relays) relay.broadcast(event);
        await time.advance(SECOND);
      }
      expect(relays.map((relay) => statusOf(pool, relay).counters.connects)).toEqual([4, 4, 4, 4]);
      expect(heard.values).toHaveLength(500);
      expect(new Set(heard.values)).toHaveLength(500);
      pool.close();
    });

    it('seen ids: beyond the bound the oldest are forgotten, and only they', async () => {
      const { pool, relay, time } = world({ pool: { verifier: zerosVerifier } });
      const heard = hear(pool.subscribe({ kinds: [1] }, { seenCapacity: 10 }));
      await time.advance(SECOND);
      const events = Array.from({ length: 11 }, (_, i) => fakeEvent({ content: `${i}` }));
      for (const sent of [events, [...events.slice(1), ...events.slice(0, 1)]]) {
        for (const event of sent) relay.broadcast(event);
        await time.advance(SECOND);
      }
      expect(contents(heard.values)).toEqual([...events.map(({ content }) => content), '0']);
      pool.close();
    });

    it('frames: ids do not keep alive what they were cut from', async () => {
      const { pool, relay, time } = world({ pool: { verifier: zerosVerifier, remembered: 1 } });
      let count = 0;
      pool.subscribe({ kinds: [1] }).subscribe(() => count++);
      await time.advance(SECOND);
      const send = async (from: number, to: number): Promise<void> => {
        for (let n = from; n < to; n++) {
          // A third of them comes twice, and a third is for a REQ that never was.
          const frame = `${relayEvent('0', fakeEvent({ content: `${n}`, tags: [['filler', 'x'.repeat(20_000)]] }))} `;
          relay.connections[0]?.send(frame);
          if (n % 3 === 0) relay.connections[0]?.send(frame);
          if (n % 3 === 1) relay.connections[0]?.send(relayEvent(`never ${n}`, frame));
          await time.advance(20);
        }
      };
      await send(0, 100);
      const before = await heapInUse();
      await send(100, 2_100);
      // 2,000 frames of 20 kB are 40 MB.
      expect((await heapInUse()) - before).toBeLessThan(4 * MEGABYTE);
      expect(count).toBe(2_100);
      pool.close();
    });

    it('2,000 short requests and publishes leave nothing in the pool, its timers and its relays', async () => {
      const scene: World = world({
        relays: [
          { receivedCapacity: 1, verify: false },
          { receivedCapacity: 1, verify: false, faults: { noEose: true } },
        ],
        pool: {
          verifier: laterVerifier(() => scene.time, 5, zerosVerifier),
          // Silence would end the requests early.
          breaker: { consecutiveFailures: Infinity, failureRatio: 2, minimumSuccessRate: 0 },
        },
      });
      const { pool, relays, time } = scene;
      for (const relay of relays) relay.seed([fakeEvent({ content: 'stored' })]);
      const staying = hear(pool.subscribe({ kinds: [1] }));
      let completed = 0;
      const round = async (n: number): Promise<void> => {
        // Some end by EOSE and silence, some by their deadline, some are given up at different moments.
        for (let i = 0; i < 10; i++) {
          const request = pool.request({ kinds: [1] }, { silenceTimeout: 2_000, deadline: i < 5 ? 3_000 : 500 });
          const asking = request.subscribe({ complete: () => completed++ });
          if (i % 5 === 4) time.schedule(() => asking.unsubscribe(), i * 3);
          const event = fakeEvent({ kind: 20_001, content: `${n} ${i}` });
          const publish = pool.publish(event, { deadline: 1_000 });
          const publishing = publish.subscribe({ complete: () => completed++ });
          if (i % 5 === 3) time.schedule(() => publishing.unsubscribe(), i * 3);
        }
        await time.advance(4 * SECOND);
      };
      for (let n = 0; n < 10; n++) await round(n);
      await time.advance(5 * SECOND);
      const before = {
        heap: await heapInUse(),
        actions: time.actions.length,
        open: relays.map((r) => r.subscriptionCount),
      };
      expect(before.open).toEqual([1, 1]);
      completed = 0;
      for (let n = 10; n < 110; n++) await round(n);
      await time.advance(5 * SECOND);
      // Of each round's ten requests two were given up, of its ten publishes one (another was through before).
      expect(completed).toBe(100 * (8 + 9));
      expect(relays.map((relay) => relay.subscriptionCount)).toEqual(before.open);
      expect(time.actions).toHaveLength(before.actions);
      expect((await heapInUse()) - before.heap).toBeLessThan(2 * MEGABYTE);
      expect(relays.map((relay) => statusOf(pool, relay).counters.connects)).toEqual([1, 1]);
      expect(staying.values).toHaveLength(1);
      pool.close();
    }, 60_000);

    it('2,000 short requests and publishes leave nothing in a connection', async () => {
      const time = new VirtualTime();
      const network = new VirtualNetwork({ time, latency: 5 });
      const far = network.relay('wss://far.test', { verify: false });
      far.seed(fakeEvent({ content: 'stored' }));
      const verification = new Verification({ scheduler: time, verifier: zerosVerifier });
      const near = aRelay(far.url, { scheduler: time, WebSocket: network.WebSocket, verification });
      let connection: Connection | undefined;
      near.subscribe((open) => (connection = open));
      await time.advance(SECOND);
      if (!connection) throw new Error('no connection');
      const idle = time.actions.length;
      for (let n = 0; n < 1_000; n++) {
        const asking = connection.request({ kinds: [1] }).subscribe();
        const publishing = connection.publish(fakeEvent({ kind: 20_001, content: `${n}` })).subscribe();
        expect(connection.inFlight).toBe(2);
        await time.advance(n % 15);
        if (n % 2 === 0) asking.unsubscribe();
        if (n % 3 === 0) publishing.unsubscribe();
        await time.advance(15);
        expect(connection.inFlight).toBe(0);
      }
      expect(connection.verification.pending).toBe(0);
      expect(far.subscriptionCount).toBe(0);
      await time.advance(SECOND);
      expect(time.actions).toHaveLength(idle);
      near.close();
    });

    it('requests that end while they are being asked for, as relays are down, leave nothing', async () => {
      const { pool, relays, time } = world({ relays: 3 });
      for (const relay of relays) relay.stop();
      const staying = hear(pool.subscribe({ kinds: [7] }));
      await time.until(() => relays.every((relay) => statusOf(pool, relay).state === 'failed'), 10 * MINUTE);
      const idle = time.actions.length;
      let completed = 0;
      for (let n = 0; n < 100; n++) {
        pool.request({ kinds: [1] }).subscribe({ complete: () => completed++ });
        pool
          .packets({ kinds: [1] })
          .pipe(takeWhile(({ type }) => type !== 'lost'))
          .subscribe();
      }
      expect(time.actions.length - idle).toBeLessThanOrEqual(600);
      await time.advance(2 * MINUTE);
      expect(completed).toBe(100);
      for (const relay of relays) relay.restart();
      await time.advance(2 * MINUTE);
      // What was left behind would ask now.
      expect(relays.map((relay) => relay.subscriptionCount)).toEqual([1, 1, 1]);
      staying.subscription.unsubscribe();
      await time.advance(2 * MINUTE);
      expect(relays.map((relay) => relay.connectionCount)).toEqual([0, 0, 0]);
      expect(time.actions).toHaveLength(0);
      pool.close();
    });

    it('a request that is given up when it hears of a gap leaves no REQ behind', async () => {
      const { pool, relay, time } = worldOfLoners({ pool: { verifier: zerosVerifier } });
      const staying = hear(pool.subscribe({ kinds: [7] }));
      for (let n = 0; n < 5; n++) {
        pool
          .packets({ kinds: [1] })
          .pipe(takeWhile(({ type }) => type !== 'gap'))
          .subscribe();
      }
      await time.advance(10 * SECOND);
      expect(relay.subscriptionCount).toBe(6);
      relay.drop();
      await time.advance(MINUTE);
      expect(relay.subscriptionCount).toBe(1);
      staying.subscription.unsubscribe();
      pool.close();
    });

    it('a request that is given up when it hears of a gap in a page leaves no REQ and no timer behind', async () => {
      const { pool, relay, time } = world({ pool: { verifier: zerosVerifier } });
      relay.seed(Array.from({ length: 60 }, (_, i) => fakeEvent({ content: `${i}` })));
      // All of one second, more than the relay gives: what the page could not get past is a gap.
      relay.faults.cap = 20;
      const packets = hear(pool.packets({ kinds: [1] }).pipe(takeWhile(({ type }) => type !== 'gap', true)));
      await time.advance(MINUTE);
      expect(words(packets.values).at(-1)).toBe('gap');
      expect(packets.completed).toBe(true);
      expect(relay.subscriptionCount).toBe(0);
      await time.advance(2 * MINUTE);
      expect(time.actions).toHaveLength(0);
      pool.close();
    });

    it.each(['error: the database is away', 'invalid: no'])(
      'a request that is given up when it is refused (%s) is not asked again',
      async (reason) => {
        const { pool, relay, time } = world({ relays: [{ faults: { closedWith: reason } }] });
        const staying = hear(pool.subscribe({ kinds: [7] }));
        const givenUp = hear(pool.packets({ kinds: [1] }).pipe(takeWhile(({ type }) => type !== 'closed')));
        await time.advance(100);
        expect(givenUp.completed).toBe(true);
        relay.clearFaults();
        await time.advance(MINUTE);
        expect(relay.subscriptionCount).toBeLessThanOrEqual(1);
        staying.subscription.unsubscribe();
        await time.advance(2 * MINUTE);
        expect(time.actions).toHaveLength(0);
        pool.close();
      },
    );
  });

  describe('33. nothing is dropped silently: every frame is counted, and by one name', () => {
    const event = (fields: Partial<NostrEvent> = {}): NostrEvent =>
      fakeEvent({ content: `${Math.random()}`, ...fields });
    const known = event();
    const cases: readonly [string, keyof RelayCounters | 'none', (id: string) => string | readonly string[]][] = [
      ['a wanted event', 'events', (id) => relayEvent(id, event())],
      [
        'a wanted event with an escape in its subscription id',
        'events',
        (id) => relayEvent(id, event()).replace(`"${id}"`, `"\\u00${id.charCodeAt(0).toString(16)}"`),
      ],
      ['an event again', 'duplicates', (id) => relayEvent(id, known)],
      ['an event that nobody asked for', 'unmatched', (id) => relayEvent(id, event({ kind: 7 }))],
      ['a forged event', 'invalid', (id) => relayEvent(id, event({ sig: '1'.repeat(128) }))],
      ['no event', 'invalid', (id) => relayEvent(id, { id: 'short' })],
      ['an upper-case id', 'invalid', (id) => relayEvent(id, event({ id: 'A'.repeat(64) }))],
      ['a cut event', 'invalid', (id) => relayEvent(id, event()).slice(0, -20)],
      ['an expired event', 'expired', (id) => relayEvent(id, event({ tags: [['expiration', '1000']] }))],
      ['an event for another id', 'unasked', () => relayEvent('never', event())],
      ['EOSE for another id', 'unasked', () => relayEose('never')],
      ['CLOSED for another id', 'unasked', () => relayClosed('never', 'error: no')],
      ['an OK for nothing', 'unasked', () => relayOk('0'.repeat(64), true, '')],
      ['a COUNT', 'unasked', () => '["COUNT","never",{"count":1}]'],
      ['a NEG-MSG', 'unasked', () => '["NEG-MSG","never","6100"]'],
      ['an unknown verb', 'unasked', () => '["HELLO",1]'],
      ['no JSON', 'malformed', () => 'hello'],
      ['no array', 'malformed', () => '{}'],
      ['an EOSE without an id', 'malformed', () => '["EOSE"]'],
      ['a NOTICE', 'notices', () => relayNotice('hello')],
      ['a challenge', 'none', () => relayAuth('challenge')],
      ['an EOSE', 'none', (id) => relayEose(id)],
    ];

    it.each(cases)('%s: %s', async (_, counter, frames) => {
      const { pool, relay, time } = world({ pool: { verifier: zerosVerifier } });
      hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      const [connection] = relay.connections;
      const id = connection?.subscriptionIds[0] ?? '';
      connection?.send(relayEvent(id, known));
      await time.advance(SECOND);
      const before = statusOf(pool, relay).counters;
      const sent = [frames(id)].flat();
      for (const frame of sent) connection?.send(frame);
      await time.advance(SECOND);
      const { frames: received, bytes, ...after } = statusOf(pool, relay).counters;
      expect(received - before.frames).toBe(1);
      expect(bytes - before.bytes).toBe(sent.join('').length);
      const changed = Object.entries(after).filter(([name, count]) => count !== before[name as keyof RelayCounters]);
      expect(changed).toEqual(counter === 'none' ? [] : [[counter, before[counter] + 1]]);
      pool.close();
    });
  });

  describe("34. one exception does not stop anyone else's stream", () => {
    const unhandled = watchUnhandledErrors();
    const oops = new Error('oops');
    const broken = (): never => {
      throw oops;
    };

    it("in a subscriber's next", async () => {
      const { pool, relay, time, note } = world({ relays: 2 });
      const first = hear(pool.subscribe({ kinds: [1] }));
      let calls = 0;
      pool.subscribe({ kinds: [1] }).subscribe(() => {
        calls++;
        throw oops;
      });
      const last = hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      relay.add(note('one'), note('two'));
      await time.advance(SECOND);
      expect([contents(first.values), contents(last.values), calls]).toEqual([['one', 'two'], ['one', 'two'], 2]);
      expect(await unhandled.reported()).toEqual([oops, oops]);
      expect(statusOf(pool, relay).counters.connects).toBe(1);
      pool.close();
    });

    it('in every handler there is', async () => {
      const { pool, relay, time, note } = world({ relays: [{ faults: { closedWith: 'invalid: no' } }, {}] });
      const heard = hear(pool.subscribe({ kinds: [1] }));
      const handlers = { next: broken, complete: broken, error: broken };
      pool.relays$.subscribe(handlers);
      pool.packets({ kinds: [1] }).subscribe(handlers);
      pool.request({ kinds: [1] }).subscribe(handlers);
      pool.publish(note('published')).subscribe(handlers);
      const report = hear(pool.publish(note('published too')));
      await time.advance(5 * SECOND);
      expect(report.values.at(-1)?.accepted).toBe(2);
      relay.clearFaults();
      relay.drop();
      await time.advance(10 * SECOND);
      expect(new Set(contents(heard.values))).toEqual(new Set(['published', 'published too']));
      pool.close();
      expect(new Set(await unhandled.reported())).toEqual(new Set([oops]));
    });

    it('in an operator of one subscriber, whose REQ is closed', async () => {
      const { pool, relay, time, note } = worldOfLoners();
      const heard = hear(pool.subscribe({ kinds: [1] }));
      const failing = hear(pool.subscribe({ kinds: [1] }).pipe(map(broken)));
      const after = hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      expect(relay.subscriptionCount).toBe(3);
      relay.add(note('one'), note('two'));
      await time.advance(SECOND);
      expect(failing.error).toBe(oops);
      expect(relay.subscriptionCount).toBe(2);
      expect([contents(heard.values), contents(after.values)]).toEqual([
        ['one', 'two'],
        ['one', 'two'],
      ]);
      expect(await unhandled.reported()).toEqual([]);
      pool.close();
    });

    it('in the observable of filters of one subscriber', async () => {
      const { pool, relay, time, note } = world();
      const heard = hear(pool.subscribe({ kinds: [1] }));
      const failing = hear(pool.subscribe(throwError(() => oops)));
      const wrong = new Subject<{ kinds: number[] }>();
      const failingLater = hear(pool.subscribe(wrong));
      wrong.next({ kinds: [1] });
      await time.advance(SECOND);
      wrong.next({ kinds: [Number.NaN] });
      relay.add(note('one'));
      await time.advance(SECOND);
      expect(failing.error).toBe(oops);
      expect(failingLater.error).toMatchObject({ code: 'invalid-filter' });
      expect(contents(heard.values)).toEqual(['one']);
      expect(relay.subscriptionCount).toBe(1);
      pool.close();
    });

    it.each<[string, Verifier]>([
      ['throws', { verify: broken }],
      ['rejects', { verify: () => Promise.reject(oops) }],
      ['hangs', { verify: () => new Promise(() => undefined) }],
      ['answers nonsense', { verify: () => 'yes' as never }],
      ['answers too few', { verify: () => [] }],
      ['answers nothing', { verify: () => undefined as never }],
      ['answers with a promise that is none', { verify: () => ({ then: broken }) as never }],
    ])('in a verifier that %s', async (_, verifier) => {
      const { pool, relay, time, note } = world({ pool: { verifier } });
      relay.seed(note('one'), note('two'));
      const [heard, other] = [hear(pool.request({ kinds: [1] })), hear(pool.subscribe({ kinds: [1] }))];
      await time.advance(MINUTE);
      relay.faults.lie = 'forged-content';
      relay.add(note('three'));
      await time.advance(MINUTE);
      expect([contents(heard.values).sort(), contents(other.values).sort()]).toEqual([
        ['one', 'two'],
        ['one', 'two'],
      ]);
      expect(heard.completed).toBe(true);
      expect(statusOf(pool, relay)).toMatchObject({ state: 'connected', counters: { invalid: 1, connects: 1 } });
      expect(await unhandled.reported()).toEqual([]);
      pool.close();
    });

    it.each([
      ['throws', broken],
      ['rejects', () => Promise.reject(oops)],
      ['hangs', () => new Promise<NostrEvent>(() => undefined)],
      ['answers nonsense', () => Promise.resolve({} as NostrEvent)],
      ['answers nothing', () => undefined as never],
    ])('in a signer that %s', async (_, signEvent) => {
      const { pool, relays, time, note } = world({
        relays: [{ auth: { read: true, write: true } }, {}],
        pool: { signer: { signEvent } },
      });
      relays[1]?.seed(note('one'));
      const heard = hear(pool.subscribe({ kinds: [1] }));
      const packets = hear(pool.packets({ kinds: [1] }));
      const report = hear(pool.publish(note('two'), { deadline: MINUTE }));
      await time.advance(2 * MINUTE);
      expect(contents(heard.values)).toEqual(['one', 'two']);
      expect(words(packets.values).join()).toContain('closed auth-required');
      expect(Object.values(report.values.at(-1)?.outcomes ?? {})).toMatchObject([
        { status: 'rejected', reason: { prefix: 'auth-required' } },
        { status: 'accepted' },
      ]);
      expect(report.completed).toBe(true);
      expect(relays.map((relay) => statusOf(pool, relay).counters.connects)).toEqual([1, 1]);
      expect(await unhandled.reported()).toEqual([]);
      pool.close();
    });

    it.each([
      ['throws', broken],
      ['is not a number', () => Number.NaN],
      ['is out of its range', () => -7],
    ])('in a source of chance that %s', async (_, random) => {
      const { pool, relay, time, note } = world({
        relays: [{ faults: { closedWith: 'rate-limited: later' } }],
        pool: { random },
      });
      const heard = hear(pool.subscribe({ kinds: [1] }));
      const publish = hear(pool.publish(note('published'), { deadline: MINUTE }));
      relay.faults.rejectedWith = 'rate-limited: later';
      await time.advance(100);
      relay.clearFaults();
      await time.advance(30 * SECOND);
      expect(publish.values.at(-1)?.accepted).toBe(1);
      relay.drop();
      await time.advance(30 * SECOND);
      relay.add(note('live'));
      await time.advance(SECOND);
      expect(contents(heard.values)).toEqual(['published', 'live']);
      // What the app's own function throws is reported, not swallowed.
      expect(new Set(await unhandled.reported())).toEqual(new Set(random === broken ? [oops] : []));
      pool.close();
    });

    it.each<[string, () => Observable<unknown>]>([
      ['errors at once', () => throwError(() => oops)],
      ['throws when it is subscribed to', () => new Observable(broken)],
      [
        'errors later',
        () => {
          const news = new Subject<void>();
          setImmediate(() => news.error(oops));
          return news;
        },
      ],
    ])('in a connectivity$ that %s', async (_, connectivity) => {
      const { pool, relay, time, note } = world({ relays: 2, pool: { connectivity$: connectivity() } });
      const heard = hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      relay.drop();
      await time.advance(30 * SECOND);
      relay.add(note('live'));
      await time.advance(SECOND);
      expect(contents(heard.values)).toEqual(['live']);
      expect(await unhandled.reported()).toEqual([]);
      pool.close();
    });

    it('in a WebSocket that cannot be made for one relay', async () => {
      const time = new VirtualTime();
      const network = new VirtualNetwork({ time });
      class Picky extends network.WebSocket {
        constructor(url: string) {
          if (url.includes('forbidden')) throw oops;
          super(url);
        }
      }
      const { pool } = world({ pool: { scheduler: time, WebSocket: Picky } });
      const forbidden = network.relay('wss://forbidden.test');
      const allowed = network.relay('wss://relay1.test');
      pool.add(forbidden.url);
      const heard = hear(pool.request({ kinds: [1] }));
      allowed.seed(fakeEvent({ content: 'not signed' }));
      await time.advance(MINUTE);
      expect(heard.completed).toBe(true);
      expect(statusOf(pool, allowed)).toMatchObject({ counters: { invalid: 1 } });
      expect(statusOf(pool, forbidden).error).toMatchObject({ code: 'connect-failed', cause: oops });
      expect(await unhandled.reported()).toEqual([]);
      pool.close();
    });
  });

  describe('35. under load no deadline cuts off events that had arrived and were waiting to be verified', () => {
    const notes = (count: number): NostrEvent[] =>
      Array.from({ length: count }, (_, i) => fakeEvent({ content: `${i}` }));
    /** A relay with 1,000 events and a verifier that needs 8 seconds for them. */
    const loaded = (relays: Parameters<typeof world>[0] = {}): World => {
      const scene: World = world({ ...relays, pool: { verifier: busyVerifier(() => scene.time, 8, zerosVerifier) } });
      scene.relay.seed(notes(1_000));
      return scene;
    };

    it('the deadline of a request', async () => {
      const { pool, relay, time } = loaded();
      const request = hear(pool.request({ kinds: [1] }, { deadline: SECOND }));
      await time.advance(900);
      expect(statusOf(pool, relay).counters.frames).toBe(1_001);
      expect(request.values.length).toBeLessThan(200);
      await time.until(() => request.completed, MINUTE);
      expect(new Set(request.values)).toHaveLength(1_000);
      expect(relay.subscriptionCount).toBe(0);
      pool.close();
    });

    it('the deadline of a request whose relay does not end its answer', async () => {
      const { pool, relay, time } = loaded({ relays: [{ faults: { noEose: true } }] });
      const request = hear(pool.request({ kinds: [1] }, { deadline: SECOND }).pipe(toArray()));
      // What comes after the deadline is not waited for: the REQ is closed.
      await time.advance(1_100);
      expect(relay.subscriptionCount).toBe(0);
      relay.add(fakeEvent({ content: 'too late' }));
      await time.until(() => request.completed, MINUTE);
      expect(request.values[0]).toHaveLength(1_000);
      pool.close();
    });

    it('the patience with a silent relay', async () => {
      const { pool, time } = loaded({ relays: [{ faults: { noEose: true } }] });
      const packets = hear(pool.packets({ kinds: [1] }, { silenceTimeout: SECOND }));
      await time.advance(12 * SECOND);
      const said = words(packets.values);
      expect(said.slice(1_000)).toEqual(['gap', 'lost silent 0']);
      pool.close();
    });

    it('the patience with a relay that seems silent, as the thread was too busy to hear it', async () => {
      const { pool, relay, time, note } = world({ relays: [{ faults: { delay: 10_500 } }] });
      relay.seed(note('one'));
      const request = hear(pool.request({ kinds: [1] }, { silenceTimeout: 10 * SECOND }));
      await time.advance(9 * SECOND);
      // Nothing runs for three seconds; then the timer is first, and the answer in the socket right behind it.
      time.frame += 3 * SECOND;
      await time.advance(SECOND);
      expect(contents(request.values)).toEqual(['one']);
      expect(request.completed).toBe(true);
      pool.close();
    });

    it('the deadline of a request whose relay was lost meanwhile', async () => {
      const { pool, relay, time } = loaded();
      const request = hear(pool.request({ kinds: [1] }, { deadline: SECOND }));
      await time.advance(500);
      relay.stop();
      await time.until(() => request.completed, MINUTE);
      expect(new Set(request.values)).toHaveLength(1_000);
      pool.close();
    });

    it('the deadline of a request whose relay was lost and is back', async () => {
      const { pool, relay, time } = loaded();
      const request = hear(pool.request({ kinds: [1] }, { deadline: 3 * SECOND }));
      await time.advance(500);
      relay.drop();
      relay.seed(fakeEvent({ content: 'new', created_at: 1_767_225_601 }));
      await time.advance(2 * SECOND);
      expect(relay.connectionCount).toBe(1);
      await time.until(() => request.completed, MINUTE);
      expect(new Set(contents(request.values))).toHaveLength(1_001);
      pool.close();
    });

    it('the word that a relay is lost, however often', async () => {
      const { pool, relay, time } = loaded();
      const packets = hear(pool.packets({ kinds: [1] }));
      for (let round = 0; round < 4; round++) {
        await time.advance(500);
        relay.drop();
        relay.restart();
      }
      relay.stop();
      await time.advance(MINUTE);
      const said = words(packets.values);
      const lastEvent = said.findLastIndex((word) => word.startsWith('event'));
      expect(said.filter((word) => word.startsWith('event'))).toHaveLength(1_000);
      expect(said.findIndex((word) => /^lost .* 0$/.test(word))).toBeGreaterThan(lastEvent);
      pool.close();
    });

    it('a refusal, and the loss of the connection right behind it', async () => {
      const { pool, relay, time } = loaded({ relays: [{ faults: { noEose: true } }] });
      const packets = hear(pool.packets({ kinds: [1] }));
      const request = hear(pool.request({ kinds: [1] }));
      await time.advance(500);
      const [connection] = relay.connections;
      for (const id of connection?.subscriptionIds ?? []) connection?.send(relayClosed(id, 'error: shutting down'));
      await time.advance(15);
      relay.stop();
      await time.advance(15 * SECOND);
      const said = words(packets.values);
      expect(said.filter((word) => word.startsWith('event'))).toHaveLength(1_000);
      expect(said.slice(1_000, 1_002)).toEqual(['lost connection-lost 1', 'lost connect-failed 0']);
      expect(new Set(request.values)).toHaveLength(1_000);
      expect(request.completed).toBe(true);
      pool.close();
    });

    it('a publish that is answered in time though the thread has much to do', async () => {
      const { pool, relay, time } = loaded({ relays: [{ verify: false }] });
      hear(pool.subscribe({ kinds: [1] }));
      await time.advance(500);
      const report = hear(pool.publish(fakeEvent({ content: 'published' }), { deadline: SECOND }));
      await time.advance(SECOND);
      expect(report.values.at(-1)?.accepted).toBe(1);
      expect(relay.connectionCount).toBe(1);
      pool.close();
    });

    it('authentication under way beside it', async () => {
      const signer = testSigner(testKey(0));
      const scene: World = world({
        relays: [{ auth: { read: true } }],
        pool: { verifier: busyVerifier(() => scene.time, 8, zerosVerifier), signer },
      });
      const { pool, relay, time } = scene;
      relay.seed(notes(500));
      const request = hear(pool.request({ kinds: [1] }, { deadline: SECOND }));
      await time.until(() => request.completed, MINUTE);
      expect(new Set(request.values)).toHaveLength(500);
      pool.close();
    });
  });
});
