import { finalizeEvent, getEventHash, getPublicKey } from 'nostr-tools/pure';
import type { NostrEvent } from '../protocol/event.ts';
import { seededRandom } from './seeded-random.ts';

/**
 * A key pair for tests.
 *
 * @example
 * ```ts
 * import { testKey, type TestKey } from 'rx-relay-pool/testing';
 *
 * const alice: TestKey = testKey(0);
 * const follows = { kinds: [3], authors: [alice.publicKey] };
 * ```
 */
export interface TestKey {
  /** 32 bytes. */
  readonly secretKey: Uint8Array;
  /** 64 lower-case hex digits (NIP-01). */
  readonly publicKey: string;
}

/**
 * What {@link signedEvent} signs: any part of an event that the author decides; the rest gets a default.
 *
 * @example
 * ```ts
 * import { signedEvent, testKey, type TestEventTemplate } from 'rx-relay-pool/testing';
 *
 * const template: TestEventTemplate = { kind: 7, content: '+' };
 * const reaction = signedEvent(template, testKey(0));
 * ```
 */
export interface TestEventTemplate {
  /** @default 1 */
  readonly kind?: number;
  /** Seconds. @default 1_767_225_600, which is 2026-01-01T00:00:00Z, where {@link VirtualTime} starts */
  readonly created_at?: number;
  /** @default [] */
  readonly tags?: readonly (readonly string[])[];
  /** @default '' */
  readonly content?: string;
}

/**
 * A signer in the shape of NIP-07 (`window.nostr`).
 *
 * @example
 * ```ts
 * import { testKey, testSigner, type TestSigner } from 'rx-relay-pool/testing';
 *
 * const broken: TestSigner = { ...testSigner(testKey(0)), signEvent: () => Promise.reject(new Error('the user said no')) };
 * ```
 */
export interface TestSigner {
  getPublicKey(): Promise<string>;
  signEvent(template: TestEventTemplate): Promise<NostrEvent>;
}

const defaultCreatedAt = Date.UTC(2026, 0, 1) / 1000;
const knownKeys = new Map<number, TestKey>();

/**
 * The test key with a number: the same number gives the same key pair, always and everywhere. These keys are public
 * knowledge: never use them outside of tests.
 *
 * @param index 0 or greater
 * @example
 * ```ts
 * import { testKey } from 'rx-relay-pool/testing';
 *
 * const alice = testKey(0);
 * const bob = testKey(1);
 * ```
 */
export function testKey(index: number): TestKey {
  const known = knownKeys.get(index);
  if (known) return known;
  const random = seededRandom(0x5eed + index);
  // A leading byte below 0x80 keeps the secret under the order of the curve, a last byte above 0 keeps it from being zero.
  const secretKey = Uint8Array.from(
    { length: 32 },
    (_, at) => Math.floor(random() * (at === 0 ? 128 : 255)) + (at === 31 ? 1 : 0),
  );
  const key: TestKey = { secretKey, publicKey: getPublicKey(secretKey) };
  knownKeys.set(index, key);
  return key;
}

/**
 * The first `count` test keys, {@link testKey} 0 to `count - 1`.
 *
 * @example
 * ```ts
 * import { testKeys } from 'rx-relay-pool/testing';
 *
 * const authors = testKeys(5).map((key) => key.publicKey);
 * ```
 */
export function testKeys(count: number): readonly TestKey[] {
  return Array.from({ length: count }, (_, index) => testKey(index));
}

/**
 * A validly signed event (NIP-01). The same template and key give the same id; the signature may differ from run to
 * run, since BIP-340 signing draws a random nonce. Signing takes about a millisecond.
 *
 * The result has the seven fields of an event and nothing else: no hidden mark says that it was verified, so a changed
 * copy of it fails verification as it should.
 *
 * @param template what the author decides; missing parts get their defaults
 * @param key whose signature, from {@link testKey}
 * @example
 * ```ts
 * import { signedEvent, testKey } from 'rx-relay-pool/testing';
 *
 * const note = signedEvent({ content: 'hello', tags: [['t', 'greeting']] }, testKey(0));
 * ```
 */
export function signedEvent(template: TestEventTemplate, key: TestKey): NostrEvent {
  const { id, pubkey, created_at, kind, tags, content, sig } = finalizeEvent(complete(template), key.secretKey);
  return { id, pubkey, created_at, kind, tags, content, sig };
}

/**
 * A well-formed event with the right id but a signature of zeros: a thousand times cheaper than {@link signedEvent},
 * for tests whose verifier is switched off.
 *
 * @param partial what matters to the test. The author is by default a key that signs nothing; a given `id` or `sig` is
 * taken as it is
 * @example
 * ```ts
 * import { fakeEvent } from 'rx-relay-pool/testing';
 *
 * const many = Array.from({ length: 10_000 }, (_, n) => fakeEvent({ content: `note ${n}`, created_at: 1_767_225_600 + n }));
 * ```
 */
export function fakeEvent(
  partial: TestEventTemplate & { readonly pubkey?: string; readonly id?: string; readonly sig?: string } = {},
): NostrEvent {
  const unsigned = { ...complete(partial), pubkey: partial.pubkey ?? 'fa'.repeat(32) };
  const { pubkey, created_at, kind, tags, content } = unsigned;
  return {
    id: partial.id ?? getEventHash(unsigned),
    pubkey,
    created_at,
    kind,
    tags,
    content,
    sig: partial.sig ?? '0'.repeat(128),
  };
}

/**
 * A signer for one key, in the shape of NIP-07, as NIP-42 authentication wants it.
 *
 * @example
 * ```ts
 * import { testKey, testSigner } from 'rx-relay-pool/testing';
 *
 * const signer = testSigner(testKey(0));
 * const auth = await signer.signEvent({ kind: 22242, tags: [['relay', 'wss://relay.example/'], ['challenge', 'abc']] });
 * ```
 */
export function testSigner(key: TestKey): TestSigner {
  return {
    getPublicKey: () => Promise.resolve(key.publicKey),
    signEvent: (template) => Promise.resolve(signedEvent(template, key)),
  };
}

function complete(template: TestEventTemplate): {
  kind: number;
  created_at: number;
  tags: string[][];
  content: string;
} {
  return {
    kind: template.kind ?? 1,
    created_at: template.created_at ?? defaultCreatedAt,
    tags: (template.tags ?? []).map((tag) => [...tag]),
    content: template.content ?? '',
  };
}
