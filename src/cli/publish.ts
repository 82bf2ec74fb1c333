import { lastValueFrom, tap } from 'rxjs';
import type { NostrEvent, PublishOutcome, PublishReport, RelayPool, RelayUrl } from '../index.ts';
import type { Arguments } from './arguments.ts';
import type { Bar } from './bars.ts';
import { renderBars } from './bars.ts';
import type { Command, Context } from './command.ts';
import { type EventInput, eventFlags, eventOfFlags, eventOfJson, signedOf } from './event-flags.ts';
import { ExitCode, exitCodeOf, UsageError } from './exit-code.ts';
import { inputLines, readsInput } from './input.ts';
import { openPool, poolFlags, secretKeyFor, timesOf, within } from './pool-flags.ts';
import { type Operands, readOperands } from './relay-arguments.ts';
import { withoutRelay } from './relay-standings.ts';
import type { Screen } from './screen.ts';
import { renderTable } from './table.ts';
import { harmless, numberText } from './text.ts';

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
    const events = signedEvents(context, operands);
    if (operands.relays.length === 0) {
      for await (const event of events) screen.json(event);
      if (screen.isForPeople) screen.note('No relay was given: nothing was sent.');
      return ExitCode.ok;
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
      if (tally.events === 0 && host.stoppedBy === undefined) throw new UsageError('There is no event in the input.');
    } finally {
      screen.done(!screen.isForPeople || tally.events !== 1);
      pool.close();
    }
    if (host.stoppedBy === undefined && screen.isForPeople && tally.events === 1) showTable(tally.last, screen);
    return host.stoppedBy ?? tally.exitCode;
  },
};

/** The events of arguments, flags and input, signed. A line that is none is an error before anything of it is sent. */
async function* signedEvents({ args, host }: Context, operands: Operands): AsyncGenerator<NostrEvent> {
  const part = eventOfFlags(args, host.now());
  const key = secretKeyFor(args, host);
  const sign = (input: EventInput, where: string): NostrEvent => signedOf(input, part, key, host.now(), where);
  for (const text of operands.json) yield sign(eventOfJson(text, 'The argument'), 'The argument');
  const isEnough = part !== undefined || operands.json.length > 0;
  let count = operands.json.length;
  if (readsInput(operands, host)) {
    for await (const { text, where } of inputLines(host, operands.readsInput || !isEnough)) {
      count++;
      yield sign(eventOfJson(text, where), where);
    }
  }
  if (count > 0) return;
  if (!part)
    throw new UsageError(
      `Say what to publish: flags such as -c 'hello', an event as JSON, or events at the standard input, a line each.`,
    );
  yield sign({}, 'The event');
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

/** How many relays have to accept an event. */
function quorumOf(args: Arguments, relays: number): number {
  const text = args.text('quorum');
  if (text === undefined || text === 'all') return relays;
  if (text === 'majority') return Math.floor(relays / 2) + 1;
  const most = Math.max(1, relays);
  const quorum = args.number('quorum', 1, Number.MAX_SAFE_INTEGER) ?? most;
  if (quorum > most)
    throw new UsageError(
      `--quorum ${quorum} takes as many relays; there ${relays === 1 ? 'is 1' : `are ${relays}`}. Nothing was sent.`,
    );
  return quorum;
}

interface RelayTally {
  accepted: number;
  settled: number;
  trouble: string | undefined;
}

/** What became of all events so far. */
class Tally {
  readonly #relays: Map<RelayUrl, RelayTally>;
  /** Events that were begun. */
  events = 0;
  last: PublishReport | undefined;
  /** Events that enough relays accepted, and those that any did. */
  #met = 0;
  #accepted = 0;

  constructor(
    relays: readonly RelayUrl[],
    private readonly quorum: number,
  ) {
    this.#relays = new Map(relays.map((relay) => [relay, { accepted: 0, settled: 0, trouble: undefined }]));
  }

  begin(): void {
    this.events++;
  }

  count(relay: RelayUrl, outcome: PublishOutcome): void {
    const tally = this.#relays.get(relay);
    if (!tally) return;
    tally.settled++;
    if (outcome.status === 'accepted') tally.accepted++;
    else tally.trouble = wordsFor(outcome, relay);
  }

  end(report: PublishReport): void {
    this.last = report;
    if (report.accepted >= this.quorum) this.#met++;
    if (report.accepted > 0) this.#accepted++;
  }

  get exitCode(): number {
    if (this.#met === this.events) return ExitCode.ok;
    return exitCodeOf(this.#accepted > 0 ? 1 : 0, 2);
  }

  get bars(): readonly Bar[] {
    return [...this.#relays].map(([relay, { accepted, settled, trouble }]): Bar => {
      const counted = `${numberText(accepted)} of ${numberText(this.events)} accepted`;
      const isBusy = settled < this.events || this.events === 0;
      const state = isBusy ? 'busy' : accepted === this.events ? 'done' : accepted > 0 ? 'partial' : 'failed';
      const share = this.events > 1 ? settled / this.events : undefined;
      return {
        name: relay,
        state,
        share: isBusy ? share : 1,
        text: trouble === undefined ? counted : `${counted}; ${trouble}`,
      };
    });
  }
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

function outcomeOf(outcome: PublishOutcome, relay: string): { readonly status: string; readonly message: string } {
  const { status } = outcome;
  if ('reason' in outcome) return { status, message: harmless(outcome.reason.raw) };
  return { status, message: 'error' in outcome && outcome.error ? withoutRelay(outcome.error.message, relay) : '' };
}

function wordsFor(outcome: PublishOutcome, relay: string): string {
  const { status, message } = outcomeOf(outcome, relay);
  return message === '' ? status : `${status}: ${message}`;
}
