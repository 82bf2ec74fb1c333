import { BehaviorSubject, EMPTY, lastValueFrom, map, NEVER, of, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { relayLists } from '../../src/operators/relay-lists.ts';
import { balanced } from '../../src/pool/balanced.ts';
import { outbox } from '../../src/pool/outbox.ts';
import { limit } from '../../src/pool/combined-routes.ts';
import { only } from '../../src/pool/routes.ts';
import type { RelayList } from '../../src/protocol/relay-list.ts';
import { asked, got, inOrder, reqs } from '../support/asked.ts';
import { listsOf, outboxWorld, urlOf, user, wasDialled } from '../support/outbox-world.ts';
import { contents, hear } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const by = (...users: readonly number[]) => ({ kinds: [1], authors: users.map(user) });
const to = (...users: readonly number[]) => users.map((index) => ['p', user(index)]);

describe('outbox', () => {
  it('asks each relay for the authors who write there, and the pool for those without a list', async () => {
    const { pool, time, home, at, asks, note } = outboxWorld();
    at('a').seed(note('zero', { author: 0 }));
    at('b').seed(note('one', { author: 1 }));
    home.seed(note('two', { author: 2 }));
    const lists = listsOf({ 0: ['ab'], 1: ['bc'] });
    const heard = hear(pool.subscribe(by(0, 1, 2), { route: outbox(lists) }));
    await time.advance(SECOND);
    expect([asks(at('a')), asks(at('b')), asks(at('c')), asks(home)]).toEqual(['0', '0 1', '1', '2']);
    expect(contents(heard.values).sort()).toEqual(['one', 'two', 'zero']);
    pool.close();
    expect(await time.settle()).toBe(true);
    expect(time.actions).toEqual([]);
  });

  it('does not ask the pool when all are covered, and ends', async () => {
    const { pool, time, home, at, note } = outboxWorld();
    at('a').seed(note('zero', { author: 0 }));
    const heard = hear(pool.request(by(0), { route: outbox(listsOf({ 0: ['a'] })) }));
    await time.advance(SECOND);
    expect(heard.completed).toBe(true);
    expect(contents(heard.values)).toEqual(['zero']);
    expect(wasDialled(home)).toBe(false);
    pool.close();
  });

  it('asks a relay of the pool for both: the authors who write there and the rest', async () => {
    const { pool, time, home } = outboxWorld();
    const lists: ReadonlyMap<string, RelayList> = new Map([
      [user(0), { pubkey: user(0), createdAt: 1, read: [], write: [pool.add(home.url)] }],
    ]);
    hear(pool.subscribe(by(0, 1), { route: outbox(lists) }));
    await time.advance(SECOND);
    expect(reqs(home)).toHaveLength(1);
    expect(
      reqs(home)[0]
        ?.flatMap(({ authors = [] }) => authors)
        .sort(),
    ).toEqual([user(0), user(1)].sort());
    pool.close();
  });

  it('asks for mentions where the mentioned read', async () => {
    const { pool, time, home, at } = outboxWorld();
    hear(pool.subscribe({ kinds: [1], '#p': [user(0)] }, { route: outbox(listsOf({ 0: ['a', 'b'] })) }));
    await time.advance(SECOND);
    expect(asked([home, at('a'), at('b')])).toEqual([0, 0, 1]);
    pool.close();
  });

  it('keeps to the numbers it is given', async () => {
    const { pool, time, at, home } = outboxWorld();
    const lists = listsOf({ 0: ['abc'], 1: ['bcd'], 2: ['e'] });
    const route = outbox(lists, { times: 1, maxRelays: 1, maxAuthors: 1 });
    hear(pool.subscribe(by(0, 1, 2), { route }));
    await time.advance(SECOND);
    expect(asked([...'abcde'].map(at))).toEqual([0, 1, 0, 0, 0]);
    expect(reqs(at('b'))[0]).toEqual([by(0), by(1)].sort((a, b) => (String(a.authors) < String(b.authors) ? -1 : 1)));
    expect(reqs(home)[0]).toEqual([by(2)]);
    pool.close();
  });

  it.each([
    { times: 0 },
    { maxRelays: 1.5 },
    { maxAuthors: -1 },
    { patience: -1 },
    { patience: Infinity },
    { patience: Number.NaN },
  ])('refuses %j at once', (options) => {
    expect(() => outbox(new Map(), options)).toThrow(RangeError);
  });

  describe('with lists that change', () => {
    it('moves authors live, and loses nothing', async () => {
      const { pool, time, at, asks, note } = outboxWorld();
      const lists$ = new BehaviorSubject(listsOf({ 0: ['a'], 1: ['b'] }));
      const heard = hear(pool.subscribe(by(0, 1), { route: outbox(lists$) }));
      await time.advance(SECOND);
      at('a').broadcast(note('at a', { author: 0 }));
      await time.advance(SECOND);
      at('c').seed(note('only at c', { author: 0, age: 1 }));
      lists$.next(listsOf({ 0: ['c'], 1: ['b'] }));
      await time.advance(SECOND);
      expect([asks(at('a')), asks(at('b')), asks(at('c'))]).toEqual(['', '1', '0']);
      expect(asked([at('b')])).toEqual([1]);
      at('c').broadcast(note('at c', { author: 0 }));
      at('b').broadcast(note('at b', { author: 1 }));
      await time.advance(SECOND);
      expect(contents(heard.values).sort()).toEqual(['at a', 'at b', 'at c', 'only at c']);
      pool.close();
    });

    it('asks a relay for more before it closes what was asked', async () => {
      const { pool, time, at } = outboxWorld();
      const lists$ = new BehaviorSubject(listsOf({ 0: ['a'] }));
      hear(pool.subscribe(by(0, 1), { route: outbox(lists$) }));
      await time.advance(SECOND);
      // The connection is there, so the REQ goes out at once.
      lists$.next(listsOf({ 0: ['a'], 1: ['a'] }));
      await time.advance(SECOND);
      const verbs = at('a').received.map(({ message }) => message.type);
      expect(verbs).toEqual(['REQ', 'REQ', 'CLOSE']);
      pool.close();
    });

    it('takes changes of half a second together', async () => {
      const { pool, time, at } = outboxWorld();
      const lists$ = new Subject<ReadonlyMap<string, RelayList>>();
      hear(pool.subscribe(by(0, 1, 2), { route: outbox(lists$) }));
      lists$.next(listsOf({ 0: ['a'] }));
      await time.advance(100);
      lists$.next(listsOf({ 0: ['a'], 1: ['a'] }));
      await time.advance(100);
      lists$.next(listsOf({ 0: ['a'], 1: ['a'], 2: ['a'] }));
      await time.advance(SECOND);
      expect(reqs(at('a')).map(([filter]) => filter?.authors?.length)).toEqual([1, 3]);
      pool.close();
    });

    it('lets relays be that have the same to do', async () => {
      const { pool, time, at, home } = outboxWorld();
      const lists$ = new BehaviorSubject(listsOf({ 0: ['a'] }));
      hear(pool.subscribe(by(0, 1), { route: outbox(lists$) }));
      await time.advance(SECOND);
      for (let n = 0; n < 5; n++) {
        lists$.next(listsOf({ 0: ['a'], 7: ['h'] }));
        await time.advance(SECOND);
      }
      expect(asked([at('a'), home])).toEqual([1, 1]);
      pool.close();
    });

    it('stays with the relays of the fallback that were picked', async () => {
      const { pool, time, relays, asks } = outboxWorld({ relays: 4 });
      const lists$ = new BehaviorSubject(listsOf({ 0: ['a'] }));
      hear(pool.subscribe(by(0, 1, 2), { route: outbox(lists$, { fallback: balanced(1) }) }));
      await time.advance(SECOND);
      const [picked] = relays.filter((relay) => reqs(relay).length > 0);
      for (const letter of 'bcdefgh') {
        lists$.next(listsOf({ 0: [letter] }));
        await time.advance(SECOND);
      }
      expect(relays.filter((relay) => asks(relay) !== '')).toEqual([picked]);
      expect(asked(relays).filter((count) => count > 0)).toEqual([1]);
      pool.close();
    });
  });

  describe('with lists that do not come', () => {
    it.each([
      ['never emits', NEVER],
      ['is empty', EMPTY],
    ])('one that %s: after its patience all goes to the fallback', async (_, lists$) => {
      const { pool, time, relays, note } = outboxWorld({ relays: 2 });
      for (const relay of relays) relay.seed(note('zero', { author: 0 }));
      const heard = hear(pool.request(by(0), { route: outbox(lists$, { patience: 3_000 }) }));
      await time.advance(2_900);
      expect(asked(relays)).toEqual([0, 0]);
      await time.advance(SECOND);
      expect(asked(relays)).toEqual([1, 1]);
      expect(heard.completed).toBe(true);
      expect(contents(heard.values)).toEqual(['zero']);
      pool.close();
    });

    it('one that comes late is followed', async () => {
      const { pool, time, home, at, asks } = outboxWorld();
      const lists$ = new Subject<ReadonlyMap<string, RelayList>>();
      hear(pool.subscribe(by(0), { route: outbox(lists$) }));
      await time.advance(2 * SECOND);
      expect(asks(home)).toBe('0');
      lists$.next(listsOf({ 0: ['a'] }));
      await time.advance(SECOND);
      expect([asks(home), asks(at('a'))]).toEqual(['', '0']);
      pool.close();
    });

    it('one that fails is the failure of the request', async () => {
      const { pool, time } = outboxWorld();
      const lists$ = throwError(() => new Error('no lists'));
      const heard = hear(pool.subscribe(by(0), { route: outbox(lists$) }));
      await time.advance(0);
      expect(heard.error).toMatchObject({ message: 'no lists' });
      expect(time.actions).toEqual([]);
      pool.close();
    });

    it('another fallback may be given', async () => {
      const { pool, time, relays, at } = outboxWorld({ relays: 3 });
      hear(pool.subscribe(by(0), { route: outbox(new Map(), { fallback: limit(only([urlOf('a'), urlOf('b')]), 1) }) }));
      await time.advance(SECOND);
      expect(asked([...relays, at('a'), at('b')])).toEqual([0, 0, 0, 1, 0]);
      pool.close();
    });
  });

  describe('with relays that fail', () => {
    it('hands their authors to another of theirs', async () => {
      const { pool, time, at, home, asks, note } = outboxWorld();
      at('b').seed(note('zero', { author: 0 }));
      at('a').faults.closedWith = 'restricted: no';
      const heard = hear(pool.request(by(0, 1), { route: outbox(listsOf({ 0: ['ab'], 1: ['a'] }), { times: 1 }) }));
      await time.advance(SECOND);
      expect(heard.completed).toBe(true);
      expect(contents(heard.values)).toEqual(['zero']);
      expect(reqs(at('b'))).toEqual([[by(0)]]);
      // The other author has no other.
      expect(reqs(home)).toEqual([[by(1)]]);
      expect(asks(at('a'))).toBe('0 1');
      pool.close();
    });

    it('live, too', async () => {
      const { pool, time, at, asks, note } = outboxWorld();
      const heard = hear(pool.subscribe(by(0), { route: outbox(listsOf({ 0: ['ab'] }), { times: 1 }) }));
      await time.advance(SECOND);
      expect(asks(at('a'))).toBe('0');
      at('b').seed(note('stored', { author: 0 }));
      at('a').stop();
      await time.advance(MINUTE);
      at('b').broadcast(note('live', { author: 0 }));
      await time.advance(SECOND);
      expect(contents(heard.values)).toEqual(['stored', 'live']);
      pool.close();
    });

    it('all of them: then the pool, and the request ends', async () => {
      const { pool, time, at, home } = outboxWorld();
      for (const letter of 'ab') at(letter).faults.closedWith = 'restricted: no';
      home.faults.closedWith = 'blocked: no';
      const heard = hear(pool.request(by(0), { route: outbox(listsOf({ 0: ['ab'] })) }));
      await time.advance(SECOND);
      expect(heard.completed).toBe(true);
      expect(asked([at('a'), at('b'), home])).toEqual([1, 1, 1]);
      pool.close();
    });
  });

  describe('never leads to', () => {
    it('private hosts, whoever names them', async () => {
      const { pool, network, time, home } = outboxWorld();
      const inside = ['ws://127.0.0.1', 'ws://192.168.0.7', 'ws://router.local'].map((url) => network.relay(url));
      const write = inside.map(({ url }) => url as RelayList['write'][number]);
      const lists: ReadonlyMap<string, RelayList> = new Map([
        [user(0), { pubkey: user(0), createdAt: 1, read: write, write }],
      ]);
      const heard = hear(pool.request(by(0), { route: outbox(lists) }));
      await time.advance(5 * SECOND);
      expect(heard.completed).toBe(true);
      expect(inside.some(wasDialled)).toBe(false);
      expect(asked([home])).toEqual([1]);
      pool.close();
    });

    it('private hosts of inboxes', async () => {
      const { pool, network, time, note } = outboxWorld();
      const inside = network.relay('ws://10.0.0.1');
      const route = outbox(new Map(), { inboxes: new Map([[user(1), [inside.url]]]) });
      const heard = hear(pool.publish(note('', { kind: 1_059, tags: to(1) }), { route }));
      await time.advance(SECOND);
      expect(heard.error).toMatchObject({ code: 'no-relays' });
      expect(wasDialled(inside)).toBe(false);
      pool.close();
    });

    it.each([
      ['as a value', ['wss://A.test:443', 'wss://relay1.test']],
      ['as a stream', of(['wss://a.test', 'nonsense', 'wss://relay1.test/'])],
    ])('blocked relays, in whatever spelling, nor by the fallback: %s', async (_, blocked) => {
      const { pool, time, at, relays } = outboxWorld({ relays: 2 });
      const heard = hear(pool.request(by(0, 1), { route: outbox(listsOf({ 0: ['ab'] }), { blocked }) }));
      await time.advance(5 * SECOND);
      expect(heard.completed).toBe(true);
      expect([at('a'), at('b'), ...relays].map(wasDialled)).toEqual([false, true, false, true]);
      pool.close();
    });

    it('relays that are blocked later: they are let go', async () => {
      const { pool, time, at, asks } = outboxWorld();
      const blocked = new BehaviorSubject<readonly string[]>([]);
      hear(pool.subscribe(by(0), { route: outbox(listsOf({ 0: ['ab'] }), { blocked, times: 1 }) }));
      await time.advance(SECOND);
      expect([asks(at('a')), asks(at('b'))]).toEqual(['0', '']);
      blocked.next([urlOf('a')]);
      await time.advance(SECOND);
      expect([asks(at('a')), asks(at('b'))]).toEqual(['', '0']);
      pool.close();
    });

    it('more relays than events may name', async () => {
      const { pool, time, at, home } = outboxWorld({ pool: { maxRelaysFromEvents: 2 } });
      const lists = listsOf({ 0: ['a'], 1: ['b'], 2: ['c'] });
      const heard = hear(pool.request(by(0, 1, 2), { route: outbox(lists) }));
      await time.advance(5 * SECOND);
      expect(heard.completed).toBe(true);
      expect([...'abc'].map(at).filter(wasDialled)).toHaveLength(2);
      expect(
        reqs(home)
          .flat()
          .flatMap(({ authors = [] }) => authors),
      ).toHaveLength(1);
      pool.close();
    });
  });

  it('lets guests go a while after nothing leads to them', async () => {
    const { pool, time, at } = outboxWorld({ pool: { idleTimeout: 10 * SECOND } });
    const relays = hear(pool.relays$.pipe(map((statuses) => statuses.map(({ url }) => url))));
    const heard = hear(pool.subscribe(by(0), { route: outbox(listsOf({ 0: ['a'] })) }));
    await time.advance(SECOND);
    expect(relays.values.at(-1)).toEqual(['wss://relay1.test/', urlOf('a')]);
    heard.subscription.unsubscribe();
    await time.advance(9 * SECOND);
    expect(at('a').connectionCount).toBe(1);
    await time.advance(2 * SECOND);
    expect(at('a').connectionCount).toBe(0);
    expect(relays.values.at(-1)).toEqual(['wss://relay1.test/']);
    pool.close();
  });

  it('keeps the connection of a guest that the next plan leads to as well', async () => {
    const { pool, time, at } = outboxWorld({ pool: { idleTimeout: 0 } });
    const lists$ = new BehaviorSubject(listsOf({ 0: ['a'] }));
    const heard = hear(pool.subscribe(by(0, 1), { route: outbox(lists$) }));
    await time.advance(SECOND);
    lists$.next(listsOf({ 0: ['a'], 1: ['a', 'b'] }));
    await time.advance(SECOND);
    expect(new Set(at('a').received.map(({ connection }) => connection))).toEqual(new Set([1]));
    heard.subscription.unsubscribe();
    await time.advance(SECOND);
    expect(at('a').connectionCount).toBe(0);
    pool.close();
  });

  it('is not seen by other routes', async () => {
    const { pool, time, at, home } = outboxWorld();
    hear(pool.subscribe(by(0), { route: outbox(listsOf({ 0: ['a'] })) }));
    await time.advance(SECOND);
    hear(pool.subscribe({ kinds: [7] }));
    hear(pool.subscribe({ kinds: [7] }, { route: balanced(2, { strategy: inOrder }) }));
    await time.advance(SECOND);
    expect(asked([at('a'), home])).toEqual([1, 2]);
    pool.close();
  });

  describe('publishes', () => {
    it('to where the author writes and the tagged users read', async () => {
      const { pool, time, at, home, note } = outboxWorld();
      const lists = listsOf({ 0: ['ab', 'g'], 1: ['h', 'cb'] });
      const report = lastValueFrom(pool.publish(note('hello', { tags: to(1, 2) }), { route: outbox(lists) }));
      await time.advance(SECOND);
      expect(await report).toMatchObject({ accepted: 3, pending: 0 });
      expect(got([...'abcgh'].map(at), 'EVENT')).toEqual([1, 1, 1, 0, 0]);
      expect(got([home], 'EVENT')).toEqual([0]);
      pool.close();
    });

    it('where the author is not known: to the fallback, and to where the tagged users read', async () => {
      const { pool, time, at, home, note } = outboxWorld();
      const route = outbox(listsOf({ 1: ['h', 'c'] }));
      const report = lastValueFrom(pool.publish(note('hello', { tags: to(1) }), { route }));
      await time.advance(SECOND);
      expect(await report).toMatchObject({ accepted: 2 });
      expect(got([home, at('c'), at('h')], 'EVENT')).toEqual([1, 1, 0]);
      pool.close();
    });

    it('to the fallback where events have named too many relays for the author to be reached', async () => {
      const { pool, time, at, home, note } = outboxWorld({ pool: { maxRelaysFromEvents: 1 } });
      hear(pool.subscribe(by(7), { route: outbox(listsOf({ 7: ['h'] })) }));
      const report = lastValueFrom(pool.publish(note('hello'), { route: outbox(listsOf({ 0: ['a'] })) }));
      await time.advance(SECOND);
      expect(await report).toMatchObject({ accepted: 1 });
      expect(got([home, at('a')], 'EVENT')).toEqual([1, 0]);
      pool.close();
    });

    it('a relay list also to the relays that it names', async () => {
      const { pool, time, at, note } = outboxWorld();
      const list = note('', {
        kind: 10_002,
        tags: [
          ['r', urlOf('b')],
          ['r', urlOf('c'), 'read'],
        ],
      });
      const report = lastValueFrom(pool.publish(list, { route: outbox(listsOf({ 0: ['a'] })) }));
      await time.advance(SECOND);
      expect(await report).toMatchObject({ accepted: 3 });
      expect(got([...'abc'].map(at), 'EVENT')).toEqual([1, 1, 1]);
      pool.close();
    });

    it('a gift wrap to where its receiver wants direct messages, and nowhere else', async () => {
      const { pool, time, at, home, note } = outboxWorld();
      const lists = listsOf({ 0: ['a'], 1: ['b', 'c'] });
      const inboxes = of(new Map([[user(1), ['wss://D.test']]]));
      const report = lastValueFrom(
        pool.publish(note('', { kind: 1_059, tags: to(1) }), { route: outbox(lists, { inboxes }) }),
      );
      await time.advance(SECOND);
      expect(await report).toMatchObject({ accepted: 1 });
      expect(got([home, ...[...'abcd'].map(at)], 'EVENT')).toEqual([0, 0, 0, 0, 1]);
      pool.close();
    });

    it.each([
      ['is not known', {}],
      ['is not known in time', { inboxes: NEVER }],
      ['is empty', { inboxes: new Map([[user(1), []]]) }],
    ])('no gift wrap whose inbox %s: no-relays', async (_, options) => {
      const { pool, time, at, home, note } = outboxWorld();
      const route = outbox(listsOf({ 0: ['a'], 1: ['b', 'c'] }), options);
      const heard = hear(pool.publish(note('', { kind: 1_059, tags: to(1) }), { route }));
      await time.advance(5 * SECOND);
      expect(heard.error).toMatchObject({ code: 'no-relays' });
      expect([home, ...[...'abc'].map(at)].some(wasDialled)).toBe(false);
      pool.close();
    });
  });

  it('reads gift wraps where the user wants them', async () => {
    const { pool, time, at, home } = outboxWorld();
    const inboxes = new Map([[user(0), [urlOf('d')]]]);
    const route = outbox(listsOf({ 0: ['a', 'b'] }), { inboxes });
    hear(pool.subscribe({ kinds: [1, 1_059], '#p': [user(0)] }, { route }));
    await time.advance(SECOND);
    expect(reqs(at('b'))).toEqual([[{ kinds: [1], '#p': [user(0)] }]]);
    expect(reqs(at('d'))).toEqual([[{ kinds: [1_059], '#p': [user(0)] }]]);
    expect(asked([home, at('a')])).toEqual([0, 0]);
    pool.close();
  });

  it('takes lists from a subscription, and serves two from one', async () => {
    const { pool, time, at, home, note } = outboxWorld();
    home.seed(note('', { kind: 10_002, author: 1, tags: [['r', urlOf('a'), 'write']] }));
    at('a').seed(note('one', { author: 1 }));
    const lists$ = pool.subscribe({ kinds: [10_002], authors: [user(1)] }).pipe(relayLists());
    const route = outbox(lists$);
    const [notes, reactions] = [
      hear(pool.subscribe(by(1), { route })),
      hear(pool.subscribe({ kinds: [7], authors: [user(1)] }, { route })),
    ];
    await time.advance(2 * SECOND);
    expect(contents(notes.values)).toEqual(['one']);
    expect(reqs(at('a')).map(([filter]) => filter?.kinds)).toEqual([[1], [7]]);
    notes.subscription.unsubscribe();
    at('a').broadcast(note('+', { kind: 7, author: 1 }));
    await time.advance(SECOND);
    expect(contents(reactions.values)).toEqual(['+']);
    pool.close();
    expect([reactions.completed, await time.settle()]).toEqual([true, true]);
    expect(time.actions).toEqual([]);
  });

  it('lets its lists go when nobody listens', async () => {
    const { pool, time } = outboxWorld();
    const [lists$, inboxes, blocked] = [new Subject<never>(), new Subject<never>(), new Subject<never>()];
    const heard = hear(pool.subscribe(by(0), { route: outbox(lists$, { inboxes, blocked }) }));
    expect([lists$, inboxes, blocked].map(({ observed }) => observed)).toEqual([true, true, true]);
    heard.subscription.unsubscribe();
    expect([lists$, inboxes, blocked].map(({ observed }) => observed)).toEqual([false, false, false]);
    expect(time.actions).toEqual([]);
    const again = hear(pool.subscribe(by(0), { route: outbox(lists$) }));
    await time.advance(0);
    pool.close();
    expect(again.completed).toBe(true);
    expect(lists$.observed).toBe(false);
  });
});
