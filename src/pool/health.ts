import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { Bulkhead } from '../operators/bulkhead-handle.ts';
import { CircuitBreaker } from '../operators/circuit-breaker-handle.ts';
import type { CircuitBreakerNumbers } from '../policies/circuit-breaker-options.ts';
import { HistogramWindow } from '../policies/histogram-window.ts';
import { LatencyHistogram, type LatencySummary } from '../policies/latency-histogram.ts';
import { LoadLimit, type LoadLimitOptions } from '../policies/load-limit.ts';
import { PeakEwma } from '../policies/peak-ewma.ts';
import { platformRandom } from '../policies/platform-random.ts';
import type { PriorityQueueOptions } from '../policies/priority-queue.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import { SlidingWindow } from '../policies/sliding-window.ts';
import { SteadyClock } from '../policies/steady-clock.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import type { RelayMemory } from './relay-memory.ts';

/**
 * What is measured of a relay, each in milliseconds: opening a connection; from a REQ to its first event, and to its EOSE, pages included;
 * from an EVENT to its OK.
 *
 * @example
 * ```ts
 * import type { LatencyOf, RelayMetrics } from 'rx-relay-pool';
 *
 * const p95 = (metrics: RelayMetrics, of: LatencyOf): number | undefined => metrics.latency[of]?.p95;
 * ```
 */
export type LatencyOf = 'connect' | 'firstEvent' | 'eose' | 'ok';

/** What a {@link RelayHealth} can be told. */
export interface HealthOptions {
  /** When a relay is left alone, and for how long. @default as {@link CircuitBreaker}, but for a minute at most */
  readonly breaker?: CircuitBreakerNumbers | undefined;
  /** How much may wait for its turn at one relay, and who goes when it is too much. */
  readonly queue?: PriorityQueueOptions | undefined;
  /** How many exchanges may be under way at one relay, and when that is reduced. */
  readonly load?: LoadLimitOptions | undefined;
  /** Told how each exchange went. */
  readonly onCall?: ((succeeded: boolean) => void) | undefined;
  /** Clock and timers. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
  /** Draws from 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** Milliseconds over which latencies and error rates are taken. */
const WINDOW = 60_000;
const BUCKETS = 10;
const PACE_WINDOW = 30_000;
/** The counters of what was tried and what failed of it. */
const COUNTERS = { dials: [0, 1], calls: [2, 3] } as const;
/** Milliseconds that a relay is left alone at most: as long as the waits between attempts to connect get. */
const LONGEST_REST = 60_000;
/** How much of the reliability the newest result is. */
const RELIABILITY_SHARE = 0.05;
/** Milliseconds in which half of what is held against a relay is forgiven while it is asked nothing. */
const FORGIVEN_BY_HALF = 30_000;
/** What is held against a relay and is less than this is no reason to prefer another: who is never chosen could never make good. */
const LEAST_HELD = 0.01;
/** A relay that did not answer a REQ is given less time for the next ones, for so long or until it answers one. Milliseconds, both. */
const AFTER_SILENCE = { patience: 1_000, for: 60_000 };
/** Fewer readings say nothing of a relay's slowest ones. */
const LEAST_READINGS = 5;
/** Fewer do not tell what is usual; that is looked up anew after so many milliseconds, as many answers come within one. */
const USUAL = { readings: 20, for: 1_000 };

/**
 * What a pool knows of one relay: the breaker and the queue that its exchanges pass, and what was measured of them.
 *
 * @example
 * ```ts
 * import { RelayPool, where } from 'rx-relay-pool';
 *
 * const reliable = where(({ health }) => health.reliability > 0.5);
 * new RelayPool({ route: reliable }).close();
 * ```
 */
export class RelayHealth {
  readonly breaker: CircuitBreaker;
  readonly bulkhead: Bulkhead;
  readonly scheduler: SchedulerLike;
  readonly #load: LoadLimit;
  readonly #clock = new SteadyClock();
  readonly #counts = new SlidingWindow(WINDOW, BUCKETS, 4);
  readonly #latencies = new Map<LatencyOf, HistogramWindow>();
  readonly #usual = new Map<LatencyOf, { readonly p95: number; readonly at: number }>();
  readonly #waits = new Map<Priority, HistogramWindow>();
  /** The answers that its load is judged by: recent ones, so that a slow spell that is over does not reduce it further. */
  readonly #pace = new HistogramWindow({ window: PACE_WINDOW });
  readonly #cost = new PeakEwma();
  readonly #errors = new WeakSet<RelayError>();
  readonly #remembered: number | undefined;
  #reliability: number;
  /** As {@link RelayHealth.standing} was when it was last asked something, and when that was. */
  #standing: number;
  #judgedAt: number;
  #lastSuccess: number | undefined;
  #isDoubtfulUntil = -Infinity;

  constructor(
    private readonly options: HealthOptions,
    memory?: RelayMemory,
  ) {
    const { scheduler = asyncScheduler, random = platformRandom } = options;
    this.scheduler = scheduler;
    this.#load = new LoadLimit({ window: PACE_WINDOW, ...options.load });
    this.breaker = new CircuitBreaker({
      maximumOpenTime: LONGEST_REST,
      ...options.breaker,
      scheduler,
      random,
      memory: memory?.circuit,
    });
    this.bulkhead = new Bulkhead({
      ...options.queue,
      permits: this.#load.permits,
      scheduler,
      onLeave: ({ priority, outcome, waited }) => {
        if (outcome === 'taken') this.#window(this.#waits, priority).record(waited, scheduler.now());
      },
    });
    this.#reliability = this.#standing = memory?.reliability ?? 1;
    this.#judgedAt = scheduler.now();
    this.#lastSuccess = memory?.lastSuccess;
    this.#remembered = memory?.latency;
  }

  /** Share of what was asked of it that it did, lately: 0 to 1, and 1 for a relay that was asked nothing. */
  get reliability(): number {
    return this.#reliability;
  }

  /**
   * The reliability that relays are balanced by: failures are forgiven while it is asked nothing, all of them within four minutes, so that one
   * that is well again is chosen again.
   */
  get standing(): number {
    const age = Math.max(0, this.scheduler.now() - this.#judgedAt);
    const held = (1 - this.#standing) * 0.5 ** (age / FORGIVEN_BY_HALF);
    return held < LEAST_HELD ? 1 : 1 - held;
  }

  /** When it last answered, in milliseconds by the scheduler's clock. */
  get lastSuccess(): number | undefined {
    return this.#lastSuccess;
  }

  /** How much of its load it may have: 1, or less while it answers too slowly. */
  get weight(): number {
    return this.#load.weight;
  }

  /** Whether it answers so slowly that it is given less to do. */
  get isReduced(): boolean {
    return this.#load.isReduced;
  }

  /** Median milliseconds to an answer, of the last minute or as remembered; undefined when never measured. */
  get latency(): number | undefined {
    const answers = new LatencyHistogram();
    this.mergeLatency('eose', answers);
    this.mergeLatency('ok', answers);
    return answers.percentile(50) ?? this.#remembered;
  }

  /** Milliseconds that an answer is likely to take: bad news counts at once. Undefined when nothing is known. */
  get cost(): number | undefined {
    return this.#cost.value(this.scheduler.now()) ?? this.#remembered;
  }

  /** How long it may be silent about a REQ of which `most` is the limit, in milliseconds. */
  patience(most: number): number {
    return this.scheduler.now() < this.#isDoubtfulUntil ? Math.min(most, AFTER_SILENCE.patience) : most;
  }

  /** Whether it answered a REQ. */
  answered(isAnswered: boolean): void {
    this.#isDoubtfulUntil = isAnswered ? -Infinity : this.scheduler.now() + AFTER_SILENCE.for;
  }

  /** A reading of so many milliseconds. */
  took(what: LatencyOf, ms: number): void {
    const now = this.scheduler.now();
    this.#window(this.#latencies, what).record(ms, now);
    if (what !== 'eose' && what !== 'ok') return;
    this.#pace.record(ms, now);
    this.#cost.record(ms, now);
    if (this.#load.isDue(now)) this.#limit(now);
  }

  succeeded(what: keyof typeof COUNTERS): void {
    this.#lastSuccess = this.scheduler.now();
    this.#count(what, true);
  }

  failed(what: keyof typeof COUNTERS): void {
    this.#count(what, false);
  }

  /** Whether this trouble was not told before: the end of one connection ends many exchanges. */
  isNews(error: RelayError): boolean {
    if (this.#errors.has(error)) return false;
    this.#errors.add(error);
    return true;
  }

  /** Of the last minute; undefined when there is no reading. */
  latencyOf(what: LatencyOf): LatencySummary | undefined {
    return this.#latencies.get(what)?.summary(this.scheduler.now());
  }

  /** What most of them take at most: the 95th percentile of the last minute, a second old at most. Undefined when there are too few to say. */
  usual(what: LatencyOf): number | undefined {
    const now = this.scheduler.now();
    const known = this.#usual.get(what);
    if (known && Math.abs(now - known.at) < USUAL.for) return known.p95;
    const p95 = this.#latencies.get(what)?.summary(now, USUAL.readings)?.p95;
    if (p95 !== undefined) this.#usual.set(what, { p95, at: now });
    return p95;
  }

  /** How long exchanges of a level waited for their turn, of the last minute; undefined when there was none. */
  waitOf(priority: Priority): LatencySummary | undefined {
    return this.#waits.get(priority)?.summary(this.scheduler.now());
  }

  /** Adds its readings to those of other relays. */
  mergeLatency(what: LatencyOf, all: LatencyHistogram): void {
    this.#latencies.get(what)?.mergeInto(all, this.scheduler.now());
  }

  /** As {@link RelayHealth.mergeLatency}, for the waits of a level. */
  mergeWait(priority: Priority, all: LatencyHistogram): void {
    this.#waits.get(priority)?.mergeInto(all, this.scheduler.now());
  }

  /** What was tried and what failed of it in the last minute. */
  counts(what: keyof typeof COUNTERS): { readonly tried: number; readonly failed: number } {
    const time = this.#clock.read(this.scheduler.now());
    const [tried, failed] = COUNTERS[what];
    return { tried: this.#counts.sum(time, tried), failed: this.#counts.sum(time, failed) };
  }

  /** What to keep of it. */
  memory(): Omit<RelayMemory, 'attempts' | 'maxSubscriptions'> {
    const { latency } = this;
    return {
      at: this.scheduler.now(),
      circuit: this.breaker.memory,
      reliability: this.#reliability,
      ...(latency === undefined ? {} : { latency }),
      ...(this.#lastSuccess === undefined ? {} : { lastSuccess: this.#lastSuccess }),
    };
  }

  #count(what: keyof typeof COUNTERS, succeeded: boolean): void {
    const time = this.#clock.read(this.scheduler.now());
    const [tried, failed] = COUNTERS[what];
    this.#counts.add(time, tried);
    if (!succeeded) this.#counts.add(time, failed);
    if (what === 'calls') this.options.onCall?.(succeeded);
    const result = succeeded ? 1 : 0;
    this.#reliability += RELIABILITY_SHARE * (result - this.#reliability);
    const { standing } = this;
    this.#standing = standing + RELIABILITY_SHARE * (result - standing);
    this.#judgedAt = this.scheduler.now();
  }

  #limit(now: number): void {
    const p95 = this.#pace.summary(now, LEAST_READINGS)?.p95;
    if (this.#load.update(p95, now)) this.bulkhead.permits = this.#load.permits;
  }

  #window<Key>(windows: Map<Key, HistogramWindow>, key: Key): HistogramWindow {
    let window = windows.get(key);
    if (!window) windows.set(key, (window = new HistogramWindow({ window: WINDOW })));
    return window;
  }
}
