import { describe, expect, it } from 'vitest';
import { balanced } from '../../src/pool/balanced.ts';
import { countReport } from '../../src/pool/count-report.ts';
import { PoolError } from '../../src/pool/pool-error.ts';
import { only } from '../../src/pool/routes.ts';
import { FilterError } from '../../src/protocol/filter.ts';
import { relayCount } from '../../src/protocol/relay-frame.ts';
import type { RelayUrl } from '../../src/protocol/relay-url.ts';
import { explanationText } from '../../src/pool/explanation.ts';
import { fakeEvent, testKey, testSigner, type VirtualRelay } from '../../src/testing/index.ts';
import { randomHex, seededRandom } from '../../src/testing/seeded-random.ts';
import { statusesOf } from '../support/status-of.ts';
import { hear, world } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const target = 'ab'.repeat(32);
const likes = { kinds: [7], '#e': [target] };

const authors = Array.from({ length: 400 }, (_, i) => randomHex(seededRandom(i + 1), 64));
const like = (author: number) => fakeEvent({ kind: 7, pubkey: authors[author] ?? '', tags: [['e', target]] });
const likesOf = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => like(from + i));
const verbs = (relay: VirtualRelay | undefined): string[] => (relay?.received ?? []).map(({ message }) => message.type);

describe('counting', () => {
  it('is exact at one relay, and tells the progress', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(note('a'), note('b'), note('c', { kind: 7 }));
    const count = hear(pool.count({ kinds: [1] }));
    expect(relay.received).toEqual([]);
    await time.advance(SECOND);
    expect(count.values).toEqual([
      { count: 0, approximate: true, counted: 0, pending: 1, outcomes: { [relay.url]: { status: 'pending' } } },
      {
        count: 2,
        approximate: false,
        counted: 1,
        pending: 0,
        outcomes: { [relay.url]: { status: 'counted', count: 2, approximate: false } },
      },
    ]);
    expect(count.completed).toBe(true);
    expect(verbs(relay)).toEqual(['COUNT']);
    pool.close();
  });

  it('never adds what several relays say: the highest is a lower bound', async () => {
    const { pool, relays, time, note } = world({ relays: 3 });
    relays[0]?.seed(note('a'), note('b'));
    relays[1]?.seed(note('b'), note('c'), note('d'));
    const count = hear(pool.count({ kinds: [1] }));
    await time.advance(SECOND);
    expect(count.values.at(-1)).toMatchObject({ count: 3, approximate: true, counted: 3, pending: 0 });
    expect(count.values.at(-1)).not.toHaveProperty('authors');
    expect(count.values.map(({ pending }) => pending)).toEqual([3, 2, 1, 0]);
    pool.close();
  });

  it('estimates what several relays have together from their registers', async () => {
    const { pool, relays, time } = world({ relays: 2 });
    relays[0]?.seed(likesOf(0, 250));
    relays[1]?.seed(likesOf(150, 400));
    const count = hear(pool.count(likes));
    await time.advance(SECOND);
    const { authors: estimate = 0, count: best, hll, approximate } = count.values.at(-1) ?? {};
    expect(Math.abs(estimate / 400 - 1)).toBeLessThan(0.2);
    expect(estimate).toBeGreaterThan(250);
    expect(best).toBe(estimate);
    expect([hll?.length, approximate]).toEqual([512, true]);
    pool.close();
  });

  it('believes one relay about what it has, not its registers', async () => {
    const { pool, relay, time } = world();
    relay.seed(likesOf(0, 250), fakeEvent({ kind: 7, pubkey: authors[0] ?? '', content: '2', tags: [['e', target]] }));
    const count = hear(pool.count(likes));
    await time.advance(SECOND);
    expect(count.values.at(-1)).toMatchObject({ count: 251, approximate: false });
    expect(count.values.at(-1)?.authors).toBeGreaterThan(200);
    pool.close();
  });

  it('ends in an outcome at each relay, whatever is wrong with it', async () => {
    const { pool, time, note, relays } = world({
      relays: [
        {},
        { faults: { closedWith: 'blocked: not for you' } },
        { faults: { closedWith: 'unsupported: no counts here' } },
        { count: false },
        { count: false, unsupported: 'silence' },
        { faults: { refuse: true } },
        { faults: { hang: true } },
        { faults: { halfOpen: true } },
        { faults: { closedWith: 'rate-limited: slower' } },
      ],
    });
    for (const relay of relays) relay.seed(note('a'));
    const count = hear(pool.count({ kinds: [1] }));
    await time.advance(MINUTE);
    expect(Object.values(count.values.at(-1)?.outcomes ?? {})).toMatchObject([
      { status: 'counted', count: 1, approximate: false },
      { status: 'rejected', reason: { prefix: 'blocked', message: 'not for you' } },
      { status: 'unsupported', reason: { message: 'no counts here' } },
      { status: 'silent', notice: 'unsupported: COUNT' },
      { status: 'silent' },
      { status: 'unreachable', error: { code: expect.stringMatching(/connect|circuit/) as unknown } },
      { status: 'unreachable' },
      { status: 'silent' },
      { status: 'rejected', reason: { prefix: 'rate-limited' } },
    ]);
    expect(count.completed).toBe(true);
    expect(count.values.at(-1)).toMatchObject({ count: 1, approximate: true, pending: 0 });
    pool.close();
    expect(await time.settle(MINUTE)).toBe(true);
  });

  it('asks again where it was refused for the moment, or the connection broke, and by its deadline at the latest', async () => {
    const { pool, relay, time, note } = world();
    relay.seed(note('a'));
    relay.faults.closedWith = 'rate-limited: slower';
    const limited = hear(pool.count({ kinds: [1] }));
    await time.advance(SECOND);
    relay.faults.closedWith = undefined;
    await time.advance(10 * SECOND);
    expect(limited.values.at(-1)).toMatchObject({ count: 1, counted: 1 });
    relay.faults.delay = 500;
    const broken = hear(pool.count({ kinds: [1] }));
    await time.advance(200);
    relay.drop();
    await time.advance(10 * SECOND);
    expect(broken.values.at(-1)).toMatchObject({ count: 1, counted: 1 });
    relay.faults.delay = 5 * SECOND;
    const late = hear(pool.count({ kinds: [1] }, { deadline: 2 * SECOND }));
    await time.advance(2 * SECOND);
    expect(late.completed).toBe(true);
    expect(late.values.at(-1)?.outcomes).toMatchObject({ [relay.url]: { status: 'silent' } });
    pool.close();
  });

  it('is not asked more than three times again where it is refused for the moment', async () => {
    const { pool, relay, time } = world({ relays: [{ faults: { closedWith: 'error: no COUNT here' } }] });
    const count = hear(pool.count({ kinds: [1] }));
    await time.advance(59 * SECOND);
    expect(count.completed).toBe(true);
    expect(count.values.at(-1)?.outcomes).toMatchObject({ [relay.url]: { status: 'rejected' } });
    expect(verbs(relay)).toEqual(['COUNT', 'COUNT', 'COUNT', 'COUNT']);
    pool.close();
  });

  it('authenticates once where the relay asks for it, and is not silent while its user thinks', async () => {
    const { pool, relay, time, note } = world({
      relays: [{ auth: { read: true, challenge: 'refusal' } }],
      pool: {
        signer: {
          signEvent: (template) =>
            new Promise((resolve) => {
              time.schedule(() => void testSigner(testKey(1)).signEvent(template).then(resolve), 15 * SECOND);
            }),
        },
      },
    });
    relay.seed(note('a'));
    const count = hear(pool.count({ kinds: [1] }));
    await time.advance(14 * SECOND);
    expect(count.completed).toBe(false);
    await time.advance(2 * SECOND);
    expect(count.values.at(-1)).toMatchObject({ count: 1, counted: 1 });
    expect(verbs(relay)).toEqual(['COUNT', 'AUTH', 'COUNT']);
    pool.close();
  });

  it('is refused for good where the relay does not accept who asks', async () => {
    const { pool, relay, time } = world({
      relays: [{ auth: { read: true }, faults: { authRejectedWith: 'restricted: who are you' } }],
      pool: { signer: testSigner(testKey(1)) },
    });
    const count = hear(pool.count({ kinds: [1] }));
    await time.advance(5 * SECOND);
    expect(count.values.at(-1)?.outcomes).toMatchObject({
      [relay.url]: { status: 'rejected', reason: { prefix: 'auth-required' } },
    });
    expect(verbs(relay)).toEqual(['COUNT', 'AUTH']);
    pool.close();
  });

  it('goes where its route says, settled by what that names first', async () => {
    const { pool, relays, time, network } = world({ relays: 3 });
    const guest = network.relay('wss://guest.test');
    guest.seed(likesOf(0, 5));
    const one = hear(pool.count(likes, { route: balanced(1) }));
    const elsewhere = hear(pool.count(likes, { route: only([guest.url]) }));
    const clustered = hear(
      pool.cluster('own', { relays: ['wss://relay2.test', 'wss://relay3.test'] }).count({ ids: [target] }),
    );
    await time.advance(SECOND);
    expect([one, elsewhere, clustered].map(({ values }) => values.at(-1)?.counted)).toEqual([1, 1, 2]);
    expect(elsewhere.values.at(-1)?.count).toBe(5);
    expect(relays.map((relay) => verbs(relay).length).reduce((a, b) => a + b)).toBe(3);
    pool.close();
  });

  it('errors for misuse alone', async () => {
    const { pool, time } = world();
    const wrong = [
      hear(pool.count({ kinds: [1] }, { route: only([]) })),
      hear(pool.count({ kinds: [1] }, { silenceTimeout: 0 })),
      hear(pool.count({ kinds: [1] }, { deadline: NaN })),
    ];
    const filter = hear(pool.count({ kinds: [-1] }));
    await time.advance(SECOND);
    expect(wrong.map(({ error }) => error instanceof PoolError && error.code)).toEqual([
      'no-relays',
      'invalid-option',
      'invalid-option',
    ]);
    expect(filter.error).toBeInstanceOf(FilterError);
    pool.close();
    expect(hear(pool.count({ kinds: [1] })).error).toMatchObject({ code: 'pool-closed' });
  });

  it('asks nobody for what can match nothing', async () => {
    const { pool, relay, time } = world();
    const count = hear(pool.count({ kinds: [] }));
    await time.advance(SECOND);
    expect(count.values).toEqual([{ count: 0, approximate: false, counted: 0, pending: 0, outcomes: {} }]);
    expect(relay.received).toEqual([]);
    pool.close();
  });

  it('that is unsubscribed from, or whose pool closes, leaves nothing behind', async () => {
    const { pool, relay, time } = world();
    relay.faults.delay = SECOND;
    hear(pool.count({ kinds: [1] })).subscription.unsubscribe();
    const { subscription } = hear(pool.count({ kinds: [1] }));
    await time.advance(100);
    expect(statusesOf(pool)[0]?.inFlight).toBe(1);
    subscription.unsubscribe();
    expect(statusesOf(pool)[0]?.inFlight).toBe(0);
    const closed = hear(pool.count({ kinds: [1] }));
    await time.advance(100);
    pool.close();
    expect(closed.completed).toBe(true);
    expect(closed.values.at(-1)?.pending).toBe(0);
    expect(await time.settle(MINUTE)).toBe(true);
  });

  it('waits for its turn by priority, and the relay is not blamed for not knowing COUNT', async () => {
    const { pool, relay, time, note } = world({
      relays: [{ count: false, unsupported: 'silence' }],
      pool: { livenessInterval: 60 * MINUTE, load: { maximum: 1, minimum: 1 }, connections: { maximum: 1 } },
    });
    relay.seed(note('a'));
    for (let i = 0; i < 6; i++) hear(pool.count({ kinds: [i] }, { silenceTimeout: SECOND }));
    await time.advance(100);
    expect(verbs(relay)).toEqual(['COUNT']);
    hear(pool.count({ kinds: [99] }, { silenceTimeout: SECOND, priority: 'critical' }));
    await time.advance(1_000);
    expect(relay.received.at(-1)?.message).toMatchObject({ filters: [{ kinds: [99] }] });
    await time.advance(10 * SECOND);
    expect(verbs(relay)).toHaveLength(7);
    expect(statusesOf(pool)[0]?.circuit).toBe('closed');
    pool.close();
  });

  it('is explained', async () => {
    const { pool, time } = world({ relays: [{}, { count: false }] });
    hear(pool.count(likes, { id: 'likes' }));
    await time.advance(11 * SECOND);
    const explanation = pool.explain('likes');
    expect(explanation).toMatchObject({ verb: 'COUNT', ids: ['likes'], filters: [likes] });
    expect(explanation?.relays.map(({ steps }) => steps.map(({ what }) => what))).toEqual([
      ['chosen', 'sent', 'answered'],
      ['chosen', 'sent', 'late'],
    ]);
    expect(explanation && explanationText(explanation)).toMatch(/^COUNT likes: .*\n[^]*answered: COUNT after 20 ms/);
    pool.close();
  });
});

describe('a relay that lies about its counts', () => {
  const wrong = ['-1', '1.5', '"5"', '1e999', '9007199254740993', 'null', '[5]', '{"a":1}'];

  it('is silent where it gives no whole number, and harms no others', async () => {
    const { pool, relays, time, note } = world({ relays: 2 });
    const [liar, honest] = relays;
    honest?.seed(note('a'));
    liar?.received$.subscribe(({ message }) => {
      if (message.type !== 'COUNT') return;
      for (const count of wrong) {
        for (const id of [message.subscriptionId, 'never asked']) {
          liar.connections[0]?.send(`["COUNT","${id}",{"count":${count},"hll":"zz"}]`);
        }
      }
    });
    if (liar) liar.faults.noticeOnly = ['COUNT'];
    const count = hear(pool.count({ kinds: [1] }));
    await time.advance(11 * SECOND);
    expect(count.values.at(-1)).toMatchObject({ count: 1, counted: 1, pending: 0 });
    expect(statusesOf(pool)[0]?.counters.malformed).toBe(2 * wrong.length);
    pool.close();
  });

  it('is dropped where it floods with answers that nobody asked for', async () => {
    const { pool, relay, time } = world();
    hear(pool.count({ kinds: [1] }));
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    for (let i = 0; i < 2_000; i++) relay.connections[0]?.send(relayCount(`x${i}`, { count: i }));
    await time.advance(SECOND);
    expect(statusesOf(pool)[0]?.error?.code).toBe('abusive');
    pool.close();
  });

  it('is not counted twice, and late answers are no fault', async () => {
    const { pool, relay, time } = world();
    relay.faults.delay = 2 * SECOND;
    const count = hear(pool.count({ kinds: [1] }, { silenceTimeout: SECOND }));
    await time.advance(5 * SECOND);
    expect(count.values.at(-1)?.outcomes).toMatchObject({ [relay.url]: { status: 'silent' } });
    expect(statusesOf(pool)[0]).toMatchObject({ state: 'connected', counters: { unasked: 1 } });
    pool.close();
  });
});

describe('countReport', () => {
  const [a, b] = ['wss://a.test/' as RelayUrl, 'wss://b.test/' as RelayUrl];
  const few = '01'.repeat(30) + '00'.repeat(226);
  const more = '00'.repeat(30) + '01'.repeat(40) + '00'.repeat(186);
  const counted = (count: number, hll?: string) =>
    ({ status: 'counted', count, approximate: false, ...(hll === undefined ? {} : { hll }) }) as const;

  it('takes the estimate where it is higher than every answer', () => {
    const { count, authors: estimate } = countReport({ [a]: counted(30, few), [b]: counted(40, more) });
    expect(estimate).toBe(Math.round(256 * Math.log(256 / 186)));
    expect(count).toBe(estimate);
    expect(countReport({ [a]: counted(30, few), [b]: counted(4_000, more) }).count).toBe(4_000);
    expect(countReport({ [a]: counted(30, few), [b]: counted(20) })).toMatchObject({ count: 30, approximate: true });
  });

  it('leaves out the registers of relays that were asked for a part', () => {
    const outcomes = { [a]: counted(30, few), [b]: counted(40, more) };
    expect(countReport(outcomes, new Set([b]))).toMatchObject({ count: 40, hll: few, approximate: true });
    expect(countReport({ [b]: counted(40, more) }, new Set([b]))).toMatchObject({ count: 40, approximate: true });
    expect(countReport({ [b]: { ...counted(40), approximate: true } })).toMatchObject({ approximate: true });
  });
});
