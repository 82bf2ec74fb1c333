import { finalizeEvent, generateSecretKey } from 'nostr-tools/pure';
import type { NostrEvent } from 'rx-relay-pool';

const asked = new URLSearchParams(location.search).getAll('relay');

/** Those of the address, as in `?relay=wss://a.example&relay=wss://b.example`, or two that everybody may use. */
export const relays = asked.length > 0 ? asked : ['wss://relay.damus.io', 'wss://nos.lol'];

/** A new author each time the page is loaded; an app of yours asks the user's signer (NIP-07). */
const secretKey = generateSecretKey();

export function sign(content: string): NostrEvent {
  return finalizeEvent({ kind: 1, content, tags: [], created_at: Math.floor(Date.now() / 1_000) }, secretKey);
}

/** What an author wants to be called (kind 0, NIP-01), or the beginning of the key. */
export function nameOf(author: string, profiles: readonly NostrEvent[]): string {
  try {
    return JSON.parse(profiles.find(({ pubkey }) => pubkey === author)?.content ?? '').name;
  } catch {
    return author.slice(0, 8);
  }
}

export const timeOf = ({ created_at }: NostrEvent): Date => new Date(created_at * 1_000);
