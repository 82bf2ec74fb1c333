import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DiscoveredRelay, RelayDirectory } from '../../src/policies/relay-directory.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { ALICE, aReport, BOB, CAROL, MALLORY } from '../support/discoveries.ts';

const NOW = 10_000_000;
const MAX_AGE = 100;
const MONITORS = [ALICE, BOB, CAROL];

const report = fc
  .record({
    monitor: fc.constantFrom(...MONITORS, MALLORY),
    name: fc.integer({ min: 0, max: 7 }),
    seenAt: fc.integer({ min: NOW / 1_000 - MAX_AGE - 10, max: NOW / 1_000 + 5 }),
    id: fc.integer({ min: 0, max: 15 }),
    open: fc.integer({ min: 0, max: 500 }),
    nips: fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 5 }),
  })
  .map(({ monitor, name, seenAt, id, open, nips }) =>
    aReport(monitor, `r${name}`, seenAt, [['rtt-open', `${open}`], ...nips.map((nip) => ['N', `${nip}`])], {
      id: id.toString(16).padStart(64, '0'),
    }),
  );
/** Ids are hashes, so no two events share one. */
const reports = fc.uniqueArray(report, {
  maxLength: 60,
  selector: ({ id, created_at, pubkey, tags }) => `${id}${created_at}${pubkey}${tags[0]?.[1]}`,
});

interface Plain {
  readonly monitors: readonly string[];
  readonly seenAt: number;
  readonly open: number;
  readonly nips: readonly number[];
}

/** What counts of the events, found by looking at all of them. */
function model(events: readonly NostrEvent[], agreement: number): Record<string, Plain> {
  const relays: Record<string, Plain> = {};
  for (const url of new Set(events.map(({ tags }) => tags[0]![1]!))) {
    const counted = MONITORS.flatMap((monitor) =>
      events
        .filter(
          (event) => event.pubkey === monitor && event.tags[0]![1] === url && event.created_at >= NOW / 1_000 - MAX_AGE,
        )
        .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? -1 : 1))
        .slice(0, 1),
    );
    if (counted.length === 0 || counted.length < agreement) continue;
    const opens = counted.map(({ tags }) => Number(tags[1]![1])).sort((a, b) => a - b);
    while (opens.length > 2) opens.splice(0, opens.length, ...opens.slice(1, -1));
    relays[`${url}/`] = {
      monitors: counted.map(({ pubkey }) => pubkey).sort(),
      seenAt: Math.max(...counted.map(({ created_at }) => created_at)),
      open: opens.reduce((sum, open) => sum + open, 0) / opens.length,
      nips: [...new Set(counted.flatMap(({ tags }) => tags.slice(2).map((tag) => Number(tag[1]))))].sort(
        (a, b) => a - b,
      ),
    };
  }
  return relays;
}

const plain = ({ monitors, seenAt, roundTrip, nips }: DiscoveredRelay): Plain => ({
  monitors: [...monitors].sort(),
  seenAt,
  open: roundTrip.open ?? -1,
  nips: [...nips].sort((a, b) => a - b),
});
const plainAll = (relays: ReadonlyMap<string, DiscoveredRelay>): Record<string, Plain> =>
  Object.fromEntries([...relays].map(([url, relay]) => [url, plain(relay)]));

describe('RelayDirectory', () => {
  it('knows what the events say, in whatever order they come, and says when that changes', () => {
    fc.assert(
      fc.property(reports, fc.integer({ min: 1, max: 3 }), (events, agreement) => {
        const directory = new RelayDirectory({ monitors: MONITORS, maxAge: MAX_AGE, agreement });
        let before = plainAll(directory.relays(NOW));
        for (const event of events) {
          const isChanged = directory.add(event, NOW);
          const after = plainAll(directory.relays(NOW));
          if (!isChanged) expect(after).toEqual(before);
          before = after;
        }
        expect(before).toEqual(model(events, agreement));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps no more relays than it may, and of those the newest', () => {
    fc.assert(
      fc.property(reports, fc.integer({ min: 1, max: 6 }), (events, maxRelays) => {
        const directory = new RelayDirectory({ monitors: MONITORS, maxAge: MAX_AGE, maxRelays });
        for (const event of events) {
          directory.add(event, NOW);
          expect(directory.relays(NOW).size).toBeLessThanOrEqual(maxRelays);
        }
        const newest = Object.values(model(events, 1))
          .map(({ seenAt }) => seenAt)
          .sort((a, b) => b - a)
          .slice(0, maxRelays);
        const kept = [...directory.relays(NOW).values()].map(({ seenAt }) => seenAt).sort((a, b) => b - a);
        expect(kept).toEqual(newest);
      }),
      { numRuns: 300 },
    );
  });

  it('takes any event', () => {
    const hostile = fc.record({
      kind: fc.constant(30_166),
      pubkey: fc.constant(ALICE),
      tags: fc.anything(),
      created_at: fc.oneof(fc.anything(), fc.constant({ toString: undefined })),
    });
    fc.assert(
      fc.property(hostile, (event) => {
        const directory = new RelayDirectory({ monitors: [ALICE] });
        expect(directory.add(event as unknown as NostrEvent, NOW)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
