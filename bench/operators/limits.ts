import { type Case, measure, type Measurement } from './measure.ts';

/** How often what is over its limit is measured again: a machine that is busy with something else is no verdict. */
const CHANCES = 3;
const AGAIN = { warmUp: 200, rounds: 1_000 };

/** Whether each case that has a limit keeps it, and the words for it. */
export function judge(
  cases: readonly Case[],
  measurements: readonly Measurement[],
): { readonly lines: readonly string[]; readonly pass: boolean } {
  const results = cases.flatMap((subject) => {
    const { name, limit } = subject;
    if (limit === undefined) return [];
    const medians = measurements.filter((measurement) => measurement.name === name).map(({ median }) => median);
    while (Math.min(...medians) > limit && medians.length <= CHANCES) {
      medians.push(...measure([subject], name, AGAIN).measurements.map(({ median }) => median));
    }
    const pass = Math.min(...medians) <= limit;
    const said = medians.map((median) => `${Math.round(median)} ns`).join(', then ');
    return [{ pass, line: `${pass ? 'pass' : 'FAIL'}: ${name}: ${said} at the median, may take ${limit} ns` }];
  });
  if (results.length === 0) throw new Error('No case has a limit.');
  return { lines: results.map(({ line }) => line), pass: results.every(({ pass }) => pass) };
}
