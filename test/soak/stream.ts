import { createHash } from 'node:crypto';
import { type NostrEvent, serializeEvent } from '../../src/protocol/event.ts';
import { fakeEvent, signedEvent, testKey } from '../../src/testing/index.ts';
import { pureVerifier } from '../../src/verifiers/pure.ts';
import type { Verifier } from '../../src/verifiers/verifier.ts';

/** Milliseconds for which relays keep an event: longer than any relay is away. */
export const KEPT = 100_000;
export const EVENTS_PER_SECOND = 500;
/** Relays begin with what they would have sent before, so many events, so that there are never fewer to be remembered than they keep. */
export const AT_FIRST = (KEPT / 1_000) * EVENTS_PER_SECOND;

/** Kinds of the numbered events, which take turns. None of them is replaceable: each event is kept. */
export const KINDS = [1, 2, 4, 6] as const;
/** One event of so many is signed; signing, and checking it, takes a hundred times as long as all the rest. */
const SIGNED = 50;
const UNSIGNED = '0'.repeat(128);
/** Tags, which take turns too. */
export const TAGS = 20;

export const tagOf = (number: number): string => `tag ${number % TAGS}`;

/** The event of a number, dated `now` in seconds. */
export function numbered(number: number, now: number): NostrEvent {
  const kind = KINDS[number % KINDS.length] ?? 1;
  const template = { kind, content: `${number}`, created_at: now, tags: [['t', tagOf(number)]] };
  return number % SIGNED === 0 ? signedEvent(template, testKey(0)) : fakeEvent(template);
}

export function numberOf({ content }: NostrEvent): number {
  return Number(content);
}

/**
 * The id is checked of each event, the signature of those that have one; one of zeros will do. Hundreds of real signatures a second are more than a
 * processor checks, and what is looked for is not in the curve.
 */
export const streamVerifier: Verifier = {
  verify: (events) => events.map((event) => (event.sig === UNSIGNED ? hasItsId(event) : isSigned(event))),
};

function isSigned(event: NostrEvent): boolean {
  const verdicts = pureVerifier.verify([event]);
  return Array.isArray(verdicts) && verdicts[0] === true;
}

function hasItsId(event: NostrEvent): boolean {
  return createHash('sha256').update(serializeEvent(event)).digest('hex') === event.id;
}

/** What the process of the relays says. */
export type FromRelays =
  | { readonly type: 'ready'; readonly urls: readonly string[] }
  /** Every number before this one is with its relays. */
  | { readonly type: 'sent'; readonly before: number; readonly troubles: number }
  /** All relays are up and well, and nothing more will be sent. */
  | { readonly type: 'calm'; readonly before: number }
  | { readonly type: 'connections'; readonly count: number };

/** What it is told: to stop sending and mend everything; to say who is connected; to end. */
export type ToRelays = 'calm' | 'connections' | 'end';
