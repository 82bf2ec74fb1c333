import { BehaviorSubject, combineLatest, map, NEVER, of, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import type { Choice, Route, RoutedCall } from '../../src/pool/route.ts';
import { cluster, everyRelay, only } from '../../src/pool/routes.ts';
import { RelayUrlError } from '../../src/protocol/relay-url.ts';
import type { VirtualRelay } from '../../src/testing/index.ts';
import { contents, hear, words, world } from '../support/world.ts';

const SECOND = 1_000;
const [first, second, third] = ['wss://relay1.test/', 'wss://relay2.test/', 'wss://relay3.test/'];

const asked = (relays: readonly VirtualRelay[]): boolean[] => relays.map(({ received }) => received.length > 0);

describe('everyRelay', () => {
  it('leads to all relays of the pool, as they come and go', async () => {
    const { pool, relays, network, time } = world({ relays: 2, pool: { route: everyRelay() } });
    const late = network.relay('wss://late.test');
    const heard = hear(pool.packets({ kinds: [1] }));
    await time.advance(SECOND);
    pool.add(late.url);
    pool.remove(first);
    await time.advance(SECOND);
    expect(words(heard.values)).toEqual(['eose 1', 'eose 0', 'eose 0']);
    expect(relays.map(({ subscriptionCount }) => subscriptionCount)).toEqual([0, 1]);
    expect(late.subscriptionCount).toBe(1);
    pool.close();
  });
});

describe('a route', () => {
  it.each([
    ['everyRelay', everyRelay()],
    ['only', only([first, second])],
  ])('says the same list while its relays are the same, though they answer: %s', async (_, route) => {
    const { pool, time } = world({ relays: 2 });
    const lists: (readonly Choice[])[] = [];
    const noted: Route = (candidates$, call) => route(candidates$, call).pipe(tap((choices) => lists.push(choices)));
    hear(pool.packets({ kinds: [1] }, { route: noted }));
    await time.advance(SECOND);
    expect(lists.length).toBeGreaterThan(2);
    expect(new Set(lists).size).toBe(1);
    pool.close();
  });
});

describe('only', () => {
  it('leads to these relays and no other, for requests and publishes', async () => {
    const { pool, relays, time, note } = world({ relays: 3 });
    const route = only([second, 'WSS://relay2.test:443/']);
    const request = hear(pool.request({ kinds: [1] }, { route }));
    const publish = hear(pool.publish(note('a'), { route }));
    await time.advance(SECOND);
    expect(request.completed).toBe(true);
    expect(Object.keys(publish.values.at(-1)?.outcomes ?? {})).toEqual([second]);
    expect(asked(relays)).toEqual([false, true, false]);
    pool.close();
  });

  it('loses a relay that is removed from the pool, and has it again when it comes back', async () => {
    const { pool, relay, time } = world({ relays: 2 });
    const heard = hear(pool.packets({ kinds: [1] }, { route: only([first]) }));
    await time.advance(SECOND);
    pool.remove(first);
    await time.advance(SECOND);
    expect(relay.connectionCount).toBe(0);
    pool.add(first);
    await time.advance(SECOND);
    expect(relay.subscriptionCount).toBe(1);
    expect(words(heard.values)).toEqual(['eose 0', 'eose 0']);
    pool.close();
  });

  it('is an error of the stream where a URL is none, and leads nowhere without one', async () => {
    const { pool, relays, time, note } = world({ relays: 1 });
    const wrong = [
      hear(pool.request({ kinds: [1] }, { route: only([first, 'https://relay.test']) })),
      hear(pool.publish(note('a'), { route: only(['nonsense']) })),
    ];
    const nowhere = hear(pool.request({ kinds: [1] }, { route: only([]) }));
    await time.advance(SECOND);
    for (const { error } of wrong) expect(error).toBeInstanceOf(RelayUrlError);
    expect(nowhere.error).toMatchObject({ code: 'no-relays' });
    expect(asked(relays)).toEqual([false]);
    expect(hear(pool.relays$).values.at(-1)).toHaveLength(1);
    pool.close();
  });
});

describe('cluster', () => {
  it('leads to the members, which may be of no pool', async () => {
    const { pool, relays, network, time } = world({
      relays: 2,
      pool: { clusters: { home: { relays: [second, 'wss://guest.test'] } } },
    });
    const guest = network.relay('wss://guest.test');
    const heard = hear(pool.packets({ kinds: [1] }, { route: cluster('home') }));
    await time.advance(SECOND);
    expect(asked([...relays, guest])).toEqual([false, true, true]);
    expect(words(heard.values)).toEqual(['eose 1', 'eose 0']);
    pool.cluster('home').remove(guest.url);
    await time.advance(SECOND);
    expect([guest.subscriptionCount, relays[1]?.subscriptionCount]).toEqual([0, 1]);
    pool.close();
  });
});

describe('the route of a call', () => {
  it("counts more than the pool's", async () => {
    const { pool, relays, time, note } = world({ relays: 3, pool: { route: only([first]) } });
    relays.forEach((relay, index) => relay.seed(note(`${index + 1}`)));
    const usual = hear(pool.request({ kinds: [1] }));
    const named = hear(pool.request({ kinds: [1] }, { route: only([third]) }));
    const without = hear(pool.request({ kinds: [1] }, { route: undefined }));
    await time.advance(SECOND);
    expect([usual, named, without].map(({ values }) => contents(values))).toEqual([['1'], ['3'], ['1']]);
    pool.close();
  });
});

describe('a custom route', () => {
  it('is told what is asked and published, and may ask a relay for a part', async () => {
    const calls: Pick<RoutedCall, 'filters' | 'event' | 'priority'>[] = [];
    const route: Route = (candidates$, { filters, event, priority }) => {
      calls.push({ filters, event, priority });
      return candidates$.pipe(
        map(({ relays }) =>
          relays.map((relay, index): Choice => ({ relay, filters: filters.slice(index, index + 1) })),
        ),
      );
    };
    const { pool, relays, time, note } = world({ relays: 2, pool: { route } });
    const event = note('a');
    hear(pool.request([{ kinds: [1] }, { kinds: [2] }], { priority: 'low' }));
    hear(pool.publish(event));
    await time.advance(SECOND);
    expect(calls).toEqual([
      { filters: [], event, priority: 'high' },
      { filters: [{ kinds: [1] }, { kinds: [2] }], event: undefined, priority: 'low' },
    ]);
    const sent = relays.map(({ received }) =>
      received.flatMap(({ message }) => (message.type === 'REQ' ? message.filters : [])),
    );
    expect(sent).toEqual([[{ kinds: [1] }], [{ kinds: [2] }]]);
    pool.close();
  });

  it('that says what is no choice is an error of the stream, for whatever is asked', async () => {
    const route: Route = (candidates$) => candidates$.pipe(map(() => [undefined] as never));
    const { pool, time, note } = world({ pool: { route } });
    const filter = { kinds: [1] };
    const asked = [pool.request(filter), pool.subscribe(filter), pool.publish(note('a')), pool.count(filter)];
    const heard = asked.map((stream) => hear<unknown>(stream));
    await time.advance(SECOND);
    expect(heard.map(({ error }) => error)).toEqual(heard.map(() => expect.any(TypeError)));
    pool.close();
  });

  it('may say something new at any time, and a request follows without a gap', async () => {
    const part$ = new BehaviorSubject([1]);
    const route: Route = (_, { borrow }) =>
      combineLatest([borrow([first], 'caller'), part$], (relays, kinds) =>
        relays.map((relay) => ({ relay, filters: [{ kinds }] })),
      );
    const { pool, relay, time, note } = world();
    const heard = hear(pool.subscribe({ kinds: [1, 2, 3] }, { route }));
    await time.advance(SECOND);
    part$.next([2]);
    await time.advance(SECOND);
    const verbs = relay.received.map(({ message }) => message.type);
    expect(verbs).toEqual(['REQ', 'REQ', 'CLOSE']);
    relay.add(note('1'), note('2', { kind: 2 }));
    await time.advance(SECOND);
    expect(contents(heard.values)).toEqual(['2']);
    pool.close();
  });

  it.each<[string, Route, unknown]>([
    ['errs', () => { throw new TypeError('lost the way'); }, new TypeError('lost the way')], // prettier-ignore
    ['names nobody', () => of([]), expect.objectContaining({ code: 'no-relays' })],
    ['says nothing', () => NEVER, expect.objectContaining({ code: 'no-relays' })],
  ])('that %s ends requests and publishes, and harms no other', async (_, route, error) => {
    const { pool, time, note } = world();
    const ended = [
      hear(pool.request({ kinds: [1] }, { route, deadline: SECOND })),
      hear(pool.publish(note('a'), { route, deadline: SECOND })),
    ];
    const other = hear(pool.request({ kinds: [1] }));
    await time.advance(2 * SECOND);
    expect(ended.map((heard) => heard.error)).toEqual([error, error]);
    expect(other.completed).toBe(true);
    pool.close();
    await time.settle();
    expect(time.actions).toHaveLength(0);
  });

  it('that goes on for ever ends with the pool', () => {
    const pool = new RelayPool({ relays: [], route: () => NEVER });
    const heard = hear(pool.packets({ kinds: [1] }, { alone: true }));
    pool.close();
    expect(heard.completed).toBe(true);
  });
});
