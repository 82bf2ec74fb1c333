import { describe, expect, it } from 'vitest';
import { HistogramWindow } from '../../src/policies/histogram-window.ts';
import { LatencyHistogram } from '../../src/policies/latency-histogram.ts';

describe('HistogramWindow', () => {
  it('has nothing to say when empty', () => {
    const latencies = new HistogramWindow();
    expect(latencies.count(0)).toBe(0);
    expect(latencies.percentile(50, 0)).toBeUndefined();
    expect(latencies.summary(0)).toBeUndefined();
  });

  it('summarises all slices together', () => {
    const latencies = new HistogramWindow({ window: 1_000, slices: 4 });
    [10, 20, 30, 40].forEach((ms, index) => latencies.record(ms, index * 250));
    expect(latencies.summary(999)).toMatchObject({ count: 4, min: 10, mean: 25, max: 40 });
    expect(latencies.percentile(50, 999)).toBeCloseTo(20, 0);
  });

  it('gives the same answer when asked again', () => {
    const latencies = new HistogramWindow();
    for (const ms of [1, 2, 3]) latencies.record(ms, 0);
    expect(latencies.summary(1)).toEqual(latencies.summary(1));
    expect(latencies.count(1)).toBe(3);
  });

  it('forgets after a minute, a tenth of it at a time, unless told otherwise', () => {
    const latencies = new HistogramWindow();
    latencies.record(500, 0);
    latencies.record(20, 6_000);
    expect(latencies.summary(59_999)).toMatchObject({ count: 2, max: 500 });
    expect(latencies.summary(60_000)).toMatchObject({ count: 1, max: 20 });
    expect(latencies.summary(66_000)).toBeUndefined();
  });

  it('forgets min, mean and max along', () => {
    const latencies = new HistogramWindow({ window: 100, slices: 2 });
    latencies.record(1, 0);
    latencies.record(9_999, 0);
    latencies.record(50, 60);
    expect(latencies.summary(100)).toEqual({ count: 1, min: 50, mean: 50, p50: 50, p95: 50, p99: 50, max: 50 });
  });

  it('needs a minimum of readings, of those that still count', () => {
    const latencies = new HistogramWindow({ window: 100, slices: 2 });
    latencies.record(1, 0);
    latencies.record(2, 60);
    expect(latencies.summary(60, 2)).toMatchObject({ count: 2 });
    expect(latencies.summary(60, 3)).toBeUndefined();
    expect(latencies.summary(100, 2)).toBeUndefined();
  });

  it('says what is no reading', () => {
    const latencies = new HistogramWindow();
    expect(latencies.record(Number.NaN, 0)).toBe(false);
    expect(latencies.record(1, 0)).toBe(true);
    expect(latencies.count(0)).toBe(1);
  });

  it('adds to a histogram what still counts', () => {
    const all = new LatencyHistogram();
    const [one, other] = [new HistogramWindow(), new HistogramWindow()];
    one.record(1, 0);
    one.record(2, 30_000);
    other.record(400, 30_000);
    for (const latencies of [one, other]) latencies.mergeInto(all, 60_000);
    expect(all.summary()).toMatchObject({ count: 2, min: 2, max: 400 });
    expect(() => one.mergeInto(new LatencyHistogram({ precision: 0.1 }), 60_000)).toThrow(RangeError);
  });

  it('passes precision and range on', () => {
    const coarse = new HistogramWindow({ precision: 0.5, highest: 1_000 });
    const same = new LatencyHistogram({ precision: 0.5, highest: 1_000 });
    for (const ms of [3, 10, 77, 5_000]) {
      coarse.record(ms, 0);
      same.record(ms);
    }
    expect(coarse.summary(0)).toEqual(same.summary());
    expect(coarse.summary(0)).toMatchObject({ max: 1_000 });
  });

  it('forgets all when time leaps ahead, and not one slice too many when it goes on', () => {
    const latencies = new HistogramWindow({ window: 400, slices: 4 });
    for (const now of [0, 100, 200, 300]) latencies.record(now, now);
    expect(latencies.summary(599)).toMatchObject({ count: 2, min: 200, max: 300 });
    expect(latencies.count(1e15)).toBe(0);
  });

  it('goes on from where it was when the clock is set back', () => {
    const latencies = new HistogramWindow({ window: 400, slices: 4 });
    latencies.record(1, 1_000_000);
    latencies.record(2, 500);
    expect(latencies.count(899)).toBe(2);
    expect(latencies.count(900)).toBe(0);
  });

  it.each([
    { window: 0 },
    { window: -1 },
    { window: Number.NaN },
    { window: Infinity },
    { slices: 1 },
    { slices: 2.5 },
    { slices: 1_001 },
    { precision: 0 },
    { highest: 0 },
  ])('refuses %o', (options) => {
    expect(() => new HistogramWindow(options)).toThrow(RangeError);
  });

  it('refuses what is no time', () => {
    const latencies = new HistogramWindow();
    latencies.record(5, 0);
    for (const now of [Number.NaN, Infinity, -Infinity]) expect(() => latencies.record(1, now)).toThrow(RangeError);
    expect(latencies.summary(1)).toMatchObject({ count: 1, max: 5 });
  });
});
