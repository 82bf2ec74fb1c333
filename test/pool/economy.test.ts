import { BehaviorSubject, firstValueFrom, type Observable, of, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { RequestEconomy, type SharedCall } from '../../src/pool/economy.ts';
import { everyRelay, only } from '../../src/pool/routes.ts';
import { untilSettled } from '../../src/operators/until-settled.ts';
import type { RequestOptions } from '../../src/pool/requests.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import { fakeEvent, testKey, type VirtualRelay } from '../../src/testing/index.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { heapInUse } from '../support/heap.ts';
import { watchUnhandledErrors } from '../support/unhandled-errors.ts';
import { contents, hear, words, world, worldOfLoners, type WorldOptions } from '../support/world.ts';

const MEGABYTE = 2 ** 20;
const NOTES: Filter = { kinds: [1] };
const author = (index: number): string => index.toString(16).padStart(64, '0');
const by = (...indexes: readonly number[]): Filter => ({ kinds: [1], authors: indexes.map(author) });
/** A pool for events of `fakeEvent`. */
const cheap = (options: WorldOptions = {}) => world({ ...options, pool: { verifier: zerosVerifier, ...options.pool } });
const noteBy = (index: number, content: string): ReturnType<typeof fakeEvent> =>
  fakeEvent({ pubkey: author(index), content });

/** The filters of the REQs that a relay got. */
function reqs({ received }: VirtualRelay): readonly (readonly unknown[])[] {
  return received.flatMap(({ message }) => (message.type === 'REQ' ? [message.filters] : []));
}
const closes = ({ received }: VirtualRelay): number =>
  received.filter(({ message }) => message.type === 'CLOSE').length;

describe('requests that ask the same', () => {
  it('share one REQ when they begin at the same time, and each hears all', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(note('stored', { age: 10 }));
    const heard = [
      hear(pool.packets(NOTES)),
      hear(pool.packets([{ kinds: [1, 1] }])),
      hear(pool.packets({ kinds: [1], authors: undefined } as unknown as Filter)),
    ];
    await time.advance(100);
    relay.add(note('live'));
    await time.advance(100);
    for (const { values } of heard) expect(words(values)).toEqual(['event stored', 'eose 0', 'event live']);
    expect(reqs(relay)).toEqual([[NOTES]]);
    pool.close();
  });

  it('share it whenever they come, and hear first what is stored, then how the relay stands, then what is live', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(note('stored', { age: 10 }));
    hear(pool.packets(NOTES));
    await time.advance(100);
    relay.add(note('live'));
    await time.advance(20_000);
    const late = hear(pool.packets(NOTES));
    await time.advance(0);
    expect(words(late.values)).toEqual(['event live', 'event stored', 'eose 0']);
    relay.add(note('later'));
    await time.advance(100);
    expect(words(late.values).slice(3)).toEqual(['event later']);
    expect(reqs(relay)).toHaveLength(1);
    pool.close();
  });

  it('share it in the middle of an answer, too', async () => {
    const { pool, relays, time, note } = world({ relays: [{}, { faults: { delay: 5_000 } }] });
    const [quick, slow] = relays as [VirtualRelay, VirtualRelay];
    quick.seed(note('a', { age: 1 }), note('b', { age: 2 }));
    slow.seed(note('c', { age: 3 }), note('b', { age: 2 }));
    const early = hear(pool.packets({ kinds: [1], limit: 5 }));
    await time.advance(1_000);
    const late = hear(pool.packets({ kinds: [1], limit: 5 }));
    await time.advance(0);
    expect(words(late.values)).toEqual(['event a', 'event b', 'eose 1']);
    await time.advance(10_000);
    expect(words(late.values).slice(3)).toEqual(['event c', 'eose 0']);
    expect(words(early.values)).toEqual(words(late.values));
    expect(reqs(slow)).toHaveLength(1);
    pool.close();
  });

  it.each([
    ['more comes than can be told', 900, 1_100, {}],
    ['what came first is not remembered any more', 5, 60, { remembered: 20 }],
  ])('share it in the middle of a burst, and miss nothing where meanwhile %s', async (_, joinAt, count, options) => {
    const { pool, relay, time } = cheap({ pool: options });
    relay.seed(...Array.from({ length: count }, (_, i) => noteBy(1, `${i}`)));
    const late: string[] = [];
    let heard = 0;
    pool.subscribe(NOTES).subscribe(() => {
      if (++heard === joinAt) pool.subscribe(NOTES).subscribe(({ content }) => late.push(content));
    });
    await time.advance(1_000);
    expect(heard).toBe(count);
    expect(new Set(late).size).toBe(count);
    expect(late).toHaveLength(count);
    pool.close();
  });

  it('share it while a relay is lost, and after another refused', async () => {
    const { pool, relays, time, note } = world({ relays: [{}, {}, { faults: { closedWith: 'blocked: not you' } }] });
    const [well, lost, refusing] = relays as [VirtualRelay, VirtualRelay, VirtualRelay];
    well.seed(note('a', { age: 1 }));
    hear(pool.packets(NOTES));
    await time.advance(100);
    lost.stop();
    await time.advance(10_000);
    const late = hear(pool.packets(NOTES));
    await time.advance(0);
    // The refused one may have something; the one that is lost had answered.
    expect(words(late.values)).toEqual(['event a', 'gap', 'eose 2', 'closed blocked 1', 'lost connect-failed 0']);
    expect(reqs(well)).toHaveLength(1);
    lost.restart();
    await time.advance(120_000);
    lost.add(note('b'));
    await time.advance(100);
    expect(words(late.values)).toContain('event b');
    expect(reqs(refusing)).toEqual([[NOTES]]);
    pool.close();
  });

  it('tell who comes later where events may be missing', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(...Array.from({ length: 12 }, (_, i) => note(`${i}`, { age: 90_000 + i })));
    const early = hear(pool.packets(NOTES));
    for (let outage = 0; outage < 3; outage++) {
      await time.advance(7_200_000);
      relay.drop();
      await time.advance(60_000);
    }
    const gaps = early.values.filter(({ type }) => type === 'gap');
    expect(gaps).toHaveLength(3);
    const late = hear(pool.packets(NOTES));
    await time.advance(0);
    // They all begin at the beginning: the last is all of them.
    expect(late.values.filter(({ type }) => type === 'gap')).toEqual([gaps[2]]);
    expect(words(late.values).slice(-2)).toEqual(['gap', 'eose 0']);
    pool.close();
  });

  it('tell who comes later as many of the newest as it asks for', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(...[1, 2, 3, 4].map((age) => note(`${age}`, { age })));
    const newest: Filter = { kinds: [1], limit: 2 };
    hear(pool.subscribe(newest));
    const none = hear(pool.subscribe({ kinds: [1], limit: 0 }));
    await time.advance(1_000);
    relay.add(note('live'));
    await time.advance(1_000);
    const late = [newest, { kinds: [1], limit: 0 }].map((filter) => hear(pool.subscribe(filter)));
    await time.advance(1_000);
    expect(late.map(({ values }) => contents(values))).toEqual([['live', '1'], []]);
    expect(contents(none.values)).toEqual(['live']);
    expect(reqs(relay)).toHaveLength(2);
    pool.close();
  });

  it('leave out for who comes later what has expired, is superseded or ephemeral', async () => {
    const { pool, relay, time, note } = world();
    const expiration = `${Math.floor(time.now() / 1_000) + 20}`;
    relay.seed(
      note('stays', { age: 9 }),
      note('expires', { age: 8, tags: [['expiration', expiration]] }),
      note('old profile', { age: 7, kind: 0 }),
    );
    const all: Filter = { authors: [testKey(0).publicKey] };
    const early = hear(pool.subscribe(all));
    await time.advance(1_000);
    relay.add(note('passing', { kind: 20_001 }), note('new profile', { kind: 0 }));
    await time.advance(20_000);
    const late = hear(pool.subscribe(all));
    await time.advance(1_000);
    expect(contents(early.values)).toHaveLength(5);
    expect(contents(late.values)).toEqual(['new profile', 'stays']);
    expect(reqs(relay)).toHaveLength(1);
    pool.close();
  });

  it('await a relay that was added after the last word', async () => {
    const { pool, network, time, note } = world();
    hear(pool.packets(NOTES));
    await time.advance(100);
    network.relay('wss://new.test').seed(note('new', { age: 1 }));
    pool.add('wss://new.test');
    const late = hear(pool.packets(NOTES).pipe(untilSettled()));
    await time.advance(1_000);
    expect(words(late.values)).toEqual(['eose 1', 'event new', 'eose 0']);
    pool.close();
  });

  it('hear nothing while they subscribe, whether others ask the same or not', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(note('a', { age: 1 }));
    const heard: string[] = [];
    for (let i = 0; i < 2; i++) {
      const subscription = pool.subscribe(NOTES).subscribe(({ content }) => {
        heard.push(content);
        subscription.unsubscribe();
      });
      if (i === 0) hear(pool.subscribe(NOTES));
      await time.advance(100);
    }
    expect(heard).toEqual(['a', 'a']);
    pool.close();
  });

  it.each([
    ['silenceTimeout', { silenceTimeout: 500 }],
    ['deadline', { deadline: 500 }],
    ['priority', { priority: 'high' }],
    ['affinity', { affinity: 'screen' }],
    ['resume', { resume: { mode: 'full' } }],
    ['seenCapacity', { seenCapacity: 50 }],
    ['route', { route: everyRelay() }],
    ['route of the same relays', { route: only(['wss://relay1.test']) }],
    ['alone', { alone: true }],
  ] satisfies [string, RequestOptions][])('do not share with one that differs in %s', async (_, options) => {
    const { pool, relay, time } = world();
    const asked = [hear(pool.packets(NOTES)), hear(pool.packets(NOTES, options))];
    await time.advance(100);
    asked.push(hear(pool.packets(NOTES, options)), hear(pool.packets(NOTES)));
    await time.advance(100);
    for (const { values } of asked) expect(words(values)).toEqual(['eose 0']);
    // Two ways of asking; and whoever is alone is so each time.
    expect(reqs(relay)).toEqual(Array('alone' in options ? 3 : 2).fill([NOTES]));
    pool.close();
  });

  it('do share with one that differs in the order of options, or in some that say nothing', async () => {
    const { pool, relay, time } = world();
    const route = everyRelay();
    hear(pool.packets(NOTES, { route, resume: { overlap: 5 } }));
    hear(pool.packets(NOTES, { resume: { overlap: 5 }, route, alone: false }));
    await time.advance(100);
    expect(reqs(relay)).toHaveLength(1);
    pool.close();
  });

  it('do not share where the filter is an observable', async () => {
    const { pool, relay, time } = world();
    hear(pool.subscribe(NOTES));
    hear(pool.subscribe(of(NOTES)));
    hear(pool.subscribe(of(NOTES)));
    await time.advance(100);
    expect(reqs(relay)).toHaveLength(3);
    pool.close();
  });

  it('do not share in a pool where all are alone, unless they say so', async () => {
    const { pool, relay, time } = worldOfLoners();
    for (const options of [{}, {}, { alone: false }, { alone: false }]) hear(pool.subscribe(NOTES, options));
    await time.advance(100);
    expect(reqs(relay)).toHaveLength(3);
    pool.close();
  });

  it('share a search only when they begin together: its order cannot be told', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(note('nostr and nostr', { age: 2 }), note('nostr', { age: 1 }));
    const search: Filter = { search: 'nostr' };
    const heard = [hear(pool.subscribe(search)), hear(pool.subscribe(search))];
    await time.advance(100);
    heard.push(hear(pool.subscribe(search)));
    await time.advance(100);
    expect(reqs(relay)).toHaveLength(2);
    const [first] = heard.map(({ values }) => contents(values));
    for (const { values } of heard) expect(contents(values)).toEqual(first);
    pool.close();
  });

  it('share a request that is not live only when they begin together', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(note('a', { age: 1 }));
    const heard = [hear(pool.request(NOTES)), hear(pool.request(NOTES)), hear(pool.subscribe(NOTES))];
    await time.advance(15);
    // The first has not answered yet.
    heard.push(hear(pool.request(NOTES)));
    await time.advance(1_000);
    for (const { values } of heard) expect(contents(values)).toEqual(['a']);
    expect(heard.map(({ completed }) => completed)).toEqual([true, true, false, true]);
    expect(reqs(relay)).toHaveLength(3);
    expect([closes(relay), relay.subscriptionCount]).toEqual([2, 1]);
    pool.close();
  });

  it('get a REQ of their own when more than 1,000 events were delivered, which the next can share', async () => {
    const { pool, relay, time } = cheap();
    relay.seed(Array.from({ length: 1_000 }, (_, i) => fakeEvent({ content: `${i}`, created_at: 1_700_000_000 + i })));
    hear(pool.subscribe(NOTES));
    await time.advance(1_000);
    const last = hear(pool.subscribe(NOTES));
    await time.advance(1_000);
    expect([last.values.length, reqs(relay).length]).toEqual([1_000, 1]);
    relay.add(fakeEvent({ content: 'one more' }));
    await time.advance(1_000);
    const late = hear(pool.subscribe(NOTES));
    await time.advance(1_000);
    expect([late.values.length, last.values.length, reqs(relay).length]).toEqual([1_001, 1_001, 2]);
    pool.close();
  });

  it('get a REQ of their own when what was delivered is remembered no longer', async () => {
    const { pool, relay, time } = cheap({ pool: { remembered: 5 } });
    relay.seed([1, 2, 3, 4, 5].map((i) => noteBy(i, `${i}`)));
    hear(pool.subscribe(NOTES));
    await time.advance(100);
    hear(pool.subscribe({ kinds: [1], limit: 1 }));
    hear(pool.subscribe(NOTES));
    await time.advance(100);
    expect(reqs(relay)).toHaveLength(2);
    relay.add(noteBy(6, '6'));
    await time.advance(100);
    const late = hear(pool.subscribe(NOTES));
    await time.advance(100);
    expect(contents(late.values).sort()).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(reqs(relay)).toHaveLength(3);
    pool.close();
  });
});

describe('requests that begin together and differ in one list', () => {
  it('are one REQ to each relay, and each gets its own: the profiles of 50 authors', async () => {
    const { pool, relays, time } = cheap({ relays: 2 });
    const authors = Array.from({ length: 50 }, (_, index) => author(index));
    const profiles = authors.map((pubkey, i) => fakeEvent({ kind: 0, pubkey, content: `${i}` }));
    relays[0]?.seed(profiles.slice(0, 30));
    relays[1]?.seed(profiles.slice(20));
    const heard = authors.map((pubkey) => hear(pool.request({ kinds: [0], authors: [pubkey] })));
    await time.advance(1_000);
    expect(heard.map(({ values }) => contents(values))).toEqual(authors.map((_, i) => [`${i}`]));
    expect(heard.every(({ completed }) => completed)).toBe(true);
    for (const relay of relays) {
      expect(reqs(relay)).toEqual([[{ kinds: [0], authors }]]);
      expect(closes(relay)).toBe(1);
    }
    pool.close();
  });

  it.each<[string, Filter, Filter, Filter]>([
    ['ids', { ids: [author(1)] }, { ids: [author(2)] }, { ids: [author(1), author(2)] }],
    ['authors', by(1), by(2), by(1, 2)],
    ['a tag', { '#t': ['b'], kinds: [1] }, { '#t': ['a'], kinds: [1] }, { '#t': ['a', 'b'], kinds: [1] }],
  ])('ask for the values of all: %s', async (_, one, other, both) => {
    const { pool, relay, time } = world();
    hear(pool.subscribe(one));
    hear(pool.subscribe(other));
    await time.advance(100);
    expect(reqs(relay)).toEqual([[both]]);
    pool.close();
  });

  it('have an EOSE each, and hear of live events that are their own', async () => {
    const { pool, relay, time } = cheap();
    relay.seed(noteBy(1, 'a'), noteBy(2, 'b'), noteBy(3, 'c'));
    const heard = [by(1), by(2), by(1, 2), by(4)].map((filter) => hear(pool.packets(filter)));
    await time.advance(100);
    relay.add(noteBy(2, 'B'), noteBy(1, 'A'));
    await time.advance(100);
    expect(heard.map(({ values }) => words(values).filter((word) => word !== 'event b' && word !== 'event a'))).toEqual(
      [['eose 0', 'event A'], ['eose 0', 'event B'], ['eose 0', 'event B', 'event A'], ['eose 0']],
    );
    expect(heard.map(({ values }) => values.length)).toEqual([3, 3, 5, 1]);
    pool.close();
  });

  it.each<[string, Filter, Filter]>([
    ['a limit', { ...by(1), limit: 5 }, { ...by(2), limit: 5 }],
    ['a search', { ...by(1), search: 'x' }, { ...by(2), search: 'x' }],
    ['two lists', { ...by(1), '#t': ['x'] }, { ...by(2), '#t': ['y'] }],
    ['kinds', { kinds: [1] }, { kinds: [2] }],
    ['since', { ...by(1), since: 1 }, { ...by(1), since: 2 }],
  ])('do not become one where they differ in more, or a relay might choose: %s', async (_, one, other) => {
    const { pool, relay, time } = world();
    hear(pool.subscribe(one));
    hear(pool.subscribe(other));
    await time.advance(100);
    expect(reqs(relay)).toEqual([[one], [other]]);
    pool.close();
  });

  it('are joined later by those who ask for less of the same, and by nobody who asks for more', async () => {
    const { pool, relay, time } = cheap();
    relay.seed(noteBy(1, 'a'), noteBy(2, 'b'), noteBy(3, 'c'));
    hear(pool.subscribe(by(1, 2, 3)));
    await time.advance(100);
    const less = hear(pool.subscribe(by(1, 3)));
    const more = hear(pool.subscribe(by(1, 4)));
    await time.advance(100);
    expect([contents(less.values).sort(), contents(more.values)]).toEqual([['a', 'c'], ['a']]);
    expect(reqs(relay)).toEqual([[by(1, 2, 3)], [by(1, 4)]]);
    pool.close();
  });

  it('are not asked together with those of the next turn', async () => {
    const { pool, relay, time } = world();
    hear(pool.request(by(1)));
    await Promise.resolve();
    hear(pool.request(by(2)));
    await time.advance(100);
    expect(reqs(relay)).toEqual([[by(1)], [by(2)]]);
    pool.close();
  });

  it('are asked in several REQs beyond 500 values; one that asks for more itself is not cut', async () => {
    const { pool, relay, time } = cheap();
    const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
    relay.seed(noteBy(0, 'first'), noteBy(500, 'last'));
    const heard = range(0, 501).map((index) => hear(pool.request(by(index))));
    const [large, again] = [hear(pool.request(by(...range(0, 700)))), hear(pool.request(by(...range(0, 700))))];
    await time.advance(1_000);
    expect(reqs(relay)).toEqual([[by(...range(0, 500))], [by(500)], [by(...range(0, 700))]]);
    expect(heard.flatMap(({ values }) => contents(values))).toEqual(['first', 'last']);
    for (const { values } of [large, again]) expect(contents(values).sort()).toEqual(['first', 'last']);
    expect([...heard, large, again].every(({ completed }) => completed)).toBe(true);
    pool.close();
  });

  it('ask nothing for those who left before they began', async () => {
    const { pool, relay, time } = world();
    const left = hear(pool.subscribe(by(1)));
    hear(pool.subscribe(by(2)));
    left.subscription.unsubscribe();
    hear(pool.subscribe(NOTES)).subscription.unsubscribe();
    await time.advance(100);
    expect(reqs(relay)).toEqual([[by(2)]]);
    pool.close();
  });
});

describe('a shared REQ', () => {
  it('is closed when the last leaves, and asked again by who comes then', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(note('a', { age: 1 }));
    const heard = [hear(pool.subscribe(NOTES)), hear(pool.subscribe(NOTES))];
    await time.advance(100);
    for (const [index, { subscription }] of heard.entries()) {
      expect([relay.subscriptionCount, closes(relay)]).toEqual([1, 0]);
      subscription.unsubscribe();
      await time.advance(100);
      expect(relay.subscriptionCount).toBe(1 - index);
    }
    expect(closes(relay)).toBe(1);
    const next = hear(pool.subscribe(NOTES));
    await time.advance(100);
    expect([contents(next.values), reqs(relay).length]).toEqual([['a'], 2]);
    pool.close();
  });

  it('is asked anew when the last leaves and another comes in the same turn', async () => {
    const { pool, relay, time } = world();
    const first = hear(pool.subscribe(NOTES));
    await time.advance(100);
    first.subscription.unsubscribe();
    const next = hear(pool.packets(NOTES));
    await time.advance(100);
    expect([words(next.values), reqs(relay).length, closes(relay), relay.subscriptionCount]).toEqual([
      ['eose 0'],
      2,
      1,
      1,
    ]);
    pool.close();
  });

  it('can be asked for again from within, and left, by one event', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(note('a', { age: 1 }));
    const others = hear(pool.subscribe(NOTES));
    const chain: string[] = [];
    const follow = (depth: number): void => {
      pool
        .subscribe(NOTES)
        .pipe(take(1))
        .subscribe(({ content }) => {
          chain.push(content);
          if (depth > 0) follow(depth - 1);
        });
    };
    follow(5);
    await time.advance(100);
    expect([chain, contents(others.values)]).toEqual([Array(6).fill('a'), ['a']]);
    expect(reqs(relay)).toHaveLength(1);
    pool.close();
  });

  it('tells all that a relay was removed after what it had brought, though one removes it because of that', async () => {
    const { pool, relays, time, note } = world({ relays: [{}, { faults: { delay: 500 } }] });
    relays[0]?.seed(note('a', { age: 1 }));
    pool
      .packets(NOTES)
      .pipe(take(1))
      .subscribe(() => {
        for (const { url } of relays) pool.remove(url);
      });
    const other = hear(pool.packets(NOTES));
    await time.advance(100);
    expect(words(other.values)).toEqual(['event a', 'lost removed 1', 'lost removed 0']);
    pool.close();
  });

  it('errors for all that take part: a route that names no relay', async () => {
    const { pool, time } = world();
    const route = only([]);
    const heard = [by(1), by(2), by(1)].map((filter) => hear(pool.request(filter, { route })));
    await time.advance(100);
    for (const { error, values } of heard) {
      expect(error).toMatchObject({ code: 'no-relays' });
      expect(values).toEqual([]);
    }
    // That was that: the next has a request of its own.
    await expect(firstValueFrom(pool.request(by(1), { route }))).rejects.toMatchObject({ code: 'no-relays' });
    pool.close();
  });

  it('completes when the pool closes before it began', async () => {
    const { pool, relay, time } = world();
    const heard = [hear(pool.packets(NOTES)), hear(pool.packets(NOTES)), hear(pool.request(NOTES))];
    pool.close();
    await time.advance(100);
    for (const { completed, error } of heard) expect([completed, error]).toEqual([true, undefined]);
    expect([relay.received, time.actions]).toEqual([[], []]);
  });

  it('completes when the pool closes, also for who has just come', async () => {
    const { pool, time } = world();
    const heard = [hear(pool.packets(NOTES)), hear(pool.packets(by(1)))];
    await time.advance(100);
    heard.push(hear(pool.packets(NOTES)));
    pool.close();
    await time.advance(100);
    expect(heard.map(({ completed, error }) => [completed, error])).toEqual(Array(3).fill([true, undefined]));
    const after = hear(pool.packets(NOTES));
    expect(after.error).toMatchObject({ code: 'pool-closed' });
  });

  it('completes when the pool closes though its filter could still change, once all relays have been told of', async () => {
    const { pool, time } = world();
    const heard = hear(pool.packets(new BehaviorSubject(NOTES)));
    pool.close();
    await time.advance(100);
    expect([heard.completed, heard.error]).toEqual([true, undefined]);
    expect(words(heard.values)).toEqual(['lost pool-closed 0']);
  });

  describe('when one that takes part throws', () => {
    const unhandled = watchUnhandledErrors();

    it('goes on for the others', async () => {
      const { pool, relay, time, note } = world();
      relay.seed(note('a', { age: 1 }));
      pool.subscribe(NOTES).subscribe(() => {
        throw new Error('mine');
      });
      const other = hear(pool.packets(NOTES));
      await time.advance(100);
      expect(words(other.values)).toEqual(['event a', 'eose 0']);
      expect(await unhandled.reported()).toEqual([new Error('mine')]);
      pool.close();
    });
  });
});

describe('RequestEconomy', () => {
  const call = (answers: Observable<Packet>, options: Partial<SharedCall> = {}): SharedCall => ({
    key: '',
    with: everyRelay(),
    joinable: true,
    id: undefined,
    ask: () => answers,
    ...options,
  });

  it('keeps nothing of requests that are over', async () => {
    const economy = new RequestEconomy({ known: () => undefined, now: () => 0 });
    const route = everyRelay();
    const round = async (from: number): Promise<void> => {
      for (let i = 0; i < 2_000; i++) {
        const filter: Filter = { search: `${from + i}`.padStart(1_000, '.') };
        const joinable = i % 2 === 0;
        const answers = new Subject<Packet>();
        const ride = economy.share([filter], call(answers, { with: route, joinable })).subscribe();
        // Some are over before they begin, some by leaving, some by an end.
        if (i % 3 > 0) await Promise.resolve();
        if (i % 3 === 1) answers.complete();
        else ride.unsubscribe();
      }
      await Promise.resolve();
    };
    await round(0);
    const before = await heapInUse();
    await round(2_000);
    await round(4_000);
    expect((await heapInUse()) - before).toBeLessThan(MEGABYTE);
  });

  it('begins those that ask anew while others begin in the next turn', async () => {
    const economy = new RequestEconomy({ known: () => undefined, now: () => 0 });
    const asked: (readonly Filter[])[] = [];
    const route = everyRelay();
    const share = (filter: Filter, answers: Observable<Packet>): Observable<Packet> =>
      economy.share([filter], {
        ...call(answers, { with: route, joinable: false }),
        ask: (filters) => {
          asked.push(filters);
          return answers;
        },
      });
    const never = new Subject<Packet>();
    share(by(1), of()).subscribe({ complete: () => hear(share(by(2), never)) });
    share({ kinds: [2] }, never).subscribe();
    await Promise.resolve();
    expect(asked).toEqual([[by(1)], [{ kinds: [2] }]]);
    await Promise.resolve();
    expect(asked.slice(2)).toEqual([[by(2)]]);
  });
});
