import type { BalanceStrategy } from '../../src/policies/balance.ts';
import { LatencyHistogram } from '../../src/policies/latency-histogram.ts';
import { seededRandom } from '../../src/testing/index.ts';
import { SimulatedClient } from './client.ts';
import { EventQueue } from './event-queue.ts';
import { SimulatedRelay } from './relay.ts';
import {
  CLIENTS,
  FASTEST,
  LEAST_SERVERS,
  MOST_SERVERS,
  type Phases,
  RELAYS,
  SIGMA,
  SLOWDOWN,
  SLOWEST,
  TROUBLED,
} from './scenario.ts';

/** What is different from run to run. */
export interface Setting {
  readonly strategy: BalanceStrategy;
  readonly isHedging: boolean;
  /** The share of what all relays together can serve. */
  readonly load: number;
  readonly seed: number;
  readonly phases: Phases;
}

/** What came of a run, from the end of the warm-up on. Times are in milliseconds, shares from 0 to 1. */
export interface Outcome {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly failed: number;
  /** Requests beside the first ones, as a share of these. */
  readonly extra: number;
  /** The share of the requests that goes to the relay that gets slow: before, and while it is. */
  readonly normalShare: number;
  readonly slowShare: number;
  /** How long after the slow time it takes until the relay has four fifths of its normal share again; Infinity when it did not happen. */
  readonly regained: number;
}

/** Requests are counted in slices of so many milliseconds, and shares are those of so many slices together. */
const [SLICE, SMOOTHING] = [1_000, 5];
/** The part of its normal share that a relay has regained when it is said to be back. */
const REGAINED = 0.8;

export function simulate({ strategy, isHedging, load, seed, phases }: Setting): Outcome {
  const events = new EventQueue();
  const [arrivals, services, draws] = [seed, seed + 1_000, seed + 2_000].map(seededRandom) as [
    () => number,
    () => number,
    () => number,
  ];
  const normal = normalOf(services);
  const relays = Array.from({ length: RELAYS }, (_, index) => {
    const place = index / (RELAYS - 1);
    const servers = Math.round(LEAST_SERVERS * (MOST_SERVERS / LEAST_SERVERS) ** place);
    return new SimulatedRelay(events, normal, FASTEST * (SLOWEST / FASTEST) ** place, SIGMA, servers);
  });
  const { warmUp } = phases;
  const slowFrom = warmUp + phases.before;
  const slowUntil = slowFrom + phases.slow;
  const end = slowUntil + phases.after;

  const latencies = new LatencyHistogram({ precision: 0.0001, lowest: 0.1 });
  let [first, extra, failed] = [0, 0, 0];
  const slices = Array.from({ length: Math.ceil(end / SLICE) }, () => ({ all: 0, troubled: 0 }));
  const clients = Array.from(
    { length: CLIENTS },
    () =>
      new SimulatedClient(events, relays, strategy, isHedging, draws, {
        sent: (relay, isHedge) => {
          const slice = slices[Math.floor(events.now / SLICE)];
          if (slice) slice.all++;
          if (slice && relay === TROUBLED) slice.troubled++;
          if (events.now < warmUp) return;
          if (isHedge) extra++;
          else first++;
        },
        ended: (latency, succeeded) => {
          if (events.now < warmUp) return;
          latencies.record(latency);
          if (!succeeded) failed++;
        },
      }),
  );
  const interval = (1_000 * CLIENTS) / (load * relays.reduce((sum, { throughput }) => sum + throughput, 0));
  for (const client of clients) {
    const next = (): void => {
      events.after(-Math.log(1 - arrivals()) * interval, () => {
        client.request();
        next();
      });
    };
    next();
  }
  const troubled = relays[TROUBLED];
  events.after(slowFrom, () => {
    if (troubled) troubled.slowdown = SLOWDOWN;
  });
  events.after(slowUntil, () => {
    if (troubled) troubled.slowdown = 1;
  });
  events.run(end - 1);

  const shareOf = (from: number, until: number): number => {
    const part = slices.slice(from / SLICE, until / SLICE);
    const sum = (count: (slice: { readonly all: number; readonly troubled: number }) => number): number =>
      part.reduce((total, slice) => total + count(slice), 0);
    return sum((slice) => slice.troubled) / sum((slice) => slice.all);
  };
  const normalShare = shareOf(warmUp, slowFrom);
  let back = slowUntil + SMOOTHING * SLICE;
  while (back <= end && shareOf(back - SMOOTHING * SLICE, back) < REGAINED * normalShare) back += SLICE;
  return {
    p50: latencies.percentile(50) ?? NaN,
    p99: latencies.percentile(99) ?? NaN,
    p999: latencies.percentile(99.9) ?? NaN,
    failed: failed / latencies.count,
    extra: extra / first,
    normalShare,
    slowShare: shareOf(slowFrom, slowUntil),
    regained: back > end ? Infinity : back - slowUntil,
  };
}

/** Draws of the standard normal distribution (George Box and Mervin Muller, 1958). */
function normalOf(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
