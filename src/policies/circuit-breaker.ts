import { CallStatistics } from './call-statistics.ts';
import { type CircuitBreakerNumbers, type CompleteNumbers, completeNumbers } from './circuit-breaker-options.ts';
import type { CircuitCause, CircuitMemory, CircuitRefusal, CircuitState, CircuitStats } from './circuit-state.ts';
import { SteadyClock } from './steady-clock.ts';

type Result = 'success' | 'failure' | 'ignore' | { readonly pushBack: number };
type Settle = (permit: CircuitPermit, result: Result, now: number) => void;

/** Leave to make one call. It is given back once; what is said after that counts nothing. */
export class CircuitPermit {
  readonly granted = true;
  #settle: Settle | undefined;

  constructor(
    /** Whether the call is one of those that decide whether a half-open breaker closes. */
    readonly isProbe: boolean,
    readonly startedAt: number,
    /** Of the breaker, at the time: a later result is judged by it. */
    readonly generation: number,
    settle: Settle,
  ) {
    this.#settle = settle;
  }

  /** The call succeeded. */
  succeed(now: number): void {
    this.#end('success', now);
  }

  /** The call failed. */
  fail(now: number): void {
    this.#end('failure', now);
  }

  /** The call says nothing: it was given up, or its result is not the other side's doing. */
  release(now: number): void {
    this.#end('ignore', now);
  }

  /** The other side asked to be left alone for so many milliseconds. */
  pushBack(milliseconds: number, now: number): void {
    this.#end({ pushBack: milliseconds }, now);
  }

  #end(result: Result, now: number): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(this, result, now);
  }
}

/**
 * The decisions of a circuit breaker (Michael Nygard, "Release It!", 2007), as a state machine without timers: `now` is in
 * milliseconds, and a clock that is set back does no harm.
 *
 * - **closed**: every call is granted; its result counts. It opens by any of its numbers.
 * - **open**: no call is granted until the open time is over. That grows each time, under a cap and with jitter.
 * - **half-open**, from the first call after that: so many probes are granted. When all have succeeded it closes, with empty
 *   statistics; when one fails, or is still under way when the half-open time is over, it opens again. A probe that says nothing gives
 *   its place back; when there is none under way at the end, the next call starts a new half-open time.
 *
 * Each change begins a generation, and a result from an earlier one changes nothing. A push back opens for the time that was asked
 * for: it is no failure, and the open time does not grow by it.
 *
 * Frozen, it opens for nothing and counts nothing: neither the calls that are under way when it begins or ends, nor those made
 * meanwhile. An open breaker stays so until its time is over, and then grants probes, so many in each half-open time, without deciding
 * by them.
 *
 * @throws RangeError from the constructor when a number is out of its range.
 */
export class CircuitBreakerPolicy {
  readonly #numbers: CompleteNumbers;
  readonly #random: () => number;
  readonly #clock = new SteadyClock();
  readonly #statistics: CallStatistics;
  #state: CircuitState = 'closed';
  #generation = 0;
  #isFrozen = false;
  /** When the open time, or the half-open one, is over. */
  #until = 0;
  #closedAt = 0;
  #openings = 0;
  #refused = 0;
  #cause: CircuitCause | undefined;
  #probes = 0;
  #succeededProbes = 0;

  /** @param random - Draws from 0 (inclusive) to 1 (exclusive). */
  constructor(numbers: CircuitBreakerNumbers, random: () => number) {
    this.#numbers = completeNumbers(numbers);
    this.#random = random;
    this.#statistics = new CallStatistics(this.#numbers);
  }

  /** Asks to make a call. A permit must be settled, or a probe's place is taken until the half-open time is over. */
  acquire(now: number): CircuitPermit | CircuitRefusal {
    const time = this.#advance(now);
    if (this.#state === 'open' && time >= this.#until) this.#begin('half-open', time);
    if (this.#state === 'open' || (this.#state === 'half-open' && !this.#hasPlace())) {
      this.#refused++;
      return { granted: false, state: this.#state, retryAt: now + this.#until - time };
    }
    const isProbe = this.#state === 'half-open';
    if (isProbe) this.#probes++;
    return new CircuitPermit(isProbe, time, this.#generation, this.#settle);
  }

  /** The state at `now`. An open breaker becomes half-open with the first call, not by time. */
  state(now: number): CircuitState {
    this.#advance(now);
    return this.#state;
  }

  /** In how many milliseconds the state changes by time alone; undefined when it does not. */
  changesIn(now: number): number | undefined {
    const time = this.#advance(now);
    return this.#state === 'half-open' && !this.#isFrozen ? this.#until - time : undefined;
  }

  /** Goes up with whatever changes the state, or what {@link CircuitBreakerPolicy.changesIn} counts to. */
  get generation(): number {
    return this.#generation;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** From here nothing counts and nothing opens. */
  freeze(now: number): void {
    const time = this.#advance(now);
    if (this.#isFrozen) return;
    this.#isFrozen = true;
    this.#begin(this.#state, time);
  }

  /** Ends {@link CircuitBreakerPolicy.freeze}. */
  thaw(now: number): void {
    const time = this.#advance(now);
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.#begin(this.#state, time);
  }

  /** Closes, and forgets everything but whether it is frozen. */
  reset(now: number): void {
    this.#close(this.#advance(now));
    this.#openings = 0;
  }

  /** What a call would be told at `now`; undefined where it may go through. It counts nothing. */
  refusal(now: number): CircuitRefusal | undefined {
    const time = this.#advance(now);
    if (this.#state === 'closed' || time >= this.#until) return undefined;
    if (this.#state === 'half-open' && this.#hasPlace()) return undefined;
    return { granted: false, state: this.#state, retryAt: now + this.#until - time };
  }

  /** What it knows. */
  stats(now: number): CircuitStats {
    const time = this.#advance(now);
    return {
      state: this.#state,
      isFrozen: this.#isFrozen,
      ...this.#statistics.read(time),
      probes: this.#probes,
      refused: this.#refused,
      openings: this.#openings,
      cause: this.#cause,
      retryAt: this.refusal(now)?.retryAt,
    };
  }

  /** What to keep of it. A half-open one may be probed at once: its probes are gone by then. */
  memory(now: number): CircuitMemory {
    const time = this.#advance(now);
    const openings = this.#openings;
    if (this.#state === 'closed') return { openings };
    return { openings, openUntil: this.#state === 'open' ? now + Math.max(0, this.#until - time) : now };
  }

  /** Takes up what was kept of an earlier one; what makes no sense is left out. */
  restore({ openUntil, openings }: CircuitMemory, now: number): void {
    const time = this.#advance(now);
    if (Number.isSafeInteger(openings) && openings > 0) this.#openings = openings;
    if (Number.isFinite(openUntil)) this.#open(time, Math.max(0, (openUntil ?? 0) - now), 'remembered');
  }

  /** Does what is due by time alone. */
  #advance(now: number): number {
    const time = this.#clock.read(now);
    if (this.#state === 'half-open' && time >= this.#until) {
      // It opened when the time was over, whenever that is noticed.
      if (this.#isFrozen) this.#begin('half-open', time);
      else if (this.#probes > 0) this.#openAgain(this.#until, 'probe-timeout');
      else this.#open(this.#until, 0, 'probe-timeout');
    }
    if (this.#state === 'closed' && time - this.#closedAt >= this.#numbers.window) this.#openings = 0;
    return time;
  }

  readonly #settle: Settle = (permit, result, now) => {
    const time = this.#advance(now);
    if (permit.generation !== this.#generation) return;
    if (permit.isProbe) this.#probes--;
    if (this.#isFrozen || result === 'ignore') return;
    if (typeof result === 'object') {
      if (result.pushBack > 0) this.#open(time, result.pushBack, 'push-back');
    } else if (permit.isProbe) {
      if (result === 'failure') this.#openAgain(time, 'probe-failed');
      else if (++this.#succeededProbes >= this.#numbers.probes) this.#close(time);
    } else {
      this.#statistics.record(time, result === 'success', time - permit.startedAt);
      const cause = this.#statistics.verdict(time);
      if (cause) this.#openAgain(time, cause);
    }
  };

  #hasPlace(): boolean {
    return this.#probes + this.#succeededProbes < this.#numbers.probes;
  }

  /** Opens for longer than the last time. */
  #openAgain(time: number, cause: CircuitCause): void {
    const { openTime, openFactor, maximumOpenTime, jitter } = this.#numbers;
    const longest = Math.min(maximumOpenTime, openTime * openFactor ** this.#openings);
    const draw = this.#random();
    const share = draw >= 0 ? Math.min(draw, 1) : 0;
    this.#openings++;
    this.#open(time, longest * (1 - jitter * share), cause);
  }

  #open(time: number, duration: number, cause: CircuitCause): void {
    this.#cause = cause;
    this.#until = time + Math.min(duration, this.#numbers.maximumOpenTime);
    this.#begin('open', time);
  }

  #close(time: number): void {
    this.#cause = undefined;
    this.#closedAt = time;
    this.#statistics.clear();
    this.#begin('closed', time);
  }

  /** Whatever is under way belongs to the generation before. */
  #begin(state: CircuitState, time: number): void {
    this.#generation++;
    this.#state = state;
    this.#probes = 0;
    this.#succeededProbes = 0;
    if (state === 'half-open') this.#until = time + this.#numbers.halfOpenTime;
  }
}
