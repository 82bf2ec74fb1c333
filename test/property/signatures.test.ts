import { getEventHash } from 'nostr-tools/pure';
import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { seededRandom } from '../../src/testing/index.ts';
import { pureVerifier } from '../../src/verifiers/pure.ts';
import { newEngine, recordsOf, signedEvents } from '../support/records.ts';

/** `npm run test:signatures` has 100,000. */
const SIGNATURES = Number(process.env['SIGNATURES'] ?? 2_000);
const SEED = Number(process.env['SIGNATURES_SEED'] ?? 340);
const LARGEST_BATCH = 80;
/** Numbers at the edges: 0, 1, the order of the group, and that of the field, with their neighbours. */
const EDGES = [
  '0'.repeat(64),
  `${'0'.repeat(63)}1`,
  'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140',
  'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
  'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364142',
  'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2e',
  'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
  'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30',
  'f'.repeat(64),
];

const events = signedEvents(200, 20);

describe('the engine and noble', () => {
  it(
    `have the same verdict on ${SIGNATURES} mutated signatures, alone and in batches (seed ${SEED})`,
    async () => {
      const random = seededRandom(SEED);
      const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
      const bitFlipped = (hex: string): string => {
        const at = Math.floor(random() * hex.length);
        const digit = parseInt(hex.charAt(at), 16) ^ (1 << Math.floor(random() * 4));
        return hex.slice(0, at) + digit.toString(16) + hex.slice(at + 1);
      };
      /** With the id that its content has now: what is checked is the signature. */
      const withItsId = (event: NostrEvent): NostrEvent => ({ ...event, id: getEventHash(event) });
      const mutations: readonly ((event: NostrEvent, other: NostrEvent) => NostrEvent)[] = [
        (event) => event,
        (event) => ({ ...event }),
        (event) => ({ ...event, sig: bitFlipped(event.sig) }),
        (event) => ({ ...event, sig: pick(EDGES) + event.sig.slice(64) }),
        (event) => ({ ...event, sig: event.sig.slice(0, 64) + pick(EDGES) }),
        (event) => ({ ...event, sig: pick(EDGES) + pick(EDGES) }),
        (event, other) => ({ ...event, sig: other.sig }),
        (event, other) => ({ ...event, sig: event.sig.slice(0, 64) + other.sig.slice(64) }),
        (event) => ({ ...event, sig: event.sig.slice(64) + event.sig.slice(0, 64) }),
        (event) => ({ ...event, id: bitFlipped(event.id) }),
        (event) => withItsId({ ...event, content: `${event.content}!` }),
        (event) => withItsId({ ...event, pubkey: bitFlipped(event.pubkey) }),
        (event) => withItsId({ ...event, pubkey: pick(EDGES) }),
        (event, other) => withItsId({ ...event, pubkey: other.pubkey }),
      ];
      const { engine } = await newEngine();
      let refused = 0;
      for (let checked = 0; checked < SIGNATURES;) {
        const size = Math.min(SIGNATURES - checked, 1 + Math.floor(random() * LARGEST_BATCH));
        const share = random();
        const batch = Array.from({ length: size }, () =>
          random() < share ? pick(mutations)(pick(events), pick(events)) : pick(events),
        );
        const noble = batch.map((event) =>
          events.includes(event) ? 1 : Number((pureVerifier.verify([event]) as boolean[])[0]),
        );
        expect([...engine.verify(recordsOf(batch))]).toEqual(noble);
        checked += size;
        refused += noble.filter((verdict) => verdict === 0).length;
      }
      // So many were forged that to say yes, or no, to all is no way through.
      expect(refused / SIGNATURES).toBeGreaterThan(0.3);
      expect(refused / SIGNATURES).toBeLessThan(0.7);
    },
    15_000 + SIGNATURES * 20,
  );
});
