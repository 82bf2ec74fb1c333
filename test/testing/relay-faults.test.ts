import { verifyEvent } from 'nostr-tools/pure';
import { describe, expect, it } from 'vitest';
import { isWellFormedEvent, type NostrEvent } from '../../src/protocol/event.ts';
import { parseRelayMessage } from '../../src/protocol/message.ts';
import {
  fakeEvent,
  RelayCore,
  signedEvent,
  testKey,
  testSigner,
  VirtualTime,
  type Lie,
  type RelayFaults,
  type RelayOptions,
} from '../../src/testing/index.ts';
import { memoryClient, type MemoryClient } from './support/memory-client.ts';

const start = Date.UTC(2026, 0, 1);
const now = start / 1000;

interface Scene {
  readonly time: VirtualTime;
  readonly relay: RelayCore;
  readonly client: MemoryClient;
}
function setUp(faults: Partial<RelayFaults> = {}, options: RelayOptions = {}): Scene {
  const time = new VirtualTime();
  const relay = new RelayCore({ verify: false, scheduler: time, faults, ...options });
  return { time, relay, client: memoryClient(relay) };
}
const verbs = (frames: readonly (readonly unknown[])[]): unknown[] => frames.map((frame) => frame[0]);
const eventsOf = (frames: readonly (readonly unknown[])[]): NostrEvent[] =>
  frames.flatMap((frame) => (frame[0] === 'EVENT' ? [frame[2] as NostrEvent] : []));
const notes = (count: number): NostrEvent[] =>
  Array.from({ length: count }, (_, n) => fakeEvent({ created_at: n + 1 }));
const timesOf = (frames: readonly (readonly unknown[])[]): number[] =>
  eventsOf(frames).map((event) => event.created_at);

describe('a relay without faults', () => {
  it('has none, and loses them all with clearFaults', () => {
    const { relay, client } = setUp();
    const before = { ...relay.faults };
    relay.faults.noEose = true;
    relay.faults.cap = 3;
    relay.faults.closedWith = 'error: no';
    relay.clearFaults();
    expect({ ...relay.faults }).toEqual(before);
    client.send(['REQ', 'a', {}]);
    expect(client.next()).toEqual([['EOSE', 'a', ['finish']]]);
  });
});

describe('delay', () => {
  it('holds every answer and every live event back, in order', async () => {
    const { time, relay, client } = setUp({ delay: 100 });
    relay.seed(fakeEvent({ content: 'stored' }));
    client.send(['REQ', 'a', {}]);
    await time.advance(50);
    relay.add(fakeEvent({ content: 'live' }));
    client.send(['COUNT', 'b', {}]);
    await time.advance(49);
    expect(client.frames).toEqual([]);
    await time.advance(1);
    expect(verbs(client.next())).toEqual(['EVENT', 'EOSE']);
    await time.advance(49);
    expect(client.next()).toEqual([]);
    await time.advance(1);
    expect(verbs(client.next())).toEqual(['EVENT', 'COUNT']);
  });

  it('may be drawn anew each time, and nothing overtakes', async () => {
    const delays = [500, 10];
    const { time, client } = setUp({ delay: () => delays.shift() ?? 0 });
    client.send(['REQ', 'slow', {}], ['REQ', 'fast', {}], ['REQ', 'none', {}]);
    await time.advance(499);
    expect(client.frames).toEqual([]);
    await time.advance(1);
    expect(client.frames.map((frame) => frame[1])).toEqual(['slow', 'fast', 'none']);
  });

  it('draws from the seed of the relay', async () => {
    const arrivals = async (seed: number): Promise<number[]> => {
      const { time, client } = setUp({ delay: (random) => random() * 1_000 }, { seed });
      const seen: number[] = [];
      for (let n = 0; n < 5; n += 1) {
        client.send(['REQ', `${n}`, {}]);
        await time.until(() => client.frames.length > n);
        seen.push(time.now());
      }
      return seen;
    };
    expect(await arrivals(1)).toEqual(await arrivals(1));
    expect(await arrivals(1)).not.toEqual(await arrivals(2));
  });

  it('dies with the connection', async () => {
    const { time, client } = setUp({ delay: 100 });
    client.send(['REQ', 'a', {}], ['REQ', 'b', {}]);
    client.session.disconnected();
    expect(time.actions).toEqual([]);
    await time.advance(1_000);
    expect(client.frames).toEqual([]);
  });
});

describe('halfOpen', () => {
  it('silences the open connections for good, and new ones while it is set', async () => {
    const { time, relay, client } = setUp({ delay: 10 });
    client.send(['REQ', 'a', {}]);
    relay.faults.halfOpen = true;
    const second = memoryClient(relay);
    second.send(['REQ', 'a', {}]);
    relay.faults.halfOpen = false;
    client.send(['REQ', 'b', {}]);
    relay.add(fakeEvent());
    const third = memoryClient(relay);
    third.send(['REQ', 'a', {}]);
    await time.advance(1_000);
    expect([client.frames, second.frames]).toEqual([[], []]);
    expect(verbs(third.frames)).toEqual(['EVENT', 'EOSE']);
    expect(relay.received.map(({ connection }) => connection)).toEqual([1, 3]);
    expect(relay.connectionCount).toBe(3);
    expect(client.session.isFrozen).toBe(true);
    relay.drop();
    expect(client.closedWith).toBe(1006);
  });
});

describe('answers that fail to come, or come wrong', () => {
  it('noEose', () => {
    const { relay, client } = setUp({ noEose: true });
    relay.seed(fakeEvent());
    client.send(['REQ', 'a', {}]);
    expect(verbs(client.next())).toEqual(['EVENT']);
    relay.add(fakeEvent({ content: 'live' }));
    expect(verbs(client.next())).toEqual(['EVENT']);
  });

  it('duplicateEose', () => {
    const { client } = setUp({ duplicateEose: true });
    client.send(['REQ', 'a', {}]);
    expect(verbs(client.next())).toEqual(['EOSE', 'EOSE']);
  });

  it('noOk: stores and broadcasts all the same', () => {
    const { relay, client } = setUp({ noOk: true });
    client.send(['REQ', 'a', {}], ['EVENT', fakeEvent()]);
    expect(verbs(client.next())).toEqual(['EOSE', 'EVENT']);
    expect(relay.store.size).toBe(1);
  });

  it('okGarbageId', () => {
    const { client } = setUp({ okGarbageId: true });
    client.send(['EVENT', fakeEvent()]);
    expect(client.next()).toEqual([['OK', 'garbage', true, '']]);
  });

  it('rejectsDuplicates', () => {
    const { client } = setUp({ rejectsDuplicates: true });
    const event = fakeEvent();
    client.send(['EVENT', event], ['EVENT', event]);
    expect(client.next().map((frame) => frame.slice(2))).toEqual([
      [true, ''],
      [false, 'duplicate: already have this event'],
    ]);
  });

  it('noticeOnly: REQ, COUNT, AUTH and NEG-OPEN get nothing but a NOTICE, and open nothing', () => {
    const { relay, client } = setUp({ noticeOnly: true });
    const asking = [
      ['REQ', 'a', {}],
      ['COUNT', 'a', {}],
      ['AUTH', fakeEvent()],
      ['NEG-OPEN', 'a', {}, '61'],
    ] as const;
    for (const message of asking) {
      client.send(message);
      expect(client.next()).toEqual([['NOTICE', expect.stringMatching(/^error: /)]]);
    }
    relay.add(fakeEvent());
    expect(client.next()).toEqual([]);
    client.send(['EVENT', fakeEvent({ content: 'x' })]);
    expect(verbs(client.next())).toEqual(['OK']);
  });

  it('noticeOnly: for those that are listed', () => {
    const { relay, client } = setUp({ noticeOnly: ['EVENT'] });
    client.send(['REQ', 'a', {}], ['EVENT', fakeEvent()]);
    expect(verbs(client.next())).toEqual(['EOSE', 'NOTICE']);
    expect(relay.store.size).toBe(0);
  });

  it('closedWith: refuses whatever asks, and ends what had the same id', () => {
    const { relay, client } = setUp();
    client.send(['REQ', 'a', {}]);
    relay.faults.closedWith = 'error: shutting down';
    client.next();
    client.send(['REQ', 'a', {}], ['COUNT', 'b', {}], ['NEG-OPEN', 'c', {}, '61']);
    expect(client.next()).toEqual([
      ['CLOSED', 'a', 'error: shutting down'],
      ['CLOSED', 'b', 'error: shutting down'],
      ['NEG-ERR', 'c', 'error: shutting down'],
    ]);
    expect(relay.subscriptionCount).toBe(0);
  });

  it('rejectedWith', () => {
    const { relay, client } = setUp({ rejectedWith: 'rate-limited: slow down' });
    const event = fakeEvent();
    client.send(['EVENT', event]);
    expect(client.next()).toEqual([['OK', event.id, false, 'rate-limited: slow down']]);
    expect(relay.store.size).toBe(0);
  });

  it('malformed: one broken frame before each answer and each live event, of every sort in turn', () => {
    const { relay, client } = setUp({ malformed: true });
    client.send(['REQ', 'live', { kinds: [7] }]);
    for (let n = 0; n < 60; n += 1) client.send(['COUNT', `${n}`, {}]);
    relay.add(fakeEvent({ kind: 7 }));
    const broken = client.raw.filter((_, at) => at % 2 === 0);
    const sound = client.raw.filter((_, at) => at % 2 === 1);
    expect(sound.map((frame) => parseRelayMessage(frame).type)).toEqual([
      'EOSE',
      ...Array<string>(60).fill('COUNT'),
      'EVENT',
    ]);
    for (const frame of broken) {
      const message = parseRelayMessage(frame);
      const isHarmless =
        message.type === 'MALFORMED' ||
        message.type === 'UNKNOWN' ||
        (message.type === 'EVENT' && !isWellFormedEvent(message.event));
      expect({ frame, isHarmless }).toEqual({ frame, isHarmless: true });
    }
    expect(new Set(broken).size).toBeGreaterThan(20);
  });
});

describe('what is stored comes otherwise than asked', () => {
  it('ignoresLimitZero', () => {
    const { relay, client } = setUp({ ignoresLimitZero: true });
    relay.seed(notes(3));
    client.send(['REQ', 'a', { limit: 0 }]);
    expect(timesOf(client.next())).toEqual([3, 2, 1]);
    client.send(['REQ', 'b', { limit: 1 }]);
    expect(timesOf(client.next())).toEqual([3]);
  });

  it('cap: cuts unannounced, and the hint tells', () => {
    const { relay, client } = setUp({ cap: 2 });
    relay.seed(notes(3));
    client.send(['REQ', 'a', { limit: 100 }]);
    const frames = client.next();
    expect(timesOf(frames)).toEqual([3, 2]);
    expect(frames.at(-1)).toEqual(['EOSE', 'a', ['more']]);
    expect(JSON.stringify(relay.information)).not.toContain('max_limit');
  });

  it('order: another order of the same events', () => {
    const { relay, client } = setUp({ order: 'oldest', cap: 20 });
    relay.seed(notes(30));
    client.send(['REQ', 'a', {}]);
    const oldest = timesOf(client.next());
    expect(oldest).toEqual(Array.from({ length: 20 }, (_, n) => 11 + n));
    relay.faults.order = 'shuffled';
    client.send(['REQ', 'a', {}]);
    const shuffled = timesOf(client.next());
    expect(shuffled).not.toEqual(oldest);
    expect(shuffled).not.toEqual([...oldest].reverse());
    expect([...shuffled].sort((a, b) => a - b)).toEqual(oldest);
  });

  it('tieBreak: decides which of one second a limit takes', () => {
    const { relay, client } = setUp();
    const tied = ['c', 'a', 'b'].map((digit) => fakeEvent({ id: digit.repeat(64), created_at: 5 }));
    relay.seed(tied);
    const firstTwo = (tieBreak: RelayFaults['tieBreak']): (string | undefined)[] => {
      relay.faults.tieBreak = tieBreak;
      client.send(['REQ', 'a', { limit: 2 }]);
      return eventsOf(client.next()).map((event) => event.id[0]);
    };
    expect(firstTwo('lowest-id')).toEqual(['a', 'b']);
    expect(firstTwo('highest-id')).toEqual(['c', 'b']);
    expect(firstTwo('first-stored')).toEqual(['c', 'a']);
    expect(firstTwo('last-stored')).toEqual(['b', 'a']);
  });

  it('dropAfter: cuts once, after so many events of an answer that has as many', () => {
    const { relay, client } = setUp({ dropAfter: 2 });
    relay.seed(notes(3));
    client.send(['REQ', 'short', { limit: 1 }]);
    expect(verbs(client.next())).toEqual(['EVENT', 'EOSE']);
    client.send(['REQ', 'long', {}]);
    expect(verbs(client.next())).toEqual(['EVENT', 'EVENT']);
    expect(client.closedWith).toBe(1006);
    expect(relay.connectionCount).toBe(0);
    const again = memoryClient(relay);
    again.send(['REQ', 'long', {}]);
    expect(verbs(again.next())).toEqual(['EVENT', 'EVENT', 'EVENT', 'EOSE']);
    expect(again.closedWith).toBeUndefined();
  });

  it('dropAfter: cuts after the delay, not before', async () => {
    const { time, relay, client } = setUp({ dropAfter: 1, delay: 100 });
    relay.seed(notes(2));
    client.send(['REQ', 'a', {}]);
    await time.advance(99);
    expect(client.closedWith).toBeUndefined();
    await time.advance(1);
    expect(verbs(client.frames)).toEqual(['EVENT']);
    expect(client.closedWith).toBe(1006);
  });
});

describe('authentication', () => {
  it('lateAuth: the challenge comes after the refusal, once', async () => {
    const { time, client } = setUp({ lateAuth: 300 }, { auth: { read: true } });
    expect(client.frames).toEqual([]);
    client.send(['REQ', 'a', {}]);
    await time.advance(100);
    client.send(['REQ', 'b', {}]);
    expect(verbs(client.next())).toEqual(['CLOSED', 'CLOSED']);
    await time.advance(199);
    expect(client.next()).toEqual([]);
    await time.advance(1);
    expect(verbs(client.next())).toEqual(['AUTH']);
    await time.advance(1_000);
    client.send(['REQ', 'c', {}]);
    expect(verbs(client.next())).toEqual(['CLOSED']);
  });

  it('lateAuth: leaves no timer when the connection goes', async () => {
    const { time, client } = setUp({ lateAuth: 300 }, { auth: { read: true } });
    client.send(['REQ', 'a', {}]);
    client.session.disconnected();
    expect(time.actions).toEqual([]);
    await time.advance(1_000);
    expect(verbs(client.frames)).toEqual(['CLOSED']);
  });

  it('authRejectedWith', async () => {
    const { relay, client } = setUp({ authRejectedWith: 'error: not today' }, { auth: { read: true } });
    const challenge = String(client.next()[0]?.[1]);
    const tags = [
      ['relay', relay.url],
      ['challenge', challenge],
    ];
    const auth = await testSigner(testKey(0)).signEvent({ kind: 22_242, tags });
    client.send(['AUTH', auth], ['REQ', 'a', {}]);
    expect(client.next()).toEqual([
      ['OK', auth.id, false, 'error: not today'],
      ['CLOSED', 'a', expect.stringMatching(/^auth-required: /)],
    ]);
    relay.faults.authRejectedWith = undefined;
    client.send(['AUTH', auth], ['REQ', 'a', {}]);
    expect(verbs(client.next())).toEqual(['OK', 'EOSE']);
  });
});

describe('lies', () => {
  const truth = signedEvent({ content: 'true', tags: [['t', 'x']] }, testKey(0));
  const told = (lie: Lie, filter: object = { kinds: [1] }, faults: Partial<RelayFaults> = {}): NostrEvent[] => {
    const { relay, client } = setUp({ lie, ...faults });
    relay.seed(truth);
    client.send(['REQ', 'a', filter]);
    const frames = client.next();
    expect(frames.at(-1)?.[0]).toBe('EOSE');
    return eventsOf(frames);
  };

  it('forged-signature: all the same but the signature', () => {
    const [forged] = told('forged-signature');
    expect({ ...forged, sig: truth.sig }).toEqual(truth);
    expect(isWellFormedEvent(forged)).toBe(true);
    expect(forged && verifyEvent(forged)).toBe(false);
  });

  it('forged-content: another content under the same id and signature', () => {
    const [forged] = told('forged-content');
    expect(forged?.content).not.toBe(truth.content);
    expect({ ...forged, content: truth.content }).toEqual(truth);
  });

  it('wrong-id: another id over the same event', () => {
    const [forged] = told('wrong-id');
    expect(forged?.id).not.toBe(truth.id);
    expect({ ...forged, id: truth.id }).toEqual(truth);
    expect(isWellFormedEvent(forged)).toBe(true);
  });

  it('unmatched: valid, and not asked for', () => {
    const [other] = told('unmatched');
    expect(other?.kind).not.toBe(1);
    expect(other && verifyEvent(other)).toBe(true);
    const [byAnother] = told('unmatched', { authors: [truth.pubkey] });
    expect(byAnother?.pubkey).not.toBe(truth.pubkey);
    expect(told('unmatched', {})).toEqual([truth]);
  });

  it('future-dated: valid, matching, and ten years ahead', () => {
    const [future] = told('future-dated', { kinds: [1], '#t': ['x'] });
    expect(future).toMatchObject({ kind: 1, tags: [['t', 'x']], created_at: now + 315_360_000 });
    expect(future && verifyEvent(future)).toBe(true);
  });

  it('come in the place of the truth, or in front of it', () => {
    expect(told('forged-content')).toHaveLength(1);
    const [first, second] = told('forged-content', { kinds: [1] }, { lieInFront: true });
    expect(first?.content).not.toBe(truth.content);
    expect(second).toEqual(truth);
  });

  it('are told about live events too, and never stored', () => {
    const { relay, client } = setUp({ lie: 'forged-content' });
    client.send(['REQ', 'a', {}]);
    client.next();
    relay.add(truth);
    expect(eventsOf(client.next())[0]?.content).toBe('true (forged)');
    relay.clearFaults();
    client.send(['REQ', 'a', {}]);
    expect(eventsOf(client.next())).toEqual([truth]);
  });
});

describe('flood', () => {
  it('sends at once, to every connection', () => {
    const { relay, client } = setUp();
    const other = memoryClient(relay);
    relay.flood({ kind: 'notice', count: 1_000 });
    for (const each of [client, other]) expect(verbs(each.frames)).toEqual(Array<string>(1_000).fill('NOTICE'));
  });

  it('sends at a rate, until it is stopped', async () => {
    const { time, relay, client } = setUp();
    const flood = relay.flood({ kind: 'notice', count: 10_000, perSecond: 1_000 });
    await time.advance(500);
    expect(client.frames.length).toBe(500);
    flood.unsubscribe();
    await time.advance(5_000);
    expect(client.frames.length).toBe(500);
  });

  it('comes to its end at a rate, even a slow one', async () => {
    const { time, relay, client } = setUp();
    relay.flood({ kind: 'notice', count: 3, perSecond: 2 });
    await time.advance(999);
    expect(client.frames.length).toBe(1);
    expect(await time.settle()).toBe(true);
    expect(client.frames.length).toBe(3);
    expect(time.now() - start).toBeLessThanOrEqual(1_520);
  });

  it('unmatched: valid events that match nothing, for each open subscription', () => {
    const { relay, client } = setUp();
    client.send(['REQ', 'a', { kinds: [1] }], ['REQ', 'b', { kinds: [7] }], ['REQ', 'all', {}]);
    client.next();
    relay.flood({ kind: 'unmatched', count: 20 });
    const frames = client.next();
    expect(frames.filter((frame) => frame[1] === 'a' && (frame[2] as NostrEvent).kind !== 1)).toHaveLength(20);
    expect(frames.filter((frame) => frame[1] === 'b' && (frame[2] as NostrEvent).kind !== 7)).toHaveLength(20);
    expect(frames).toHaveLength(40);
    expect(eventsOf(frames).every((event) => verifyEvent(event))).toBe(true);
  });

  it('unknown-subscription: each for an id of its own', () => {
    const { relay, client } = setUp();
    relay.flood({ kind: 'unknown-subscription', count: 20 });
    expect(verbs(client.frames)).toEqual(Array<string>(20).fill('EVENT'));
    expect(new Set(client.frames.map((frame) => frame[1])).size).toBe(20);
  });

  it('auth: each a new challenge; the last one counts', async () => {
    const { relay, client } = setUp();
    relay.flood({ kind: 'auth', count: 20 });
    const challenges = client.next().map((frame) => String(frame[1]));
    expect(new Set(challenges).size).toBe(20);
    const tags = [
      ['relay', relay.url],
      ['challenge', challenges.at(-1) ?? ''],
    ];
    client.send(['AUTH', await testSigner(testKey(0)).signEvent({ kind: 22_242, tags })]);
    expect(client.next()[0]?.[2]).toBe(true);
  });

  it('malformed: frames that are no message', () => {
    const { relay, client } = setUp();
    relay.flood({ kind: 'malformed', count: 50 });
    expect(client.raw).toHaveLength(50);
    expect(client.raw.some((frame) => parseRelayMessage(frame).type === 'MALFORMED')).toBe(true);
  });
});

describe('a scripted frame', () => {
  it('is sent as it is', () => {
    const { client } = setUp({ malformed: true });
    client.session.send('["EVENT","never asked",{}]');
    expect(client.raw).toEqual(['["EVENT","never asked",{}]']);
  });
});
