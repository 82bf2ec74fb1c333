import { describe, expect, it } from 'vitest';
import { inNoColour } from '../../../examples/five-relays/paint.ts';
import { type Facts, figures, judge, measures, summarise } from '../../../examples/five-relays/summary.ts';
import {
  type Filter,
  type Measurements,
  type NostrEvent,
  parseReason,
  type PoolMetrics,
  type PublishOutcome,
  type RelayStatus,
  relayUrl,
  type RelayUrl,
} from '../../../src/index.ts';
import { newRelayCounters } from '../../../src/sources/relay-counters.ts';
import { fakeEvent, signedEvent, testKey } from '../../../src/testing/index.ts';

const [steady, slow, liar] = ['steady', 'slow', 'liar'].map((name) => relayUrl(`wss://${name}.example`)) as [
  RelayUrl,
  RelayUrl,
  RelayUrl,
];
const notes = [1, 2, 3, 4].map((n) => fakeEvent({ content: `note ${n}`, created_at: n }));
const [first, second, third, published] = notes as [NostrEvent, NostrEvent, NostrEvent, NostrEvent];
const [oldProfile, newProfile] = [5, 6].map((at) => fakeEvent({ kind: 0, created_at: at })) as [NostrEvent, NostrEvent];
const fixture = [...notes, oldProfile, newProfile];
const everything: Filter = { kinds: [0, 1, 7] };
const onlyNotes: Filter = { kinds: [1] };

const status = (url: RelayUrl, counters: Partial<RelayStatus['counters']>): RelayStatus => ({
  url,
  state: 'connected',
  since: 0,
  attempts: 0,
  counters: { ...newRelayCounters(), connects: 1, ...counters },
});
const accepted: PublishOutcome = { status: 'accepted', reason: parseReason('') };
const reportOf = (event: NostrEvent, outcomes: Record<RelayUrl, PublishOutcome>, pending = 0): Facts['reports'] =>
  new Map([[event.id, { event, outcomes, accepted: Object.keys(outcomes).length, pending }]]);

/** A run in which all went well. */
const well: Facts = {
  fixture,
  held: new Map([
    [steady, [first, second, newProfile, published]],
    [slow, [second, third, oldProfile, published]],
  ]),
  liar,
  subscribed: { filter: everything, events: [newProfile, oldProfile, first, second, third, published] },
  latest: [newProfile, first, second, third, published],
  watched: { filter: onlyNotes, events: [first, second, third, published] },
  gaps: [],
  requested: { filter: everything, events: [...fixture], completed: true },
  published: [published],
  reports: reportOf(published, { [steady]: accepted, [slow]: accepted }),
  statuses: [
    status(steady, { connects: 3 }),
    status(slow, { connects: 2, duplicates: 5 }),
    status(liar, { invalid: 1 }),
  ],
  addedWhileAway: 1,
};

const failed = (facts: Facts): readonly string[] =>
  judge(facts)
    .filter(({ problems }) => problems.length > 0)
    .map(({ claim }) => claim);
const without = (events: readonly NostrEvent[], one: NostrEvent): NostrEvent[] =>
  events.filter((event) => event !== one);
const subscribing = (events: readonly NostrEvent[]): Facts => ({ ...well, subscribed: { filter: everything, events } });
const requesting = (events: readonly NostrEvent[], completed = true): Facts => ({
  ...well,
  requested: { filter: everything, events, completed },
});
const watching = (events: readonly NostrEvent[], gaps: Facts['gaps'] = []): Facts => ({
  ...well,
  watched: { filter: onlyNotes, events },
  gaps,
});
const swapped = (lie: NostrEvent): NostrEvent[] =>
  well.subscribed.events.map((event) => (event.id === lie.id ? lie : event));

const DELIVERED = /delivered exactly once/;
const NO_LIE = /no lie/;
const CONFIRMED = /confirmed/;
const REQUEST = /a request at the end/;
const GAPS = /gaps name all/;
const LATEST = /newest version/;
const BLAMED = /the liar alone/;
const TRIAL = /as bad as announced/;

describe('the summary', () => {
  it('finds nothing wrong with a run in which all went well', () => {
    expect(failed(well)).toEqual([]);
  });

  it.each<[string, RegExp, Facts]>([
    ['a missing event', DELIVERED, subscribing(without(well.subscribed.events, second))],
    ['nothing delivered', DELIVERED, subscribing([])],
    ['a duplicate', DELIVERED, subscribing([...well.subscribed.events, second])],
    ['a duplicate that is a copy', DELIVERED, subscribing([...well.subscribed.events, { ...second }])],
    ['other content under a known id', NO_LIE, subscribing(swapped({ ...second, content: 'a lie' }))],
    ['another signature under a known id', NO_LIE, subscribing(swapped({ ...second, sig: 'f'.repeat(128) }))],
    ['other tags under a known id', NO_LIE, subscribing(swapped({ ...second, tags: [['p', 'x']] }))],
    ['an unknown event that is not signed', NO_LIE, subscribing([...well.subscribed.events, fakeEvent({ kind: 7 })])],
    [
      'a signed event that nobody asked for',
      NO_LIE,
      subscribing([...well.subscribed.events, signedEvent({ kind: 30_023 }, testKey(0))]),
    ],
    ['a lie in what was requested', NO_LIE, requesting([...fixture, fakeEvent({ kind: 7 })])],
    ['a lie in what was watched', NO_LIE, watching([...well.watched.events, fakeEvent({ content: 'a lie' })])],
    ['a profile in what was watched', NO_LIE, watching([...well.watched.events, newProfile])],
    ['a publish without a report', CONFIRMED, { ...well, reports: new Map() }],
    [
      'a publish that one relay rejected',
      CONFIRMED,
      {
        ...well,
        reports: reportOf(published, {
          [steady]: accepted,
          [slow]: { status: 'rejected', reason: parseReason('blocked: no') },
        }),
      },
    ],
    [
      'a publish that one relay was not sent',
      CONFIRMED,
      { ...well, reports: reportOf(published, { [steady]: accepted }) },
    ],
    [
      'a publish that is still awaited',
      CONFIRMED,
      { ...well, reports: reportOf(published, { [steady]: accepted, [slow]: accepted }, 1) },
    ],
    [
      'a publish that was accepted and not stored',
      CONFIRMED,
      { ...well, held: new Map([...well.held, [slow, [second, third, oldProfile]]]) },
    ],
    ['nothing published', CONFIRMED, { ...well, published: [] }],
    ['an event missing in the answer to a request', REQUEST, requesting(without(fixture, third))],
    ['an event twice in the answer to a request', REQUEST, requesting([...fixture, third])],
    ['a request that does not complete', REQUEST, requesting(fixture, false)],
    ['an event missed without a gap', GAPS, watching(without(notes, third))],
    [
      'an event missed beside a gap',
      GAPS,
      watching(without(notes, third), [{ relay: slow, since: 0, until: third.created_at - 1 }]),
    ],
    [
      'an event missed in a gap of another relay',
      GAPS,
      watching(without(notes, third), [{ relay: steady, since: 0, until: 9 }]),
    ],
    [
      'an event missed in a gap of only one of its relays',
      GAPS,
      watching(without(notes, second), [{ relay: slow, since: 0, until: 9 }]),
    ],
    ['an event watched twice', GAPS, watching([...notes, first])],
    ['an old version that came last', LATEST, { ...well, latest: [...well.latest, oldProfile] }],
    ['a version that never came', LATEST, { ...well, latest: [oldProfile] }],
    [
      'an honest relay that is blamed',
      BLAMED,
      { ...well, statuses: [status(steady, { connects: 4, unmatched: 1 }), ...well.statuses.slice(1)] },
    ],
    ['lies that nobody noticed', BLAMED, { ...well, statuses: well.statuses.slice(0, 2) }],
    ['no reconnects', TRIAL, { ...well, statuses: [status(steady, {}), status(liar, { invalid: 1 })] }],
    ['no event during an outage', TRIAL, { ...well, addedWhileAway: 0 }],
  ])('notices %s, and nothing else', (_, claim, facts) => {
    expect(failed(facts)).toEqual([expect.stringMatching(claim)]);
  });

  it('lets an event be missing that lies in the gaps of all relays that hold it', () => {
    const gaps = [steady, slow].map((relay) => ({ relay, since: second.created_at, until: second.created_at }));
    expect(failed(watching(without(notes, second), gaps))).toEqual([]);
  });

  it('lets an unknown event pass that is signed and was asked for', () => {
    const unknown = signedEvent({ kind: 7, content: '+' }, testKey(0));
    expect(failed(subscribing([...well.subscribed.events, unknown]))).toEqual([]);
  });

  it('says what was found, the first few problems with it', () => {
    const lines = summarise(judge(subscribing([])), inNoColour);
    expect(lines).toContain('  ✗ every event that an honest relay holds was delivered exactly once: 0 of 6');
    expect(lines).toContain(`      event ${first.id.slice(0, 8)}… (kind 1) was not delivered`);
    expect(lines).toContain('      and 1 more');
    expect(lines.filter((line) => line.startsWith('  ✓'))).toHaveLength(7);
  });

  it('sums up the run in figures', () => {
    const verifying = { milliseconds: 1_234, signatures: 1_000 };
    expect(figures({ ...well, events: well.subscribed.events }, verifying)).toBe(
      '  6 events, 5 duplicates dropped, 1 lie rejected, 3 reconnects, 0 gaps, 1.2 s to verify 1,000 signatures',
    );
  });
});

describe('the measures at the end', () => {
  const eose = { count: 3, min: 1, mean: 2, p50: 12.4, p95: 950.6, p99: 12_345, max: 20_000 };
  const queue = { depth: 0, wait: undefined };
  const all: Measurements = {
    latency: { connect: undefined, firstEvent: undefined, eose, ok: undefined },
    throughput: { messagesPerSecond: 1_234.56, bytesPerSecond: 0 },
    connectionErrorRate: 0.125,
    messageErrorRate: 0.0049,
    inFlight: 0,
    queue: { critical: queue, high: queue, normal: queue, low: queue },
  };
  const metrics: PoolMetrics = {
    at: 0,
    all,
    relays: [],
    process: { heapBytes: 48.4 * 2 ** 20, residentBytes: undefined, cpu: 0.567 },
  };

  it('are those of all relays and of the process, in one line', () => {
    expect(measures(metrics)).toBe(
      '  at the end: 1,234.6 messages/s, EOSE p50/p95/p99 12/951/12,345 ms, ' +
        'errors 12.5 % of connections, 0.5 % of messages, heap 48 MiB, CPU 57 %',
    );
  });

  it('leave out what is not known', () => {
    const silent: Measurements = { ...all, latency: { ...all.latency, eose: undefined }, messageErrorRate: 0 };
    const unknown = { heapBytes: undefined, residentBytes: undefined, cpu: undefined };
    expect(measures({ ...metrics, all: silent, process: unknown })).toBe(
      '  at the end: 1,234.6 messages/s, no EOSE, errors 12.5 % of connections, 0.0 % of messages',
    );
  });
});
