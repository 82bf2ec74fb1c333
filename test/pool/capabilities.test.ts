import { platformFetch } from '#fetch';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import { testKey, type VirtualRelay } from '../../src/testing/index.ts';
import { countExcess, documents, limiting, requestsTo } from '../support/documents.ts';
import { contents, hear, words, world, worldOfLoners, type WorldOptions } from '../support/world.ts';

// Whether the platform is asked is the question; what it does then is tested with fetchRelayInformation.
vi.mock('#fetch', () => ({ platformFetch: vi.fn() }));

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** A world of one relay, which enforces these limits, and whose document says so; it is connected, and the document is read. */
async function announced(limits: NonNullable<VirtualRelay['limits']>, pool: WorldOptions['pool'] = {}) {
  const { fetch, asked } = documents(() => limiting(limits));
  const scene = worldOfLoners({ relays: [{ limits }], pool: { information: { fetch }, ...pool } });
  hear(scene.pool.request({ kinds: [0] }));
  await scene.time.advance(SECOND);
  expect(asked).toEqual(['https://relay1.test/']);
  return scene;
}

/** `eose` and what follows of the words of a request, without the events. */
const withoutEvents = (said: readonly string[]): string[] => said.filter((word) => !word.startsWith('event'));

afterEach(() => {
  vi.restoreAllMocks();
});

describe('what a relay says that it takes', () => {
  it('max_subscriptions: more REQs wait for their turn, and all are answered', async () => {
    const { pool, relay, time, note } = await announced({ max_subscriptions: 5 });
    relay.seed(note('a'));
    const excess = countExcess(relay, 5);
    const requests = Array.from({ length: 40 }, () => hear(pool.request({ kinds: [1] })));
    await time.advance(10 * SECOND);
    expect(requests.every(({ completed, values }) => completed && contents(values).join() === 'a')).toBe(true);
    expect(requestsTo(relay)).toHaveLength(41);
    expect(excess()).toBe(0);
    pool.close();
  });

  it('max_subid_length: ids are as short as that', async () => {
    const { pool, relay, time } = await announced({ max_subid_length: 1 });
    const requests = Array.from({ length: 20 }, () => hear(pool.request({ kinds: [1] })));
    await time.advance(SECOND);
    requests.push(...Array.from({ length: 20 }, () => hear(pool.request({ kinds: [1] }))));
    await time.advance(SECOND);
    expect(requests.every(({ completed }) => completed)).toBe(true);
    const ids = requestsTo(relay).map(({ subscriptionId }) => subscriptionId);
    expect(ids).toHaveLength(41);
    expect(ids.every(({ length }) => length === 1)).toBe(true);
    pool.close();
  });

  it('max_filters: more are asked for in several REQs, which settle as one', async () => {
    const { pool, relay, time, note } = await announced({ max_filters: 3 });
    const filters: Filter[] = Array.from({ length: 8 }, (_, i) => ({ kinds: [1], '#t': [`${i}`] }));
    const tagged = (i: number): string[][] => [['t', `${i}`]];
    // The first two have tags that lie in two REQs: nothing comes twice.
    relay.seed(
      note('x', {
        age: 9,
        tags: [
          ['t', '0'],
          ['t', '7'],
        ],
      }),
      Array.from({ length: 8 }, (_, i) => note(`${i}`, { tags: tagged(i) })),
    );
    const heard = hear(pool.packets(filters, { resume: { mode: 'full' } }));
    const request = hear(pool.request(filters));
    await time.advance(SECOND);
    relay.add(note('live', { tags: [...tagged(1), ...tagged(6)] }));
    await time.advance(SECOND);
    expect(withoutEvents(words(heard.values))).toEqual(['eose 0']);
    expect(words(heard.values).indexOf('eose 0')).toBe(9);
    expect(contents(request.values).sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', 'x']);
    expect(words(heard.values).filter((word) => word === 'event live')).toHaveLength(1);
    expect(request.completed).toBe(true);
    expect(requestsTo(relay).map(({ filters: sent }) => sent.length)).toEqual([1, 3, 3, 2, 3, 3, 2]);
    // And after a reconnect as after the first connect.
    relay.drop();
    await time.advance(10 * SECOND);
    expect(withoutEvents(words(heard.values))).toEqual(['eose 0', 'lost connection-lost 0', 'eose 0']);
    heard.subscription.unsubscribe();
    await time.advance(SECOND);
    expect(relay.subscriptionCount).toBe(0);
    pool.close();
  });

  it('max_message_length: long lists and many filters are cut', async () => {
    const { pool, relay, time, note } = await announced({ max_message_length: 2_048 });
    const strangers = Array.from({ length: 200 }, (_, i) => i.toString(16).padStart(64, '0'));
    const authors = [0, 1].map((author) => testKey(author).publicKey);
    relay.seed(
      note('by one'),
      note('by another', { author: 1 }),
      note('tagged', { author: 2, tags: [['t', 'tag 299']] }),
    );
    const long = hear(pool.packets({ kinds: [1], authors: [authors[0] ?? '', ...strangers, authors[1] ?? ''] }));
    const many = hear(pool.packets(Array.from({ length: 300 }, (_, i) => ({ kinds: [1], '#t': [`tag ${i}`] }))));
    await time.advance(SECOND);
    expect(words(long.values).sort()).toEqual(['eose 0', 'event by another', 'event by one']);
    expect(words(many.values)).toEqual(['event tagged', 'eose 0']);
    const bytes = requestsTo(relay).map(({ filters }) => JSON.stringify(filters).length);
    expect(bytes.length).toBeGreaterThan(8);
    expect(Math.max(...bytes)).toBeLessThan(2_048);
    expect(relay.received.every(({ message }) => message.type !== 'MALFORMED')).toBe(true);
    pool.close();
  });

  it('max_limit: no more is asked for at once, and the rest comes by pages', async () => {
    const { pool, relay, time, note } = await announced({ max_limit: 20 });
    relay.seed(Array.from({ length: 100 }, (_, i) => note(`${i}`, { age: i })));
    const request = hear(pool.request({ kinds: [1], limit: 50 }));
    await time.advance(SECOND);
    expect(contents(request.values)).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
    expect(request.completed).toBe(true);
    expect(requestsTo(relay).flatMap(({ filters }) => (filters as Filter[])[0]?.limit ?? [])).toEqual(
      expect.arrayContaining([20]),
    );
    const wanted = requestsTo(relay).map(({ filters }) => (filters as Filter[])[0]?.limit ?? 0);
    expect(Math.max(...wanted)).toBe(20);
    pool.close();
  });

  it("counts less than the user's maxSubscriptions", async () => {
    const { fetch } = documents(() => limiting({ max_subscriptions: 3 }));
    const { pool, relay, time } = worldOfLoners({
      pool: { information: { fetch }, maxSubscriptions: 9, connections: { maximum: 1 } },
    });
    const live = Array.from({ length: 8 }, (_, i) => hear(pool.packets({ kinds: [i] })));
    await time.advance(5 * SECOND);
    expect(live.every(({ values }) => words(values).join() === 'eose 0')).toBe(true);
    expect(relay.subscriptionCount).toBe(8);
    // It is what the user says, and not what was learnt.
    expect(pool.memory.relays['wss://relay1.test/']?.maxSubscriptions).toBe(3);
    pool.close();
  });
});

describe('a document', () => {
  const never = (): Promise<Response> => new Promise(() => undefined);

  it.each<[string, () => Response | Promise<Response>]>([
    ['that never comes', never],
    ['that is refused', () => Promise.reject(new TypeError('fetch failed'))],
    ['that is not there', () => new Response('', { status: 404 })],
    ['that is a web page', () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } })],
    ['that is too large', () => new Response(`{"a":"${'a'.repeat(200_000)}"}`)],
    ['that never ends', () => new Response(new ReadableStream({ start: (body) => body.enqueue(Buffer.from('{')) }))],
    [
      'of hostile limits',
      () =>
        limiting({
          max_subscriptions: -1,
          max_filters: 'many',
          max_limit: 0,
          max_message_length: {},
          max_subid_length: 1,
        }),
    ],
    ['that forbids nearly everything', () => limiting({ max_subscriptions: 1, max_filters: 1, max_message_length: 1 })],
  ])('%s delays and breaks nothing', async (_, answer) => {
    const { fetch, asked } = documents(answer);
    const { pool, relay, time, note } = worldOfLoners({ pool: { information: { fetch } } });
    relay.seed(note('a'));
    const first = hear(pool.request([{ kinds: [1] }, { kinds: [6] }]));
    await time.advance(45); // the handshake and the REQ, there and back again, at 10 ms each
    expect([contents(first.values), first.completed]).toEqual([['a'], true]);
    await time.advance(6 * SECOND);
    const later = Array.from({ length: 5 }, () => hear(pool.request([{ kinds: [1] }, { kinds: [6] }])));
    await time.advance(SECOND);
    expect(later.map(({ values, completed }) => [contents(values).join(), completed])).toEqual(
      later.map(() => ['a', true]),
    );
    expect(asked).toHaveLength(1);
    pool.close();
    expect(await time.settle()).toBe(true);
    expect(time.actions).toHaveLength(0);
  });

  it('is asked for once a connection, and again after ten minutes where there was none, after an hour where there was', async () => {
    let answer = (): Response => new Response('', { status: 404 });
    const { fetch, asked } = documents(() => answer());
    const { pool, relay, time } = world({ pool: { information: { fetch } } });
    hear(pool.subscribe({ kinds: [1] }));
    const reconnected = async (after: number): Promise<number> => {
      await time.advance(after);
      relay.drop();
      await time.advance(MINUTE);
      return asked.length;
    };
    await time.advance(SECOND);
    expect(asked).toHaveLength(1);
    expect(await reconnected(8 * MINUTE)).toBe(1);
    answer = () => limiting({});
    expect(await reconnected(MINUTE)).toBe(2);
    expect(await reconnected(50 * MINUTE)).toBe(2);
    expect(await reconnected(10 * MINUTE)).toBe(3);
    pool.close();
  });

  it('is asked for once a connection has lasted for a quarter of a second', async () => {
    const { fetch, asked } = documents(() => limiting({}));
    const { pool, relay, time } = world({ pool: { information: { fetch } } });
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(200);
    relay.drop();
    // Whenever it comes back, that is not a quarter of a second ago.
    await time.advance(240);
    expect(asked).toHaveLength(0);
    await time.advance(5 * SECOND);
    expect(asked).toHaveLength(1);
    pool.close();
  });

  it('is given up when the pool closes', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const { fetch } = documents((signal) => {
      signals.push(signal);
      return never();
    });
    const { pool, time } = world({ pool: { information: { fetch, timeout: 2 ** 31 - 1 } } });
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    pool.close();
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
    await time.settle();
    expect(time.actions).toHaveLength(0);
  });

  it('is not asked for where another WebSocket is given and no way to ask, or where it is not wanted', async () => {
    const platform = vi.mocked(platformFetch).mockImplementation(never);
    for (const information of [undefined, false] as const) {
      const { pool, time } = world({ pool: { information } });
      hear(pool.subscribe({ kinds: [1] }));
      await time.advance(SECOND);
      pool.close();
    }
    expect(platform).not.toHaveBeenCalled();
    const { pool, time } = world({ pool: { information: {} } });
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    expect(platform).toHaveBeenCalledOnce();
    pool.close();
  });

  it('is asked for in a way that makes sense, or the pool is not made', () => {
    const relays = ['wss://relay.test'];
    expect(() => new RelayPool({ relays, information: { timeout: -1 } })).toThrow(RangeError);
    expect(() => new RelayPool({ relays, information: { maxBytes: 0 } })).toThrow(RangeError);
  });
});
