import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/policies/backoff.ts';

const HIGHEST = 1 - 2 ** -53;
const least = (): number => 0;
const most = (): number => HIGHEST;

const delays = (backoff: Backoff, count: number): number[] =>
  Array.from({ length: count }, () => Math.round(backoff.next()));

describe('Backoff', () => {
  it('doubles the upper end from one second to a minute, above a floor of 100 ms', () => {
    expect(delays(new Backoff(undefined, most), 9)).toEqual([
      1_100, 2_100, 4_100, 8_100, 16_100, 32_100, 60_100, 60_100, 60_100,
    ]);
    expect(delays(new Backoff({}, least), 9)).toEqual(new Array(9).fill(100));
  });

  it('spreads the very first delay as well', () => {
    expect(new Backoff(undefined, () => 0.25).next()).toBe(350);
    expect(new Backoff(undefined, () => 0.75).next()).toBe(850);
  });

  it('draws once for each delay', () => {
    let draws = 0;
    const backoff = new Backoff(undefined, () => ++draws / 100);
    expect([backoff.next(), backoff.next()]).toEqual([110, 140]);
    expect(draws).toBe(2);
  });

  it('takes its numbers from the options', () => {
    expect(delays(new Backoff({ base: 10, factor: 3, cap: 100, floor: 5 }, most), 5)).toEqual([15, 35, 95, 105, 105]);
    expect(delays(new Backoff({ base: 10, factor: 1, cap: 100, floor: 0 }, most), 3)).toEqual([10, 10, 10]);
    expect(delays(new Backoff({ base: 500, cap: 100, floor: 0 }, most), 2)).toEqual([100, 100]);
    expect(delays(new Backoff({ base: 0, cap: 100, floor: 7 }, most), 3)).toEqual([7, 7, 7]);
    expect(delays(new Backoff({ cap: 0, floor: 0 }, most), 2)).toEqual([0, 0]);
  });

  it('counts attempts, and is exhausted after five', () => {
    const backoff = new Backoff(undefined, least);
    expect(backoff.attempts).toBe(0);
    delays(backoff, 4);
    expect([backoff.attempts, backoff.exhausted]).toEqual([4, false]);
    backoff.next();
    expect([backoff.attempts, backoff.exhausted]).toEqual([5, true]);
    delays(backoff, 20);
    expect([backoff.attempts, backoff.exhausted]).toEqual([25, true]);
  });

  it('goes on at the cap when it is exhausted', () => {
    const backoff = new Backoff({ maxAttempts: 1 }, most);
    expect(delays(backoff, 12).at(-1)).toBe(60_100);
    expect(backoff.exhausted).toBe(true);
  });

  it('is never exhausted when attempts have no limit', () => {
    const backoff = new Backoff({ maxAttempts: Infinity }, least);
    delays(backoff, 10_000);
    expect(backoff.exhausted).toBe(false);
  });

  it('starts anew when a connection held for five seconds', () => {
    const backoff = new Backoff(undefined, most);
    delays(backoff, 7);
    backoff.opened(1_000);
    expect(backoff.attempts).toBe(7);
    backoff.lost(6_000);
    expect([backoff.attempts, backoff.exhausted]).toEqual([0, false]);
    expect(delays(backoff, 2)).toEqual([1_100, 2_100]);
  });

  it('goes on where it was when a connection held for less', () => {
    const backoff = new Backoff(undefined, most);
    delays(backoff, 3);
    backoff.opened(1_000);
    backoff.lost(5_999);
    expect(backoff.attempts).toBe(3);
    expect(delays(backoff, 1)).toEqual([8_100]);
  });

  it('does not let a flapping relay reconnect every second for ever', () => {
    const backoff = new Backoff(undefined, most);
    let now = 0;
    for (let flap = 0; flap < 100; flap++) {
      now += backoff.next();
      backoff.opened(now);
      now += 1_000;
      backoff.lost(now);
    }
    expect(backoff.attempts).toBe(100);
    expect(Math.round(backoff.next())).toBe(60_100);
  });

  it('does not add up the uptime of several connections', () => {
    const backoff = new Backoff(undefined, least);
    backoff.next();
    backoff.opened(0);
    backoff.lost(4_000);
    backoff.opened(5_000);
    backoff.lost(9_000);
    expect(backoff.attempts).toBe(1);
  });

  it('counts uptime from the latest opening when a loss went unreported', () => {
    const backoff = new Backoff(undefined, least);
    backoff.next();
    backoff.opened(0);
    backoff.opened(9_000);
    backoff.lost(10_000);
    expect(backoff.attempts).toBe(1);
  });

  it('does nothing on a loss without an opening', () => {
    const backoff = new Backoff(undefined, least);
    backoff.next();
    backoff.lost(1_000_000);
    expect(backoff.attempts).toBe(1);
    backoff.opened(0);
    backoff.lost(1_000);
    backoff.lost(1_000_000);
    expect(backoff.attempts).toBe(1);
  });

  it('takes a clock that jumped back for a short uptime', () => {
    const backoff = new Backoff(undefined, least);
    backoff.next();
    backoff.opened(1_000_000);
    backoff.lost(0);
    expect(backoff.attempts).toBe(1);
  });

  it('takes its stable uptime from the options', () => {
    const backoff = new Backoff({ stableAfter: 0 }, least);
    backoff.next();
    backoff.opened(5);
    backoff.lost(5);
    expect(backoff.attempts).toBe(0);
    const never = new Backoff({ stableAfter: Infinity }, least);
    never.next();
    never.opened(0);
    never.lost(Number.MAX_SAFE_INTEGER);
    expect(never.attempts).toBe(1);
  });

  it('starts anew when told', () => {
    const backoff = new Backoff(undefined, most);
    delays(backoff, 9);
    backoff.reset();
    expect([backoff.attempts, backoff.exhausted]).toEqual([0, false]);
    expect(delays(backoff, 1)).toEqual([1_100]);
  });

  it('starts from attempts that it is told of', () => {
    const backoff = new Backoff({ attempts: 3 }, most);
    expect([backoff.attempts, backoff.exhausted]).toEqual([3, false]);
    expect(delays(backoff, 2)).toEqual([8_100, 16_100]);
    expect([backoff.attempts, backoff.exhausted]).toEqual([5, true]);
    expect(new Backoff({ attempts: 5 }, most).exhausted).toBe(true);
  });

  it.each(['reset', 'stable uptime'])('forgets the attempts that it was told of on a %s', (how) => {
    const backoff = new Backoff({ attempts: 9 }, most);
    if (how === 'reset') backoff.reset();
    else {
      backoff.opened(0);
      backoff.lost(5_000);
    }
    expect([backoff.attempts, backoff.exhausted]).toEqual([0, false]);
    expect(delays(backoff, 2)).toEqual([1_100, 2_100]);
  });

  it.each([
    [{ base: 1_000 }, 60_100],
    [{ base: 0 }, 100],
    [{ cap: 0 }, 100],
    [{ factor: 1 }, 1_100],
  ])('is at once ready, and within its bounds, with all the attempts there can be and %j', (options, expected) => {
    const backoff = new Backoff({ ...options, attempts: Number.MAX_SAFE_INTEGER }, most);
    expect(delays(backoff, 2)).toEqual([expected, expected]);
  });

  it.each([NaN, -1, 1, 2, Infinity, -Infinity])('keeps to its bounds with a random source that gives %d', (draw) => {
    const delay = new Backoff({ base: 1_000 }, () => draw).next();
    expect(delay).toBeGreaterThanOrEqual(100);
    expect(delay).toBeLessThanOrEqual(1_100);
  });

  it.each([
    { base: -1 },
    { base: NaN },
    { base: Infinity },
    { factor: 0.5 },
    { factor: NaN },
    { factor: Infinity },
    { cap: -1 },
    { cap: Infinity },
    { floor: -1 },
    { floor: NaN },
    { stableAfter: -1 },
    { stableAfter: NaN },
    { maxAttempts: 0 },
    { maxAttempts: NaN },
    { attempts: -1 },
    { attempts: 0.5 },
    { attempts: NaN },
    { attempts: Infinity },
  ])('refuses %j', (options) => {
    const [name = ''] = Object.keys(options);
    expect(() => new Backoff(options, least)).toThrow(RangeError);
    expect(() => new Backoff(options, least)).toThrow(`'${name}'`);
  });
});
