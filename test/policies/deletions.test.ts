import { describe, expect, it } from 'vitest';
import { Deletions } from '../../src/policies/deletions.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { anEvent } from '../support/packets.ts';

const [ann, ben] = ['a'.repeat(64), 'b'.repeat(64)];
const deletion = (created_at: number, ...tags: string[][]): NostrEvent => anEvent('d', { kind: 5, created_at, tags });
const article = (created_at: number, d?: string): NostrEvent =>
  anEvent(`${created_at}`, { kind: 30_023, created_at, tags: d === undefined ? [] : [['d', d]] });
const after = (...requests: NostrEvent[]): Deletions => {
  const deletions = new Deletions(100);
  for (const request of requests) deletions.add(request);
  return deletions;
};

describe('Deletions', () => {
  it('covers nothing before a request', () => {
    expect(new Deletions(1).covers(anEvent('1'))).toBe(false);
    expect(new Deletions(1).covers(article(1))).toBe(false);
  });

  it('covers an event by its id, however new it says to be', () => {
    const deletions = after(deletion(10, ['e', anEvent('1').id]));
    expect(deletions.covers(anEvent('1', { created_at: 99 }))).toBe(true);
    expect(deletions.covers(anEvent('2'))).toBe(false);
  });

  it('lets nobody delete what is of another author', () => {
    const deletions = after(deletion(10, ['e', anEvent('1').id], ['a', `0:${ben}:`], ['a', '0'], ['e'], ['a']));
    expect(deletions.covers(anEvent('1', { pubkey: ben }))).toBe(false);
    expect(deletions.covers(anEvent('2', { kind: 0, pubkey: ben, created_at: 5 }))).toBe(false);
  });

  it('covers the versions under an address up to the time of the newest request', () => {
    const deletions = after(deletion(20, ['a', `30023:${ann}:x`]), deletion(10, ['a', `30023:${ann}:x`]));
    expect([10, 20, 21].map((created_at) => deletions.covers(article(created_at, 'x')))).toEqual([true, true, false]);
    expect(deletions.covers(article(10, 'y'))).toBe(false);
    expect(deletions.covers(article(10))).toBe(false);
  });

  it('knows the address of a plain replaceable event, and a d tag with colons', () => {
    const deletions = after(deletion(20, ['a', `10002:${ann}:`], ['a', `30023:${ann}:x:y`]));
    expect(deletions.covers(anEvent('1', { kind: 10_002, created_at: 20 }))).toBe(true);
    expect(deletions.covers(article(20, 'x:y'))).toBe(true);
    expect(deletions.covers(article(20, 'x'))).toBe(false);
  });

  it('covers no deletion', () => {
    const first = deletion(10, ['e', anEvent('1').id]);
    expect(after(first, deletion(20, ['e', first.id], ['k', '5'])).covers(first)).toBe(false);
  });

  it('forgets what was named least recently beyond its capacity', () => {
    const deletions = new Deletions(2);
    for (const id of ['1', '2', '1', '3']) deletions.add(deletion(10, ['e', anEvent(id).id]));
    for (const d of ['1', '2', '1', '3']) deletions.add(deletion(10, ['a', `30023:${ann}:${d}`]));
    expect(['1', '2', '3'].map((id) => deletions.covers(anEvent(id)))).toEqual([true, false, true]);
    expect(['1', '2', '3'].map((d) => deletions.covers(article(5, d)))).toEqual([true, false, true]);
  });

  it('can forget everything', () => {
    const deletions = after(deletion(10, ['e', anEvent('1').id], ['a', `30023:${ann}:x`]));
    deletions.clear();
    expect([anEvent('1'), article(5, 'x')].map((event) => deletions.covers(event))).toEqual([false, false]);
  });
});
