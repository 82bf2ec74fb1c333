import { filter, last, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { fakeEvent, VirtualTime } from '../../src/testing/index.ts';
import { reqs } from '../support/asked.ts';
import { busyVerifier, zerosVerifier } from '../support/clocked-verifiers.ts';
import { contents, hear, words, world } from '../support/world.ts';

const SECOND = 1_000;
/** When the worlds begin, in seconds. */
const START = Math.floor(new VirtualTime().now() / SECOND);

/** `count` events of a kind, a second apart, the newest first. */
const feed = (count: number, kind = 1) =>
  Array.from({ length: count }, (_, index) =>
    fakeEvent({ content: `${kind}: ${index}`, kind, created_at: START - 1 - index }),
  );

/** A world in which 200 events of a REQ may wait, and verifying takes longer than sending; the relay has these. */
function slowWorld(stored: readonly NostrEvent[]) {
  const made = world({ pool: { verifier: busyVerifier(() => made.time, 10, zerosVerifier), maxBacklog: 200 } });
  made.relay.seed(stored);
  return made;
}

describe('a request that is not live', () => {
  it.each([
    { limit: 50, wanted: 50 },
    { limit: undefined, wanted: 100 },
  ])('goes on after an outage with what was not answered: of limit $limit', async ({ limit, wanted }) => {
    const { pool, relay, time } = world({ relays: [{ limits: { max_limit: 20 } }], pool: { verifier: zerosVerifier } });
    const stored = feed(100);
    relay.seed(stored);
    relay.received$
      .pipe(
        filter(({ message }) => message.type === 'REQ'),
        take(2),
        last(),
      )
      .subscribe(() => {
        relay.drop();
        relay.seed([fakeEvent({ content: 'stored meanwhile', created_at: START })]);
      });
    const heard = hear(pool.request({ kinds: [1], ...(limit ? { limit } : {}) }));
    await time.advance(20 * SECOND);
    expect(contents(heard.values)).toEqual(contents(stored.slice(0, wanted)));
    expect(heard.completed).toBe(true);
    const steps = pool.explanations[0]?.relays[0]?.steps.map(({ what }) => what);
    expect(steps).toEqual(expect.arrayContaining(['lost', 'answered']));
    expect(steps).not.toContain('gap');
    const untils = reqs(relay).map(([asked]) => asked?.until);
    // Two pages, of which the second was lost; that one again, and the rest.
    expect(untils.slice(0, 3)).toEqual([undefined, START - 20, START - 20]);
    pool.close();
  });
});

describe('a request with a limit above what may wait', () => {
  it('is asked page by page, so that nothing is sent in vain', async () => {
    const stored = feed(800);
    const { pool, relay, time } = slowWorld(stored);
    const heard = hear(pool.request({ kinds: [1], limit: 500 }));
    await time.advance(10 * SECOND);
    expect(contents(heard.values)).toEqual(contents(stored.slice(0, 500)));
    expect(heard.completed).toBe(true);
    // The `until` of a page is inclusive: each but the first brings one event again.
    const until = (index: number): number => stored[index]?.created_at ?? NaN;
    expect(reqs(relay)).toEqual([
      [{ kinds: [1], limit: 200 }],
      [{ kinds: [1], limit: 200, until: until(199) }],
      [{ kinds: [1], limit: 102, until: until(398) }],
    ]);
    pool.close();
  });

  it('goes on live, and says EOSE when it has all that it asked for', async () => {
    const stored = feed(800);
    const { pool, relay, time } = slowWorld(stored);
    const heard = hear(pool.packets({ kinds: [1], limit: 500 }));
    await time.advance(10 * SECOND);
    relay.add(fakeEvent({ content: 'live', created_at: START + 10 }));
    await time.advance(SECOND);
    const expected = [...contents(stored.slice(0, 500)), 'eose', 'live'];
    expect(heard.values.map((packet) => (packet.type === 'event' ? packet.event.content : packet.type))).toEqual(
      expected,
    );
    pool.close();
  });

  it('shares what may wait among its filters', async () => {
    const stored = [...feed(400, 1), ...feed(400, 2)];
    const { pool, relay, time } = slowWorld(stored);
    const heard = hear(
      pool.request([
        { kinds: [1], limit: 300 },
        { kinds: [2], limit: 50 },
      ]),
    );
    await time.advance(10 * SECOND);
    expect(contents(heard.values).toSorted()).toEqual(
      contents([...stored.slice(0, 300), ...stored.slice(400, 450)]).toSorted(),
    );
    expect(reqs(relay)[0]).toEqual([
      { kinds: [1], limit: 100 },
      { kinds: [2], limit: 50 },
    ]);
    pool.close();
  });
});

describe('a page of which some is not fit to be taken', () => {
  /** A relay that gives 20 at a time, and does not say whether there is more. */
  const cappedWorld = () =>
    world({ relays: [{ limits: { max_limit: 20 }, hints: false }], pool: { verifier: zerosVerifier } });
  const forged = (event: NostrEvent): NostrEvent => ({ ...event, sig: '1'.repeat(128) });

  it('is no shorter for it: what is behind it is asked for', async () => {
    const { pool, relay, time } = cappedWorld();
    const stored = feed(100).map((event, index) => (index === 30 ? forged(event) : event));
    relay.seed(stored);
    const heard = hear(pool.packets({ kinds: [1] }));
    await time.advance(10 * SECOND);
    const expected = contents(stored.filter((_, index) => index !== 30)).map((content) => `event ${content}`);
    expect(words(heard.values)).toEqual([...expected, 'eose 0']);
    pool.close();
  });

  it('is a gap where none of it is: there is no date to go on from', async () => {
    const { pool, relay, time } = cappedWorld();
    relay.seed(feed(20).map(forged));
    const heard = hear(pool.packets({ kinds: [1] }));
    await time.advance(10 * SECOND);
    expect(heard.values).toMatchObject([{ type: 'gap', since: 0, until: Infinity }, { type: 'eose' }]);
    pool.close();
  });
});
