import type { NostrEvent } from '../../src/protocol/event.ts';
import { randomHex } from '../../src/testing/seeded-random.ts';
import type { FrameStuff } from '../support/mutated-frames.ts';
import { type Members, type Verbatim, writeJson, type Written } from '../support/written-json.ts';

type Random = () => number;
type Entry = readonly [key: string, value: Written];

const verbatim = (text: string): Verbatim => ({ verbatim: text });

const NUMBERS: readonly Written[] = [
  0,
  1,
  -1,
  0.5,
  65_535,
  65_536,
  2 ** 31,
  2 ** 53 - 1,
  2 ** 53,
  ...['1e999', '-1e999', '-0', '1e-999', '1E+3', '9'.repeat(400), '1.7976931348623157e308'].map(verbatim),
];
const NOT_JSON = [
  '01',
  '+1',
  '.5',
  'NaN',
  'Infinity',
  'undefined',
  "'x'",
  '"\n"',
  '"\\x41"',
  '"\\u12"',
  '[1,]',
  '{a:1}',
  '{,}',
  '',
].map(verbatim);
const TEXTS = [
  ...['', ' ', 'id', '"id"', 'id"', '"id":"', '\\u0069d', '\\', '\\\\', '"', '{"id":1}', '[{"', 'EVENT', 'null'],
  ...['\ud800', '\udc00', '\udc00\ud800', '\u{1f600}', '\ufeff', '\ufffe', '\u2028', '\0', '\u007f', 'é', 'e\u0301'],
  ...['__proto__', 'constructor', 'toString', 'auth-required: x', 'error: blocked: x', 'rate-limited:', ': x'],
];
const KEYS = [
  'id',
  'id',
  'i',
  'd',
  'Id',
  'xid',
  '"id',
  'id"',
  '',
  '__proto__',
  'constructor',
  'length',
  'toJSON',
  'count',
];
const VERBS = [
  'EVENT',
  'EVENT',
  'EVENT',
  'OK',
  'EOSE',
  'CLOSED',
  'NOTICE',
  'AUTH',
  'COUNT',
  'NEG-MSG',
  'NEG-ERR',
] as const;
const ODD_VERBS = ['', 'event', 'EVENTS', 'EVENT"', ' EVENT', 'EVE\u0000NT', 'REQ', 'NEG-OPEN', 'constructor'];
const SPACES = [' ', '\t', '\n', '\r', ' \r\n\t', '\u00a0', '\ufeff', '\v'];

/**
 * An endless source of frames written from a grammar rather than changed from valid ones: each message of a relay, each field of the right or of
 * the wrong kind, in any spelling of JSON. The same for the same source of chance.
 */
export function grammarFrames(random: Random, stuff: () => FrameStuff): () => string {
  const below = (bound: number): number => Math.floor(random() * bound);
  const likely = (share: number): boolean => random() < share;
  const pick = <T>(items: readonly T[]): T => {
    const item = items[below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
  const several = <T>(most: number, make: () => T): readonly T[] => Array.from({ length: below(most + 1) }, make);

  const nested = (): Written => {
    const depth = likely(0.003) ? 20_000 : 1 + below(40);
    const [open, close] = pick([
      ['[', ']'],
      ['{"id":', '}'],
    ] as const);
    return verbatim(`${open.repeat(depth)}0${close.repeat(likely(0.9) ? depth : depth - 1)}`);
  };
  const text = (): string =>
    likely(0.0002) ? pick(TEXTS).repeat(5_000) : pick(TEXTS) + (likely(0.2) ? pick(TEXTS) : '');
  const anything = (depth = 3): Written => {
    const kind = below(depth > 0 ? 9 : 5);
    if (kind === 0) return pick(NUMBERS);
    if (kind === 1) return pick([true, false, null]);
    if (kind <= 3) return text();
    if (kind === 4) return hexOf(pick([64, 128]));
    if (kind === 5) return likely(0.1) ? nested() : pick(NUMBERS);
    if (kind <= 7) return several(4, () => anything(depth - 1));
    return { members: several(4, (): Entry => [pick(KEYS), anything(depth - 1)]) };
  };
  const hexOf = (length: number): string => {
    const hex = randomHex(random, length);
    if (likely(0.85)) return hex;
    return pick([
      hex.toUpperCase(),
      hex.slice(1),
      `${hex}0`,
      '',
      hex.slice(0, length / 2),
      `${hex.slice(1)}g`,
      ` ${hex}`,
    ]);
  };
  /** What is right, or most anything else. */
  const mostly = (right: () => Written): Written =>
    likely(0.93) ? right() : likely(0.95) ? anything() : pick(NOT_JSON);

  const eventOf = (event: NostrEvent): Members => {
    const entries: Entry[] = Object.entries(event).map(([key, value]: [string, Written]): Entry => [
      key,
      likely(0.015) ? anything() : value,
    ]);
    if (likely(0.1)) entries.splice(below(entries.length), 1);
    // A key twice, before or after the one that counts.
    if (likely(0.15)) entries.splice(below(entries.length + 1), 0, [pick(['id', 'sig', 'kind', ...KEYS]), anything()]);
    if (likely(0.05)) entries.splice(below(entries.length + 1), 0, ['id', pick(stuff().events).id]);
    if (likely(0.3)) entries.sort(() => random() - 0.5);
    return { members: entries };
  };
  const madeUp = (): Members => ({
    members: (
      [
        ['id', () => hexOf(64)],
        ['pubkey', () => hexOf(64)],
        ['created_at', () => pick(NUMBERS)],
        ['kind', () => pick([0, 1, 7, 1, 7, ...NUMBERS])],
        ['tags', () => several(3, () => several(3, () => mostly(text)))],
        ['content', text],
        ['sig', () => hexOf(128)],
      ] as const
    ).map(([key, make]): Entry => [key, mostly(make)]),
  });

  const rest = (verb: (typeof VERBS)[number]): readonly Written[] => {
    const { ids, published, events } = stuff();
    const subscription = (): Written =>
      mostly(() => (likely(0.8) && ids.length > 0 ? pick(ids) : pick(['', 'x'.repeat(65), `${below(1_000)}`, text()])));
    const reason = (): Written => mostly(() => `${pick(['', 'auth-required: ', 'ERROR: ', 'blocked:', 'x'])}${text()}`);
    switch (verb) {
      case 'EVENT':
        return [subscription(), mostly(() => (likely(0.8) ? eventOf(pick(events)) : madeUp()))];
      case 'OK':
        return [
          mostly(() => (likely(0.5) && published.length > 0 ? pick(published) : hexOf(64))),
          mostly(() => likely(0.5)),
          reason(),
        ];
      case 'EOSE':
        return likely(0.5)
          ? [subscription()]
          : [subscription(), mostly(() => several(3, () => mostly(() => pick(['more', 'finish']))))];
      case 'CLOSED':
        return [subscription(), reason()];
      case 'NOTICE':
      case 'AUTH':
        return [mostly(text)];
      case 'COUNT':
        return [
          subscription(),
          mostly(() => ({
            members: [
              ['count', mostly(() => pick(NUMBERS))],
              ...several(1, (): Entry => ['approximate', mostly(() => likely(0.5))]),
              ...several(1, (): Entry => ['hll', mostly(() => hexOf(512))]),
              ...several(1, (): Entry => ['count', anything()]),
            ],
          })),
        ];
      case 'NEG-MSG':
        return [subscription(), mostly(() => `${pick(['61', '61', '60', ''])}${randomHex(random, below(80))}`)];
      case 'NEG-ERR':
        return [subscription(), reason(), ...several(1, () => mostly(() => pick(NUMBERS)))];
    }
  };

  return () => {
    const verb = pick(VERBS);
    const elements = [likely(0.97) ? verb : likely(0.8) ? pick(ODD_VERBS) : anything(), ...rest(verb)];
    if (likely(0.03)) elements.length = below(elements.length + 1);
    if (likely(0.1)) elements.push(...several(3, anything));
    const style = {
      escapes: likely(0.1) ? pick([0.02, 0.3]) : 0,
      spaces: likely(0.2) ? 0.3 : 0,
      seed: below(2 ** 31),
    };
    const whole = likely(0.98) ? elements : { members: elements.map((value, at): Entry => [`${at}`, value]) };
    const frame = writeJson(whole, style);
    if (likely(0.96)) return frame;
    return pick([
      () => frame + pick([',', ']', ' x', frame, '\0', '//']),
      () => pick(SPACES) + frame + pick(SPACES),
      () => frame.slice(0, below(frame.length)),
      () => '',
      () => pick(SPACES),
      () => frame.replaceAll(',', pick([',,', ';', ' , '])),
    ])();
  };
}
