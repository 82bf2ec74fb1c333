import { firstValueFrom, lastValueFrom, map, of, shareReplay } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  balanced,
  type BalanceStrategy,
  discoverRelays,
  HedgePolicy,
  nearest,
  type PooledRelay,
  powerOfTwoChoices,
  type RelayPool,
  where,
} from '../../src/index.ts';
import { testKey, type TestRelay } from '../../src/testing/index.ts';
import { ask, got, NEVER_AGAIN, note, NOTES, realWorld, until, urlOf } from '../support/real-world.ts';
import { contents, hear } from '../support/world.ts';

/** Without chance or measurements: whoever the pool has had for longest comes first. */
const inOrder: BalanceStrategy = { rank: (candidates) => candidates };

const subscriptions = (relays: readonly TestRelay[]): readonly number[] =>
  relays.map(({ subscriptionCount }) => subscriptionCount);

/** The relays of a pool as routes see them. */
function candidatesOf(pool: RelayPool): readonly PooledRelay[] {
  const seen: PooledRelay[] = [];
  const looking = where((relay) => {
    seen.push(relay);
    return true;
  });
  hear(pool.subscribe(NOTES, { route: looking, alone: true })).subscription.unsubscribe();
  return seen;
}

describe('balanced', () => {
  it.each([
    ['weightedTop', undefined],
    ['powerOfTwoChoices', powerOfTwoChoices()],
  ])('asks so many, subscribes to so many, and publishes to so many (%s)', async (_, strategy) => {
    await using world = await realWorld({ relays: 4 });
    const { pool, relays } = world;
    for (const relay of relays) relay.seed(note(relay.url));
    const route = balanced(2, { strategy });
    expect(await ask(pool, NOTES, { route })).toHaveLength(2);
    expect([...got(relays, 'REQ')].sort()).toEqual([0, 0, 1, 1]);

    const heard = hear(pool.subscribe(NOTES, { route }));
    await until(() => expect([...subscriptions(relays)].sort()).toEqual([0, 0, 1, 1]));
    const live = note('live');
    for (const relay of relays) relay.add(live);
    await until(() => expect(contents(heard.values)).toContain('live'));
    heard.subscription.unsubscribe();
    await until(() => expect(subscriptions(relays)).toEqual([0, 0, 0, 0]));

    const report = await lastValueFrom(pool.publish(note('mine', { kind: 7 }), { route }));
    expect(report).toMatchObject({ accepted: 2, pending: 0 });
    expect([...got(relays, 'EVENT')].sort()).toEqual([0, 0, 1, 1]);
  });

  it('leaves out a relay that cannot be connected to, when it is known', async () => {
    await using world = await realWorld({
      relays: [{ faults: { refuse: true } }, {}, {}],
      pool: { backoff: NEVER_AGAIN },
    });
    const { pool, relays } = world;
    await ask(pool, NOTES);
    for (let n = 0; n < 20; n++) await ask(pool, NOTES, { route: balanced(1), id: `${n}` });
    const [down, ...up] = got(relays, 'REQ');
    expect(down).toBe(0);
    expect(up.reduce((sum, count) => sum + count, 0)).toBe(2 + 20);
    for (let n = 0; n < 20; n++) {
      const skipped = pool.explain(`${n}`)?.relays.find(({ relay }) => relay === relays[0]?.url);
      const why = expect.stringContaining('it is not connected') as string;
      expect(skipped?.steps).toEqual([{ after: expect.any(Number) as number, what: 'skipped', why }]);
    }
  });

  it('asks a relay that says that it can search (NIP-11) for what is searched', async () => {
    const cannot = { information: { supported_nips: [1, 11] } };
    await using world = await realWorld({ relays: [cannot, {}, cannot] });
    const { pool, relays } = world;
    await ask(pool, NOTES);
    const candidates = candidatesOf(pool);
    await until(() => expect(candidates.every(({ information }) => information !== undefined)).toBe(true));
    const before = got(relays, 'REQ');
    for (let n = 0; n < 6; n++) await ask(pool, { search: `word ${n}` }, { route: balanced(1) });
    expect(got(relays, 'REQ').map((count, at) => count - (before[at] ?? 0))).toEqual([0, 6, 0]);
  });

  it('hedges: one that is slow gets company, and who loses is let go by CLOSE and not blamed', async () => {
    await using world = await realWorld({ relays: 3, pool: { alone: true } });
    const { pool, relays } = world;
    const [slow, company, spare] = relays as [TestRelay, TestRelay, TestRelay];
    company.seed(note('from company'));
    const hedge = new HedgePolicy({ minimumCount: 5, minimumDelay: 300 });
    const route = balanced(1, { strategy: inOrder, hedge });
    for (let n = 0; n < 10; n++) await ask(pool, NOTES, { route });
    expect(got(relays, 'REQ')).toEqual([10, 0, 0]);
    const { hedges } = hedge.stats;
    slow.faults.delay = 30_000;
    await until(() => expect(slow.subscriptionCount).toBe(0));
    expect(await ask(pool, NOTES, { route, id: 'slow' })).toEqual(['from company']);
    expect(got(relays, 'REQ')).toEqual([11, 1, 0]);
    expect(hedge.stats).toMatchObject({ calls: 11, hedges: hedges + 1 });
    // The loser's REQ is closed.
    await until(() => expect(got(relays, 'CLOSE')[0]).toBe(11));
    expect([slow.subscriptionCount, spare.connectionCount]).toEqual([0, 0]);
    const [status] = await firstValueFrom(pool.relays$);
    expect(status).toMatchObject({ url: slow.url, circuit: 'closed', inFlight: 0 });
    expect(pool.memory.relays[slow.url]).toMatchObject({ reliability: 1, circuit: { openings: 0 } });
    const steps = pool.explain('slow')?.relays.map(({ steps }) => steps.map(({ what }) => what).join(' '));
    expect(steps).toEqual(['chosen sent left', 'skipped chosen sent answered', 'skipped']);
  });
});

describe('nearest', () => {
  const VIENNA = { latitude: 48.2, longitude: 16.4 };
  const SYDNEY = { latitude: -33.9, longitude: 151.2 };

  it('goes by the countries that relays name themselves (NIP-11)', async () => {
    const countries = ['JP', 'AT', 'BR', 'NZ'];
    await using world = await realWorld({
      relays: countries.map((country) => ({ information: { relay_countries: [country] } })),
    });
    const { pool, relays } = world;
    relays.forEach((relay, index) => relay.seed(note(countries[index] ?? '')));
    await ask(pool, NOTES);
    const candidates = candidatesOf(pool);
    await until(() => expect(candidates.flatMap(({ information }) => information?.countries ?? [])).toEqual(countries));
    expect(await ask(pool, NOTES, { route: nearest(1, { from: VIENNA }) })).toEqual(['AT']);
    expect(await ask(pool, NOTES, { route: nearest(2, { from: SYDNEY }) })).toEqual(['JP', 'NZ']);

    const heard = hear(pool.subscribe(NOTES, { route: nearest(1, { from: SYDNEY }) }));
    await until(() => expect(subscriptions(relays)).toEqual([0, 0, 0, 1]));
    heard.subscription.unsubscribe();
    const route = nearest(1, { from: VIENNA });
    expect(await lastValueFrom(pool.publish(note('mine'), { route }))).toMatchObject({ accepted: 1 });
    expect(got(relays, 'EVENT')).toEqual([0, 1, 0, 0]);
  });

  it('goes by what monitors report (NIP-66), read over the pool itself, before what relays say', async () => {
    const monitor = testKey(7).publicKey;
    await using world = await realWorld({
      relays: 1,
      named: { vienna: {}, tokyo: {}, lima: {} },
    });
    const { pool, relays, at } = world;
    const geohashes = { vienna: 'u2ed', tokyo: 'xn77', lima: '6mc5' };
    for (const [name, geohash] of Object.entries(geohashes)) {
      relays[0]?.seed(
        note('', {
          author: 7,
          kind: 30_166,
          tags: [
            ['d', urlOf(name)],
            ['g', geohash],
          ],
        }),
      );
      at(name).seed(note(name));
    }
    const home = { route: where(({ url }) => url === relays[0]?.url) };
    const known$ = discoverRelays(pool.request({ kinds: [30_166], authors: [monitor] }, home), {
      monitors: [monitor],
    }).pipe(shareReplay(1));
    const known = await lastValueFrom(known$);
    expect(known.size).toBe(3);
    for (const url of known.keys()) pool.add(url, { origin: 'event' });
    expect(await ask(pool, NOTES, { route: nearest(1, { known$, from: VIENNA }) })).toEqual(['vienna']);
    expect(await ask(pool, NOTES, { route: nearest(1, { known$, from: SYDNEY }) })).toEqual(['tokyo']);
    expect(at('lima').received).toEqual([]);
    // What is reported anew counts for whoever asks then.
    const moved$ = of(known).pipe(
      map(
        (relays) =>
          new Map(
            [...relays].map(([url, relay]) => [url, url === urlOf('lima') ? { ...relay, place: VIENNA } : relay]),
          ),
      ),
    );
    expect(await ask(pool, NOTES, { route: nearest(1, { known$: moved$, from: VIENNA, tie: 1 }) })).toEqual(['lima']);
  });
});
