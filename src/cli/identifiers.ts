import { decode } from 'nostr-tools/nip19';
import { UsageError } from './exit-code.ts';

const HEX = /^[0-9a-f]{64}$/i;
const BECH32 = /^(nostr:)?(npub|nprofile|note|nevent|naddr|nsec|ncryptsec)1/i;

/**
 * A public key in 64 hex digits, of hex digits, `npub` or `nprofile` (NIP-19), with `nostr:` before it or not (NIP-21).
 *
 * @throws UsageError for anything else; it never shows a secret key.
 */
export function publicKeyOf(text: string): string {
  if (HEX.test(text)) return text.toLowerCase();
  const found = decoded(text);
  if (found?.type === 'npub') return found.data;
  if (found?.type === 'nprofile') return found.data.pubkey;
  throw new UsageError(`${shown(text)} is no public key: give 64 hex digits, an npub or an nprofile.`);
}

/**
 * The id of an event in 64 hex digits, of hex digits, `note` or `nevent` (NIP-19), with `nostr:` before it or not (NIP-21).
 *
 * @throws UsageError for anything else; it never shows a secret key.
 */
export function eventIdOf(text: string): string {
  if (HEX.test(text)) return text.toLowerCase();
  const found = decoded(text);
  if (found?.type === 'note') return found.data;
  if (found?.type === 'nevent') return found.data.id;
  throw new UsageError(`${shown(text)} is no id of an event: give 64 hex digits, a note or an nevent.`);
}

/**
 * A secret key of 64 hex digits or `nsec` (NIP-19).
 *
 * @throws UsageError for anything else; it never shows what was given.
 */
export function secretKeyOf(text: string, from: string): Uint8Array {
  const words = text.trim();
  if (HEX.test(words)) return Uint8Array.from(Buffer.from(words, 'hex'));
  const found = decoded(words);
  if (found?.type === 'nsec') return found.data;
  throw new UsageError(`${from} takes a secret key of 64 hex digits, or an nsec.`);
}

function decoded(text: string): ReturnType<typeof decode> | undefined {
  try {
    return BECH32.test(text) ? decode(text.replace(/^nostr:/i, '').toLowerCase()) : undefined;
  } catch {
    return undefined;
  }
}

/** What was given, unless it may be a secret. */
function shown(text: string): string {
  return /nsec|ncryptsec/i.test(text) ? 'A secret key' : `'${text.slice(0, 100)}'`;
}
