import { neventEncode, noteEncode, nprofileEncode, npubEncode, nsecEncode } from 'nostr-tools/nip19';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../src/cli/arguments.ts';
import { checkFilters, filterFlags, filterOfFlags, filtersOfJson, withFlags } from '../../src/cli/filter-flags.ts';
import { secretKeyOf } from '../../src/cli/identifiers.ts';
import { testKey } from '../../src/testing/index.ts';

const key = testKey(0).publicKey;
const id = 'ab'.repeat(32);
const now = Date.UTC(2026, 0, 31, 12);
const filterOf = (...argv: string[]) => filterOfFlags(readArguments(argv, filterFlags), now);
const nsec = nsecEncode(testKey(0).secretKey);

describe('filterOfFlags', () => {
  it('is nothing without flags', () => {
    expect(filterOf()).toBeUndefined();
    expect(filterOf('wss://relay.example')).toBeUndefined();
  });

  it('reads what nak reads', () => {
    expect(
      filterOf(
        '-k',
        '1',
        '-k',
        '6,7',
        '-a',
        key,
        '-i',
        id,
        '-t',
        '#e=' + id,
        '-t',
        't=nostr',
        '-t',
        't=a=b',
        '-e',
        id,
        '-p',
        key,
        '-d',
        '',
        '-s',
        '1h ago',
        '-u',
        'now',
        '-l',
        '10',
        '--search',
        'a b',
      ),
    ).toEqual({
      kinds: [1, 6, 7],
      authors: [key],
      ids: [id],
      '#e': [id, id],
      '#t': ['nostr', 'a=b'],
      '#p': [key],
      '#d': [''],
      since: now / 1_000 - 3_600,
      until: now / 1_000,
      limit: 10,
      search: 'a b',
    });
  });

  it('reads the identifiers of NIP-19 and NIP-21, and hex in capitals', () => {
    const authors = [
      npubEncode(key),
      `nostr:${npubEncode(key)}`,
      nprofileEncode({ pubkey: key, relays: ['wss://a.example'] }),
      key.toUpperCase(),
    ];
    expect(filterOf(...authors.flatMap((author) => ['-a', author]))).toEqual({ authors: [key, key, key, key] });
    expect(filterOf('-i', noteEncode(id), '-i', neventEncode({ id }))).toEqual({ ids: [id, id] });
    expect(
      filterOf('-e', noteEncode(id), '-p', npubEncode(key), '-t', `e=${noteEncode(id)}`, '-t', `p=${npubEncode(key)}`),
    ).toEqual({
      '#e': [id, id],
      '#p': [key, key],
    });
  });

  it.each([
    [['-k', 'x'], "--kind takes a whole number from 0 to 65535, not 'x'."],
    [['-k', '65536'], "--kind takes a whole number from 0 to 65535, not '65536'."],
    [['-a', 'bob'], "'bob' is no public key: give 64 hex digits, an npub or an nprofile."],
    [['-a', noteEncode(id)], 'is no public key'],
    [['-a', `${npubEncode(key).slice(0, -1)}q`], 'is no public key'],
    [['-i', npubEncode(key)], 'is no id of an event: give 64 hex digits, a note or an nevent.'],
    [['-t', 'nostr'], "--tag takes one letter, = and a value, such as t=nostr; not 'nostr'."],
    [['-t', 'client=x'], '--tag takes one letter'],
    [['-l', '-1'], "--limit takes a whole number from 0, not '-1'."],
    [['-s', 'soon'], "'soon' is no time."],
  ])('refuses %j', (argv, message) => {
    expect(() => filterOf(...argv)).toThrow(message);
  });

  it('never shows a secret key', () => {
    for (const argv of [
      ['-a', nsec],
      ['-i', nsec],
      ['-p', nsec],
      ['-e', `nostr:${nsec}`],
    ]) {
      expect(() => filterOf(...argv)).toThrow(/^A secret key is no /);
    }
    expect(() => secretKeyOf(nsec.slice(0, -1), '--sec')).toThrow(
      /^--sec takes a secret key of 64 hex digits, or an nsec\.$/,
    );
    expect(secretKeyOf(nsec, '--sec')).toEqual(testKey(0).secretKey);
    expect(secretKeyOf(`${Buffer.from(testKey(0).secretKey).toString('hex')}\n`, '--sec')).toEqual(
      testKey(0).secretKey,
    );
  });
});

describe('filtersOfJson', () => {
  const of = (value: unknown) => filtersOfJson(JSON.stringify(value), now, 'The argument');

  it('reads one, several, a REQ and a COUNT', () => {
    const [a, b] = [{ kinds: [1] }, { limit: 1 }];
    expect([of(a), of([a, b]), of(['REQ', 'x', a, b]), of(['COUNT', 'x', b]), of([])]).toEqual([
      [a],
      [a, b],
      [a, b],
      [b],
      [],
    ]);
  });

  it('reads identifiers and times in it', () => {
    expect(
      of({
        authors: [npubEncode(key)],
        ids: [noteEncode(id)],
        '#p': [npubEncode(key)],
        '#e': [noteEncode(id)],
        '#t': ['npub1'],
        since: '1h ago',
        until: 5,
      }),
    ).toEqual([
      { authors: [key], ids: [id], '#p': [key], '#e': [id], '#t': ['npub1'], since: now / 1_000 - 3_600, until: 5 },
    ]);
  });

  it.each([
    ['{kinds:[1]}', 'The argument is no JSON: {kinds:[1]}. In a shell, put JSON in single quotes.'],
    ['1', 'The argument is no filter'],
    ['null', 'The argument is no filter'],
    ['[[]]', 'The argument is no filter'],
    ['["EVENT","x",{}]', 'The argument is no filter'],
  ])('refuses %j', (text, message) => {
    expect(() => filtersOfJson(text, now, 'The argument')).toThrow(message);
  });
});

describe('withFlags', () => {
  it('lets lists grow, each value once, and replaces single values', () => {
    expect(withFlags({ kinds: [1, 2], limit: 9, '#t': ['a'] }, { kinds: [2, 3], limit: 1, '#p': [key] })).toEqual({
      kinds: [1, 2, 3],
      limit: 1,
      '#t': ['a'],
      '#p': [key],
    });
  });
});

describe('checkFilters', () => {
  it('refuses what no relay would understand, and what can match nothing', () => {
    expect(() => checkFilters([{ kinds: [1], ...{ since: 1.5 } }])).toThrow("Invalid filter: 'since'");
    expect(() => checkFilters([JSON.parse('{"kind":[1]}')])).toThrow("'kind' is not a key of a filter");
    expect(() => checkFilters([{ since: 2, until: 1 }])).toThrow('This can match nothing');
    expect(() => checkFilters([{ kinds: [] }])).toThrow('This can match nothing');
    expect(checkFilters([{}])).toEqual([{}]);
  });
});
