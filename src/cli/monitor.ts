import {
  catchError,
  combineLatest,
  EMPTY,
  exhaustMap,
  filter,
  ignoreElements,
  lastValueFrom,
  map,
  merge,
  type Observable,
  startWith,
  take,
  takeUntil,
  tap,
  throttleTime,
  timer,
  asyncScheduler,
} from 'rxjs';
import type { Filter, PoolMetrics, PoolRelayStatus, RelayPool } from '../index.ts';
import type { Command, Context } from './command.ts';
import { ExitCode, UsageError } from './exit-code.ts';
import { filterFlags } from './filter-flags.ts';
import { askedFilters } from './input.ts';
import {
  ALTERNATE_SCREEN,
  ERASE_BELOW,
  ERASE_TO_END_OF_LINE,
  HIDE_CURSOR,
  NORMAL_SCREEN,
  SHOW_CURSOR,
  TOP_LEFT,
} from './live-region.ts';
import { LatencyHistory, type Moment, renderMonitor } from './monitor-view.ts';
import { serveWeb } from './monitor-web.ts';
import { openPool, poolFlags, within } from './pool-flags.ts';
import { readOperands } from './relay-arguments.ts';
import { parseDuration } from './times.ts';

/** Milliseconds between two requests that measure. */
const PROBE_EVERY = 5_000;
/** Milliseconds that such a request may take. */
const PROBE_DEADLINE = 10_000;
/** What is asked for where nothing says it. */
const NEWEST: Filter = { kinds: [1], limit: 1 };
/** Milliseconds between two drawings, at least. */
const REDRAW_EVERY = 250;

export const monitor: Command = {
  name: 'monitor',
  summary: 'watch relays: state, breaker, load, latency percentiles, score, with plots',
  usage: '[flags] [filter] <relay...>',
  about: [
    'Subscribes to each relay, and asks it again every few seconds to measure how long it takes to EOSE. On a terminal, shows a table and plots until q or Ctrl-C; else prints a line of JSON a second. With --web, serves the dashboard instead. Percentiles are those of the last minute, in milliseconds.',
    'What is asked is the newest note unless a filter says otherwise.',
  ],
  flags: {
    every: { type: 'string', value: '<time>', help: 'how often it asks to measure; 5s where nothing says it' },
    web: { type: 'boolean', help: 'serve the dashboard for a browser on this machine, and print its address' },
    port: { type: 'string', value: '<port>', help: 'the port of the dashboard; any free one where nothing says it' },
    ...filterFlags,
    ...poolFlags,
    timeout: { type: 'string', value: '<time>', help: 'for how long; until q or Ctrl-C where nothing says it' },
  },
  examples: [
    { text: 'on a terminal', command: 'monitor wss://relay.example wss://nostr.example' },
    {
      text: 'the 95th percentile of all relays, a line a second',
      command: 'monitor --timeout 1m wss://relay.example | jq .all.latency.eose.p95',
    },
    { text: 'in a browser, at the address that is printed', command: 'monitor --web wss://relay.example' },
    { text: 'profiles, measured every second', command: 'monitor -k 0 -l 5 --every 1s wss://relay.example' },
  ],
  run: async (context) => {
    const { args, host, screen } = context;
    const operands = readOperands(args.positionals);
    if (operands.relays.length === 0) throw new UsageError('monitor needs a relay, such as wss://relay.example.');
    const every = parseDuration(args.text('every') ?? `${PROBE_EVERY}ms`, 'every');
    const timeout = args.text('timeout');
    const most = timeout === undefined ? undefined : parseDuration(timeout, 'timeout');
    const filters = await askedFilters(args, operands, host, (text) => screen.note(text), NEWEST);
    const pool = openPool(operands.relays, args, host);
    const watching = watch(pool, filters, every).subscribe();
    try {
      await (args.has('web') ? serveWeb : screen.isForPeople ? showTable : printLines)(pool, context, most);
    } finally {
      watching.unsubscribe();
      pool.close();
    }
    return host.stoppedBy ?? ExitCode.ok;
  },
};

/** Keeps every relay busy: a subscription, and a request now and then. */
function watch(pool: RelayPool, filters: readonly Filter[], every: number): Observable<never> {
  const probes$ = timer(0, every).pipe(
    exhaustMap(() => pool.request(filters, { alone: true, deadline: PROBE_DEADLINE }).pipe(catchError(() => EMPTY))),
  );
  return merge(pool.packets(filters, { alone: true }), probes$).pipe(ignoreElements());
}

/** A line of JSON whenever the pool was measured, which is every second. */
async function printLines(pool: RelayPool, { screen, host }: Context, most: number | undefined): Promise<void> {
  const metrics$ = pool.metrics$.pipe(within(most, host));
  await lastValueFrom(
    metrics$.pipe(
      tap((metrics) => {
        pool.relays$.pipe(take(1)).subscribe((statuses) => screen.json(lineOf(metrics, statuses)));
      }),
    ),
    { defaultValue: undefined },
  );
}

/** What was measured, with the state of each relay. */
function lineOf(metrics: PoolMetrics, statuses: readonly PoolRelayStatus[]): unknown {
  const relays = metrics.relays.map((measured) => {
    const status = statuses.find(({ url }) => url === measured.relay);
    const { state, error, retryAt, queued, isReduced, counters } = status ?? {};
    return { ...measured, state, error, retryAt, queued, isReduced, counters };
  });
  return { ...metrics, relays };
}

/** The table on a screen of its own, and the last state of it on the normal one when it ends. */
async function showTable(pool: RelayPool, { screen, host }: Context, most: number | undefined): Promise<void> {
  const { stdout } = host;
  const began = host.now();
  const history = new LatencyHistory();
  let last: Moment | undefined;
  const draw = (moment: Moment): void => {
    last = moment;
    const { columns = 80, rows = 24 } = stdout;
    const lines = renderMonitor(moment, columns - 1, rows - 1, screen.paint);
    stdout.write(TOP_LEFT + lines.map((line) => `${line}${ERASE_TO_END_OF_LINE}\n`).join('') + ERASE_BELOW);
  };
  const restore = (): unknown => stdout.write(SHOW_CURSOR + NORMAL_SCREEN);
  stdout.write(ALTERNATE_SCREEN + HIDE_CURSOR);
  const taken = host.atExit(restore);
  const metrics$ = pool.metrics$.pipe(
    tap((metrics) => history.add(metrics)),
    startWith(undefined),
  );
  const quit$ = host.keys$.pipe(filter((key) => key === 'q' || key === 'Q'));
  const moments$ = combineLatest([pool.relays$, metrics$, host.resized$.pipe(startWith(undefined))]).pipe(
    throttleTime(REDRAW_EVERY, asyncScheduler, { leading: true, trailing: true }),
    map(([statuses, metrics]): Moment => ({ statuses, metrics, history, elapsed: host.now() - began })),
    tap(draw),
    takeUntil(quit$),
    within(most, host),
  );
  try {
    await lastValueFrom(moments$, { defaultValue: undefined });
  } finally {
    taken();
    restore();
  }
  if (!last) return;
  const result = renderMonitor({ ...last, isOver: true }, (stdout.columns ?? 80) - 1, Infinity, screen.paint);
  for (const line of result) screen.line(line);
}
