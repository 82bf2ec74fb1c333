import type { Series } from '../runner/run-in-turn.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { cpuPerEvent, find, isWhole, memory, numberNamed, ratio, type Reading, readings } from './statistics.ts';
import { type Results, type Target, targets } from './targets.ts';

const MEGABYTE = 1_000_000;
/** Characters of what a library says that are shown. */
const SHOWN = 120;

/** Lines of a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** A number with three digits that count. */
export function short(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (value === 0) return '0';
  const digits = Math.max(0, Math.min(2, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function targetTable(results: Results): string {
  const rows = targets.map((target) => {
    const reached = target.of(results);
    return [
      target.scenario,
      target.what,
      `≤ ${short(target.most)} ${target.unit}`,
      withUnit(reached, target),
      verdict(reached, target),
    ];
  });
  return table(['', 'ours', 'target', 'measured', ''], rows);
}

const withUnit = (reached: number, { unit }: Target): string =>
  Number.isNaN(reached) ? '–' : `${short(reached)} ${unit}`;

function verdict(reached: number, { most }: Target): string {
  if (Number.isNaN(reached)) return 'not met: not measured, or not all delivered';
  return reached <= most ? 'met' : '**not met**';
}

/** One table for each case of a scenario. */
export function caseTable(of: string, series: readonly Series[], scenario: Pick<Scenario, 'shows'>): string {
  const mine = series.filter((each) => each.of === of);
  const { numbers = [], readings: shown = ['wall', 'cpu', 'memory'] } = scenario.shows ?? {};
  const columns = COLUMNS.filter(({ key }) => shown.includes(key));
  const head = [
    '',
    ...columns.flatMap(({ head: name, hasRatio }) => (hasRatio ? [name, '× raw'] : [name])),
    ...numbers.map(({ head: name }) => name),
    'delivered',
    '',
  ];
  const rows = mine.map((each) => {
    const other = find(
      mine,
      each.scenario,
      each.participant.beside ?? (find(mine, each.scenario, 'raw') ? 'raw' : (mine[0]?.participant.name ?? '')),
    );
    return [
      each.participant.name,
      ...columns.flatMap(({ reading, scale, hasRatio }) => {
        const cell = spreadOf(each, reading, scale);
        return hasRatio ? [cell, other === each ? '' : short(ratio(each, other, reading))] : [cell];
      }),
      ...numbers.map(({ name, scale = 1 }) => spreadOf(each, numberNamed(name), scale)),
      delivered(each),
      notes(each),
    ];
  });
  return table(head, rows);
}

const COLUMNS: readonly {
  readonly key: 'wall' | 'cpu' | 'memory';
  readonly head: string;
  readonly reading: Reading;
  readonly scale: number;
  readonly hasRatio: boolean;
}[] = [
  { key: 'wall', head: 'wall, ms', reading: (run) => run.wall, scale: 1, hasRatio: true },
  { key: 'cpu', head: 'CPU per event, µs', reading: cpuPerEvent, scale: 1, hasRatio: true },
  { key: 'memory', head: 'peak memory, MB', reading: memory, scale: MEGABYTE, hasRatio: true },
];

function spreadOf(series: Series, reading: Reading, scale: number): string {
  const { median, least, most } = readings(series, reading);
  const text = short(median / scale);
  return series.runs.length > 1 && !Number.isNaN(median)
    ? `${text} (${short(least / scale)}–${short(most / scale)})`
    : text;
}

function delivered(series: Series): string {
  const worst = series.runs.reduce((a, b) => (b.delivered < a.delivered ? b : a));
  const again = Math.max(...series.runs.map((run) => run.again));
  const count = isWhole(series)
    ? 'all'
    : `${worst.delivered.toLocaleString('en')} of ${worst.expected.toLocaleString('en')}`;
  return again > 0 ? `${count}, ${again.toLocaleString('en')} again` : count;
}

function notes({ runs }: Series): string {
  const note = runs.find((run) => run.note)?.note ?? '';
  const often = runs.filter((run) => run.note).length;
  const text = note.length > SHOWN ? `${note.slice(0, SHOWN)} …` : note;
  return often > 0 && runs.length > 1 ? `${often} of ${runs.length} times: ${text}` : text;
}
