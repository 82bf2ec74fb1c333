import {
  combineLatest,
  defer,
  endWith,
  ignoreElements,
  interval,
  map,
  type Observable,
  type SchedulerLike,
  startWith,
  takeUntil,
} from 'rxjs';
import { LatencyHistogram, type LatencySummary } from '../policies/latency-histogram.ts';
import type { CircuitStats } from '../policies/circuit-state.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import type { Throughput } from '../policies/rate-window.ts';
import { defaultScores } from '../policies/weighted-top.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { processUsage, type ProcessUsage } from '../sources/process-usage.ts';
import { balancedView } from './balanced.ts';
import type { LatencyOf } from './health.ts';
import type { PoolRelayStatus } from './pool-relay-status.ts';
import type { PooledRelay } from './pooled-relay.ts';

/**
 * What is measured, of one relay or of all. Latencies are in milliseconds, and with the error rates of the last minute; throughput is of the
 * last ten seconds that somebody listened.
 *
 * @example
 * ```ts
 * import type { Measurements } from 'rx-relay-pool';
 *
 * const line = ({ latency, throughput }: Measurements): string =>
 *   `EOSE p95 ${latency.eose?.p95 ?? '-'} ms, ${throughput.messagesPerSecond.toFixed(1)} messages/s`;
 * ```
 */
export interface Measurements {
  /** Undefined where there is no reading. */
  readonly latency: Readonly<Record<LatencyOf, LatencySummary | undefined>>;
  readonly throughput: Throughput;
  /** Attempts to connect that failed, of those made: 0 to 1. */
  readonly connectionErrorRate: number;
  /** REQs and EVENTs without an answer, of those sent: 0 to 1. */
  readonly messageErrorRate: number;
  /** REQs and EVENTs that wait for their answer. */
  readonly inFlight: number;
  /** REQs and EVENTs that wait for their turn now, and how long those waited whose turn came. */
  readonly queue: Readonly<Record<Priority, { readonly depth: number; readonly wait: LatencySummary | undefined }>>;
}

/**
 * The measurements of one relay, and how it is treated for them.
 *
 * @example
 * ```ts
 * import type { RelayMetrics } from 'rx-relay-pool';
 *
 * const describe = ({ relay, circuit, weight }: RelayMetrics): string => `${relay}: circuit ${circuit.state}, weight ${weight}`;
 * ```
 */
export interface RelayMetrics extends Measurements {
  readonly relay: RelayUrl;
  readonly circuit: CircuitStats;
  /** Connections that are open. */
  readonly connections: number;
  /** How many exchanges may be under way. */
  readonly permits: number;
  /** The share of its load that it is given: 1, or less while it answers too slowly. */
  readonly weight: number;
  /** What `weightedTop` with its default weights gives it among the relays of the pool: 0 to 100, times its share of the load. */
  readonly score: number;
  /** The first country that it names (NIP-11): two capital letters, `EU`, or `*` for all; undefined where it names none. */
  readonly country: string | undefined;
}

/**
 * A pool at one moment.
 *
 * @example
 * ```ts
 * import { type PoolMetrics, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const print = ({ all, relays }: PoolMetrics) => console.log(all.latency.eose?.p95, relays.length);
 * pool.metrics$.subscribe(print).unsubscribe();
 * pool.close();
 * ```
 */
export interface PoolMetrics {
  /** By the scheduler's clock, in milliseconds. */
  readonly at: number;
  readonly all: Measurements;
  readonly relays: readonly RelayMetrics[];
  readonly process: ProcessUsage;
}

const EVERY = 1_000;
/** Samples of the counters that throughput is taken over. */
const SAMPLES = 10;
const LATENCIES: readonly LatencyOf[] = ['connect', 'firstEvent', 'eose', 'ok'];
const PRIORITIES: readonly Priority[] = ['critical', 'high', 'normal', 'low'];

interface Sample {
  readonly at: number;
  readonly messages: number;
  readonly bytes: number;
}

/** What is measured, now and every second. The counting goes on without a listener; nothing else does. */
export function poolMetrics(
  relays$: Observable<readonly PooledRelay[]>,
  scheduler: SchedulerLike,
): Observable<PoolMetrics> {
  return defer(() => {
    const samples = new WeakMap<PooledRelay, Sample[]>();
    const usage = processUsage();
    const throughputOf = (relay: PooledRelay, counters: PoolRelayStatus['counters'], at: number): Throughput => {
      const { frames: messages, bytes } = counters;
      const known = samples.get(relay) ?? [];
      samples.set(relay, [...known, { at, messages, bytes }].slice(-SAMPLES - 1));
      const [first] = known;
      const seconds = first ? (at - first.at) / 1_000 : 0;
      if (!first || !(seconds > 0)) return { messagesPerSecond: 0, bytesPerSecond: 0 };
      return {
        messagesPerSecond: (messages - first.messages) / seconds,
        bytesPerSecond: (bytes - first.bytes) / seconds,
      };
    };
    const closed$ = relays$.pipe(ignoreElements(), endWith(undefined));
    return combineLatest([relays$, interval(EVERY, scheduler).pipe(startWith(undefined))]).pipe(
      map(([relays]): PoolMetrics => {
        const at = scheduler.now();
        const scores = defaultScores(relays.map(balancedView));
        const measured = relays.map((relay, index) => {
          const { status } = relay;
          return metricsOf(relay, status, throughputOf(relay, status.counters, at), scores[index] ?? 0);
        });
        return { at, all: together(relays, measured), relays: measured, process: usage(at) };
      }),
      takeUntil(closed$),
    );
  });
}

function metricsOf(
  { url, health, information }: PooledRelay,
  status: PoolRelayStatus,
  throughput: Throughput,
  score: number,
): RelayMetrics {
  const { breaker, bulkhead } = health;
  return {
    relay: url,
    latency: record(LATENCIES, (of) => health.latencyOf(of)),
    throughput,
    connectionErrorRate: rate(health.counts('dials')),
    messageErrorRate: rate(health.counts('calls')),
    inFlight: status.inFlight,
    queue: record(PRIORITIES, (priority) => ({ depth: bulkhead.waitingAt(priority), wait: health.waitOf(priority) })),
    circuit: breaker.stats,
    connections: status.connections,
    permits: status.permits,
    weight: status.weight,
    score,
    country: information?.countries[0],
  };
}

function together(relays: readonly PooledRelay[], measured: readonly RelayMetrics[]): Measurements {
  const sum = (of: (metrics: RelayMetrics) => number): number =>
    measured.reduce((all, metrics) => all + of(metrics), 0);
  const counts = (what: 'dials' | 'calls'): { tried: number; failed: number } =>
    relays.reduce(
      (all, { health }) => {
        const { tried, failed } = health.counts(what);
        return { tried: all.tried + tried, failed: all.failed + failed };
      },
      { tried: 0, failed: 0 },
    );
  const merged = (merge: (relay: PooledRelay, all: LatencyHistogram) => void): LatencySummary | undefined => {
    const all = new LatencyHistogram();
    for (const relay of relays) merge(relay, all);
    return all.summary();
  };
  return {
    latency: record(LATENCIES, (of) => merged(({ health }, all) => health.mergeLatency(of, all))),
    throughput: {
      messagesPerSecond: sum(({ throughput }) => throughput.messagesPerSecond),
      bytesPerSecond: sum(({ throughput }) => throughput.bytesPerSecond),
    },
    connectionErrorRate: rate(counts('dials')),
    messageErrorRate: rate(counts('calls')),
    inFlight: sum(({ inFlight }) => inFlight),
    queue: record(PRIORITIES, (priority) => ({
      depth: sum(({ queue }) => queue[priority].depth),
      wait: merged(({ health }, all) => health.mergeWait(priority, all)),
    })),
  };
}

function rate({ tried, failed }: { readonly tried: number; readonly failed: number }): number {
  return tried === 0 ? 0 : failed / tried;
}

function record<Key extends string, Value>(keys: readonly Key[], of: (key: Key) => Value): Record<Key, Value> {
  return Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<Key, Value>;
}
