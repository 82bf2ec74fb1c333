import { cpus } from 'node:os';
import type { Measurement } from './measure.ts';

/** A part of the table, named for what its nanoseconds are for. */
export interface Section {
  readonly unit: string;
  readonly measurements: readonly Measurement[];
}

const ns = (value: number): string =>
  value < 9.95 ? value.toFixed(1) : value.toLocaleString('en', { maximumFractionDigits: 0 });
const times = (ratio: number): string => ratio.toFixed(ratio < 9.95 ? 2 : 0);

const rowsOf = ({ unit, measurements }: Section): string[][] => [
  [unit, 'ns', 'quartiles', '× map'],
  ...measurements.map(({ name, lowerQuartile, median, upperQuartile, ratio }) => [
    name,
    ns(median),
    `${ns(lowerQuartile)} to ${ns(upperQuartile)}`,
    times(ratio),
  ]),
];

/** The tables for a terminal. */
export function asText(sections: readonly Section[]): string {
  const tables = sections.map(rowsOf);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...tables.flat().map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return tables.map((rows) => rows.map(line).join('\n')).join('\n\n');
}

/** The machine that the figures are of. */
export const machine = (): string =>
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} threads; Node ${process.version}, V8 ${process.versions.v8}`;

/** The tables for RESULTS.md. */
export function asMarkdown(sections: readonly Section[], rounds: number): string {
  const tables = sections.map((section) => {
    const [head = [], ...rows] = rowsOf(section).map((cells) => `| ${cells.join(' | ')} |`);
    return [head, '|---|--:|--:|--:|', ...rows].join('\n');
  });
  return `# What the operators cost

One machine, one run: ${machine()}; ${rounds} rounds. Written by \`npm run bench:operators -- --write\`; what the rows are and
how to read them is in [../README.md](../README.md).

${tables.join('\n\n')}
`;
}
