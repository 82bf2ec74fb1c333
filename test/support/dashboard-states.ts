import type { DashboardRelay, DashboardSource } from '../../src/dashboard/source.ts';
import { Latest } from '../../src/dashboard/latest.ts';
import type { Explanation } from '../../src/pool/explanation.ts';
import type { Measurements, PoolMetrics, RelayMetrics } from '../../src/pool/metrics.ts';
import type { LatencySummary } from '../../src/policies/latency-histogram.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import { newRelayCounters } from '../../src/sources/relay-counters.ts';

/** A relay that is well, but for what is said. */
export function aRelay(name: string, but: Partial<DashboardRelay> = {}): DashboardRelay {
  return {
    url: relayUrl(`wss://${name}.example`),
    state: 'connected',
    since: 0,
    attempts: 0,
    counters: newRelayCounters(),
    connections: 1,
    inFlight: 0,
    queued: 0,
    circuit: 'closed',
    permits: 16,
    weight: 1,
    isReduced: false,
    ...but,
  };
}

export function summary(p50: number): LatencySummary {
  return { count: 10, min: p50, mean: p50, p50, p95: p50 * 2, p99: p50 * 3, max: p50 * 3 };
}

const NO_QUEUE = { depth: 0, wait: undefined };
const NOTHING: Measurements = {
  latency: { connect: undefined, firstEvent: undefined, eose: undefined, ok: undefined },
  throughput: { messagesPerSecond: 0, bytesPerSecond: 0 },
  connectionErrorRate: 0,
  messageErrorRate: 0,
  inFlight: 0,
  queue: { critical: NO_QUEUE, high: NO_QUEUE, normal: NO_QUEUE, low: NO_QUEUE },
};

export function measurements(but: Partial<Measurements> = {}): Measurements {
  return { ...NOTHING, ...but };
}

export function aMeasuredRelay(name: string, but: Partial<RelayMetrics> = {}): RelayMetrics {
  return {
    ...NOTHING,
    relay: relayUrl(`wss://${name}.example`),
    circuit: {
      state: 'closed',
      isFrozen: false,
      successRate: 1,
      latency: undefined,
      calls: 0,
      failures: 0,
      slowCalls: 0,
      consecutiveFailures: 0,
      probes: 0,
      refused: 0,
      openings: 0,
      cause: undefined,
      retryAt: undefined,
    },
    connections: 1,
    permits: 16,
    weight: 1,
    score: 90,
    country: undefined,
    ...but,
  };
}

export function metricsAt(at: number, but: Partial<Omit<PoolMetrics, 'at'>> = {}): PoolMetrics {
  const process = { heapBytes: undefined, residentBytes: undefined, cpu: undefined };
  return { at, all: NOTHING, relays: [], process, ...but };
}

/** A source by hand. */
export interface HandSource extends DashboardSource {
  readonly relays$: Latest<readonly DashboardRelay[]>;
  readonly metrics$: Latest<PoolMetrics>;
  explanations: readonly Explanation[];
}

export function handSource(): HandSource {
  const source: HandSource = {
    relays$: new Latest(),
    metrics$: new Latest(),
    explanations: [],
    explain: (call) => source.explanations.find((each) => `${each.call}` === call),
  };
  return source;
}

export function anExplanation(call: number, but: Partial<Explanation> = {}): Explanation {
  return {
    call,
    ids: [`${call}`],
    verb: 'REQ',
    filters: [{ kinds: [1] }],
    priority: 'normal',
    beganAt: 1_000,
    endedAt: 1_100,
    relays: [],
    ...but,
  };
}
