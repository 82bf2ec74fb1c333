/**
 * How long something takes, in milliseconds: a number, or a function that draws it from the random source that it is given.
 *
 * @example
 * ```ts
 * import { VirtualNetwork, VirtualTime, type Latency } from 'rx-relay-pool/testing';
 *
 * const latency: Latency = (random) => 20 + 80 * random();
 * const network = new VirtualNetwork({ time: new VirtualTime(), latency });
 * ```
 */
export type Latency = number | ((random: () => number) => number);

/** One draw. */
export function drawLatency(latency: Latency, random: () => number): number {
  return typeof latency === 'function' ? latency(random) : latency;
}

/**
 * Any latency between two bounds is as likely as any other.
 *
 * @param least milliseconds
 * @param greatest milliseconds
 * @throws RangeError when the bounds are not finite, negative, or the wrong way round
 * @example
 * ```ts
 * import { uniformLatency, VirtualNetwork, VirtualTime } from 'rx-relay-pool/testing';
 *
 * const network = new VirtualNetwork({ time: new VirtualTime(), latency: uniformLatency(20, 100) });
 * ```
 */
export function uniformLatency(least: number, greatest: number): (random: () => number) => number {
  if (!(least >= 0 && greatest >= least && greatest < Infinity)) {
    throw new RangeError(`uniformLatency needs 0 <= least <= greatest < Infinity; got ${least} and ${greatest}`);
  }
  return (random) => least + random() * (greatest - least);
}

/**
 * The usual shape of round trips: half of the draws are below the median, and a few are many times that.
 *
 * @param median milliseconds
 * @param spread the standard deviation of the logarithm: with 0.5, one draw in 20 is above 2.3 times the median
 * @throws RangeError when the median is not above 0, or the spread negative
 * @example
 * ```ts
 * import { logNormalLatency, VirtualNetwork, VirtualTime } from 'rx-relay-pool/testing';
 *
 * const network = new VirtualNetwork({ time: new VirtualTime(), latency: logNormalLatency(60) });
 * ```
 */
export function logNormalLatency(median: number, spread = 0.5): (random: () => number) => number {
  if (!(median > 0 && median < Infinity && spread >= 0 && spread < Infinity)) {
    throw new RangeError(`logNormalLatency needs a median above 0 and a spread from 0; got ${median} and ${spread}`);
  }
  return (random) => {
    // Box and Muller (1958). One draw is taken from 1 so that its logarithm is finite.
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return median * Math.exp(spread * radius * Math.cos(2 * Math.PI * random()));
  };
}

/**
 * A heavy tail: mostly close to the least, and now and then very long (a Pareto distribution, cut off at `greatest`).
 *
 * @param least milliseconds
 * @param shape above 0; the smaller, the heavier the tail. With 1.5, one draw in 100 is above 21 times the least
 * @param greatest milliseconds; what is above counts as this
 * @throws RangeError when a number is out of its range
 * @example
 * ```ts
 * import { paretoLatency, VirtualNetwork, VirtualTime } from 'rx-relay-pool/testing';
 *
 * const network = new VirtualNetwork({ time: new VirtualTime(), latency: paretoLatency(20) });
 * ```
 */
export function paretoLatency(least: number, shape = 1.5, greatest = 30_000): (random: () => number) => number {
  if (!(least >= 0 && shape > 0 && greatest >= least && greatest < Infinity)) {
    throw new RangeError(
      `paretoLatency needs 0 <= least <= greatest < Infinity and a shape above 0; got ${least}, ${greatest} and ${shape}`,
    );
  }
  return (random) => Math.min(greatest, least * (1 - random()) ** (-1 / shape));
}
