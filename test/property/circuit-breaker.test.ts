import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CircuitBreakerPolicy, type CircuitPermit } from '../../src/policies/circuit-breaker.ts';
import { type CompleteNumbers, completeNumbers } from '../../src/policies/circuit-breaker-options.ts';
import type { CircuitStats } from '../../src/policies/circuit-state.ts';

const EPOCH = 1_700_000_000_000;

/** A stretch of time in one state; who was granted a permit in an earlier one has nothing to say any more. */
interface Period {
  readonly state: 'closed' | 'open' | 'half-open';
  readonly since: number;
  /** The end of an open or half-open one. */
  readonly until: number;
  /** Permits of this period that are not settled yet. */
  readonly underWay: Set<ModelPermit>;
  successes: number;
}

interface ModelPermit {
  readonly period: Period;
  readonly at: number;
  readonly real: CircuitPermit;
  isSettled: boolean;
}

interface Result {
  readonly at: number;
  readonly isSuccess: boolean;
  readonly latency: number;
}

type Verdict = 'success' | 'failure' | 'ignore' | number;

/** What the breaker promises, computed anew from everything that ever happened. */
class Model {
  time = 0;
  /** By how much the clock reads less than the time that has passed. */
  setBack = 0;
  isFrozen = false;
  openings = 0;
  refused = 0;
  period: Period = { state: 'closed', since: 0, until: 0, underWay: new Set(), successes: 0 };
  results: Result[] = [];
  readonly permits: ModelPermit[] = [];

  constructor(
    readonly numbers: CompleteNumbers,
    readonly draw: number,
  ) {}

  get now(): number {
    return EPOCH + this.time - this.setBack;
  }

  begin(state: Period['state'], since: number, length = 0): void {
    this.period = { state, since, until: since + length, underWay: new Set(), successes: 0 };
  }

  open(since: number): void {
    const { openTime, openFactor, maximumOpenTime, jitter } = this.numbers;
    const longest = Math.min(maximumOpenTime, openTime * openFactor ** this.openings++);
    this.begin('open', since, longest * (1 - jitter * this.draw));
  }

  /** What comes about by time alone. */
  catchUp(): void {
    const { halfOpenTime, window } = this.numbers;
    const { state, since, until, underWay } = this.period;
    if (state === 'half-open' && this.time >= until) {
      if (this.isFrozen) this.begin('half-open', this.time, halfOpenTime);
      else if (underWay.size > 0) this.open(until);
      else this.begin('open', until);
    }
    if (state === 'closed' && this.time - since >= window) this.openings = 0;
  }

  /** The results that count, in order: those after the last gap that was longer than the window. */
  get remembered(): Result[] {
    const { window } = this.numbers;
    const times = [...this.results.map(({ at }) => at), this.time];
    const gap = times.findLastIndex((at, index) => at - (times[index - 1] ?? at) > window);
    return gap < 0 ? this.results : this.results.slice(gap);
  }

  get inWindow(): Result[] {
    const bucket = (at: number): number => Math.floor(at / (this.numbers.window / 10));
    return this.results.filter(({ at }) => bucket(this.time) - bucket(at) < 10);
  }

  get statistics(): Pick<
    CircuitStats,
    'successRate' | 'latency' | 'calls' | 'failures' | 'slowCalls' | 'consecutiveFailures'
  > {
    let successRate = 1;
    let latency: number | undefined;
    for (const result of this.remembered) {
      successRate = 0.95 * successRate + (result.isSuccess ? 0.05 : 0);
      if (result.isSuccess) latency = latency === undefined ? result.latency : 0.8 * latency + 0.2 * result.latency;
    }
    const lastSuccess = this.remembered.findLastIndex(({ isSuccess }) => isSuccess);
    return {
      successRate,
      latency,
      calls: this.inWindow.length,
      failures: this.inWindow.filter(({ isSuccess }) => !isSuccess).length,
      slowCalls: this.inWindow.filter((result) => result.latency > this.numbers.slowCall).length,
      consecutiveFailures: this.remembered.length - 1 - lastSuccess,
    };
  }

  get mustOpen(): boolean {
    const numbers = this.numbers;
    const { calls, failures, slowCalls, successRate, latency, consecutiveFailures } = this.statistics;
    const isFull = calls >= numbers.minimumCalls;
    return (
      consecutiveFailures >= numbers.consecutiveFailures ||
      (isFull && failures >= numbers.failureRatio * calls) ||
      (isFull && slowCalls >= numbers.slowRatio * calls) ||
      (isFull && successRate < numbers.minimumSuccessRate) ||
      (isFull && latency !== undefined && latency > numbers.maximumLatency)
    );
  }

  /** Whether a call is granted now. */
  acquire(): boolean {
    this.catchUp();
    const { probes, halfOpenTime } = this.numbers;
    if (this.period.state === 'open' && this.time >= this.period.until)
      this.begin('half-open', this.time, halfOpenTime);
    const { state, underWay, successes } = this.period;
    const isGranted = state === 'closed' || (state === 'half-open' && underWay.size + successes < probes);
    if (!isGranted) this.refused++;
    return isGranted;
  }

  settle(permit: ModelPermit, verdict: Verdict): void {
    this.catchUp();
    if (permit.isSettled) return;
    permit.isSettled = true;
    const { period } = permit;
    period.underWay.delete(permit);
    if (period !== this.period || this.isFrozen || verdict === 'ignore') return;
    if (typeof verdict === 'number') {
      this.begin('open', this.time, Math.min(verdict, this.numbers.maximumOpenTime));
    } else if (period.state === 'half-open') {
      if (verdict === 'failure') this.open(this.time);
      else if (++period.successes === this.numbers.probes) this.close();
    } else {
      const latency = this.time - permit.at;
      this.results.push({ at: this.time, isSuccess: verdict === 'success', latency });
      if (this.mustOpen) this.open(this.time);
    }
  }

  close(): void {
    this.results = [];
    this.begin('closed', this.time);
  }

  setFrozen(isFrozen: boolean): void {
    this.catchUp();
    if (this.isFrozen === isFrozen) return;
    this.isFrozen = isFrozen;
    const { state, since, until } = this.period;
    if (state === 'half-open') this.begin(state, this.time, this.numbers.halfOpenTime);
    else this.begin(state, since, until - since);
  }
}

type BreakerCommand = fc.Command<Model, CircuitBreakerPolicy>;

function checkAgainst(model: Model, policy: CircuitBreakerPolicy): void {
  model.catchUp();
  const { state, until, underWay } = model.period;
  const { latency, successRate, ...counts } = model.statistics;
  const stats = policy.stats(model.now);
  expect(stats).toMatchObject({
    ...counts,
    state,
    isFrozen: model.isFrozen,
    openings: model.openings,
    refused: model.refused,
    probes: state === 'half-open' ? underWay.size : 0,
  });
  // The same numbers, summed in another order.
  expect(stats.successRate).toBeCloseTo(successRate, 9);
  expect(stats.latency ?? -1).toBeCloseTo(latency ?? -1, 6);
  // What must hold, whatever the model says.
  expect(stats.probes).toBeLessThanOrEqual(model.numbers.probes);
  const changesIn = policy.changesIn(model.now);
  if (state === 'half-open' && !model.isFrozen) {
    expect(changesIn).toBeCloseTo(until - model.time, 6);
    expect(changesIn).toBeLessThanOrEqual(model.numbers.halfOpenTime);
  } else expect(changesIn).toBeUndefined();
}

class Acquire implements BreakerCommand {
  check = (): boolean => true;
  toString = (): string => 'acquire()';
  run(model: Model, policy: CircuitBreakerPolicy): void {
    const isGranted = model.acquire();
    const answer = policy.acquire(model.now);
    expect(answer.granted).toBe(isGranted);
    if (!answer.granted) {
      expect(answer.state).toBe(model.period.state);
      expect(answer.retryAt - model.now).toBeCloseTo(model.period.until - model.time, 3);
    } else {
      expect(model.period.state).not.toBe('open'); // zero calls through an open breaker
      expect(answer.isProbe).toBe(model.period.state === 'half-open');
      const permit: ModelPermit = { period: model.period, at: model.time, real: answer, isSettled: false };
      model.period.underWay.add(permit);
      model.permits.push(permit);
    }
    checkAgainst(model, policy);
  }
}

class Settle implements BreakerCommand {
  constructor(
    private readonly pick: number,
    private readonly verdict: Verdict,
  ) {}
  check = ({ permits }: Readonly<Model>): boolean => permits.length > 0;
  toString = (): string => `settle(${this.pick}, ${this.verdict})`;
  run(model: Model, policy: CircuitBreakerPolicy): void {
    // Mostly one of the last, at times one from long ago, at times one that is settled already.
    const permit = model.permits.at(-1 - (this.pick % Math.min(model.permits.length, 12)));
    if (!permit) return;
    model.settle(permit, this.verdict);
    if (this.verdict === 'success') permit.real.succeed(model.now);
    else if (this.verdict === 'failure') permit.real.fail(model.now);
    else if (this.verdict === 'ignore') permit.real.release(model.now);
    else permit.real.pushBack(this.verdict, model.now);
    checkAgainst(model, policy);
  }
}

class Pass implements BreakerCommand {
  constructor(private readonly milliseconds: number) {}
  check = (): boolean => true;
  toString = (): string => `pass(${this.milliseconds})`;
  run(model: Model): void {
    model.time += this.milliseconds;
  }
}

class SetBack implements BreakerCommand {
  constructor(private readonly milliseconds: number) {}
  check = (): boolean => true;
  toString = (): string => `setBack(${this.milliseconds})`;
  run(model: Model, policy: CircuitBreakerPolicy): void {
    policy.state(model.now);
    model.setBack += this.milliseconds;
    checkAgainst(model, policy);
  }
}

class SetFrozen implements BreakerCommand {
  constructor(private readonly isFrozen: boolean) {}
  check = (): boolean => true;
  toString = (): string => (this.isFrozen ? 'freeze()' : 'thaw()');
  run(model: Model, policy: CircuitBreakerPolicy): void {
    model.setFrozen(this.isFrozen);
    if (this.isFrozen) policy.freeze(model.now);
    else policy.thaw(model.now);
    checkAgainst(model, policy);
  }
}

class Reset implements BreakerCommand {
  check = (): boolean => true;
  toString = (): string => 'reset()';
  run(model: Model, policy: CircuitBreakerPolicy): void {
    model.catchUp();
    model.close();
    model.openings = 0;
    policy.reset(model.now);
    checkAgainst(model, policy);
  }
}

const anyNumbers = fc
  .record({
    window: fc.constantFrom(50, 200, 1_000),
    minimumCalls: fc.integer({ min: 1, max: 6 }),
    failureRatio: fc.constantFrom(0.3, 0.5, 1, 2),
    consecutiveFailures: fc.constantFrom(1, 2, 3, 5, Infinity),
    slowCall: fc.constantFrom(5, 30, Infinity),
    slowRatio: fc.constantFrom(0.5, 1, 2),
    minimumSuccessRate: fc.constantFrom(0, 0.7, 0.9),
    maximumLatency: fc.constantFrom(20, 60, Infinity),
    probes: fc.integer({ min: 1, max: 3 }),
    halfOpenTime: fc.constantFrom(1, 20, 100),
    openTime: fc.constantFrom(1, 10, 50),
    openFactor: fc.constantFrom(1, 2, 3),
    maximumOpenTime: fc.constantFrom(5, 100, 400),
    jitter: fc.constantFrom(0, 0.5, 1),
  })
  .map((numbers) => completeNumbers(numbers));

const anyVerdict = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<Verdict>('success', 'failure') },
  { weight: 1, arbitrary: fc.constant<Verdict>('ignore') },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 600 }) },
);
const acquire = fc.constant(new Acquire());
const settle = fc.tuple(fc.nat(), anyVerdict).map(([pick, verdict]) => new Settle(pick, verdict));
const commands = fc.commands(
  [
    acquire,
    acquire,
    settle,
    settle,
    settle,
    fc.nat(30).map((milliseconds) => new Pass(milliseconds)),
    fc.nat(1_200).map((milliseconds) => new Pass(milliseconds)),
    fc.nat(5_000).map((milliseconds) => new SetBack(milliseconds)),
    fc.boolean().map((isFrozen) => new SetFrozen(isFrozen)),
    fc.constant(new SetFrozen(false)),
    fc.constant(new Reset()),
  ],
  { maxCommands: 120, size: 'max' },
);

describe('CircuitBreakerPolicy', () => {
  it('agrees with a model that computes everything anew', () => {
    fc.assert(
      fc.property(anyNumbers, fc.constantFrom(0, 0.25, 0.999), commands, (numbers, draw, run) => {
        const setup = () => {
          const policy = new CircuitBreakerPolicy(numbers, () => draw);
          policy.state(EPOCH);
          return { model: new Model(numbers, draw), real: policy };
        };
        fc.modelRun(setup, run);
      }),
      { numRuns: 300 },
    );
  });
});
