import { lastValueFrom, tap } from 'rxjs';
import type { RelaySync, SyncProgress } from '../index.ts';
import { type Bar, renderBars } from './bars.ts';
import type { Command } from './command.ts';
import { ExitCode, exitCodeOf, UsageError } from './exit-code.ts';
import { filterFlags } from './filter-flags.ts';
import { askedFilters } from './input.ts';
import { JsonLinesStore } from './json-lines-store.ts';
import { openPool, poolFlags, timesOf, within } from './pool-flags.ts';
import { readOperands } from './relay-arguments.ts';
import { withoutRelay } from './relay-standings.ts';
import { renderTable } from './table.ts';
import { harmless, numberText } from './text.ts';

/** Milliseconds for all of it. */
const DEADLINE = 600_000;

export const sync: Command = {
  name: 'sync',
  summary: 'bring a file of events and relays to the same state (NIP-77)',
  usage: '--file <events.jsonl> [flags] [filter] <relay...>',
  about: [
    'Compares a file, one event a line, with each relay, then fetches what the file lacks and publishes what the relay lacks. Relays that do not reconcile are asked for all that matches, page by page. The file is read into memory and only ever appended to; it is made where there is none.',
    'Prints a line of JSON for each relay, or a table on a terminal. Without a filter everything is compared.',
  ],
  flags: {
    file: { type: 'string', short: 'f', value: '<path>', help: 'the file, a line of JSON for each event' },
    down: { type: 'boolean', help: 'only fetch what the file lacks' },
    up: { type: 'boolean', help: 'only publish what relays lack' },
    'dry-run': { type: 'boolean', help: 'compare, and transfer nothing' },
    ...filterFlags,
    ...poolFlags,
  },
  examples: [
    {
      text: 'a backup of what somebody wrote',
      command:
        'sync --file events.jsonl --down -a npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg wss://relay.example',
    },
    { text: 'what is missing on either side', command: 'sync --file events.jsonl --dry-run wss://relay.example' },
    {
      text: 'the notes of the last week, both ways',
      command: `sync --file events.jsonl -k 1 --since '1 week ago' wss://relay.example`,
    },
  ],
  run: async ({ args, host, screen }) => {
    const path = args.text('file');
    if (path === undefined)
      throw new UsageError('sync needs a file: --file events.jsonl. It is made where there is none.');
    if (args.has('up') && args.has('down'))
      throw new UsageError('--up and --down exclude each other; without either it goes both ways.');
    const operands = readOperands(args.positionals);
    if (operands.relays.length === 0) throw new UsageError('sync needs a relay, such as wss://relay.example.');
    const [filter = {}, ...more] = await askedFilters(args, operands, host, (text) => screen.note(text), {});
    if (more.length > 0) throw new UsageError('sync takes one filter at a time.');
    if (host.stoppedBy !== undefined) return host.stoppedBy;
    const store = await JsonLinesStore.open(path);
    if (store.unreadable > 0)
      screen.note(`${path}: lines that are no event, left alone: ${numberText(store.unreadable)}.`);
    let progress: SyncProgress | undefined;
    const pool = openPool(operands.relays, args, host);
    try {
      screen.show((frame, width, height, paint) =>
        renderBars(barsOf(operands.relays, progress), frame, width, height, paint),
      );
      const progress$ = pool
        .sync(filter, store, {
          ...timesOf(args, DEADLINE),
          direction: args.has('up') ? 'up' : args.has('down') ? 'down' : 'both',
          dryRun: args.has('dry-run'),
        })
        .pipe(
          within(undefined, host),
          tap((latest) => (progress = latest)),
        );
      await lastValueFrom(progress$, { defaultValue: undefined });
    } finally {
      screen.done(!screen.isForPeople);
      pool.close();
      await store.close();
    }
    if (!progress) return host.stoppedBy ?? ExitCode.nothing;
    const relays = Object.entries(progress.relays);
    if (!screen.isForPeople) {
      for (const [relay, state] of relays) {
        const { status, method, have, need, downloaded, uploaded, failed } = state;
        const message = troubleOf(state, relay);
        screen.json({ relay, status, method, have, need, downloaded, uploaded, failed, message: message || undefined });
        if (status !== 'done') screen.trouble(relay, message || status);
      }
    } else {
      const number = (title: string): { readonly title: string; readonly align: 'right' } => ({
        title,
        align: 'right',
      });
      const columns = [
        { title: 'relay' },
        { title: 'outcome' },
        { title: 'by' },
        number('lacked here'),
        number('lacked there'),
        number('fetched'),
        number('sent'),
        number('failed'),
        { title: '' },
      ];
      const rows = relays.map(([relay, state]) => [
        { text: relay },
        { text: state.status, colour: state.status === 'done' ? ('green' as const) : ('red' as const) },
        { text: state.method },
        ...[state.need, state.have, state.downloaded, state.uploaded, state.failed].map((value) => ({
          text: numberText(value),
        })),
        { text: troubleOf(state, relay), colour: 'dim' as const },
      ]);
      for (const line of renderTable(columns, rows, screen.width, screen.paint)) screen.line(line);
      screen.line(`${path}: ${numberText(store.size)} events, ${numberText(progress.downloaded)} of them new`);
    }
    return host.stoppedBy ?? exitCodeOf(relays.filter(([, { status }]) => status === 'done').length, relays.length);
  },
};

function barsOf(relays: readonly string[], progress: SyncProgress | undefined): readonly Bar[] {
  const states: Readonly<Record<string, RelaySync>> = progress?.relays ?? {};
  return relays.map((relay): Bar => {
    const state = states[relay];
    if (!state) return { name: relay, state: 'busy', text: 'reading the file' };
    const { status, have, need, downloaded, uploaded, failed } = state;
    const all = have + need;
    const done = downloaded + uploaded + failed;
    const text = `${numberText(downloaded)}/${numberText(need)} fetched, ${numberText(uploaded)}/${numberText(have)} sent`;
    if (status === 'pending') {
      return {
        name: relay,
        state: 'busy',
        share: all > 0 ? done / all : undefined,
        text: all > 0 ? text : 'comparing',
      };
    }
    const trouble = troubleOf(state, relay);
    const kind = status === 'done' ? 'done' : status === 'incomplete' ? 'partial' : 'failed';
    return {
      name: relay,
      state: kind,
      share: all > 0 ? done / all : 1,
      text: trouble === '' ? text : `${text}; ${trouble}`,
    };
  });
}

/** What was wrong, or unusual; empty where nothing was. */
function troubleOf({ status, why, reason, error, fallback }: RelaySync, relay: string): string {
  if (error) return withoutRelay(error.message, relay);
  if (reason) return harmless(reason.raw);
  if (why !== undefined) return harmless(why);
  return status === 'done' && fallback !== undefined ? harmless(fallback) : '';
}
