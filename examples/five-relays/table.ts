import type { RelayStatus } from '../../src/index.ts';
import type { Latencies } from './latency.ts';
import type { Colour, Paint } from './paint.ts';
import { count, lieCount, reconnectCount } from './summary.ts';

/** A relay and what it is called. */
export interface Row {
  readonly name: string;
  readonly status: RelayStatus;
}

interface Column {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly colour?: (row: Row) => Colour | undefined;
  readonly align?: 'right';
  /** Room that is kept, so that the table does not jump. @default that of the title */
  readonly least?: number;
  /** The column with the highest goes first when there is no room. @default it never goes */
  readonly expendable?: number;
}

/** How far a run has come. */
export interface Progress {
  readonly done: number;
  readonly all: number;
  /** What is said beside the bar. */
  readonly text: string;
}

const GAP = '  ';
const WIDEST_BAR = 40;

/** Lines of the table, none longer than `width` characters. */
export function renderTable(
  rows: readonly Row[],
  latencies: Latencies,
  now: number,
  width: number,
  paint: Paint,
): readonly string[] {
  const columns = fitting(columnsOf(latencies, now), rows, width);
  const line = (show: (column: SizedColumn) => readonly [text: string, colour: Colour | undefined]): string => {
    let room = width;
    const cells = columns.map((column, index) => {
      const [text, colour] = show(column);
      const padded = column.align === 'right' ? text.padStart(column.width) : text.padEnd(column.width);
      const shown = (index === 0 ? padded : GAP + padded).slice(0, Math.max(0, room));
      room -= shown.length;
      return colour && shown.trim() !== '' ? paint(colour, shown) : shown;
    });
    return cells.join('').trimEnd();
  };
  return [
    line(({ title }) => [title, 'dim']),
    ...rows.map((row) => line(({ cell, colour }) => [cell(row), colour?.(row)])),
  ];
}

function columnsOf(latencies: Latencies, now: number): readonly Column[] {
  const latency =
    (percent: number) =>
    ({ status }: Row): string => {
      const milliseconds = latencies.percentile(status.url, percent);
      return milliseconds === undefined ? '-' : `${Math.round(milliseconds)} ms`;
    };
  const number = (of: (row: Row) => number): Pick<Column, 'cell' | 'align'> => ({
    cell: (row) => count(of(row)),
    align: 'right',
  });
  const lies = ({ status }: Row): number => lieCount([status]);
  const reconnects = ({ status }: Row): number => reconnectCount([status]);
  return [
    { title: 'relay', cell: ({ name }) => name },
    {
      title: 'state',
      cell: ({ status }) => status.state,
      colour: ({ status }) => COLOUR_OF[status.state],
      least: 'disconnecting'.length,
    },
    { title: 'events', ...number(({ status }) => status.counters.events) },
    { title: 'copies', ...number(({ status }) => status.counters.duplicates), expendable: 3 },
    { title: 'p50', cell: latency(50), align: 'right', least: '1000 ms'.length, expendable: 2 },
    { title: 'p95', cell: latency(95), align: 'right', least: '1000 ms'.length, expendable: 1 },
    {
      title: 'reconnects',
      ...number(reconnects),
      colour: (row) => (reconnects(row) > 0 ? 'yellow' : undefined),
    },
    { title: 'lies', ...number(lies), colour: (row) => (lies(row) > 0 ? 'red' : undefined), least: 5 },
    { title: '', cell: ({ status }) => status.error?.code ?? '', colour: () => 'dim', expendable: 4 },
    { title: '', cell: ({ status }) => waitOf(status, now), colour: () => 'dim', expendable: 5 },
  ];
}

type SizedColumn = Column & { readonly width: number };

function fitting(all: readonly Column[], rows: readonly Row[], width: number): readonly SizedColumn[] {
  let columns = all.map((column) => {
    const lengths = rows.map((row) => column.cell(row).length);
    return { ...column, width: Math.max(column.title.length, column.least ?? 0, ...lengths) };
  });
  const isTooWide = (): boolean =>
    columns.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length) > width;
  while (isTooWide() && columns.some(({ expendable }) => expendable !== undefined)) {
    const most = Math.max(...columns.map(({ expendable = 0 }) => expendable));
    columns = columns.filter(({ expendable }) => expendable !== most);
  }
  return columns;
}

/** A bar and its text on one line of at most `width` characters. */
export function renderBar({ done, all, text }: Progress, width: number, paint: Paint): string {
  const share = all > 0 ? Math.min(1, done / all) : 0;
  const length = Math.min(WIDEST_BAR, width - text.length - GAP.length);
  if (length < 4) return text.slice(0, Math.max(0, width));
  const full = Math.floor(share * length);
  return `${paint('green', '█'.repeat(full))}${paint('dim', '░'.repeat(length - full))}${GAP}${text}`;
}

const COLOUR_OF: Readonly<Record<RelayStatus['state'], Colour>> = {
  connected: 'green',
  authenticated: 'green',
  connecting: 'yellow',
  disconnecting: 'yellow',
  disconnected: 'red',
  failed: 'red',
};

/** For how long a relay is waited for. */
function waitOf({ retryAt }: RelayStatus, now: number): string {
  if (retryAt === undefined) return '';
  const due = Math.max(0, retryAt - now) / 1_000;
  return `again in ${due.toFixed(due < 10 ? 1 : 0)} s`;
}
