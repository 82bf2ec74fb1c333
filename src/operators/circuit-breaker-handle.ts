import { asyncScheduler, Observable, type SchedulerLike, type Subscription } from 'rxjs';
import { CircuitBreakerPolicy, type CircuitPermit } from '../policies/circuit-breaker.ts';
import type { CircuitBreakerNumbers } from '../policies/circuit-breaker-options.ts';
import type { CircuitMemory, CircuitRefusal, CircuitState, CircuitStats } from '../policies/circuit-state.ts';
import { platformRandom } from '../policies/platform-random.ts';
import { callSafely } from './call-safely.ts';

/**
 * What a {@link CircuitBreaker} can be told, beside its numbers.
 *
 * @example
 * ```ts
 * import type { CircuitBreakerOptions } from 'rx-relay-pool';
 *
 * const patient: CircuitBreakerOptions = { failureRatio: 0.8, minimumCalls: 20, openTime: 30_000 };
 * ```
 */
export interface CircuitBreakerOptions extends CircuitBreakerNumbers {
  /** Draws from 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Clock, and the timer of `state$`. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
  /** What an earlier breaker knew, see {@link CircuitBreaker.memory}. What makes no sense in it is left out. */
  readonly memory?: CircuitMemory | undefined;
}

/**
 * Leave to make one call. Say once how it went; whatever is said later counts nothing.
 *
 * @example
 * ```ts
 * import type { BreakerPermit } from 'rx-relay-pool';
 *
 * const settle = (permit: BreakerPermit, status: number): void =>
 *   status === 429 ? permit.pushBack(30_000) : status < 500 ? permit.succeed() : permit.fail();
 * ```
 */
export interface BreakerPermit {
  readonly granted: true;
  /** Whether the call is one of those that decide whether a half-open breaker closes. */
  readonly isProbe: boolean;
  /** The call succeeded. */
  succeed(): void;
  /** The call failed. */
  fail(): void;
  /** The call says nothing: it was given up, or how it went is not the other side's doing. */
  release(): void;
  /** The other side asked to be left alone for so many milliseconds: no failure, but no calls until then. */
  pushBack(milliseconds: number): void;
}

/**
 * Whether calls to something that may be broken go through: `closed` all of them, `open` none, `half-open` the probes that decide
 * which of the two is next (Michael Nygard, "Release It!", 2007). Share one between all calls to the same thing.
 *
 * **It opens** by failures in a row, and, once the window holds enough calls, by the share of failures or of slow calls, the success
 * rate or the latency. **It stays open** longer each time, under a cap and with jitter; a push back opens it for the time that was asked
 * for. **Then** exactly `probes` calls are granted: when all succeed it closes, with empty statistics; when one fails, or is under way for
 * longer than `halfOpenTime`, it opens again. What ends after the state has changed changes nothing.
 *
 * It has no timer but one for each subscriber of `state$` while half-open.
 *
 * @throws RangeError from the constructor when a number is out of its range.
 *
 * @example
 * ```ts
 * import { CircuitBreaker } from 'rx-relay-pool';
 *
 * const breaker = new CircuitBreaker({ consecutiveFailures: 3, openTime: 10_000 });
 * const subscription = breaker.state$.subscribe((state) => console.log(state)); // closed
 * const answer = breaker.acquire();
 * if (answer.granted) answer.succeed();
 * else console.log(`not before ${new Date(answer.retryAt).toISOString()}`);
 * subscription.unsubscribe();
 * ```
 */
export class CircuitBreaker {
  readonly #policy: CircuitBreakerPolicy;
  readonly #scheduler: SchedulerLike;
  readonly #watchers = new Set<() => void>();
  #toldOf = 0;

  constructor(options: CircuitBreakerOptions = {}) {
    const { random = platformRandom, scheduler = asyncScheduler, memory } = options;
    this.#policy = new CircuitBreakerPolicy(options, () => callSafely(random, 0.5));
    this.#scheduler = scheduler;
    if (memory) this.#policy.restore(memory, scheduler.now());
    this.#toldOf = this.#policy.generation;
  }

  /**
   * The state, the current one first, then each other one. It never ends. An open breaker is seen to be half-open with the first call
   * after its open time, not before.
   */
  readonly state$ = new Observable<CircuitState>((subscriber) => {
    let last: CircuitState | undefined;
    let timer: Subscription | undefined;
    const update = (): void => {
      const now = this.#scheduler.now();
      const state = this.#policy.state(now);
      const due = this.#policy.changesIn(now);
      timer?.unsubscribe();
      timer = due === undefined ? undefined : this.#scheduler.schedule(() => update(), due);
      if (state !== last) subscriber.next((last = state));
    };
    subscriber.add(() => {
      this.#watchers.delete(update);
      timer?.unsubscribe();
    });
    this.#watchers.add(update);
    update();
  });

  /** The state now. */
  get state(): CircuitState {
    return this.#do((now) => this.#policy.state(now));
  }

  /** What a call would be told now; undefined where it may go through. Asking takes no permit and counts nothing. */
  get refusal(): CircuitRefusal | undefined {
    return this.#do((now) => this.#policy.refusal(now));
  }

  /** What the breaker knows now. */
  get stats(): CircuitStats {
    return this.#do((now) => this.#policy.stats(now));
  }

  /** What to keep for the next run, as plain data; give it to the next breaker as `memory`. */
  get memory(): CircuitMemory {
    return this.#do((now) => this.#policy.memory(now));
  }

  /** Whether {@link CircuitBreaker.freeze} holds. */
  get isFrozen(): boolean {
    return this.#policy.isFrozen;
  }

  /**
   * From here it opens for nothing and counts nothing, not even the calls under way: for when everything fails at once, because then
   * it is us. It still grants no call while it is open.
   */
  freeze(): void {
    this.#do((now) => this.#policy.freeze(now));
  }

  /** Ends {@link CircuitBreaker.freeze}; what is under way does not count. */
  thaw(): void {
    this.#do((now) => this.#policy.thaw(now));
  }

  /** Closes it and forgets everything, as when the caller knows better. */
  reset(): void {
    this.#do((now) => this.#policy.reset(now));
  }

  /** Asks to make a call. The operator `circuitBreaker` does so for streams. */
  acquire(): BreakerPermit | CircuitRefusal {
    const permit = this.#do((now) => this.#policy.acquire(now));
    return permit.granted ? new GrantedPermit(permit, this.#do) : permit;
  }

  /** Does something with the policy, then tells those who watch if that changed anything. */
  readonly #do: Do = (act) => {
    const result = act(this.#scheduler.now());
    if (this.#toldOf !== this.#policy.generation) {
      this.#toldOf = this.#policy.generation;
      for (const update of this.#watchers) update();
    }
    return result;
  };
}

type Do = <T>(act: (now: number) => T) => T;

class GrantedPermit implements BreakerPermit {
  readonly granted = true;
  readonly isProbe: boolean;
  readonly #permit: CircuitPermit;
  readonly #do: Do;

  constructor(permit: CircuitPermit, act: Do) {
    this.isProbe = permit.isProbe;
    this.#permit = permit;
    this.#do = act;
  }

  succeed(): void {
    this.#do((now) => this.#permit.succeed(now));
  }

  fail(): void {
    this.#do((now) => this.#permit.fail(now));
  }

  release(): void {
    this.#do((now) => this.#permit.release(now));
  }

  pushBack(milliseconds: number): void {
    this.#do((now) => this.#permit.pushBack(milliseconds, now));
  }
}
