import { describe, expect, it, vi } from 'vitest';
import { FilterError } from '../../src/protocol/filter.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { ClientMessage } from '../../src/protocol/message.ts';
import {
  relayAuth,
  relayClosed,
  relayCount,
  relayEose,
  relayEvent,
  relayNegErr,
  relayNegMsg,
  relayNotice,
  relayOk,
} from '../../src/protocol/relay-frame.ts';
import { RelayError } from '../../src/protocol/relay-error.ts';
import { fakeEvent, signedEvent, testKey, testSigner, VirtualTime } from '../../src/testing/index.ts';
import { Gate } from '../../src/sources/gate.ts';
import { watchLiveness } from '../../src/sources/liveness.ts';
import { RelayConduct } from '../../src/policies/relay-conduct.ts';
import { SeenIds } from '../../src/policies/seen-ids.ts';
import { Verification } from '../../src/verifiers/verification.ts';
import { aConnection, type OpenConnection } from '../support/a-connection.ts';
import { laterVerifier, zerosVerifier } from '../support/clocked-verifiers.ts';
import { contents, hear } from '../support/world.ts';

const notes = (count: number): NostrEvent[] => Array.from({ length: count }, (_, i) => fakeEvent({ content: `${i}` }));
const verbs = (sent: readonly ClientMessage[]): string[] => sent.map(({ type }) => type);
const gone = (connection: OpenConnection['connection']): RelayError =>
  new RelayError('connection-lost', connection.url, 'gone');

/** A connection that takes fake events for real, at once or after so many milliseconds. */
function open(options: Parameters<typeof aConnection>[0] & { verdictAfter?: number } = {}): OpenConnection {
  const time = new VirtualTime();
  const { verdictAfter = 0, ...rest } = options;
  const verifier = verdictAfter > 0 ? laterVerifier(() => time, verdictAfter, zerosVerifier) : zerosVerifier;
  return aConnection({ scheduler: time, verification: new Verification({ scheduler: time, verifier }), ...rest });
}

const silent = {
  event: () => undefined,
  duplicate: () => undefined,
  eose: () => undefined,
  closed: () => undefined,
  lost: () => undefined,
};

describe('Connection', () => {
  describe('REQ', () => {
    it('gives each frame to the subscription that it names, and to no other', async () => {
      const { connection, receive, requestIds, time } = open();
      const all = ['one', 'two', 'three'].map(() => hear(connection.subscribe({ kinds: [1] })));
      const ids = requestIds();
      expect(new Set(ids)).toHaveLength(3);
      ids.forEach((id, index) => receive(relayEvent(id, fakeEvent({ content: `for ${index}` }))));
      receive(relayEvent(ids[1] ?? '', fakeEvent({ content: 'for 1 too' })));
      await time.advance(1);
      expect(all.map(({ values }) => contents(values))).toEqual([['for 0'], ['for 1', 'for 1 too'], ['for 2']]);
    });

    it('sends nothing before it is subscribed to, and CLOSE after', () => {
      const { connection, sent } = open();
      const cold = connection.subscribe({ kinds: [1], limit: 3 });
      expect(sent).toEqual([]);
      const { subscription } = hear(cold);
      expect(sent).toEqual([{ type: 'REQ', subscriptionId: '0', filters: [{ kinds: [1], limit: 3 }] }]);
      subscription.unsubscribe();
      expect(sent.at(-1)).toEqual({ type: 'CLOSE', subscriptionId: '0' });
      expect(connection.inFlight).toBe(0);
    });

    it('keeps ids short and never uses one twice', () => {
      const { connection, requestIds } = open();
      for (let n = 0; n < 2_000; n++) hear(connection.request({ kinds: [1] })).subscription.unsubscribe();
      expect(new Set(requestIds())).toHaveLength(2_000);
      expect(Math.max(...requestIds().map(({ length }) => length))).toBeLessThanOrEqual(3);
    });

    it('throws for a filter that is none, at once, and sends nothing for one that can match nothing', () => {
      const { connection, sent } = open();
      expect(() => connection.request({ kinds: [0.5] })).toThrow(FilterError);
      expect(hear(connection.subscribe({ kinds: [] }))).toMatchObject({ values: [], completed: true });
      expect(hear(connection.request([]))).toMatchObject({ values: [], completed: true });
      expect(sent).toEqual([]);
    });

    it('request ends at EOSE and closes; subscribe goes on', async () => {
      const { connection, receive, sent, time } = open();
      const [stored, live] = [hear(connection.request({ kinds: [1] })), hear(connection.subscribe({ kinds: [1] }))];
      const [a, b] = notes(2) as [NostrEvent, NostrEvent];
      receive(relayEvent('0', a), relayEose('0'), relayEvent('1', a), relayEose('1'), relayEvent('1', b));
      await time.advance(1);
      expect(stored).toMatchObject({ values: [a], completed: true });
      expect(live).toMatchObject({ values: [a, b], completed: false });
      expect(sent.slice(2)).toEqual([{ type: 'CLOSE', subscriptionId: '0' }]);
      receive(relayEose('1'));
      expect(live.completed).toBe(false);
    });

    it('hands out each id once, whatever the relay repeats', async () => {
      const { connection, receive, time } = open({ verdictAfter: 50 });
      const heard = hear(connection.subscribe({ kinds: [1] }));
      const [a, b] = notes(2) as [NostrEvent, NostrEvent];
      receive(relayEvent('0', a), relayEvent('0', a), relayEvent('0', b), relayEvent('0', a));
      await time.advance(100);
      receive(relayEvent('0', b), relayEvent('0', a));
      await time.advance(100);
      expect(heard.values).toEqual([a, b]);
      expect(connection.counters).toMatchObject({ events: 2, duplicates: 4, frames: 6 });
    });

    it('hands events out in the order in which they came, though verdicts come late and out of order', async () => {
      const time = new VirtualTime();
      const delays = [400, 100, 300, 0, 200];
      const verification = new Verification({
        scheduler: time,
        verifier: {
          verify: (batch) =>
            new Promise((resolve) => {
              const delay = delays[Number(batch[0]?.content)] ?? 0;
              time.schedule(() => resolve(zerosVerifier.verify(batch)), delay);
            }),
        },
      });
      const { connection, receive } = aConnection({ scheduler: time, verification });
      const heard = hear(connection.request({ kinds: [1] }));
      // One at a time, so that each is a batch of its own.
      for (const event of notes(5)) {
        receive(relayEvent('0', event));
        await time.advance(1);
      }
      receive(relayEose('0'));
      await time.advance(250);
      expect(heard).toMatchObject({ values: [], completed: false });
      await time.advance(1_000);
      expect(contents(heard.values)).toEqual(['0', '1', '2', '3', '4']);
      expect(heard.completed).toBe(true);
    });

    it.each([
      ['EOSE', () => relayEose('0')],
      ['CLOSED', () => relayClosed('0', 'error: going down')],
      ['the loss of the connection', undefined],
    ])('%s never overtakes the events before it', async (_, frame) => {
      const { connection, receive, time } = open({ verdictAfter: 500 });
      const heard = hear(connection.request({ kinds: [1] }));
      receive(...notes(20).map((event) => relayEvent('0', event)));
      if (frame) receive(frame());
      else connection.lost(gone(connection));
      await time.advance(400);
      expect(heard).toMatchObject({ values: [], completed: false });
      await time.advance(2_000);
      expect(contents(heard.values)).toEqual(notes(20).map(({ content }) => content));
      expect(heard.completed).toBe(true);
    });

    it('late events after CLOSE are dropped, counted, and no fault of the relay', async () => {
      const { connection, receive, failures, time } = open();
      const heard = hear(connection.subscribe({ kinds: [1] }));
      heard.subscription.unsubscribe();
      for (let n = 0; n < 3_000; n++) receive(relayEvent('0', fakeEvent({ content: `${n}` })));
      receive(relayEose('0'), relayClosed('0', 'closed: as you wished'));
      await time.advance(10);
      expect(heard.values).toEqual([]);
      expect(failures).toEqual([]);
      expect(connection.counters.unasked).toBe(3_002);
    });

    it('CLOSED ends it, with no CLOSE sent, and frees its place', async () => {
      const { connection, receive, sent, time } = open();
      const heard = [hear(connection.subscribe({ kinds: [1] })), hear(connection.request({ kinds: [1] }))];
      receive(relayClosed('0', 'error: no'), relayClosed('1', 'restricted: no'));
      await time.advance(1);
      expect(heard.map(({ completed }) => completed)).toEqual([true, true]);
      expect(connection.inFlight).toBe(0);
      expect(verbs(sent)).toEqual(['REQ', 'REQ']);
    });

    it('events of one subscription wait for no verdict of another', async () => {
      const time = new VirtualTime();
      const slow = laterVerifier(() => time, 5_000, zerosVerifier);
      const verification = new Verification({
        scheduler: time,
        verifier: { verify: (batch) => (batch[0]?.kind === 7 ? slow.verify(batch) : zerosVerifier.verify(batch)) },
      });
      const { connection, receive } = aConnection({ scheduler: time, verification });
      const [slowly, fast] = [hear(connection.request({ kinds: [7] })), hear(connection.request({ kinds: [1] }))];
      receive(relayEvent('0', fakeEvent({ kind: 7 })), relayEose('0'));
      await time.advance(1);
      receive(relayEvent('1', fakeEvent({ kind: 1 })), relayEose('1'));
      await time.advance(10);
      expect([slowly.completed, fast.completed]).toEqual([false, true]);
    });

    it('expired events are not handed out (NIP-40)', async () => {
      const { connection, receive, time } = open();
      const heard = hear(connection.subscribe({ kinds: [1] }));
      const now = Math.floor(time.now() / 1_000);
      const until = (at: number): NostrEvent => fakeEvent({ content: `${at - now}`, tags: [['expiration', `${at}`]] });
      receive(relayEvent('0', until(now - 1)), relayEvent('0', until(now)), relayEvent('0', until(now + 5)));
      await time.advance(1);
      expect(contents(heard.values)).toEqual(['5']);
      expect(connection.counters.expired).toBe(2);
    });
  });

  describe('COUNT', () => {
    const hll = '0a'.repeat(256);
    const answers = (heard: { values: unknown[]; completed: boolean }) => [heard.values, heard.completed];

    it('gives each answer to who asked, under ids that no REQ has', () => {
      const { connection, receive, sent } = open();
      hear(connection.subscribe({ kinds: [1] }));
      const [first, second] = [
        hear(connection.count({ kinds: [1] })),
        hear(connection.count([{ kinds: [7] }, { ids: [] }])),
      ];
      expect(sent.slice(1)).toEqual([
        { type: 'COUNT', subscriptionId: '1', filters: [{ kinds: [1] }] },
        { type: 'COUNT', subscriptionId: '2', filters: [{ kinds: [7] }] },
      ]);
      expect(connection.inFlight).toBe(3);
      receive(relayCount('2', { count: 5, approximate: true, hll }), relayCount('1', { count: 0 }));
      expect(answers(first)).toEqual([[{ counted: true, count: 0, approximate: false }], true]);
      expect(answers(second)).toEqual([[{ counted: true, count: 5, approximate: true, hll }], true]);
      expect(connection.inFlight).toBe(1);
      expect(sent).toHaveLength(3);
    });

    it('tells a refusal, and leaves the REQs alone', () => {
      const { connection, receive } = open();
      const live = hear(connection.subscribe({ kinds: [1] }));
      const count = hear(connection.count({ kinds: [1] }));
      receive(relayClosed('1', 'blocked: no'));
      expect(count.values).toMatchObject([{ counted: false, reason: { prefix: 'blocked', message: 'no' } }]);
      expect([count.completed, live.completed]).toEqual([true, false]);
      receive(relayClosed('0', 'blocked: no'));
      expect(live.completed).toBe(true);
    });

    it('throws for a filter that is none, and errors where the connection is, or gets, lost', () => {
      const { connection } = open();
      expect(() => connection.count({ kinds: [0.5] })).toThrow(FilterError);
      const waiting = hear(connection.count({ kinds: [1] }));
      const error = gone(connection);
      connection.lost(error);
      expect([waiting.error, hear(connection.count({ kinds: [1] })).error]).toEqual([error, error]);
      expect(connection.inFlight).toBe(0);
    });

    it('authenticates once, asks again, and takes the second refusal for the answer', async () => {
      const { connection, receive, sent, time } = open({ signer: testSigner(testKey(1)) });
      const count = hear(connection.count({ kinds: [1] }));
      receive(relayAuth('challenge'), relayClosed('0', 'auth-required: who are you'));
      // What comes now was meant for nobody we are.
      receive(relayCount('0', { count: 9 }));
      await time.advance(1);
      const auth = sent.find((message) => message.type === 'AUTH');
      expect(count.values).toEqual([]);
      receive(relayOk((auth?.event as NostrEvent).id, true));
      expect(verbs(sent)).toEqual(['COUNT', 'AUTH', 'COUNT']);
      receive(relayClosed('0', 'auth-required: still'));
      expect(count.values).toMatchObject([{ counted: false, reason: { message: 'still' } }]);
      expect(verbs(sent)).toHaveLength(3);
    });

    it('without a signer, a wish to know who asks is a refusal', async () => {
      const { connection, receive, time } = open();
      const count = hear(connection.count({ kinds: [1] }));
      receive(relayClosed('0', 'auth-required: who are you'));
      await time.advance(1);
      expect(count.values).toMatchObject([{ counted: false, reason: { prefix: 'auth-required' } }]);
    });

    it('bears late answers, and only so many that nobody asked for', async () => {
      const { connection, receive, time, failures, sent } = open();
      const { subscription } = hear(connection.count({ kinds: [1] }));
      subscription.unsubscribe();
      expect(verbs(sent)).toEqual(['COUNT']);
      for (let i = 0; i < 2_000; i++) receive(relayCount('0', { count: i }));
      expect(failures).toEqual([]);
      await time.advance(61_000);
      for (let i = 0; i < 2_000; i++) receive(relayCount('0', { count: i }), relayNegMsg('x', '61'));
      expect(failures.map(({ code }) => code)).toContain('abusive');
    });

    it('does not take the answers of other verbs for its own', () => {
      const { connection, receive } = open();
      const count = hear(connection.count({ kinds: [1] }));
      receive(relayNegMsg('0', '61'), relayNegErr('0', 'blocked: no'), relayEose('0'), relayOk('0', true));
      expect(count.values).toEqual([]);
      receive(relayCount('0', { count: 1 }));
      expect(count.completed).toBe(true);
    });
  });

  describe('publish', () => {
    const event = fakeEvent({ content: 'published' });

    it('sends on subscribe, emits the OK and completes', () => {
      const { connection, receive, sent } = open();
      const cold = connection.publish(event);
      expect(sent).toEqual([]);
      const [first, second] = [hear(cold), hear(cold)];
      expect(verbs(sent)).toEqual(['EVENT', 'EVENT']);
      expect(connection.inFlight).toBe(1);
      receive(relayOk(event.id, false, 'blocked: no'));
      for (const { values, completed } of [first, second]) {
        expect(values).toMatchObject([{ accepted: false, reason: { prefix: 'blocked' } }]);
        expect(completed).toBe(true);
      }
      expect(connection.inFlight).toBe(0);
    });

    it('correlates by id, whatever the order', () => {
      const { connection, receive } = open();
      const [a, b] = notes(2) as [NostrEvent, NostrEvent];
      const [first, second] = [hear(connection.publish(a)), hear(connection.publish(b))];
      receive(relayOk('garbage', true), relayOk(b.id, true), relayOk(a.id, false, 'invalid: no'));
      expect([first.values[0]?.accepted, second.values[0]?.accepted]).toEqual([false, true]);
    });

    it('errors when the connection ends first, and at once when it has', () => {
      const { connection } = open();
      const error = gone(connection);
      const before = hear(connection.publish(event));
      connection.lost(error);
      expect([before.error, hear(connection.publish(event)).error]).toEqual([error, error]);
      expect(connection.isOpen).toBe(false);
    });

    it('waits while a new connection gets its REQs out, then follows in order', () => {
      const { connection, sent } = open({ held: true });
      const [a, b] = notes(2) as [NostrEvent, NostrEvent];
      hear(connection.publish(a));
      hear(connection.subscribe({ kinds: [1] }));
      const cancelled = hear(connection.publish(fakeEvent({ content: 'cancelled' })));
      hear(connection.publish(b));
      cancelled.subscription.unsubscribe();
      expect(verbs(sent)).toEqual(['REQ']);
      connection.releaseHeld();
      expect(sent.slice(1)).toEqual([
        { type: 'EVENT', event: a },
        { type: 'EVENT', event: b },
      ]);
      hear(connection.publish(fakeEvent({ content: 'later' })));
      expect(verbs(sent)).toEqual(['REQ', 'EVENT', 'EVENT', 'EVENT']);
    });

    it('sends nothing of what waits when the connection ends before', () => {
      const { connection, sent } = open({ held: true });
      const waiting = hear(connection.publish(event));
      connection.lost(gone(connection));
      connection.releaseHeld();
      expect(waiting.error).toMatchObject({ code: 'connection-lost' });
      expect(sent).toEqual([]);
    });
  });

  describe('authentication (NIP-42)', () => {
    const signer = testSigner(testKey(0));
    const event = fakeEvent({ content: 'published' });
    const authOf = (sent: readonly ClientMessage[]): string => {
      const auth = sent.findLast(({ type }) => type === 'AUTH');
      return auth?.type === 'AUTH' ? (auth.event as NostrEvent).id : '';
    };

    it.each(['before', 'after'])(
      'publishes once more after AUTH, the challenge coming %s the refusal',
      async (when) => {
        let authenticated = 0;
        const { connection, receive, sent, time } = open({ signer, onAuthenticated: () => authenticated++ });
        const report = hear(connection.publish(event));
        if (when === 'before') receive(relayAuth('abc'));
        receive(relayOk(event.id, false, 'auth-required: who are you?'));
        await time.advance(1_000);
        if (when === 'after') receive(relayAuth('abc'));
        await time.advance(10);
        expect(verbs(sent)).toEqual(['EVENT', 'AUTH']);
        expect(report.values).toEqual([]);
        receive(relayOk(authOf(sent), true));
        expect(verbs(sent)).toEqual(['EVENT', 'AUTH', 'EVENT']);
        expect(authenticated).toBe(1);
        receive(relayOk(event.id, true));
        expect(report.values).toMatchObject([{ accepted: true }]);
      },
    );

    it.each(['before', 'after'])('asks once more after AUTH, the challenge coming %s the refusal', async (when) => {
      const { connection, receive, sent, time } = open({ signer });
      const heard = hear(connection.request({ kinds: [1] }));
      if (when === 'before') receive(relayAuth('abc'));
      receive(relayClosed('0', 'auth-required: who are you?'));
      await time.advance(1_000);
      if (when === 'after') receive(relayAuth('abc'));
      await time.advance(10);
      receive(relayOk(authOf(sent), true));
      expect(
        sent.map((message) =>
          'subscriptionId' in message ? `${message.type} ${message.subscriptionId}` : message.type,
        ),
      ).toEqual(['REQ 0', 'AUTH', 'REQ 0']);
      receive(relayEvent('0', event), relayEose('0'));
      await time.advance(10);
      expect(heard).toMatchObject({ values: [event], completed: true });
      expect(connection.inFlight).toBe(0);
    });

    it('authenticates once for all that need it', async () => {
      const { connection, receive, sent, time } = open({ signer });
      receive(relayAuth('abc'));
      const asked = [hear(connection.request({ kinds: [1] })), hear(connection.request({ kinds: [7] }))];
      const published = hear(connection.publish(event));
      receive(relayClosed('0', 'auth-required: x'), relayClosed('1', 'auth-required: x'));
      receive(relayOk(event.id, false, 'auth-required: x'));
      await time.advance(10);
      receive(relayOk(authOf(sent), true));
      expect(verbs(sent)).toEqual(['REQ', 'REQ', 'EVENT', 'AUTH', 'REQ', 'REQ', 'EVENT']);
      receive(relayEose('0'), relayEose('1'), relayOk(event.id, true));
      expect([...asked, published].every(({ completed }) => completed)).toBe(true);
    });

    it('does not go in circles: a second auth-required is final', async () => {
      const { connection, receive, sent, time } = open({ signer });
      receive(relayAuth('abc'));
      const asked = hear(connection.request({ kinds: [1] }));
      const published = hear(connection.publish(event));
      for (let round = 0; round < 3; round++) {
        receive(relayClosed('0', 'auth-required: x'), relayOk(event.id, false, 'auth-required: x'));
        await time.advance(10);
        receive(relayOk(authOf(sent), true));
      }
      expect(verbs(sent)).toEqual(['REQ', 'EVENT', 'AUTH', 'REQ', 'EVENT']);
      expect(asked.completed).toBe(true);
      expect(published.values).toMatchObject([{ accepted: false, reason: { prefix: 'auth-required' } }]);
    });

    it('ends with the refusal where there is no signer, no challenge, or no acceptance', async () => {
      for (const how of ['no signer', 'no challenge', 'refused', 'silent'] as const) {
        let authenticated = 0;
        const { connection, receive, sent, time } = open({
          signer: how === 'no signer' ? undefined : signer,
          onAuthenticated: () => authenticated++,
        });
        if (how !== 'no challenge') receive(relayAuth('abc'));
        const asked = hear(connection.request({ kinds: [1] }));
        const published = hear(connection.publish(event));
        receive(relayClosed('0', 'auth-required: x'), relayOk(event.id, false, 'auth-required: x'));
        await time.advance(100);
        if (how === 'refused') receive(relayOk(authOf(sent), false, 'restricted: not you'));
        await time.advance(15_000);
        expect([how, asked.completed, published.values[0]?.accepted]).toEqual([how, true, false]);
        expect(authenticated).toBe(0);
        expect(connection.inFlight).toBe(0);
        expect(connection.isOpen).toBe(true);
      }
    });

    it('sends nothing more for what was given up while it authenticated', async () => {
      const { connection, receive, sent, time } = open({ signer });
      receive(relayAuth('abc'));
      const asked = hear(connection.request({ kinds: [1] }));
      const published = hear(connection.publish(event));
      receive(relayClosed('0', 'auth-required: x'), relayOk(event.id, false, 'auth-required: x'));
      await time.advance(10);
      asked.subscription.unsubscribe();
      published.subscription.unsubscribe();
      receive(relayOk(authOf(sent), true));
      await time.advance(10);
      expect(verbs(sent)).toEqual(['REQ', 'EVENT', 'AUTH', 'CLOSE']);
      expect(connection.inFlight).toBe(0);
    });
  });

  describe('the end of the connection', () => {
    it('completes requests, errors publishes, and takes nothing more', async () => {
      const { connection, receive, sent, time } = open();
      const heard = hear(connection.subscribe({ kinds: [1] }));
      connection.lost(gone(connection));
      connection.lost(gone(connection));
      expect(heard).toMatchObject({ completed: true, error: undefined });
      expect(connection.inFlight).toBe(0);
      const after = hear(connection.subscribe({ kinds: [1] }));
      expect(after).toMatchObject({ values: [], completed: true });
      receive(relayEvent('0', fakeEvent()), relayEose('0'));
      await time.advance(10);
      expect(heard.values).toEqual([]);
      expect(verbs(sent)).toEqual(['REQ']);
    });

    it('waits for verdicts, and then lets go of a verification of its own', async () => {
      const { connection, receive, time } = aConnection();
      const heard = hear(connection.subscribe({ kinds: [1] }));
      const [first, last] = ['first', 'last'].map((content) => signedEvent({ content }, testKey(0)));
      receive(relayEvent('0', first));
      receive(relayEvent('0', last));
      connection.lost(gone(connection));
      expect(heard).toMatchObject({ values: [first], completed: false });
      await time.advance(10);
      expect(heard).toMatchObject({ values: [first, last], completed: true });
      expect(connection.verification.known(last!.id)).toBeUndefined();
    });

    it('leaves a verification that was lent to it alone', async () => {
      const verification = new Verification({ verifier: zerosVerifier, scheduler: new VirtualTime() });
      const closed = vi.spyOn(verification, 'close');
      const { connection } = aConnection({ verification });
      connection.lost(gone(connection));
      expect(closed).not.toHaveBeenCalled();
    });

    it('sends no CLOSE over a socket that is gone', () => {
      const { connection, sent } = open();
      const heard = hear(connection.subscribe({ kinds: [1] }));
      connection.lost(gone(connection));
      heard.subscription.unsubscribe();
      expect(verbs(sent)).toEqual(['REQ']);
    });
  });

  describe('a relay that misbehaves', () => {
    it('has 1,000 frames to waste at once, and 50 more each second', async () => {
      const { receive, failures, time } = open();
      for (let n = 0; n < 1_000; n++) receive('nonsense');
      expect(failures).toEqual([]);
      await time.advance(1_000);
      for (let n = 0; n < 50; n++) receive('nonsense');
      expect(failures).toEqual([]);
      receive('nonsense');
      expect(failures.map(({ code }) => code)).toEqual(['abusive']);
    });

    it('pays ten times as much for a forgery', async () => {
      const { connection, receive, failures, time } = open();
      hear(connection.subscribe({ kinds: [1] }));
      const forge = (n: number): string => relayEvent('0', fakeEvent({ content: `${n}`, sig: 'f'.repeat(128) }));
      for (let n = 0; n < 100; n++) receive(forge(n));
      await time.advance(1);
      expect(failures).toEqual([]);
      receive(forge(100));
      await time.advance(1);
      expect(failures.map(({ code }) => code)).toEqual(['abusive']);
      expect(connection.counters.invalid).toBe(101);
    });

    it('is not charged for what it was asked for', async () => {
      const { connection, receive, failures, time } = open();
      hear(connection.subscribe({ kinds: [1] }));
      const event = relayEvent('0', fakeEvent());
      for (let n = 0; n < 5_000; n++) receive(event, relayEose('0'));
      await time.advance(1);
      expect(failures).toEqual([]);
    });

    it('when it is dropped, what waits for a verdict is let go, and counted', async () => {
      const { connection, receive, failures, time } = open({ verdictAfter: 1_000 });
      const heard = hear(connection.subscribe({ kinds: [1] }));
      receive(...notes(600).map((event) => relayEvent('0', event)), relayEose('0'));
      for (let n = 0; n < 1_001; n++) receive('nonsense');
      expect(failures).toHaveLength(1);
      expect(heard).toMatchObject({ values: [], completed: true });
      expect(connection.counters.discarded).toBe(601);
      await time.advance(60_000);
      expect(heard.values).toEqual([]);
      // Those under way were verified, and no more were begun.
      expect(connection.counters.events).toBe(0);
      expect(connection.verification.pending).toBe(0);
    });
  });

  it('remembers the last NOTICE, cut to 500 characters, and when it last heard anything', async () => {
    const { connection, receive, time } = open();
    const start = time.now();
    expect(connection.heardAt).toBe(start);
    await time.advance(1_000);
    receive(relayNotice('first'));
    expect([connection.lastNotice, connection.heardAt]).toEqual(['first', start + 1_000]);
    await time.advance(1_000);
    receive(relayNotice(`\ud83d${'x'.repeat(1_000)}`));
    expect(connection.lastNotice).toBe(`\ud83d${'x'.repeat(499)}`);
    connection.unreadable();
    expect(connection.heardAt).toBe(start + 2_000);
    expect(connection.counters).toMatchObject({ notices: 2, malformed: 1, frames: 3 });
  });

  describe('more than can be held', () => {
    const frames = (id: string, ...contents: readonly string[]): string[] =>
      contents.map((content) => relayEvent(id, fakeEvent({ content })));
    const sinkOf = (said: string[]) => ({
      event: ({ content }: NostrEvent) => said.push(content),
      duplicate: () => undefined,
      eose: () => undefined,
      closed: () => undefined,
      lost: () => undefined,
      overrun: () => said.push('overrun'),
    });
    const delivery = () => ({ delivered: new SeenIds() });

    it('is not read where one REQ uses the connection, until half of it is delivered', async () => {
      const { connection, receive, pauses, time, sent } = open({ canPause: true, maxBacklog: 4, verdictAfter: 10 });
      const said: string[] = [];
      const { id } = connection.openSubscription([{ kinds: [1] }], sinkOf(said), delivery());
      receive(...frames(id, 'a', 'b', 'c', 'd'));
      expect([pauses, connection.isPaused]).toEqual([[], false]);
      receive(...frames(id, 'e', 'f'));
      expect([pauses, connection.isPaused]).toEqual([[true], true]);
      await time.advance(100);
      expect(said).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
      expect([pauses, connection.isPaused]).toEqual([[true, false], false]);
      expect(connection.heardAt).toBeGreaterThan(0);
      expect(verbs(sent)).toEqual(['REQ']);
    });

    it('is asked for more than may wait only where the relay can be made to wait', () => {
      for (const canPause of [true, false]) {
        const { connection } = open({ canPause, maxBacklog: 4 });
        expect(connection.mostAtOnce).toBe(canPause ? Infinity : 4);
        connection.openSubscription([{ kinds: [7] }], sinkOf([]), delivery());
        expect(connection.mostAtOnce).toBe(4);
      }
    });

    it('counts a large event more than once', () => {
      const { connection, receive, pauses } = open({ canPause: true, maxBacklog: 4, verdictAfter: 10 });
      const { id } = connection.openSubscription([{ kinds: [1] }], sinkOf([]), delivery());
      receive(...frames(id, 'x'.repeat(4_096 * 4)));
      expect(pauses).toEqual([true]);
    });

    it('closes the REQ where others use the connection, or the platform cannot stop to read', async () => {
      for (const canPause of [true, false]) {
        const { connection, receive, pauses, time, sent } = open({ canPause, maxBacklog: 2, verdictAfter: 10 });
        const said: string[] = [];
        if (canPause) connection.openSubscription([{ kinds: [7] }], sinkOf([]), delivery());
        const { id } = connection.openSubscription([{ kinds: [1] }], sinkOf(said), delivery());
        receive(...frames(id, 'a', 'b', 'c', 'd'));
        expect(verbs(sent).at(-1)).toBe('CLOSE');
        await time.advance(100);
        expect(said).toEqual(['overrun', 'a', 'b', 'c']);
        expect(pauses).toEqual([]);
      }
    });

    it.each(['REQ', 'EVENT'])('gives way to a %s that comes meanwhile', async (verb) => {
      const { connection, receive, pauses, time, sent } = open({ canPause: true, maxBacklog: 2, verdictAfter: 10 });
      const said: string[] = [];
      const { id } = connection.openSubscription([{ kinds: [1] }], sinkOf(said), delivery());
      receive(...frames(id, 'a', 'b', 'c'));
      expect(pauses).toEqual([true]);
      if (verb === 'REQ') hear(connection.subscribe({ kinds: [7] }));
      else hear(connection.publish(fakeEvent({ content: 'mine' })));
      expect(pauses).toEqual([true, false]);
      expect(verbs(sent)).toEqual(['REQ', 'CLOSE', verb]);
      await time.advance(100);
      expect(said).toEqual(['overrun', 'a', 'b', 'c']);
    });

    it('is read again when the REQ is closed', () => {
      const { connection, receive, pauses } = open({ canPause: true, maxBacklog: 2, verdictAfter: 10 });
      const subscription = connection.openSubscription([{ kinds: [1] }], sinkOf([]), delivery());
      receive(...frames(subscription.id, 'a', 'b', 'c'));
      subscription.close();
      expect(pauses).toEqual([true, false]);
    });

    it('is no reason to take the relay for dead', async () => {
      const pause = new Gate();
      const { connection, receive, time, failures } = open({ canPause: true, maxBacklog: 2 });
      const watch = watchLiveness(connection, {});
      pause.isOpen = false;
      const said: string[] = [];
      const { id } = connection.openSubscription([{ kinds: [1] }], sinkOf(said), { ...delivery(), gate: pause });
      receive(...frames(id, 'a', 'b', 'c'));
      await time.advance(600_000);
      expect([failures, said]).toEqual([[], []]);
      pause.isOpen = true;
      expect(said).toEqual(['a', 'b', 'c']);
      await time.advance(1_000);
      expect(failures).toEqual([]);
      await time.advance(120_000);
      expect(failures).toHaveLength(1);
      watch.unsubscribe();
    });
  });

  describe('more than its budget', () => {
    const conduct = () => new RelayConduct({ frames: { burst: 128, perSecond: 64 } });

    it('is read no faster than that, where the platform can', async () => {
      const { connection, receive, pauses, time } = open({ canPause: true, conduct: conduct() });
      const id = 'nobody';
      connection.openSubscription([{ kinds: [1] }], { ...silent }, { delivered: new SeenIds() });
      receive(...Array.from({ length: 128 }, () => relayEose(id)));
      expect(pauses).toEqual([]);
      receive(...Array.from({ length: 128 }, () => relayEose(id)));
      expect([pauses, connection.isPaused]).toEqual([[true], true]);
      await time.advance(1_999);
      expect(pauses).toEqual([true]);
      await time.advance(1);
      expect([pauses, connection.isPaused]).toEqual([[true, false], false]);
    });

    it('costs it its connection where it cannot be slowed, and is ten seconds ahead', () => {
      const { receive, failures } = open({ conduct: conduct() });
      receive(...Array.from({ length: 6 * 128 }, () => relayNotice('hello')));
      expect(failures).toEqual([]);
      receive(...Array.from({ length: 128 }, () => relayNotice('hello')));
      expect(failures.map(({ code, message }) => [code, message])).toEqual([
        ['abusive', expect.stringContaining('more than we take')],
      ]);
    });

    it('leaves no timer behind when the connection ends', async () => {
      const { connection, receive, pauses, time } = open({ canPause: true, conduct: conduct() });
      receive(...Array.from({ length: 256 }, () => relayNotice('hello')));
      connection.lost(gone(connection));
      await time.advance(10_000);
      expect(pauses).toEqual([true]);
    });
  });
});
