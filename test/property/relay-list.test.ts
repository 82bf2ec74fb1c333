import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { readBlockedRelays, readDirectMessageRelays, readRelayList } from '../../src/protocol/relay-list.ts';
import { admitRelayUrl, relayUrl } from '../../src/protocol/relay-url.ts';
import { anEvent } from '../support/packets.ts';

const address = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map((n) => `wss://r${n}.example`),
  fc.integer({ min: 0, max: 30 }).map((n) => `WS://R${n}.example:80/`),
  fc.ipV4Extended().map((ip) => `ws://${ip}`),
  fc.ipV6().map((ip) => `wss://[${ip}]`),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !/\p{Surrogate}/u.test(text)),
);
const tag = fc
  .tuple(
    fc.constantFrom('r', 'relay', 'p'),
    fc.option(address),
    fc.option(fc.constantFrom('read', 'write', '', 'other')),
  )
  .map((parts) => parts.filter((part) => part !== null));

/** The lists by the letter, one relay at a time. */
function naive(
  tags: readonly string[][],
  name: string,
  keep: (marker: string) => boolean,
  read: (url: string) => string,
) {
  const urls: string[] = [];
  for (const [tagName, url = '', marker = ''] of tags) {
    if (tagName !== name || !keep(marker)) continue;
    try {
      const normal = read(url);
      if (!urls.includes(normal)) urls.push(normal);
    } catch {
      // left out
    }
  }
  return urls;
}

describe('relay lists', () => {
  it('are what a naive reader takes of them', () => {
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 60 }), fc.integer({ min: 1, max: 15 }), (tags, maxRelays) => {
        const of = (kind: number): NostrEvent => anEvent('1', { kind, tags });
        const marked = (wanted: string): string[] =>
          naive(tags, 'r', (marker) => ['', wanted].includes(marker), admitRelayUrl).slice(0, maxRelays);
        expect(readRelayList(of(10_002), { maxRelays })).toMatchObject({
          read: marked('read'),
          write: marked('write'),
        });
        expect(readDirectMessageRelays(of(10_050), { maxRelays })).toEqual(
          naive(tags, 'relay', () => true, admitRelayUrl).slice(0, maxRelays),
        );
        expect(readBlockedRelays(of(10_006))).toEqual(naive(tags, 'relay', () => true, relayUrl));
      }),
      { numRuns: 500 },
    );
  });

  it('never throw, whatever stands in place of an event', () => {
    const kind = fc.constantFrom(10_002, 10_050, 10_006);
    const hostile = fc.oneof(
      fc.anything(),
      fc.record({ kind, tags: fc.anything() }),
      fc.tuple(kind, fc.anything()).map(([k, tags]) => ({ ...anEvent('1', { kind: k }), tags })),
    );
    fc.assert(
      fc.property(hostile, (value) => {
        const event = value as NostrEvent;
        for (const read of [readRelayList, readDirectMessageRelays, readBlockedRelays]) {
          expect(() => read(event)).not.toThrow();
        }
      }),
      { numRuns: 500 },
    );
  });
});
