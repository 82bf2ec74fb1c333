import { filter, firstValueFrom, lastValueFrom, shareReplay } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  everyRelay,
  type Filter,
  only,
  outbox,
  type OutboxOptions,
  readDirectMessageRelays,
  relayLists,
  type Route,
} from '../../src/index.ts';
import { signedEvent, testKey, type TestRelay } from '../../src/testing/index.ts';
import { ask, got, note, type RealWorld, realWorld, reqs, until, urlOf, user } from '../support/real-world.ts';
import { contents, hear } from '../support/world.ts';

const named = { alpha: {}, beta: {}, gamma: {}, delta: {} };

let lists = 0;

/** The list of a user (NIP-65), newer than the ones before. */
function listOf(author: number, write: readonly string[], read: readonly string[] = []) {
  const tags = [...write.map((url) => ['r', url, 'write']), ...read.map((url) => ['r', url, 'read'])];
  const created_at = Math.floor(Date.now() / 1_000) - 3_000 + lists++;
  return signedEvent({ kind: 10_002, tags, created_at }, testKey(author));
}

/** The route by the lists that the relays of the pool hold, and take, once those that they hold are known. */
async function outboxOf({ pool, relays }: RealWorld, options: OutboxOptions = {}): Promise<Route> {
  const lists$ = pool
    .subscribe({ kinds: [10_002] }, { route: everyRelay() })
    .pipe(relayLists(), shareReplay({ bufferSize: 1, refCount: false }));
  const stored = relays.flatMap(({ store }) => [...store]).filter(({ kind }) => kind === 10_002);
  await firstValueFrom(lists$.pipe(filter(({ size }) => size === stored.length)));
  return outbox(lists$, options);
}

/** The users whom a relay was asked for, besides lists. */
const asked = (relay: TestRelay): readonly (readonly string[] | undefined)[] =>
  reqs(relay)
    .flat()
    .filter(({ kinds }) => !kinds?.includes(10_002))
    .map(({ authors, '#p': mentioned }) => authors ?? mentioned);
const isStored = (relay: TestRelay, content: string): boolean =>
  [...relay.store].some((event) => event.content === content);
const sorted = (...users: readonly number[]): readonly string[] => users.map(user).sort();

describe('outbox', () => {
  it('asks each author’s own relays, by lists that the pool reads itself, for nobody else', async () => {
    await using world = await realWorld({ relays: 1, named });
    const { pool, relays, at } = world;
    const [home] = relays as [TestRelay];
    const [alpha, beta, gamma] = ['alpha', 'beta', 'gamma'].map(urlOf) as [string, string, string];
    home.seed(listOf(0, [alpha]), listOf(1, [alpha, beta]), listOf(2, [gamma]));
    at('alpha').seed(note('0 on alpha'), note('1 on alpha', { author: 1 }));
    const both = note('1 on both', { author: 1 });
    for (const name of ['alpha', 'beta']) at(name).seed(both);
    at('gamma').seed(note('2 on gamma', { author: 2 }), note('0 on gamma, not asked for'));
    home.seed(note('3 at home', { author: 3 }), note('0 at home, not asked for'));
    const route = await outboxOf(world);
    const authors = [user(0), user(1), user(2), user(3)];
    expect(await ask(pool, { kinds: [1], authors }, { route })).toEqual([
      '0 on alpha',
      '1 on alpha',
      '1 on both',
      '2 on gamma',
      '3 at home',
    ]);
    expect(asked(at('alpha'))).toEqual([sorted(0, 1)]);
    expect(asked(at('beta'))).toEqual([sorted(1)]);
    expect(asked(at('gamma'))).toEqual([sorted(2)]);
    // Who has no list is asked for where the rest goes.
    expect(asked(home)).toEqual([sorted(3)]);
    expect(at('delta').received).toEqual([]);
  });

  it('a list that changes live moves the subscription, and no event is lost or comes twice', async () => {
    await using world = await realWorld({ relays: 1, named });
    const { pool, relays, at } = world;
    const [home] = relays as [TestRelay];
    home.seed(listOf(0, [urlOf('alpha')]), listOf(1, [urlOf('gamma')]));
    at('alpha').seed(note('stored'));
    const route = await outboxOf(world);
    const heard = hear(pool.subscribe({ kinds: [1], authors: [user(0), user(1)] }, { route }));
    await until(() => expect([contents(heard.values), at('gamma').subscriptionCount]).toEqual([['stored'], 1]));
    const others = asked(at('gamma'));

    // Written to both while it moves, as the author's client does, one after another and without a pause.
    const written: string[] = ['stored'];
    const writes = async (): Promise<void> => {
      const event = note(`while moving ${written.length}`);
      written.push(event.content);
      for (const name of ['alpha', 'beta']) at(name).add(event);
      await new Promise((done) => setImmediate(done));
    };
    await writes();
    home.add(listOf(0, [urlOf('beta')]));
    while (at('beta').subscriptionCount === 0 || at('alpha').subscriptionCount > 0) await writes();
    at('beta').add(note('after'));
    at('alpha').add(note('unheard'));
    written.push('after');
    await until(() => expect(contents(heard.values)).toContain('after'));
    expect(contents(heard.values).sort()).toEqual([...written].sort());
    expect(new Set(heard.values.map(({ id }) => id)).size).toBe(heard.values.length);
    expect(asked(at('gamma'))).toEqual(others);

    // Who is asked for somebody else already is asked for both, and the REQ before that is closed.
    home.add(listOf(0, [urlOf('gamma')]));
    await until(() => expect(['beta', 'gamma'].map((name) => at(name).subscriptionCount)).toEqual([0, 1]));
    expect(asked(at('gamma'))).toEqual([...others, sorted(0, 1)]);
    expect(got([at('gamma')], 'CLOSE')).toEqual([1]);
    at('gamma').add(note('on gamma'));
    await until(() => expect(contents(heard.values)).toContain('on gamma'));
    heard.subscription.unsubscribe();
  });

  it('publishes to where the author writes and the tagged users read, and a list to whom it names', async () => {
    await using world = await realWorld({ relays: 1, named });
    const { pool, relays, at } = world;
    const [home] = relays as [TestRelay];
    home.seed(listOf(0, [urlOf('alpha')], [urlOf('delta')]), listOf(1, [urlOf('gamma')], [urlOf('beta')]));
    const route = await outboxOf(world);
    const report = await lastValueFrom(pool.publish(note('to 1', { tags: [['p', user(1)]] }), { route }));
    expect(Object.keys(report.outcomes).sort()).toEqual([urlOf('alpha'), urlOf('beta')]);
    expect(report).toMatchObject({ accepted: 2, pending: 0 });
    expect(['alpha', 'beta'].map((name) => isStored(at(name), 'to 1'))).toEqual([true, true]);
    expect(got([home, at('gamma'), at('delta')], 'EVENT')).toEqual([0, 0, 0]);

    const moved = listOf(0, [urlOf('gamma')], [urlOf('delta')]);
    const told = await lastValueFrom(pool.publish(moved, { route }));
    expect(Object.keys(told.outcomes).sort()).toEqual([urlOf('alpha'), urlOf('delta'), urlOf('gamma')]);
  });

  it('reads mentions where the mentioned read', async () => {
    await using world = await realWorld({ relays: 1, named });
    const { pool, relays, at } = world;
    relays[0]?.seed(listOf(0, [urlOf('alpha')], [urlOf('beta')]));
    at('beta').seed(note('hello 0', { author: 1, tags: [['p', user(0)]] }));
    const mentions: Filter = { kinds: [1], '#p': [user(0)] };
    expect(await ask(pool, mentions, { route: await outboxOf(world) })).toEqual(['hello 0']);
    expect(asked(at('alpha'))).toEqual([]);
  });

  it('asks the other relays of an author, then the fallback, where the author’s relays fail', async () => {
    await using world = await realWorld({
      relays: 1,
      named: { alpha: { faults: { closedWith: 'blocked: no' } }, beta: {}, gamma: { faults: { refuse: true } } },
    });
    const { pool, relays, at } = world;
    const [home] = relays as [TestRelay];
    home.seed(listOf(0, [urlOf('alpha'), urlOf('beta')]), listOf(1, [urlOf('gamma')]));
    at('beta').seed(note('0 on beta'));
    home.seed(note('1 at home', { author: 1 }), note('0 at home'));
    const route = await outboxOf(world, { times: 1 });
    expect(await ask(pool, { kinds: [1], authors: [user(0)] }, { route })).toEqual(['0 on beta']);
    expect(await ask(pool, { kinds: [1], authors: [user(1)] }, { route })).toEqual(['1 at home']);
    const report = await lastValueFrom(pool.publish(note('from 2', { author: 2 }), { route }));
    expect(Object.keys(report.outcomes)).toEqual([home.url]);
  });

  it('never dials what an event names in this machine, not even a relay of the pool; that is for the fallback', async () => {
    await using world = await realWorld({ relays: 2, named: { alpha: {} } });
    const { pool, relays } = world;
    const [home, other] = relays as [TestRelay, TestRelay];
    const trap = await world.start();
    const names = [trap.url, trap.url.replace('127.0.0.1', 'localhost'), other.url];
    home.seed(listOf(0, names));
    const feed: Filter = { kinds: [1], authors: [user(0)] };
    home.seed(note('0 at home'));
    const fallback = only([home.url]);
    const read = await outboxOf(world, { fallback });
    // A map that the application made of such a list is no better.
    const write = names.map((url) => url as never);
    const given = outbox(new Map([[user(0), { pubkey: user(0), createdAt: 1, read: [], write }]]), { fallback });
    for (const route of [read, given]) {
      expect(await ask(pool, feed, { route })).toEqual(['0 at home']);
      const report = await lastValueFrom(pool.publish(note('mine', { kind: 7 }), { route }));
      expect(Object.keys(report.outcomes)).toEqual([home.url]);
    }
    expect(asked(other)).toEqual([]);
    expect(got([other, trap], 'EVENT')).toEqual([0, 0]);
    expect([trap.received, trap.connectionCount]).toEqual([[], 0]);
  });

  it('takes no more guests than may come from events, and what they were to be asked goes to the fallback', async () => {
    await using world = await realWorld({ relays: 1, named, pool: { maxRelaysFromEvents: 2 } });
    const { pool, relays, at } = world;
    const [home] = relays as [TestRelay];
    Object.keys(named).forEach((name, author) => {
      home.seed(listOf(author, [urlOf(name)]), note(`${author} at home`, { author }));
      at(name).seed(note(`${author} on its relay`, { author }));
    });
    const found = await ask(pool, { kinds: [1], authors: sorted(0, 1, 2, 3) }, { route: await outboxOf(world) });
    expect(found.filter((content) => content.endsWith('on its relay'))).toHaveLength(2);
    expect(new Set(found.map((content) => content[0]))).toEqual(new Set(['0', '1', '2', '3']));
    expect(found).toHaveLength(4);
    expect(Object.keys(named).filter((name) => at(name).received.length > 0)).toHaveLength(2);
  });

  it('sends a gift wrap to where its receiver wants direct messages, and to nobody else (NIP-17)', async () => {
    await using world = await realWorld({ relays: 1, named });
    const { pool, relays, at } = world;
    const list = note('', { author: 1, kind: 10_050, tags: [['relay', urlOf('delta')]] });
    const inboxes = new Map([[user(1), readDirectMessageRelays(list) ?? []]]);
    const route = outbox(new Map(), { inboxes });
    const wrap = (receiver: number) => note('secret', { kind: 1_059, tags: [['p', user(receiver)]] });
    await lastValueFrom(pool.publish(wrap(1), { route }));
    expect(isStored(at('delta'), 'secret')).toBe(true);
    await expect(lastValueFrom(pool.publish(wrap(2), { route }))).rejects.toMatchObject({ code: 'no-relays' });
    expect(got([...relays, at('alpha'), at('beta'), at('gamma')], 'EVENT')).toEqual([0, 0, 0, 0]);
    expect(await ask(pool, { kinds: [1_059], '#p': [user(1)] }, { route })).toEqual(['secret']);
  });
});
