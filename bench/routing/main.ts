import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { judge } from './judge.ts';
import { asMarkdown, asText, type Series } from './report.ts';
import { LOADS, QUICK, THOROUGH } from './scenario.ts';
import { simulate } from './simulation.ts';
import { DEFAULT, strategies } from './strategies.ts';

/** npm runs scripts in the folder of the package. */
const RESULTS = 'bench/routing/RESULTS.md';

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, write: { type: 'boolean' } } });
const { phases, seeds } = values.quick ? QUICK : THOROUGH;

const all = LOADS.flatMap((load) =>
  strategies.flatMap(({ name, strategy }) =>
    [false, true].map((isHedging): Series => {
      const outcomes = seeds.map((seed) => simulate({ strategy, isHedging, load, seed, phases }));
      return { load, name, isHedging, outcomes };
    }),
  ),
);
const { lines, pass } = judge(all, DEFAULT);
process.stdout.write(`${asText(all)}\n\n${lines.join('\n')}\n`);
if (values.write) writeFileSync(RESULTS, asMarkdown(all, seeds, lines));
process.exitCode = pass ? 0 : 1;
