import type { CompleteNumbers } from './circuit-breaker-options.ts';
import type { CircuitCause, CircuitStats } from './circuit-state.ts';
import { SlidingWindow } from './sliding-window.ts';

const BUCKETS = 10;
/** The counters of the window. */
const [CALLS, FAILURES, SLOW] = [0, 1, 2];
/** How much of a moving average the newest result is. */
const [RATE_SHARE, LATENCY_SHARE] = [0.05, 0.2];

/**
 * What a circuit breaker knows of its calls: counts of the recent past, and moving averages. After a whole window without a result
 * nothing of what was before counts. Times are those of a steady clock.
 */
export class CallStatistics {
  readonly #numbers: CompleteNumbers;
  readonly #window: SlidingWindow;
  #successRate = 1;
  #latency: number | undefined;
  #consecutiveFailures = 0;
  #lastAt = 0;

  constructor(numbers: CompleteNumbers) {
    this.#numbers = numbers;
    this.#window = new SlidingWindow(numbers.window, BUCKETS, 3);
  }

  /** Counts a call that ended at `time` after `latency` milliseconds. */
  record(time: number, succeeded: boolean, latency: number): void {
    this.#forgetWhenIdle(time);
    this.#lastAt = time;
    this.#window.add(time, CALLS);
    if (latency > this.#numbers.slowCall) this.#window.add(time, SLOW);
    this.#successRate += RATE_SHARE * ((succeeded ? 1 : 0) - this.#successRate);
    if (succeeded) {
      this.#consecutiveFailures = 0;
      const average = this.#latency ?? latency;
      this.#latency = average + LATENCY_SHARE * (latency - average);
    } else {
      this.#consecutiveFailures++;
      this.#window.add(time, FAILURES);
    }
  }

  /** Which of the numbers says that the breaker must open; undefined when none does. */
  verdict(time: number): CircuitCause | undefined {
    const numbers = this.#numbers;
    const { calls, failures, slowCalls, consecutiveFailures, successRate, latency = 0 } = this.read(time);
    if (consecutiveFailures >= numbers.consecutiveFailures) return 'consecutive-failures';
    if (calls < numbers.minimumCalls) return undefined;
    if (failures / calls >= numbers.failureRatio) return 'failure-ratio';
    if (slowCalls / calls >= numbers.slowRatio) return 'slow-calls';
    if (successRate < numbers.minimumSuccessRate) return 'success-rate';
    if (latency > numbers.maximumLatency) return 'latency';
    return undefined;
  }

  /** Everything, as of `time`. */
  read(
    time: number,
  ): Pick<CircuitStats, 'successRate' | 'latency' | 'calls' | 'failures' | 'slowCalls' | 'consecutiveFailures'> {
    this.#forgetWhenIdle(time);
    return {
      successRate: this.#successRate,
      latency: this.#latency,
      calls: this.#window.sum(time, CALLS),
      failures: this.#window.sum(time, FAILURES),
      slowCalls: this.#window.sum(time, SLOW),
      consecutiveFailures: this.#consecutiveFailures,
    };
  }

  /** Forgets everything. */
  clear(): void {
    this.#window.clear();
    this.#successRate = 1;
    this.#latency = undefined;
    this.#consecutiveFailures = 0;
  }

  #forgetWhenIdle(time: number): void {
    if (time - this.#lastAt > this.#numbers.window) this.clear();
  }
}
