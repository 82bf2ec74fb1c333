import { BehaviorSubject, NEVER, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { currentRelays, type EventFilter, eventList, relayList } from '../../src/pool/event-list.ts';
import { FilterError } from '../../src/protocol/filter.ts';
import { got, reqs } from '../support/asked.ts';
import { burstOf } from '../support/burst.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { contents, hear, world, worldOfLoners } from '../support/world.ts';

const NOTES: EventFilter = { kinds: [1] };

describe('eventList', () => {
  it('is stored and live events, newest first', async () => {
    const { time, pool, relay, note } = world();
    relay.seed([note('older', { age: 20 }), note('newer', { age: 10 }), note('a profile', { kind: 0 })]);
    const lists = hear(eventList(pool, of(NOTES), { scheduler: time }));
    await time.advance(1_000);
    relay.add(note('live'));
    await time.advance(1_000);
    expect(contents(lists.values.at(-1) ?? [])).toEqual(['live', 'newer', 'older']);
  });

  it('is told in batches: of 1,000 events in one burst none is lost, none comes twice, and the lists are few', async () => {
    const { time, pool, relays } = world({ relays: 2, pool: { verifier: zerosVerifier } });
    const lists = hear(eventList(pool, of(NOTES), { scheduler: time }));
    await time.advance(1_000);
    const burst = burstOf(1_000, time.now() / 1_000);
    for (const event of burst) for (const relay of relays) relay.add(event);
    await time.advance(1_000);
    const list = lists.values.at(-1) ?? [];
    expect(contents(list)).toEqual(contents(burst));
    expect(new Set(list.map(({ id }) => id)).size).toBe(1_000);
    expect(lists.values.length).toBeLessThanOrEqual(10);
  });

  it('has 1,000 events if nothing else is said, the newest', async () => {
    const { time, pool, relay } = world({ pool: { verifier: zerosVerifier } });
    relay.seed(burstOf(1_001, time.now() / 1_000));
    const whole = hear(eventList(pool, of(NOTES), { scheduler: time }));
    const short = hear(eventList(pool, of(NOTES), { scheduler: time, limit: 3 }));
    await time.advance(5_000);
    expect(whole.values.at(-1)).toHaveLength(1_000);
    expect(contents(short.values.at(-1) ?? [])).toEqual(['0', '1', '2']);
  });

  it('says nothing when an event changes nothing', async () => {
    const { time, pool, relay, note } = world();
    relay.seed([note('a'), note('b', { age: 1 })]);
    const lists = hear(eventList(pool, of(NOTES), { scheduler: time, limit: 2 }));
    await time.advance(1_000);
    const count = lists.values.length;
    relay.add(note('too old', { age: 100 }));
    await time.advance(1_000);
    expect(lists.values).toHaveLength(count);
  });

  it('sends CLOSE when it is left, and keeps no timer', async () => {
    const { time, pool, relay, note } = world({ pool: { idleTimeout: 0 } });
    const lists = hear(eventList(pool, of(NOTES), { scheduler: time }));
    await time.advance(1_000);
    relay.add(note('waits for its frame'));
    await time.until(() => relay.store.size > 0);
    await time.advance(15);
    lists.subscription.unsubscribe();
    await time.advance(1_000);
    expect(got([relay], 'CLOSE')).toEqual([1]);
    expect(lists.values).toEqual([]);
  });

  it('is told of what came last when it is asked again, though it was left before the frame', async () => {
    const { time, pool, relay, note } = world();
    relay.seed([note('a')]);
    const list$ = eventList(pool, of(NOTES), { scheduler: time });
    const early = hear(list$);
    await time.until(() => relay.subscriptionCount > 0);
    while (pool.explanations[0]?.relays[0]?.steps.every(({ what }) => what !== 'answered')) await time.advance(1);
    early.subscription.unsubscribe();
    expect(early.values).toEqual([]);
    await time.advance(1_000);
    const late = hear(list$);
    await time.advance(1_000);
    expect(late.values.map(contents)).toEqual([['a']]);
  });

  it('goes on with what was there when it is asked again, and misses nothing', async () => {
    const { time, pool, relay, note } = world();
    relay.seed([note('a', { age: 30 })]);
    const list = eventList(pool, of(NOTES), { scheduler: time });
    const first = hear(list);
    await time.advance(1_000);
    first.subscription.unsubscribe();
    relay.add(note('b', { age: 10 }));
    const second = hear(list);
    await time.advance(1_000);
    expect(second.values.map(contents)).toEqual([['b', 'a']]);
  });

  describe('with another filter', () => {
    it('keeps the events that match, leaves out the others, and asks for the rest', async () => {
      const { time, pool, relay, note } = world();
      relay.seed([note('mine', { author: 0 }), note('theirs', { author: 1, age: 1 }), note('profile', { kind: 0 })]);
      const [mine, theirs] = [note('', { author: 0 }), note('', { author: 1 })].map(({ pubkey }) => pubkey);
      const filter$ = new BehaviorSubject<EventFilter>(NOTES);
      const lists = hear(eventList(pool, filter$, { scheduler: time }));
      await time.advance(1_000);
      filter$.next({ kinds: [1], authors: [mine ?? ''] });
      await time.advance(16);
      expect(contents(lists.values.at(-1) ?? [])).toEqual(['mine']);
      filter$.next({ kinds: [1], authors: [theirs ?? ''] });
      await time.advance(1_000);
      expect(contents(lists.values.at(-1) ?? [])).toEqual(['theirs']);
      // Back again: what was left out in between is there again.
      filter$.next(NOTES);
      await time.advance(1_000);
      expect(contents(lists.values.at(-1) ?? [])).toEqual(['mine', 'theirs']);
      // The next is asked for before the one before is taken back.
      const verbs = relay.received.map(({ message }) => message.type);
      expect(verbs).toEqual(['REQ', 'REQ', 'CLOSE', 'REQ', 'CLOSE', 'REQ', 'CLOSE']);
    });

    it('has no gap: what was on its way in the moment between is there', async () => {
      const { time, pool, relay, note } = world({ latency: 100 });
      const filter$ = new BehaviorSubject<EventFilter>({ kinds: [1] });
      const lists = hear(eventList(pool, filter$, { scheduler: time }));
      await time.advance(1_000);
      for (let index = 0; index < 40; index++) {
        relay.add(note(`${index}`, { age: index }));
        if (index === 20) filter$.next({ kinds: [1, 6] });
        await time.advance(10);
      }
      await time.advance(1_000);
      expect(new Set(contents(lists.values.at(-1) ?? [])).size).toBe(40);
      expect(lists.values.at(-1)).toHaveLength(40);
      expect(lists.values.map(({ length }) => length)).toEqual(
        lists.values.map(({ length }) => length).sort((a, b) => a - b),
      );
    });

    it('that says the same in other words asks nothing', async () => {
      const { time, pool, relay } = worldOfLoners();
      const filter$ = new BehaviorSubject<EventFilter>({ kinds: [1, 7] });
      const lists = hear(eventList(pool, filter$, { scheduler: time }));
      await time.advance(1_000);
      filter$.next([{ kinds: [7, 1] }]);
      await time.advance(1_000);
      expect(got([relay], 'REQ')).toEqual([1]);
      expect(lists.values).toEqual([]);
    });

    it('of none asks nothing and empties the list', async () => {
      const { time, pool, relay, note } = world();
      relay.seed([note('a')]);
      const filter$ = new BehaviorSubject<EventFilter>(NOTES);
      const lists = hear(eventList(pool, filter$, { scheduler: time }));
      await time.advance(1_000);
      filter$.next([]);
      await time.advance(1_000);
      expect(lists.values.map(contents)).toEqual([['a'], []]);
      expect(reqs(relay)).toHaveLength(1);
    });

    it('of a search keeps nothing, as only the relay can tell what matches', async () => {
      const { time, pool, relay, note } = world();
      relay.seed([note('apples'), note('pears')]);
      const filter$ = new BehaviorSubject<EventFilter>({ search: 'apples' });
      const lists = hear(eventList(pool, filter$, { scheduler: time }));
      await time.advance(1_000);
      filter$.next({ search: 'pears' });
      await time.advance(1_000);
      expect(contents(lists.values.at(0) ?? [])).toEqual(['apples']);
      expect(contents(lists.values.at(-1) ?? [])).toEqual(['pears']);
    });
  });

  it('hands the options of a request on', async () => {
    const { time, pool, relay } = world({ relays: 2 });
    const subscription = eventList(pool, of(NOTES), { scheduler: time, id: 'feed' }).subscribe();
    await time.advance(100);
    expect(pool.explain('feed')).toBeDefined();
    expect(reqs(relay)).toHaveLength(1);
    subscription.unsubscribe();
  });

  it('is over when the pool closes, and says so where it was closed before', async () => {
    const { time, pool } = world();
    const list = eventList(pool, of(NOTES), { scheduler: time });
    const heard = hear(list);
    await time.advance(1_000);
    pool.close();
    await time.advance(16);
    expect(heard.completed).toBe(true);
    expect(hear(list).error).toMatchObject({ code: 'pool-closed' });
  });

  it('throws a wrong limit at once, and says a wrong filter through the stream', () => {
    const { pool } = world();
    expect(() => eventList(pool, NEVER, { limit: 0 })).toThrow(RangeError);
    const heard = hear(eventList(pool, of({ kinds: [-1] })));
    expect(heard.error).toBeInstanceOf(FilterError);
  });

  it('asks nothing before there is a filter', async () => {
    const { time, network, pool } = world();
    hear(eventList(pool, new Subject<EventFilter>(), { scheduler: time }));
    await time.advance(1_000);
    expect(network.relays.map(({ connectionCount }) => connectionCount)).toEqual([0]);
  });
});

describe('relayList', () => {
  it('is how the relays are, once a frame at most', async () => {
    const { time, pool, relay } = world({ latency: 0 });
    const lists = hear(relayList(pool, { scheduler: time }));
    await time.advance(16);
    expect(lists.values.map(([status]) => status?.state)).toEqual(['disconnected']);
    const subscription = pool.subscribe({ kinds: [1] }).subscribe();
    await time.advance(100);
    // It was connecting for less than a frame.
    expect([...new Set(lists.values.map(([status]) => status?.state))]).toEqual(['disconnected', 'connected']);
    relay.stop();
    await time.advance(100);
    expect(lists.values.at(-1)?.[0]?.state).not.toBe('connected');
    subscription.unsubscribe();
  });
});

describe('currentRelays', () => {
  it('is how they are now, and dials nobody', async () => {
    const { time, network, pool } = world({ relays: 2 });
    expect(currentRelays(pool).map(({ url, state }) => [url, state])).toEqual(
      network.relays.map(({ url }) => [url, 'disconnected']),
    );
    await time.advance(1_000);
    expect(network.relays.map(({ connectionCount }) => connectionCount)).toEqual([0, 0]);
  });
});
