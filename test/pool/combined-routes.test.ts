import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { firstOf, limit, union, where } from '../../src/pool/combined-routes.ts';
import type { Choice, Route } from '../../src/pool/route.ts';
import { everyRelay, only } from '../../src/pool/routes.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import type { VirtualRelay } from '../../src/testing/index.ts';
import { contents, hear, words, world, worldOfLoners } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const [first, second, third] = ['wss://relay1.test/', 'wss://relay2.test/', 'wss://relay3.test/'];
const refusing = { faults: { closedWith: 'restricted: no' } };
const down = { faults: { refuse: true } };

const asked = (relays: readonly VirtualRelay[]): boolean[] => relays.map(({ received }) => received.length > 0);
const open = (relays: readonly VirtualRelay[]): number[] => relays.map(({ subscriptionCount }) => subscriptionCount);
/** The filters of the last REQ that a relay received. */
const last = (relay: VirtualRelay | undefined): unknown =>
  relay?.received.flatMap(({ message }) => (message.type === 'REQ' ? [message.filters] : [])).at(-1);

/** The route to one relay, for a part of the request. */
const part =
  (url: string, filters?: readonly Filter[]): Route =>
  (_, { borrow }) =>
    borrow([url], 'caller').pipe(map((relays) => relays.map((relay): Choice => ({ relay, filters }))));

describe('firstOf', () => {
  it('leads where the first leads, as long as the request does not fail there', async () => {
    const { pool, relays, time } = world({ relays: 3 });
    const request = hear(pool.request({ kinds: [1] }, { route: firstOf(only([second]), everyRelay()) }));
    await time.advance(SECOND);
    expect([request.completed, asked(relays)]).toEqual([true, [false, true, false]]);
    pool.close();
  });

  it('leads on when it fails there, and a request waits for those who come instead', async () => {
    const { pool, relays, time, note } = world({ relays: [refusing, refusing, { faults: { delay: SECOND } }] });
    relays[2]?.seed(note('from the third'));
    const route = firstOf(only([first, second]), only([third]));
    const request = hear(pool.request({ kinds: [1] }, { route }));
    const packets = hear(pool.packets({ kinds: [1] }, { route }));
    await time.advance(500);
    expect(request.completed).toBe(false);
    await time.advance(SECOND);
    expect([request.completed, contents(request.values)]).toEqual([true, ['from the third']]);
    expect(words(packets.values).filter((word) => word !== 'gap')).toEqual([
      'closed restricted 1',
      'closed restricted 1',
      'event from the third',
      'eose 0',
    ]);
    pool.close();
  });

  it('leads to the last that leads anywhere when it fails everywhere, and ends', async () => {
    const { pool, relays, time } = world({ relays: [refusing, refusing] });
    const request = hear(pool.request({ kinds: [1] }, { route: firstOf(only([first]), only([second]), only([])) }));
    await time.advance(SECOND);
    expect([request.completed, asked(relays)]).toEqual([true, [true, true]]);
    pool.close();
  });

  it('passes over a route that leads nowhere', async () => {
    const { pool, relays, time } = world({ relays: 1 });
    const request = hear(pool.request({ kinds: [1] }, { route: firstOf(only([]), everyRelay()) }));
    await time.advance(SECOND);
    expect([request.completed, asked(relays)]).toEqual([true, [true]]);
    pool.close();
  });
});

describe('union', () => {
  it('leads to all of them, each once', async () => {
    const { pool, relays, time } = world({ relays: 4 });
    const packets = hear(
      pool.packets({ kinds: [1] }, { route: union(only([third, first]), only([first]), only([second, first])) }),
    );
    await time.advance(SECOND);
    expect(words(packets.values)).toEqual(['eose 2', 'eose 1', 'eose 0']);
    expect(open(relays)).toEqual([1, 1, 1, 0]);
    pool.close();
  });

  it('unites the parts of a relay, and all of the request is all', async () => {
    const { pool, relays, time } = world({ relays: 2 });
    const [kinds1, kinds2] = [[{ kinds: [1] }], [{ kinds: [2] }]];
    const route = union(part(first, kinds1), part(second, kinds1), part(first, kinds2), part(second));
    hear(pool.packets([{ kinds: [1, 2, 3] }], { route }));
    await time.advance(SECOND);
    expect(last(relays[0])).toEqual([{ kinds: [1, 2] }]);
    expect(last(relays[1])).toEqual([{ kinds: [1, 2, 3] }]);
    pool.close();
  });
});

describe('limit', () => {
  it.each([0, -1, 1.5, Number.NaN, Infinity])('of %s is none', (count) => {
    expect(() => limit(everyRelay(), count)).toThrow(RangeError);
  });

  it('leads to the first of a route', async () => {
    const { pool, relays, time, note } = world({ relays: 4 });
    const request = hear(pool.request({ kinds: [1] }, { route: limit(everyRelay(), 2) }));
    const publish = hear(pool.publish(note('a'), { route: limit(everyRelay(), 3) }));
    await time.advance(SECOND);
    expect(request.completed).toBe(true);
    expect(publish.values.at(-1)?.accepted).toBe(3);
    expect(asked(relays)).toEqual([true, true, true, false]);
    pool.close();
  });

  it.each([
    ['refuses', refusing],
    ['is silent', { faults: { noEose: true } }],
    ['answers by NOTICE alone', { faults: { noticeOnly: true } }],
  ])('has the next asked for one that %s, and a request waits for it', async (_, bad) => {
    const { pool, relays, time, note } = world({ relays: [bad, {}, { faults: { delay: SECOND } }] });
    relays[2]?.seed(note('from the third'));
    const route = limit(everyRelay(), 2);
    const request = hear(pool.request({ kinds: [1] }, { route, silenceTimeout: 2 * SECOND }));
    await time.advance(900);
    expect(request.completed).toBe(false);
    await time.advance(3 * SECOND);
    expect([request.completed, contents(request.values)]).toEqual([true, ['from the third']]);
    pool.close();
  });

  it('has the next asked for one that cannot be reached', async () => {
    const { pool, relays, time, note } = world({ relays: [down, {}] });
    relays[1]?.seed(note('from the second'));
    const request = hear(pool.request({ kinds: [1] }, { route: limit(everyRelay(), 1) }));
    await time.advance(MINUTE);
    expect([request.completed, contents(request.values)]).toEqual([true, ['from the second']]);
    pool.close();
  });

  it('moves a live request to the next, and back only when that fails too', async () => {
    const { pool, relays, time } = world({ relays: 2 });
    const packets = hear(pool.packets({ kinds: [1] }, { route: limit(everyRelay(), 1) }));
    await time.advance(SECOND);
    expect(open(relays)).toEqual([1, 0]);
    const refuse = async (relay: VirtualRelay | undefined): Promise<void> => {
      const [far] = relay?.connections ?? [];
      const [id = ''] = far?.subscriptionIds ?? [];
      far?.send(JSON.stringify(['CLOSED', id, 'restricted: not any more']));
      await time.advance(SECOND);
    };
    await refuse(relays[0]);
    expect(open(relays)[1]).toBe(1);
    await refuse(relays[1]);
    expect(words(packets.values).filter((word) => word !== 'gap')).toEqual([
      'eose 0',
      'closed restricted 1',
      'eose 0',
      'closed restricted 1',
      'eose 0',
    ]);
    const verbs = relays.map(({ received }) => received.map(({ message }) => message.type));
    expect(verbs).toEqual([['REQ', 'REQ'], ['REQ']]);
    pool.close();
  });

  it('ends a request that fails everywhere', async () => {
    const { pool, relays, time } = world({ relays: [refusing, refusing, refusing] });
    const request = hear(pool.request({ kinds: [1] }, { route: limit(everyRelay(), 1) }));
    await time.advance(5 * SECOND);
    expect([request.completed, asked(relays)]).toEqual([true, [true, true, true]]);
    const sent = relays.map(({ received }) => received.length);
    expect(sent.every((count) => count <= 3)).toBe(true);
    pool.close();
  });

  it('of a relay that leaves goes to the next', async () => {
    const { pool, relays, time } = world({ relays: 2 });
    hear(pool.packets({ kinds: [1] }, { route: limit(everyRelay(), 1) }));
    await time.advance(SECOND);
    pool.remove(first);
    await time.advance(SECOND);
    expect(open(relays)).toEqual([0, 1]);
    pool.close();
  });
});

describe('where', () => {
  it('leads to those that a condition holds for, of every relay or of a route', async () => {
    const { pool, relays, time } = world({ relays: 3 });
    hear(pool.packets({ kinds: [1] }, { route: where(({ url }) => url !== second) }));
    await time.advance(SECOND);
    expect(open(relays)).toEqual([1, 0, 1]);
    hear(pool.packets({ kinds: [2] }, { route: where(({ url }) => url !== first, only([first, second])) }));
    await time.advance(SECOND);
    expect(open(relays)).toEqual([1, 1, 1]);
    pool.close();
  });

  it('is asked again when a relay of the request fails', async () => {
    const { pool, relays, time } = world({ relays: [{}, refusing] });
    let isWanted = true;
    const route = where(({ url }) => isWanted || url !== first);
    hear(pool.packets({ kinds: [1] }, { route }));
    isWanted = false;
    await time.advance(5 * SECOND);
    expect(open(relays)).toEqual([0, 0]);
    pool.close();
  });

  it('leads to a relay again that failed, and that nobody asked since, when it may be asked again', async () => {
    const { pool, relays, time } = worldOfLoners({
      relays: 2,
      pool: { breaker: { consecutiveFailures: 1, openTime: 10 * SECOND, maximumOpenTime: 10 * SECOND } },
    });
    const [failing] = relays;
    if (!failing) throw new Error('there are two');
    failing.faults.noEose = true;
    hear(pool.request({ kinds: [1] }, { silenceTimeout: SECOND }));
    await time.advance(2 * SECOND);
    failing.clearFaults();
    const ready = where(({ isReady }) => isReady);
    const soon = hear(pool.packets({ kinds: [1] }, { id: 'soon', route: ready }));
    await time.advance(SECOND);
    expect(words(soon.values)).toEqual(['eose 0']);
    expect(pool.explain('soon')?.relays.at(-1)?.steps[0]?.why).toBe(
      'its circuit breaker is open, as it failed too often',
    );
    await time.advance(MINUTE);
    const later = hear(pool.packets({ kinds: [1] }, { id: 'later', route: ready }));
    await time.advance(SECOND);
    expect(words(later.values)).toEqual(['eose 1', 'eose 0']);
    expect(pool.explain('later')?.relays.map(({ known }) => known.isReady)).toEqual([true, true]);
    pool.close();
  });

  it('with a condition that throws is an error of the stream', async () => {
    const { pool, time } = world();
    const request = hear(
      pool.request({ kinds: [1] }, { route: where(() => { throw new TypeError('no condition'); }) }), // prettier-ignore
    );
    await time.advance(SECOND);
    expect(request.error).toEqual(new TypeError('no condition'));
    pool.close();
  });
});
