import { describe, expect, it } from 'vitest';
import { queueBars, regionBars, relayDetail, relayRows, tilesOf } from '../../src/dashboard/model.ts';
import { REGIONS, regionOf } from '../../src/dashboard/regions.ts';
import { placeOfCountry } from '../../src/protocol/country-places.ts';
import { newRelayCounters } from '../../src/sources/relay-counters.ts';
import { aMeasuredRelay, aRelay, measurements, metricsAt, summary } from '../support/dashboard-states.ts';

const LATENCY = { connect: undefined, firstEvent: undefined, eose: summary(40), ok: undefined };

describe('relayRows', () => {
  it('has state, breaker, load, score, latency and rate of each', () => {
    const metrics = metricsAt(0, {
      relays: [
        aMeasuredRelay('a', {
          latency: LATENCY,
          score: 87.4,
          throughput: { messagesPerSecond: 1_234, bytesPerSecond: 1 },
        }),
      ],
    });
    const relays = [aRelay('a', { inFlight: 4, queued: 3, isReduced: true }), aRelay('b')];
    expect(relayRows(relays, metrics, 0)).toEqual([
      {
        url: 'wss://a.example/',
        name: 'a.example',
        state: { level: 'good', text: 'connected' },
        breaker: { level: 'good', text: 'closed' },
        load: { share: 0.25, text: '4/16 +3 reduced' },
        score: 87,
        p95: '80 ms',
        rate: '1.2k',
      },
      {
        url: 'wss://b.example/',
        name: 'b.example',
        state: { level: 'good', text: 'connected' },
        breaker: { level: 'good', text: 'closed' },
        load: { share: 0, text: '0/16' },
        score: undefined,
        p95: '–',
        rate: '–',
      },
    ]);
  });

  it.each([
    [{ state: 'authenticated' }, 'good authenticated'],
    [{ state: 'connecting' }, 'warning connecting'],
    [{ state: 'disconnecting' }, 'warning disconnecting'],
    [{ state: 'disconnected' }, 'idle not needed'],
    [{ state: 'disconnected', error: { code: 'silent', message: '' } }, 'bad lost'],
    [{ state: 'disconnected', error: { code: 'silent', message: '' }, retryAt: 3_400 }, 'bad lost, 3 s'],
    [{ state: 'disconnected', error: { code: 'silent', message: '' }, retryAt: 900 }, 'bad lost, 0 s'],
    [{ state: 'disconnected', quarantinedUntil: 61_000 }, 'bad dropped, 60 s'],
    [{ state: 'failed', retryAt: 6_000 }, 'bad failed, 5 s'],
  ] as const)('says of %j: %s', (but, wanted) => {
    const [row] = relayRows([aRelay('a', but)], undefined, 1_000);
    expect(`${row?.state.level} ${row?.state.text}`).toBe(wanted);
  });

  it.each([
    ['half-open', undefined, 'warning half-open'],
    ['open', undefined, 'bad open'],
    ['open', 3_000, 'bad open, 2 s'],
  ] as const)('says of a breaker that is %s until %s: %s', (circuit, retryAt, wanted) => {
    const measured = aMeasuredRelay('a');
    const metrics = metricsAt(0, { relays: [{ ...measured, circuit: { ...measured.circuit, retryAt } }] });
    const [row] = relayRows([aRelay('a', { circuit })], metrics, 1_000);
    expect(`${row?.breaker.level} ${row?.breaker.text}`).toBe(wanted);
  });

  it('has no more than a full bar', () => {
    expect(relayRows([aRelay('a', { inFlight: 9, permits: 3 })], undefined, 0)[0]?.load.share).toBe(1);
  });
});

describe('tilesOf', () => {
  it('sums up', () => {
    const relays = [aRelay('a', { inFlight: 2, queued: 5 }), aRelay('b', { state: 'failed', inFlight: 1 })];
    const process = { heapBytes: 48 * 2 ** 20, residentBytes: undefined, cpu: 0.126 };
    const all = measurements({ messageErrorRate: 0.004, throughput: { messagesPerSecond: 7.25, bytesPerSecond: 0 } });
    expect(tilesOf(relays, metricsAt(0, { all, process }))).toEqual({
      relays: '1 / 2',
      rate: '7.3',
      load: '3 + 5',
      errors: '0.4 %',
      heap: '48 MiB',
      cpu: '13 %',
    });
    expect(tilesOf([], undefined)).toEqual({
      relays: '0 / 0',
      rate: '–',
      load: '0 + 0',
      errors: '–',
      heap: '–',
      cpu: '–',
    });
  });
});

describe('queueBars', () => {
  it('has a bar for each priority, and a scale that fits the longest', () => {
    const queue = {
      critical: { depth: 0, wait: undefined },
      high: { depth: 3, wait: summary(5) },
      normal: { depth: 12, wait: undefined },
      low: { depth: 33, wait: summary(700) },
    };
    const { scale, bars } = queueBars(measurements({ queue }));
    expect(scale).toBe(40);
    expect(bars.map(({ priority, depth, share, wait }) => [priority, depth, share, wait])).toEqual([
      ['critical', 0, 0, '–'],
      ['high', 3, 3 / 40, '10 ms'],
      ['normal', 12, 12 / 40, '–'],
      ['low', 33, 33 / 40, '1.4 s'],
    ]);
    expect(queueBars(undefined)).toMatchObject({ scale: 10, bars: [{ depth: 0, share: 0 }, {}, {}, {}] });
  });
});

describe('regions', () => {
  it('every country that has a place is in a part of the world', () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    const codes = letters.flatMap((a) => letters.map((b) => `${a}${b}`)).filter((code) => placeOfCountry(code));
    expect(codes).toHaveLength(249);
    expect(codes.filter((code) => regionOf(code) === 'Not known')).toEqual([]);
  });

  it.each([
    ['DE', 'Europe'],
    ['EU', 'Europe'],
    ['JP', 'Asia'],
    ['NG', 'Africa'],
    ['US', 'North America'],
    ['PE', 'South America'],
    ['AU', 'Oceania'],
    ['*', 'Worldwide'],
    ['XX', 'Not known'],
    ['', 'Not known'],
    [undefined, 'Not known'],
  ])('%s: %s', (country, region) => expect(regionOf(country)).toBe(region));

  it('are bars of how many relays there are, and are up', () => {
    const relays = [aRelay('a'), aRelay('b', { state: 'failed' }), aRelay('c'), aRelay('d')];
    const rate = { messagesPerSecond: 2, bytesPerSecond: 0 };
    const metrics = metricsAt(0, {
      relays: ['a', 'b', 'c'].map((name) =>
        aMeasuredRelay(name, { country: name === 'c' ? 'JP' : 'FR', throughput: rate }),
      ),
    });
    const bars = regionBars(relays, metrics);
    expect(bars.map(({ region }) => region)).toEqual(REGIONS);
    expect(bars.filter(({ relays: count }) => count > 0)).toEqual([
      { region: 'Asia', relays: 1, up: 1, share: 0.5, upShare: 0.5, rate: '2' },
      { region: 'Europe', relays: 2, up: 1, share: 1, upShare: 0.5, rate: '4' },
      { region: 'Not known', relays: 1, up: 1, share: 0.5, upShare: 0.5, rate: '0' },
    ]);
    expect(bars[0]).toEqual({ region: 'Africa', relays: 0, up: 0, share: 0, upShare: 0, rate: '–' });
  });
});

describe('relayDetail', () => {
  it('says what is worth knowing', () => {
    const counters = { ...newRelayCounters(), events: 1_500, duplicates: 2, invalid: 3, unmatched: 4, connects: 5 };
    const error = { code: 'silent', message: 'no answer' };
    expect(relayDetail(aRelay('a', { counters, error, attempts: 6 }))).toBe(
      'wss://a.example/: 1 open, 5 so far; 6 attempts without a stable connection; 1.5k events, 2 copies; 3 forged, 4 not asked for; no answer',
    );
    expect(relayDetail(aRelay('a'))).toBe('wss://a.example/: 1 open, 0 so far; 0 events, 0 copies');
  });
});
