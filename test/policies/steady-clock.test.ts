import { describe, expect, it } from 'vitest';
import { SteadyClock } from '../../src/policies/steady-clock.ts';

describe('SteadyClock', () => {
  it('starts at 0 and goes as the clock goes', () => {
    const clock = new SteadyClock();
    expect([1_000_000, 1_000_000, 1_000_250].map((now) => clock.read(now))).toEqual([0, 0, 250]);
  });

  it('counts a step back as no time, and the time after it in full', () => {
    const clock = new SteadyClock();
    expect([5_000, 5_100, 1_000, 1_010, 5_100].map((now) => clock.read(now))).toEqual([0, 100, 100, 110, 4_200]);
  });

  it('counts a step forward, as after sleep', () => {
    const clock = new SteadyClock();
    expect([0, 86_400_000].map((now) => clock.read(now))).toEqual([0, 86_400_000]);
  });
});
