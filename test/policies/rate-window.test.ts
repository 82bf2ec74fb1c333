import { describe, expect, it } from 'vitest';
import { RateWindow } from '../../src/policies/rate-window.ts';

const rates = (messagesPerSecond: number, bytesPerSecond: number) => ({ messagesPerSecond, bytesPerSecond });

describe('RateWindow', () => {
  it('is zero when empty', () => {
    const window = new RateWindow(10_000, 10, 0);
    expect(window.isEmpty(0)).toBe(true);
    expect(window.rates(0)).toEqual(rates(0, 0));
    expect(window.rates(5_000)).toEqual(rates(0, 0));
  });

  it('averages over the time since the beginning, until a window has gone by', () => {
    const window = new RateWindow(10_000, 10, 0);
    for (let now = 0; now < 4_000; now += 100) window.add(50, now);
    expect(window.rates(4_000)).toEqual(rates(10, 500));
  });

  it('begins when it is told, in the middle of a slice too', () => {
    const window = new RateWindow(10_000, 10, 7_500);
    for (let now = 7_500; now < 9_500; now += 100) window.add(1, now);
    expect(window.rates(9_500)).toEqual(rates(10, 10));
  });

  it('averages over a slice at least: the first message is no burst', () => {
    const window = new RateWindow(10_000, 10, 0);
    window.add(300, 0);
    expect(window.rates(0)).toEqual(rates(1, 300));
    expect(window.rates(1)).toEqual(rates(1, 300));
    expect(window.rates(2_000)).toEqual(rates(0.5, 150));
  });

  it('tells a steady rate rightly, wherever in a slice it is asked', () => {
    const window = new RateWindow(10_000, 10, 0);
    for (let now = 0; now < 60_000; now += 10) {
      window.add(20, now);
      if (now > 5_000 && now % 370 === 0) {
        expect(window.rates(now + 10).messagesPerSecond).toBeCloseTo(100, 6);
        expect(window.rates(now + 10).bytesPerSecond).toBeCloseTo(2_000, 6);
      }
    }
  });

  it('falls to zero within the window', () => {
    const window = new RateWindow(10_000, 10, 0);
    window.add(10, 999);
    expect(window.isEmpty(9_999)).toBe(false);
    expect(window.rates(9_999).messagesPerSecond).toBeGreaterThan(0);
    expect(window.rates(10_000)).toEqual(rates(0, 0));
    expect(window.isEmpty(10_000)).toBe(true);
  });

  it('counts the message, but no bytes, where the size is none', () => {
    const window = new RateWindow(10_000, 10, 0);
    for (const bytes of [Number.NaN, -5, Infinity, 0, 7]) window.add(bytes, 0);
    expect(window.rates(1_000)).toEqual(rates(5, 7));
  });

  it('stays right when the clock is set back', () => {
    const window = new RateWindow(10_000, 10, 100_000);
    window.add(10, 100_000);
    window.add(10, 1_000);
    expect(window.rates(1_000)).toEqual(rates(2, 20));
    expect(window.rates(5_000)).toEqual(rates(0.5, 5));
    expect(window.rates(11_000)).toEqual(rates(0, 0));
  });

  it('leaves nothing over when it forgets sizes that are no whole numbers', () => {
    const window = new RateWindow(10_000, 10, 0);
    for (let now = 0; now < 30_000; now += 70) window.add(0.1 + now / 3, now);
    expect(window.rates(38_999).bytesPerSecond).toBeGreaterThan(0);
    expect(window.rates(39_000)).toEqual(rates(0, 0));
  });

  it.each([
    [0, 10],
    [Number.NaN, 10],
    [Infinity, 10],
    [10_000, 1],
    [10_000, 1_001],
    [10_000, 2.5],
  ])('refuses a window of %s in %s slices', (window, slices) => {
    expect(() => new RateWindow(window, slices, 0)).toThrow(RangeError);
  });
});
