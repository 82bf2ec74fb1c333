import { describe, expect, it } from 'vitest';
import { CallStatistics } from '../../src/policies/call-statistics.ts';
import { type CircuitBreakerNumbers, completeNumbers } from '../../src/policies/circuit-breaker-options.ts';

/** Nothing opens but what a test asks for. */
const OFF: CircuitBreakerNumbers = {
  window: 1_000,
  minimumCalls: 4,
  failureRatio: 2,
  consecutiveFailures: Infinity,
  slowCall: 100,
  slowRatio: 2,
  minimumSuccessRate: 0,
  maximumLatency: Infinity,
};
const statisticsOf = (numbers: CircuitBreakerNumbers = {}): CallStatistics =>
  new CallStatistics(completeNumbers({ ...OFF, ...numbers }));

describe('CallStatistics', () => {
  it('starts without fault', () => {
    expect(statisticsOf().read(0)).toEqual({
      successRate: 1,
      latency: undefined,
      calls: 0,
      failures: 0,
      slowCalls: 0,
      consecutiveFailures: 0,
    });
    expect(statisticsOf().verdict(0)).toBeUndefined();
  });

  it('averages success by 0.95 and 0.05', () => {
    const statistics = statisticsOf();
    statistics.record(0, false, 10);
    expect(statistics.read(0).successRate).toBeCloseTo(0.95, 12);
    statistics.record(0, false, 10);
    expect(statistics.read(0).successRate).toBeCloseTo(0.95 ** 2, 12);
    statistics.record(0, true, 10);
    expect(statistics.read(0).successRate).toBeCloseTo(0.95 ** 3 + 0.05, 12);
  });

  it('averages latency by 0.8 and 0.2, from the first success, failures apart', () => {
    const statistics = statisticsOf();
    statistics.record(0, false, 5_000);
    expect(statistics.read(0).latency).toBeUndefined();
    statistics.record(0, true, 50);
    expect(statistics.read(0).latency).toBeCloseTo(50, 12);
    statistics.record(0, true, 100);
    expect(statistics.read(0).latency).toBeCloseTo(60, 12);
    statistics.record(0, true, 0);
    expect(statistics.read(0).latency).toBeCloseTo(48, 12);
  });

  it('counts calls, failures and slow calls of the window, and failures in a row', () => {
    const statistics = statisticsOf();
    statistics.record(0, false, 101);
    statistics.record(0, true, 100);
    statistics.record(500, false, 1);
    statistics.record(500, true, 101);
    statistics.record(500, false, 1);
    statistics.record(500, false, 1);
    expect(statistics.read(500)).toMatchObject({ calls: 6, failures: 4, slowCalls: 2, consecutiveFailures: 2 });
    expect(statistics.read(1_000)).toMatchObject({ calls: 4, failures: 3, slowCalls: 1, consecutiveFailures: 2 });
  });

  it('forgets everything after more than a window without a result', () => {
    const statistics = statisticsOf();
    statistics.record(1_000, true, 40);
    statistics.record(1_000, false, 40);
    expect(statistics.read(2_000)).toMatchObject({ calls: 0, consecutiveFailures: 1, latency: 40 });
    expect(statistics.read(2_001)).toEqual(statisticsOf().read(0));
    statistics.record(2_001, false, 40);
    expect(statistics.read(2_001)).toMatchObject({ calls: 1, failures: 1, consecutiveFailures: 1, successRate: 0.95 });
  });

  it('forgets also when it was not asked in between', () => {
    const statistics = statisticsOf({ consecutiveFailures: 2 });
    statistics.record(0, false, 1);
    statistics.record(1_001, false, 1);
    expect(statistics.verdict(1_001)).toBeUndefined();
    statistics.record(1_002, false, 1);
    expect(statistics.verdict(1_002)).toBe('consecutive-failures');
  });

  it('forgets when told', () => {
    const statistics = statisticsOf();
    statistics.record(7, false, 101);
    statistics.record(7, true, 101);
    statistics.record(7, false, 101);
    statistics.clear();
    expect(statistics.read(7)).toEqual(statisticsOf().read(0));
  });

  describe('finds fault', () => {
    /** What it says after each of the results: `s`uccess, `f`ailure, `S` and `F` slow ones. */
    const verdicts = (numbers: CircuitBreakerNumbers, results: string): (string | undefined)[] => {
      const statistics = statisticsOf(numbers);
      return [...results].map((result) => {
        const isSlow = result === 'S' || result === 'F';
        statistics.record(0, result.toLowerCase() === 's', isSlow ? 101 : 100);
        return statistics.verdict(0);
      });
    };
    const none = undefined;

    it('with failures in a row, without a minimum of calls', () => {
      const cause = 'consecutive-failures';
      expect(verdicts({ consecutiveFailures: 2 }, 'fsff')).toEqual([none, none, none, cause]);
    });

    it('with the share of failures, from the minimum of calls', () => {
      expect(verdicts({ failureRatio: 0.5 }, 'fffs')).toEqual([none, none, none, 'failure-ratio']);
      expect(verdicts({ failureRatio: 0.5 }, 'fssss')).toEqual([none, none, none, none, none]);
      expect(verdicts({ failureRatio: 0.5 }, 'ssff')).toEqual([none, none, none, 'failure-ratio']);
    });

    it('with the share of slow calls, successes or not, from the minimum of calls', () => {
      expect(verdicts({ slowRatio: 0.75 }, 'SFSs')).toEqual([none, none, none, 'slow-calls']);
      expect(verdicts({ slowRatio: 0.75 }, 'SFss')).toEqual([none, none, none, none]);
    });

    it('with the success rate, from the minimum of calls', () => {
      // 0.95^4 = 0.8145, 0.95^5 = 0.7738
      expect(verdicts({ minimumSuccessRate: 0.8 }, 'fffff')).toEqual([none, none, none, none, 'success-rate']);
      expect(verdicts({ minimumSuccessRate: 1 }, 'ssss')).toEqual([none, none, none, none]);
      expect(verdicts({ minimumSuccessRate: 1 }, 'fsss')).toEqual([none, none, none, 'success-rate']);
    });

    it('with the latency, from the minimum of calls', () => {
      expect(verdicts({ maximumLatency: 100 }, 'ssss')).toEqual([none, none, none, none]);
      expect(verdicts({ maximumLatency: 99 }, 'ssss')).toEqual([none, none, none, 'latency']);
      expect(verdicts({ maximumLatency: 99 }, 'ffff')).toEqual([none, none, none, none]);
    });
  });
});
