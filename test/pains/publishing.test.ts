import { describe, expect, it } from 'vitest';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import type { PublishReport } from '../../src/pool/publish-report.ts';
import type { RelayUrl } from '../../src/protocol/relay-url.ts';
import type { Signer } from '../../src/sources/authentication.ts';
import { type RelayFaults, seededRandom, testKey, testSigner, type VirtualRelay } from '../../src/testing/index.ts';
import { contents, hear, words, world } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

function statuses(report: PublishReport | undefined): string[] {
  return Object.values(report?.outcomes ?? {}).map(({ status }) => status);
}

function events(relay: VirtualRelay | undefined): number {
  return relay?.received.filter(({ message }) => message.type === 'EVENT').length ?? 0;
}

describe('publishing', () => {
  it('25. no OK is "silent", apart from a rejection and from never sent', async () => {
    const { pool, time, note } = world({
      relays: [
        {},
        { faults: { noOk: true } },
        { faults: { okGarbageId: true } },
        { faults: { rejectedWith: 'blocked: not here' } },
        { faults: { refuse: true } },
        { faults: { hang: true } },
      ],
    });
    const publish = hear(pool.publish(note('to all')));
    await time.advance(11 * SECOND);
    expect(publish.completed).toBe(true);
    const report = publish.values.at(-1);
    expect(statuses(report)).toEqual(['accepted', 'silent', 'silent', 'rejected', 'unreachable', 'unreachable']);
    expect(report).toMatchObject({ accepted: 1, pending: 0 });
    expect(Object.values(report?.outcomes ?? {})[3]).toMatchObject({
      reason: { prefix: 'blocked', message: 'not here' },
    });
    pool.close();
  });

  it('25. progress is told relay by relay, and the last report is the first with nothing pending', async () => {
    const { pool, time, note } = world({ relays: [{}, { faults: { delay: 500 } }, { faults: { delay: 2_000 } }] });
    const publish = hear(pool.publish(note('step by step')));
    await time.advance(5 * SECOND);
    expect(publish.values.map(({ accepted, pending }) => [accepted, pending])).toEqual([
      [0, 3],
      [1, 2],
      [2, 1],
      [3, 0],
    ]);
    expect(publish.completed).toBe(true);
    pool.close();
  });

  it('25. an event that was sent when the connection broke is sent again, and only an OK makes it accepted', async () => {
    const { pool, relay, time, note } = world({ relays: [{ faults: { noOk: true } }] });
    const publish = hear(pool.publish(note('did it arrive?'), { deadline: MINUTE }));
    await time.advance(SECOND);
    expect(events(relay)).toBe(1);
    relay.drop();
    relay.faults.noOk = false;
    await time.advance(5 * SECOND);
    expect(statuses(publish.values.at(-1))).toEqual(['accepted']);
    expect(events(relay)).toBe(2);
    pool.close();
  });

  it('25. an event that a closing socket did not take was never sent', async () => {
    const { network, relay, time, note } = world();
    let isClosing = false;
    class Closing extends network.WebSocket {
      override get readyState(): 0 | 1 | 2 | 3 {
        return isClosing ? 2 : super.readyState;
      }
    }
    const pool = new RelayPool({ relays: [relay.url], scheduler: time, WebSocket: Closing });
    hear(pool.subscribe({ kinds: [1] }));
    await time.advance(SECOND);
    isClosing = true;
    const publish = hear(pool.publish(note('too late'), { deadline: SECOND }));
    await time.advance(2 * SECOND);
    expect(events(relay)).toBe(0);
    expect(statuses(publish.values.at(-1))).toEqual(['unreachable']);
    pool.close();
  });

  it.each([true, false])(
    '25. duplicate: is an acceptance, with OK true or false (rejects: %s)',
    async (rejectsDuplicates) => {
      const { pool, relay, time, note } = world({ relays: [{ faults: { rejectsDuplicates } }] });
      const event = note('again');
      relay.seed(event);
      const publish = hear(pool.publish(event));
      await time.advance(SECOND);
      expect(statuses(publish.values.at(-1))).toEqual(['accepted']);
      pool.close();
    },
  );

  it.each([
    ['before', 0],
    ['after', 800],
  ])(
    '26. auth-required authenticates and sends once more, the challenge coming %s the refusal',
    async (_, lateAuth) => {
      const { pool, relay, time, note } = world({
        relays: [{ auth: { read: true, write: true }, faults: { lateAuth } }],
        pool: { signer: testSigner(testKey(7)) },
      });
      relay.seed(note('for members'));
      const publish = hear(pool.publish(note('by a member')));
      const packets = hear(pool.packets({ kinds: [1], limit: 10 }));
      await time.advance(5 * SECOND);
      expect(statuses(publish.values.at(-1))).toEqual(['accepted']);
      expect(words(packets.values)).toContain('event for members');
      expect(words(packets.values)).toContain('eose 0');
      expect(hear(pool.relays$).values.at(-1)?.[0]?.state).toBe('authenticated');
      const sent = relay.received.map(({ message }) => message.type);
      expect(sent.filter((type) => type === 'AUTH')).toHaveLength(1);
      expect(sent.filter((type) => type === 'EVENT')).toHaveLength(2);
      pool.close();
    },
  );

  it('26. one failed AUTH does not disable the next', async () => {
    const { pool, relay, time, note } = world({
      relays: [{ auth: { write: true }, faults: { authRejectedWith: 'error: try later' } }],
      pool: { signer: testSigner(testKey(7)) },
    });
    const first = hear(pool.publish(note('first')));
    await time.advance(5 * SECOND);
    expect(statuses(first.values.at(-1))).toEqual(['rejected']);
    relay.faults.authRejectedWith = undefined;
    const second = hear(pool.publish(note('second')));
    await time.advance(5 * SECOND);
    expect(statuses(second.values.at(-1))).toEqual(['accepted']);
    pool.close();
  });

  it('26. after a reconnect the old challenge is void, and everything authenticates anew', async () => {
    const { pool, relay, time, note } = world({
      relays: [{ auth: { read: true } }],
      pool: { signer: testSigner(testKey(7)) },
    });
    const heard = hear(pool.subscribe({ kinds: [1] }));
    await time.advance(10 * SECOND);
    relay.drop();
    relay.seed(note('while away'));
    await time.advance(10 * SECOND);
    relay.add(note('live'));
    await time.advance(SECOND);
    expect(contents(heard.values)).toEqual(['while away', 'live']);
    expect(relay.received.filter(({ message }) => message.type === 'AUTH')).toHaveLength(2);
    pool.close();
  });

  it('27. a retry goes only to the relays that still miss the event', async () => {
    const { pool, relays, time, note } = world({ relays: [{}, { faults: { noOk: true } }, {}] });
    relays[2]?.stop();
    const event = note('three relays, please');
    const first = hear(pool.publish(event));
    await time.advance(11 * SECOND);
    const previous = first.values.at(-1);
    expect(statuses(previous)).toEqual(['accepted', 'silent', 'unreachable']);
    const [second, third] = [relays[1], relays[2]];
    if (second) second.faults.noOk = false;
    third?.restart();
    const again = hear(pool.publish(event, { deadline: 2 * MINUTE, ...(previous ? { previous } : {}) }));
    await time.advance(2 * MINUTE);
    expect(statuses(again.values.at(-1))).toEqual(['accepted', 'accepted', 'accepted']);
    expect(relays.map(events)).toEqual([1, 2, 1]);
    pool.close();
  });

  it('27. what was published offline goes out later', async () => {
    const { pool, relays, time, note } = world({ relays: 2 });
    for (const relay of relays) relay.stop();
    const publish = hear(pool.publish(note('from the train'), { deadline: 24 * HOUR }));
    await time.advance(2 * HOUR);
    expect(statuses(publish.values.at(-1))).toEqual(['pending', 'pending']);
    for (const relay of relays) relay.restart();
    await time.advance(2 * MINUTE);
    expect(statuses(publish.values.at(-1))).toEqual(['accepted', 'accepted']);
    pool.close();
  });

  it('27. what was published offline goes out after a restart, from a report that was stored', async () => {
    const { pool, network, relays, time, note } = world({ relays: 2 });
    relays[1]?.stop();
    const publish = hear(pool.publish(note('to be continued'), { deadline: 24 * HOUR }));
    await time.advance(MINUTE);
    const stored = JSON.stringify(publish.values.at(-1));
    pool.close();
    await time.advance(MINUTE);

    relays[1]?.restart();
    const previous = JSON.parse(stored) as PublishReport;
    const after = new RelayPool({
      relays: relays.map(({ url }) => url),
      scheduler: time,
      random: seededRandom(2),
      WebSocket: network.WebSocket,
    });
    const again = hear(after.publish(previous.event, { previous }));
    await time.advance(SECOND);
    expect(statuses(again.values.at(-1))).toEqual(['accepted', 'accepted']);
    expect(relays.map(events)).toEqual([1, 1]);
    after.close();
  });

  it('28. a cancelled publish that was not sent is not sent', async () => {
    const { pool, relay, time, note } = world();
    relay.stop();
    const cancelled = hear(pool.publish(note('on second thoughts'), { deadline: HOUR }));
    const kept = hear(pool.publish(note('this one goes'), { deadline: HOUR }));
    await time.advance(5 * SECOND);
    cancelled.subscription.unsubscribe();
    relay.restart();
    await time.advance(2 * MINUTE);
    expect(kept.completed).toBe(true);
    expect(contents([...relay.store.query([{ kinds: [1] }])])).toEqual(['this one goes']);
    expect(events(relay)).toBe(1);
    pool.close();
  });

  const signers: Record<string, Signer> = {
    rejects: { signEvent: () => Promise.reject(new Error('The user said no.')) },
    throws: {
      signEvent: () => {
        throw new Error('No extension.');
      },
    },
    hangs: { signEvent: () => new Promise(() => undefined) },
    'answers nonsense': { signEvent: () => Promise.resolve({ kind: 22_242 } as never) },
  };
  it.each(Object.keys(signers))('29. a signer that %s gives an outcome, and no unhandled rejection', async (fault) => {
    const unhandled: unknown[] = [];
    const note_ = (error: unknown): unknown => unhandled.push(error);
    process.on('unhandledRejection', note_);
    try {
      const { pool, time, note } = world({
        relays: [{ auth: { read: true, write: true } }],
        pool: { signer: signers[fault] },
      });
      const publish = hear(pool.publish(note('unsigned')));
      const request = hear(pool.request({ kinds: [1] }));
      await time.advance(MINUTE);
      expect(publish.completed).toBe(true);
      expect(['rejected', 'silent']).toContain(statuses(publish.values.at(-1))[0]);
      expect(request.completed).toBe(true);
      pool.close();
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note_);
    }
  });

  it('a refusal for the moment is retried with backoff, within the deadline', async () => {
    const { pool, relay, time, note } = world({ relays: [{ faults: { rejectedWith: 'rate-limited: slow down' } }] });
    const publish = hear(pool.publish(note('patience'), { deadline: MINUTE }));
    await time.advance(4 * SECOND);
    expect(events(relay)).toBeGreaterThan(1);
    relay.faults.rejectedWith = undefined;
    await time.advance(20 * SECOND);
    expect(statuses(publish.values.at(-1))).toEqual(['accepted']);
    const never = hear(pool.publish(note('in vain')));
    relay.faults.rejectedWith = 'error: disk full';
    await time.advance(11 * SECOND);
    expect(Object.values(never.values.at(-1)?.outcomes ?? {})[0]).toMatchObject({
      status: 'rejected',
      reason: { prefix: 'error' },
    });
    pool.close();
  });

  it.each(['invalid: bad', 'blocked: you', 'restricted: members', 'pow: 20 bits', 'no prefix at all'])(
    'a final refusal (%s) is not retried',
    async (reason) => {
      const { pool, relay, time, note } = world({ relays: [{ faults: { rejectedWith: reason } }] });
      const publish = hear(pool.publish(note('no')));
      await time.advance(MINUTE);
      expect(statuses(publish.values.at(-1))).toEqual(['rejected']);
      expect(events(relay)).toBe(1);
      pool.close();
    },
  );

  it('bad input is refused before anything is sent', () => {
    const { pool, note } = world();
    const event = note('fine');
    expect(hear(pool.publish({ ...event, id: event.id.toUpperCase() })).error).toMatchObject({ code: 'invalid-event' });
    expect(hear(pool.publish(event, { deadline: Infinity })).error).toMatchObject({ code: 'invalid-option' });
    const empty = new RelayPool();
    expect(hear(empty.publish(event)).error).toMatchObject({ code: 'no-relays' });
    empty.close();
    expect(hear(empty.publish(event)).error).toMatchObject({ code: 'pool-closed' });
    pool.close();
  });

  it('a relay that leaves, or a pool that closes, ends its publishes', async () => {
    const { pool, relays, time, note } = world({ relays: [{}, { faults: { noOk: true } }] });
    relays[0]?.stop();
    const publish = hear(pool.publish(note('leaving'), { deadline: HOUR }));
    await time.advance(SECOND);
    pool.remove(relays[0]?.url ?? '');
    expect(statuses(publish.values.at(-1))).toEqual(['cancelled', 'pending']);
    pool.close();
    expect(statuses(publish.values.at(-1))).toEqual(['cancelled', 'silent']);
    expect(publish.completed).toBe(true);
    expect(Object.keys(publish.values[0]?.outcomes ?? {}) as RelayUrl[]).toEqual(relays.map(({ url }) => url));
  });
});

describe('whatever a relay does', () => {
  const faults: Partial<RelayFaults>[] = [
    { refuse: true },
    { hang: true },
    { halfOpen: true },
    { delay: 3_600_000 },
    { noEose: true },
    { duplicateEose: true },
    { noOk: true },
    { okGarbageId: true },
    { noticeOnly: true },
    { closedWith: 'error: no' },
    { closedWith: 'auth-required: who are you?' },
    { rejectedWith: 'auth-required: who are you?' },
    { authRejectedWith: 'restricted: not you' },
    { lie: 'forged-signature' },
    { lie: 'forged-content' },
    { lie: 'wrong-id' },
    { lie: 'unmatched' },
    { malformed: true },
    { dropAfter: 1 },
    { ignoresLimitZero: true, order: 'shuffled' },
  ];

  it.each(faults.map((fault) => [JSON.stringify(fault), fault] as const))(
    '%s: every operation ends in an outcome',
    async (_, fault) => {
      const { pool, relay, time, note } = world({
        relays: [{ faults: fault }],
        pool: { signer: testSigner(testKey(3)) },
      });
      relay.seed(note('one', { age: 3 }), note('two', { age: 2 }), note('three', { age: 1 }));
      const request = hear(pool.request({ kinds: [1] }));
      const publish = hear(pool.publish(note('mine')));
      const packets = hear(pool.packets({ kinds: [1] }));
      await time.advance(2 * MINUTE);
      expect(request).toMatchObject({ completed: true, error: undefined });
      expect(publish).toMatchObject({ completed: true, error: undefined });
      expect(publish.values.at(-1)?.pending).toBe(0);
      expect(packets.values.filter((packet) => 'pending' in packet && packet.pending === 0).length).toBeGreaterThan(0);
      expect(packets.error).toBeUndefined();
      pool.close();
      expect(await time.settle(HOUR)).toBe(true);
    },
  );
});
