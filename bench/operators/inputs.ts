import { createHash } from 'node:crypto';
import { type Balanced, type NostrEvent, type Packet, relayUrl } from '../../src/index.ts';

/** How many items go through an operator in one run. There are twice as many of each: the first half comes before, unmeasured. */
export const COUNT = 500;
const TWICE = 2 * COUNT;

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Well-formed, with an id of its own, not signed; of a hundred authors, and later ones are newer. */
const eventOf = (kind: number, index: number): NostrEvent => ({
  id: hash(`event ${kind} ${index}`),
  pubkey: hash(`author ${index % 100}`),
  created_at: 1_700_000_000 + index,
  kind,
  tags: [['t', 'bench']],
  content: `event ${index}`,
  sig: 'b'.repeat(128),
});
const eventsOf = (kind: number): readonly NostrEvent[] =>
  Array.from({ length: TWICE }, (_, index) => eventOf(kind, index));

export const note = eventOf(1, 0);
/** Regular events. */
export const notes = eventsOf(1);
/** Replaceable events: a hundred keys, each version newer than the one before. */
export const profiles = eventsOf(0);
/** Relay lists (NIP-65) of four relays each, by a hundred authors, each version newer than the one before. */
export const relayListEvents: readonly NostrEvent[] = eventsOf(10_002).map((event, index) => ({
  ...event,
  tags: ['a', 'b', 'c', 'd'].map((name) => ['r', `wss://${name}${index % 7}.example/`]),
}));
/** The same hundred lists over and over, as from ten relays. */
export const relayListsAgain = Array.from({ length: TWICE / 100 }, () => relayListEvents.slice(0, 100)).flat();
/** The same hundred events over and over, as from ten relays. */
export const repeated = Array.from({ length: TWICE / 100 }, () => notes.slice(0, 100)).flat();
export const packets: readonly Packet[] = notes.map((event) => ({
  type: 'event',
  relay: relayUrl('wss://relay.example'),
  event,
}));
/** Milliseconds from 1 to 10,000, as many in each power of ten, in no order. */
export const latencies: readonly number[] = notes.map((_, index) => 10 ** (((index * 7_919) % TWICE) / (TWICE / 4)));
export const texts: readonly string[] = notes.map(({ content }) => content.padEnd(100, '.'));
/** Twenty candidates, all measured, each a bit slower than the one before. */
const candidates = Array.from({ length: 20 }, (_, index): Balanced => ({
  key: `wss://relay-${index}.example`,
  isReady: true,
  inFlight: index % 4,
  capacity: 64,
  cost: 5 * 1.2 ** index,
  reliability: 1,
  weight: 1,
  features: 1,
}));
/** A deletion request of each author, and then notes of theirs that nobody deleted. */
export const notesAfterDeletions: readonly NostrEvent[] = [
  ...eventsOf(5)
    .slice(0, 100)
    .map((event) => ({ ...event, tags: [['e', hash('another')]] })),
  ...notes,
];
/** The same list over and over. */
export const candidateLists: readonly (readonly Balanced[])[] = notes.map(() => candidates);
