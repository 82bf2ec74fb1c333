import { describe, expect, it } from 'vitest';
import { SubscriptionIds } from '../../src/sources/subscription-ids.ts';

const free = (): boolean => false;

describe('SubscriptionIds', () => {
  it('gives short ones, each once for as long as there are others', () => {
    const ids = new SubscriptionIds();
    const given = Array.from({ length: 2_000 }, () => ids.next(64, free));
    expect(new Set(given).size).toBe(2_000);
    expect(Math.max(...given.map(({ length }) => length))).toBe(3);
  });

  it('stays within what a relay takes, and passes over those in use', () => {
    const ids = new SubscriptionIds();
    const given = Array.from({ length: 72 }, () => ids.next(1, (id) => id === 'a'));
    expect(given.slice(0, 35)).toEqual([...'0123456789bcdefghijklmnopqrstuvwxyz']);
    expect(given.slice(35, 70)).toEqual(given.slice(0, 35));
  });

  it('gives a longer one where all of those are in use', () => {
    const ids = new SubscriptionIds();
    const open = new Set<string>();
    for (let count = 0; count < 40; count++) open.add(ids.next(1, (id) => open.has(id)));
    expect(open.size).toBe(40);
  });

  it('takes no nonsense of a relay', () => {
    expect(new SubscriptionIds().next(0, free)).toBe('0');
  });
});
