import { afterEach, describe, expect, it } from 'vitest';
import type { Subscription } from 'rxjs';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import { fakeEvent, HostileLink, type HostileLinkOptions, TestRelay } from '../../src/testing/index.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A pool that listens to a relay through a link, and the contents of what it was told, in order. */
async function setUp(options: HostileLinkOptions = {}) {
  const relay = await TestRelay.start({ verify: false });
  const link = await HostileLink.to(relay.url, options);
  const pool = new RelayPool({
    relays: [link.url],
    verifier: zerosVerifier,
    information: false,
    backoff: { base: 20, floor: 5 },
    connectTimeout: 300,
    livenessInterval: 300,
    livenessTimeout: 200,
  });
  const told: string[] = [];
  const subscription: Subscription = pool.subscribe({ kinds: [1] }).subscribe(({ content }) => told.push(content));
  cleanUps.push(
    () => relay.stop(),
    () => link.stop(),
    () => pool.close(),
  );
  let made = 0;
  const add = (): string => {
    const content = `${made++}`;
    relay.add(fakeEvent({ content, created_at: Math.floor(Date.now() / 1_000) }));
    return content;
  };
  const hears = (content: string): Promise<void> => expect.poll(() => told, { timeout: 10_000 }).toContain(content);
  return { relay, link, pool, told, subscription, add, hears };
}

/** Each event came, and none twice. */
function areAllOnce(told: readonly string[], count: number): void {
  expect([...told].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: count }, (_, n) => `${n}`));
}

describe('HostileLink', () => {
  it('passes everything on as it is where nothing is wrong', async () => {
    const { link, told, add, hears, relay } = await setUp();
    for (let n = 0; n < 20; n++) add();
    await hears('19');
    areAllOnce(told, 20);
    expect(link.connectionCount).toBe(1);
    expect(relay.connectionCount).toBe(1);
  });

  it.each(['reset', 'end'] as const)('cuts by a %s, and no event is lost or comes twice', async (how) => {
    const { relay, link, told, add, hears } = await setUp();
    await hears(add());
    for (let round = 0; round < 3; round++) {
      const [before] = relay.connections;
      link.cut(how);
      add();
      await expect.poll(() => relay.connections).not.toContain(before);
      add();
      await hears(add());
    }
    // What is asked for again comes newest first, and need not come at once.
    await expect.poll(() => told.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(10);
    areAllOnce(told, 10);
  });

  it('goes half-open without a word; the pool notices, and dials again', async () => {
    const { link, told, add, hears } = await setUp();
    await hears(add());
    link.halfOpen();
    for (let n = 0; n < 5; n++) add();
    await hears('5');
    areAllOnce(told, 6);
  });

  it('delivers in pieces of a byte or two, in order', async () => {
    const { link, told, add, hears, relay } = await setUp({ conditions: { slice: 2 } });
    for (let n = 0; n < 10; n++) add();
    await hears('9');
    areAllOnce(told, 10);
    expect(relay.received.some(({ message }) => message.type === 'MALFORMED')).toBe(false);
    expect(link.connectionCount).toBe(1);
  });

  it('holds data back for as long as told, and lets nothing overtake', async () => {
    const { link, told, add, hears } = await setUp({ conditions: { delay: (random) => 50 * random() } });
    for (let n = 0; n < 10; n++) add();
    await hears('9');
    link.conditions.delay = 400;
    const begun = performance.now();
    await hears(add());
    expect(performance.now() - begun).toBeGreaterThanOrEqual(390);
    areAllOnce(told, 11);
  });

  it('passes no more bytes a second than told', async () => {
    const { link, told, add, hears, relay } = await setUp();
    await hears(add());
    // Slow, but not so slow that the connection passes for a dead one.
    link.conditions.bytesPerSecond = 20_000;
    const begun = performance.now();
    const size = 4_000;
    relay.add(fakeEvent({ content: 'x'.repeat(size), created_at: Math.floor(Date.now() / 1_000) }));
    await hears('x'.repeat(size));
    expect(performance.now() - begun).toBeGreaterThanOrEqual((1_000 * size) / 20_000 - 10);
    expect(told).toHaveLength(2);
  });

  it.each(['client', 'relay'] as const)(
    'puts garbage into what goes to the %s, and the pool comes back',
    async (to) => {
      const { link, told, add, hears, relay } = await setUp({ seed: 3 });
      await hears(add());
      const before = relay.connections.map(({ id }) => id);
      link.garbage(64, to);
      await expect.poll(() => relay.connections.map(({ id }) => id), { timeout: 10_000 }).not.toEqual(before);
      await hears(add());
      areAllOnce(told, 2);
    },
  );

  it('refuses, and hangs, until it does not', async () => {
    const { link, told, add, hears, relay } = await setUp();
    await hears(add());
    link.conditions.refuses = true;
    link.cut();
    await expect.poll(() => relay.connectionCount).toBe(0);
    add();
    link.conditions.refuses = false;
    link.conditions.hangs = true;
    await expect.poll(() => link.connectionCount, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(relay.connectionCount).toBe(0);
    link.conditions.hangs = false;
    await hears('1');
    areAllOnce(told, 2);
  });

  it('is the same with the same seed', async () => {
    const draws = async (seed: number): Promise<number[]> => {
      const drawn: number[] = [];
      const delay = (random: () => number): number => {
        drawn.push(random());
        return 0;
      };
      const { add, hears } = await setUp({ seed, conditions: { delay } });
      await hears(add());
      return drawn.slice(0, 3);
    };
    expect(await draws(5)).toEqual(await draws(5));
    expect(await draws(5)).not.toEqual(await draws(6));
  });

  it('leaves nothing behind when it stops, half-open and hanging connections included', async () => {
    const relay = await TestRelay.start();
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
    const link = await HostileLink.to(relay.url);
    const pool = new RelayPool({ relays: [link.url], information: false, connectTimeout: 60_000 });
    pool.subscribe({ kinds: [1] }).subscribe();
    await expect.poll(() => relay.connectionCount).toBe(1);
    link.halfOpen();
    link.conditions.hangs = true;
    const other = new RelayPool({ relays: [link.url], information: false, connectTimeout: 60_000 });
    other.subscribe({ kinds: [1] }).subscribe();
    await expect.poll(() => link.connectionCount).toBe(2);
    await link.stop();
    await link.stop();
    expect(link.connectionCount).toBe(0);
    pool.close();
    other.close();
    await relay.stop();
    await expect.poll(sockets).toBe(0);
  });

  it('wants a URL of ws://', async () => {
    await expect(HostileLink.to('wss://relay.example')).rejects.toThrow('HostileLink needs a URL of ws://');
  });

  it('tells when its port is taken', async () => {
    await using link = await HostileLink.to('ws://127.0.0.1:1');
    const port = Number(new URL(link.url).port);
    await expect(HostileLink.to('ws://127.0.0.1:1', { port })).rejects.toThrow('EADDRINUSE');
  });
});
