import { describe, expect, it } from 'vitest';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import { relayClosed, relayNotice } from '../../src/protocol/relay-frame.ts';
import type { VirtualRelay } from '../../src/testing/index.ts';
import { countExcess, documents, limiting, requestsTo } from '../support/documents.ts';
import { contents, hear, words, world, worldOfLoners, type World } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Lets a relay refuse the REQs for which `refusal` gives a reason. */
function refuses(relay: VirtualRelay, refusal: (filters: readonly Filter[]) => string | undefined): void {
  relay.received$.subscribe(({ message }) => {
    relay.faults.closedWith = message.type === 'REQ' ? refusal(message.filters as Filter[]) : undefined;
  });
}

/** Lets a relay refuse REQs beyond so many on a connection, in its own words. */
function refusesBeyond(relay: VirtualRelay, most: number, words: string): void {
  relay.received$.subscribe(({ connection, message }) => {
    const open = relay.connections.find(({ id }) => id === connection)?.subscriptionIds.length ?? 0;
    relay.faults.closedWith = message.type === 'REQ' && open >= most ? words : undefined;
  });
}

const kept = ({ pool }: World): number | undefined => pool.memory.relays['wss://relay1.test/']?.maxSubscriptions;

const sentences = [
  ['without a number, for the moment', 'rate-limited: too many open subscriptions'],
  ['without a number, for good', 'blocked: too many concurrent REQs'],
  ['with a number', 'error: too many subscriptions, the maximum is 20'],
  ['with a number, and no word for it', 'Maximum concurrent subscription count reached: max 20'],
];

describe('a relay that allows 20 REQs and says so only by CLOSED', () => {
  it.each(sentences)('%s: 30 requests at once are all answered', async (_, sentence) => {
    const scene = worldOfLoners();
    const { pool, relay, time, note } = scene;
    refusesBeyond(relay, 20, sentence);
    relay.seed(Array.from({ length: 30 }, (_, i) => note(`${i}`, { tags: [['t', `${i}`]] })));
    const requests = Array.from({ length: 30 }, (_, i) => hear(pool.request({ kinds: [1], '#t': [`${i}`] })));
    await time.advance(SECOND);
    expect(requests.map(({ completed, values }) => [completed, contents(values)])).toEqual(
      requests.map((_, i) => [true, [`${i}`]]),
    );
    // The answered ones were gone by the time of the refusals; that they had been there counts.
    expect(kept(scene)).toBe(20);
    const excess = countExcess(relay, 20);
    const again = Array.from({ length: 50 }, () => hear(pool.request({ kinds: [7] })));
    await time.advance(5 * SECOND);
    expect(again.every(({ completed }) => completed)).toBe(true);
    expect(excess()).toBe(0);
    pool.close();
  });

  it.each(sentences)('%s: 30 live ones at once are all answered, and hear what comes later', async (_, sentence) => {
    const scene = worldOfLoners();
    const { pool, relay, time, note } = scene;
    refusesBeyond(relay, 20, sentence);
    const live = Array.from({ length: 30 }, () => hear(pool.packets({ kinds: [1] })));
    await time.advance(9 * SECOND);
    expect(live.map(({ values }) => words(values))).toEqual(live.map(() => ['eose 0']));
    expect(kept(scene)).toBe(20);
    relay.add(note('later'));
    await time.advance(SECOND);
    expect(live.map(({ values }) => words(values))).toEqual(live.map(() => ['eose 0', 'event later']));
    pool.close();
  });

  it('is known to the next pool, until the relay says otherwise', async () => {
    const first = worldOfLoners();
    refusesBeyond(first.relay, 20, 'error: too many subscriptions');
    for (let i = 0; i < 30; i++) hear(first.pool.request({ kinds: [1] }));
    await first.time.advance(SECOND);
    const memory = first.pool.memory;
    expect(kept(first)).toBe(20);
    first.pool.close();

    const next = worldOfLoners({ pool: { memory } });
    const excess = countExcess(next.relay, 20);
    const requests = Array.from({ length: 30 }, () => hear(next.pool.request({ kinds: [1] })));
    await next.time.advance(5 * SECOND);
    expect(requests.every(({ completed }) => completed)).toBe(true);
    expect(excess()).toBe(0);
    expect(kept(next)).toBe(20);
    next.pool.close();

    const { fetch } = documents(() => limiting({ max_subscriptions: 50 }));
    const third = worldOfLoners({ pool: { memory, information: { fetch } } });
    hear(third.pool.request({ kinds: [1] }));
    await third.time.advance(SECOND);
    expect(kept(third)).toBe(50);
    third.pool.close();

    const fourth = worldOfLoners({ pool: { memory, maxSubscriptions: 40, connections: { maximum: 1 } } });
    for (let i = 0; i < 35; i++) hear(fourth.pool.subscribe({ kinds: [1] }));
    await fourth.time.advance(SECOND);
    expect(fourth.relay.subscriptionCount).toBe(35);
    expect(kept(fourth)).toBe(20);
    fourth.pool.close();
  });

  it('teaches nothing by a refusal of the only one', async () => {
    const scene = worldOfLoners({ relays: [{ faults: { closedWith: 'blocked: too many subscriptions' } }] });
    const { pool, relay, time } = scene;
    const request = hear(pool.request({ kinds: [1] }));
    await time.advance(SECOND);
    expect(request.completed).toBe(true);
    expect(requestsTo(relay)).toHaveLength(1);
    expect(kept(scene)).toBeUndefined();
    pool.close();
  });
});

describe('a relay that allows fewer after a restart', () => {
  it('is asked for as many as it takes, and those that come in later miss nothing of the outage', async () => {
    const scene = worldOfLoners({ pool: { connections: { maximum: 1 } } });
    const { pool, relay, time, note } = scene;
    const live = Array.from({ length: 6 }, () => hear(pool.packets({ kinds: [1], limit: 2 })));
    await time.advance(MINUTE);
    relay.stop();
    for (let i = 0; i < 10; i++) relay.seed(note(`${i}`));
    refusesBeyond(relay, 4, 'blocked: too many subscriptions');
    await time.advance(SECOND);
    relay.restart();
    await time.advance(30 * SECOND);
    // Three, and a place for their pages.
    expect(relay.subscriptionCount).toBe(3);
    const brought = (): number[] => live.map(({ values }) => values.filter(({ type }) => type === 'event').length);
    expect(brought().filter((count) => count === 10)).toHaveLength(3);
    await time.advance(10 * MINUTE);
    live.forEach(({ subscription }, index) => {
      if (brought()[index] === 10) subscription.unsubscribe();
    });
    await time.advance(5 * SECOND);
    expect(brought()).toEqual(live.map(() => 10));
    expect(relay.subscriptionCount).toBe(3);
    pool.close();
    await time.settle();
    expect(time.actions).toHaveLength(0);
  });
});

describe('other limits that a CLOSED tells of', () => {
  it.each([
    ['with a number', 'invalid: too many filters, max 3'],
    ['without one', 'ERROR: bad req: arr too big'],
  ])(
    'filters, %s: what was refused is asked for in several REQs, also by those that were refused with it',
    async (_, text) => {
      const { pool, relay, time, note } = worldOfLoners();
      refuses(relay, ({ length }) => (length > 3 ? text : undefined));
      relay.seed(Array.from({ length: 10 }, (_, i) => note(`${i}`, { tags: [['t', `${i}`]] })));
      const filters = Array.from({ length: 10 }, (_, i) => ({ kinds: [1], '#t': [`${i}`] }));
      const heard = [1, 2, 3].map(() => hear(pool.packets(filters)));
      await time.advance(SECOND);
      for (const { values } of heard) {
        expect(words(values)).toHaveLength(11);
        expect(words(values).at(-1)).toBe('eose 0');
        expect(new Set(words(values)).size).toBe(11);
      }
      pool.close();
    },
  );

  it.each([
    ['with a number', 'blocked: filter limit too high (max 500)'],
    ['without one', 'filter limit too high'],
  ])('a limit, %s: less is asked for at once', async (_, text) => {
    const { pool, relay, time, note } = worldOfLoners();
    refuses(relay, (filters) => (filters.some(({ limit = 0 }) => limit > 500) ? text : undefined));
    relay.seed(note('a'));
    const heard = hear(pool.packets({ kinds: [1], limit: 3_000 }));
    await time.advance(SECOND);
    expect(words(heard.values)).toEqual(['event a', 'eose 0']);
    pool.close();
  });

  it('the length of a message: half of it is tried, and no event is refused for that guess', async () => {
    const { pool, relay, time, note } = worldOfLoners();
    refuses(relay, (filters) => (JSON.stringify(filters).length > 2_000 ? 'invalid: message too large' : undefined));
    relay.seed(note('a', { tags: [['t', 'tag 299']] }));
    const heard = hear(pool.packets({ kinds: [1], '#t': Array.from({ length: 300 }, (_, i) => `tag ${i}`) }));
    await time.advance(SECOND);
    expect(words(heard.values)).toEqual(['event a', 'eose 0']);
    const publish = hear(pool.publish(note('long '.repeat(1_000))));
    await time.advance(SECOND);
    expect(publish.values.at(-1)?.accepted).toBe(1);
    pool.close();
  });

  it('of a relay that refuses everything so: it is not asked without end', async () => {
    for (const closedWith of [
      'invalid: message too large',
      'invalid: too many filters',
      'filter limit too high',
      'filter limit too high (max 1)',
      'blocked: too many subscriptions (max 1)',
    ]) {
      const { pool, relay, time } = worldOfLoners({ relays: [{ faults: { closedWith } }] });
      const filters = Array.from({ length: 100 }, (_, i) => ({ kinds: [1], '#t': [`tag ${i}`], limit: 500 }));
      const heard = [hear(pool.packets(filters)), hear(pool.packets(filters))];
      await time.advance(MINUTE);
      expect(heard.map(({ values }) => words(values).at(-1))).toEqual(
        ['closed', 'closed'].map(() => expect.stringMatching(/^closed .* 0$/)),
      );
      const sent = requestsTo(relay).length;
      expect(sent).toBeLessThan(500);
      await time.advance(10 * MINUTE);
      expect(requestsTo(relay)).toHaveLength(sent);
      pool.close();
    }
  });
});

describe('a relay that answers what is too much only by a NOTICE', () => {
  it.each([0, 5 * SECOND])('is asked again, when %i ms later it is still silent about it', async (wait) => {
    const scene = worldOfLoners({ relays: [{ limits: { max_subscriptions: 20 }, excessSubscriptions: 'notice' }] });
    const { pool, relay, time, note } = scene;
    await time.advance(wait);
    relay.seed(note('a'));
    const live = Array.from({ length: 30 }, () => hear(pool.packets({ kinds: [1] })));
    const requests = Array.from({ length: 5 }, () => hear(pool.request({ kinds: [1] })));
    await time.advance(25 * SECOND);
    expect(live.map(({ values }) => words(values))).toEqual(live.map(() => ['event a', 'eose 0']));
    expect(requests.every(({ completed, values }) => completed && values.length === 1)).toBe(true);
    expect(kept(scene)).toBe(20);
    pool.close();
  });

  it('and has said something else since, or said it long ago, is not taken to mean it', async () => {
    const scene = worldOfLoners();
    const { pool, relay, time } = scene;
    for (let i = 0; i < 5; i++) hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    for (const connection of relay.connections) connection.send(relayNotice('too many subscriptions'));
    await time.advance(SECOND);
    relay.faults.noEose = true;
    const silent = hear(pool.packets({ kinds: [7] }));
    await time.advance(15 * SECOND);
    expect(words(silent.values)).toEqual(['gap', 'lost silent 0']);
    expect(kept(scene)).toBeUndefined();
    pool.close();
  });

  it('is asked in shorter REQs where it says how long they may be', async () => {
    const { pool, relay, time, note } = world({ relays: [{ limits: { max_message_length: 1_500 } }] });
    relay.seed(note('a', { tags: [['t', 'tag 299']] }));
    relay.received$.subscribe(({ message }) => {
      if (message.type !== 'MALFORMED') return;
      for (const connection of relay.connections) connection.send(relayNotice('message too large, max 1500 bytes'));
    });
    const heard = hear(pool.packets({ kinds: [1], '#t': Array.from({ length: 300 }, (_, i) => `tag ${i}`) }));
    await time.advance(12 * SECOND);
    expect(words(heard.values)).toEqual(['event a', 'eose 0']);
    pool.close();
  });
});

describe('a REQ that is ended by a CLOSED after it was answered', () => {
  it('counts those that are open beside it now', async () => {
    const scene = worldOfLoners();
    const { pool, relay, time } = scene;
    const live = Array.from({ length: 8 }, () => hear(pool.packets({ kinds: [1] })));
    await time.advance(SECOND);
    const [connection] = relay.connections;
    const [first = ''] = connection?.subscriptionIds ?? [];
    connection?.send(relayClosed(first, 'error: too many subscriptions'));
    await time.advance(5 * SECOND);
    expect(kept(scene)).toBe(7);
    expect(live.every(({ values }) => words(values).at(-1) === 'eose 0')).toBe(true);
    pool.close();
  });
});

describe('what the OK of an event tells of limits', () => {
  it.each([
    ['pow', 'pow: 28 bits needed. (2)'],
    ['invalid', 'invalid: too many tags, max 1'],
    ['invalid', 'invalid: content too long (70 chars, max 3)'],
  ])('%s: the next one that has as much is not sent', async (prefix, rejectedWith) => {
    const { pool, relay, time, note } = world({ relays: [{ faults: { rejectedWith } }] });
    const tags = [['a'], ['b']];
    for (const content of ['first', 'second']) {
      const publish = hear(pool.publish(note(content, { tags })));
      await time.advance(SECOND);
      const isUnsent = content === 'second' ? { isUnsent: true } : {};
      expect(Object.values(publish.values.at(-1)?.outcomes ?? {})).toEqual([
        { status: 'rejected', reason: expect.objectContaining({ prefix }), ...isUnsent },
      ]);
    }
    expect(relay.received.filter(({ message }) => message.type === 'EVENT')).toHaveLength(1);
    pool.close();
  });
});

it('the memory of a limit that makes no sense is none', async () => {
  const scene = worldOfLoners();
  const { pool, relay, time, network } = scene;
  pool.close();
  const memory = { version: 1, relays: { [relay.url]: { at: time.now(), maxSubscriptions: 'few' } } } as never;
  const other = new RelayPool({ relays: [relay.url], scheduler: time, WebSocket: network.WebSocket, memory });
  const request = hear(other.request({ kinds: [1] }));
  await time.advance(SECOND);
  expect(request.completed).toBe(true);
  other.close();
});
