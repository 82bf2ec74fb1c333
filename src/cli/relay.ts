import { lastValueFrom, skip } from 'rxjs';
import type { NostrEvent } from '../index.ts';
import type * as testing from '../testing/index.ts';
import type { Command, Context } from './command.ts';
import { ExitCode, LocalError, messageOf, UsageError } from './exit-code.ts';
import { JsonLinesStore } from './json-lines-store.ts';
import { within } from './pool-flags.ts';
import { relayFlags, relayOptionsOf } from './relay-faults.ts';
import { numberText } from './text.ts';
import { parseDuration } from './times.ts';

/** Notes that are made up at most; each is signed, which takes about a millisecond. */
const MOST_MADE_UP = 100_000;

export const relay: Command = {
  name: 'relay',
  summary: 'run a relay for tests on this machine, with any fault that a relay can have',
  usage: '[flags]',
  about: [
    'A whole relay (NIP-01, 09, 11, 40, 42, 45, 50, 67, 70 and 77) that keeps its events in memory, listens on 127.0.0.1 alone, and ends with Ctrl-C. All faults are off unless a flag says otherwise.',
    'The first line of the output is {"type":"listening","url":...}. After that comes a line of JSON for each message that it receives, and for each change of how many connections there are.',
  ],
  flags: {
    ...relayFlags,
    timeout: { type: 'string', value: '<time>', help: 'for how long; until Ctrl-C where nothing says it' },
  },
  examples: [
    { text: 'on a port, with something to read', command: 'relay --port 7777 --fill 100' },
    {
      text: 'one that is slow, gives ten events at most, and does not say so',
      command: 'relay --fill 100 --delay 50-300ms --cap 10 --hides-more',
    },
    {
      text: 'one that wants a key and refuses all the same',
      command: `relay --auth-for all --auth-rejected-with 'restricted: members only'`,
    },
    { text: 'one that lies', command: 'relay --fill 5 --lie forged-signature' },
  ],
  run: async (context) => {
    const { args, host, screen } = context;
    if (args.positionals.length > 0)
      throw new UsageError(`relay takes flags alone, not '${args.positionals[0]?.slice(0, 80)}'.`);
    const timeout = args.text('timeout');
    const most = timeout === undefined ? undefined : parseDuration(timeout, 'timeout');
    const options = relayOptionsOf(args, host.now());
    // Loaded by those alone who run a relay.
    const loaded = await import('../testing/index.ts');
    const events = await eventsFor(context, loaded);
    let server: testing.TestRelay;
    try {
      server = await loaded.TestRelay.start(options);
    } catch (error) {
      throw new LocalError(
        `The relay cannot listen: ${messageOf(error)}. Take another --port, or none for any that is free.`,
      );
    }
    try {
      server.seed(events);
      screen.json({ type: 'listening', url: server.url });
      if (screen.isForPeople) screen.note(`${server.url} has ${numberText(events.length)} events; Ctrl-C ends it.`);
      const logs = server.received$.subscribe(({ at, connection, message }) =>
        screen.json({ at, connection, message }),
      );
      logs.add(
        server.connectionCount$.pipe(skip(1)).subscribe((connections) => screen.json({ at: host.now(), connections })),
      );
      await lastValueFrom(server.received$.pipe(within(most, host)), { defaultValue: undefined });
      logs.unsubscribe();
    } finally {
      await server.stop();
    }
    return host.stoppedBy ?? ExitCode.ok;
  },
};

/** What the relay has from the beginning: of a file, and made up. */
async function eventsFor(
  { args, host, screen }: Context,
  { signedEvent, testKey }: Pick<typeof testing, 'signedEvent' | 'testKey'>,
): Promise<readonly NostrEvent[]> {
  const path = args.text('events');
  const count = args.number('fill', 0, MOST_MADE_UP) ?? 0;
  const newest = Math.floor(host.now() / 1_000);
  const madeUp = Array.from({ length: count }, (_, index) =>
    signedEvent({ content: `note ${index + 1}`, created_at: newest - 60 * index }, testKey(index % 10)),
  );
  if (path === undefined) return madeUp;
  const store = await JsonLinesStore.open(path);
  if (store.size === 0) throw new LocalError(`${path} has no events.`);
  if (store.unreadable > 0)
    screen.note(`${path}: lines that are no event, left alone: ${numberText(store.unreadable)}.`);
  return [...store.list({}), ...madeUp];
}
