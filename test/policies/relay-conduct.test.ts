import { describe, expect, it } from 'vitest';
import { RelayConduct } from '../../src/policies/relay-conduct.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

describe('RelayConduct', () => {
  it.each([
    ['unasked' as const, 1_000, 50],
    ['unmatched' as const, 1_000, 50],
    ['invalid' as const, 100, 5],
  ])('bears %s messages, %i at once and %i a second after that', (what, burst, perSecond) => {
    const conduct = new RelayConduct();
    const borne = (count: number, now: number): number =>
      Array.from({ length: count }, () => conduct.bears(what, now)).filter(Boolean).length;
    expect(borne(burst + 5, 0)).toBe(burst);
    expect(borne(perSecond + 5, SECOND)).toBe(perSecond);
  });

  it('has a budget for each by itself', () => {
    const conduct = new RelayConduct({ invalid: { burst: 1, perSecond: 1 }, unmatched: { burst: 1, perSecond: 1 } });
    expect([conduct.bears('invalid', 0), conduct.bears('unmatched', 0)]).toEqual([true, true]);
    expect([conduct.bears('invalid', 0), conduct.bears('unasked', 0)]).toEqual([false, true]);
  });

  it('says how long a relay is ahead of its budget of frames, or of bytes, whichever is longer', () => {
    const conduct = new RelayConduct({ frames: { burst: 10, perSecond: 10 }, bytes: { burst: 1_000, perSecond: 100 } });
    expect(conduct.received(10, 1_000, 0)).toBe(0);
    expect(conduct.received(5, 10, 0)).toBe(500);
    expect(conduct.received(0, 190, 500)).toBe(1_500);
    expect(conduct.received(0, 0, 2_000)).toBe(0);
  });

  it('leaves a relay alone for a minute, then for ten, and then for an hour', () => {
    const conduct = new RelayConduct();
    expect(conduct.quarantinedUntil).toBe(-Infinity);
    expect(conduct.dropped(0)).toBe(MINUTE);
    expect(conduct.dropped(2 * MINUTE)).toBe(12 * MINUTE);
    expect(conduct.dropped(20 * MINUTE)).toBe(20 * MINUTE + HOUR);
    expect(conduct.dropped(2 * HOUR)).toBe(3 * HOUR);
    expect(conduct.quarantinedUntil).toBe(3 * HOUR);
  });

  it('counts what is found on several connections at once as one', () => {
    const conduct = new RelayConduct();
    conduct.dropped(0);
    expect(conduct.dropped(10)).toBe(MINUTE);
    expect(conduct.dropped(2 * MINUTE)).toBe(12 * MINUTE);
  });

  it('forgets that after an hour of good conduct', () => {
    const conduct = new RelayConduct();
    conduct.dropped(0);
    expect(conduct.dropped(MINUTE + HOUR)).toBe(11 * MINUTE + HOUR);
    expect(conduct.dropped(11 * MINUTE + 2 * HOUR + 1)).toBe(12 * MINUTE + 2 * HOUR + 1);
  });

  it.each([
    { burst: 0, perSecond: 1 },
    { burst: 1, perSecond: 0 },
    { burst: Number.NaN, perSecond: 1 },
  ])('refuses a budget of %j', (budget) => {
    expect(() => new RelayConduct({ frames: budget })).toThrow(/budgets: 'frames' must have a 'burst' of at least 1/);
  });
});
