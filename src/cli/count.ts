import { lastValueFrom, tap } from 'rxjs';
import type { CountOutcome, CountReport } from '../index.ts';
import { type Bar, renderBars } from './bars.ts';
import type { Command } from './command.ts';
import { ExitCode, exitCodeOf } from './exit-code.ts';
import { filterFlags } from './filter-flags.ts';
import { askedFilters } from './input.ts';
import { openPool, poolFlags, timesOf, within } from './pool-flags.ts';
import { readOperands } from './relay-arguments.ts';
import { withoutRelay } from './relay-standings.ts';
import { renderTable } from './table.ts';
import { harmless, numberText } from './text.ts';

/** Milliseconds for all answers. */
const DEADLINE = 60_000;

export const count: Command = {
  name: 'count',
  summary: 'ask relays how many events they have (NIP-45)',
  usage: '[flags] [filter] <relay...>',
  about: [
    'Prints one line of JSON: the best that is known of all relays together, and the answer of each; or a table on a terminal. Relays have the same events, so their counts are not added: where they send HyperLogLogs those are merged, else the highest answer stands.',
    'Filters are given as for req. Without a relay, prints the COUNT that would be sent.',
  ],
  flags: { ...filterFlags, ...poolFlags },
  examples: [
    {
      text: 'followers',
      command: 'count -k 3 -p npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg wss://relay.example',
    },
    { text: 'the number alone', command: 'count -k 1 -t t=nostr wss://relay.example | jq .count' },
    {
      text: 'reactions of the last day, a filter as JSON',
      command: `count '{"kinds":[7],"since":"1 day ago"}' wss://relay.example`,
    },
  ],
  run: async ({ args, host, screen }) => {
    const operands = readOperands(args.positionals);
    const filters = await askedFilters(args, operands, host, (text) => screen.note(text));
    if (host.stoppedBy !== undefined) return host.stoppedBy;
    if (operands.relays.length === 0) {
      screen.json(['COUNT', 'rx-relay-pool', ...filters]);
      if (screen.isForPeople) screen.note('No relay was given: this is what would be asked.');
      return ExitCode.ok;
    }
    const pool = openPool(operands.relays, args, host);
    let report: CountReport | undefined;
    try {
      screen.show((frame, width, height, paint) =>
        renderBars(barsOf(operands.relays, report), frame, width, height, paint),
      );
      const progress$ = pool.count(filters, timesOf(args, DEADLINE)).pipe(
        within(undefined, host),
        tap((latest) => (report = latest)),
      );
      await lastValueFrom(progress$, { defaultValue: undefined });
    } finally {
      screen.done(!screen.isForPeople);
      pool.close();
    }
    if (host.stoppedBy !== undefined || !report) return host.stoppedBy ?? ExitCode.nothing;
    const outcomes = Object.entries(report.outcomes);
    if (screen.isForPeople) {
      const rows = outcomes.map(([relay, outcome]) => [
        { text: relay },
        { text: outcome.status === 'counted' ? numberText(outcome.count) : '-' },
        { text: textOf(outcome, relay), colour: outcome.status === 'counted' ? ('dim' as const) : ('red' as const) },
      ]);
      const columns = [{ title: 'relay' }, { title: 'events', align: 'right' as const }, { title: '' }];
      for (const line of renderTable(columns, rows, screen.width, screen.paint)) screen.line(line);
      const authors = report.authors === undefined ? '' : `, of about ${numberText(report.authors)} authors`;
      if (report.counted > 0)
        screen.line(screen.paint('bold', `${report.approximate ? 'about ' : ''}${numberText(report.count)}${authors}`));
    } else {
      const relays = Object.fromEntries(outcomes.map(([relay, outcome]) => [relay, jsonOf(outcome, relay)]));
      const { count: best, approximate, authors, hll } = report;
      screen.json({ count: best, approximate, authors, hll, relays });
      for (const [relay, outcome] of outcomes)
        if (outcome.status !== 'counted') screen.trouble(relay, textOf(outcome, relay));
    }
    return exitCodeOf(report.counted, outcomes.length);
  },
};

function barsOf(relays: readonly string[], report: CountReport | undefined): readonly Bar[] {
  const outcomes: Readonly<Record<string, CountOutcome>> = report?.outcomes ?? {};
  return relays.map((relay): Bar => {
    const outcome = outcomes[relay];
    if (!outcome || outcome.status === 'pending') return { name: relay, state: 'busy', text: 'counting' };
    const state = outcome.status === 'counted' ? 'done' : 'failed';
    return {
      name: relay,
      state,
      share: 1,
      text: outcome.status === 'counted' ? numberText(outcome.count) : textOf(outcome, relay),
    };
  });
}

function textOf(outcome: CountOutcome, relay: string): string {
  switch (outcome.status) {
    case 'counted':
      return outcome.approximate ? 'approximately, it says' : '';
    case 'unsupported':
    case 'rejected':
      return `${outcome.status}: ${harmless(outcome.reason.raw)}`;
    case 'silent':
      return outcome.notice === undefined
        ? 'silent, as relays are that do not count'
        : `silent: ${harmless(outcome.notice)}`;
    case 'unreachable':
      return outcome.error ? `unreachable: ${withoutRelay(outcome.error.message, relay)}` : 'unreachable';
    default:
      return outcome.status;
  }
}

function jsonOf(outcome: CountOutcome, relay: string): Readonly<Record<string, unknown>> {
  if (outcome.status === 'counted') return outcome;
  return { status: outcome.status, message: textOf(outcome, relay) };
}
