import { describe, expect, it } from 'vitest';
import { RelayDirectory, type RelayDirectoryOptions } from '../../src/policies/relay-directory.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { decodeGeohash } from '../../src/protocol/geohash.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { ALICE, aReport, BOB, CAROL, MALLORY } from '../support/discoveries.ts';

const NOW = 1_000_000_000;
const SECONDS = NOW / 1_000;

function directory(options: Partial<RelayDirectoryOptions> = {}) {
  const policy = new RelayDirectory({ monitors: [ALICE, BOB, CAROL], ...options });
  return {
    add: (event: NostrEvent, now = NOW): boolean => policy.add(event, now),
    all: (now = NOW) => policy.relays(now),
    names: (now = NOW): string[] =>
      [...policy.relays(now).keys()].map((url) => new URL(url).hostname.split('.')[0] ?? ''),
    get: (name: string, now = NOW) => policy.relays(now).get(relayUrl(`wss://${name}.example`)),
  };
}

describe('RelayDirectory', () => {
  it('knows what a monitor reported', () => {
    const { add, get, names } = directory();
    expect(add(aReport(ALICE, 'x', SECONDS, [['N', '11']]))).toBe(true);
    expect(names()).toEqual(['x']);
    expect(get('x')).toEqual({
      relay: 'wss://x.example/',
      monitors: [ALICE],
      seenAt: SECONDS,
      roundTrip: {},
      nips: [11],
      requirements: { has: [], hasNot: [] },
      topics: [],
      relayTypes: [],
      kinds: { accepts: [], rejects: [] },
      countries: [],
    });
  });

  it('believes its monitors alone', () => {
    const { add, names } = directory();
    expect(add(aReport(MALLORY, 'x', SECONDS))).toBe(false);
    expect(names()).toEqual([]);
  });

  it('takes reports alone, of relays that may be connected to', () => {
    const { add, names } = directory();
    expect(add(aReport(ALICE, 'x', SECONDS, [], { kind: 10_166 }))).toBe(false);
    expect(add(aReport(ALICE, 'x', SECONDS, [], { tags: [['d', 'ws://127.0.0.1']] }))).toBe(false);
    expect(add(aReport(ALICE, 'x', SECONDS, [], { tags: [] }))).toBe(false);
    expect(names()).toEqual([]);
  });

  it('takes nothing that is too old, nor dated too far ahead', () => {
    const { add } = directory({ maxAge: 100 });
    expect(add(aReport(ALICE, 'old', SECONDS - 101))).toBe(false);
    expect(add(aReport(ALICE, 'ahead', SECONDS + 901))).toBe(false);
    expect(add(aReport(ALICE, 'just', SECONDS - 100))).toBe(true);
    expect(add(aReport(ALICE, 'near', SECONDS + 900))).toBe(true);
  });

  it('takes reports of a week by default', () => {
    const { add } = directory();
    expect(add(aReport(ALICE, 'x', SECONDS - 604_800))).toBe(true);
    expect(add(aReport(ALICE, 'y', SECONDS - 604_801))).toBe(false);
  });

  it('keeps the newest of each monitor, of two as new the one with the lower id', () => {
    const { add, get } = directory();
    const nips = (): readonly number[] | undefined => get('x')?.nips;
    expect(add(aReport(ALICE, 'x', SECONDS - 5, [['N', '1']]))).toBe(true);
    expect(add(aReport(ALICE, 'x', SECONDS - 6, [['N', '2']]))).toBe(false);
    expect(nips()).toEqual([1]);
    expect(add(aReport(ALICE, 'x', SECONDS - 4, [['N', '3']], { id: '5'.repeat(64) }))).toBe(true);
    expect(nips()).toEqual([3]);
    expect(add(aReport(ALICE, 'x', SECONDS - 4, [['N', '4']], { id: '6'.repeat(64) }))).toBe(false);
    expect(add(aReport(ALICE, 'x', SECONDS - 4, [['N', '3']], { id: '5'.repeat(64) }))).toBe(false);
    expect(add(aReport(ALICE, 'x', SECONDS - 4, [['N', '5']], { id: '4'.repeat(64) }))).toBe(true);
    expect(nips()).toEqual([5]);
  });

  it('knows a relay by one address, however monitors write it', () => {
    const { add, names, get } = directory();
    add(aReport(ALICE, 'x', SECONDS));
    add(aReport(BOB, 'x', SECONDS, [], { tags: [['d', 'WSS://X.example:443/#']] }));
    expect(names()).toEqual(['x']);
    expect(get('x')?.monitors).toHaveLength(2);
  });

  it('merges what several monitors say', () => {
    const { add, get } = directory();
    add(
      aReport(ALICE, 'x', SECONDS - 3, [
        ['rtt-open', '100'],
        ['rtt-read', '7'],
        ['n', 'tor'],
        ['g', 's'],
        ['N', '1'],
        ['N', '11'],
        ['R', 'auth'],
        ['R', '!payment'],
        ['k', '1'],
        ['t', 'cats'],
        ['T', 'Search'],
        ['l', 'IS', 'ISO-3166-1'],
      ]),
    );
    add(
      aReport(BOB, 'x', SECONDS - 1, [
        ['rtt-open', '900'],
        ['rtt-read', '9'],
        ['N', '42'],
        ['N', '1'],
        ['R', '!auth'],
        ['R', 'pow'],
        ['k', '!1'],
        ['k', '7'],
        ['t', 'dogs'],
        ['t', 'cats'],
        ['l', 'DE', 'ISO-3166-1'],
      ]),
    );
    add(
      aReport(CAROL, 'x', SECONDS - 2, [
        ['rtt-open', '200'],
        ['n', 'clearnet'],
        ['g', 'ezs42'],
      ]),
    );
    expect(get('x')).toEqual({
      relay: 'wss://x.example/',
      monitors: [BOB, CAROL, ALICE],
      seenAt: SECONDS - 1,
      roundTrip: { open: 200, read: 8 },
      network: 'clearnet',
      place: decodeGeohash('ezs42'),
      nips: [42, 1, 11],
      requirements: { has: ['pow'], hasNot: ['auth', 'payment'] },
      topics: ['dogs', 'cats'],
      relayTypes: ['Search'],
      kinds: { accepts: [7], rejects: [1] },
      countries: ['DE', 'IS'],
    });
  });

  it('takes yes from who says yes and no at once', () => {
    const { add, get } = directory();
    add(aReport(ALICE, 'x', SECONDS, [['R', '!auth'], ['R', 'auth'], ['k', '!1'], ['k', '1']])); // prettier-ignore
    expect(get('x')).toMatchObject({
      requirements: { has: ['auth'], hasNot: [] },
      kinds: { accepts: [1], rejects: [] },
    });
  });

  it('waits for as many monitors as have to agree', () => {
    const { add, names } = directory({ agreement: 2 });
    expect(add(aReport(ALICE, 'x', SECONDS))).toBe(false);
    expect(add(aReport(ALICE, 'x', SECONDS + 1))).toBe(false);
    expect(names()).toEqual([]);
    expect(add(aReport(BOB, 'x', SECONDS))).toBe(true);
    expect(names()).toEqual(['x']);
  });

  it('forgets what has become too old', () => {
    const { add, get, names } = directory({ maxAge: 100 });
    add(aReport(ALICE, 'x', SECONDS - 50, [['rtt-open', '10']]));
    add(aReport(BOB, 'x', SECONDS, [['rtt-open', '30']]));
    add(aReport(BOB, 'y', SECONDS - 50));
    expect(get('x')?.roundTrip.open).toBe(20);
    expect(names(NOW + 50_000)).toEqual(['x', 'y']);
    expect(names(NOW + 50_001)).toEqual(['x']);
    expect(get('x', NOW + 50_001)).toMatchObject({ monitors: [BOB], roundTrip: { open: 30 } });
    expect(names(NOW + 100_001)).toEqual([]);
  });

  it('lets a relay go that too few still know', () => {
    const { add, names } = directory({ maxAge: 100, agreement: 2 });
    add(aReport(ALICE, 'x', SECONDS - 50));
    add(aReport(BOB, 'x', SECONDS));
    expect(names()).toEqual(['x']);
    expect(names(NOW + 60_000)).toEqual([]);
    expect(add(aReport(ALICE, 'x', SECONDS + 60), NOW + 60_000)).toBe(true);
  });

  it('keeps so many relays, those with the newest reports', () => {
    const { add, names } = directory({ maxRelays: 2 });
    add(aReport(ALICE, 'second', SECONDS - 2));
    add(aReport(ALICE, 'third', SECONDS - 3));
    expect(add(aReport(ALICE, 'first', SECONDS - 1))).toBe(true);
    expect(names()).toEqual(['second', 'first']);
    expect(add(aReport(ALICE, 'fourth', SECONDS - 4))).toBe(false);
    expect(names()).toEqual(['second', 'first']);
    // It is the newest report on it that counts.
    add(aReport(BOB, 'second', SECONDS));
    add(aReport(BOB, 'new', SECONDS));
    expect(names()).toEqual(['second', 'new']);
  });

  it('says so when one that counted had to go for one that does not', () => {
    const { add, names } = directory({ maxRelays: 1, agreement: 2 });
    add(aReport(ALICE, 'x', SECONDS - 5));
    add(aReport(BOB, 'x', SECONDS - 5));
    expect(names()).toEqual(['x']);
    expect(add(aReport(ALICE, 'y', SECONDS))).toBe(true);
    expect(names()).toEqual([]);
    expect(add(aReport(ALICE, 'z', SECONDS + 1))).toBe(false);
  });

  it('keeps two thousand by default', () => {
    const { add, all } = directory();
    for (let index = 0; index < 2_001; index++) add(aReport(ALICE, `r${index}`, SECONDS));
    expect(all().size).toBe(2_000);
  });

  it('hands out new maps, with the same object where nothing changed', () => {
    const { add, all, get } = directory();
    add(aReport(ALICE, 'x', SECONDS));
    add(aReport(ALICE, 'y', SECONDS));
    const [before, x, y] = [all(), get('x'), get('y')];
    add(aReport(BOB, 'y', SECONDS));
    expect(before.size).toBe(2);
    expect(before).not.toBe(all());
    expect(get('x')).toBe(x);
    expect(get('y')).not.toBe(y);
    expect(y?.monitors).toEqual([ALICE]);
  });

  it.each<[string, Partial<RelayDirectoryOptions>]>([
    ['got none', { monitors: [] }],
    ['got npub1', { monitors: [ALICE, 'npub1'] }],
    [`got ${'A'.repeat(64)}`, { monitors: ['A'.repeat(64)] }],
    ['got 0', { maxAge: 0 }],
    ['got NaN', { maxAge: Number.NaN }],
    ['got 0', { maxRelays: 0 }],
    ['got 1.5', { maxRelays: 1.5 }],
    ['got Infinity', { maxRelays: Infinity }],
    ['got 0', { agreement: 0 }],
    ['got 4', { agreement: 4 }],
    ['got 2', { agreement: 2, monitors: [ALICE, ALICE] }],
  ])('refuses wrong options: %s', (message, options) => {
    expect(() => directory(options)).toThrow(RangeError);
    expect(() => directory(options)).toThrow(message);
  });
});
