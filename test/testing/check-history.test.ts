import { describe, expect, it } from 'vitest';
import type { PublishOutcome, PublishReport } from '../../src/pool/publish-report.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import type { ClientMessage, RelayMessage } from '../../src/protocol/message.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import { parseReason } from '../../src/protocol/reason.ts';
import { RelayError, type RelayErrorCode } from '../../src/protocol/relay-error.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { checkHistory, fakeEvent, type HistoryCheckOptions, type HistoryEntry } from '../../src/testing/index.ts';
import { isReal } from '../support/chaos-verifier.ts';

const relay = relayUrl('wss://relay.test');
const name = 'timeline';
const filters: readonly Filter[] = [{ kinds: [1] }];
const note = (content: string, created_at = 1_000): NostrEvent => fakeEvent({ content, created_at });

type Untimed<Entry = HistoryEntry> = Entry extends HistoryEntry ? Omit<Entry, 'at'> & { readonly at?: number } : never;

/** Entries that are a second apart where they say no time. */
function timed(entries: readonly Untimed[]): readonly HistoryEntry[] {
  let now = 0;
  return entries.map((entry) => {
    now = entry.at ?? now + 1_000;
    return { ...entry, at: now };
  });
}
function check(entries: readonly Untimed[], options: HistoryCheckOptions = {}): readonly string[] {
  return checkHistory({ entries: timed(entries) }, { verify: isReal, ...options }).map(({ rule }) => rule);
}

const joined: Untimed = { type: 'joined', relay };
const dialled: Untimed = { type: 'dialled', relay, socket: 1 };
const stored = (event: NostrEvent): Untimed => ({ type: 'stored', relay, event });
const removed = (event: NostrEvent): Untimed => ({ type: 'removed', relay, event });
const withheld = (event: NostrEvent): Untimed => ({ type: 'withheld', relay, event });
const asked = (wanted: readonly Filter[] = filters): Untimed => ({
  type: 'asked',
  name,
  filters: wanted,
  relays: undefined,
  within: Infinity,
  joins: false,
});
const sent = (message: ClientMessage, socket = 1): Untimed => ({ type: 'sent', relay, socket, message });
const req = (subscriptionId = 'a', wanted = filters): Untimed => sent({ type: 'REQ', subscriptionId, filters: wanted });
const received = (message: RelayMessage, socket = 1): Untimed => ({ type: 'received', relay, socket, message });
const arrives = (event: NostrEvent): Untimed => received({ type: 'EVENT', subscriptionId: 'a', event });
const packet = (value: Packet): Untimed => ({ type: 'packet', name, packet: value });
const told = (event: NostrEvent): Untimed => packet({ type: 'event', relay, event });
const eose = packet({ type: 'eose', relay, pending: 0 });
const gap = (since: number, until: number): Untimed => packet({ type: 'gap', relay, since, until });
const lost = (code: RelayErrorCode): Untimed =>
  packet({ type: 'lost', relay, error: new RelayError(code, relay, ''), pending: 0 });
const closed = packet({ type: 'closed', relay, reason: parseReason('blocked: no'), pending: 0 });
const rest: Untimed = { type: 'rest' };
const over = (timers = 0): Untimed => ({ type: 'over', timers });

describe('checkHistory', () => {
  const a = note('a');
  const begin = [joined, stored(a), dialled, asked(), req()];

  it('has nothing to say of a pool that does as it should', () => {
    expect(check([...begin, arrives(a), told(a), eose, rest])).toEqual([]);
    expect(check([])).toEqual([]);
  });

  describe('an event that is owed', () => {
    it('is missed at EOSE, at rest, and when it arrived', () => {
      expect(check([...begin, eose])).toEqual(['missed']);
      const late = note('late');
      expect(check([...begin, arrives(a), told(a), eose, stored(late), rest, rest])).toEqual(['missed']);
      expect(check([...begin, arrives(a), rest])).toEqual(['missed', 'unsettled']);
    });

    it('is one that was stored before the question, and none after it, though all is of one instant', () => {
      const now = (entries: readonly Untimed[]): Untimed[] => entries.map((entry) => ({ ...entry, at: 1_000 }));
      expect(check(now([...begin, eose]))).toEqual(['missed']);
      expect(check(now([joined, dialled, asked(), req(), stored(a), eose]))).toEqual([]);
    });

    it('is not at EOSE, but at rest, where the request may have been begun by others', () => {
      const joins: Untimed = { type: 'asked', name, filters, relays: undefined, within: Infinity, joins: true };
      expect(check([joined, stored(a), joins, eose])).toEqual([]);
      expect(check([joined, stored(a), joins, eose, rest])).toEqual(['missed']);
    });

    it('is not where a gap of that relay names its time', () => {
      expect(check([...begin, gap(0, 1_000), eose, rest])).toEqual([]);
      expect(check([...begin, gap(0, 999), eose])).toEqual(['missed']);
    });

    it('is not where the relay lost it before, unless it had arrived', () => {
      expect(check([...begin, removed(a), eose, rest])).toEqual([]);
      expect(check([...begin, arrives(a), removed(a), eose, rest])).toEqual(['missed']);
    });

    it('is not where a fault withheld it from this subscriber, which is none from another', () => {
      expect(check([...begin, withheld(a), eose, rest])).toEqual([]);
      expect(check([joined, stored(a), withheld(a), dialled, asked(), req(), eose])).toEqual(['missed']);
    });

    it('is not while the relay has said that it refused, or is lost for now', () => {
      expect(check([...begin, closed, rest])).toEqual([]);
      expect(check([...begin, lost('silent'), rest])).toEqual([]);
      expect(check([...begin, lost('connection-lost'), rest])).toEqual(['unsettled']);
    });

    it('is, at rest, also of what was stored while nobody was connected', () => {
      expect(
        check([...begin, arrives(a), told(a), eose, lost('connection-lost'), stored(note('b')), eose, rest]),
      ).toEqual(['missed']);
    });

    it('is not beyond the limit, whatever the relay has held', () => {
      const newer = note('newer', 1_001);
      const limited: readonly Filter[] = [{ kinds: [1], limit: 1 }];
      const two = [joined, stored(a), stored(newer), dialled, asked(limited), req('a', limited)];
      expect(check([...two, arrives(newer), told(newer), eose, rest])).toEqual([]);
      expect(check([...two, eose])).toEqual(['missed']);
      expect(check([...two, arrives(newer), told(newer), eose, stored(note('live')), rest])).toEqual(['missed']);
    });

    it('is not beyond the limit where the relay sends what it has not stored, unless that is forged', () => {
      const newer = note('newer', 1_001);
      const limited: readonly Filter[] = [{ kinds: [1], limit: 1 }];
      const one = [joined, stored(a), dialled, asked(limited), req('a', limited)];
      expect(check([...one, arrives(newer), told(newer), eose])).toEqual([]);
      expect(check([...one, arrives({ ...newer, content: 'forged' }), eose])).toEqual(['missed']);
    });

    it('is owed anew where the relay joins again, and where something else is asked', () => {
      const again = [...begin, gap(0, 2_000), eose, { type: 'left', relay } as const, joined];
      expect(check([...again, eose])).toEqual(['missed']);
      expect(check([...begin, gap(0, 2_000), eose, asked(), eose])).toEqual(['missed']);
    });

    it('is not of a relay that the subscriber does not go to', () => {
      const elsewhere: Untimed = { type: 'asked', name, filters, relays: new Set(), within: Infinity, joins: false };
      expect(check([joined, stored(a), elsewhere, rest])).toEqual([]);
    });

    it('arrives in vain where this side left, closed the REQ or the socket, or the relay left the pool', () => {
      const left: Untimed = { type: 'ended', name, how: 'unsubscribed' };
      const endings = [
        left,
        sent({ type: 'CLOSE', subscriptionId: 'a' }),
        { type: 'closing', relay, socket: 1 } as const,
        { type: 'left', relay } as const,
      ];
      for (const ending of endings) expect(check([...begin, arrives(a), { ...ending, at: 5_500 }])).toEqual([]);
    });

    it('arrives in vain where something else is asked after it, though in the same instant', () => {
      const now = (entries: readonly Untimed[]): Untimed[] => entries.map((entry) => ({ ...entry, at: 1_000 }));
      expect(check(now([joined, dialled, asked(), req(), arrives(a), asked([{ kinds: [7] }])]))).toEqual([]);
      expect(check(now([joined, dialled, asked([{ kinds: [7] }]), asked(), req(), arrives(a)]))).toEqual(['missed']);
    });

    it('arrives for one of those whom the REQ may be for', () => {
      const other: Untimed = {
        type: 'asked',
        name: 'other',
        filters,
        relays: undefined,
        within: Infinity,
        joins: false,
      };
      expect(check([joined, dialled, asked(), other, req(), arrives(a), told(a)])).toEqual([]);
      expect(check([joined, dialled, asked([{ kinds: [1, 7] }]), req(), arrives(a)])).toEqual([]);
    });
  });

  it('knows what must not be delivered', () => {
    const forged = { ...a, content: 'forged' };
    expect(check([...begin, arrives(a), told(a), told(a)])).toEqual(['duplicate']);
    expect(check([...begin, arrives(forged), told(forged)])).toEqual(['unverified']);
    const reaction = fakeEvent({ kind: 7 });
    expect(check([...begin, arrives(reaction), told(reaction)])).toEqual(['unmatched']);
    expect(check([...begin, told(a)])).toEqual(['unsent']);
  });

  it('verifies by itself where nobody says how', () => {
    const entries = timed([...begin, arrives(a), told(a)]);
    expect(checkHistory({ entries }).map(({ rule }) => rule)).toEqual(['unverified']);
  });

  describe('an outcome', () => {
    const publishing: Untimed = { type: 'publishing', name: 'publish', event: a, within: 10_000 };
    const report = (outcome: PublishOutcome, pending = 0): Untimed => {
      const value: PublishReport = {
        event: a,
        outcomes: { [relay]: outcome },
        accepted: outcome.status === 'accepted' ? 1 : 0,
        pending,
      };
      return { type: 'report', name: 'publish', report: value };
    };
    const pending = report({ status: 'pending' }, 1);
    const publish = sent({ type: 'EVENT', event: a });
    const ok = (accepted: boolean, text = ''): Untimed =>
      received({ type: 'OK', eventId: a.id, accepted, reason: parseReason(text) });
    const reason = parseReason('');
    const blocked = parseReason('blocked: no');
    const judged = (...entries: readonly Untimed[]): readonly string[] =>
      check([joined, dialled, publishing, pending, ...entries]);

    it('is true to what the relay did', () => {
      expect(judged(publish, ok(true), report({ status: 'accepted', reason }))).toEqual([]);
      expect(judged(publish, ok(false, 'duplicate: yes'), report({ status: 'accepted', reason }))).toEqual([]);
      expect(judged(publish, ok(false, blocked.raw), report({ status: 'rejected', reason: blocked }))).toEqual([]);
      expect(judged(report({ status: 'rejected', reason: blocked, isUnsent: true }))).toEqual([]);
      expect(judged(publish, report({ status: 'silent' }))).toEqual([]);
      expect(judged(publish, ok(false, 'auth-required: you'), report({ status: 'silent' }))).toEqual([]);
      for (const status of ['evicted', 'cancelled', 'unreachable'] as const) {
        expect(judged(report({ status }))).toEqual([]);
      }
    });

    it('is a lie otherwise', () => {
      const closing: Untimed = { type: 'closing', relay, socket: 1 };
      expect(judged(publish, report({ status: 'accepted', reason }))).toEqual(['outcome']);
      expect(judged(publish, closing, ok(true), report({ status: 'accepted', reason }))).toEqual(['outcome']);
      expect(judged(publish, ok(true), report({ status: 'silent' }))).toEqual(['outcome']);
      expect(judged(publish, ok(false, 'error: x'), report({ status: 'silent' }))).toEqual(['outcome']);
      expect(judged(report({ status: 'silent' }))).toEqual(['outcome']);
      expect(judged(publish, ok(false, 'error: x'), report({ status: 'rejected', reason: blocked }))).toEqual([
        'outcome',
      ]);
      expect(judged(publish, report({ status: 'rejected', reason: blocked, isUnsent: true }))).toEqual(['outcome']);
      for (const status of ['evicted', 'cancelled', 'unreachable'] as const) {
        expect(judged(publish, report({ status }))).toEqual(['outcome']);
      }
      expect(judged(report({ status: 'unreachable' }, 1))).toEqual(['outcome']);
    });

    it('may be an earlier one in the first report', () => {
      expect(check([joined, publishing, report({ status: 'accepted', reason })])).toEqual([]);
    });

    it('comes in time, and nothing is sent after the publish was taken back', () => {
      const ended = (how: 'completed' | 'unsubscribed', at: number): Untimed => ({
        type: 'ended',
        name: 'publish',
        how,
        at,
      });
      expect(judged(ended('unsubscribed', 5_000), publish)).toEqual(['taken-back']);
      expect(judged(ended('completed', 5_000))).toEqual(['unended']);
      expect(judged(report({ status: 'unreachable' }), ended('completed', 15_000))).toEqual(['unended']);
      expect(judged({ ...rest, at: 15_000 })).toEqual(['unended']);
    });
  });

  it('knows errors from misuse, and what goes on after its end', () => {
    const errored = (error: unknown): Untimed => ({ type: 'ended', name, how: 'errored', error });
    expect(check([asked(), errored(new Error('a relay')), eose])).toEqual(['errored', 'unended']);
    expect(check([asked(), over()])).toEqual(['unended']);
  });

  it('knows what is too much', () => {
    const second: Untimed = { type: 'dialled', relay, socket: 2 };
    const limits = { sockets: 1, socketsPerRelay: 1, attemptsPerMinute: 1, subscriptions: () => 1 };
    expect(check([joined, dialled, second], limits)).toEqual(['bound', 'bound', 'bound']);
    expect(check([joined, dialled, { type: 'closing', relay, socket: 1 }, { ...second, at: 63_000 }], limits)).toEqual(
      [],
    );
    expect(check([joined, dialled, req('a'), req('b')], limits)).toEqual(['bound']);
    expect(check([joined, dialled, req('a'), sent({ type: 'CLOSE', subscriptionId: 'a' }), req('b')], limits)).toEqual(
      [],
    );
    const probe = req('b', [{ ids: ['0'.repeat(64)], limit: 1 }]);
    expect(check([joined, dialled, req('a'), probe], limits)).toEqual([]);
    expect(check([{ type: 'gauge', name: 'things', value: 2, most: 2 }])).toEqual([]);
    expect(check([{ type: 'gauge', name: 'things', value: 3, most: 2 }])).toEqual(['bound']);
  });

  it('knows who is not in the pool, and what is left', () => {
    const left: Untimed = { type: 'left', relay };
    expect(check([joined, dialled, left, req()])).toEqual(['stranger']);
    expect(check([joined, left, dialled])).toEqual(['stranger']);
    expect(check([joined, dialled, { ...left, at: 5_000 }, { ...req(), at: 5_000 }])).toEqual([]);
    expect(check([joined, dialled, over(3)])).toEqual(['leftover', 'leftover']);
    expect(check([joined, dialled, { type: 'closed', relay, socket: 1 }, over()])).toEqual([]);
  });
});
