import { describe, expect, it } from 'vitest';
import { aged, poolMemory, type PoolMemory, type RelayMemory, relaysIn } from '../../src/pool/relay-memory.ts';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import { statusesOf } from '../support/status-of.ts';
import { hear, words, world, type World } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = 1_767_225_600_000;

const memory = (changes: Partial<RelayMemory> = {}): RelayMemory => ({
  at: NOW,
  circuit: { openings: 4, openUntil: NOW + MINUTE },
  attempts: 6,
  reliability: 0.25,
  latency: 180,
  lastSuccess: NOW - HOUR,
  maxSubscriptions: 20,
  ...changes,
});

describe('aged', () => {
  it('changes nothing that is new', () => {
    expect(aged(memory(), NOW)).toEqual(memory());
  });

  it('forgets half of the unreliability in a day, of the openings in an hour, of the attempts in ten minutes', () => {
    expect(aged(memory(), NOW + DAY)?.reliability).toBeCloseTo(0.625);
    expect(aged(memory(), NOW + HOUR)?.circuit.openings).toBe(2);
    expect(aged(memory(), NOW + 10 * MINUTE)?.attempts).toBe(3);
    expect(aged(memory(), NOW + 6 * HOUR)).toMatchObject({ attempts: 0, circuit: { openings: 0 } });
  });

  it('forgets everything in a week', () => {
    expect(aged(memory(), NOW + 7 * DAY)).toBeDefined();
    expect(aged(memory(), NOW + 7 * DAY + 1)).toBeUndefined();
  });

  it('takes a clock that was set back for no time at all', () => {
    expect(aged(memory(), NOW - DAY)).toEqual(memory());
  });

  it.each([undefined, null, 7, 'junk', [], {}, { at: 'yesterday' }, { at: -1 }, { at: Number.NaN }])(
    'leaves out what is no memory: %j',
    (junk) => {
      expect(aged(junk, NOW)).toBeUndefined();
    },
  );

  it('leaves out what makes no sense in one', () => {
    const junk = {
      at: NOW,
      circuit: { openings: -3, openUntil: 'soon' },
      attempts: Infinity,
      reliability: 7,
      latency: -1,
      lastSuccess: null,
      maxSubscriptions: 1,
    };
    expect(aged(junk, NOW)).toEqual({ at: NOW, circuit: { openings: 0 }, attempts: 0, reliability: 1 });
    expect(aged({ at: NOW, circuit: 'open' }, NOW)).toEqual({
      at: NOW,
      circuit: { openings: 0 },
      attempts: 0,
      reliability: 1,
    });
  });
});

describe('poolMemory', () => {
  it('keeps what an earlier pool knew of relays that this one has not met, as it was', () => {
    const earlier: PoolMemory = {
      version: 1,
      relays: { 'wss://a/': memory(), 'wss://b/': memory({ at: NOW - 8 * DAY }), 'wss://c/': memory({ attempts: 1 }) },
    };
    const known = new Map([['wss://c/', memory({ attempts: 9 })]]);
    expect(poolMemory(known, relaysIn(earlier), NOW)).toEqual({
      version: 1,
      relays: { 'wss://a/': memory(), 'wss://c/': memory({ attempts: 9 }) },
    });
  });

  it('takes a name that means something to objects for a name', () => {
    const relays = JSON.parse(JSON.stringify({ a: memory() }).replace('"a"', '"__proto__"')) as Record<
      string,
      RelayMemory
    >;
    const kept = poolMemory(new Map(), relaysIn({ version: 1, relays }), NOW);
    expect(Object.getPrototypeOf(kept.relays)).toBe(Object.prototype);
    expect(Object.keys(kept.relays)).toEqual(['__proto__']);
  });

  it('has a bound: the oldest of those go first', () => {
    const relays = Object.fromEntries(
      // The oldest first, so that it is the time that counts and not the order.
      Array.from({ length: 1_200 }, (_, i) => [`wss://${i}/`, memory({ at: NOW - i })] as const).reverse(),
    );
    const kept = poolMemory(new Map([['wss://new/', memory()]]), relaysIn({ version: 1, relays }), NOW);
    expect(Object.keys(kept.relays)).toHaveLength(1_000);
    expect(kept.relays).toHaveProperty(['wss://new/']);
    expect(kept.relays).toHaveProperty(['wss://998/']);
    expect(kept.relays).not.toHaveProperty(['wss://999/']);
  });

  it.each([undefined, 7, { version: 2, relays: {} }, { version: 1, relays: 'none' }])('takes %j for none', (junk) => {
    expect(relaysIn(junk).size).toBe(0);
  });
});

describe('what a pool learnt', () => {
  /** A pool like the first, with what that one kept, through JSON. */
  function next({ time, network, relays }: World, kept: PoolMemory): RelayPool {
    return new RelayPool({
      relays: relays.map(({ url }) => url),
      scheduler: time,
      random: () => 0.5,
      WebSocket: network.WebSocket,
      memory: JSON.parse(JSON.stringify(kept)) as PoolMemory,
    });
  }

  it('keeps the next one from dialling a dead relay at its start, and from waiting for it', async () => {
    const scene = world({ relays: 3 });
    const { pool, time, relays, network } = scene;
    relays[1]?.stop();
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(5 * MINUTE);
    relays[0]?.drop(); // it comes back at once, so its attempts are not worth keeping
    while (!((statusesOf(pool)[1]?.retryAt ?? 0) > time.now() + 10 * SECOND)) await time.advance(SECOND);
    const kept = pool.memory;
    pool.close();
    expect(kept.relays['wss://relay2.test/']).toMatchObject({ circuit: { openings: expect.any(Number) as number } });
    expect(kept.relays['wss://relay2.test/']?.attempts).toBeGreaterThan(3);
    expect(kept.relays['wss://relay2.test/']?.reliability).toBeLessThan(0.8);
    expect(kept.relays['wss://relay1.test/']).toMatchObject({ attempts: 0, reliability: 1, circuit: { openings: 0 } });

    const dialled: string[] = [];
    class Spied extends network.WebSocket {
      constructor(url: string) {
        dialled.push(url);
        super(url);
      }
    }
    const second = new RelayPool({
      relays: relays.map(({ url }) => url),
      scheduler: time,
      WebSocket: Spied,
      memory: kept,
    });
    const heard = hear(second.packets({ kinds: [1] }));
    await time.advance(SECOND);
    expect(dialled.sort()).toEqual(['wss://relay1.test/', 'wss://relay3.test/']);
    expect(words(heard.values).sort()).toEqual(['eose 0', 'eose 1', 'lost circuit-open 2']);
    expect(statusesOf(second)[1]?.attempts).toBeGreaterThanOrEqual(
      kept.relays['wss://relay2.test/']?.attempts ?? Infinity,
    );
    // It is not forgotten either.
    relays[1]?.restart();
    await time.advance(2 * MINUTE);
    expect(statusesOf(second).map(({ state }) => state)).toEqual(['connected', 'connected', 'connected']);
    second.close();
  });

  it('is taken up: latency, reliability, last success, limits', async () => {
    const scene = world({ relays: [{ faults: { delay: 200 } }] });
    const { pool, time, relay } = scene;
    relay.faults.closedWith = 'error: too many subscriptions, the maximum is 7';
    hear(pool.request({ kinds: [1] }));
    await time.advance(SECOND);
    relay.clearFaults();
    relay.faults.delay = 200;
    for (let i = 0; i < 5; i++) {
      hear(pool.request({ kinds: [1] }));
      await time.advance(SECOND);
    }
    const kept = pool.memory;
    pool.close();
    const again = next(scene, kept).memory;
    expect(again.relays).toEqual({ 'wss://relay1.test/': { ...kept.relays['wss://relay1.test/'], at: time.now() } });
    expect(again.relays['wss://relay1.test/']).toMatchObject({ maxSubscriptions: 7, reliability: 1 });
    expect(again.relays['wss://relay1.test/']?.latency).toBeGreaterThan(200);
    expect(again.relays['wss://relay1.test/']?.lastSuccess).toBeGreaterThan(0);
  });

  it('is plain data', () => {
    const { pool } = world({ relays: 2 });
    expect(JSON.parse(JSON.stringify(pool.memory))).toEqual(pool.memory);
    pool.close();
  });
});
