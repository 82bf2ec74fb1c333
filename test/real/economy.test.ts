import { forkJoin, lastValueFrom, map, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { everyRelay, type Filter, limit, type Packet, where } from '../../src/index.ts';
import type { TestRelay } from '../../src/testing/index.ts';
import { ask, got, note, NOTES, realWorld, reqs, until, user } from '../support/real-world.ts';
import { contents, hear, words, type Heard } from '../support/world.ts';

/** What came besides events. */
const signs = ({ values }: Heard<Packet>): readonly string[] =>
  words(values).filter((word) => !word.startsWith('event'));
const events = ({ values }: Heard<Packet>): readonly string[] =>
  words(values).flatMap((word) => (word.startsWith('event ') ? word.slice('event '.length) : []));
const profile = (author: number): Filter => ({ kinds: [0], authors: [user(author)] });
const authorsOf = (relay: TestRelay): readonly (number | undefined)[] =>
  reqs(relay).flatMap((filters) => filters.map(({ authors }) => authors?.length));

describe('live subscriptions that ask the same', () => {
  it('are one REQ to each relay; each has all events and an EOSE, whenever it comes, and the last who leaves closes it', async () => {
    await using world = await realWorld({ relays: 2 });
    const { pool, relays } = world;
    relays.forEach((relay, index) => relay.seed(note(`stored ${index}`)));
    const early = [1, 2, 3].map(() => hear(pool.packets(NOTES)));
    await until(() => expect(early.map(signs)).toEqual(early.map(() => ['eose 1', 'eose 0'])));
    const live = note('live');
    for (const relay of relays) relay.add(live);
    await until(() => expect(early.map((one) => events(one).includes('live'))).toEqual([true, true, true]));
    const all = [...early, hear(pool.packets(NOTES))];
    await until(() => expect(all.map((one) => signs(one).at(-1))).toEqual(all.map(() => 'eose 0')));
    for (const one of all) expect([...events(one)].sort()).toEqual(['live', 'stored 0', 'stored 1']);
    expect(relays.map(reqs)).toEqual([[[NOTES]], [[NOTES]]]);

    const last = all.pop();
    for (const { subscription } of all) subscription.unsubscribe();
    relays[0]?.add(note('for the last'));
    await until(() => expect(last && events(last)).toContain('for the last'));
    expect(got(relays, 'CLOSE')).toEqual([0, 0]);
    expect(early.some((one) => events(one).includes('for the last'))).toBe(false);
    last?.subscription.unsubscribe();
    await until(() => expect(got(relays, 'CLOSE')).toEqual([1, 1]));
  });

  it('are REQs of their own where the routes differ, and where one wants to be alone', async () => {
    await using world = await realWorld({ relays: 1 });
    const { pool, relays } = world;
    const heard = [
      pool.subscribe(NOTES),
      pool.subscribe(NOTES, { route: limit(everyRelay(), 1) }),
      pool.subscribe(NOTES, { alone: true }),
    ].map(hear);
    await until(() => expect(relays[0]?.subscriptionCount).toBe(3));
    relays[0]?.add(note('live'));
    await until(() => expect(heard.map(({ values }) => contents(values))).toEqual([['live'], ['live'], ['live']]));
    for (const { subscription } of heard) subscription.unsubscribe();
  });
});

describe('requests of one turn that differ in one list', () => {
  it('are one REQ to each relay, and each gets what it asked for, and an EOSE of its own', async () => {
    await using world = await realWorld({ relays: 2 });
    const { pool, relays } = world;
    const authors = Array.from({ length: 12 }, (_, author) => author);
    for (const author of authors) relays[author % 2]?.seed(note(`profile ${author}`, { author, kind: 0 }));
    const requests = authors.map((author) => pool.request(profile(author)).pipe(toArray(), map(contents)));
    const found = await lastValueFrom(forkJoin(requests));
    expect(found).toEqual(authors.map((author) => [`profile ${author}`]));
    expect(relays.map(authorsOf)).toEqual([[12], [12]]);

    const live = authors.map((author) => hear(pool.packets({ kinds: [1], authors: [user(author)] })));
    await until(() => expect(live.map(signs)).toEqual(live.map(() => ['eose 1', 'eose 0'])));
    relays[0]?.add(note('of 3', { author: 3 }));
    relays[1]?.add(note('of 7', { author: 7 }));
    await until(() => expect(live.flatMap(events).sort()).toEqual(['of 3', 'of 7']));
    expect([live[3], live[7]].map((one) => one && events(one))).toEqual([['of 3'], ['of 7']]);
    expect(relays.map(authorsOf)).toEqual([
      [12, 12],
      [12, 12],
    ]);
    for (const { subscription } of live) subscription.unsubscribe();
  });

  it('are as many REQs as a relay needs that takes short messages alone (NIP-11)', async () => {
    const LONGEST = 600;
    await using world = await realWorld({ relays: [{ limits: { max_message_length: LONGEST } }, {}] });
    const { pool, relays } = world;
    const [strict, lax] = relays as [TestRelay, TestRelay];
    const authors = Array.from({ length: 12 }, (_, author) => author);
    for (const author of authors) strict.seed(note(`profile ${author}`, { author, kind: 0 }));
    await ask(pool, { kinds: [3] });
    const strictly = where(({ limits }) => limits.maxMessageLength === LONGEST);
    // Errors, as the route leads to nobody, until the limit is known.
    await until(() => ask(pool, { kinds: [3] }, { route: strictly }).then(() => undefined));
    const before = relays.map((relay) => reqs(relay).length);
    const found = await lastValueFrom(
      forkJoin(authors.map((author) => pool.request(profile(author)).pipe(toArray(), map(contents)))),
    );
    expect(found).toEqual(authors.map((author) => [`profile ${author}`]));
    const parts = authorsOf(strict).slice(before[0]);
    expect(parts.reduce<number>((sum, count = 0) => sum + count, 0)).toBe(12);
    expect(parts.length).toBeGreaterThan(1);
    expect(authorsOf(lax).slice(before[1])).toEqual([12]);
    for (const { message } of strict.received) {
      if (message.type !== 'REQ') continue;
      expect(JSON.stringify(['REQ', message.subscriptionId, ...message.filters]).length).toBeLessThanOrEqual(LONGEST);
    }
  });
});
