import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { initNostrWasm } from 'nostr-wasm';
import { PREPARED } from './numbers.ts';

const AUTHORS = 100;
/** Seconds since 1970 of the newest event; each is a second older than the one before. */
export const NEWEST = 1_700_000_000;
const WORDS =
  'a relay sends what it has and a client reads what it asked for, once, in order, whoever else has it'.split(' ');

/** The prepared events as JSON, signed once and kept in a file. Like notes of an app: some hundred characters, some with replies. */
export async function preparedEvents(file: string): Promise<readonly Buffer[]> {
  if (!existsSync(file)) await prepare(file);
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => Buffer.from(line));
}

/** An event of now that nobody verifies: its id is unique, its signature is none. */
export function madeUpEvent(number: number, topic: number): Buffer {
  // Odd multipliers modulo 2^32 give each number another id, and one that looks like a hash.
  const id = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f].map((factor) => hex(Math.imul(number, factor))).join('');
  const author = id.slice(0, 32);
  return Buffer.from(
    `{"id":"${id}${id}","pubkey":"${author}${author}","created_at":${Math.floor(Date.now() / 1_000)},"kind":1,` +
      `"tags":[["t","t${topic}"]],"content":"${number}: ${WORDS.join(' ')}","sig":"${id}${id}${id}${id}"}`,
  );
}

function hex(number: number): string {
  return (number >>> 0).toString(16).padStart(8, '0');
}

async function prepare(file: string): Promise<void> {
  const wasm = await initNostrWasm();
  const keys = Array.from({ length: AUTHORS }, () => wasm.generateSecretKey());
  const lines: string[] = [];
  for (let number = 0; number < PREPARED; number++) {
    const key = keys[number % AUTHORS];
    if (!key) throw new Error('There are no authors.');
    const event = { created_at: NEWEST - number, kind: 1, tags: tagsOf(number), content: contentOf(number) };
    // It fills in the id, the author and the signature.
    const signed = { id: '', pubkey: '', sig: '', ...event };
    wasm.finalizeEvent(signed, key);
    lines.push(JSON.stringify(signed));
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.part`, `${lines.join('\n')}\n`);
  renameSync(`${file}.part`, file);
}

function tagsOf(number: number): string[][] {
  const topic = ['t', `t${number % 1_000}`];
  if (number % 3 !== 0) return [topic];
  return [
    ['e', randomBytes(32).toString('hex'), 'wss://relay.example', 'reply'],
    ['p', randomBytes(32).toString('hex')],
    topic,
  ];
}

function contentOf(number: number): string {
  const length = 10 + ((number * 7) % 40);
  const words = Array.from({ length }, (_, i) => WORDS[(number + i * 3) % WORDS.length]);
  return `${number}: ${words.join(' ')}${number % 10 === 0 ? ' ✓ grüße 🤙' : ''}`;
}
