import { getPow } from 'nostr-tools/nip13';
import { verifyEvent } from 'nostr-tools/pure';
import type { NostrEvent } from '../protocol/event.ts';
import { relayUrl } from '../protocol/relay-url.ts';
import type { StoreOutcome } from './event-store.ts';
import type { RelayAuthentication, RelayLimits } from './relay-options.ts';

/** The kind of the event that answers a challenge (NIP-42). */
const authKind = 22_242;

const authWindow = 600;

/** What OK says about what the store did; an empty text goes with true. */
export const outcomes: Readonly<Record<StoreOutcome, string>> = {
  stored: '',
  ephemeral: '',
  duplicate: 'duplicate: already have this event',
  superseded: 'replaced: have a newer version',
  deleted: 'blocked: its author asked for its deletion',
  expired: 'invalid: it has expired',
};

/** What a relay knows when it decides about an event. */
export interface Admission {
  readonly limits: RelayLimits;
  /** Whether id and signature are checked. */
  readonly verify: boolean;
  /** Seconds. */
  readonly now: number;
  /** Who has authenticated on the connection. */
  readonly pubkeys: ReadonlySet<string>;
}

/** The reason to refuse someone who has not authenticated, or is not on the list (NIP-42), or `undefined`. */
export function refuseStranger(
  access: 'read' | 'write',
  auth: RelayAuthentication | undefined,
  pubkeys: ReadonlySet<string>,
): string | undefined {
  if (auth?.[access] !== true) return undefined;
  if (pubkeys.size === 0) return 'auth-required: authenticate first';
  const isAdmitted = !auth.pubkeys || auth.pubkeys.some((pubkey) => pubkeys.has(pubkey));
  return isAdmitted ? undefined : 'restricted: this key may not';
}

/** The reason to refuse a published event, or `undefined`. */
export function refusePublish(event: NostrEvent, admission: Admission): string | undefined {
  return (
    refuseByLimit(event, admission) ??
    refuseProtected(event, admission.pubkeys) ??
    (event.kind === authKind ? 'invalid: kind 22242 is for AUTH alone' : undefined) ??
    (admission.verify && !verifyEvent(event) ? 'invalid: id or signature is wrong' : undefined)
  );
}

/** The reason to refuse the answer to a challenge (NIP-42), or `undefined`. `url` is the relay's own. */
export function refuseAuth(
  event: NostrEvent,
  admission: Omit<Admission, 'pubkeys'> & { readonly challenge: string | undefined; readonly url: string },
): string | undefined {
  const tag = (name: string): string | undefined => event.tags.find((entry) => entry[0] === name)?.[1];
  if (event.kind !== authKind) return 'invalid: the kind of an AUTH is 22242';
  if (Math.abs(event.created_at - admission.now) > authWindow) return 'invalid: created_at is too far from now';
  if (admission.challenge === undefined) return 'invalid: there is no challenge';
  if (tag('challenge') !== admission.challenge) return 'invalid: this is not the challenge';
  if (!isSameRelay(tag('relay'), admission.url)) return `invalid: the relay is ${admission.url}`;
  if (admission.verify && !verifyEvent(event)) return 'invalid: id or signature is wrong';
  return undefined;
}

function refuseByLimit({ id, tags, content, created_at }: NostrEvent, { limits, now }: Admission): string | undefined {
  const difficulty = limits.min_pow_difficulty ?? 0;
  if (tags.length > (limits.max_event_tags ?? Infinity)) return `invalid: more than ${limits.max_event_tags} tags`;
  if (charactersOf(content) > (limits.max_content_length ?? Infinity)) {
    return `invalid: content is longer than ${limits.max_content_length} characters`;
  }
  if (created_at < now - (limits.created_at_lower_limit ?? Infinity)) return 'invalid: created_at is too early';
  if (created_at > now + (limits.created_at_upper_limit ?? Infinity)) return 'invalid: created_at is too late';
  if (difficulty > 0 && getPow(id) < difficulty) return `pow: difficulty ${getPow(id)} is less than ${difficulty}`;
  return undefined;
}

function refuseProtected(event: NostrEvent, pubkeys: ReadonlySet<string>): string | undefined {
  if (!event.tags.some((tag) => tag[0] === '-') || pubkeys.has(event.pubkey)) return undefined;
  const prefix = pubkeys.size === 0 ? 'auth-required' : 'restricted';
  return `${prefix}: this event may only be published by its author`;
}

function isSameRelay(claimed: string | undefined, own: string): boolean {
  try {
    return claimed !== undefined && relayUrl(claimed) === relayUrl(own);
  } catch {
    return false;
  }
}

/** Unicode characters: a surrogate pair is one. */
function charactersOf(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** Whether a frame has more bytes of UTF-8 than `limit`. */
export function isLonger(frame: string, limit: number): boolean {
  // A UTF-16 unit takes between one and three bytes of UTF-8.
  if (frame.length > limit) return true;
  return frame.length * 3 > limit && new TextEncoder().encode(frame).length > limit;
}
