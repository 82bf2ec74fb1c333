import type { PoolMetrics, Measurements } from '../pool/metrics.ts';

/** The latencies that can be plotted; the names are those of `Measurements.latency`. */
export const LATENCIES = ['eose', 'firstEvent', 'ok', 'connect'] as const;
export type PlottedLatency = (typeof LATENCIES)[number];
/** Which lines there are of each. */
export const PERCENTILES = ['p50', 'p95', 'p99'] as const;

/** Readings that are kept: five minutes, as there is one a second. */
export const KEPT = 300;
/** Relays of which there is a history, besides that of all; of more the plots show nothing. */
const MOST_RELAYS = 200;
const WIDTH = LATENCIES.length * PERCENTILES.length;

/** Seconds since 1970, then a line of milliseconds for each percentile; null where nothing was measured. */
export type PlotData = readonly [times: readonly number[], ...lines: readonly (readonly (number | null)[])[]];

/** The percentiles of the last minutes, of each relay and of all. What it takes does not grow. */
export class LatencyHistory {
  /** The times of all readings in the order in which they came, in a ring. */
  readonly #times = new Float64Array(KEPT);
  /** By relay, or '' for all: a ring as that of the times. */
  readonly #rings = new Map<string, Float32Array>();
  #count = 0;

  /** Readings so far, those that are not kept any more too. */
  get count(): number {
    return this.#count;
  }

  add({ at, all, relays }: PoolMetrics): void {
    const slot = this.#count % KEPT;
    this.#times[slot] = at / 1_000;
    const here = new Set(['', ...relays.map(({ relay }) => relay)]);
    for (const known of this.#rings.keys()) if (!here.has(known)) this.#rings.delete(known);
    this.#write('', slot, all.latency);
    for (const { relay, latency } of relays) this.#write(relay, slot, latency);
    this.#count++;
  }

  /** What to plot, the oldest first. @param relay - Its URL; undefined for all together. */
  plot(latency: PlottedLatency, relay?: string): PlotData {
    const ring = this.#rings.get(relay ?? '');
    const length = Math.min(this.#count, KEPT);
    const first = this.#count - length;
    const slots = Array.from({ length }, (_, index) => (first + index) % KEPT);
    const offset = LATENCIES.indexOf(latency) * PERCENTILES.length;
    const line = (percentile: number): (number | null)[] =>
      slots.map((slot) => {
        const value = ring?.[slot * WIDTH + offset + percentile];
        return value === undefined || Number.isNaN(value) ? null : value;
      });
    return [slots.map((slot) => this.#times[slot] ?? 0), ...PERCENTILES.map((_, index) => line(index))];
  }

  #write(relay: string, slot: number, latency: Measurements['latency']): void {
    let ring = this.#rings.get(relay);
    if (!ring) {
      if (this.#rings.size > MOST_RELAYS) return;
      this.#rings.set(relay, (ring = new Float32Array(KEPT * WIDTH).fill(NaN)));
    }
    let index = slot * WIDTH;
    for (const of of LATENCIES) {
      for (const percentile of PERCENTILES) ring[index++] = latency[of]?.[percentile] ?? NaN;
    }
  }
}
