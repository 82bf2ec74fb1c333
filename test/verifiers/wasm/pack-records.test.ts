import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../../src/protocol/event.ts';
import { packRecords } from '../../../src/verifiers/wasm/pack-records.ts';
import { idOf as idInBrowsers } from '../../../src/verifiers/wasm/platform.browser.ts';
import { idOf as idInNode } from '../../../src/verifiers/wasm/platform.node.ts';
import { recordAt, recordsOf, signedEvents } from '../../support/records.ts';

const [event = {} as NostrEvent, other = {} as NostrEvent] = signedEvents(2);
const ZEROS = new Uint8Array(128);

describe('packRecords', () => {
  it('writes id, public key and signature as bytes', () => {
    const records = recordsOf([event, other]);
    expect(Buffer.from(records).toString('hex')).toBe(
      event.id + event.pubkey + event.sig + other.id + other.pubkey + other.sig,
    );
  });

  it.each([
    ['a short id', { id: event.id.slice(1) }],
    ['a long id', { id: `${event.id}0` }],
    ['an upper-case id', { id: event.id.toUpperCase() }],
    ['the id of another event', { id: other.id }],
    ['a short public key', { pubkey: event.pubkey.slice(2) }],
    ['an upper-case public key', { pubkey: event.pubkey.toUpperCase() }],
    ['a short signature', { sig: event.sig.slice(2) }],
    ['a long signature', { sig: `${event.sig}00` }],
    ['an upper-case signature', { sig: event.sig.toUpperCase() }],
    ['a signature that is no hex', { sig: `${event.sig.slice(1)}g` }],
    ['a signature of other characters', { sig: `${event.sig.slice(1)}\u{ff11}` }],
    ['no signature', { sig: undefined }],
    ['changed content', { content: 'changed' }],
    ['a kind that is a string', { kind: '1' }],
    ['tags that are none', { tags: [[]] }],
    ['a lone surrogate', { content: '\ud800' }],
  ])('has zeros for an event with %s, and for no other', (_what, change) => {
    const changed = { ...event, ...change } as unknown as NostrEvent;
    const records = recordsOf([other, changed, other]);
    expect(recordAt(records, 1)).toEqual(ZEROS);
    expect(recordAt(records, 0)).toEqual(recordsOf([other]));
    expect(recordAt(records, 2)).toEqual(recordsOf([other]));
  });

  it('takes what is no event at all', () => {
    expect(packRecords([undefined, null, 7, 'event'] as unknown as NostrEvent[], idInNode)).toEqual(
      new Uint8Array(4 * 128),
    );
  });

  it.each([
    ['in Node', idInNode],
    ['in browsers', idInBrowsers],
  ])('knows ids %s', (_where, idOf) => {
    const odd = { ...event, content: 'ü € 😀 "\\\n\u0007', tags: [['e', ''], ['é']] };
    expect(idOf(event)).toBe(event.id);
    expect(idOf(odd)).toBe(idInNode(odd));
  });
});
