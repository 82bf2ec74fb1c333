import { npubEncode, noteEncode } from 'nostr-tools/nip19';
import { verifyEvent } from 'nostr-tools/pure';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../src/cli/arguments.ts';
import { eventFlags, type EventInput, eventOfFlags, eventOfJson, signedOf } from '../../src/cli/event-flags.ts';
import type { NostrEvent } from '../../src/index.ts';
import { signedEvent, testKey } from '../../src/testing/index.ts';

const { publicKey, secretKey } = testKey(0);
const id = 'ab'.repeat(32);
const now = Date.UTC(2026, 0, 31, 12);
const partOf = (...argv: string[]) => eventOfFlags(readArguments(argv, eventFlags), now);
const sign = (input: object, part?: ReturnType<typeof partOf>, key: Uint8Array | undefined = secretKey): NostrEvent =>
  signedOf(input as EventInput, part, key, now, 'Line 1');
const note = signedEvent({ content: 'hello' }, testKey(1));

describe('eventOfFlags', () => {
  it('reads what nak reads', () => {
    expect(partOf()).toBeUndefined();
    expect(
      partOf(
        '-c',
        'hi',
        '-k',
        '7',
        '-t',
        't=nostr',
        '-t',
        `e=${noteEncode(id)};wss://hint.example;reply`,
        '-t',
        '["r","https://a;b"]',
        '-t',
        '-',
        '-p',
        npubEncode(publicKey),
        '-d',
        'x',
        '--created-at',
        '1h ago',
      ),
    ).toEqual({
      content: 'hi',
      kind: 7,
      createdAt: now / 1_000 - 3_600,
      tags: [
        ['t', 'nostr'],
        ['e', id, 'wss://hint.example', 'reply'],
        ['r', 'https://a;b'],
        ['-'],
        ['p', publicKey],
        ['d', 'x'],
      ],
    });
  });

  it.each([
    [['-t', '[1]'], '--tag takes a JSON array of texts'],
    [['-t', '[]'], '--tag takes a JSON array of texts'],
    [['-t', '["a"'], '--tag takes a JSON array of texts'],
    [['-t', '=x'], '--tag takes name=value'],
    [['-k', '70000'], '--kind takes a whole number from 0 to 65535'],
    [['-e', 'x'], "'x' is no id of an event"],
  ])('refuses %j', (argv, message) => {
    expect(() => partOf(...argv)).toThrow(message);
  });
});

describe('eventOfJson', () => {
  it('reads an event, and an EVENT of a client or a relay', () => {
    for (const value of [note, ['EVENT', note], ['EVENT', 'sub', note]])
      expect(eventOfJson(JSON.stringify(value), 'x')).toEqual(note);
  });

  it.each(['', '{', '1', 'null', '[]', '["REQ",{}]', '["EVENT"]'])('refuses %j', (text) => {
    expect(() => eventOfJson(text, 'Line 3')).toThrow(/^Line 3 is no /);
  });
});

describe('signedOf', () => {
  it('sends what is signed as it is, without anything that is not of an event', () => {
    expect(sign({ ...note, extra: 1 }, undefined, undefined)).toEqual(note);
  });

  it('refuses a wrong signature or id, also where it was verified before', () => {
    expect(() => sign({ ...note, content: 'changed' })).toThrow('Line 1 has a wrong id or signature');
    const seen = { ...note };
    verifyEvent(seen);
    expect(() => sign({ ...seen, content: 'changed' })).toThrow('Line 1 has a wrong id or signature');
    expect(() => sign({ ...note, sig: 'x' })).toThrow('Line 1 is no event');
  });

  it('signs what is not signed, with defaults', () => {
    const event = sign({ content: 'x', tags: [['t', 'a']] });
    expect(event).toMatchObject({
      kind: 1,
      content: 'x',
      tags: [['t', 'a']],
      created_at: now / 1_000,
      pubkey: publicKey,
    });
    expect(verifyEvent(event)).toBe(true);
    expect(Object.keys(event).sort()).toEqual(['content', 'created_at', 'id', 'kind', 'pubkey', 'sig', 'tags']);
  });

  it('signs anew what flags change: they replace, and tags are added', () => {
    const mine = signedEvent({ content: 'x', tags: [['t', 'a']], kind: 30_023 }, testKey(0));
    const event = sign(mine, partOf('-c', 'y', '-t', 't=b'));
    expect(event).toMatchObject({
      content: 'y',
      kind: 30_023,
      created_at: mine.created_at,
      tags: [
        ['t', 'a'],
        ['t', 'b'],
      ],
    });
    expect(verifyEvent(event)).toBe(true);
  });

  it.each<[string, object, Uint8Array | undefined, string]>([
    ['without a key', { content: 'x' }, undefined, 'Line 1 has to be signed: put the secret key into NOSTR_SECRET_KEY'],
    [
      'of another author',
      { content: 'x', pubkey: testKey(1).publicKey },
      secretKey,
      'Line 1 is of another author than the key is.',
    ],
    ['with a wrong kind', { kind: '1' }, secretKey, 'Line 1 is no event: kind'],
    ['with wrong tags', { tags: 'x' }, secretKey, 'Line 1 is no event: kind'],
    ['with a tag that is none', { tags: [[1]] }, secretKey, 'Line 1 is no event: kind'],
    ['with a key that is none', { content: 'x' }, new Uint8Array(32), 'The secret key is none of the curve'],
  ])('refuses one %s', (_, input, key, message) => {
    expect(() => signedOf(input as EventInput, undefined, key, now, 'Line 1')).toThrow(message);
  });
});
