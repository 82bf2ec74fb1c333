import { describe, expect, it } from 'vitest';
import { SeenIds } from '../../src/policies/seen-ids.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import { type FramePeek, peekFrame } from '../../src/protocol/frame.ts';
import { parseReason } from '../../src/protocol/reason.ts';
import { RelayError } from '../../src/protocol/relay-error.ts';
import { relayEvent } from '../../src/protocol/relay-frame.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { newRelayCounters } from '../../src/sources/relay-counters.ts';
import { RelaySubscription, type SubscriptionHost } from '../../src/sources/relay-subscription.ts';
import { fakeEvent, VirtualTime } from '../../src/testing/index.ts';
import { Verification } from '../../src/verifiers/verification.ts';
import { laterVerifier, zerosVerifier } from '../support/clocked-verifiers.ts';

const lost = new RelayError('connection-lost', relayUrl('wss://relay.test'), 'gone');
const abusive = new RelayError('abusive', relayUrl('wss://relay.test'), 'too much');
const authRequired = parseReason('auth-required: who are you?');

/** A subscription without a connection; `said` is what its user and its host heard, in order. */
function setUp({ filters = [{ kinds: [1] }] as readonly Filter[], verdictAfter = 100, capacity = 1_000 } = {}) {
  const time = new VirtualTime();
  const verification = new Verification({
    scheduler: time,
    verifier: laterVerifier(() => time, verdictAfter, zerosVerifier),
  });
  const said: string[] = [];
  const sighted: string[] = [];
  let authenticated: ((accepted: boolean) => void) | undefined;
  const host: SubscriptionHost = {
    verification,
    scheduler: time,
    counters: newRelayCounters(),
    maxBacklog: Infinity,
    full: () => said.push('full'),
    eased: () => said.push('eased'),
    sighted: (id) => void sighted.push(id),
    misbehaved: (what) => said.push(what),
    open: () => said.push('open'),
    release: (_, sendClose) => said.push(sendClose ? 'CLOSE' : 'released'),
    authenticate: (done) => (authenticated = done),
  };
  const delivered = new SeenIds({ capacity });
  const another = (): RelaySubscription =>
    new RelaySubscription(
      '0',
      filters,
      host,
      {
        event: ({ content }) => said.push(`event ${content}`),
        duplicate: (createdAt) => said.push(`duplicate ${createdAt}`),
        eose: (hints) => said.push(`eose ${hints.join()}`),
        closed: ({ prefix }) => said.push(`closed ${prefix}`),
        lost: ({ code }) => said.push(`lost ${code}`),
      },
      { delivered },
    );
  const subscription = another();
  const frame = (event: unknown, to = subscription): void => {
    const text = relayEvent('0', event);
    to.frame(text, peekOf(text));
  };
  return {
    time,
    said,
    sighted,
    host,
    subscription,
    another,
    frame,
    authenticated: (accepted: boolean) => authenticated?.(accepted),
    counters: host.counters,
  };
}
const peekOf = (frame: string): FramePeek => {
  const peek = peekFrame(frame);
  if (!peek) throw new Error(`nothing to be seen in ${frame}`);
  return peek;
};
const note = (content: string, fields: Partial<NostrEvent> = {}): NostrEvent => fakeEvent({ content, ...fields });

describe('RelaySubscription', () => {
  it('notes what it was sent, once a copy of it has verified', async () => {
    const { frame, sighted, time } = setUp();
    const [real, forged] = [note('real'), note('forged', { sig: 'f'.repeat(128) })];
    for (const event of [forged, real]) frame(event);
    expect(sighted).toEqual([]);
    await time.advance(200);
    expect(sighted.splice(0)).toEqual([real.id]);
    for (const event of [real, note('other kind', { kind: 7 })]) frame(event);
    await time.advance(200);
    expect(sighted).toEqual([real.id]);
  });

  it('takes an event through the checks from the cheapest to the dearest', async () => {
    const { frame, said, time, counters } = setUp();
    frame({ nonsense: true });
    frame(note('other kind', { kind: 7, sig: 'f'.repeat(128) }));
    expect(said.splice(0)).toEqual(['invalid', 'unmatched']);
    frame(note('forged', { sig: 'f'.repeat(128) }));
    frame(note('real', { created_at: 5 }));
    expect(said).toEqual([]);
    await time.advance(200);
    expect(said.splice(0)).toEqual(['invalid', 'event real']);
    frame(note('real', { created_at: 5 }));
    expect(said).toEqual(['duplicate 5']);
    expect(counters).toMatchObject({ events: 1, duplicates: 1, invalid: 2, unmatched: 1 });
  });

  it('does not parse what was delivered, and does not verify what another subscription had verified', async () => {
    const { frame, said, time, another, subscription, host } = setUp();
    const real = note('real', { created_at: 5 });
    frame(real);
    await time.advance(200);
    said.length = 0;
    // Cut short: whoever parsed it would find no message.
    const text = relayEvent('0', real);
    subscription.frame(text.slice(0, -10), peekOf(text));
    expect(said).toEqual(['duplicate 5']);
    const other = new RelaySubscription(
      '1',
      [{ kinds: [1] }],
      host,
      {
        event: (event) => said.push(`other ${event.content} ${event.sig[0]}`),
        duplicate: () => undefined,
        eose: () => undefined,
        closed: () => undefined,
        lost: () => undefined,
      },
      { delivered: new SeenIds() },
    );
    frame({ ...real, content: 'changed', sig: 'f'.repeat(128) }, other);
    const changed = relayEvent('0', { ...real, content: 'changed' });
    other.frame(changed, { ...peekOf(changed), id: undefined });
    expect(said.slice(1)).toEqual(['other real 0']);
    expect(another().backlog).toBe(0);
  });

  it('checks what is known by its own filter, and keeps it behind what waits', async () => {
    const { frame, said, time, another } = setUp();
    frame(note('known'));
    await time.advance(200);
    said.length = 0;
    const second = another();
    frame(note('waits'));
    // Delivered for this request already, whichever of its subscriptions brought it.
    frame(note('known', { created_at: 7 }), second);
    expect(said).toEqual([]);
    await time.advance(200);
    expect(said).toEqual(['event waits', 'event known']);
  });

  it('delivers nothing that expired while it waited (NIP-40)', async () => {
    const { frame, said, time, counters } = setUp({ verdictAfter: 5_000 });
    const soon = Math.floor(time.now() / 1_000) + 2;
    frame(note('short-lived', { tags: [['expiration', `${soon}`]] }));
    await time.advance(6_000);
    expect(said).toEqual([]);
    expect(counters.expired).toBe(1);
  });

  it('says of what is not fit to be delivered that it was there', async () => {
    const { host, time } = setUp();
    const said: string[] = [];
    const past = Math.floor(time.now() / 1_000) - 1;
    const sink = {
      event: ({ content }: NostrEvent) => said.push(content),
      duplicate: () => said.push('duplicate'),
      unfit: () => said.push('unfit'),
      eose: () => said.push('eose'),
      closed: () => undefined,
      lost: () => undefined,
    };
    const subscription = new RelaySubscription('0', [{ kinds: [1] }], host, sink, { delivered: new SeenIds() });
    const good = note('good');
    const another = note('of another kind', { kind: 7 });
    host.verification.check(another, { verified: () => undefined });
    await time.advance(1_000);
    const events = [
      good,
      { ...note('forged'), sig: '1'.repeat(128) },
      note('unmatched', { kind: 3 }),
      another,
      note('over', { tags: [['expiration', `${past}`]] }),
      'no event',
      good,
    ];
    for (const event of events) {
      const text = relayEvent('0', event);
      subscription.frame(text, peekOf(text));
    }
    subscription.eose([]);
    await time.advance(1_000);
    expect(said).toEqual(['good', 'unfit', 'unfit', 'unfit', 'unfit', 'unfit', 'duplicate', 'eose']);
  });

  it('verifies nothing again that had expired', async () => {
    const { frame, said, time, counters } = setUp();
    const past = Math.floor(time.now() / 1_000) - 1;
    const expired = note('over', { tags: [['expiration', `${past}`]] });
    frame(expired);
    await time.advance(1_000);
    frame(expired);
    await time.advance(1_000);
    expect([counters.expired, counters.duplicates]).toEqual([1, 1]);
    expect(said.filter((word) => word.startsWith('event'))).toEqual([]);
  });

  it('says what waits, and keeps EOSE, CLOSED and the end behind it', async () => {
    const { frame, said, subscription, time } = setUp();
    frame(note('a'));
    frame(note('b'));
    subscription.eose(['finish']);
    frame(note('c'));
    subscription.lost(lost);
    expect(subscription.backlog).toBe(5);
    expect(subscription.isBusy).toBe(true);
    await time.advance(200);
    expect(said).toEqual(['event a', 'event b', 'eose finish', 'event c', 'lost connection-lost']);
    expect(subscription.backlog).toBe(0);
    expect(subscription.isBusy).toBe(false);
  });

  it('takes what was delivered before for a part of the answer only when it comes before EOSE', async () => {
    const { frame, said, subscription, time, counters } = setUp();
    frame(note('a'));
    await time.advance(200);
    frame(note('b'));
    frame(note('a'));
    subscription.eose([]);
    frame(note('a'));
    await time.advance(200);
    expect(said).toEqual(['event a', `duplicate ${note('a').created_at}`, 'event b', 'eose ']);
    expect(counters.duplicates).toBe(2);
  });

  it('delivers nothing more once it is closed', async () => {
    const { frame, said, subscription, time } = setUp();
    frame(note('a'));
    subscription.eose([]);
    subscription.close();
    subscription.close();
    await time.advance(200);
    expect(said).toEqual(['CLOSE']);
    expect(subscription.backlog).toBe(0);
  });

  it('drains: takes its leave of the relay at once, and calls back behind what waits', async () => {
    const { frame, said, subscription, time } = setUp();
    frame(note('a'));
    subscription.drain(() => said.push('drained'));
    expect(said).toEqual(['CLOSE']);
    await time.advance(200);
    expect(said).toEqual(['CLOSE', 'event a', 'drained']);
    const idle = setUp();
    idle.subscription.drain(() => idle.said.push('drained'));
    expect(idle.said).toEqual(['CLOSE', 'drained']);
  });

  it('is released without CLOSE when the relay ended it', () => {
    const { said, subscription } = setUp();
    subscription.closed(parseReason('error: no'));
    subscription.close();
    expect(said).toEqual(['released', 'closed error']);
  });

  it('lets go of what an abusive relay had sent, and counts it', async () => {
    const { frame, said, subscription, time, counters } = setUp();
    frame(note('a'));
    frame(note('b'));
    subscription.lost(abusive);
    expect(said).toEqual(['lost abusive']);
    expect(counters.discarded).toBe(2);
    await time.advance(200);
    expect(said).toEqual(['lost abusive']);
  });

  describe('where the relay wants an authentication', () => {
    it('is opened again under the same id when that was accepted', () => {
      const { said, subscription, authenticated } = setUp();
      subscription.closed(authRequired);
      expect(subscription.isBusy).toBe(true);
      expect(said).toEqual([]);
      authenticated(true);
      expect(said).toEqual(['open']);
      expect(subscription.isBusy).toBe(false);
      subscription.closed(authRequired);
      expect(said).toEqual(['open', 'released', 'closed auth-required']);
    });

    it('is refused when it was not', () => {
      const { said, subscription, authenticated } = setUp();
      subscription.closed(authRequired);
      authenticated(false);
      expect(said).toEqual(['released', 'closed auth-required']);
    });

    it.each(['close', 'lost', 'drain'] as const)('does nothing more after %s', (end) => {
      const { said, subscription, authenticated } = setUp();
      subscription.closed(authRequired);
      if (end === 'close') subscription.close();
      else if (end === 'lost') subscription.lost(lost);
      else subscription.drain(() => undefined);
      said.length = 0;
      authenticated(true);
      authenticated(false);
      expect(said).toEqual([]);
    });
  });
});
