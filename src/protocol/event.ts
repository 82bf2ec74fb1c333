/**
 * A signed Nostr event (NIP-01).
 *
 * @example
 * ```ts
 * import type { NostrEvent } from 'rx-relay-pool';
 *
 * const describe = (event: NostrEvent): string => `${event.kind} by ${event.pubkey}: ${event.content}`;
 * ```
 */
export interface NostrEvent {
  /** 64 lower-case hex digits: the SHA-256 of the canonical form, see {@link serializeEvent}. */
  id: string;
  /** 64 lower-case hex digits: the author's x-only public key. */
  pubkey: string;
  /** Seconds since 1970. */
  created_at: number;
  /** 0 to 65535. */
  kind: number;
  /** Each tag has at least its name. */
  tags: string[][];
  content: string;
  /** 128 lower-case hex digits: the BIP-340 signature of the id. */
  sig: string;
}

const HEX = /^[0-9a-f]*$/;
const MAX_KIND = 65535;

/**
 * Whether a value has the shape of a signed event (NIP-01): types, lengths, lower-case hex, kind from 0 to 65535, a
 * `created_at` that is a safe integer of at least 0, tags of at least one string each. It says nothing about the id
 * and the signature being right.
 *
 * A string with a lone surrogate has no UTF-8 form, so no id can be computed over it: such an event is refused.
 *
 * @example
 * ```ts
 * import { isWellFormedEvent } from 'rx-relay-pool';
 *
 * const value: unknown = JSON.parse('{"kind":1}');
 * if (isWellFormedEvent(value)) console.log(value.content);
 * ```
 */
export function isWellFormedEvent(value: unknown): value is NostrEvent {
  if (!isRecord(value)) return false;
  const { id, pubkey, created_at: createdAt, kind, tags, content, sig } = value;
  return (
    isHex(id, 64) &&
    isHex(pubkey, 64) &&
    isHex(sig, 128) &&
    isNatural(kind) &&
    kind <= MAX_KIND &&
    isNatural(createdAt) &&
    isUnicode(content) &&
    isListOf(tags, isTag)
  );
}

/**
 * The event in a value of unknown origin: a fresh object with exactly the seven fields of NIP-01, tags copied and any
 * further field dropped, or `undefined` when {@link isWellFormedEvent} says no.
 */
export function toNostrEvent(value: unknown): NostrEvent | undefined {
  if (!isWellFormedEvent(value)) return undefined;
  return {
    id: value.id,
    pubkey: value.pubkey,
    created_at: value.created_at,
    kind: value.kind,
    tags: value.tags.map((tag) => tag.slice()),
    content: value.content,
    sig: value.sig,
  };
}

/** As {@link toNostrEvent}, of a value that nobody else has, as `JSON.parse` makes it: its tags become the event's. */
export function asNostrEvent(value: unknown): NostrEvent | undefined {
  if (!isWellFormedEvent(value)) return undefined;
  const { id, pubkey, created_at, kind, tags, content, sig } = value;
  return { id, pubkey, created_at, kind, tags, content, sig };
}

/**
 * The canonical form of an event (NIP-01); the SHA-256 of its UTF-8 bytes is the id.
 *
 * Control characters that NIP-01 leaves verbatim are written as `\u00XX`, as every JavaScript client does and as relays
 * accept.
 */
export function serializeEvent(event: Pick<NostrEvent, 'pubkey' | 'created_at' | 'kind' | 'tags' | 'content'>): string {
  return JSON.stringify([0, event.pubkey, event.created_at, event.kind, event.tags, event.content]);
}

/**
 * How relays keep events of a kind (NIP-01).
 *
 * @example
 * ```ts
 * import type { KindClass } from 'rx-relay-pool';
 *
 * const kept: readonly KindClass[] = ['regular', 'replaceable', 'addressable'];
 * ```
 */
export type KindClass = 'regular' | 'replaceable' | 'ephemeral' | 'addressable';

/**
 * The class of a kind (NIP-01). Kinds that NIP-01 leaves undefined count as regular.
 *
 * @example
 * ```ts
 * import { classifyKind } from 'rx-relay-pool';
 *
 * console.log(classifyKind(1), classifyKind(0), classifyKind(30023)); // regular replaceable addressable
 * ```
 */
export function classifyKind(kind: number): KindClass {
  if (kind === 0 || kind === 3 || (kind >= 10_000 && kind < 20_000)) return 'replaceable';
  if (kind >= 20_000 && kind < 30_000) return 'ephemeral';
  if (kind >= 30_000 && kind < 40_000) return 'addressable';
  return 'regular';
}

/**
 * What versions of a replaceable or addressable event have in common, in the form of an `a` tag's value (NIP-01):
 * `kind:pubkey:` or `kind:pubkey:d`, the last colon always there. `undefined` for regular and ephemeral kinds.
 *
 * @example
 * ```ts
 * import { replaceableKey, type NostrEvent } from 'rx-relay-pool';
 *
 * const latest = new Map<string, NostrEvent>();
 * const keep = (event: NostrEvent): void => {
 *   const key = replaceableKey(event);
 *   if (key !== undefined) latest.set(key, event);
 * };
 * ```
 */
export function replaceableKey(event: Pick<NostrEvent, 'pubkey' | 'kind' | 'tags'>): string | undefined {
  switch (classifyKind(event.kind)) {
    case 'replaceable':
      return `${event.kind}:${event.pubkey}:`;
    case 'addressable':
      return `${event.kind}:${event.pubkey}:${firstTagValue(event.tags, 'd') ?? ''}`;
    default:
      return undefined;
  }
}

/**
 * Whether `a` replaces `b`, two events with the same {@link replaceableKey}: the newer `created_at` wins, on a tie the
 * lower id (NIP-01).
 *
 * @example
 * ```ts
 * import { supersedes, type NostrEvent } from 'rx-relay-pool';
 *
 * const newest = (a: NostrEvent, b: NostrEvent): NostrEvent => (supersedes(a, b) ? a : b);
 * ```
 */
export function supersedes(
  a: Pick<NostrEvent, 'created_at' | 'id'>,
  b: Pick<NostrEvent, 'created_at' | 'id'>,
): boolean {
  return a.created_at > b.created_at || (a.created_at === b.created_at && a.id < b.id);
}

/**
 * When an event expires, in seconds since 1970 (NIP-40), or `undefined` when it does not. An `expiration` tag that is
 * not a whole number of seconds is as good as none.
 *
 * @example
 * ```ts
 * import { expiresAt, type NostrEvent } from 'rx-relay-pool';
 *
 * const isExpired = (event: NostrEvent, now: number): boolean => (expiresAt(event) ?? Infinity) <= now;
 * ```
 */
export function expiresAt(event: Pick<NostrEvent, 'tags'>): number | undefined {
  const value = firstTagValue(event.tags, 'expiration');
  return value !== undefined && /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
}

/** Whether a value is 64 lower-case hex digits, as ids and public keys are. */
export function isHex64(value: unknown): value is string {
  return isHex(value, 64);
}

/** Whether a value is a whole number that a JavaScript number holds exactly, from 0. */
export function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value is an object that is not an array, so that its fields may be looked at. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a string without lone surrogates, hence one with a UTF-8 form. */
export function isUnicode(value: unknown): value is string {
  return typeof value === 'string' && isWellFormedString(value);
}

const LONE_SURROGATE = /\p{Surrogate}/u;

// The method is far faster than the expression, but younger than Safari 16.4 and missing from the ES2023 types.
const isWellFormedString: (text: string) => boolean =
  'isWellFormed' in String.prototype
    ? (text) => (text as unknown as { isWellFormed(): boolean }).isWellFormed()
    : (text) => !LONE_SURROGATE.test(text);

function isHex(value: unknown, length: number): value is string {
  return typeof value === 'string' && value.length === length && HEX.test(value);
}

function isTag(tag: unknown): boolean {
  return isListOf(tag, isUnicode) && tag.length > 0;
}

/** Holes count as undefined here; `every` would pass over them. */
function isListOf(value: unknown, isItem: (item: unknown) => boolean): value is unknown[] {
  if (!Array.isArray(value)) return false;
  for (const item of value) if (!isItem(item)) return false;
  return true;
}

function firstTagValue(tags: readonly (readonly string[])[], name: string): string | undefined {
  return tags.find((tag) => tag[0] === name)?.[1];
}
