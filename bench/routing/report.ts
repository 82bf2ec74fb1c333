import type { Outcome } from './simulation.ts';

/** The outcomes of one strategy at one load, one for each seed. */
export interface Series {
  readonly load: number;
  readonly name: string;
  readonly isHedging: boolean;
  readonly outcomes: readonly Outcome[];
}

const HEAD = ['strategy', 'p50', 'p99', 'p99.9', 'failed', 'extra', 'share, normally', 'while slow', 'regained after'];

const ms = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 });
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const seconds = (value: number): string => (value === Infinity ? 'never' : `${value / 1_000} s`);

export function medianOf({ outcomes }: Series, of: (outcome: Outcome) => number): number {
  const sorted = outcomes.map(of).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}

/** The median, and the range in brackets. */
function cell(series: Series, of: (outcome: Outcome) => number, format: (value: number) => string): string {
  const values = series.outcomes.map(of);
  const [least, most] = [format(Math.min(...values)), format(Math.max(...values))];
  return least === most ? least : `${format(medianOf(series, of))} (${least} to ${most})`;
}

const nameOf = ({ name, isHedging }: Series): string => (isHedging ? `${name}, hedged` : name);

const rowOf = (series: Series): readonly string[] => [
  nameOf(series),
  cell(series, ({ p50 }) => p50, ms),
  cell(series, ({ p99 }) => p99, ms),
  cell(series, ({ p999 }) => p999, ms),
  percent(medianOf(series, ({ failed }) => failed)),
  percent(medianOf(series, ({ extra }) => extra)),
  percent(medianOf(series, ({ normalShare }) => normalShare)),
  percent(medianOf(series, ({ slowShare }) => slowShare)),
  cell(series, ({ regained }) => regained, seconds),
];

interface Table {
  readonly title: string;
  readonly rows: readonly (readonly string[])[];
}

const tablesOf = (all: readonly Series[]): readonly Table[] =>
  [...new Set(all.map(({ load }) => load))].map((load) => ({
    title: `${100 * load} % of what all relays together can serve`,
    rows: all.filter((series) => series.load === load).map(rowOf),
  }));

/** The tables for a terminal. */
export function asText(all: readonly Series[]): string {
  const tables = tablesOf(all);
  const rows = [HEAD, ...tables.flatMap((table) => table.rows)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join('  ');
  return tables.map(({ title, rows: body }) => [title, line(HEAD), ...body.map(line)].join('\n')).join('\n\n');
}

/** The tables for RESULTS.md. */
export function asMarkdown(all: readonly Series[], seeds: readonly number[], lines: readonly string[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const tables = tablesOf(all).map(({ title, rows }) =>
    [`## ${title}`, '', row(HEAD), `|---|${'--:|'.repeat(HEAD.length - 1)}`, ...rows.map(row)].join('\n'),
  );
  return `# Which relay to ask: a simulation

Written by \`npm run bench:routing -- --write\` with Node ${process.version}, V8 ${process.versions.v8}; seeds ${seeds.join(', ')}. Milliseconds; the median over
the seeds, and the range in brackets. What is simulated, and what the columns are, is in [README.md](README.md).

${tables.join('\n\n')}

${lines.map((said) => `- ${said}`).join('\n')}
`;
}
