import { getEventHash, verifyEvent } from 'nostr-tools/pure';
import { describe, expect, it } from 'vitest';
import { isWellFormedEvent } from '../../src/protocol/event.ts';
import { fakeEvent, signedEvent, testKey, testKeys, testSigner } from '../../src/testing/index.ts';

describe('testKey and testKeys', () => {
  it('are the same in every run', () => {
    expect(testKey(0).publicKey).toBe('0c4f7e6dbb6e255e277d1093cf8d1be7b3d3727bd2ee40caeaba16452be17ae0');
  });

  it('are all different, and valid keys', () => {
    const keys = testKeys(50);
    expect(new Set(keys.map((key) => key.publicKey)).size).toBe(50);
    expect(keys.every((key) => /^[0-9a-f]{64}$/.test(key.publicKey) && key.secretKey.length === 32)).toBe(true);
    expect(keys[3]).toEqual(testKey(3));
  });
});

describe('signedEvent', () => {
  it('signs what it is given, with defaults for the rest', () => {
    const event = signedEvent({ kind: 7, tags: [['e', 'x']] }, testKey(1));
    expect(event).toMatchObject({
      kind: 7,
      tags: [['e', 'x']],
      content: '',
      created_at: 1_767_225_600,
      pubkey: testKey(1).publicKey,
    });
    expect(isWellFormedEvent(event)).toBe(true);
    expect(verifyEvent(event)).toBe(true);
  });

  it('leaves no mark by which a changed copy would pass for verified', () => {
    const event = signedEvent({ content: 'mine' }, testKey(0));
    expect(Reflect.ownKeys(event).sort()).toEqual(['content', 'created_at', 'id', 'kind', 'pubkey', 'sig', 'tags']);
    expect(verifyEvent({ ...event, content: 'theirs' })).toBe(false);
  });

  it('does not share the tags of its template', () => {
    const tags = [['t', 'a']];
    const event = signedEvent({ tags }, testKey(0));
    tags[0]?.push('later');
    expect(event.tags).toEqual([['t', 'a']]);
  });
});

describe('fakeEvent', () => {
  it('has the right id and no valid signature', () => {
    const event = fakeEvent({ content: 'x', created_at: 5 });
    expect(isWellFormedEvent(event)).toBe(true);
    expect(event.id).toBe(getEventHash(event));
    expect(verifyEvent(event)).toBe(false);
  });

  it('takes author, id and signature as given', () => {
    const given = { pubkey: '1'.repeat(64), id: '2'.repeat(64), sig: '3'.repeat(128) };
    expect(fakeEvent(given)).toMatchObject(given);
  });
});

describe('testSigner', () => {
  it('signs for its key', async () => {
    const signer = testSigner(testKey(2));
    const event = await signer.signEvent({ kind: 22_242 });
    expect(await signer.getPublicKey()).toBe(testKey(2).publicKey);
    expect(event.pubkey).toBe(testKey(2).publicKey);
    expect(verifyEvent(event)).toBe(true);
  });
});
