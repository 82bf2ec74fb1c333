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
  const latency =
    (percent: number) =>
    ({ status }: Row): string => {
      const milliseconds = latencies.percentile(status.url, percent);
      return milliseconds === undefined ? '-' : `${Math.round(milliseconds)} ms`;
    };
  const lies = ({ status }: Row): number => lieCount([status]);
  const reconnects = ({ status }: Row): number => reconnectCount([status]);
  const all: readonly Column[] = [
    { title: 'relay', cell: ({ name }) => name },
    { title: 'state', cell: ({ status }) => describe(status, now), colour: ({ status }) => COLOUR_OF[status.state] },
    { title: 'events', cell: ({ status }) => count(status.counters.events), align: 'right' },
    { title: 'copies', cell: ({ status }) => count(status.counters.duplicates), align: 'right', expendable: 3 },
    { title: 'p50', cell: latency(50), align: 'right', expendable: 2 },
    { title: 'p95', cell: latency(95), align: 'right', expendable: 1 },
    {
      title: 'reconnects',
      cell: (row) => count(reconnects(row)),
      colour: (row) => (reconnects(row) > 0 ? 'yellow' : undefined),
      align: 'right',
    },
    {
      title: 'lies',
      cell: (row) => count(lies(row)),
      colour: (row) => (lies(row) > 0 ? 'red' : undefined),
      align: 'right',
    },
  ];

  let columns = all.map((column) => {
    const cells = rows.map(column.cell);
    return { ...column, cells, width: Math.max(column.title.length, ...cells.map(({ length }) => length)) };
  });
  const total = (): number => columns.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
  while (total() > width && columns.some(({ expendable }) => expendable)) {
    const most = Math.max(...columns.map(({ expendable = 0 }) => expendable));
    columns = columns.filter(({ expendable }) => expendable !== most);
  }

  const line = (cellOf: (column: (typeof columns)[number]) => readonly [string, Colour | undefined]): string => {
    let room = width;
    return columns
      .map((column) => {
        const [text, colour] = cellOf(column);
        const padded = column.align === 'right' ? text.padStart(column.width) : text.padEnd(column.width);
        const shown = (column === columns[0] ? padded : GAP + padded).slice(0, Math.max(0, room));
        room -= shown.length;
        return colour && shown !== '' ? paint(colour, shown) : shown;
      })
      .join('');
  };
  return [
    line(({ title }) => [title, 'dim']),
    ...rows.map((row, index) => line(({ cells, colour }) => [cells[index] ?? '', colour?.(row)])),
  ];
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

/** The state, and for a relay that is waited for: why, and for how long. */
function describe({ state, error, retryAt }: RelayStatus, now: number): string {
  if (!error || retryAt === undefined) return state;
  const due = Math.max(0, retryAt - now) / 1_000;
  return `${state}: ${error.code}, again in ${due.toFixed(due < 10 ? 1 : 0)} s`;
}
