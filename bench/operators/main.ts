import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BASELINE, itemCases, subscriptionCases } from './cases.ts';
import { judge } from './limits.ts';
import { type Duration, measure } from './measure.ts';
import { recordings } from './recordings.ts';
import { asMarkdown, asText, machine, type Section } from './report.ts';

const QUICK: Duration = { warmUp: 2_000, rounds: 8_000 };
const THOROUGH: Duration = { warmUp: 5_000, rounds: 70_000 };
/** npm runs scripts in the folder of the package. */
const RESULTS = 'bench/operators/RESULTS.md';

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, write: { type: 'boolean' } } });

const parts = [
  { unit: 'one item', cases: itemCases },
  { unit: 'one subscription, with one value', cases: subscriptionCases },
  { unit: 'one call', cases: recordings },
];
const all = parts.flatMap(({ cases }) => cases);
const { measurements, rounds } = measure(all, BASELINE, values.quick ? QUICK : THOROUGH);
let next = 0;
const sections = parts.map(({ unit, cases }): Section => ({
  unit,
  measurements: measurements.slice(next, (next += cases.length)),
}));
process.stdout.write(`${machine()}; ${rounds} rounds\n\n${asText(sections)}\n\n`);
if (values.write) writeFileSync(RESULTS, asMarkdown(sections, rounds));
const { lines, pass } = judge(all, measurements);
process.stdout.write(`${lines.join('\n')}\n`);
process.exitCode = pass ? 0 : 1;
