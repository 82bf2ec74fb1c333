import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { cluster, everyRelay, firstOf, limit, only, PoolError, union, where } from '../../src/index.ts';
import { ask, got, note, NOTES, realWorld, reqs, until } from '../support/real-world.ts';
import { contents, hear } from '../support/world.ts';

/** Relays that hold a note each: `note 0`, `note 1`, and one that both of the first two have. */
async function threeRelays() {
  const world = await realWorld({ relays: 3 });
  const common = note('common');
  world.relays.forEach((relay, index) => relay.seed(note(`note ${index}`), ...(index < 2 ? [common] : [])));
  return world;
}

describe('everyRelay', () => {
  it('asks all, and what two of them have comes once', async () => {
    await using world = await threeRelays();
    const { pool, relays } = world;
    expect(await ask(pool, NOTES, { route: everyRelay() })).toEqual(['common', 'note 0', 'note 1', 'note 2']);
    expect(relays.map(reqs)).toEqual([[[NOTES]], [[NOTES]], [[NOTES]]]);
  });

  it('a subscription follows the relays of the pool as they come and go', async () => {
    await using world = await threeRelays();
    const { pool, relays } = world;
    const late = await world.start();
    late.seed(note('late'));
    const heard = hear(pool.subscribe(NOTES, { route: everyRelay() }));
    await until(() => expect(heard.values).toHaveLength(4));
    pool.add(late.url);
    await until(() => expect(contents(heard.values)).toContain('late'));
    const live = note('live');
    for (const relay of [...relays, late]) relay.add(live);
    await until(() => expect(contents(heard.values)).toContain('live'));
    pool.remove(late.url);
    await until(() => expect([late.subscriptionCount, late.connectionCount]).toEqual([0, 0]));
    late.add(note('unheard'));
    relays[0]?.add(note('last'));
    await until(() => expect(contents(heard.values)).toContain('last'));
    expect(contents(heard.values).sort()).toEqual(['common', 'last', 'late', 'live', 'note 0', 'note 1', 'note 2']);
    heard.subscription.unsubscribe();
    await until(() => expect(relays.map(({ subscriptionCount }) => subscriptionCount)).toEqual([0, 0, 0]));
  });

  it('publishes to all, and says what each of them said', async () => {
    await using world = await realWorld({ relays: [{}, { faults: { rejectedWith: 'blocked: not you' } }, {}] });
    const { pool, relays } = world;
    const report = await lastValueFrom(pool.publish(note('mine'), { route: everyRelay() }));
    expect(report).toMatchObject({ accepted: 2, pending: 0 });
    expect(relays.map(({ store }) => store.size)).toEqual([1, 0, 1]);
  });
});

describe('only', () => {
  it('asks a relay that the pool does not have, and no other; it is no relay of the pool for all that', async () => {
    await using world = await threeRelays();
    const { pool, relays } = world;
    const guest = await world.start();
    guest.seed(note('of the guest'));
    const route = only([guest.url]);
    expect(await ask(pool, NOTES, { route })).toEqual(['of the guest']);
    expect(got(relays, 'REQ')).toEqual([0, 0, 0]);
    expect(await ask(pool, NOTES)).toEqual(['common', 'note 0', 'note 1', 'note 2']);
    await lastValueFrom(pool.publish(note('mine'), { route }));
    expect([...relays, guest].map(({ store }) => [...store].some(({ content }) => content === 'mine'))).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it('lets a guest go when nobody has needed it for a while', async () => {
    await using world = await realWorld({ relays: 1, pool: { idleTimeout: 50 } });
    const { pool } = world;
    const guest = await world.start();
    const statuses = hear(pool.relays$);
    const heard = hear(pool.subscribe(NOTES, { route: only([guest.url]) }));
    await until(() => expect(guest.subscriptionCount).toBe(1));
    expect(statuses.values.at(-1)?.map(({ url }) => url)).toContain(guest.url);
    heard.subscription.unsubscribe();
    await until(() => expect(guest.connectionCount).toBe(0));
    await until(() => expect(statuses.values.at(-1)?.map(({ url }) => url)).not.toContain(guest.url));
  });
});

describe('cluster', () => {
  it('goes to the members, and follows them while it is in use', async () => {
    await using world = await threeRelays();
    const { pool, relays } = world;
    const outside = await world.start();
    outside.seed(note('outside'));
    const archive = pool.cluster('archive', { relays: [relays[0]?.url ?? '', relays[1]?.url ?? ''] });
    expect(await ask(pool, NOTES, { route: cluster('archive') })).toEqual(['common', 'note 0', 'note 1']);
    const heard = hear(archive.subscribe(NOTES));
    await until(() => expect(heard.values).toHaveLength(3));
    archive.add(outside.url);
    await until(() => expect(contents(heard.values)).toContain('outside'));
    archive.remove(relays[0]?.url ?? '');
    await until(() => expect(relays[0]?.subscriptionCount).toBe(0));
    // Who stays was not asked anew.
    expect(got(relays, 'REQ')).toEqual([2, 2, 0]);
    const report = await lastValueFrom(archive.publish(note('mine')));
    expect(Object.keys(report.outcomes).sort()).toEqual([relays[1]?.url, outside.url].sort());
    expect(report).toMatchObject({ accepted: 2, quorum: 'met' });
    heard.subscription.unsubscribe();
  });

  it('of a name that the pool does not know is an error of the stream', async () => {
    await using world = await realWorld({ relays: 1 });
    const { pool, relays } = world;
    const route = cluster('nowhere');
    for (const stream of [pool.request(NOTES, { route }), pool.publish(note('mine'), { route })]) {
      const error: unknown = await lastValueFrom<unknown>(stream).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(PoolError);
      expect(error).toMatchObject({ code: 'unknown-cluster' });
    }
    expect(relays[0]?.received).toEqual([]);
  });
});

describe('routes that are combined', () => {
  it('firstOf: the second one is there for when all of the first have failed', async () => {
    await using world = await threeRelays();
    const { pool, relays } = world;
    const cache = await world.start();
    cache.seed(note('cached'));
    const route = firstOf(only([cache.url]), everyRelay());
    expect(await ask(pool, NOTES, { route })).toEqual(['cached']);
    expect(got(relays, 'REQ')).toEqual([0, 0, 0]);
    cache.faults.closedWith = 'blocked: no';
    expect(await ask(pool, NOTES, { route })).toEqual(['common', 'note 0', 'note 1', 'note 2']);
  });

  it('union: all of them, each once, for a request, a subscription and a publish', async () => {
    await using world = await threeRelays();
    const { pool, relays } = world;
    const [a = '', b = ''] = relays.map(({ url }) => url);
    const route = union(only([a]), only([a, b]));
    expect(await ask(pool, NOTES, { route })).toEqual(['common', 'note 0', 'note 1']);
    expect(got(relays, 'REQ')).toEqual([1, 1, 0]);
    const heard = hear(pool.subscribe(NOTES, { route }));
    await until(() => expect(relays.map(({ subscriptionCount }) => subscriptionCount)).toEqual([1, 1, 0]));
    heard.subscription.unsubscribe();
    await lastValueFrom(pool.publish(note('mine'), { route }));
    expect(got(relays, 'EVENT')).toEqual([1, 1, 0]);
  });

  it('limit: the first ones, and the next where one fails', async () => {
    await using world = await threeRelays();
    const { pool, relays } = world;
    const route = limit(everyRelay(), 1);
    expect(await ask(pool, NOTES, { route })).toEqual(['common', 'note 0']);
    await lastValueFrom(pool.publish(note('mine', { kind: 7 }), { route }));
    expect(got(relays, 'EVENT')).toEqual([1, 0, 0]);
    const [first] = relays;
    if (first) first.faults.closedWith = 'blocked: no';
    expect(await ask(pool, NOTES, { route })).toEqual(['common', 'note 1']);
    expect(got(relays, 'REQ')).toEqual([2, 1, 0]);
  });

  it('where: those that a condition holds for, as they are measured or say of themselves', async () => {
    await using world = await realWorld({ relays: [{}, { information: { supported_nips: [1, 11] } }] });
    const { pool, relays } = world;
    relays.forEach((relay, index) => relay.seed(note(`note ${index}`)));
    const open = where(({ isOpen }) => isOpen);
    await expect(ask(pool, NOTES, { route: open })).rejects.toMatchObject({ code: 'no-relays' });
    await ask(pool, NOTES);
    expect(await ask(pool, NOTES, { route: open })).toEqual(['note 0', 'note 1']);
    const search = where(({ information }) => information?.supportedNips.includes(50) ?? false);
    await until(async () => expect(await ask(pool, NOTES, { route: search })).toEqual(['note 0']));
    await lastValueFrom(pool.publish(note('mine'), { route: search }));
    expect(got(relays, 'EVENT')).toEqual([1, 0]);
  });
});
