import { finalizeEvent, verifyEvent } from 'nostr-tools/pure';
import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { fakeEvent, signedEvent, testKey } from '../../src/testing/index.ts';
import { pureVerifier } from '../../src/verifiers/pure.ts';

const verify = async (...events: readonly NostrEvent[]) => pureVerifier.verify(events);
const real = signedEvent({ content: 'hello', tags: [['t', 'x']] }, testKey(0));

describe('pureVerifier', () => {
  it('gives one verdict an event, in their order', async () => {
    const other = signedEvent({ content: 'other' }, testKey(1));
    expect(await verify(real, fakeEvent(), other)).toEqual([true, false, true]);
    expect(await verify()).toEqual([]);
  });

  it.each<[string, Partial<NostrEvent>]>([
    ['content', { content: 'hello!' }],
    ['author', { pubkey: testKey(1).publicKey }],
    ['time', { created_at: real.created_at + 1 }],
    ['kind', { kind: 7 }],
    ['tags', { tags: [['t', 'y']] }],
    ['signature', { sig: signedEvent({ content: 'other' }, testKey(0)).sig }],
    ['id', { id: fakeEvent().id }],
  ])('refuses a copy with another %s', async (_, change) => {
    expect(await verify({ ...real, ...change })).toEqual([false]);
  });

  it('does not trust the mark that nostr-tools leaves on what it verified, which spreads copy along', async () => {
    const marked = finalizeEvent({ kind: 1, content: 'hello', tags: [], created_at: 1 }, testKey(0).secretKey);
    expect(verifyEvent(marked)).toBe(true);
    const forged = { ...marked, content: 'forged' };
    expect(verifyEvent(forged)).toBe(true);
    expect(await verify(forged)).toEqual([false]);
  });
});
