import { distance, type Place } from '../protocol/place.ts';
import { median } from './median.ts';

/**
 * Something that {@link rankByDistance} ranks, such as a relay.
 *
 * @example
 * ```ts
 * import type { DiscoveredRelay, Rankable } from 'rx-relay-pool';
 *
 * const rankable = ({ relay, place, roundTrip }: DiscoveredRelay): Rankable => ({ key: relay, place, latency: roundTrip.open });
 * ```
 */
export interface Rankable {
  /** Sorts those that are equal in all else. */
  readonly key: string;
  /** Undefined where it is not known. */
  readonly place: Place | undefined;
  /** Measured milliseconds, from 0; undefined where nothing was measured. */
  readonly latency: number | undefined;
}

/**
 * How {@link rankByDistance} ranks.
 *
 * @example
 * ```ts
 * import type { RankOptions } from 'rx-relay-pool';
 *
 * const byContinent: RankOptions = { tie: 3_000 };
 * ```
 */
export interface RankOptions {
  /**
   * The breadth of a band in km: within it the latency says more than the distance. Above 0; Infinity ranks by latency alone.
   *
   * @default 500
   */
  readonly tie?: number | undefined;
}

/**
 * Ranks by distance, the nearest first, in bands of `tie` km (0 to 499, 500 to 999, and so on), and within a band by latency. What is not
 * known neither helps nor hurts: what has no place goes into the band of the median distance, and what was not measured goes to the
 * middle of its band, before one that has just the median latency, so that it gets its try. Where `from` is not known, all is one band.
 *
 * @returns a new array
 * @throws RangeError when `tie` is not above 0.
 *
 * @example
 * ```ts
 * import { rankByDistance, userPlace } from 'rx-relay-pool';
 *
 * const relays = [
 *   { key: 'wss://a.example/', place: { latitude: 48, longitude: 16 }, latency: 40 },
 *   { key: 'wss://b.example/', place: undefined, latency: 35 },
 * ];
 * for (const { key } of rankByDistance(relays, userPlace(), { tie: 1_000 })) console.log(key);
 * ```
 */
export function rankByDistance<T extends Rankable>(
  candidates: readonly T[],
  from: Place | undefined,
  options: RankOptions = {},
): readonly T[] {
  const { tie = 500 } = options;
  if (!(tie > 0)) throw new RangeError(`rankByDistance: 'tie' must be a number of km above 0; got ${tie}.`);
  const distances = withMedian(candidates.map(({ place }) => (from && place ? distance(from, place) : undefined)));
  const byBand = new Map<number, T[]>();
  candidates.forEach((candidate, index) => {
    const band = Math.floor((distances[index] ?? 0) / tie);
    const others = byBand.get(band);
    if (others) others.push(candidate);
    else byBand.set(band, [candidate]);
  });
  return [...byBand].sort(([a], [b]) => a - b).flatMap(([, band]) => byLatency(band));
}

function byLatency<T extends Rankable>(candidates: readonly T[]): readonly T[] {
  const measured = candidates.map(({ latency }) => (latency !== undefined && latency >= 0 ? latency : undefined));
  const latencies = withMedian(measured);
  return candidates
    .map((candidate, index) => ({
      candidate,
      latency: latencies[index] ?? 0,
      isMeasured: measured[index] === undefined ? 0 : 1,
    }))
    .sort(
      (a, b) =>
        a.latency - b.latency ||
        a.isMeasured - b.isMeasured ||
        (a.candidate.key < b.candidate.key ? -1 : Number(a.candidate.key > b.candidate.key)),
    )
    .map(({ candidate }) => candidate);
}

/** The median in place of what is undefined or NaN; 0 where there is no value at all. */
function withMedian(values: readonly (number | undefined)[]): readonly number[] {
  const middle = median(values) ?? 0;
  return values.map((value) => (value === undefined || Number.isNaN(value) ? middle : value));
}
