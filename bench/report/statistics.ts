import type { Measured } from '../client-process/measured.ts';
import type { Series } from '../runner/run-in-turn.ts';

/** What is read of a run. */
export type Reading = (run: Measured) => number;

export const wall: Reading = (run) => run.wall;
/** Microseconds of processor time for each event that there was to deliver. */
export const cpuPerEvent: Reading = (run) => (run.cpu * 1_000) / run.expected;
export const memory: Reading = (run) => run.memory;
export const numberNamed =
  (name: string): Reading =>
  (run) =>
    run.numbers?.[name] ?? NaN;

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

function spread(values: readonly number[]): Spread {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
  return { median, least: sorted[0] ?? NaN, most: sorted.at(-1) ?? NaN };
}

export const readings = (series: Series, reading: Reading): Spread => spread(series.runs.map(reading));

/**
 * The median of the ratios to another series, round by round, so that what slowed both down does not show. NaN where either did not do its
 * work: half of it in half of the time is not as fast.
 */
export function ratio(series: Series | undefined, to: Series | undefined, reading: Reading): number {
  if (!series || !to || !isWhole(series) || !isWhole(to)) return NaN;
  return spread(series.runs.map((run, i) => reading(run) / reading(to.runs[i] ?? run))).median;
}

/** Whether every run delivered everything. */
export function isWhole({ runs }: Series): boolean {
  return runs.every(({ delivered, expected }) => delivered === expected && expected > 0);
}

export function find(all: readonly Series[], scenario: string, name: string, of?: string): Series | undefined {
  return all.find(
    (series) =>
      series.scenario === scenario && series.participant.name === name && (of === undefined || series.of === of),
  );
}
