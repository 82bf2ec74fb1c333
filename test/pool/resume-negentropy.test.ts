import { describe, expect, it } from 'vitest';
import { pipelineStages, type Stage } from '../../src/pool/pipeline.ts';
import type { RequestOptions } from '../../src/pool/requests.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import { fakeEvent, type RelayOptions, type VirtualRelay } from '../../src/testing/index.ts';
import { documents, reqs } from '../support/asked.ts';
import { zerosVerifier } from '../support/clocked-verifiers.ts';
import { type Heard, hear, words, world, type WorldOptions } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 86_400;
const NOTES: Filter = { kinds: [1] };

type Verb = VirtualRelay['received'][number]['message']['type'];

/** Takes fake events for real. */
const scene = (options: Omit<WorldOptions, 'relays'> & { readonly relays?: readonly RelayOptions[] } = {}) => {
  const relays = (options.relays ?? [{}]).map((relay) => ({ verify: false, ...relay }));
  const { pool: settings, ...rest } = options;
  const { pool, relay, time, ...others } = world({ ...rest, relays, pool: { verifier: zerosVerifier, ...settings } });
  const aged = (content: string, age: number, kind = 1): NostrEvent =>
    fakeEvent({ content, kind, created_at: Math.floor(time.now() / 1_000) - age });
  return {
    ...others,
    pool,
    relay,
    time,
    aged,
    /** Events of the last month, an hour apart. */
    many: (count: number, name = 'known') =>
      Array.from({ length: count }, (_, i) => aged(`${name} ${i}`, 3_600 * (i + 1))),
    packets: (filter: Filter | readonly Filter[] = NOTES, { resume, ...more }: RequestOptions = {}) =>
      hear(pool.packets(filter, { ...more, resume: { mode: 'negentropy', ...resume } })),
    /** The connection is lost, these are stored meanwhile, and it comes back. */
    outage: async (...stored: readonly NostrEvent[]) => {
      relay.drop();
      relay.seed(...stored);
      await time.advance(20 * SECOND);
    },
    /** Everything is over, and nothing is left. */
    over: async () => {
      pool.close();
      expect(await time.settle(MINUTE)).toBe(true);
    },
  };
};

const count = ({ received }: VirtualRelay, verb: Verb): number =>
  received.filter(({ message }) => message.type === verb).length;
const gaps = ({ values }: Heard<Packet>) => values.filter((packet) => packet.type === 'gap');
const events = ({ values }: Heard<Packet>): readonly string[] =>
  words(values).filter((word) => word.startsWith('event'));

describe('after an outage, with negentropy', () => {
  it('what was stored meanwhile is delivered however it is dated, no gap is left, and EOSE comes after it', async () => {
    const { packets, outage, time, relay, aged, over } = scene();
    relay.seed(aged('known', DAY));
    const heard = packets();
    await time.advance(10 * SECOND);
    await outage(aged('a year old', 365 * DAY), aged('of 1970', 1_700_000_000), aged('new', 0));
    relay.add(aged('live, and a month old', 30 * DAY));
    await time.advance(SECOND);
    expect(words(heard.values)).toEqual([
      'event known',
      'eose 0',
      'lost connection-lost 0',
      'event new',
      'event a year old',
      'event of 1970',
      'eose 0',
      'event live, and a month old',
    ]);
    await over();
  });

  it('of 1,000 events that are known and one that is missing, few messages are sent, and one event', async () => {
    const { pool, packets, outage, time, relay, many, aged, over } = scene();
    relay.seed(many(1_000));
    const heard = packets();
    await time.advance(10 * SECOND);
    const counters = () => hear(pool.relays$).values.at(-1)?.[0]?.counters;
    const [sent, got, bytes] = [relay.received.length, counters()?.frames ?? 0, counters()?.bytes ?? 0];
    await outage(aged('missing', 20 * DAY + 1));
    expect(gaps(heard)).toEqual([]);
    expect(events(heard)).toHaveLength(1_001);
    const verbs = relay.received.slice(sent).map(({ message }) => message.type);
    expect(verbs).toEqual(['REQ', 'NEG-OPEN', 'NEG-MSG', 'NEG-CLOSE', 'REQ', 'CLOSE']);
    // The newest event by the live REQ, and the missing one; each REQ has its EOSE, and each message its answer.
    expect((counters()?.frames ?? 0) - got).toBe(6);
    expect((counters()?.bytes ?? 0) - bytes).toBeLessThan(2_500);
    await over();
  });

  it('each outage is proved for itself', async () => {
    const { packets, outage, time, relay, aged, over } = scene();
    const heard = packets();
    await time.advance(10 * SECOND);
    for (const age of [1, 2, 3]) await outage(aged(`${age} years old`, age * 365 * DAY));
    expect(events(heard)).toEqual(['event 1 years old', 'event 2 years old', 'event 3 years old']);
    expect([gaps(heard), count(relay, 'NEG-OPEN')]).toEqual([[], 3]);
    await over();
  });

  it('several relays are compared each with what came from all', async () => {
    const { packets, time, relays, many, aged, over } = scene({ relays: [{}, {}, {}] });
    for (const relay of relays) relay.seed(many(40));
    const heard = packets();
    await time.advance(10 * SECOND);
    const everywhere = aged('everywhere', 90 * DAY);
    for (const [index, relay] of relays.entries()) {
      relay.drop();
      relay.seed(everywhere, aged(`at ${index} alone`, (100 + index) * DAY));
    }
    await time.advance(20 * SECOND);
    expect(events(heard).slice(40).toSorted()).toEqual(
      ['at 0 alone', 'at 1 alone', 'at 2 alone', 'everywhere'].map((word) => `event ${word}`),
    );
    expect(gaps(heard)).toEqual([]);
    expect(words(heard.values).at(-1)).toBe('eose 0');
    await over();
  });

  it('what another relay has brought meanwhile is not missing', async () => {
    const { packets, outage, time, relay, relays, aged, over } = scene({ relays: [{}, {}] });
    const heard = packets();
    await time.advance(10 * SECOND);
    const event = aged('back-dated', 90 * DAY);
    relays[1]?.add(event);
    await outage(event);
    expect([events(heard), gaps(heard)]).toEqual([['event back-dated'], []]);
    expect(count(relay, 'NEG-OPEN')).toBe(1);
    expect(reqs(relay).flat()).not.toContainEqual(expect.objectContaining({ ids: expect.anything() as unknown }));
    await over();
  });

  it('each of several filters is compared, within its times', async () => {
    const { packets, outage, time, relay, many, aged, over } = scene();
    relay.seed(many(50));
    const now = Math.floor(time.now() / 1_000);
    const filters = [
      { kinds: [1], since: now - 100 * DAY },
      { kinds: [7], until: now - 2 * DAY },
    ];
    const heard = packets(filters);
    await time.advance(10 * SECOND);
    await outage(
      aged('note', 90 * DAY),
      aged('too old', 110 * DAY),
      aged('like', 90 * DAY, 7),
      aged('too new', DAY, 7),
    );
    expect(events(heard).slice(50).toSorted()).toEqual(['event like', 'event note']);
    expect(gaps(heard)).toEqual([]);
    const opened = relay.received.flatMap(({ message }) => (message.type === 'NEG-OPEN' ? [message] : []));
    expect(opened.map(({ filter }) => filter)).toEqual(filters);
    // Three of the notes are of that time.
    expect(opened[1]?.message.length).toBeLessThan(300);
    await over();
  });

  it('a live event that comes while the ids are compared is delivered once, and at once', async () => {
    const { packets, outage, time, relay, many, aged, over } = scene();
    relay.seed(many(1_000));
    const heard = packets();
    await time.advance(10 * SECOND);
    let rounds = 0;
    relay.received$.subscribe(({ message }) => {
      if (message.type === 'NEG-OPEN' || message.type === 'NEG-MSG') relay.add(aged(`live ${rounds++}`, 50 * DAY));
    });
    await outage(aged('missing', 20 * DAY + 1));
    expect(rounds).toBeGreaterThan(1);
    const live = Array.from({ length: rounds }, (_, i) => `event live ${i}`);
    expect(events(heard).slice(1_000)).toEqual([...live, 'event missing']);
    expect(gaps(heard)).toEqual([]);
    await over();
  });

  it('more events are missing than a relay gives at once, all are fetched', async () => {
    const { packets, outage, time, relay, many, over } = scene();
    relay.faults.cap = 100;
    const heard = packets();
    await time.advance(10 * SECOND);
    await outage(...many(620, 'missing'));
    expect(new Set(events(heard)).size).toBe(620);
    expect([events(heard).length, gaps(heard)]).toEqual([620, []]);
    await over();
  });

  it('no more ids are asked for at once than the relay takes and gives', async () => {
    for (const [limits, most] of [
      [{ max_limit: 30 }, 30],
      [{ max_message_length: 2_000 }, 28],
    ] as const) {
      const information = documents({ 'wss://relay1.test/': { limitation: limits } });
      const { packets, outage, time, relay, many, over } = scene({
        relays: [{ limits }],
        pool: { information },
      });
      const heard = packets();
      await time.advance(10 * SECOND);
      await outage(...many(100, 'missing'));
      expect([events(heard).length, gaps(heard)]).toEqual([100, []]);
      const asked = reqs(relay).flatMap(([filter]) => filter?.ids?.length ?? []);
      expect(Math.max(...asked)).toBe(most);
      await over();
    }
  });
});

/** A relay that answers each message of a reconciliation by what is made of its number, where `answer` gives something. */
const aLiar = (answer: (round: number) => string | undefined, options: Parameters<typeof scene>[0] = {}) => {
  const scenery = scene({ relays: [{ negentropy: false, unsupported: 'silence' }], ...options });
  let round = 0;
  scenery.relay.received$.subscribe(({ message }) => {
    if (message.type !== 'NEG-OPEN' && message.type !== 'NEG-MSG') return;
    const frame = answer(round++);
    if (frame !== undefined) scenery.relay.connections[0]?.send(frame.replace('ID', message.subscriptionId));
  });
  return { ...scenery, rounds: () => round };
};
const message = (hex: string): string => JSON.stringify(['NEG-MSG', 'ID', hex]);
/** A list of up to 127 ids of everything. */
const list = (...ids: readonly string[]): string =>
  message(`61000002${ids.length.toString(16).padStart(2, '0')}${ids.join('')}`);
const anId = (index: number): string => index.toString(16).padStart(64, 'a');

/** What was stored in an outage is asked for by its time, and what that may miss is said. */
async function expectWindow(
  { time, aged, outage, packets }: Pick<ReturnType<typeof scene>, 'time' | 'aged' | 'outage' | 'packets'>,
  filter: Filter = NOTES,
  options: RequestOptions = {},
): Promise<Heard<Packet>> {
  const heard = packets(filter, options);
  await time.advance(10 * SECOND);
  const hidden = aged('hidden', 30 * DAY);
  const before = heard.values.length;
  await outage(hidden, aged('newer', 120), aged('newest', 0));
  const values = heard.values.slice(before);
  expect(events({ ...heard, values }).toSorted()).toEqual(['event newer', 'event newest']);
  expect(gaps({ ...heard, values })).toEqual([expect.objectContaining({ since: filter.since ?? 0 })]);
  expect(gaps(heard)[0]?.until).toBeGreaterThan(hidden.created_at);
  expect(words(values).at(-1)).toBe('eose 0');
  return heard;
}

describe('the window is used instead, and its gap said', () => {
  const refusal = (...frame: readonly unknown[]): ReturnType<typeof aLiar> => aLiar(() => JSON.stringify(frame));

  it.each([
    ['says NOTICE alone', () => scene({ relays: [{ negentropy: false }] })],
    ['says nothing', () => scene({ relays: [{ negentropy: false, unsupported: 'silence' }] })],
    ['says NEG-ERR', () => refusal('NEG-ERR', 'ID', 'blocked: not here')],
    ['says that it is too much', () => scene({ relays: [{ limits: { max_sync_events: 2 } }] })],
    ['says CLOSED', () => refusal('CLOSED', 'ID', 'unsupported: no such thing')],
    ['sends nonsense', () => aLiar(() => message('61ffffffff'))],
    ['sends what is no hex', () => aLiar(() => message('nonsense'))],
    ['speaks another version', () => aLiar(() => message('62'))],
    ['stops in the middle', () => aLiar((round) => (round === 0 ? message(`61000001${'0'.repeat(32)}`) : undefined))],
    ['comes to no end', () => aLiar((round) => message(`61000001${`${round}`.padStart(32, '0')}`), { latency: 1 })],
  ] as const)('where a relay %s; it is not asked again', async (_, made) => {
    const scenery = made();
    const { relay, outage, aged, over } = scenery;
    const heard = await expectWindow(scenery, NOTES, { silenceTimeout: 3_000 });
    expect(count(relay, 'NEG-OPEN')).toBe(1);
    await outage(aged('of the next outage', 0));
    expect(events(heard).at(-1)).toBe('event of the next outage');
    expect([count(relay, 'NEG-OPEN'), gaps(heard).length]).toEqual([1, 2]);
    await over();
  });

  it('where a relay says nothing, which does not count against it', async () => {
    const verbs: string[] = [];
    const health: Stage = (exchange) => {
      verbs.push(exchange.verb);
      return pipelineStages.health(exchange);
    };
    const relays = [{ negentropy: false, unsupported: 'silence' }] as const;
    const scenery = scene({ relays, pool: { stages: { health } } });
    await expectWindow(scenery, NOTES, { silenceTimeout: 3_000 });
    expect(verbs).toEqual(['REQ', 'REQ', 'NEG-OPEN', 'REQ']);
    await scenery.over();
  });

  it('where the document of a relay does not name NIP-77', async () => {
    const information = documents({ 'wss://relay1.test/': { supported_nips: [1, 11] } });
    const scenery = scene({ pool: { information } });
    await expectWindow(scenery);
    expect(count(scenery.relay, 'NEG-OPEN')).toBe(0);
    await scenery.over();
  });

  it('where a relay has no time for it now; it is asked again after the next outage', async () => {
    let isBusy = true;
    const scenery = scene({ relays: [{ faults: { noticeOnly: ['NEG-OPEN'] } }] });
    const { relay, outage, over } = scenery;
    relay.received$.subscribe(({ message: { type, ...rest } }) => {
      if (type !== 'NEG-OPEN' || !isBusy || !('subscriptionId' in rest)) return;
      relay.connections[0]?.send(JSON.stringify(['NEG-ERR', rest.subscriptionId, 'rate-limited: slow down']));
    });
    const heard = await expectWindow(scenery);
    isBusy = false;
    relay.faults.noticeOnly = false;
    await outage();
    expect(events(heard).at(-1)).toBe('event hidden');
    expect([count(relay, 'NEG-OPEN'), gaps(heard).length]).toEqual([2, 1]);
    await over();
  });

  it('where the answer takes too long in all', async () => {
    const scenery = aLiar((round) => message(`61000001${`${round}`.padStart(32, '0')}`), { latency: 100 });
    await expectWindow(scenery, NOTES, { deadline: 5 * SECOND });
    expect(scenery.rounds()).toBeGreaterThan(10);
    expect(scenery.rounds()).toBeLessThan(30);
    expect(count(scenery.relay, 'NEG-CLOSE')).toBe(1);
    await scenery.over();
  });

  it('where the filter has a limit: what that cut off is not missing', async () => {
    const scenery = scene();
    await expectWindow(scenery, { kinds: [1], limit: 50 });
    expect(count(scenery.relay, 'NEG-OPEN')).toBe(0);
    await scenery.over();
  });

  it('where the filter has many ids: those that a relay names might be others', async () => {
    const { packets, time, outage, relay, aged, over } = scene();
    const [hidden, newest] = [aged('hidden', 30 * DAY), aged('newest', 0)];
    const ids = [...Array.from({ length: 600 }, (_, i) => anId(i)), hidden.id, newest.id];
    const heard = packets({ ids });
    await time.advance(10 * SECOND);
    await outage(hidden, newest);
    expect([events(heard), gaps(heard).length, count(relay, 'NEG-OPEN')]).toEqual([['event newest'], 1, 0]);
    await over();
  });

  it('a search is asked again whole, as ever', async () => {
    const { packets, time, outage, relay, aged, over } = scene();
    const heard = packets({ kinds: [1], search: 'word' });
    await time.advance(10 * SECOND);
    await outage(aged('a word', 30 * DAY));
    expect([events(heard), gaps(heard), count(relay, 'NEG-OPEN')]).toEqual([['event a word'], [], 0]);
    await over();
  });

  it('where more was delivered than may be compared', async () => {
    for (const [proven, isProved] of [
      [20, false],
      [23, true],
    ] as const) {
      const { packets, time, outage, relay, many, aged, over } = scene();
      relay.seed(many(21));
      const heard = packets(NOTES, { resume: { proven } });
      await time.advance(10 * SECOND);
      await outage(aged('hidden', 300 * DAY), aged('newest', 0));
      expect(count(relay, 'NEG-OPEN')).toBe(isProved ? 1 : 0);
      expect([gaps(heard).length, events(heard).length]).toEqual(isProved ? [0, 23] : [1, 22]);
      await over();
    }
  });

  it('where a relay names more than is remembered', async () => {
    const { packets, time, outage, relay, many, over } = scene();
    relay.seed(many(5));
    const heard = packets(NOTES, { resume: { proven: 10 } });
    await time.advance(10 * SECOND);
    await outage(...many(6, 'more'));
    expect([count(relay, 'NEG-OPEN'), gaps(heard).length]).toEqual([1, 1]);
    expect(
      reqs(relay)
        .flatMap(([filter]) => filter?.ids ?? [])
        .filter((id) => !/^0+$/.test(id)),
    ).toEqual([]);
    await over();
  });

  it('where some of what was delivered is forgotten', async () => {
    const { packets, time, outage, relay, many, aged, over } = scene();
    relay.seed(many(50));
    const heard = packets(NOTES, { seenCapacity: 40 });
    await time.advance(10 * SECOND);
    await outage(aged('hidden', 300 * DAY), aged('newest', 0));
    expect([count(relay, 'NEG-OPEN'), gaps(heard).length, events(heard).length]).toEqual([0, 1, 51]);
    await over();
  });

  it('where a relay names what it does not give, which it is asked for once', async () => {
    const scenery = aLiar(() => list(anId(1), anId(2)));
    await expectWindow(scenery);
    const asked = reqs(scenery.relay).filter(([filter]) => filter?.ids?.includes(anId(1)));
    expect(asked).toEqual([[{ kinds: [1], ids: [anId(1), anId(2)] }]]);
    await scenery.over();
  });

  it('where a relay gives some of what it names alone, and that is delivered', async () => {
    let named: readonly string[] = [];
    const { packets, time, outage, aged, over } = aLiar(() => list(...named));
    const heard = packets();
    await time.advance(10 * SECOND);
    const [hidden, other] = [aged('given', 30 * DAY), aged('not named', 30 * DAY)];
    named = [anId(1), hidden.id];
    await outage(hidden, other);
    expect([events(heard), gaps(heard).length]).toEqual([['event given'], 1]);
    await over();
  });

  it('where a relay names what does not match, and that is not delivered', async () => {
    let named: readonly string[] = [];
    const scenery = aLiar(() => list(...named));
    const like = scenery.aged('like', DAY, 7);
    scenery.relay.seed(like);
    named = [like.id];
    await expectWindow(scenery);
    await scenery.over();
  });

  it('where more REQs were needed than are allowed', async () => {
    const { packets, time, outage, relay, many, over } = scene();
    relay.faults.cap = 20;
    const heard = packets(NOTES, { resume: { pages: 3 } });
    await time.advance(10 * SECOND);
    await outage(...many(200, 'missing'));
    expect(reqs(relay).filter(([filter]) => (filter?.ids?.length ?? 0) > 1)).toHaveLength(3);
    expect(gaps(heard)).toHaveLength(1);
    expect(events(heard)).toHaveLength(61);
    await over();
  });

  it('in one of two relays, the other has none', async () => {
    const { packets, time, relays, aged, over } = scene({ relays: [{}, { negentropy: false }] });
    const heard = packets();
    await time.advance(10 * SECOND);
    for (const relay of relays) relay.drop();
    relays[0]?.seed(aged('hidden', 30 * DAY));
    await time.advance(20 * SECOND);
    expect(events(heard)).toEqual(['event hidden']);
    expect(gaps(heard)).toMatchObject([{ relay: relays[1]?.url }]);
    await over();
  });
});

describe('what ends it in the middle', () => {
  it('a connection that is lost: it begins anew on the next, and nothing comes twice', async () => {
    for (const verb of ['NEG-OPEN', 'NEG-MSG', 'REQ of ids'] as const) {
      const { packets, outage, time, relay, many, over } = scene();
      relay.seed(many(1_000));
      const heard = packets();
      await time.advance(10 * SECOND);
      let isDue = true;
      relay.received$.subscribe(({ message }) => {
        const what = message.type === 'REQ' && 'ids' in (message.filters[0] as Filter) ? 'REQ of ids' : message.type;
        if (!isDue || what !== verb) return;
        isDue = false;
        if (what === 'REQ of ids') relay.faults.dropAfter = 10;
        else relay.drop();
      });
      await outage(...many(30, 'missing'));
      expect(isDue).toBe(false);
      expect(new Set(events(heard)).size).toBe(1_030);
      expect([events(heard).length, gaps(heard), count(relay, 'NEG-OPEN')]).toEqual([1_030, [], 2]);
      expect(words(heard.values).at(-1)).toBe('eose 0');
      await over();
    }
  });

  it('the first pages, by an outage: a relay that takes too long then has all the same its place, and gives the rest', async () => {
    const { packets, time, relay, many, over } = aLiar((round) => message(`61000001${`${round}`.padStart(32, '0')}`), {
      latency: 100,
    });
    relay.faults.cap = 50;
    relay.seed(many(300));
    let asked = 0;
    relay.received$.subscribe(({ message: { type } }) => {
      if (type === 'REQ' && ++asked === 3) relay.drop();
    });
    const heard = packets(NOTES, { deadline: 5 * SECOND });
    await time.advance(30 * SECOND);
    expect(words(heard.values).filter((word) => word.startsWith('lost'))).toEqual(['lost connection-lost 1']);
    expect([events(heard).length, gaps(heard).length, count(relay, 'NEG-OPEN')]).toEqual([300, 1, 1]);
    expect(words(heard.values).at(-1)).toBe('eose 0');
    await over();
  });

  it('unsubscribing: the reconciliation is closed, and nothing is left', async () => {
    const { packets, outage, time, relay, aged, over } = scene();
    relay.seed(aged('known', DAY));
    const heard = packets();
    await time.advance(10 * SECOND);
    relay.received$.subscribe(({ message }) => {
      if (message.type === 'NEG-OPEN') heard.subscription.unsubscribe();
    });
    await outage(aged('missing', 30 * DAY));
    expect(relay.received.slice(-4).map(({ message: { type } }) => type)).toEqual([
      'REQ',
      'NEG-OPEN',
      'CLOSE',
      'NEG-CLOSE',
    ]);
    expect([events(heard), relay.subscriptionCount]).toEqual([['event known'], 0]);
    await over();
  });

  it('the relay ends the live REQ for good: what is not proved is said', async () => {
    const { packets, outage, time, relay, aged, over } = aLiar(() => undefined);
    const heard = packets();
    await time.advance(10 * SECOND);
    relay.received$.subscribe(({ message }) => {
      if (message.type !== 'NEG-OPEN') return;
      const live = relay.received.findLast(({ message: { type } }) => type === 'REQ')?.message;
      if (live?.type === 'REQ')
        relay.connections[0]?.send(JSON.stringify(['CLOSED', live.subscriptionId, 'blocked: go']));
    });
    await outage(aged('missing', 30 * DAY));
    expect(gaps(heard).map(({ since, until }) => [since > 0, until === Infinity])).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(words(heard.values).at(-1)).toBe('closed blocked 0');
    expect(count(relay, 'NEG-CLOSE')).toBe(1);
    await over();
  });
});

it('a number of events to compare that is none is refused', () => {
  for (const proven of [-1, 0.5, NaN]) {
    const { pool, packets } = scene();
    expect(packets(NOTES, { resume: { proven }, alone: true }).error).toBeInstanceOf(RangeError);
    pool.close();
  }
});
