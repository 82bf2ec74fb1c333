import { delay, NEVER, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { RelayPoolOptions } from '../../src/pool/relay-pool.ts';
import { only } from '../../src/pool/routes.ts';
import type { SyncStore } from '../../src/pool/sync-store.ts';
import { type Filter, FilterError } from '../../src/protocol/filter.ts';
import type { RelaySync, SyncProgress } from '../../src/pool/sync-progress.ts';
import { fakeEvent, type RelayOptions, testKey, testSigner, type VirtualRelay } from '../../src/testing/index.ts';
import { randomHex, seededRandom } from '../../src/testing/seeded-random.ts';
import { documents } from '../support/asked.ts';
import { statusesOf } from '../support/status-of.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { idsOf, shelf } from '../support/shelf.ts';
import { hear, world, type WorldOptions } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const START = 1_700_000_000;

/** Takes fake events for real. */
const aWorld = (options: WorldOptions = {}) =>
  world({
    ...options,
    relays:
      typeof options.relays === 'object'
        ? options.relays.map((relay) => ({ verify: false, ...relay }))
        : Array.from({ length: options.relays ?? 1 }, () => ({ verify: false })),
    pool: { verifier: zerosVerifier, ...options.pool },
  });
const many = (count: number, from = 0): NostrEvent[] =>
  Array.from({ length: count }, (_, i) =>
    fakeEvent({ content: `${from + i}`, created_at: START + Math.floor((from + i) / 3) }),
  );
const stored = ({ store }: VirtualRelay): string[] => idsOf(store.query([{}]));
const states = (progress: SyncProgress | undefined): readonly RelaySync[] => Object.values(progress?.relays ?? {});

describe('a sync', () => {
  it.for([
    [0, 0, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [40, 10, 10],
    [500, 0, 0],
    [500, 500, 500],
    [0, 2_000, 0],
    [0, 0, 2_000],
    [3_000, 1, 1],
  ] as const)('of %i events in common, %i at the relay alone and %i here alone', async ([common, there, here]) => {
    const { pool, relay, time } = aWorld();
    const all = many(common + there + here);
    relay.seed(all.slice(0, common + there));
    const store = shelf([...all.slice(0, common), ...all.slice(common + there)]);
    const sync = hear(pool.sync({ kinds: [1] }, store));
    await time.advance(5 * MINUTE);
    expect(sync.error).toBeUndefined();
    expect(states(sync.values.at(-1))).toEqual([
      { status: 'done', method: 'negentropy', have: here, need: there, downloaded: there, uploaded: here, failed: 0 },
    ]);
    expect(sync.completed).toBe(true);
    expect(stored(relay)).toEqual(idsOf(all));
    expect(idsOf(store.events.values())).toEqual(idsOf(all));
    expect(store.puts).toHaveLength(there);
    pool.close();
    expect(await time.settle(MINUTE)).toBe(true);
  });
});

describe('what a sync does', () => {
  const scene = (options: WorldOptions = {}) => {
    const all = many(60);
    const scenery = aWorld(options);
    for (const relay of scenery.relays) relay.seed(all.slice(0, 40));
    return { ...scenery, all, store: shelf(all.slice(20)) };
  };

  it('is one way, or none, where that is asked for', async () => {
    for (const [options, changes] of [
      [{ direction: 'down' }, [20, 0]],
      [{ direction: 'up' }, [0, 20]],
      [{ dryRun: true }, [0, 0]],
    ] as const) {
      for (const negentropy of [true, false]) {
        const { pool, relay, time, store } = scene({ relays: [{ negentropy, unsupported: 'silence' }] });
        const sync = hear(pool.sync({}, store, options));
        await time.advance(MINUTE);
        expect(sync.values.at(-1)).toMatchObject({ downloaded: changes[0], uploaded: changes[1], pending: 0 });
        expect(states(sync.values.at(-1))).toMatchObject([{ status: 'done', have: 20, need: 20 }]);
        expect([store.puts.length, relay.store.size]).toEqual([changes[0], 40 + changes[1]]);
        pool.close();
      }
    }
  });

  it('begins when it is subscribed to, tells the progress, and is explained', async () => {
    const { pool, relay, time, store } = scene();
    const cold = pool.sync({}, store, { id: 'backup' });
    await time.advance(SECOND);
    expect(relay.received).toEqual([]);
    const sync = hear(cold);
    await time.advance(MINUTE);
    expect(sync.values[0]).toMatchObject({ downloaded: 0, uploaded: 0, pending: 1 });
    expect(sync.values.at(-1)).toMatchObject({ downloaded: 20, uploaded: 20, pending: 0 });
    expect(pool.explain('backup')).toMatchObject({ verb: 'NEG-OPEN', filters: [{}] });
    expect(pool.explain('backup')?.relays[0]?.steps.at(-1)).toMatchObject({
      what: 'answered',
      why: 'done: 20 to get and 20 to give, by negentropy',
    });
    pool.close();
  });

  it('compares what matches alone', async () => {
    const { pool, relay, time, all, store } = scene();
    const since = START + 5;
    relay.seed(fakeEvent({ kind: 7, created_at: START + 6 }));
    const sync = hear(pool.sync({ kinds: [1], since, until: START + 15 }, store));
    await time.advance(MINUTE);
    const inside = all.filter(({ created_at }) => created_at >= since && created_at <= START + 15);
    const need = inside.filter((event) => all.indexOf(event) < 20).length;
    const have = inside.filter((event) => all.indexOf(event) >= 40).length;
    expect([need, have]).not.toContain(0);
    expect(states(sync.values.at(-1))).toMatchObject([
      { status: 'done', need, have, downloaded: need, uploaded: have },
    ]);
    pool.close();
  });

  it('gives each event to the store once, whichever relays have it, and shares the fetching', async () => {
    const { pool, relays, time } = aWorld({ relays: 3 });
    const all = many(2_000);
    for (const relay of relays) relay.seed(all);
    const store = shelf();
    const sync = hear(pool.sync({}, store));
    await time.advance(5 * MINUTE);
    expect(store.puts).toHaveLength(2_000);
    expect(sync.values.at(-1)).toMatchObject({ downloaded: 2_000, pending: 0 });
    const shares = states(sync.values.at(-1)).map(({ downloaded }) => downloaded);
    expect(shares.reduce((a, b) => a + b)).toBe(2_000);
    expect(Math.min(...shares)).toBeGreaterThan(200);
    expect(states(sync.values.at(-1)).map(({ status, need, failed }) => [status, need, failed])).toEqual(
      Array.from({ length: 3 }, () => ['done', 2_000, 0]),
    );
    pool.close();
  });

  it('takes stores that answer later, and waits for each put', async () => {
    const { pool, time, store } = scene();
    let [putting, most] = [0, 0];
    const slow: SyncStore = {
      list: (filter) => of(...store.list(filter)).pipe(delay(100, time)),
      get: (ids) => of(...store.get(ids)).pipe(delay(100, time)),
      put: (event) => {
        most = Math.max(most, ++putting);
        return new Promise<void>((resolve) => {
          time.schedule(() => {
            putting--;
            void store.put(event);
            resolve();
          }, 100);
        });
      },
    };
    const sync = hear(pool.sync({}, slow));
    await time.advance(MINUTE);
    expect(sync.values.at(-1)).toMatchObject({ downloaded: 20, uploaded: 20, pending: 0 });
    expect([most, store.events.size]).toEqual([1, 60]);
    pool.close();
  });

  it('errors where the store does, or lists what is no id', async () => {
    const { pool, time, store } = scene();
    const broken = [
      { ...store, list: () => throwError(() => new Error('disk')) },
      { ...store, put: () => Promise.reject(new Error('disk')) },
      {
        ...store,
        get: () => {
          throw new Error('disk');
        },
      },
    ].map((wrong) => hear(pool.sync({}, wrong)));
    const odd = hear(pool.sync({}, { ...store, list: () => [{ id: 'abc', created_at: 1 }] }));
    await time.advance(MINUTE);
    for (const { error } of broken) expect(error).toMatchObject({ message: 'disk' });
    expect(odd.error).toMatchObject({ code: 'invalid-option' });
    pool.close();
  });

  it('errors for misuse', async () => {
    const { pool, time, store } = scene();
    const wrong = [
      hear(pool.sync({ limit: 5 }, store)),
      hear(pool.sync({ search: 'a' }, store)),
      hear(pool.sync([{}] as unknown as Filter, store)),
      hear(pool.sync({}, store, { frameSize: 100 })),
      hear(pool.sync({}, store, { maxNeed: 0 })),
      hear(pool.sync({}, store, { deadline: 0 })),
      hear(pool.sync({}, store, { silenceTimeout: NaN })),
    ];
    const nobody = hear(pool.sync({}, store, { route: only([]) }));
    const filter = hear(pool.sync({ kinds: [-1] }, store));
    const nothing = hear(pool.sync({ kinds: [] }, store));
    await time.advance(SECOND);
    expect(wrong.map(({ error }) => error)).toEqual(
      wrong.map(() => expect.objectContaining({ code: 'invalid-option' })),
    );
    expect(nobody.error).toMatchObject({ code: 'no-relays' });
    expect(filter.error).toBeInstanceOf(FilterError);
    expect(nothing).toMatchObject({ completed: true, values: [{ relays: {}, pending: 0 }] });
    pool.close();
    expect(hear(pool.sync({}, store)).error).toMatchObject({ code: 'pool-closed' });
  });

  it('goes to the members of a cluster', async () => {
    const { pool, relays, time, store } = scene({ relays: 2 });
    const sync = hear(pool.cluster('own', { relays: ['wss://relay2.test'] }).sync({}, store));
    await time.advance(MINUTE);
    expect(Object.keys(sync.values.at(-1)?.relays ?? {})).toEqual([relays[1]?.url]);
    expect(relays[0]?.received).toEqual([]);
    pool.close();
  });

  it('that is unsubscribed from, or whose pool closes, leaves nothing behind', async () => {
    for (const moment of [5, 25, 45, 65, 85, 105, 125]) {
      for (const end of ['unsubscribe', 'close'] as const) {
        const { pool, time, store, relay } = scene();
        const sync = hear(pool.sync({}, store));
        await time.advance(moment);
        if (end === 'unsubscribe') sync.subscription.unsubscribe();
        else {
          pool.close();
          expect(sync.completed).toBe(true);
          expect(sync.values.at(-1)?.pending).toBe(0);
        }
        const received = relay.received.length;
        await time.advance(MINUTE);
        // What was on its way, and that it is over.
        expect(relay.received.length - received).toBeLessThan(12);
        pool.close();
        expect(await time.settle(2 * MINUTE)).toBe(true);
      }
    }
  });
});

describe('where a relay', () => {
  const scene = (relay: Omit<RelayOptions, 'scheduler'>, pool: Partial<RelayPoolOptions> = {}) => {
    const all = many(300);
    const scenery = aWorld({ relays: [relay], pool });
    scenery.relay.seed(all.slice(0, 200));
    return { ...scenery, all, store: shelf(all.slice(100)) };
  };
  const whole = { have: 100, need: 100, downloaded: 100, uploaded: 100, failed: 0 };

  it.for([
    ['does not know NIP-77, and says so', { negentropy: false }, /did not answer/],
    ['does not know NIP-77, and is silent', { negentropy: false, unsupported: 'silence' }, /did not answer/],
    ['answers by NOTICE alone', { faults: { noticeOnly: ['NEG-OPEN'] } }, /did not answer/],
  ] as const)('%s, it falls back to paging', async ([, options, why]) => {
    const { pool, relay, time, store, all } = scene({ ...options, limits: { max_limit: 50 } });
    const sync = hear(pool.sync({}, store));
    await time.advance(2 * MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([
      { status: 'done', method: 'paging', fallback: expect.stringMatching(why) as unknown, ...whole },
    ]);
    expect(stored(relay)).toEqual(idsOf(all));
    expect(store.events.size).toBe(300);
    expect(store.puts).toHaveLength(100);
    expect(statusesOf(pool)[0]?.circuit).toBe('closed');
    pool.close();
  });

  it('says in its document that it does not know NIP-77, it is not asked for it', async () => {
    const { pool, relay, time, store } = scene(
      { negentropy: false },
      { information: documents({ 'wss://relay1.test/': { supported_nips: [1, 11] } }) },
    );
    const first = hear(pool.request({ kinds: [9] }));
    await time.advance(SECOND);
    expect(first.completed).toBe(true);
    const sync = hear(pool.sync({}, store));
    await time.advance(MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([{ status: 'done', method: 'paging', ...whole }]);
    expect(relay.received.map(({ message }) => message.type)).not.toContain('NEG-OPEN');
    pool.close();
  });

  it.for([150, 20, 3, 1])('reconciles at most %i events at once, the time is halved until it does', async (most) => {
    const { pool, relay, time, store, all } = scene({ limits: { max_sync_events: most ?? 0 } });
    const sync = hear(pool.sync({}, store));
    await time.advance(5 * MINUTE);
    // Three events are of one second.
    const method = most < 3 ? 'paging' : 'negentropy';
    expect(states(sync.values.at(-1))).toMatchObject([{ status: 'done', method, ...whole }]);
    expect(stored(relay)).toEqual(idsOf(all));
    expect(store.puts).toHaveLength(100);
    pool.close();
  });

  it('names more than is taken, the time is halved', async () => {
    const { pool, relay, time, store, all } = scene({});
    const sync = hear(pool.sync({}, store, { maxNeed: 7 }));
    await time.advance(5 * MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([{ status: 'done', method: 'negentropy', ...whole }]);
    expect(relay.received.filter(({ message }) => message.type === 'NEG-OPEN').length).toBeGreaterThan(10);
    expect(store.events.size).toBe(all.length);
    pool.close();
  });

  it('refuses everything, that is its outcome', async () => {
    const { pool, time, store } = scene({ faults: { closedWith: 'restricted: members only' } });
    const sync = hear(pool.sync({}, store));
    await time.advance(MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([
      { status: 'rejected', reason: { prefix: 'restricted' }, downloaded: 0, uploaded: 0 },
    ]);
    expect(sync.completed).toBe(true);
    pool.close();
  });

  it('asks who we are, we say so once', async () => {
    const { pool, relay, time, store } = scene(
      { auth: { read: true, write: true, challenge: 'refusal' } },
      { signer: testSigner(testKey(1)) },
    );
    const sync = hear(pool.sync({}, store));
    await time.advance(MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([{ status: 'done', method: 'negentropy', ...whole }]);
    expect(relay.received.filter(({ message }) => message.type === 'AUTH')).toHaveLength(1);
    pool.close();
  });

  it.for([
    ['cannot be reached', { faults: { refuse: true } }, 'unreachable'],
    ['does not answer the handshake', { faults: { hang: true } }, 'unreachable'],
    ['is half-open', { faults: { halfOpen: true } }, 'silent'],
    ['answers nothing', { negentropy: false, unsupported: 'silence', faults: { noEose: true } }, 'silent'],
  ] as const)('%s, it ends', async ([, options, status]) => {
    const { pool, time, store } = scene(options, { livenessInterval: 60 * MINUTE });
    const sync = hear(pool.sync({}, store));
    await time.advance(2 * MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([{ status, uploaded: 0 }]);
    expect(sync.completed).toBe(true);
    pool.close();
  });

  it('loses its connection again and again, it goes on once it is back', async () => {
    const { pool, relay, time, store, all } = scene({});
    for (const at of [30, 2_000, 3_000, 6_000, 9_000]) time.schedule(() => relay.drop(), at);
    relay.faults.delay = 200;
    const sync = hear(pool.sync({}, store));
    await time.advance(5 * MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([{ status: 'done', need: 100, have: 100 }]);
    expect(stored(relay)).toEqual(idsOf(all));
    expect(new Set(store.puts)).toHaveLength(100);
    expect(store.puts).toHaveLength(100);
    pool.close();
  });

  it.for([true, false])(
    'is away for a while in the middle of a transfer, nothing is missing in the end: NIP-77 %s',
    async (negentropy) => {
      const { pool, relay, time, store, all } = scene({
        negentropy,
        unsupported: 'silence',
        limits: { max_limit: 50 },
      });
      let requests = 0;
      relay.received$.subscribe(({ message }) => {
        if (message.type !== 'REQ' || ++requests !== 1) return;
        relay.faults.refuse = true;
        relay.drop();
        time.schedule(() => (relay.faults.refuse = false), 15 * SECOND);
      });
      const sync = hear(pool.sync({}, store));
      await time.advance(5 * MINUTE);
      expect(states(sync.values.at(-1))).toMatchObject([{ status: 'done', ...whole }]);
      expect(stored(relay)).toEqual(idsOf(all));
      expect(store.puts).toHaveLength(100);
      pool.close();
    },
  );

  it('loses its connection between two pages, for a moment, nothing is missing in the end', async () => {
    const { pool, relay, time, store, all } = scene({
      negentropy: false,
      unsupported: 'silence',
      limits: { max_limit: 50 },
      faults: { delay: 100 },
    });
    let requests = 0;
    relay.received$.subscribe(({ message }) => {
      if (message.type === 'REQ' && ++requests === 3) relay.drop();
    });
    const sync = hear(pool.sync({}, store));
    await time.advance(5 * MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([{ status: 'done', ...whole }]);
    expect(stored(relay)).toEqual(idsOf(all));
    pool.close();
  });

  it('has events for a store that does not come to an end with one, or with its list, the deadline does', async () => {
    const { pool, time, store } = scene({});
    const hanging = { ...store, put: () => new Promise<void>(() => undefined) };
    const sync = hear(pool.sync({}, hanging, { deadline: 20 * SECOND }));
    const endless = hear(pool.sync({}, { ...store, list: () => NEVER }, { deadline: 20 * SECOND }));
    await time.advance(20 * SECOND);
    expect(states(sync.values.at(-1))).toMatchObject([
      { status: 'incomplete', why: expect.stringMatching(/time/) as unknown },
    ]);
    expect(sync.completed).toBe(true);
    expect(endless.error).toMatchObject({ code: 'invalid-option' });
    pool.close();
    expect(await time.settle(MINUTE)).toBe(true);
  });

  it('is away for longer than the time allows, it ends by the deadline', async () => {
    const { pool, relay, time, store } = scene({});
    relay.faults.delay = 300;
    const sync = hear(pool.sync({}, store, { deadline: 20 * SECOND }));
    await time.advance(400);
    relay.faults.hang = true;
    relay.drop();
    await time.advance(20 * SECOND);
    expect(sync.completed).toBe(true);
    expect(states(sync.values.at(-1))[0]?.status).toMatch(/unreachable|incomplete|silent/);
    pool.close();
    expect(await time.settle(MINUTE)).toBe(true);
  });

  it('takes no events, it is left in peace soon', async () => {
    const { pool, relay, time, store } = scene({ faults: { rejectedWith: 'blocked: read only' } });
    const sync = hear(pool.sync({}, store));
    await time.advance(MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([
      {
        status: 'incomplete',
        downloaded: 100,
        uploaded: 0,
        failed: 100,
        why: expect.stringMatching(/accepts no/) as unknown,
      },
    ]);
    expect(relay.received.filter(({ message }) => message.type === 'EVENT').length).toBeLessThan(40);
    pool.close();
  });

  it('does not give all that it names, the rest is got', async () => {
    const { pool, relay, time, store } = scene({});
    const sync = hear(pool.sync({}, store));
    relay.received$.subscribe(({ message }) => {
      if (message.type === 'REQ')
        for (const id of (message.filters[0] as Filter).ids?.slice(0, 30) ?? []) relay.store.remove(id);
    });
    await time.advance(MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([{ status: 'incomplete', need: 100, downloaded: 70, failed: 30 }]);
    pool.close();
  });
});

describe('a relay that lies to a sync', () => {
  /** Answers each message of a reconciliation by what is made of its number. */
  const aLiar = (answer: (round: number) => string, options: WorldOptions = {}) => {
    const scenery = aWorld({ relays: [{ negentropy: false, unsupported: 'silence' }], ...options });
    let round = 0;
    scenery.relay.received$.subscribe(({ message }) => {
      if (message.type !== 'NEG-OPEN' && message.type !== 'NEG-MSG') return;
      scenery.relay.connections[0]?.send(answer(round++).replace('ID', message.subscriptionId));
    });
    const all = many(100);
    scenery.relay.seed(all.slice(0, 60));
    return { ...scenery, all, store: shelf(all.slice(40)), rounds: () => round };
  };
  const message = (hex: string): string => `["NEG-MSG","ID","${hex}"]`;

  it.for([
    ['nonsense', message('61ffffffff')],
    ['another version', message('60')],
    ['an empty version', message('62')],
  ] as const)('by %s is asked for everything instead', async ([, frame]) => {
    const { pool, time, store, rounds } = aLiar(() => frame);
    const sync = hear(pool.sync({}, store));
    await time.advance(MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([
      { status: 'done', method: 'paging', fallback: expect.stringMatching(/nonsense/) as unknown, have: 40, need: 40 },
    ]);
    expect(rounds()).toBe(1);
    pool.close();
  });

  it('by rounds without an end is left after so many', async () => {
    // All differs, whatever is asked.
    const { pool, time, store, rounds } = aLiar((round) => message(`61000001${`${round}`.padStart(32, '0')}`));
    const sync = hear(pool.sync({}, store));
    await time.advance(5 * MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([
      { status: 'done', method: 'paging', fallback: expect.stringMatching(/no end/) as unknown, have: 40, need: 40 },
    ]);
    expect(rounds()).toBe(2_000);
    pool.close();
  });

  it('by ids that it never gives is asked for so many and no more', async () => {
    const random = seededRandom(1);
    const ids = Array.from({ length: 3_000 }, () => randomHex(random, 64)).join('');
    // A list of 3,000 ids up to the end: 0xb8, that is (23 and more follow), times 128 plus 56.
    const { pool, relay, time, store } = aLiar(() => message(`61000002${'9738'}${ids}`));
    const sync = hear(pool.sync({}, store));
    await time.advance(5 * MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([
      {
        status: 'incomplete',
        need: 3_000,
        downloaded: 0,
        failed: 3_000,
        why: expect.stringMatching(/does not give/) as unknown,
      },
    ]);
    expect(relay.received.filter(({ message: { type } }) => type === 'REQ').length).toBeLessThan(8);
    pool.close();
  });

  it('by ids of what does not match does not get that into the store', async () => {
    const other = fakeEvent({ kind: 7, created_at: START });
    const { pool, relay, time, store } = aLiar(() => message(`6100000201${other.id}`));
    relay.seed(other);
    const sync = hear(pool.sync({ kinds: [1] }, store));
    await time.advance(MINUTE);
    expect(store.puts).toEqual([]);
    expect(states(sync.values.at(-1))).toMatchObject([{ status: 'incomplete', need: 1, downloaded: 0, failed: 1 }]);
    pool.close();
  });

  it('by being too small for everything is asked page by page in the end', async () => {
    const { pool, time, store, rounds } = aLiar(() => '["NEG-ERR","ID","blocked: this query is too big",0]');
    const sync = hear(pool.sync({}, store));
    await time.advance(9 * MINUTE);
    expect(states(sync.values.at(-1))).toMatchObject([{ method: 'paging', status: 'done', have: 40, need: 40 }]);
    expect(sync.completed).toBe(true);
    expect(rounds()).toBeLessThan(4_200);
    pool.close();
  });

  it('by forged events is not believed', async () => {
    const { pool, relay, time, all, store } = aLiar(() => '["NEG-ERR","ID","unsupported: no"]');
    relay.faults.lie = 'forged-signature';
    const sync = hear(pool.sync({}, store));
    await time.advance(MINUTE);
    expect(store.puts).toEqual([]);
    expect(store.events.size).toBe(all.length - 40);
    expect(sync.completed).toBe(true);
    pool.close();
  });
});
