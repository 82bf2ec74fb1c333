/** One row of the table: something that is done over and over. */
export interface Case {
  readonly name: string;
  /** What has to be there first. It is not measured. */
  readonly begin?: () => void;
  /**
   * The work, and how many values came out. It takes about a millisecond at most, so that it mostly fits between two interruptions by other
   * processes: what is measured in one long go is the machine.
   */
  readonly run: () => number;
  /** Cleans up. It is not measured. */
  readonly end?: () => void;
  /** How many items, subscriptions or calls one run is. */
  readonly units: number;
  /** What `run` has to say: a case that loses values, or lets too many through, measures something else than its name. */
  readonly expected: number;
  /** Nanoseconds for each unit that the median must not exceed. */
  readonly limit?: number;
}

/** Nanoseconds for each unit, over all rounds. */
export interface Measurement {
  readonly name: string;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  /** Median of the ratios to the baseline of the same round. */
  readonly ratio: number;
}

/** How long to measure, in milliseconds. */
export interface Duration {
  readonly warmUp: number;
  readonly rounds: number;
}

/** Fewer rounds say nothing, however slow the machine. */
const FEWEST_ROUNDS = 11;

/**
 * Measures all cases in turn, round by round: what slows the machine down for a while slows down all of them, and the ratios within a round
 * hold. Every other round goes backwards, so that no case always comes after the same one and pays for its garbage.
 */
export function measure(
  cases: readonly Case[],
  baseline: string,
  duration: Duration,
): { readonly measurements: readonly Measurement[]; readonly rounds: number } {
  const benches = cases.map((subject) => ({ subject, samples: [] as number[] }));
  const reference = benches.find(({ subject }) => subject.name === baseline);
  if (!reference) throw new Error(`There is no case '${baseline}' to compare with.`);

  for (const end = performance.now() + duration.warmUp; performance.now() < end;) {
    for (const { subject } of benches) timed(subject);
  }
  const backwards = [...benches].reverse();
  let rounds = 0;
  for (const end = performance.now() + duration.rounds; rounds < FEWEST_ROUNDS || performance.now() < end; rounds++) {
    for (const { subject, samples } of rounds % 2 === 0 ? benches : backwards) {
      samples.push((timed(subject) * 1e6) / subject.units);
    }
  }

  const measurements = benches.map(({ subject: { name }, samples }) => ({
    name,
    lowerQuartile: quantile(samples, 0.25),
    median: quantile(samples, 0.5),
    upperQuartile: quantile(samples, 0.75),
    ratio: quantile(
      samples.map((sample, round) => sample / (reference.samples[round] ?? NaN)),
      0.5,
    ),
  }));
  return { measurements, rounds };
}

/** Milliseconds that a run takes. */
function timed({ name, begin, run, end, expected }: Case): number {
  begin?.();
  const start = performance.now();
  const out = run();
  const elapsed = performance.now() - start;
  end?.();
  if (out !== expected) throw new Error(`${name}: ${out} values came out instead of ${expected}.`);
  return elapsed;
}

/** By nearest rank. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
