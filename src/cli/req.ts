import { lastValueFrom, tap } from 'rxjs';
import { type Filter, type Packet, type RelayUrl, untilSettled } from '../index.ts';
import type { Command, Context } from './command.ts';
import { ExitCode } from './exit-code.ts';
import { filterFlags } from './filter-flags.ts';
import { askedFilters } from './input.ts';
import { openPool, poolFlags, timesOf, within } from './pool-flags.ts';
import { readOperands } from './relay-arguments.ts';
import { RelayStandings } from './relay-standings.ts';

/** Milliseconds for all stored events. */
const DEADLINE = 60_000;
/** Ids that are remembered, so that no event is printed twice. */
const REMEMBERED = 1_000_000;

export const req: Command = {
  name: 'req',
  summary: 'get events from relays: those stored, or with --stream also those to come',
  usage: '[flags] [filter] [relay...]',
  about: [
    'Prints each event once, as a line of JSON, verified, from whichever relay brings it first. Ends when every relay has said all that it has stored.',
    'The filter is what the flags say. Filters as JSON, as arguments or as lines at the standard input, are asked for too, with the flags added to each. Without a relay, prints the REQ that would be sent.',
  ],
  flags: {
    ...filterFlags,
    stream: { type: 'boolean', help: 'go on with live events until Ctrl-C, or --timeout' },
    packets: { type: 'boolean', help: 'print all that relays say: event, eose, closed, lost, gap' },
    bare: { type: 'boolean', help: 'without a relay: print the filters alone' },
    ...poolFlags,
  },
  examples: [
    { text: 'the ten newest notes', command: 'req -k 1 -l 10 wss://relay.example' },
    {
      text: 'what somebody wrote since yesterday',
      command:
        'req -k 1 -a npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg --since yesterday wss://relay.example',
    },
    { text: 'a filter as JSON, narrowed by a flag', command: `req '{"kinds":[0,1]}' -l 5 wss://relay.example` },
    { text: 'filters from elsewhere, a line each', command: `req -l 5 wss://relay.example <filters.jsonl` },
    {
      text: 'a tag, and its contents alone',
      command: `req -k 1 -t t=nostr -l 20 wss://relay.example | jq -r .content`,
    },
    { text: 'live, for ten seconds', command: 'req -k 1 -l 0 --stream --timeout 10s wss://relay.example' },
    { text: 'the message that would be sent', command: `req -k 1 -l 10` },
  ],
  run: async (context) => {
    const { args, host, screen } = context;
    const operands = readOperands(args.positionals);
    const filters = await askedFilters(args, operands, host, (text) => screen.note(text));
    if (host.stoppedBy !== undefined) return host.stoppedBy;
    if (operands.relays.length > 0) return ask(operands.relays, filters, context);
    if (args.has('bare')) for (const filter of filters) screen.json(filter);
    else screen.json(['REQ', 'rx-relay-pool', ...filters]);
    if (screen.isForPeople) screen.note('No relay was given: this is what would be asked.');
    return ExitCode.ok;
  },
};

async function ask(
  relays: readonly RelayUrl[],
  filters: readonly Filter[],
  { args, host, screen }: Context,
): Promise<number> {
  const isStream = args.has('stream');
  const times = timesOf(args, DEADLINE);
  const limits = filters.map(({ limit }) => limit);
  const limit = limits.reduce((sum, each) => (sum === undefined || each === undefined ? undefined : sum + each), 0);
  const standings = new RelayStandings(relays, limit, host.now());
  const pool = openPool(relays, args, host);
  try {
    screen.show(standings.drawing(() => host.now(), isStream));
    const packets$ = pool.packets(filters, isStream ? {} : { ...times, seenCapacity: REMEMBERED });
    // A stream is only over by a time that was asked for.
    const most = isStream && !args.has('timeout') ? undefined : times.deadline;
    await lastValueFrom(
      (isStream ? packets$ : packets$.pipe(untilSettled())).pipe(
        within(most, host),
        tap((packet) => {
          const trouble = standings.heard(packet, host.now());
          if (trouble !== undefined) screen.trouble(packet.relay, trouble);
          if (args.has('packets')) screen.json(packet);
          else if (isEvent(packet)) screen.json(packet.event);
        }),
      ),
      { defaultValue: undefined },
    );
    if (host.stoppedBy !== undefined) return host.stoppedBy;
    for (const relay of standings.over()) screen.trouble(relay, 'no end of the answer in time');
    return standings.exitCode;
  } finally {
    screen.done();
    pool.close();
  }
}

function isEvent(packet: Packet): packet is Extract<Packet, { type: 'event' }> {
  return packet.type === 'event';
}
