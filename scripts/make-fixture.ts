/**
 * Makes examples/five-relays/fixture.jsonl.gz: 2,000 signed events of several kinds and authors, one JSON object a line.
 *
 *     npx tsx scripts/make-fixture.ts
 *
 * Keys, dates and contents are the same on every run. Signatures draw a nonce, so those of events that the file has already are
 * kept: running it again changes nothing.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { fakeEvent, seededRandom, signedEvent, testKeys, type TestKey } from '../src/testing/index.ts';
import type { NostrEvent } from '../src/index.ts';

const FILE = new URL('../examples/five-relays/fixture.jsonl.gz', import.meta.url);
const AUTHORS = 40;
const DAY = 86_400;
/** 2025-01-01T00:00:00Z; everything is dated within the year that follows. */
const FIRST_DATE = 1_735_689_600;

/** An event as its author wants it, before it is signed. */
interface Draft {
  readonly key: TestKey;
  readonly kind: number;
  readonly created_at: number;
  readonly tags: readonly (readonly string[])[];
  readonly content: string;
}

const WORDS = (
  'relay event filter note zap key sign hash wire socket stream cursor backoff jitter river stone lamp paper bridge ' +
  'garden winter coffee train window letter mountain harbour signal quiet bright early slow honest open distant'
).split(' ');
/** What encoders get wrong. */
const ODDITIES = [
  'Grüße',
  '日本語',
  '🤙🏽',
  '"quoted"',
  'back\\slash',
  'tab\there',
  'two\nlines',
  'U+2028 \u2028',
  'a/b',
];

/** Every draft, in the order of the file. */
function drafts(): readonly Draft[] {
  const random = seededRandom(2_000);
  const below = (end: number): number => Math.floor(random() * end);
  const pick = <T>(from: readonly T[]): T => {
    const one = from[below(from.length)];
    if (one === undefined) throw new RangeError('Nothing to pick from.');
    return one;
  };
  const words = (count: number): string =>
    Array.from({ length: count }, () => (random() < 0.04 ? pick(ODDITIES) : pick(WORDS))).join(' ');
  const date = (): number => FIRST_DATE + below(365 * DAY);
  const keys = testKeys(AUTHORS);
  const made: Draft[] = [];
  /** Versions of one replaceable or addressable event; now and then two of the same second, where the lower id wins. */
  const versions = (count: number, draft: () => Omit<Draft, 'created_at'>): void => {
    let last = date();
    for (let version = 0; version < count; version++) {
      if (version > 0 && random() > 0.1) last = Math.min(FIRST_DATE + 365 * DAY - 1, last + 1 + below(30 * DAY));
      made.push({ ...draft(), created_at: last });
    }
  };

  for (const [author, key] of keys.entries()) {
    const others = keys.filter((other) => other !== key);
    const person = (): string => pick(others).publicKey;
    versions(3, () => {
      const profile = { name: `author-${author}`, about: words(8) };
      return { key, kind: 0, tags: [], content: JSON.stringify(profile) };
    });
    versions(2, () => {
      const followed = new Set(Array.from({ length: 3 }, person));
      return { key, kind: 3, tags: [...followed].map((pubkey) => ['p', pubkey]), content: '' };
    });
    versions(2, () => {
      const tags = [
        ['r', `wss://relay-${below(9)}.example`],
        ['r', `wss://inbox-${below(9)}.example`, 'read'],
      ];
      return { key, kind: 10_002, tags, content: '' };
    });
    for (let article = 0; article < 2; article++) {
      versions(2, () => {
        const tags = [
          ['d', `article-${article}`],
          ['title', words(4)],
        ];
        return { key, kind: 30_023, tags, content: words(40) };
      });
    }
  }

  const notes: Draft[] = [];
  for (let count = 0; count < 900; count++) {
    const tags = random() < 0.3 ? [['t', pick(WORDS)]] : [];
    notes.push({ key: pick(keys), kind: 1, created_at: date(), tags, content: words(4 + below(20)) });
  }
  made.push(...notes);
  const idOf = ({ key, ...draft }: Draft): string => fakeEvent({ ...draft, pubkey: key.publicKey }).id;
  while (made.length < 2_000) {
    const about = pick(notes);
    const key = pick(keys);
    const created_at = about.created_at + 1 + below(DAY);
    const tags = [
      ['e', idOf(about)],
      ['p', about.key.publicKey],
    ];
    const draw = random();
    if (draw < 0.65)
      made.push({ key, kind: 7, created_at, tags: [...tags, ['k', '1']], content: pick(['+', '🤙', '❤️']) });
    else if (draw < 0.8) made.push({ key, kind: 6, created_at, tags, content: '' });
    else made.push({ key, kind: 1, created_at, tags, content: words(4 + below(12)) });
  }
  return made;
}

/** All events of the fixture; those whose id is in `signed` are taken from there, the others signed. */
export function makeFixture(signed: ReadonlyMap<string, NostrEvent>): readonly NostrEvent[] {
  return drafts().map(({ key, ...draft }) => {
    const { id } = fakeEvent({ ...draft, pubkey: key.publicKey });
    return signed.get(id) ?? signedEvent(draft, key);
  });
}

function readFixture(): ReadonlyMap<string, NostrEvent> {
  if (!existsSync(FILE)) return new Map();
  const lines = gunzipSync(readFileSync(FILE)).toString().trimEnd().split('\n');
  return new Map(lines.map((line) => JSON.parse(line) as NostrEvent).map((event) => [event.id, event]));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const events = makeFixture(readFixture());
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  writeFileSync(FILE, gzipSync(lines, { level: 9 }));
}
