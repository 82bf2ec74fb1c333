import { describe, expect, it } from 'vitest';
import { type CircuitBreakerNumbers, completeNumbers } from '../../src/policies/circuit-breaker-options.ts';

describe('completeNumbers', () => {
  it('fills in the documented defaults', () => {
    expect(completeNumbers({})).toEqual({
      window: 60_000,
      minimumCalls: 10,
      failureRatio: 0.5,
      consecutiveFailures: 5,
      slowCall: 10_000,
      slowRatio: 0.8,
      minimumSuccessRate: 0.5,
      maximumLatency: 10_000,
      probes: 1,
      halfOpenTime: 10_000,
      openTime: 5_000,
      openFactor: 2,
      maximumOpenTime: 300_000,
      jitter: 0.5,
    });
  });

  it('keeps what is given, the ends of the ranges included', () => {
    const given: CircuitBreakerNumbers = {
      window: 1,
      minimumCalls: 1,
      failureRatio: 2,
      consecutiveFailures: Infinity,
      slowCall: Infinity,
      slowRatio: 0.01,
      minimumSuccessRate: 0,
      maximumLatency: Infinity,
      probes: 3,
      halfOpenTime: 2 ** 31 - 1,
      openTime: 0.5,
      openFactor: 1,
      maximumOpenTime: 2 ** 31 - 1,
      jitter: 1,
    };
    expect(completeNumbers(given)).toEqual(given);
    expect(completeNumbers({ jitter: 0, minimumSuccessRate: 1 })).toMatchObject({ jitter: 0, minimumSuccessRate: 1 });
  });

  it.each<[keyof CircuitBreakerNumbers, number]>([
    ['window', 0],
    ['window', Infinity],
    ['minimumCalls', 0],
    ['minimumCalls', 1.5],
    ['minimumCalls', Infinity],
    ['failureRatio', 0],
    ['consecutiveFailures', 0],
    ['consecutiveFailures', 2.5],
    ['slowCall', -1],
    ['slowRatio', 0],
    ['minimumSuccessRate', -0.1],
    ['minimumSuccessRate', 1.1],
    ['maximumLatency', -1],
    ['probes', 0],
    ['probes', Infinity],
    ['halfOpenTime', 0],
    ['halfOpenTime', Infinity],
    ['openTime', 0],
    ['openTime', 2 ** 31],
    ['openFactor', 0.9],
    ['openFactor', Infinity],
    ['maximumOpenTime', 0],
    ['maximumOpenTime', Infinity],
    ['jitter', -0.1],
    ['jitter', 1.1],
  ])('refuses a wrong %s: %d', (name, value) => {
    expect(() => completeNumbers({ [name]: value })).toThrow(RangeError);
    expect(() => completeNumbers({ [name]: value })).toThrow(`'${name}' must be`);
    expect(() => completeNumbers({ [name]: Number.NaN })).toThrow(RangeError);
  });
});
