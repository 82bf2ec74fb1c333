import { scenarios } from '../scenarios/all.ts';
import { machine, versions } from './machine.ts';
import { caseTable, short, table, targetTable } from './tables.ts';
import type { Results } from './targets.ts';

/** RESULTS.md of a run. */
export function resultsFile(results: Results, isQuick: boolean): string {
  const { series, sizes } = results;
  const parts = [
    '# Results',
    `Written by \`npm run bench${isQuick ? ' -- --quick' : ''}\`; [README.md](README.md) says what is measured, and how to read it.`,
    `${machine()}; ${new Date().toISOString().slice(0, 10)}. ${versions()}.`,
    'Medians, with the least and the most where there were several rounds; "× raw" is the median of the ratios of the rounds, to the bare client (or to what stands first).',
    `## Targets\n\n${targetTable(results)}`,
    ...scenarios.flatMap(({ name, title, about, cases, shows }) => {
      const mine = series.filter(({ scenario }) => scenario === name);
      if (mine.length === 0) return [];
      const tables = [...new Set(mine.map(({ of }) => of))].map((of) =>
        cases.length > 1 ? `**${of}**\n\n${caseTable(of, mine, { shows })}` : caseTable(of, mine, { shows }),
      );
      return [`## ${name}: ${title}`, about, ...tables];
    }),
    ...(sizes.length > 0 ? [sizesPart(sizes)] : []),
    ...pagePart(series.filter(({ scenario }) => scenario === 'j')),
  ];
  return `${parts.join('\n\n')}\n`;
}

function sizesPart(sizes: Results['sizes']): string {
  const rows = sizes.map(({ name, minified, gzipped }) => [name, short(minified / 1_000), short(gzipped / 1_000)]);
  return `## h: The smallest useful program in a browser\n\nIt prints the new notes of one relay. Bundled by esbuild, kB of 1,000 bytes, rxjs not counted.\n\n${table(['', 'minified, kB', 'gzipped, kB'], rows)}`;
}

function pagePart(series: Results['series']): readonly string[] {
  const of = series[0]?.of;
  if (of === undefined) return [];
  const shows = { readings: ['wall' as const], numbers: [{ name: 'longest stall', head: 'longest stall, ms' }] };
  const about =
    'A page of a headless Chromium has one live subscription at one relay. Every few milliseconds its main thread is asked whether it is there; the longest wait for an answer is the stall. ' +
    'Those that take long are watched for a part of it.';
  return [`## j: A page that verifies ${of}`, about, caseTable(of, series, { shows })];
}
