import type { NostrEvent } from '../../src/protocol/event.ts';
import {
  relayAuth,
  relayClosed,
  relayCount,
  relayEose,
  relayEvent,
  relayNegErr,
  relayNegMsg,
  relayNotice,
  relayOk,
} from '../../src/protocol/relay-frame.ts';

/** What frames are made of before they are mutated. */
export interface FrameStuff {
  /** Ids of open subscriptions. */
  readonly ids: readonly string[];
  /** Ids of events whose OK is awaited. */
  readonly published: readonly string[];
  readonly events: readonly NostrEvent[];
}

type Random = () => number;
type Mutation = (frame: string, random: Random, another: () => string) => string;

const below = (random: Random, bound: number): number => Math.floor(random() * bound);
const pick = <T>(random: Random, items: readonly T[]): T => {
  const item = items[below(random, items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};
const insert = (frame: string, at: number, text: string): string => frame.slice(0, at) + text + frame.slice(at);

const NUMBERS = ['1e999', '-1e999', '9'.repeat(400), '-0', '1e-999', '0.1', '1.7976931348623157e308', '65536', '-1'];
const TEXTS = [
  '\ud800',
  '\udc00',
  '\ufffe',
  '\u2028',
  '\0',
  '\\ud83d',
  '\\u0000',
  '\\',
  '"',
  '\\"',
  '\\u0069',
  '\u{1f600}',
];
const KEYS = ['id', 'pubkey', 'sig', 'kind', 'tags', 'content', 'created_at', '__proto__', 'constructor', '\\u0069d'];
const VALUES = ['null', '1', '""', '[]', '{}', '[[]]', 'true', `"${'a'.repeat(64)}"`, '[["e"]]', '{"id":1}'];

const mutations: readonly Mutation[] = [
  // Bits of one to three characters.
  (frame, random) => {
    let result = frame;
    for (let flips = 1 + below(random, 3); flips > 0; flips--) {
      const at = below(random, result.length);
      const flipped = (result.charCodeAt(at) || 0) ^ (1 << below(random, random() < 0.7 ? 7 : 16));
      result = result.slice(0, at) + String.fromCharCode(flipped) + result.slice(at + 1);
    }
    return result;
  },
  // Cut at either end.
  (frame, random) => frame.slice(0, below(random, frame.length)),
  (frame, random) => frame.slice(below(random, frame.length)),
  // A piece out of the middle, or twice.
  (frame, random) => {
    const from = below(random, frame.length);
    const piece = frame.slice(from, from + below(random, 80));
    return random() < 0.5 ? frame.replace(piece, '') : insert(frame, from, piece);
  },
  // A piece again and again.
  (frame, random) => {
    const from = below(random, frame.length);
    return insert(frame, from, frame.slice(from, from + below(random, 40)).repeat(below(random, 20)));
  },
  // The beginning of one and the end of another.
  (frame, random, another) => {
    const other = another();
    return frame.slice(0, below(random, frame.length)) + other.slice(below(random, other.length));
  },
  // Two frames in one.
  (frame, random, another) => frame + pick(random, ['', ' ', ',', '\n']) + another(),
  // Deep nesting, closed or not.
  (frame, random) => {
    const depth = random() < 0.02 ? 20_000 : 1 + below(random, 60);
    const [open, close] = pick(random, [
      ['[', ']'],
      ['{"a":', '}'],
    ]);
    const nested = random() < 0.5 ? open.repeat(depth) : `${open.repeat(depth)}1${close.repeat(depth)}`;
    return insert(frame, below(random, frame.length), nested);
  },
  // Numbers that are too much for one.
  (frame, random) => frame.replace(/\d+/, pick(random, NUMBERS)),
  (frame, random) => frame.replace(/:\d+/, `:${pick(random, NUMBERS)}`),
  // Characters that are no text, and such as mean something to JSON.
  (frame, random) => insert(frame, below(random, frame.length), pick(random, TEXTS)),
  // A key once more, before or after the others.
  (frame, random) => {
    const pair = `"${pick(random, KEYS)}":${pick(random, VALUES)}`;
    return random() < 0.5 ? frame.replace('{', `{${pair},`) : frame.replace('}', `,${pair}}`);
  },
  // Another value for a key, or for an element.
  (frame, random) =>
    frame.replace(new RegExp(`"${pick(random, KEYS)}":("[^"]*"|[^,}]*)`), (pair) => {
      const key = pair.slice(0, pair.indexOf(':'));
      return `${key}:${pick(random, VALUES)}`;
    }),
  (frame, random) => frame.replace(/,"[^"]*"/, `,${pick(random, VALUES)}`),
  // Another case, more space.
  (frame, random) =>
    random() < 0.5 ? frame.toUpperCase() : frame.replaceAll(',', pick(random, [' , ', ',\n', ',,', ';'])),
];

/**
 * An endless source of frames, nearly right, the same for the same source of chance. Some are made of what `others` brings rather than of what
 * is valid.
 */
export function mutatedFrames(random: Random, stuff: () => FrameStuff, others: () => string): () => string {
  const valid = (): string => {
    if (random() < 0.1) return others();
    const { ids, published, events } = stuff();
    const id = random() < 0.8 && ids.length > 0 ? pick(random, ids) : `${below(random, 1_000)}`;
    const okId = random() < 0.5 && published.length > 0 ? pick(random, published) : 'f'.repeat(64);
    const frames: readonly (() => string)[] = [
      () => relayEvent(id, pick(random, events)),
      () => relayEvent(id, pick(random, events)),
      () => relayEvent(id, pick(random, events)),
      () => relayEvent(id, pick(random, events)),
      () => relayEose(id),
      () => relayEose(id, ['more', 'finish']),
      () => relayClosed(id, pick(random, ['error: x', 'auth-required: x', 'rate-limited: slow down', 'x'])),
      () => relayOk(okId, random() < 0.5, pick(random, ['', 'auth-required: x', 'duplicate: x', 'ERROR: blocked: x'])),
      () => relayNotice('hello'),
      () => relayAuth(`challenge ${below(random, 100)}`),
      () => relayCount(id, { count: 7 }),
      () => relayNegMsg(id, '6100'),
      () => relayNegErr(id, 'blocked: x'),
    ];
    return pick(random, frames)();
  };
  return () => {
    let frame = valid();
    for (let rounds = 1 + below(random, 3); rounds > 0; rounds--) frame = pick(random, mutations)(frame, random, valid);
    return frame;
  };
}
