import type { LatencyOf, PoolMetrics, PoolRelayStatus, RelayMetrics, RelayUrl } from '../../src/index.ts';
import type { Colour, Paint } from './paint.ts';
import { count, lieCount, reconnectCount } from './summary.ts';

/** A relay, what it is called and how fast it is. */
export interface Row {
  readonly name: string;
  readonly status: PoolRelayStatus;
  /** Undefined before the first look. */
  readonly latency: RelayMetrics['latency'] | undefined;
}

/** How the relays stand, with what was measured of each. */
export function rowsOf(
  statuses: readonly PoolRelayStatus[],
  metrics: PoolMetrics | undefined,
  nameOf: (relay: RelayUrl) => string,
): readonly Row[] {
  return statuses.map((status) => ({
    name: nameOf(status.url),
    status,
    latency: metrics?.relays.find(({ relay }) => relay === status.url)?.latency,
  }));
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
export function renderTable(rows: readonly Row[], now: number, width: number, paint: Paint): readonly string[] {
  const columns = fitting(columnsOf(now), rows, width);
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

function columnsOf(now: number): readonly Column[] {
  const percentiles =
    (of: LatencyOf, ...which: readonly ('p50' | 'p95')[]) =>
    ({ latency }: Row): string => {
      const summary = latency?.[of];
      return summary ? `${which.map((percentile) => Math.round(summary[percentile])).join('/')} ms` : '-';
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
    { title: 'load', cell: ({ status }) => loadOf(status), colour: loadColourOf, least: 'circuit open'.length },
    { title: 'events', ...number(({ status }) => status.counters.events) },
    { title: 'copies', ...number(({ status }) => status.counters.duplicates), expendable: 2 },
    {
      title: 'EOSE p50/p95',
      cell: percentiles('eose', 'p50', 'p95'),
      align: 'right',
      least: '1000/1000 ms'.length,
      expendable: 1,
    },
    { title: 'OK p95', cell: percentiles('ok', 'p95'), align: 'right', least: '1000 ms'.length, expendable: 3 },
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

const COLOUR_OF: Readonly<Record<PoolRelayStatus['state'], Colour>> = {
  connected: 'green',
  authenticated: 'green',
  connecting: 'yellow',
  disconnecting: 'yellow',
  disconnected: 'red',
  failed: 'red',
};

/** How many REQs and EVENTs are in flight, and what is out of the ordinary. */
function loadOf({ inFlight, queued, isReduced, circuit }: PoolRelayStatus): string {
  const parts = [
    inFlight > 0 && count(inFlight),
    queued > 0 && `${count(queued)} queued`,
    isReduced && 'reduced',
    circuit === 'open' && 'circuit open',
    circuit === 'half-open' && 'half-open',
  ];
  return parts.filter((part) => part !== false).join(', ');
}

function loadColourOf({ status: { queued, isReduced, circuit } }: Row): Colour | undefined {
  if (circuit === 'open') return 'red';
  return circuit === 'half-open' || isReduced || queued > 0 ? 'yellow' : undefined;
}

/** For how long a relay is waited for. */
function waitOf({ retryAt }: PoolRelayStatus, now: number): string {
  if (retryAt === undefined) return '';
  const due = Math.max(0, retryAt - now) / 1_000;
  return `again in ${due.toFixed(due < 10 ? 1 : 0)} s`;
}
