import { describe, expect, it } from 'vitest';
import { balanced, type BalanceStrategy, everyRelay, limit, type RequestOptions, type Route } from '../../src/index.ts';
import type { TestRelay } from '../../src/testing/index.ts';
import { ask, got, note, NOTES, realWorld, until } from '../support/real-world.ts';
import { contents, hear } from '../support/world.ts';

const inOrder: BalanceStrategy = { rank: (candidates) => candidates };
const ROUTES: readonly (readonly [string, Route])[] = [
  ['balanced', balanced(1, { strategy: inOrder })],
  ['limit', limit(everyRelay(), 1)],
];
/** When a silent relay counts as lost; the others answer in a few milliseconds, also when several tests run at once. */
const SOON: RequestOptions = { silenceTimeout: 700 };

/** Does something as soon as a relay has got a REQ, before it answers. */
function whenAsked(relay: TestRelay, act: () => void): void {
  relay.faults.delay = 100;
  relay.received$.subscribe(({ message }) => {
    if (message.type === 'REQ') act();
  });
}

/** What can be wrong with a relay before it says EOSE, and whether it gets a REQ at all. */
const TROUBLES: readonly (readonly [string, (relay: TestRelay) => void, isAsked: boolean])[] = [
  ['refuses the connection', ({ faults }) => (faults.refuse = true), false],
  ['never answers the handshake', ({ faults }) => (faults.hang = true), false],
  ['is stopped', (relay) => void relay.stop(), false],
  ['is half-open', ({ faults }) => (faults.halfOpen = true), false],
  ['refuses the REQ by CLOSED', ({ faults }) => (faults.closedWith = 'blocked: not you'), true],
  ['never says EOSE', ({ faults }) => (faults.noEose = true), true],
  ['answers by nothing but a NOTICE', ({ faults }) => (faults.noticeOnly = true), true],
  ['stops when it is asked', (relay) => whenAsked(relay, () => void relay.stop()), true],
  [
    'is cut in the middle of its answer, and refuses from then on',
    (relay) => {
      relay.faults.dropAfter = 1;
      relay.received$.subscribe(() => (relay.faults.refuse = true));
    },
    true,
  ],
];

describe.concurrent.each(ROUTES)('by %s', (_, route) => {
  it.each(TROUBLES)('a relay that %s is replaced, and the request has all', async (__, trouble, isAsked) => {
    await using world = await realWorld({ relays: 3, pool: { connectTimeout: 600 } });
    const { pool, relays } = world;
    const [bad, next] = relays as [TestRelay, TestRelay, TestRelay];
    const all = [note('a'), note('b'), note('c')];
    bad.seed(all.slice(0, 2));
    next.seed(all);
    trouble(bad);
    expect(await ask(pool, NOTES, { ...SOON, route, id: 'asked' })).toEqual(['a', 'b', 'c']);
    expect(got(relays, 'REQ')).toEqual([isAsked ? 1 : 0, 1, 0]);
    const [first, second, third] =
      pool.explain('asked')?.relays.map(({ steps }) => steps.map(({ what }) => what)) ?? [];
    expect([first?.at(-1), second?.at(-1), third]).toEqual(['left', 'answered', ['skipped']]);
  });

  it('one after the other is replaced, until one answers', async () => {
    await using world = await realWorld({
      relays: [
        { faults: { refuse: true } },
        { faults: { closedWith: 'blocked: no' } },
        { faults: { noEose: true } },
        {},
      ],
    });
    const { pool, relays } = world;
    const [, , silent, last] = relays;
    silent?.seed(note('of one that never ends'));
    last?.seed(note('of the last'));
    expect(await ask(pool, NOTES, { ...SOON, route })).toEqual(['of one that never ends', 'of the last']);
    expect(got(relays, 'REQ')).toEqual([0, 1, 1, 1]);
  });

  it('nobody is left to ask: the request ends all the same', async () => {
    await using world = await realWorld({
      relays: [{ faults: { refuse: true } }, { faults: { closedWith: 'blocked: no' } }],
    });
    expect(await ask(world.pool, NOTES, { ...SOON, route })).toEqual([]);
  });

  it('a relay that dies while it is subscribed to is replaced, and no event is lost or comes twice', async () => {
    await using world = await realWorld({ relays: 3 });
    const { pool, relays } = world;
    const [dying, next] = relays as [TestRelay, TestRelay];
    const both = note('both');
    for (const relay of [dying, next]) relay.seed(both);
    const heard = hear(pool.subscribe(NOTES, { route }));
    await until(() => expect([contents(heard.values), dying.subscriptionCount]).toEqual([['both'], 1]));
    await dying.stop();
    next.seed(note('missed'));
    await until(() => expect(contents(heard.values)).toContain('missed'));
    next.add(note('live'));
    await until(() => expect(contents(heard.values)).toContain('live'));
    expect(contents(heard.values)).toEqual(['both', 'missed', 'live']);
    expect(got(relays, 'REQ')).toEqual([1, 1, 0]);
    heard.subscription.unsubscribe();
  });
});
