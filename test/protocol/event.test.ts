import { createHash } from 'node:crypto';
import { finalizeEvent, generateSecretKey } from 'nostr-tools/pure';
import { describe, expect, it, vi } from 'vitest';
import {
  classifyKind,
  expiresAt,
  isWellFormedEvent,
  replaceableKey,
  serializeEvent,
  supersedes,
  toNostrEvent,
  type NostrEvent,
} from '../../src/protocol/event.ts';

const event: NostrEvent = {
  id: 'a'.repeat(64),
  pubkey: 'b'.repeat(64),
  created_at: 1_700_000_000,
  kind: 1,
  tags: [['e', 'c'.repeat(64)], ['flag']],
  content: 'hello',
  sig: 'd'.repeat(128),
};

const tagged = (kind: number, ...tags: string[][]): NostrEvent => ({ ...event, kind, tags });

describe('isWellFormedEvent', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['a string', 'event'],
    ['an array', [event]],
    ['an empty object', {}],
    ['an id that is too short', { ...event, id: 'a'.repeat(63) }],
    ['an id that is too long', { ...event, id: 'a'.repeat(65) }],
    ['an id in upper case', { ...event, id: 'A'.repeat(64) }],
    ['an id that is not hex', { ...event, id: 'g'.repeat(64) }],
    ['an id followed by a line feed', { ...event, id: `${'a'.repeat(64)}\n` }],
    ['an id that is an array of one string', { ...event, id: [event.id] }],
    ['a public key in upper case', { ...event, pubkey: 'B'.repeat(64) }],
    ['a public key with a prefix byte', { ...event, pubkey: `02${event.pubkey}` }],
    ['a signature of 64 digits', { ...event, sig: 'd'.repeat(64) }],
    ['a signature in upper case', { ...event, sig: 'D'.repeat(128) }],
    ['a kind above 65535', { ...event, kind: 65536 }],
    ['a kind below 0', { ...event, kind: -1 }],
    ['a kind with a fraction', { ...event, kind: 1.5 }],
    ['a kind that is a string', { ...event, kind: '1' }],
    ['a time with a fraction', { ...event, created_at: 1.5 }],
    ['a time below 0', { ...event, created_at: -1 }],
    ['a time past the safe integers', { ...event, created_at: 2 ** 53 }],
    ['a time that is no number', { ...event, created_at: NaN }],
    ['a time that is a string', { ...event, created_at: '1700000000' }],
    ['tags that are an object', { ...event, tags: { 0: ['e'] } }],
    ['a tag that is a string', { ...event, tags: ['e'] }],
    ['an empty tag', { ...event, tags: [[]] }],
    ['a tag with a number', { ...event, tags: [['e', 1]] }],
    ['a tag with null', { ...event, tags: [['e', null]] }],
    ['content that is missing', { ...event, content: undefined }],
    ['content that is a number', { ...event, content: 1 }],
    ['content with a lone high surrogate', { ...event, content: 'x\ud800' }],
    ['content with a lone low surrogate', { ...event, content: '\udc00x' }],
    ['content with swapped surrogates', { ...event, content: '\ude00\ud83d' }],
    ['a tag with a lone surrogate', { ...event, tags: [['t', '\udfff']] }],
  ])('refuses %s', (_, value) => {
    expect(isWellFormedEvent(value)).toBe(false);
    expect(toNostrEvent(value)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['a plain event', event],
    ['the lowest kind and time', { ...event, kind: 0, created_at: 0 }],
    ['the highest kind and time', { ...event, kind: 65535, created_at: 2 ** 53 - 1 }],
    ['no tags and no content', { ...event, tags: [], content: '' }],
    ['an empty tag name', { ...event, tags: [['']] }],
    ['paired surrogates', { ...event, content: '😀' }],
    ['control characters', { ...event, content: '\u0000\u001f\u007f\u2028' }],
    ['further fields', { ...event, extra: { id: 1 } }],
  ])('accepts %s', (_, value) => {
    expect(isWellFormedEvent(value)).toBe(true);
  });

  it('refuses sparse tags, whose holes are no strings', () => {
    const tag = new Array<string>(2);
    tag[0] = 'e';
    expect(isWellFormedEvent({ ...event, tags: [tag] })).toBe(false);
    expect(isWellFormedEvent({ ...event, tags: new Array(1) })).toBe(false);
  });

  it('finds lone surrogates where the platform has no isWellFormed', async () => {
    const native = Object.getOwnPropertyDescriptor(String.prototype, 'isWellFormed');
    expect(native).toBeDefined();
    Reflect.deleteProperty(String.prototype, 'isWellFormed');
    try {
      vi.resetModules();
      const { isUnicode } = await import('../../src/protocol/event.ts');
      expect('isWellFormed' in String.prototype).toBe(false);
      expect(['x\ud800', '\udc00x', '\ude00\ud83d', '\ud83d\ud83d\ude00'].some(isUnicode)).toBe(false);
      expect(['', 'x', '\ud83d\ude00', '\u2028\uffff'].every(isUnicode)).toBe(true);
    } finally {
      if (native) Object.defineProperty(String.prototype, 'isWellFormed', native);
      vi.resetModules();
    }
  });
});

describe('toNostrEvent', () => {
  it('keeps the seven fields and drops all others', () => {
    const copy = toNostrEvent({ ...event, relay: 'wss://relay.example', ots: 'x' });
    expect(copy).toStrictEqual(event);
  });

  it('shares nothing that could change later', () => {
    const source = structuredClone(event);
    const copy = toNostrEvent(source);
    source.content = 'changed';
    source.tags[0]?.push('changed');
    source.tags.push(['changed']);
    expect(copy).toStrictEqual(event);
  });
});

describe('serializeEvent', () => {
  const text = (content: string): string =>
    serializeEvent({ pubkey: 'p', created_at: 1, kind: 1, tags: [['t', content]], content });
  const expected = (json: string): string => `[0,"p",1,1,[["t","${json}"]],"${json}"]`;

  it.each<[string, string, string]>([
    ['line feed', '\n', '\\n'],
    ['quote', '"', '\\"'],
    ['backslash', '\\', '\\\\'],
    ['carriage return', '\r', '\\r'],
    ['tab', '\t', '\\t'],
    ['backspace', '\b', '\\b'],
    ['form feed', '\f', '\\f'],
    ['other control characters as JavaScript does', '\u0000\u0001\u000b\u001f', '\\u0000\\u0001\\u000b\\u001f'],
    ['delete verbatim', '\u007f', '\u007f'],
    ['line and paragraph separators verbatim', '\u2028\u2029', '\u2028\u2029'],
    ['slash verbatim', 'a/b</script>', 'a/b</script>'],
    ['non-ASCII verbatim', 'é日😀', 'é日😀'],
    ['a byte order mark verbatim', '\ufeff', '\ufeff'],
  ])('writes %s', (_, content, json) => {
    expect(text(content)).toBe(expected(json));
  });

  it('has no white space and no field beside those of NIP-01', () => {
    expect(serializeEvent(event)).toBe(
      `[0,"${event.pubkey}",1700000000,1,[["e","${'c'.repeat(64)}"],["flag"]],"hello"]`,
    );
  });

  it('is what another implementation hashes to the id', () => {
    const template = {
      kind: 1,
      created_at: 1_700_000_000,
      tags: [['t', '\u0001"\\/']],
      content: '\u2028 é😀\n\u007f\b',
    };
    const signed = finalizeEvent(template, generateSecretKey());
    expect(createHash('sha256').update(serializeEvent(signed), 'utf8').digest('hex')).toBe(signed.id);
  });
});

describe('classifyKind', () => {
  it.each<[number, string]>([
    [0, 'replaceable'],
    [1, 'regular'],
    [2, 'regular'],
    [3, 'replaceable'],
    [4, 'regular'],
    [44, 'regular'],
    [45, 'regular'],
    [999, 'regular'],
    [1000, 'regular'],
    [9999, 'regular'],
    [10000, 'replaceable'],
    [19999, 'replaceable'],
    [20000, 'ephemeral'],
    [29999, 'ephemeral'],
    [30000, 'addressable'],
    [39999, 'addressable'],
    [40000, 'regular'],
    [65535, 'regular'],
  ])('kind %i is %s', (kind, kindClass) => {
    expect(classifyKind(kind)).toBe(kindClass);
  });
});

describe('replaceableKey', () => {
  const { pubkey } = event;

  it.each<[string, NostrEvent, string | undefined]>([
    ['a regular event', tagged(1, ['d', 'x']), undefined],
    ['an ephemeral event', tagged(20000, ['d', 'x']), undefined],
    ['a replaceable event, whose d tag means nothing', tagged(10002, ['d', 'x']), `10002:${pubkey}:`],
    ['an addressable event', tagged(30023, ['d', 'x']), `30023:${pubkey}:x`],
    ['an addressable event without a d tag', tagged(30023), `30023:${pubkey}:`],
    ['an addressable event with a d tag without a value', tagged(30023, ['d']), `30023:${pubkey}:`],
    ['the first of several d tags', tagged(30023, ['e', 'y'], ['d', 'x', 'z'], ['d', 'w']), `30023:${pubkey}:x`],
    ['a colon in the d tag', tagged(30023, ['d', 'a:b']), `30023:${pubkey}:a:b`],
  ])('of %s', (_, value, key) => {
    expect(replaceableKey(value)).toBe(key);
  });
});

describe('supersedes', () => {
  const low = { ...event, id: `1${'0'.repeat(63)}` };
  const high = { ...event, id: `f${'0'.repeat(63)}` };

  it('lets the newer win, whatever the ids', () => {
    const newer = { ...high, created_at: low.created_at + 1 };
    expect(supersedes(newer, low)).toBe(true);
    expect(supersedes(low, newer)).toBe(false);
  });

  it('lets the lower id win a tie', () => {
    expect(supersedes(low, high)).toBe(true);
    expect(supersedes(high, low)).toBe(false);
  });

  it('lets nothing win over itself', () => {
    expect(supersedes(low, { ...low })).toBe(false);
  });
});

describe('expiresAt', () => {
  it.each<[string, string[][], number | undefined]>([
    ['no tag', [['e', '1']], undefined],
    ['seconds', [['expiration', '1700000000']], 1_700_000_000],
    ['the epoch', [['expiration', '0']], 0],
    [
      'the first of two tags',
      [
        ['expiration', '1'],
        ['expiration', '2'],
      ],
      1,
    ],
    ['no value', [['expiration']], undefined],
    ['an empty value', [['expiration', '']], undefined],
    ['a word', [['expiration', 'never']], undefined],
    ['a negative number', [['expiration', '-1']], undefined],
    ['a fraction', [['expiration', '1.5']], undefined],
    ['an exponent', [['expiration', '1e3']], undefined],
    ['hex', [['expiration', '0x10']], undefined],
    ['a number beyond exactness', [['expiration', '9'.repeat(400)]], undefined],
  ])('%s', (_, tags, expected) => {
    expect(expiresAt(tagged(1, ...tags))).toBe(expected);
  });
});
