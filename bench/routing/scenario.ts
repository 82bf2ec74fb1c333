/** What is simulated. Times are in milliseconds. */
export const RELAYS = 20;
export const CLIENTS = 8;
/** Median service times, from the fastest relay to the slowest, in equal steps of their logarithm. */
export const [FASTEST, SLOWEST] = [5, 200];
/**
 * Standard deviation of the logarithm of a service time, at every relay: the 95th percentile is five times the median and the 99th is ten times, as
 * in the measurements of "The Tail at Scale" (table 1, one random leaf: 1, 5 and 10 ms).
 */
export const SIGMA = 1;
/** How many requests a relay serves at a time, the fastest and the slowest; the others wait. Far relays are slow, but not as weak as they are slow. */
export const [LEAST_SERVERS, MOST_SERVERS] = [2, 16];
/** The relay that gets slow, counted from the fastest, and how much slower. */
export const [TROUBLED, SLOWDOWN] = [4, 10];
/** After which a request counts as failed, with this latency. */
export const TIMEOUT = 5_000;
/** How often a client looks at how reliable the relays are. */
export const HEALTH_INTERVAL = 250;
/** How many calls to one relay a client may have under way. */
export const CAPACITY = 16;

/** The phases, one after the other. */
export interface Phases {
  /** Not measured. */
  readonly warmUp: number;
  /** All is well: what is the normal share is counted here. */
  readonly before: number;
  /** One relay is slow. */
  readonly slow: number;
  /** All is well again. */
  readonly after: number;
}

export const THOROUGH = {
  phases: { warmUp: 20_000, before: 20_000, slow: 20_000, after: 90_000 },
  seeds: [1, 2, 3, 4, 5],
};
export const QUICK = { phases: { warmUp: 10_000, before: 10_000, slow: 20_000, after: 40_000 }, seeds: [1, 2] };
/** Shares of what all relays together can serve. */
export const LOADS = [0.3, 0.6];
