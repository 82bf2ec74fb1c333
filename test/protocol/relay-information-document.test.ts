import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseRelayInformation,
  readRelayInformation,
  type RelayInformation,
} from '../../src/protocol/relay-information-document.ts';

const nothing: RelayInformation = {
  supportedNips: [],
  limits: {},
  countries: [],
  languages: [],
  tags: [],
  retention: [],
};

describe('readRelayInformation', () => {
  it('reads a whole document, with what left NIP-11', () => {
    expect(
      readRelayInformation({
        name: 'relay',
        description: 'A relay\u0000 for\r\n\ttests.',
        banner: 'https://relay.example/banner.jpg',
        icon: 'https://relay.example/icon.png',
        pubkey: 'A'.repeat(64),
        self: 'b'.repeat(64),
        contact: 'mailto:someone@relay.example',
        supported_nips: [1, 9, '11', 42, 42],
        software: 'https://software.example',
        version: '1.0',
        terms_of_service: 'https://relay.example/terms',
        privacy_policy: 'https://relay.example/privacy',
        payments_url: 'https://relay.example/pay',
        posting_policy: 'https://relay.example/posting',
        relay_countries: ['CA', 'us', '*'],
        language_tags: ['en', 'en-419', 'zh-Hant-TW', '*'],
        tags: ['sfw-only', 'anime'],
        limitation: { max_limit: 500, created_at_lower_limit: 1_577_836_800 },
        retention: [
          { kinds: [0, [5, 7], ['40', '49']], time: 3600 },
          { kinds: [[30000, 39999]], count: 1000 },
          { kinds: [4], time: 0 },
          { time: null, count: 10000 },
        ],
        fees: { admission: [{ amount: 1, unit: 'msats' }] },
      }),
    ).toStrictEqual({
      name: 'relay',
      description: 'A relay\u0000 for\r\n\ttests.',
      banner: 'https://relay.example/banner.jpg',
      icon: 'https://relay.example/icon.png',
      pubkey: 'a'.repeat(64),
      self: 'b'.repeat(64),
      contact: 'mailto:someone@relay.example',
      supportedNips: [1, 9, 11, 42],
      software: 'https://software.example',
      version: '1.0',
      termsOfService: 'https://relay.example/terms',
      privacyPolicy: 'https://relay.example/privacy',
      paymentsUrl: 'https://relay.example/pay',
      postingPolicy: 'https://relay.example/posting',
      countries: ['CA', 'US', '*'],
      languages: ['en', 'en-419', 'zh-Hant-TW', '*'],
      tags: ['sfw-only', 'anime'],
      limits: { maxLimit: 500, earliestCreatedAt: 1_577_836_800 },
      retention: [
        {
          kinds: [
            [0, 0],
            [5, 7],
            [40, 49],
          ],
          seconds: 3600,
        },
        { kinds: [[30000, 39999]], count: 1000 },
        { kinds: [[4, 4]], seconds: 0 },
        { seconds: Infinity, count: 10000 },
      ],
    } satisfies RelayInformation);
  });

  it('takes an empty object for a document that says nothing', () =>
    expect(readRelayInformation({})).toStrictEqual(nothing));

  it.each([undefined, null, true, 0, 'name', [], [{ name: 'relay' }]])('takes %j for no document', (value) =>
    expect(readRelayInformation(value)).toBeUndefined(),
  );

  const fields = [
    'name description banner icon pubkey self contact supported_nips software version terms_of_service privacy_policy',
    'payments_url posting_policy relay_countries language_tags tags limitation retention',
  ].flatMap((names) => names.split(' '));
  it.each([null, true, 0, -1, '', {}, { 0: 1 }, [], [[]], [{}], [null, true, -1, 1.5, '']])(
    'leaves out what is %j',
    (value) =>
      expect(readRelayInformation(Object.fromEntries(fields.map((name) => [name, value])))).toStrictEqual(nothing),
  );

  it('cuts texts, and no character in two', () => {
    const long = readRelayInformation({
      name: 'n'.repeat(257),
      contact: `${'c'.repeat(255)}😀`,
      version: `${'v'.repeat(254)}😀😀`,
      description: 'd'.repeat(100_000),
      tags: ['t'.repeat(1_000)],
    });
    expect(long).toEqual({
      ...nothing,
      name: 'n'.repeat(256),
      contact: 'c'.repeat(255),
      version: `${'v'.repeat(254)}😀`,
      description: 'd'.repeat(4_096),
      tags: ['t'.repeat(256)],
    });
  });

  it('keeps as much of a list as fits', () => {
    const numbers = Array.from({ length: 100_000 }, (_, index) => index + 1);
    const long = readRelayInformation({
      supported_nips: numbers,
      tags: [...numbers, ...numbers.map(String)],
      retention: numbers.map((count) => ({ kinds: numbers, count })),
    });
    expect(long?.supportedNips).toEqual(numbers.slice(0, 256));
    expect(long?.tags).toEqual(numbers.slice(0, 256).map(String));
    expect(long?.retention).toHaveLength(256);
    expect(long?.retention.every(({ kinds }) => kinds?.length === 256)).toBe(true);
  });

  it.each([
    'relay.example/icon.png',
    '/icon.png',
    'javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:image/png;base64,AAAA',
    'wss://relay.example',
    'https://',
    `https://relay.example/${'a'.repeat(2_048)}`,
    // Short as it is written, but not as a URL.
    `https://relay.example/${'ä'.repeat(1_000)}`,
  ])('gives no address for %j', (icon) => expect(readRelayInformation({ icon })).toStrictEqual(nothing));

  it.each(['a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(63)}g`, `${'a'.repeat(64)}\n`, `npub1${'q'.repeat(59)}`])(
    'gives no key for %j',
    (pubkey) => expect(readRelayInformation({ pubkey })).toStrictEqual(nothing),
  );

  it.each([
    { relay_countries: ['USA', 'C', 'C1', 'CA ', 'CA\n', '**'] },
    { language_tags: ['', 'en_GB', 'en-', '-en', 'en\n', 'abcdefghi', 'en-abcdefghi', `en${'-a'.repeat(8)}`] },
    { supported_nips: [0, 65_536, '5A', '1.0', [1], { nip: 1 }] },
  ])('leaves out of a list what does not belong: %j', (document) =>
    expect(readRelayInformation(document)).toStrictEqual(nothing),
  );

  it.each([
    [{ kinds: [1] }],
    [{ kinds: [1], time: -1, count: 'many' }],
    [{ kinds: 'all', time: 60 }],
    [{ kinds: [], time: 60 }],
    [{ kinds: [-1, 65_536, [7, 5], [1, 2, 3], []], time: 60 }],
    [[{ time: 60 }]],
  ])('drops a retention that nobody can tell: %j', (entry) =>
    expect(readRelayInformation({ retention: [entry] })).toStrictEqual(nothing),
  );

  it('is not led astray by prototypes', () => {
    const document = '{"__proto__":{"name":"evil"},"limitation":{"__proto__":{"max_limit":1}},"constructor":{"x":1}}';
    expect(parseRelayInformation(document)).toStrictEqual(nothing);
    expect(readRelayInformation(Object.create({ name: 'inherited' }))).toStrictEqual(nothing);
    expect(({} as Record<string, unknown>)['name']).toBeUndefined();
  });
});

describe('parseRelayInformation', () => {
  it.each(['', ' ', 'null', '[]', '"{}"', '{', '{}{}', '<html></html>', "{'name':'relay'}", '\ufeff{}'])(
    'takes %j for no document',
    (text) => expect(parseRelayInformation(text)).toBeUndefined(),
  );

  it('survives a document of brackets', () => {
    const depth = 60_000;
    const tags = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect([undefined, nothing]).toContainEqual(parseRelayInformation(`{"tags":${tags}}`));
    expect(parseRelayInformation('['.repeat(depth))).toBeUndefined();
  });
});

describe('any JSON value', () => {
  const anyField = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.array(fc.oneof(fc.integer(), fc.string(), fc.constantFrom('en', 'CA', '1'), fc.jsonValue({ maxDepth: 2 })), {
      size: 'large',
    }),
    fc.string({ unit: 'binary', size: 'large', maxLength: 6_000 }),
    fc.webUrl({ size: 'large' }),
  );
  const names = [
    'name description icon pubkey supported_nips relay_countries language_tags tags limitation retention __proto__',
  ].flatMap((all) => all.split(' '));
  const anyDocument = fc.oneof(
    { weight: 1, arbitrary: fc.jsonValue() },
    {
      weight: 4,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom(...names), anyField))
        .map((entries): unknown =>
          JSON.parse(`{${entries.map((entry) => entry.map((part) => JSON.stringify(part)).join(':')).join(',')}}`),
        ),
    },
  );

  it('is read without an error, within bounds, and the same each time', () => {
    let texts = 0;
    fc.assert(
      fc.property(anyDocument, (document) => {
        const information = readRelayInformation(document);
        expect(information === undefined).toBe(
          typeof document !== 'object' || document === null || Array.isArray(document),
        );
        if (!information) return;
        for (const [name, value] of Object.entries(information) as [string, unknown][]) {
          if (typeof value === 'string') {
            texts++;
            expect(value).not.toBe('');
            expect(value.length).toBeLessThanOrEqual(name === 'description' ? 4_096 : name === 'icon' ? 2_048 : 256);
          } else if (name === 'limits') expect(Array.isArray(value)).toBe(false);
          else {
            expect(Array.isArray(value)).toBe(true);
            expect((value as unknown[]).length).toBeLessThanOrEqual(256);
          }
        }
        expect(information.supportedNips.every((nip) => Number.isInteger(nip) && nip > 0 && nip < 65_536)).toBe(true);
        expect(Object.getPrototypeOf(information)).toBe(Object.prototype);
        expect(readRelayInformation(JSON.parse(JSON.stringify(document)))).toStrictEqual(information);
      }),
      { numRuns: 150 },
    );
    expect(texts).toBeGreaterThan(0);
  });

  it('is read without an error as text too', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseRelayInformation(text)));
  });
});
