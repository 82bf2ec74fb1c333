import { finalizeEvent, getPublicKey, verifyEvent } from 'nostr-tools/pure';
import { isWellFormedEvent, type NostrEvent } from '../index.ts';
import type { Arguments, Flags } from './arguments.ts';
import { UsageError } from './exit-code.ts';
import { eventIdOf, publicKeyOf } from './identifiers.ts';
import { parseTime } from './times.ts';

/** What an event is made of, as flags: those of `nak event`. */
export const eventFlags = {
  content: { type: 'string', short: 'c', value: '<text>', help: 'the content' },
  kind: { type: 'string', short: 'k', value: '<kind>', help: 'the kind; 1 where nothing says it' },
  tag: {
    type: 'string',
    short: 't',
    multiple: true,
    value: '<tag>',
    help: `-t t=nostr, -t 'e=<id>;wss://hint', or a JSON array`,
  },
  e: { type: 'string', short: 'e', multiple: true, value: '<id>', help: 'shortcut for --tag e=<id>' },
  p: { type: 'string', short: 'p', multiple: true, value: '<key>', help: 'shortcut for --tag p=<key>' },
  d: { type: 'string', short: 'd', value: '<text>', help: 'shortcut for --tag d=<text>' },
  'created-at': {
    type: 'string',
    value: '<time>',
    help: "when: seconds, '1h ago', 2026-01-31; now where nothing says it",
  },
} as const satisfies Flags;

/** What the flags say about an event; undefined where there is none of them. */
export interface EventPart {
  readonly content?: string;
  readonly kind?: number;
  readonly tags: readonly (readonly string[])[];
  readonly createdAt?: number;
}

/**
 * Reads the flags.
 *
 * @param now - Milliseconds since 1970.
 * @throws UsageError for a value that is none.
 */
export function eventOfFlags(args: Arguments, now: number): EventPart | undefined {
  if (!Object.keys(eventFlags).some((name) => args.has(name))) return undefined;
  const content = args.text('content');
  const kind = args.number('kind', 0, 65_535);
  const createdAt = args.text('created-at');
  return {
    ...(content === undefined ? {} : { content }),
    ...(kind === undefined ? {} : { kind }),
    ...(createdAt === undefined ? {} : { createdAt: parseTime(createdAt, now) }),
    tags: [
      ...args.texts('tag').map(tagOf),
      ...args.texts('e').map((id) => ['e', eventIdOf(id)]),
      ...args.texts('p').map((key) => ['p', publicKeyOf(key)]),
      ...args.texts('d').map((value) => ['d', value]),
    ],
  };
}

/** An event from outside, before anything is known of it. */
export type EventInput = Readonly<Record<string, unknown>>;

/**
 * The event in a JSON text: an object, or a whole EVENT message.
 *
 * @throws UsageError where it is none.
 */
export function eventOfJson(text: string, where: string): EventInput {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${where} is no JSON: ${text.slice(0, 80)}. Give one event a line.`);
  }
  const last: unknown = Array.isArray(value) && value[0] === 'EVENT' ? value.at(-1) : value;
  if (typeof last === 'object' && last !== null && !Array.isArray(last)) return last as EventInput;
  throw new UsageError(`${where} is no event: give an object such as {"kind":1,"content":"hello"}.`);
}

/**
 * The event to send: one that is signed and that no flag changes goes as it is, all else is signed with the key.
 *
 * @param now - Milliseconds since 1970.
 * @throws UsageError where it is no event, its signature is wrong, or the key is missing or another's.
 */
export function signedOf(
  input: EventInput,
  part: EventPart | undefined,
  key: Uint8Array | undefined,
  now: number,
  where: string,
): NostrEvent {
  if (part === undefined && 'sig' in input) {
    if (!isWellFormedEvent(input))
      throw new UsageError(`${where} is no event: a field is missing, or of a wrong form.`);
    const { id, pubkey, created_at, kind, tags, content, sig } = input;
    // A copy: nostr-tools writes the verdict into what it verifies, and believes it later.
    if (verifyEvent({ id, pubkey, created_at, kind, tags, content, sig }))
      return { id, pubkey, created_at, kind, tags, content, sig };
    throw new UsageError(`${where} has a wrong id or signature; no relay would take it.`);
  }
  if (!key) {
    throw new UsageError(`${where} has to be signed: put the secret key into NOSTR_SECRET_KEY, or give it as --sec.`);
  }
  const { kind = 1, content = '', tags = [], created_at: createdAt = Math.floor(now / 1_000), pubkey } = input;
  const before: readonly unknown[] = Array.isArray(tags) ? tags : [];
  const template = {
    kind: part?.kind ?? kind,
    content: part?.content ?? content,
    tags: [...before, ...(part?.tags ?? [])],
    created_at: part?.createdAt ?? createdAt,
  };
  const author = publicKeyOfSecret(key);
  if (pubkey !== undefined && pubkey !== author) throw new UsageError(`${where} is of another author than the key is.`);
  const unsigned = { ...template, pubkey: author, id: '0'.repeat(64), sig: '0'.repeat(128) };
  if (!Array.isArray(tags) || !isWellFormedEvent(unsigned)) {
    throw new UsageError(
      `${where} is no event: kind and created_at are whole numbers, content a text, tags lists of texts.`,
    );
  }
  const signed = finalizeEvent(
    {
      ...template,
      kind: unsigned.kind,
      content: unsigned.content,
      tags: unsigned.tags,
      created_at: unsigned.created_at,
    },
    key,
  );
  return {
    id: signed.id,
    pubkey: signed.pubkey,
    created_at: signed.created_at,
    kind: signed.kind,
    tags: signed.tags,
    content: signed.content,
    sig: signed.sig,
  };
}

function publicKeyOfSecret(key: Uint8Array): string {
  try {
    return getPublicKey(key);
  } catch {
    throw new UsageError('The secret key is none of the curve secp256k1.');
  }
}

/** `name=value;more`, or a JSON array of texts. */
function tagOf(text: string): readonly string[] {
  if (text.startsWith('[')) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      value = undefined;
    }
    if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')) return value;
    throw new UsageError(`--tag takes a JSON array of texts, or name=value; not '${text}'.`);
  }
  const { name, value } = /^(?<name>[^=]+?)(?:=(?<value>.*))?$/s.exec(text)?.groups ?? {};
  if (name === undefined) throw new UsageError(`--tag takes name=value, such as t=nostr; not '${text}'.`);
  if (value === undefined) return [name];
  const [first = '', ...more] = value.split(';');
  const read = name === 'e' ? eventIdOf(first) : name === 'p' ? publicKeyOf(first) : first;
  return [name, read, ...more];
}
