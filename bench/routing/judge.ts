import { medianOf, type Series } from './report.ts';

/** What hedging has to cut off the 99th percentile of the default strategy, and what it may cost in extra requests. */
const [LEAST_CUT, BUDGET] = [0.3, 0.05];

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/**
 * Whether the default strategy is the one with the best tail at each load, and hedging keeps its promise over all loads, and the words for it. The cut is
 * the geometric mean of the loads: it is a ratio, and by itself each is a percent or two off with other seeds.
 */
export function judge(
  all: readonly Series[],
  defaultName: string,
): { readonly lines: readonly string[]; readonly pass: boolean } {
  const loads = [...new Set(all.map(({ load }) => load))];
  const names = [...new Set(all.map(({ name }) => name))];
  const p99Of = (load: number, name: string, isHedging: boolean): number =>
    medianOf(find(all, load, name, isHedging), ({ p99 }) => p99);

  const tails = loads.map((load) => {
    const own = p99Of(load, defaultName, true);
    const next = Math.min(...names.filter((name) => name !== defaultName).map((name) => p99Of(load, name, true)));
    const said = `${defaultName} has the best p99 at ${100 * load} % load: ${own.toFixed(1)} ms, the next one ${next.toFixed(1)} ms`;
    return { pass: own < next, said };
  });
  const kept = loads.map((load) => p99Of(load, defaultName, true) / p99Of(load, defaultName, false));
  const cut = 1 - kept.reduce((product, ratio) => product * ratio, 1) ** (1 / kept.length);
  const extra = Math.max(
    ...loads.map((load) => medianOf(find(all, load, defaultName, true), (outcome) => outcome.extra)),
  );
  const each = kept.map((ratio, at) => `${percent(1 - ratio)} at ${100 * (loads[at] ?? NaN)} % load`).join(', ');
  const hedging = {
    pass: cut >= LEAST_CUT && extra <= BUDGET,
    said: `hedging cuts the p99 of ${defaultName} by ${percent(cut)} (${each}), for ${percent(extra)} more requests at most`,
  };

  const results = [...tails, hedging];
  return {
    lines: results.map(({ pass, said }) => `${pass ? 'pass' : 'FAIL'}: ${said}`),
    pass: results.every(({ pass }) => pass),
  };
}

function find(all: readonly Series[], load: number, name: string, isHedging: boolean): Series {
  const found = all.find((series) => series.load === load && series.name === name && series.isHedging === isHedging);
  if (!found) throw new Error(`There is no series of ${name} at a load of ${load}.`);
  return found;
}
