import { describe, expect, it } from 'vitest';
import type { PoolMetrics } from '../../src/pool/metrics.ts';
import type { RelayPool } from '../../src/pool/relay-pool.ts';
import { fakeEvent } from '../../src/testing/index.ts';
import { documents } from '../support/asked.ts';
import { busyVerifier, zerosVerifier } from '../support/clocked-verifiers.ts';
import { statusesOf } from '../support/status-of.ts';
import { contents, hear, words, worldOfLoners, type World } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function measure(pool: RelayPool): PoolMetrics {
  const heard = hear(pool.metrics$);
  heard.subscription.unsubscribe();
  const [first] = heard.values;
  if (!first) throw new Error('The current value comes at once.');
  return first;
}
const tagged = (tag: string) => ({ kinds: [1], '#t': [tag] });

describe('metrics$', () => {
  it('has the current value at once, one a second while somebody listens, and ends with the pool', async () => {
    const { pool, time } = worldOfLoners();
    const heard = hear(pool.metrics$);
    expect(heard.values).toHaveLength(1);
    await time.advance(5 * SECOND);
    expect(heard.values).toHaveLength(6);
    heard.subscription.unsubscribe();
    expect(time.actions).toHaveLength(0);
    const ended = hear(pool.metrics$);
    pool.close();
    expect(ended.completed).toBe(true);
    expect(hear(pool.metrics$).completed).toBe(true);
  });

  it('measures connecting, first events, EOSE and OK, of each relay and of all', async () => {
    const { pool, time, relays, note } = worldOfLoners({
      relays: [{ faults: { delay: 100 } }, { faults: { delay: 300 } }],
    });
    for (const relay of relays) relay.seed(note('stored'));
    for (let i = 0; i < 10; i++) {
      hear(pool.request({ kinds: [1] }));
      hear(pool.publish(note(`${i}`)));
      await time.advance(SECOND);
    }
    const { relays: each, all } = measure(pool);
    expect(each.map(({ relay }) => relay)).toEqual(['wss://relay1.test/', 'wss://relay2.test/']);
    const [first, second] = each;
    // A frame takes 10 ms each way, and the relays answer 100 and 300 ms late.
    expect(first?.latency.connect).toMatchObject({ count: 1 });
    expect(first?.latency.eose?.count).toBe(10);
    expect(first?.latency.eose?.min).toBeGreaterThanOrEqual(120);
    expect(second?.latency.eose?.min).toBeGreaterThanOrEqual(320);
    expect(second?.latency.firstEvent?.p50).toBeGreaterThanOrEqual(320 * 0.99);
    expect(first?.latency.ok?.p50).toBeGreaterThan(110);
    expect(first?.latency.ok?.p99).toBeLessThan(320);
    expect(all.latency.ok).toMatchObject({ count: 20 });
    expect(all.latency.ok?.max).toBeGreaterThanOrEqual(320);
    expect(all.latency.ok?.min).toBeLessThan(200);
    pool.close();
  });

  it('has the score of each relay among all, and the first country that it names', async () => {
    const information = documents({ 'wss://relay2.test/': { relay_countries: ['AT', 'JP'] } });
    const { pool, time } = worldOfLoners({
      relays: [{ faults: { delay: 100 } }, { faults: { delay: 400 } }],
      pool: { information, preference: (url) => (url.includes('relay2') ? 0.5 : 1) },
    });
    const scores = (): readonly number[] => measure(pool).relays.map(({ score }) => score);
    // Nothing is known: all factors are at their best.
    expect(scores()).toEqual([100, 50]);
    hear(pool.request({ kinds: [1] }));
    await time.advance(2 * SECOND);
    const [fast = 0, slow = 0] = scores();
    expect(fast).toBeCloseTo(100);
    // An answer takes it 420 ms, and the other 120.
    expect(slow).toBeCloseTo(0.5 * (80 + (20 * 120) / 420), 0);
    expect(measure(pool).relays.map(({ country }) => country)).toEqual([undefined, 'AT']);
    pool.close();
  });

  it('counts a silence at the time it took', async () => {
    const { pool, time } = worldOfLoners({ relays: [{ faults: { noEose: true, noOk: true } }] });
    hear(pool.request({ kinds: [1] }, { silenceTimeout: 3_000 }));
    await time.advance(5 * SECOND);
    const { all } = measure(pool);
    expect(all.latency.eose).toMatchObject({ count: 1 });
    expect(all.latency.eose?.max).toBeGreaterThanOrEqual(3_000);
    expect(all.messageErrorRate).toBe(1);
    pool.close();
  });

  it('does not take our own time, in which events are verified, for the slowness of the relay', async () => {
    const scene: World = worldOfLoners({
      relays: [{ verify: false }],
      pool: {
        verifier: busyVerifier(() => scene.time, 50, zerosVerifier),
        load: { threshold: 1_000 },
        breaker: { minimumCalls: 3, slowCall: 1_000, maximumLatency: 1_000 },
      },
    });
    const { pool, time, relay } = scene;
    relay.seed(Array.from({ length: 100 }, (_, i) => fakeEvent({ content: `${i}` })));
    const heard = Array.from({ length: 6 }, () => hear(pool.packets({ kinds: [1] }, { deadline: 2_000 })));
    await time.advance(3 * SECOND);
    expect(heard.every(({ values }) => values.length < 100)).toBe(true);
    await time.advance(MINUTE);
    expect(heard.map(({ values }) => words(values).filter((word) => !word.startsWith('event')))).toEqual(
      heard.map(() => ['eose 0']),
    );
    expect(measure(pool).relays[0]).toMatchObject({ messageErrorRate: 0, circuit: { state: 'closed' }, weight: 1 });
    for (let i = 0; i < 6; i++) hear(pool.request({ kinds: [1] }));
    await time.advance(SECOND);
    const { latency } = measure(pool).all;
    expect(latency.eose?.max).toBeLessThan(100);
    expect(latency.firstEvent?.max).toBeLessThan(100);
    pool.close();
  });

  it('knows rates: messages and bytes a second, and what failed of what was tried', async () => {
    const { pool, time, relays, note } = worldOfLoners({ relays: 2 });
    relays[1]?.stop();
    const heard = hear(pool.metrics$);
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(5 * SECOND);
    const events = Array.from({ length: 20 }, (_, i) => note(`${i}`));
    for (const event of events) {
      relays[0]?.add(event);
      await time.advance(500);
    }
    const { all, relays: each } = heard.values.at(-1) as PoolMetrics;
    expect(each[0]?.throughput.messagesPerSecond).toBeCloseTo(2, 0);
    expect(each[0]?.throughput.bytesPerSecond).toBeGreaterThan(500);
    expect(all.throughput).toEqual(each[0]?.throughput);
    expect(each[0]).toMatchObject({ connectionErrorRate: 0, messageErrorRate: 0, connections: 1 });
    expect(each[1]).toMatchObject({ connectionErrorRate: 1, connections: 0 });
    expect(all.connectionErrorRate).toBeGreaterThan(0.5);
    expect(all.connectionErrorRate).toBeLessThan(1);
    relays[0]?.drop(); // the end of a connection is no dial that failed
    await time.advance(2 * SECOND);
    expect(heard.values.at(-1)?.relays[0]).toMatchObject({ connectionErrorRate: 0, connections: 1 });
    await time.advance(MINUTE);
    expect(heard.values.at(-1)?.all.throughput.messagesPerSecond).toBeLessThan(1);
    pool.close();
  });

  it('shows what is under way, what waits by priority, and how long it waited', async () => {
    const { pool, time } = worldOfLoners({
      relays: [{ faults: { delay: 1_000 } }],
      pool: { load: { maximum: 2 }, connections: { maximum: 1 } },
    });
    for (let i = 0; i < 4; i++) hear(pool.request(tagged(`${i}`)));
    hear(pool.request(tagged('urgent'), { priority: 'critical' }));
    hear(pool.request(tagged('some time'), { priority: 'low' }));
    await time.advance(500);
    const { all, relays } = measure(pool);
    expect(all.inFlight).toBe(2);
    expect(all.queue).toMatchObject({
      critical: { depth: 1 },
      high: { depth: 0 },
      normal: { depth: 2 },
      low: { depth: 1 },
    });
    expect(relays[0]?.permits).toBe(2);
    await time.advance(10 * SECOND);
    const after = measure(pool).all;
    expect(after.inFlight).toBe(0);
    expect(after.queue.normal.wait).toMatchObject({ count: 4, min: 0 });
    expect(after.queue.critical.wait?.max).toBeGreaterThan(900);
    expect(after.queue.low.wait?.max).toBeGreaterThan(after.queue.critical.wait?.max ?? 0);
    expect(after.queue.high.wait).toBeUndefined();
    pool.close();
  });

  it('shows the breaker', async () => {
    const { pool, time, relay } = worldOfLoners({ pool: { breaker: { consecutiveFailures: 1 } } });
    relay.stop();
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    expect(measure(pool).relays[0]?.circuit).toMatchObject({ state: 'open', cause: 'consecutive-failures' });
    pool.close();
  });

  it('tells memory and CPU of the process', async () => {
    const { pool, time } = worldOfLoners();
    const heard = hear(pool.metrics$);
    await time.advance(SECOND);
    const [first, second] = heard.values;
    expect(first?.process.heapBytes).toBeGreaterThan(2 ** 20);
    expect(first?.process.residentBytes).toBeGreaterThan(first?.process.heapBytes ?? Infinity);
    expect(first?.process.cpu).toBeUndefined();
    expect(second?.process.cpu).toBeGreaterThanOrEqual(0);
    pool.close();
  });
});

describe('the load of a relay', () => {
  it('is reduced while its p95 is over the threshold, comes back step by step, and relays$ says so', async () => {
    const { pool, time, relay } = worldOfLoners({
      relays: [{ faults: { delay: 50 } }],
      pool: { load: { maximum: 16, threshold: 1_000 }, connections: { maximum: 1 } },
    });
    const ask = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds * 4; i++) {
        hear(pool.request(tagged(`${i}`)));
        await time.advance(250);
      }
    };
    await ask(10);
    expect(statusesOf(pool)[0]).toMatchObject({ permits: 16, weight: 1, isReduced: false });
    relay.faults.delay = 3_000;
    await ask(10);
    expect(statusesOf(pool)[0]).toMatchObject({ permits: 8, weight: 0.5, isReduced: true });
    await ask(60);
    expect(statusesOf(pool)[0]?.permits).toBeLessThan(4);
    const least = statusesOf(pool)[0]?.permits ?? 0;
    relay.faults.delay = 50;
    await time.advance(MINUTE); // what waited goes
    await ask(15);
    const rising = statusesOf(pool)[0]?.permits ?? 0;
    expect(rising).toBeGreaterThan(least);
    await ask(30);
    expect(statusesOf(pool)[0]).toMatchObject({ permits: 16, weight: 1, isReduced: false, inFlight: 0, queued: 0 });
    pool.close();
  });

  it('reduced, still lets everything through in the end', async () => {
    const { pool, time, relay, note } = worldOfLoners({
      relays: [{ faults: { delay: 2_000 } }],
      pool: { load: { maximum: 4, threshold: 500 } },
    });
    relay.seed(note('stored'));
    const heard = Array.from({ length: 30 }, () => hear(pool.request({ kinds: [1] })));
    await time.advance(2 * MINUTE);
    expect(heard.every(({ completed, values }) => completed && contents(values)[0] === 'stored')).toBe(true);
    expect(statusesOf(pool)[0]?.isReduced).toBe(true);
    pool.close();
  });
});
