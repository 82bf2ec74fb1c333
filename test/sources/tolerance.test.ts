import { describe, expect, it } from 'vitest';
import { Tolerance } from '../../src/sources/tolerance.ts';

const MINUTE = 60_000;

describe('Tolerance', () => {
  it('excuses what comes for a closed REQ, for a minute', () => {
    const tolerance = new Tolerance();
    tolerance.closed('a', 1_000);
    expect(tolerance.isLate('a', 1_000)).toBe(true);
    expect(tolerance.isLate('a', 1_000 + MINUTE)).toBe(true);
    expect(tolerance.isLate('a', 1_001 + MINUTE)).toBe(false);
    expect(tolerance.isLate('b', 1_000)).toBe(false);
  });

  it('remembers the last 1,024 closed REQs', () => {
    const tolerance = new Tolerance();
    for (let n = 0; n < 1_025; n++) tolerance.closed(`${n}`, 0);
    expect(['0', '1', '1024'].map((id) => tolerance.isLate(id, 0))).toEqual([false, true, true]);
  });

  it('excuses one OK for each EVENT', () => {
    const tolerance = new Tolerance();
    expect(tolerance.paid()).toBe(false);
    tolerance.owes();
    tolerance.owes();
    expect([tolerance.paid(), tolerance.paid(), tolerance.paid()]).toEqual([true, true, false]);
  });
});
