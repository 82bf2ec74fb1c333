import { describe, expect, it } from 'vitest';
import { PeakEwma } from '../../src/policies/peak-ewma.ts';

const EPOCH = 1_700_000_000_000;

describe('PeakEwma', () => {
  it('knows nothing before the first reading, which it then takes as it is', () => {
    const latency = new PeakEwma();
    expect(latency.value(EPOCH)).toBeUndefined();
    expect(latency.record(80, EPOCH)).toBe(true);
    expect(latency.value(EPOCH)).toBe(80);
    expect(latency.value(EPOCH + 59_999)).toBe(80);
  });

  it('jumps to a higher reading', () => {
    const latency = new PeakEwma();
    latency.record(50, EPOCH);
    latency.record(800, EPOCH + 1_000);
    expect(latency.value(EPOCH + 1_000)).toBe(800);
  });

  it('decays with time to the plain average, not below', () => {
    const latency = new PeakEwma({ memory: Infinity });
    latency.record(50, EPOCH);
    latency.record(800, EPOCH + 1_000);
    const average = 800 - 750 * Math.exp(-0.1);
    expect(latency.value(EPOCH + 11_000)).toBeCloseTo(average + (800 - average) / Math.E, 9);
    expect(latency.value(EPOCH + 31_000)).toBeCloseTo(155.2, 1);
    expect(latency.value(EPOCH + 1e9)).toBeCloseTo(average, 9);
  });

  it('does not fall at once with lower readings, but the more the longer they go on', () => {
    const latency = new PeakEwma();
    latency.record(1_000, EPOCH);
    latency.record(10, EPOCH);
    expect(latency.value(EPOCH)).toBe(1_000);
    const after = Array.from({ length: 60 }, (_, second) => {
      latency.record(10, EPOCH + second * 1_000);
      return latency.value(EPOCH + second * 1_000) ?? NaN;
    });
    expect(after).toEqual([...after].sort((a, b) => b - a));
    expect(after[1]).toBeGreaterThan(950);
    expect(after[20]).toBeLessThan(500);
    expect(after[59]).toBeLessThan(40);
  });

  it('decays as fast as it is told', () => {
    const [fast, slow] = [1_000, 30_000].map((decay) => {
      const latency = new PeakEwma({ decay });
      latency.record(10, 0);
      latency.record(1_000, 100);
      return latency.value(3_100) ?? NaN;
    });
    expect(fast).toBeLessThan(200);
    expect(slow).toBeGreaterThan(900);
  });

  it('knows nothing again when the last reading is too old, and begins anew', () => {
    const latency = new PeakEwma({ memory: 5_000 });
    latency.record(2_000, EPOCH);
    expect(latency.value(EPOCH + 4_999)).toBe(2_000);
    expect(latency.value(EPOCH + 5_000)).toBeUndefined();
    latency.record(40, EPOCH + 6_000);
    expect(latency.value(EPOCH + 6_000)).toBe(40);
  });

  it('takes no harm from a clock that is set back', () => {
    const latency = new PeakEwma();
    latency.record(50, EPOCH);
    latency.record(900, EPOCH + 1_000);
    expect(latency.value(EPOCH - 3_600_000)).toBe(900);
    const decayed = latency.value(EPOCH - 3_600_000 + 10_000) ?? NaN;
    expect(decayed).toBeLessThan(450);
    latency.record(10, EPOCH - 7_200_000);
    expect(latency.value(EPOCH - 7_200_000)).toBeCloseTo(decayed, 9);
  });

  it('leaves out what is no reading, and takes a negative one for 0', () => {
    const latency = new PeakEwma();
    expect([Number.NaN, Infinity, -Infinity].map((ms) => latency.record(ms, EPOCH))).toEqual([false, false, false]);
    expect(latency.value(EPOCH)).toBeUndefined();
    expect(latency.record(-5, EPOCH)).toBe(true);
    expect(latency.value(EPOCH)).toBe(0);
  });

  it.each([
    { decay: 0 },
    { decay: -1 },
    { decay: Infinity },
    { decay: Number.NaN },
    { memory: 0 },
    { memory: Number.NaN },
  ])('refuses %o', (options) => {
    expect(() => new PeakEwma(options)).toThrow(RangeError);
  });
});
