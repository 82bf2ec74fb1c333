import type { LatencySummary, PoolMetrics, PoolRelayStatus, RelayUrl } from '../index.ts';
import type { Colour, Paint } from './paint.ts';
import { greatest, sparkline } from './sparkline.ts';
import { type Cell, type Column, renderTable } from './table.ts';
import { fit, harmless, numberText, padEnd, padStart } from './text.ts';
import { spanText } from './times.ts';

/** Seconds that are remembered for the plots. */
const REMEMBERED = 600;
/** Columns of the plot of a relay. */
const SMALL_PLOT = 16;

type Percentile = 'p50' | 'p95' | 'p99';
const PERCENTILES: readonly (readonly [Percentile, Colour])[] = [
  ['p50', 'green'],
  ['p95', 'yellow'],
  ['p99', 'red'],
];
type Reading = Pick<LatencySummary, Percentile> | undefined;

/** The latencies of the last minutes, a reading a second. */
export class LatencyHistory {
  readonly all: Reading[] = [];
  readonly #relays = new Map<RelayUrl, (number | undefined)[]>();

  add({ all, relays }: PoolMetrics): void {
    keep(this.all, all.latency.eose);
    for (const { relay, latency } of relays) {
      const readings = this.#relays.get(relay) ?? [];
      keep(readings, latency.eose?.p95);
      this.#relays.set(relay, readings);
    }
  }

  /** The 95th percentile of a relay, oldest first. */
  of(relay: RelayUrl): readonly (number | undefined)[] {
    return this.#relays.get(relay) ?? [];
  }
}

/** What is shown at one moment. */
export interface Moment {
  readonly statuses: readonly PoolRelayStatus[];
  readonly metrics: PoolMetrics | undefined;
  readonly history: LatencyHistory;
  /** Milliseconds since the monitor began. */
  readonly elapsed: number;
  /** Nothing comes any more. */
  readonly isOver?: boolean;
}

/** Everything, as lines that fit into the terminal. */
export function renderMonitor(moment: Moment, width: number, height: number, paint: Paint): readonly string[] {
  const { metrics, history, elapsed, statuses, isOver = false } = moment;
  const rate = metrics ? `${metrics.all.throughput.messagesPerSecond.toFixed(1)} messages/s` : 'measuring';
  const heading = `${statuses.length} relay${statuses.length === 1 ? '' : 's'}, ${rate}, ${spanText(elapsed)}${isOver ? '' : '; q quits'}`;
  const plots = plotsOf(history, width, paint);
  // What does not fit is left out whole: first the plots, then relays.
  const shownPlots = height >= statuses.length + plots.length + 4 ? ['', ...plots] : [];
  const room = Math.max(1, height - 3 - shownPlots.length);
  const table = renderTable(columns, rowsOf(moment), width, paint);
  const left = table.length - 1 - room;
  const shown =
    left > 0 ? [...table.slice(0, room), paint('dim', `and ${left + 1} more: make the terminal higher`)] : table;
  return [paint('bold', fit(heading, width)), '', ...shown, ...shownPlots].slice(0, Math.max(1, height));
}

const columns: readonly Column[] = [
  { title: 'relay' },
  { title: 'state' },
  { title: 'breaker' },
  { title: 'load', align: 'right' },
  { title: 'p50', align: 'right' },
  { title: 'p95', align: 'right' },
  { title: 'p99', align: 'right', expendable: 2 },
  { title: 'score', align: 'right' },
  { title: 'msg/s', align: 'right', expendable: 3 },
  { title: 'events', align: 'right', expendable: 4 },
  { title: 'p95 lately', expendable: 5 },
  { title: 'trouble', expendable: 6 },
];

const STATES: Readonly<Record<PoolRelayStatus['state'], Colour>> = {
  connected: 'green',
  authenticated: 'green',
  connecting: 'yellow',
  disconnecting: 'yellow',
  disconnected: 'red',
  failed: 'red',
};

function rowsOf({ statuses, metrics, history }: Moment): readonly (readonly Cell[])[] {
  return statuses.map((status): readonly Cell[] => {
    const measured = metrics?.relays.find(({ relay }) => relay === status.url);
    const eose = measured?.latency.eose;
    const milliseconds = (which: Percentile): Cell => ({ text: eose ? `${Math.round(eose[which])} ms` : '-' });
    return [
      { text: status.url },
      { text: status.state, colour: STATES[status.state] },
      {
        text: status.circuit,
        colour: status.circuit === 'closed' ? undefined : status.circuit === 'open' ? 'red' : 'yellow',
      },
      {
        text: `${status.inFlight}/${status.permits}${status.queued > 0 ? `+${status.queued}` : ''}`,
        colour: status.isReduced || status.queued > 0 ? 'yellow' : undefined,
      },
      milliseconds('p50'),
      milliseconds('p95'),
      milliseconds('p99'),
      { text: measured ? `${Math.round(measured.score)}` : '-' },
      { text: measured ? measured.throughput.messagesPerSecond.toFixed(1) : '-' },
      { text: numberText(status.counters.events) },
      { text: sparkline(history.of(status.url), SMALL_PLOT), colour: 'yellow' },
      { text: status.error ? harmless(status.error.code) : '', colour: 'dim' },
    ];
  });
}

/** The percentiles of all relays on one scale. */
function plotsOf({ all }: LatencyHistory, width: number, paint: Paint): readonly string[] {
  const most = greatest(all.map((reading) => reading?.p99));
  const room = Math.max(0, width - 18);
  const seconds = Math.min(all.length, room, REMEMBERED);
  const title = `EOSE of all relays, the last ${spanText(seconds * 1_000)}, 0 to ${spanText(most)}`;
  const plots = PERCENTILES.map(([which, colour]) => {
    const values = all.map((reading) => reading?.[which]);
    const latest = values.at(-1);
    const text = latest === undefined ? '-' : spanText(latest);
    return `${which}  ${paint(colour, padEnd(sparkline(values, room, most), room))}  ${padStart(text, 10)}`;
  });
  return [paint('dim', fit(title, width)), ...plots];
}

function keep<T>(list: T[], value: T): void {
  list.push(value);
  if (list.length > REMEMBERED) list.shift();
}
