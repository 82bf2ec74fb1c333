import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { balanced } from '../../src/pool/balanced.ts';
import { everyRelay, only } from '../../src/pool/routes.ts';
import type { VirtualRelay } from '../../src/testing/index.ts';
import { asked, documents, got, inOrder, reqs, whoWasAsked } from '../support/asked.ts';
import { statusOf } from '../support/status-of.ts';
import { contents, hear, words, world, worldOfLoners, type World } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NOTES = { kinds: [1] };
const first = balanced(1, { strategy: inOrder });
/** Breakers that open by the first failure, and never by anything else. */
const BREAKS_AT_ONCE = { consecutiveFailures: 1, openTime: 20_000, jitter: 0, maximumOpenTime: 20_000 };
/** Breakers that never open. */
const NEVER_BREAKS = { consecutiveFailures: Infinity, failureRatio: 2, minimumSuccessRate: 0, slowRatio: 2 };

/** Makes requests one after the other, and says which relay each went to. */
async function picks({ pool, time, relays }: World, count: number, route = balanced(1)): Promise<readonly number[]> {
  const picked: number[] = [];
  for (let n = 0; n < count; n++) {
    const before = asked(relays);
    const heard = hear(pool.request({ kinds: [n] }, { route }));
    await time.until(() => heard.completed);
    picked.push(...asked(relays).flatMap((reqs, index) => (reqs > (before[index] ?? 0) ? [index] : [])));
  }
  return picked;
}
/** How often each of so many relays was picked. */
const sharesOf = (picked: readonly number[], relays: number): readonly number[] =>
  Array.from({ length: relays }, (_, index) => picked.filter((pick) => pick === index).length);

/** Has a relay fail once, and its breaker open. */
async function breakBreaker({ pool, time }: World, relay: VirtualRelay): Promise<void> {
  relay.faults.noEose = true;
  const heard = hear(pool.request(NOTES, { route: only([relay.url]), silenceTimeout: 100 }));
  await time.until(() => heard.completed);
  relay.clearFaults();
  expect(statusOf(pool, relay).circuit).toBe('open');
}

describe('balanced', () => {
  it('picks as many as asked for, and no more', async () => {
    const { pool, time, relays, note } = world({ relays: 5 });
    relays.forEach((relay, index) => relay.seed(note(`from ${index}`)));
    const heard = hear(pool.request(NOTES, { route: balanced(2) }));
    await time.advance(SECOND);
    expect(heard.completed).toBe(true);
    expect(whoWasAsked(relays)).toHaveLength(2);
    expect(contents(heard.values).sort()).toEqual(whoWasAsked(relays).map((index) => `from ${index}`));
    pool.close();
  });

  it('picks all where there are fewer, and says so where there are none', async () => {
    const { pool, time, relays } = world({ relays: 2 });
    const heard = hear(pool.request(NOTES, { route: balanced(3) }));
    await time.advance(SECOND);
    expect(heard.completed).toBe(true);
    expect(asked(relays)).toEqual([1, 1]);
    for (const { url } of relays) pool.remove(url);
    const refused = hear(pool.request(NOTES, { route: balanced(3) }));
    await time.advance(0);
    expect(refused.error).toMatchObject({ code: 'no-relays' });
    pool.close();
  });

  it('picks the same with the same seed, and others with another', async () => {
    const run = (seed: number): Promise<readonly number[]> => picks(world({ relays: 5, seed }), 20);
    const [one, again, other] = [await run(7), await run(7), await run(8)];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
    expect(new Set(one).size).toBeGreaterThan(1);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a count of %s at once', (count) => {
    expect(() => balanced(count)).toThrow(RangeError);
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses a panic threshold of %s at once', (panicThreshold) => {
    expect(() => balanced(1, { panicThreshold })).toThrow(RangeError);
  });

  it('errors with what a strategy of the caller throws, and leaves no timer', async () => {
    const { pool, time } = world({ relays: 2 });
    const strategy = {
      rank: () => {
        throw new Error('no idea');
      },
    };
    const heard = hear(pool.subscribe(NOTES, { route: balanced(1, { strategy }), alone: true }));
    expect(heard.error).toMatchObject({ message: 'no idea' });
    await time.advance(0);
    expect(time.actions).toEqual([]);
    pool.close();
  });

  describe('where the request fails', () => {
    it.each<[string, (relay: VirtualRelay, world: World) => void]>([
      ['is down', (relay) => relay.stop()],
      ['refuses connections', (relay) => (relay.faults.refuse = true)],
      ['never opens', (relay) => (relay.faults.hang = true)],
      ['says nothing', (relay) => (relay.faults.halfOpen = true)],
      ['never says EOSE', (relay) => (relay.faults.noEose = true)],
      ['refuses the request', (relay) => (relay.faults.closedWith = 'restricted: not for you')],
      ['is cut off', ({ url }, { network }) => network.partition(url, true)],
    ])('at a relay that %s, the next best is asked, and the request ends with its events', async (_, fail) => {
      const all = worldOfLoners({ relays: 3 });
      const { pool, time, relays, note } = all;
      const [bad, good, spare] = relays as [VirtualRelay, VirtualRelay, VirtualRelay];
      good.seed(note('here'));
      fail(bad, all);
      const heard = hear(pool.request(NOTES, { route: first, deadline: 2 * MINUTE }));
      await time.advance(MINUTE);
      expect(contents(heard.values)).toEqual(['here']);
      expect(heard.completed).toBe(true);
      expect(reqs(spare)).toEqual([]);
      pool.close();
      expect(await time.settle(2 * MINUTE)).toBe(true);
    });

    it('the next one is awaited before anybody hears of the failure', async () => {
      const { pool, time, relays } = worldOfLoners({ relays: 3 });
      for (const relay of relays.slice(0, 2)) relay.faults.closedWith = 'blocked: no';
      const heard = hear(pool.packets(NOTES, { route: first }));
      await time.advance(SECOND);
      expect(words(heard.values).filter((word) => word !== 'gap')).toEqual([
        'closed blocked 1',
        'closed blocked 1',
        'eose 0',
      ]);
      pool.close();
    });

    it('at all relays, the request ends', async () => {
      const { pool, time, relays } = worldOfLoners({ relays: 3 });
      for (const relay of relays) relay.faults.closedWith = 'blocked: no';
      const heard = hear(pool.request(NOTES, { route: first }));
      await time.advance(SECOND);
      expect(heard.completed).toBe(true);
      expect(asked(relays)).toEqual([1, 1, 1]);
      pool.close();
    });

    it('for good, a live subscription moves on and gets what the other has', async () => {
      const { pool, time, relays, note } = worldOfLoners({ relays: 2 });
      const [one, two] = relays as [VirtualRelay, VirtualRelay];
      one.seed(note('a', { age: 20 }));
      two.seed(note('a', { age: 20 }), note('b', { age: 10 }));
      const heard = hear(pool.subscribe(NOTES, { route: first }));
      await time.advance(SECOND);
      expect(contents(heard.values)).toEqual(['a']);
      one.stop();
      await time.advance(MINUTE);
      expect(contents(heard.values)).toEqual(['a', 'b']);
      two.broadcast(note('live'));
      await time.advance(SECOND);
      expect(contents(heard.values)).toEqual(['a', 'b', 'live']);
      expect(one.connectionCount + two.subscriptionCount).toBe(1);
      pool.close();
    });

    it('at all relays, a live subscription stays, and goes on when its relay is back', async () => {
      const { pool, time, relays, note } = worldOfLoners({ relays: 2 });
      const heard = hear(pool.subscribe(NOTES, { route: first }));
      await time.advance(SECOND);
      for (const relay of relays) relay.stop();
      await time.advance(2 * MINUTE);
      expect(heard.completed).toBe(false);
      for (const relay of relays) relay.restart();
      await time.advance(2 * MINUTE);
      for (const relay of relays) relay.broadcast(note('back'));
      await time.advance(SECOND);
      expect(contents(heard.values)).toEqual(['back']);
      pool.close();
    });

    it('a relay that is removed is replaced', async () => {
      const { pool, time, relays, note } = worldOfLoners({ relays: 2 });
      const [one, two] = relays as [VirtualRelay, VirtualRelay];
      const heard = hear(pool.subscribe(NOTES, { route: first }));
      await time.advance(SECOND);
      pool.remove(one.url);
      await time.advance(SECOND);
      two.broadcast(note('live'));
      await time.advance(SECOND);
      expect(contents(heard.values)).toEqual(['live']);
      pool.close();
    });
  });

  describe('leaves out who is not ready', () => {
    it('because its breaker is open, and picks it again when that may let a call through', async () => {
      const all = worldOfLoners({ relays: 2, pool: { breaker: BREAKS_AT_ONCE } });
      const [bad] = all.relays as [VirtualRelay];
      await breakBreaker(all, bad);
      expect(await picks(all, 3, first)).toEqual([1, 1, 1]);
      await all.time.advance(20 * SECOND);
      expect(await picks(all, 3, first)).toEqual([0, 0, 0]);
      expect(statusOf(all.pool, bad).circuit).toBe('closed');
      all.pool.close();
    });

    it('because it does not connect, and picks it again when it does', async () => {
      const all = worldOfLoners({ relays: 2, pool: { breaker: NEVER_BREAKS } });
      const [bad] = all.relays as [VirtualRelay];
      bad.stop();
      const live = hear(all.pool.subscribe(NOTES, { route: only([bad.url]) }));
      await all.time.advance(SECOND);
      expect(await picks(all, 3, first)).toEqual([1, 1, 1]);
      bad.restart();
      await all.time.advance(MINUTE);
      expect(await picks(all, 3, first)).toEqual([0, 0, 0]);
      live.subscription.unsubscribe();
      all.pool.close();
    });

    it('because nobody has needed it since it failed, and picks it again in bounded time', async () => {
      const all = worldOfLoners({ relays: 2, pool: { idleTimeout: 5 * SECOND } });
      const [bad] = all.relays as [VirtualRelay];
      bad.stop();
      expect(await picks(all, 1, first)).toEqual([1]);
      bad.restart();
      await all.time.advance(2 * MINUTE);
      expect(await picks(all, 3, first)).toEqual([0, 0, 0]);
      all.pool.close();
    });

    it('unless most are not: then all are candidates, as the rest would break down under the load', async () => {
      const all = worldOfLoners({ relays: 3, pool: { breaker: BREAKS_AT_ONCE } });
      const { pool, time, relays } = all;
      for (const relay of relays.slice(0, 2)) await breakBreaker(all, relay);
      const calm = hear(
        pool.packets(NOTES, { route: balanced(1, { strategy: inOrder, panicThreshold: 0 }), silenceTimeout: 100 }),
      );
      const panic = hear(pool.packets(NOTES, { route: first, silenceTimeout: 100 }));
      await time.advance(SECOND);
      expect(words(calm.values)).toEqual(['eose 0']);
      // It was picked, its breaker refused, and the next one was no better.
      expect(words(panic.values)).toEqual(['lost circuit-open 1', 'lost circuit-open 1', 'eose 0']);
      pool.close();
    });

    it('also when the others are asked already: what counts is the share of all', async () => {
      const all = worldOfLoners({ relays: 3, pool: { breaker: BREAKS_AT_ONCE } });
      const { pool, time, relays } = all;
      await breakBreaker(all, relays[2] as VirtualRelay);
      const heard = hear(pool.packets(NOTES, { route: balanced(3, { strategy: inOrder }) }));
      await time.advance(SECOND);
      expect(words(heard.values)).toEqual(['eose 1', 'eose 0']);
      pool.close();
    });

    it('and a live subscription that has too few takes it up when it is ready again', async () => {
      const all = worldOfLoners({ relays: 3, pool: { breaker: BREAKS_AT_ONCE } });
      const { pool, time, relays, note } = all;
      const bad = relays[2] as VirtualRelay;
      await breakBreaker(all, bad);
      const heard = hear(pool.subscribe(NOTES, { route: balanced(3, { strategy: inOrder }) }));
      await time.advance(MINUTE);
      bad.broadcast(note('from the third'));
      await time.advance(SECOND);
      expect(contents(heard.values)).toEqual(['from the third']);
      pool.close();
    });

    it('and does not look for it any more when nobody listens', async () => {
      const all = worldOfLoners({ relays: 2, pool: { breaker: BREAKS_AT_ONCE } });
      const { pool, time, relays } = all;
      await breakBreaker(all, relays[1] as VirtualRelay);
      hear(pool.subscribe(NOTES, { route: balanced(2, { strategy: inOrder }) }));
      await time.advance(SECOND);
      pool.close();
      await time.advance(SECOND);
      expect(time.actions).toEqual([]);
    });

    it('because it fails far more often than the others', async () => {
      const all = worldOfLoners({ relays: 4, pool: { breaker: NEVER_BREAKS } });
      const { pool, time, relays } = all;
      const [bad] = relays as [VirtualRelay];
      bad.faults.noEose = true;
      for (let n = 0; n < 20; n++) {
        const heard = hear(pool.request(NOTES, { silenceTimeout: 100, route: everyRelay() }));
        await time.until(() => heard.completed);
      }
      bad.clearFaults();
      expect(statusOf(pool, bad)).toMatchObject({ circuit: 'closed', state: 'connected' });
      expect(await picks(all, 5, first)).toEqual([1, 1, 1, 1, 1]);
      await time.advance(30 * SECOND);
      expect(await picks(all, 5, first)).toEqual([0, 0, 0, 0, 0]);
      pool.close();
    });
  });

  describe('prefers', () => {
    it('by the option of the pool', async () => {
      const run = async (preference: number): Promise<number | undefined> => {
        const all = worldOfLoners({
          relays: 3,
          pool: { preference: (url) => (url === 'wss://relay1.test/' ? preference : undefined) },
        });
        const [share] = sharesOf(await picks(all, 200), 3);
        all.pool.close();
        return share;
      };
      // A share of 1/3, 4/6 and 0.25/2.25 of 200, with three standard deviations (significance 0.3 %).
      const [few, normal, many] = [await run(0.25), await run(1), await run(4)];
      expect(few).toBeGreaterThan(8);
      expect(few).toBeLessThan(36);
      expect(normal).toBeGreaterThan(46);
      expect(normal).toBeLessThan(87);
      expect(many).toBeGreaterThan(113);
      expect(many).toBeLessThan(154);
    });

    const withSearch = {
      information: documents({
        'wss://relay1.test/': { supported_nips: [1, 11] },
        'wss://relay2.test/': { supported_nips: [1, 50] },
        'wss://relay3.test/': { supported_nips: [1, 11] },
      }),
    };
    const informed = async (): Promise<World> => {
      const all = worldOfLoners({ relays: 4, pool: withSearch });
      const heard = hear(all.pool.request(NOTES));
      await all.time.until(() => heard.completed);
      await all.time.advance(SECOND);
      return all;
    };

    it('for a search, who says that it can, then who says nothing', async () => {
      const all = await informed();
      const [searcher, unknown] = [all.relays[1], all.relays[3]] as [VirtualRelay, VirtualRelay];
      const search = async (): Promise<void> => {
        const heard = hear(all.pool.request({ search: 'x' }, { route: first }));
        await all.time.until(() => heard.completed);
      };
      const before = [reqs(searcher).length, reqs(unknown).length];
      await search();
      searcher.faults.closedWith = 'blocked: no';
      await search();
      expect([reqs(searcher).length, reqs(unknown).length]).toEqual([(before[0] ?? 0) + 2, (before[1] ?? 0) + 1]);
      all.pool.close();
    });

    it('for wanted NIPs, who says that it has them; otherwise they are all alike', async () => {
      const all = await informed();
      const wanting = await picks(all, 100, balanced(1, { nips: [50] }));
      // Those that lack it are asked last; who says nothing about it is as good as half of it.
      const [a, b, c, d] = sharesOf(wanting, 4) as [number, number, number, number];
      expect([a, c]).toEqual([0, 0]);
      expect(b + d).toBe(100);
      expect(new Set(await picks(all, 50, balanced(1)))).toEqual(new Set([0, 1, 2, 3]));
      all.pool.close();
    });

    it('asks who lacks them where there is nobody else', async () => {
      const all = await informed();
      const [, searcher, , unknown] = all.relays as [VirtualRelay, VirtualRelay, VirtualRelay, VirtualRelay];
      for (const { url } of [searcher, unknown]) all.pool.remove(url);
      expect(await picks(all, 1, balanced(1, { strategy: inOrder, nips: [50] }))).toEqual([0]);
      all.pool.close();
    });
  });

  it('publishes to so many', async () => {
    const { pool, time, relays, note } = world({ relays: 4 });
    const report = lastValueFrom(pool.publish(note('hello'), { route: balanced(2) }));
    await time.advance(SECOND);
    expect(await report).toMatchObject({ accepted: 2, pending: 0 });
    expect(got(relays, 'EVENT').filter((count) => count > 0)).toEqual([1, 1]);
    pool.close();
  });

  it('closes with the pool, and leaves nothing scheduled', async () => {
    const { pool, time, relays } = worldOfLoners({ relays: 3 });
    relays.forEach((relay) => relay.stop());
    const heard = hear(pool.subscribe(NOTES, { route: balanced(2) }));
    await time.advance(MINUTE);
    pool.close();
    expect(heard.completed).toBe(true);
    expect(await time.settle()).toBe(true);
    expect(time.actions).toEqual([]);
  });
});
