import { describe, expect, it } from 'vitest';
import { SocketBudget } from '../../src/operators/socket-budget.ts';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import { fakeEvent, type VirtualRelay } from '../../src/testing/index.ts';
import { laterVerifier, zerosVerifier } from '../support/clocked-verifiers.ts';
import { statusesOf } from '../support/status-of.ts';
import { contents, hear, type Heard, words, worldOfLoners, type World } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const connections = ({ pool }: World): number[] => statusesOf(pool).map((status) => status.connections);
/** Open connections as the network sees them. */
const sockets = ({ relays }: World): number => relays.reduce((sum, relay) => sum + relay.connectionCount, 0);
const requests = (relay: VirtualRelay): number => relay.received.filter(({ message }) => message.type === 'REQ').length;

describe('connections of a relay', () => {
  it('are one, however many live subscriptions there are, as long as answers come', async () => {
    const scene = worldOfLoners();
    for (let i = 0; i < 200; i++) {
      hear(scene.pool.subscribe({ kinds: [1], '#t': [`${i}`] }));
      await scene.time.advance(50);
    }
    await scene.time.advance(MINUTE);
    expect(connections(scene)).toEqual([1]);
    expect(sockets(scene)).toBe(1);
    scene.pool.close();
  });

  it('are more while more is under way than one carries, at most three, and one again later', async () => {
    const scene = worldOfLoners({ relays: [{ faults: { delay: 2_000 } }] });
    const { pool, time, relay } = scene;
    for (let i = 0; i < 400; i++) {
      hear(pool.request({ kinds: [1], '#t': [`${i}`] }));
      if (i % 10 === 0) await time.advance(100);
    }
    await time.advance(2 * SECOND);
    expect(relay.connectionCount).toBe(3);
    expect(connections(scene)).toEqual([3]);
    await time.advance(5 * MINUTE);
    expect(connections(scene)).toEqual([0]);
    expect(statusesOf(pool)[0]).toMatchObject({ inFlight: 0, queued: 0 });
    pool.close();
  });

  it('are given up, those that came for the sake of subscriptions too, when these are gone', async () => {
    const scene = worldOfLoners({ pool: { maxSubscriptions: 3 } });
    const { pool, time, relay } = scene;
    const all = [1, 2, 3].map((kind) => hear(pool.subscribe({ kinds: [kind] })));
    await time.advance(5 * SECOND);
    expect(relay.connectionCount).toBe(2);
    for (const { subscription } of all) subscription.unsubscribe();
    await time.advance(2 * MINUTE);
    expect(connections(scene)).toEqual([0]);
    expect(time.actions).toHaveLength(0);
    pool.close();
  });

  it('leave nothing behind when the pool closes in the middle of it', async () => {
    const { pool, time, relay } = worldOfLoners({ relays: [{ faults: { delay: 2_000 } }] });
    for (let i = 0; i < 400; i++) {
      hear(pool.subscribe({ kinds: [1], '#t': [`${i}`] }));
      if (i % 10 === 0) await time.advance(100);
    }
    for (let i = 0; i < 10; i++) hear(pool.publish(fakeEvent({ content: `${i}` }), { deadline: MINUTE }));
    await time.advance(100);
    expect(relay.connectionCount).toBe(3);
    pool.close();
    await time.advance(3 * SECOND); // the closing handshakes, and what the relay had still to say
    expect(relay.connectionCount).toBe(0);
    expect(time.actions).toHaveLength(0);
  });

  it('are never more than told', async () => {
    const scene = worldOfLoners({ relays: [{ faults: { delay: 2_000 } }], pool: { connections: { maximum: 2 } } });
    for (let i = 0; i < 400; i++) {
      hear(scene.pool.request({ kinds: [1], '#t': [`${i}`] }));
      if (i % 10 === 0) await scene.time.advance(100);
      expect(scene.relay.connectionCount).toBeLessThanOrEqual(2);
    }
    expect(scene.relay.connectionCount).toBe(2);
    scene.pool.close();
  });

  it('take over no more than the relay allows, though another request begins when one hears that its connection is gone', async () => {
    const { pool, time, relay } = worldOfLoners({ pool: { maxSubscriptions: 3 } });
    let late: Heard<Packet> | undefined;
    pool.packets({ kinds: [1] }).subscribe(({ type }) => {
      if (type === 'lost') late ??= hear(pool.packets({ kinds: [9] }));
    });
    for (const kind of [2, 3]) hear(pool.packets({ kinds: [kind] }));
    await time.advance(5 * SECOND);
    const open = (): number[] => relay.connections.map(({ subscriptionIds }) => subscriptionIds.length);
    expect(open()).toEqual([2, 1]);
    relay.connections[0]?.close(1_001);
    await time.advance(100);
    expect(Math.max(...open())).toBe(2);
    await time.advance(MINUTE);
    expect(open().filter((count) => count > 0)).toEqual([2, 2]);
    expect(words(late?.values ?? []).at(-1)).toBe('eose 0');
    pool.close();
  });

  it('share the load, the one with the fewest users first', async () => {
    const scene = worldOfLoners({ relays: [{ faults: { delay: 2_000 } }], pool: { livenessInterval: 60 * MINUTE } });
    const { pool, time, relay } = scene;
    for (let i = 0; i < 900; i++) {
      hear(pool.subscribe({ kinds: [1], '#t': [`${i}`] }));
      if (i % 10 === 0) await time.advance(200);
    }
    await time.advance(MINUTE);
    const carried = relay.connections.map((connection) => connection.subscriptionIds.length);
    expect(carried.reduce((sum, count) => sum + count, 0)).toBe(900);
    expect(carried).toHaveLength(3);
    // Before the others were there the first one carried all; from then on those caught up.
    expect(Math.max(...carried) - Math.min(...carried)).toBeLessThan(20);
    pool.close();
  });

  it('lose no live subscription when there are fewer of them again', async () => {
    const scene = worldOfLoners({ relays: [{ faults: { delay: 2_000 } }] });
    const { pool, time, relay, note } = scene;
    const live = [];
    for (let i = 0; i < 200; i++) {
      live.push(hear(pool.subscribe({ kinds: [1], '#t': [`${i}`] })));
      if (i % 10 === 0) await time.advance(200);
    }
    await time.advance(5 * MINUTE);
    expect(statusesOf(pool)[0]?.counters.connects).toBe(relay.connections.length);
    relay.add(note('for all', { tags: live.map((_, i) => ['t', `${i}`]) }));
    await time.advance(10 * SECOND);
    expect(live.map(({ values }) => contents(values))).toEqual(live.map(() => ['for all']));
    // Those who leave let the superfluous connections go.
    for (const { subscription } of live.slice(1)) subscription.unsubscribe();
    await time.advance(SECOND);
    expect(relay.connectionCount).toBe(1);
    relay.add(note('last', { tags: [['t', '0']] }));
    await time.advance(10 * SECOND);
    expect(contents(live[0]?.values ?? [])).toEqual(['for all', 'last']);
    pool.close();
  });

  it('keep what belongs together on one of them', async () => {
    const scene = worldOfLoners({ relays: [{ faults: { delay: 2_000 } }] });
    const { pool, time, relay } = scene;
    for (let i = 0; i < 500; i++) {
      hear(pool.subscribe({ kinds: [1], '#t': [`${i}`] }));
      if (i % 10 === 0) await time.advance(200);
    }
    await time.advance(SECOND);
    expect(relay.connectionCount).toBe(3);
    for (let i = 0; i < 90; i++) hear(pool.subscribe({ kinds: [7], '#t': [`${i}`] }, { affinity: `screen ${i % 3}` }));
    for (let i = 0; i < 90; i++) hear(pool.subscribe({ kinds: [8], '#t': [`${i}`] }));
    await time.advance(10 * SECOND);
    const kinds = relay.received.flatMap(({ message, connection }) =>
      message.type === 'REQ' && JSON.stringify(message.filters).includes('"kinds":[7]')
        ? [{ connection, tag: (message.filters[0] as { '#t': string[] })['#t'][0] }]
        : [],
    );
    expect(kinds).toHaveLength(90);
    for (const screen of [0, 1, 2]) {
      const used = kinds.filter(({ tag }) => Number(tag) % 3 === screen).map(({ connection }) => connection);
      expect(new Set(used).size).toBe(1);
    }
    pool.close();
  });

  it('take over from one that is lost and refused from then on', async () => {
    const scene = worldOfLoners({ relays: [{ faults: { delay: 2_000 } }] });
    const { pool, time, relay, note } = scene;
    const live = [];
    for (let i = 0; i < 500; i++) {
      live.push(hear(pool.subscribe({ kinds: [1], '#t': [`${i}`] })));
      if (i % 10 === 0) await time.advance(200);
    }
    await time.advance(20 * SECOND);
    const [, second] = relay.connections;
    expect(second?.subscriptionIds.length).toBeGreaterThan(50);
    relay.faults.refuse = true;
    relay.faults.delay = 100;
    second?.close(1_001);
    await time.advance(MINUTE);
    expect(relay.connectionCount).toBe(2);
    relay.add(note('for all', { tags: live.map((_, i) => ['t', `${i}`]) }));
    await time.advance(10 * SECOND);
    expect(live.map(({ values }) => contents(values))).toEqual(live.map(() => ['for all']));
    pool.close();
  });
});

describe('subscriptions that a relay limits', () => {
  const limited = { relays: [{ limits: { max_subscriptions: 5 } }], pool: { maxSubscriptions: 5 } };

  it('wait for their turn, over as many connections as there may be', async () => {
    const scene = worldOfLoners(limited);
    const { pool, time, relay } = scene;
    const live = Array.from({ length: 20 }, (_, i) => hear(pool.packets({ kinds: [1], '#t': [`${i}`] })));
    await time.advance(5 * SECOND);
    // Four of five places on each of three connections; one is for pages.
    expect(relay.connections.map((connection) => connection.subscriptionIds.length)).toEqual([4, 4, 4]);
    expect(statusesOf(pool)[0]?.queued).toBe(8);
    for (const { subscription } of live.slice(0, 8)) subscription.unsubscribe();
    await time.advance(SECOND);
    expect(live.slice(8).every(({ values }) => words(values).at(-1) === 'eose 0')).toBe(true);
    expect(relay.connections.map((connection) => connection.subscriptionIds.length)).toEqual([4, 4, 4]);
    pool.close();
  });

  it('keep the connections that they fill, though they ask for nothing', async () => {
    const { pool, time } = worldOfLoners(limited);
    for (let i = 0; i < 10; i++) hear(pool.subscribe({ kinds: [1], '#t': [`${i}`] }));
    await time.advance(5 * MINUTE);
    const late = hear(pool.packets({ kinds: [7] }));
    await time.advance(SECOND);
    expect(words(late.values)).toEqual(['eose 0']);
    pool.close();
  });

  it('that find none in time say so, and come in all the same when there is one', async () => {
    const { pool, time } = worldOfLoners(limited);
    const holders = Array.from({ length: 12 }, (_, i) => hear(pool.subscribe({ kinds: [1], '#t': [`${i}`] })));
    await time.advance(5 * SECOND);
    const late = hear(pool.packets({ kinds: [7] }));
    await time.advance(20 * SECOND);
    expect(words(late.values)).toEqual(['lost no-place 0']);
    holders[3]?.subscription.unsubscribe();
    await time.advance(SECOND);
    expect(words(late.values)).toEqual(['lost no-place 0', 'eose 0']);
    pool.close();
  });

  it('are evicted in a word when too many wait, and a live one comes in later all the same', async () => {
    const { pool, time } = worldOfLoners({
      pool: { maxSubscriptions: 2, connections: { maximum: 1 }, queue: { capacity: 1 } },
    });
    const holder = hear(pool.subscribe({ kinds: [1] }));
    const live = hear(pool.packets({ kinds: [2] }));
    const request = hear(pool.request({ kinds: [3] }));
    expect(words(live.values)).toEqual(['lost evicted 0']);
    const other = hear(pool.request({ kinds: [4] }));
    expect([request.completed, other.completed]).toEqual([true, false]);
    holder.subscription.unsubscribe();
    await time.advance(10 * SECOND);
    expect(words(live.values).at(-1)).toBe('eose 0');
    expect(other.completed).toBe(true);
    pool.close();
  });

  it.each([0, 1, -3, 2.5, Number.NaN, '20' as never])('are no number that makes sense: %s', (maxSubscriptions) => {
    const relays = ['wss://relay.test'];
    expect(() => new RelayPool({ relays, maxSubscriptions })).toThrow(RangeError);
    expect(() => new RelayPool({ relays, maxSubscriptions: () => maxSubscriptions })).toThrow("'maxSubscriptions'");
  });

  it('get the place of a request that the relay refused, and not that of one that left while it waited', async () => {
    const { pool, time, relay } = worldOfLoners({ pool: { maxSubscriptions: 2, connections: { maximum: 1 } } });
    relay.faults.closedWith = 'restricted: not for you';
    const refused = hear(pool.request({ kinds: [1] }));
    const left = hear(pool.request({ kinds: [2] }));
    const last = hear(pool.packets({ kinds: [3] }));
    left.subscription.unsubscribe();
    await time.advance(15);
    relay.faults.closedWith = undefined;
    await time.advance(SECOND);
    expect(refused.completed).toBe(true);
    expect(words(last.values)).toEqual(['eose 0']);
    expect(requests(relay)).toBe(2);
    pool.close();
  });

  it('leave room for their pages, one at a time', async () => {
    const scene: World = worldOfLoners({
      relays: [{ limits: { max_subscriptions: 3 }, faults: { cap: 5 }, verify: false }],
      pool: {
        maxSubscriptions: 3,
        connections: { maximum: 1 },
        verifier: laterVerifier(() => scene.time, 5, zerosVerifier),
      },
    });
    const { pool, time, relay } = scene;
    const now = Math.floor(time.now() / 1_000);
    relay.seed(
      Array.from({ length: 30 }, (_, i) => fakeEvent({ created_at: now - 100 - i, tags: [['t', `${i % 2}`]] })),
    );
    const live = [0, 1].map((tag) => hear(pool.subscribe({ kinds: [1], '#t': [`${tag}`] })));
    let most = 0;
    for (let i = 0; i < 200; i++) {
      await time.advance(5);
      most = Math.max(most, relay.connections[0]?.subscriptionIds.length ?? 0);
    }
    expect(live.map(({ values }) => values.length)).toEqual([15, 15]);
    expect(most).toBe(3);
    pool.close();
  });
});

describe('the sockets of all relays', () => {
  /** A world whose pool has so few sockets. */
  function scarce(relays: number, total: number): World & { readonly budget: SocketBudget } {
    const scene = worldOfLoners({ relays });
    scene.pool.close();
    const budget = new SocketBudget({ total, scheduler: scene.time });
    const pool = new RelayPool({
      relays: scene.relays.map(({ url }) => url),
      scheduler: scene.time,
      random: () => 0.5,
      WebSocket: scene.network.WebSocket,
      sockets: budget,
    });
    return { ...scene, pool, budget };
  }

  it('are never more than the budget, and every relay is asked in its turn', async () => {
    const scene = scarce(12, 4);
    const { pool, time, relays, note } = scene;
    relays.forEach((relay, i) => relay.seed(note(`${i}`)));
    const heard = hear(pool.subscribe({ kinds: [1] }));
    let most = 0;
    for (let i = 0; i < 240; i++) {
      await time.advance(SECOND);
      most = Math.max(most, sockets(scene));
    }
    expect(most).toBe(4);
    expect(contents(heard.values).sort()).toEqual(relays.map((_, i) => `${i}`).sort());
    pool.close();
    await time.advance(SECOND);
    expect(sockets(scene)).toBe(0);
  });

  it('let a short request reach every relay at once, as idle connections make room', async () => {
    const scene = scarce(12, 4);
    const { pool, time, relays, note } = scene;
    relays.forEach((relay, i) => relay.seed(note(`${i}`)));
    const heard = hear(pool.request({ kinds: [1] }));
    await time.advance(2 * SECOND);
    expect(heard.completed).toBe(true);
    expect(contents(heard.values).sort()).toEqual(relays.map((_, i) => `${i}`).sort());
    // Those that made room are not dialled again for nobody.
    await time.advance(3 * MINUTE);
    expect(statusesOf(pool).map(({ counters }) => counters.connects)).toEqual(relays.map(() => 1));
    expect(sockets(scene)).toBe(0);
    pool.close();
  });

  it('say so when one is taken away, and what was missed meanwhile comes with the next turn', async () => {
    const scene = scarce(2, 1);
    const { pool, time, relays, note } = scene;
    const heard = hear(pool.packets({ kinds: [1] }));
    await time.advance(45 * SECOND);
    const parked = relays.find(({ connectionCount }) => connectionCount === 0);
    expect(words(heard.values).filter((word) => word.startsWith('lost parked'))).toHaveLength(1);
    parked?.add(note('while it was parked'));
    await time.advance(MINUTE);
    expect(words(heard.values)).toContain('event while it was parked');
    pool.close();
  });

  it('are given up by background reads when something urgent needs one', async () => {
    const scene = scarce(6, 3);
    const { pool, time, relays, note } = scene;
    hear(pool.subscribe({ kinds: [1] }, { priority: 'low' }));
    await time.advance(5 * SECOND);
    expect(sockets(scene)).toBe(3);
    const report = hear(pool.publish(note('now')));
    await time.advance(2 * SECOND);
    expect(report.values.at(-1)).toMatchObject({ accepted: 6, pending: 0 });
    expect(relays.every(({ store }) => store.size === 1)).toBe(true);
    pool.close();
  });

  it('are not asked for by a relay that has one, while they are scarce', async () => {
    const scene = scarce(2, 2);
    const { pool, time, relays } = scene;
    for (const relay of relays) relay.faults.delay = 2_000;
    for (let i = 0; i < 400; i++) {
      hear(pool.request({ kinds: [1], '#t': [`${i}`] }));
      if (i % 10 === 0) await time.advance(100);
    }
    expect(connections(scene)).toEqual([1, 1]);
    expect(scene.budget.waiting).toBe(0);
    pool.close();
  });

  it('say so to a request that finds none in time', async () => {
    const scene = scarce(2, 1);
    const { pool, time } = scene;
    hear(pool.subscribe({ kinds: [1] }, { priority: 'critical' }));
    await time.advance(SECOND);
    const heard = hear(pool.packets({ kinds: [7] }, { priority: 'low' }));
    await time.advance(15 * SECOND);
    expect(words(heard.values).sort()).toEqual(['eose 1', 'lost no-place 0']);
    pool.close();
  });
});
