import { EMPTY, identity, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { InstrumentedRelayPool } from '../../src/opentelemetry/index.ts';
import { pipelineStages } from '../../src/pool/pipeline.ts';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import { fakeEvent, signedEvent, testKey } from '../../src/testing/index.ts';
import { instrumentedWorld } from '../support/instrumented-world.ts';
import { telemetry } from '../support/telemetry.ts';
import { hear } from '../support/world.ts';

const SECOND = 1_000;
const NOTES = { kinds: [1] };
const URL = 'nostr.relay.url=wss://relay1.test/';
const note = (content: string) => signedEvent({ content, created_at: 1_000 }, testKey(0));

describe('the histograms', () => {
  it('have how long a REQ took to its first event and to its EOSE, in seconds', async () => {
    const { pool, time, relay, collect } = instrumentedWorld([{ faults: { delay: 300 } }]);
    relay.seed(note('a'));
    hear(pool.request(NOTES));
    await time.advance(SECOND);
    relay.faults.noEose = true;
    hear(pool.request(NOTES, { silenceTimeout: 2_000 }));
    await time.advance(3 * SECOND);
    const metrics = await collect();
    expect(metrics['nostr.client.operation.duration']).toEqual({
      [`${URL} nostr.verb=REQ`]: { count: 1, sum: expect.closeTo(0.32, 6) as number },
      [`error.type=silent ${URL} nostr.verb=REQ`]: { count: 1, sum: expect.closeTo(2.32, 6) as number },
    });
    expect(metrics['nostr.client.operation.time_to_first_event']).toEqual({
      [`${URL} nostr.verb=REQ`]: { count: 2, sum: expect.closeTo(0.64, 6) as number },
    });
    pool.close();
  });

  it('tell verbs, and errors by their type', async () => {
    const { pool, time, relay, collect } = instrumentedWorld();
    hear(pool.publish(note('a')));
    hear(pool.count(NOTES));
    await time.advance(SECOND);
    relay.faults.rejectedWith = 'blocked: no';
    hear(pool.publish(note('b')));
    await time.advance(SECOND);
    relay.faults.noEose = true;
    hear(pool.request(NOTES, { silenceTimeout: 2_000 }));
    await time.advance(3 * SECOND);
    expect((await collect())['nostr.client.operation.duration']).toEqual({
      [`${URL} nostr.verb=EVENT`]: { count: 1, sum: 0.02 },
      [`${URL} nostr.verb=COUNT`]: { count: 1, sum: 0.02 },
      [`error.type=blocked ${URL} nostr.verb=EVENT`]: { count: 1, sum: 0.02 },
      [`error.type=silent ${URL} nostr.verb=REQ`]: { count: 1, sum: 2.02 },
    });
    pool.close();
  });

  it('have no time of what was taken back, but its time in the queue', async () => {
    const { pool, time, collect } = instrumentedWorld([{ faults: { delay: 300 } }], {
      load: { maximum: 1, minimum: 1 },
    });
    const first = hear(pool.request(NOTES));
    await time.advance(100);
    hear(pool.request({ kinds: [7] }, { priority: 'low' }));
    await time.advance(150);
    first.subscription.unsubscribe();
    await time.advance(SECOND);
    const metrics = await collect();
    expect(metrics['nostr.client.operation.duration']).toEqual({
      [`${URL} nostr.verb=REQ`]: { count: 1, sum: expect.closeTo(0.32, 6) as number },
    });
    expect(metrics['nostr.client.operation.time_in_queue']).toEqual({
      [`nostr.priority=normal ${URL} nostr.verb=REQ`]: { count: 1, sum: 0 },
      [`nostr.priority=low ${URL} nostr.verb=REQ`]: { count: 1, sum: expect.closeTo(0.15, 6) as number },
    });
    pool.close();
  });

  it('tell so many relays apart and no more; the first are those of the options', async () => {
    const world = instrumentedWorld([{}, {}, {}], {}, { maxRelays: 1, name: 'feed' });
    const { pool, time, relays, collect, spans } = world;
    const added = world.network.relay('wss://added.test');
    pool.add(added.url);
    hear(pool.cluster('last', { relays: [added.url, relays[2]?.url ?? ''] }).publish(note('a')));
    await time.advance(SECOND);
    hear(pool.publish(note('b')));
    await time.advance(SECOND);
    const metrics = await collect();
    const pooled = 'nostr.pool.name=feed';
    expect(metrics['nostr.client.operation.duration']).toEqual({
      [`${pooled} nostr.relay.url=_OTHER nostr.verb=EVENT`]: { count: 5, sum: expect.closeTo(0.1, 6) as number },
      [`${pooled} ${URL} nostr.verb=EVENT`]: { count: 1, sum: 0.02 },
    });
    expect(metrics['nostr.client.connection.count']).toEqual({ [`${pooled} ${URL}`]: 1 });
    // Spans tell all of them.
    expect(spans('EVENT added.test')[0]?.attributes).toMatchObject({
      'nostr.pool.name': 'feed',
      'nostr.relay.url': 'wss://added.test/',
    });
    pool.close();
  });
});

describe('what was not sent', () => {
  it('is counted by what kept it back', async () => {
    const { pool, time, relay, collect } = instrumentedWorld([{ faults: { noEose: true } }], {
      alone: true,
      breaker: { consecutiveFailures: 1, openTime: 60_000, jitter: 0 },
    });
    hear(pool.request(NOTES, { silenceTimeout: 100 }));
    await time.advance(SECOND);
    hear(pool.request(NOTES));
    await time.advance(SECOND);
    expect(relay.received.filter(({ message }) => message.type === 'REQ')).toHaveLength(1);
    expect((await collect())['nostr.client.operation.unsent']).toEqual({
      [`error.type=circuit-open ${URL} nostr.verb=REQ`]: 1,
    });
    pool.close();
  });

  it('counts what found no room in the queue', async () => {
    const { pool, time, collect } = instrumentedWorld([{ faults: { noEose: true } }], {
      alone: true,
      load: { maximum: 1, minimum: 1 },
      queue: { capacity: 1 },
    });
    for (let i = 0; i < 3; i++) hear(pool.request(NOTES, { silenceTimeout: 10_000 }));
    await time.advance(100);
    expect((await collect())['nostr.client.operation.unsent']).toEqual({
      [`error.type=evicted ${URL} nostr.verb=REQ`]: 1,
    });
    pool.close();
  });
});

describe('the stages of the caller', () => {
  it('are used, and watched', async () => {
    const seen: string[] = [];
    const { pool, time, relay, collect } = instrumentedWorld([{}], {
      stages: {
        guard: ({ verb }) => (verb === 'EVENT' ? () => throwError(() => new TypeError('no')) : identity),
        send: (exchange) => {
          seen.push(exchange.verb);
          return pipelineStages.send(exchange);
        },
      },
    });
    hear(pool.request(NOTES));
    const published = hear(pool.publish(note('a')));
    await time.advance(SECOND);
    expect(seen).toEqual(['EVENT', 'REQ']);
    expect(published.error).toBeInstanceOf(TypeError);
    expect(relay.received.map(({ message }) => message.type)).not.toContain('EVENT');
    const metrics = await collect();
    expect(metrics['nostr.client.operation.unsent']).toEqual({ [`error.type=_OTHER ${URL} nostr.verb=EVENT`]: 1 });
    expect(metrics['nostr.client.operation.duration']).toEqual({ [`${URL} nostr.verb=REQ`]: { count: 1, sum: 0.02 } });
    pool.close();
  });
});

describe('how the relays are', () => {
  it('is what they are when it is collected', async () => {
    const { pool, time, relay, collect } = instrumentedWorld([{}], { load: { maximum: 1, minimum: 1 } });
    const before = await collect();
    expect(before['nostr.client.connection.count']).toEqual({ [URL]: 0 });
    expect(before['nostr.relay.state']).toMatchObject({
      [`nostr.relay.state=disconnected ${URL}`]: 1,
      [`nostr.relay.state=connected ${URL}`]: 0,
    });
    relay.seed(note('a'), note('b'));
    const live = hear(pool.subscribe(NOTES));
    await time.advance(SECOND);
    relay.faults.noEose = true;
    const waiting = [7, 8, 9].map((kind) => hear(pool.request({ kinds: [kind] })));
    await time.advance(100);
    const during = await collect();
    expect(during['nostr.client.connection.count']).toEqual({ [URL]: 1 });
    expect(during['nostr.client.connection.opened']).toEqual({ [URL]: 1 });
    expect(during['nostr.client.operation.active']).toEqual({ [URL]: 1 });
    expect(during['nostr.client.operation.queued']).toEqual({ [URL]: 2 });
    expect(during['nostr.client.operation.limit']).toEqual({ [URL]: 1 });
    expect(during['nostr.relay.weight']).toEqual({ [URL]: 1 });
    expect(during['nostr.relay.state']).toMatchObject({
      [`nostr.relay.state=disconnected ${URL}`]: 0,
      [`nostr.relay.state=connected ${URL}`]: 1,
    });
    expect(during['nostr.relay.circuit']).toEqual({
      [`nostr.circuit.state=closed ${URL}`]: 1,
      [`nostr.circuit.state=open ${URL}`]: 0,
      [`nostr.circuit.state=half-open ${URL}`]: 0,
    });
    for (const { subscription } of [live, ...waiting]) subscription.unsubscribe();
    pool.close();
  });

  it('counts what came of the events, and what else came', async () => {
    const { pool, time, relays, collect } = instrumentedWorld([{}, {}]);
    for (const relay of relays) relay.seed(note('a'));
    const { values } = hear(pool.subscribe(NOTES));
    await time.advance(SECOND);
    relays[0]?.flood({ kind: 'notice', count: 3 });
    relays[0]?.flood({ kind: 'malformed', count: 2 });
    relays[0]?.flood({ kind: 'unmatched', count: 4 });
    relays[0]?.flood({ kind: 'unknown-subscription', count: 5 });
    await time.advance(SECOND);
    expect(values).toHaveLength(1);
    const metrics = await collect();
    const events = metrics['nostr.client.received.events'] ?? {};
    const of = (outcome: string, relay: number) =>
      events[`nostr.event.outcome=${outcome} nostr.relay.url=wss://relay${relay}.test/`];
    expect([of('delivered', 1), of('duplicate', 1), of('delivered', 2), of('duplicate', 2)]).toEqual([1, 0, 0, 1]);
    expect([of('unmatched', 1), of('invalid', 1), of('expired', 1)]).toEqual([4, 0, 0]);
    expect(metrics['nostr.client.received.notices']).toMatchObject({ [URL]: 3 });
    expect(metrics['nostr.client.received.dropped']).toMatchObject({
      [`nostr.drop.reason=malformed ${URL}`]: 2,
      [`nostr.drop.reason=unasked ${URL}`]: 5,
      [`nostr.drop.reason=abusive ${URL}`]: 0,
    });
    const received = (name: string) => Number(metrics[`nostr.client.received.${name}`]?.[URL]);
    expect(received('messages')).toBeGreaterThanOrEqual(16);
    expect(received('length')).toBeGreaterThan(received('messages'));
    pool.close();
  });

  it('is nothing for a relay that was removed; what it counted stays', async () => {
    const { pool, time, relay, collect } = instrumentedWorld();
    hear(pool.request(NOTES));
    await time.advance(SECOND);
    expect((await collect())['nostr.client.connection.count']).toEqual({ [URL]: 1 });
    pool.remove(relay.url);
    await time.advance(SECOND);
    const after = await collect();
    expect(after['nostr.client.connection.count']).toEqual({ [URL]: 0 });
    expect(after['nostr.relay.weight']).toEqual({ [URL]: 0 });
    expect(Object.values(after['nostr.relay.state'] ?? {})).toEqual([0, 0, 0, 0, 0, 0]);
    expect(after['nostr.client.connection.opened']).toEqual({ [URL]: 1 });
    pool.close();
  });

  it('is told once more after the pool has closed, and then no more', async () => {
    const { collect, meterProvider } = telemetry();
    // The one meter of a name.
    const meter = meterProvider.getMeter('rx-relay-pool');
    const added = vi.spyOn(meter, 'addBatchObservableCallback');
    const removed = vi.spyOn(meter, 'removeBatchObservableCallback');
    const { pool, time } = instrumentedWorld([{}], {}, { meterProvider });
    const [registered] = added.mock.calls;
    hear(pool.subscribe(NOTES));
    await time.advance(SECOND);
    await collect();
    hear(pool.publish(note('a')));
    await time.advance(100);
    pool.close();
    pool.close();
    // Another pool of the same process, which is read in the same collection.
    const later = new InstrumentedRelayPool({ relays: ['wss://later.test'], connectivity$: EMPTY }, { meterProvider });
    const last = await collect();
    expect(last['nostr.client.connection.count']).toEqual({ [URL]: 0, 'nostr.relay.url=wss://later.test/': 0 });
    expect(last['nostr.client.received.messages']).toMatchObject({ [URL]: 3 });
    expect(Object.entries(last['nostr.relay.state'] ?? {}).filter(([, value]) => value === 1)).toEqual([
      ['nostr.relay.state=disconnected nostr.relay.url=wss://later.test/', 1],
    ]);
    later.close();
    await collect();
    expect(removed.mock.calls).toEqual([registered, added.mock.calls.at(-1)]);
    const [callback] = registered ?? [];
    expect(callback).not.toBe(added.mock.calls.at(-1)?.[0]);
  });
});

describe('InstrumentedRelayPool', () => {
  it('is a pool, and does as one where nothing is registered', async () => {
    const world = instrumentedWorld();
    const pool = new InstrumentedRelayPool({
      relays: [world.relay.url],
      scheduler: world.time,
      WebSocket: world.network.WebSocket,
    });
    expect(pool).toBeInstanceOf(RelayPool);
    const report = hear(pool.publish(fakeEvent({ content: 'a' })));
    world.relay.seed(note('b'));
    const heard = hear(pool.request(NOTES));
    await world.time.advance(SECOND);
    expect(report.values.at(-1)).toMatchObject({ pending: 0 });
    expect(heard.values).toHaveLength(1);
    pool[Symbol.dispose]();
    world.pool.close();
    await world.time.advance(SECOND);
    expect(world.relay.connectionCount).toBe(0);
  });

  it('refuses a number of relays that is none', () => {
    expect(() => new InstrumentedRelayPool({}, { maxRelays: -1 })).toThrow(
      new RangeError("InstrumentedRelayPool: 'maxRelays' must be a number from 0; got -1."),
    );
  });
});
