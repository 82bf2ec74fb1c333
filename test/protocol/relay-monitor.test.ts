import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { decodeGeohash } from '../../src/protocol/geohash.ts';
import { readMonitorAnnouncement, readRelayDiscovery } from '../../src/protocol/relay-monitor.ts';
import { anEvent } from '../support/packets.ts';

const monitor = 'c'.repeat(64);
const report = (...tags: string[][]): NostrEvent =>
  anEvent('1', { kind: 30_166, pubkey: monitor, created_at: 77, tags: [['d', 'wss://some.relay'], ...tags] });
const announcement = (...tags: string[][]): NostrEvent => anEvent('1', { kind: 10_166, pubkey: monitor, tags });
const nothing = {
  roundTrip: {},
  nips: [],
  requirements: { has: [], hasNot: [] },
  topics: [],
  relayTypes: [],
  kinds: { accepts: [], rejects: [] },
  countries: [],
};

describe('readRelayDiscovery', () => {
  it('reads all that NIP-66 names', () => {
    const event = report(
      ['n', 'clearnet'],
      ['N', '40'],
      ['N', '33'],
      ['R', '!payment'],
      ['R', 'auth'],
      ['g', 'ww8p1r4t8'],
      ['l', 'en', 'ISO-639-1'],
      ['l', 'jp', 'ISO-3166-1'],
      ['t', 'nsfw'],
      ['T', 'PrivateInbox'],
      ['k', '1'],
      ['k', '!7'],
      ['k', '0'],
      ['rtt-open', '234'],
      ['rtt-read', '12.5'],
      ['rtt-write', '0'],
    );
    expect(readRelayDiscovery(event)).toEqual({
      relay: 'wss://some.relay/',
      monitor,
      seenAt: 77,
      roundTrip: { open: 234, read: 12.5, write: 0 },
      network: 'clearnet',
      nips: [40, 33],
      requirements: { has: ['auth'], hasNot: ['payment'] },
      topics: ['nsfw'],
      relayTypes: ['PrivateInbox'],
      kinds: { accepts: [1, 0], rejects: [7] },
      place: decodeGeohash('ww8p1r4t8'),
      countries: ['JP'],
    });
  });

  it('needs nothing but the address', () => {
    expect(readRelayDiscovery(report())).toEqual({ relay: 'wss://some.relay/', monitor, seenAt: 77, ...nothing });
  });

  it.each(['', 'a'.repeat(64), 'https://a.example', 'ws://127.0.0.1', 'wss://relay.local', 'nonsense'])(
    'is undefined for the address %j',
    (address) => {
      const tags = [
        ['d', address],
        ['d', 'wss://second.example'],
      ];
      expect(readRelayDiscovery(anEvent('1', { kind: 30_166, tags }))).toBeUndefined();
    },
  );

  it('is undefined without an address, and for another kind', () => {
    expect(readRelayDiscovery(anEvent('1', { kind: 30_166, tags: [['d']] }))).toBeUndefined();
    expect(readRelayDiscovery(anEvent('1', { kind: 30_166 }))).toBeUndefined();
    expect(readRelayDiscovery({ ...report(), kind: 10_166 })).toBeUndefined();
  });

  it('leaves out what makes no sense', () => {
    const event = report(
      ['n', ''],
      ['N', 'x'],
      ['N', '0'],
      ['N', '-4'],
      ['N', '70000'],
      ['N'],
      ['R', ''],
      ['R', '!'],
      ['R', 'x'.repeat(257)],
      ['g', 'europe'],
      ['l', 'DEU', 'ISO-3166-1'],
      ['l', 'DE'],
      ['l', 'DE', 'other'],
      ['t', ''],
      ['t'],
      ['T', 'x'.repeat(257)],
      ['k', '65536'],
      ['k', 'one'],
      ['k', '!'],
      ['rtt-open', '-1'],
      ['rtt-read', 'fast'],
      ['rtt-write', '86400001'],
    );
    expect(readRelayDiscovery(event)).toEqual({ relay: 'wss://some.relay/', monitor, seenAt: 77, ...nothing });
  });

  it('takes the first that makes sense, and each entry once', () => {
    const event = report(
      ['rtt-open', 'never'],
      ['rtt-open', '86400000'],
      ['rtt-open', '5'],
      ['n', 'Tor'],
      ['n', 'i2p'],
      ['N', '11'],
      ['N', '011'],
      ['R', 'auth'],
      ['R', 'Auth'],
      ['t', 'cats'],
      ['t', 'Cats'],
      ['t', 'cats'],
    );
    expect(readRelayDiscovery(event)).toMatchObject({
      roundTrip: { open: 86_400_000 },
      network: 'tor',
      nips: [11],
      requirements: { has: ['auth'], hasNot: [] },
      topics: ['cats', 'Cats'],
    });
  });

  it('takes the place from the longest geohash, and not from what else is in such tags', () => {
    const tags = [
      ['g', 'u2m', 'geohash'],
      ['g', 'u2mwdd8q4', 'geohash'],
      ['g', 'u2mwd', ''],
      ['g', 'ezs42ezs42ez', 'cityName'],
      ['g', '348', 'countryCode'],
      ['g', 'not a geohash'],
      ['g', 'u2mwdd8q4u2mwdd8q4'],
      ['g'],
    ];
    expect(readRelayDiscovery(report(...tags))?.place).toEqual(decodeGeohash('u2mwdd8q4'));
    expect(readRelayDiscovery(report(['g', 'HU', 'countryCode']))).not.toHaveProperty('place');
  });

  it('takes 256 entries of each', () => {
    const many = (name: string, value: (index: number) => string, label?: string): string[][] =>
      Array.from({ length: 300 }, (_, index) => [name, value(index), ...(label ? [label] : [])]);
    const letters = (index: number): string =>
      String.fromCharCode(65 + Math.floor(index / 26)) + String.fromCharCode(65 + (index % 26));
    const event = report(
      ...many('N', (index) => String(index + 1)),
      ...many('R', (index) => `a${index}`),
      ...many('R', (index) => `!a${index}`),
      ...many('t', (index) => `a${index}`),
      ...many('T', (index) => `a${index}`),
      ...many('k', (index) => String(index)),
      ...many('k', (index) => `!${index}`),
      ...many('l', letters, 'ISO-3166-1'),
    );
    const { nips, requirements, topics, relayTypes, kinds, countries } = readRelayDiscovery(event)!;
    const lists = [
      nips,
      requirements.has,
      requirements.hasNot,
      topics,
      relayTypes,
      kinds.accepts,
      kinds.rejects,
      countries,
    ];
    expect(lists.map(({ length }) => length)).toEqual(lists.map(() => 256));
  });
});

describe('readMonitorAnnouncement', () => {
  it('reads all that NIP-66 names', () => {
    const event = announcement(
      ['timeout', 'open', '5000'],
      ['timeout', '3000', 'read'],
      ['timeout', '1000'],
      ['frequency', '3600'],
      ['c', 'ws'],
      ['c', 'NIP11'],
      ['g', 'ww8p1r4t8'],
    );
    expect(readMonitorAnnouncement(event)).toEqual({
      monitor,
      frequency: 3_600,
      checks: ['ws', 'nip11'],
      timeouts: new Map([
        ['open', 5_000],
        ['read', 3_000],
        ['*', 1_000],
      ]),
      place: decodeGeohash('ww8p1r4t8'),
    });
  });

  it('needs nothing, and leaves out what makes no sense', () => {
    const event = announcement(
      ['timeout', 'open'],
      ['timeout', 'open', 'soon'],
      ['timeout'],
      ['timeout', '', '5000'],
      ['frequency', '0'],
      ['frequency', 'daily'],
      ['c', ''],
      ['c'],
      ['g', ''],
    );
    const empty = { monitor, checks: [], timeouts: new Map() };
    expect(readMonitorAnnouncement(announcement())).toEqual(empty);
    expect(readMonitorAnnouncement(event)).toEqual(empty);
  });

  it('takes the first of several, and 256 of them', () => {
    const many = Array.from({ length: 300 }, (_, index) => ['timeout', `check ${index}`, '1']);
    const twice = announcement(
      ['timeout', 'open', '1'],
      ['timeout', '2', 'open'],
      ['frequency', '3'],
      ['frequency', '4'],
    );
    expect(readMonitorAnnouncement(twice)).toMatchObject({ frequency: 3, timeouts: new Map([['open', 1]]) });
    expect(readMonitorAnnouncement(announcement(...many))?.timeouts.size).toBe(256);
  });

  it('is undefined for another kind', () => {
    expect(readMonitorAnnouncement(report())).toBeUndefined();
  });
});

describe('hostile events', () => {
  const names = ['d', 'n', 'N', 'R', 'T', 't', 'k', 'g', 'l', 'rtt-open', 'timeout', 'c', 'frequency'];
  const value = fc.oneof(
    fc.constantFrom('wss://a.example', '!', '!!auth', '1e5', '-0', 'NaN', '9'.repeat(30), 'ezs42', '__proto__'),
    fc.string({ unit: 'grapheme' }),
    fc.integer().map(String),
  );
  const tag = fc
    .tuple(fc.constantFrom(...names), value, fc.option(value))
    .map((parts) => parts.filter((part) => part !== null));
  const kind = fc.constantFrom(30_166, 10_166);

  it('never make it throw, nor break a bound', () => {
    fc.assert(
      fc.property(kind, fc.array(tag, { maxLength: 40 }), (kind, tags) => {
        const event = anEvent('1', { kind, tags: [['d', 'wss://a.example'], ...tags] });
        const discovery = readRelayDiscovery(event);
        expect(discovery !== undefined).toBe(kind === 30_166);
        expect(readMonitorAnnouncement(event) !== undefined).toBe(kind === 10_166);
        const { nips = [], kinds, roundTrip = {}, place } = discovery ?? {};
        const numbers = [...nips, ...(kinds?.accepts ?? []), ...(kinds?.rejects ?? [])];
        for (const number of numbers) expect(Number.isInteger(number) && number >= 0 && number <= 65_535).toBe(true);
        for (const time of Object.values(roundTrip)) expect(time >= 0 && time <= 86_400_000).toBe(true);
        if (place) expect(Math.abs(place.latitude) < 90 && Math.abs(place.longitude) < 180).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('may be no events at all', () => {
    const broken = fc.oneof(
      fc.anything(),
      fc.tuple(kind, fc.anything()).map(([kind, tags]) => ({ ...anEvent('1', { kind }), tags })),
    );
    fc.assert(
      fc.property(broken, (value) => {
        expect(() => readRelayDiscovery(value as NostrEvent)).not.toThrow();
        expect(() => readMonitorAnnouncement(value as NostrEvent)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});
