import { lastValueFrom, tap } from 'rxjs';
import type { NostrEvent, PublishReport, RelayPool, RelayUrl } from '../index.ts';
import { renderBars } from './bars.ts';
import type { Command, Context } from './command.ts';
import { eventFlags, eventOfFlags, eventOfJson, signedOf } from './event-flags.ts';
import { ExitCode, UsageError } from './exit-code.ts';
import { inputLines } from './input.ts';
import { openPool, poolFlags, secretKeyFor, timesOf, within } from './pool-flags.ts';
import { type Operands, readOperands } from './relay-arguments.ts';
import { outcomeOf, quorumOf, Tally } from './publish-tally.ts';
import type { Screen } from './screen.ts';
import { renderTable } from './table.ts';

/** Milliseconds until a relay that does not answer is given up. */
const DEADLINE = 10_000;
/** Events that are under way at a time. */
const CONCURRENCY = 16;

export const publish: Command = {
  name: 'publish',
  summary: 'send events to relays: signed ones, or made of flags and signed here',
  usage: '[flags] [event] [relay...]',
  about: [
    'Sends an event to every relay and reports what each says: a line of JSON for each event and relay, or a table on a terminal.',
    'Events come as JSON, as arguments or as lines at the standard input, or are made of flags, which also change what comes as JSON. What is not signed, or was changed, is signed with the secret key. Without a relay, prints the signed event.',
  ],
  flags: {
    ...eventFlags,
    quorum: {
      type: 'string',
      value: '<n>',
      help: 'how many relays have to accept each: a number, majority or all; all where nothing says it',
    },
    ...poolFlags,
  },
  examples: [
    { text: 'a note; the key is in NOSTR_SECRET_KEY', command: `publish -c 'hello' wss://relay.example` },
    {
      text: 'a reaction',
      command: `publish -k 7 -c + -e note1fntxtkcy9pjwucqwa9mddn7v03wwwsu9j330jj350nvhpky2tuaspk6nqc wss://relay.example`,
    },
    { text: 'a signed event, made elsewhere', command: `publish wss://relay.example <event.json` },
    {
      text: 'from one relay to another; well enough where one of two has it',
      command: `req -k 1 -l 5 wss://relay.example | npx rx-relay-pool publish --quorum 1 wss://relay.example`,
    },
    { text: 'sign, and send nothing', command: `publish -c 'hello' -t t=nostr` },
  ],
  run: async (context) => {
    const { args, host, screen } = context;
    const operands = readOperands(args.positionals);
    const quorum = quorumOf(args, operands.relays.length);
    let leftOut = 0;
    const events = signedEvents(context, operands, () => leftOut++);
    if (operands.relays.length === 0) {
      for await (const event of events) screen.json(event);
      if (screen.isForPeople) screen.note('No relay was given: nothing was sent.');
      return leftOut > 0 ? ExitCode.partial : ExitCode.ok;
    }
    const pool = openPool(operands.relays, args, host);
    const tally = new Tally(operands.relays, quorum);
    try {
      screen.show((frame, width, height, paint) => renderBars(tally.bars, frame, width, height, paint));
      const work = Array.from({ length: CONCURRENCY }, async () => {
        for (;;) {
          const next = await events.next();
          if (next.done || host.stoppedBy !== undefined) return;
          await send(pool, next.value, tally, context);
        }
      });
      await Promise.all(work);
      if (tally.events === 0 && host.stoppedBy === undefined) throw new UsageError('There was no event to send.');
    } finally {
      screen.done(!screen.isForPeople || tally.events !== 1);
      pool.close();
    }
    if (host.stoppedBy === undefined && screen.isForPeople && tally.events === 1) showTable(tally.last, screen);
    const { exitCode } = tally;
    return host.stoppedBy ?? (leftOut > 0 && exitCode === ExitCode.ok ? ExitCode.partial : exitCode);
  },
};

/**
 * The events of arguments, flags and input, signed. A line of the input that is none is told of and left out.
 *
 * @throws UsageError where an argument is none, or there is nothing at all.
 */
async function* signedEvents(
  { args, host, screen }: Context,
  operands: Operands,
  leftOut: () => void,
): AsyncGenerator<NostrEvent> {
  const part = eventOfFlags(args, host.now());
  const key = secretKeyFor(args, host);
  const sign = (text: string, where: string): NostrEvent =>
    signedOf(eventOfJson(text, where), part, key, host.now(), where);
  const given = operands.json.map((text) => sign(text, 'The argument'));
  yield* given;
  let count = given.length;
  const isEnough = part !== undefined || count > 0;
  for await (const { text, where } of inputLines(operands, host, isEnough, (words) => screen.note(words))) {
    count++;
    let event: NostrEvent;
    try {
      event = sign(text, where);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      screen.note(`${error.message} It is left out.`);
      leftOut();
      continue;
    }
    yield event;
  }
  if (count > 0) return;
  if (part) yield sign('{}', 'The event');
  else {
    throw new UsageError(
      `Say what to publish: flags such as -c 'hello', an event as JSON, or events at the standard input, a line each.`,
    );
  }
}

async function send(pool: RelayPool, event: NostrEvent, tally: Tally, { args, host, screen }: Context): Promise<void> {
  const { deadline } = timesOf(args, DEADLINE);
  tally.begin();
  let report: PublishReport | undefined;
  const told = new Set<string>();
  const progress$ = pool.publish(event, { deadline }).pipe(
    within(undefined, host),
    tap((latest) => {
      report = latest;
      for (const [relay, outcome] of Object.entries(latest.outcomes)) {
        if (outcome.status === 'pending' || told.has(relay)) continue;
        told.add(relay);
        tally.count(relay as RelayUrl, outcome);
        if (!screen.isForPeople) screen.json({ id: event.id, relay, ...outcomeOf(outcome, relay) });
      }
    }),
  );
  await lastValueFrom(progress$, { defaultValue: undefined });
  if (report && report.pending === 0) tally.end(report);
}

function showTable(report: PublishReport | undefined, screen: Screen): void {
  if (!report) return;
  screen.line(`${report.event.id}, kind ${report.event.kind}`);
  const rows = Object.entries(report.outcomes).map(([relay, outcome]) => [
    { text: relay },
    { text: outcome.status, colour: outcome.status === 'accepted' ? ('green' as const) : ('red' as const) },
    { text: outcomeOf(outcome, relay).message, colour: 'dim' as const },
  ]);
  const columns = [{ title: 'relay' }, { title: 'outcome' }, { title: 'what it said' }];
  for (const line of renderTable(columns, rows, screen.width, screen.paint)) screen.line(line);
}
