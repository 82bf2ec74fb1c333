import type { Measurements, PoolMetrics, RelayMetrics } from '../pool/metrics.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import { mebibytes, milliseconds, percent, relayName, short } from './format.ts';
import { type Region, REGIONS, regionOf } from './regions.ts';
import { roundUp } from './life.ts';
import type { DashboardRelay } from './source.ts';

/** How well something is: never said by a colour alone. */
export type Level = 'good' | 'warning' | 'bad' | 'idle';

/** A relay as one line of the table. */
export interface RelayRow {
  readonly url: string;
  readonly name: string;
  readonly state: { readonly level: Level; readonly text: string };
  readonly breaker: { readonly level: Level; readonly text: string };
  /** `share` of its permits in use, 0 to 1. */
  readonly load: { readonly share: number; readonly text: string };
  /** 0 to 100; undefined before it was measured. */
  readonly score: number | undefined;
  readonly p95: string;
  readonly rate: string;
}

/** @param now - By the pool's clock, in milliseconds. */
export function relayRows(
  relays: readonly DashboardRelay[],
  metrics: PoolMetrics | undefined,
  now: number,
): readonly RelayRow[] {
  const measured = new Map(metrics?.relays.map((each) => [each.relay, each]));
  return relays.map((relay) => relayRow(relay, measured.get(relay.url), now));
}

function relayRow(relay: DashboardRelay, metrics: RelayMetrics | undefined, now: number): RelayRow {
  const { url, inFlight, permits, queued, isReduced } = relay;
  const waiting = queued > 0 ? ` +${short(queued)}` : '';
  return {
    url,
    name: relayName(url),
    state: stateOf(relay, now),
    breaker: breakerOf(relay, metrics, now),
    load: {
      share: Math.min(1, inFlight / Math.max(1, permits)),
      text: `${short(inFlight)}/${short(permits)}${waiting}${isReduced ? ' reduced' : ''}`,
    },
    score: metrics && Math.round(metrics.score),
    p95: milliseconds(metrics?.latency.eose?.p95),
    rate: short(metrics?.throughput.messagesPerSecond),
  };
}

function stateOf({ state, error, retryAt, quarantinedUntil }: DashboardRelay, now: number): RelayRow['state'] {
  const due = retryAt ?? quarantinedUntil;
  const again = due === undefined ? '' : `, ${inSeconds(due - now)}`;
  switch (state) {
    case 'connected':
    case 'authenticated':
      return { level: 'good', text: state };
    case 'connecting':
    case 'disconnecting':
      return { level: 'warning', text: state };
    case 'failed':
      return { level: 'bad', text: `failed${again}` };
    case 'disconnected':
      if (quarantinedUntil !== undefined) return { level: 'bad', text: `dropped${again}` };
      return error ? { level: 'bad', text: `lost${again}` } : { level: 'idle', text: 'not needed' };
  }
}

function breakerOf({ circuit }: DashboardRelay, metrics: RelayMetrics | undefined, now: number): RelayRow['breaker'] {
  const retryAt = metrics?.circuit.retryAt;
  if (circuit === 'closed') return { level: 'good', text: 'closed' };
  if (circuit === 'half-open') return { level: 'warning', text: 'half-open' };
  return { level: 'bad', text: retryAt === undefined ? 'open' : `open, ${inSeconds(retryAt - now)}` };
}

function inSeconds(ms: number): string {
  return `${short(Math.max(0, Math.ceil(ms / 1_000)))} s`;
}

/** Figures of the whole pool. */
export function tilesOf(
  relays: readonly DashboardRelay[],
  metrics: PoolMetrics | undefined,
): Readonly<Record<'relays' | 'rate' | 'load' | 'errors' | 'heap' | 'cpu', string>> {
  const all = metrics?.all;
  const sum = (of: (relay: DashboardRelay) => number): number => relays.reduce((all, relay) => all + of(relay), 0);
  const { cpu, heapBytes } = metrics?.process ?? {};
  return {
    relays: `${relays.filter(isUp).length} / ${relays.length}`,
    rate: short(all?.throughput.messagesPerSecond),
    load: `${short(sum(({ inFlight }) => inFlight))} + ${short(sum(({ queued }) => queued))}`,
    errors: all ? percent(all.messageErrorRate) : '–',
    heap: mebibytes(heapBytes),
    cpu: cpu === undefined ? '–' : percent(cpu),
  };
}

export const PRIORITIES: readonly Priority[] = ['critical', 'high', 'normal', 'low'];
/** The scale of the queue bars begins here, so that one message is no full bar. */
const LEAST_SCALE = 10;

/** Bars of the queue: `share` of the scale, 0 to 1. */
export function queueBars(measurements: Measurements | undefined): {
  readonly scale: number;
  readonly bars: readonly {
    readonly priority: Priority;
    readonly depth: number;
    readonly share: number;
    readonly wait: string;
  }[];
} {
  const depthOf = (priority: Priority): number => measurements?.queue[priority].depth ?? 0;
  const scale = roundUp(Math.max(LEAST_SCALE, ...PRIORITIES.map(depthOf)));
  return {
    scale,
    bars: PRIORITIES.map((priority) => ({
      priority,
      depth: depthOf(priority),
      share: depthOf(priority) / scale,
      wait: milliseconds(measurements?.queue[priority].wait?.p95),
    })),
  };
}

/** Bars of the regions: shares of the relays of the pool, 0 to 1. */
export interface RegionBar {
  readonly region: Region;
  readonly relays: number;
  readonly up: number;
  readonly share: number;
  readonly upShare: number;
  readonly rate: string;
}

export function regionBars(relays: readonly DashboardRelay[], metrics: PoolMetrics | undefined): readonly RegionBar[] {
  const measured = new Map(metrics?.relays.map((each) => [each.relay, each]));
  const sums = new Map(REGIONS.map((region) => [region, { relays: 0, up: 0, rate: 0 }]));
  for (const relay of relays) {
    const known = measured.get(relay.url);
    const sum = sums.get(regionOf(known?.country));
    if (!sum) continue;
    sum.relays++;
    if (isUp(relay)) sum.up++;
    sum.rate += known?.throughput.messagesPerSecond ?? 0;
  }
  const most = Math.max(1, ...[...sums.values()].map((sum) => sum.relays));
  return [...sums].map(([region, sum]) => ({
    region,
    relays: sum.relays,
    up: sum.up,
    share: sum.relays / most,
    upShare: sum.up / most,
    rate: sum.relays === 0 ? '–' : short(sum.rate),
  }));
}

function isUp({ state }: DashboardRelay): boolean {
  return state === 'connected' || state === 'authenticated';
}

/** What is worth knowing of one relay, in a sentence or two. */
export function relayDetail({ url, error, counters, attempts, connections }: DashboardRelay): string {
  const { events, duplicates, invalid, unmatched, connects } = counters;
  const facts = [
    `${connections} open, ${connects} so far`,
    attempts > 0 ? `${attempts} attempts without a stable connection` : undefined,
    `${short(events)} events, ${short(duplicates)} copies`,
    invalid + unmatched > 0 ? `${short(invalid)} forged, ${short(unmatched)} not asked for` : undefined,
    error?.message,
  ];
  return `${url}: ${facts.filter((fact) => fact !== undefined).join('; ')}`;
}
