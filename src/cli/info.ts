import { catchError, lastValueFrom, map, of } from 'rxjs';
import { fetchRelayInformation, type RelayInformation, type RelayUrl } from '../index.ts';
import type { Command } from './command.ts';
import { exitCodeOf, messageOf, UsageError } from './exit-code.ts';
import { poolFlags, timesOf, within } from './pool-flags.ts';
import type { Paint } from './paint.ts';
import { readOperands } from './relay-arguments.ts';
import { withoutRelay } from './relay-standings.ts';
import { harmless, padEnd } from './text.ts';
import { spanText } from './times.ts';

/** Milliseconds for a document. */
const DEADLINE = 5_000;

export const info: Command = {
  name: 'info',
  summary: 'what relays say about themselves (NIP-11)',
  usage: '[flags] <relay...>',
  about: [
    'Prints a line of JSON for each relay, or a sheet on a terminal. All of it is the word of the relay. A relay without a document may well work.',
  ],
  flags: { timeout: poolFlags.timeout },
  examples: [
    { text: 'for people', command: 'info wss://relay.example' },
    { text: 'the NIPs that it knows', command: 'info wss://relay.example | jq -c .supportedNips' },
  ],
  run: async ({ args, host, screen }) => {
    const { relays, json } = readOperands(args.positionals);
    if (relays.length === 0 || json.length > 0) throw new UsageError('info takes relays, such as wss://relay.example.');
    const { deadline: timeout } = timesOf(args, DEADLINE);
    let found = 0;
    const answers = relays.map((relay) =>
      lastValueFrom(
        fetchRelayInformation(relay, { timeout }).pipe(
          within(undefined, host),
          map((information) => ({ information, error: undefined })),
          catchError((error: unknown) => of({ information: undefined, error })),
        ),
        { defaultValue: undefined },
      ),
    );
    // In the order in which they were named, each as soon as those before it are known.
    for (const [index, relay] of relays.entries()) {
      const answer = await answers[index];
      if (!answer) break;
      const { information, error } = answer;
      if (!information) {
        screen.note(`${relay}: ${withoutRelay(messageOf(error), relay)}`);
        continue;
      }
      if (!screen.isForPeople) screen.json({ relay, ...information });
      else
        for (const line of sheetOf(relay, information, screen.paint))
          screen.line(`${found > 0 && line.includes(relay) ? '\n' : ''}${line}`);
      found++;
    }
    return host.stoppedBy ?? exitCodeOf(found, relays.length);
  },
};

/** A document for people: what there is of it, the names of the fields aligned. */
function sheetOf(relay: RelayUrl, information: RelayInformation, paint: Paint): readonly string[] {
  const { limits, retention, supportedNips, countries, languages, tags, ...texts } = information;
  const fields: readonly (readonly [name: string, value: string])[] = [
    ...Object.entries(texts).map(([name, value]) => [words(name), harmless(value)] as const),
    ['NIPs', supportedNips.join(', ')],
    ['countries', countries.join(', ')],
    ['languages', languages.map(harmless).join(', ')],
    ['tags', tags.map(harmless).join(', ')],
    ...(Object.entries(limits) as (readonly [string, number | boolean])[]).map(
      ([name, value]) => [words(name), limitText(value)] as const,
    ),
    ...retention.map(({ kinds, seconds, count }) => {
      const which = kinds?.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ') ?? 'all kinds';
      const time = seconds === undefined ? [] : [seconds === Infinity ? 'for ever' : spanText(seconds * 1_000)];
      return ['keeps', [`${which}:`, ...time, ...(count === undefined ? [] : [`${count} events`])].join(' ')] as const;
    }),
  ];
  const shown = fields.filter(([, value]) => value !== '');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return [paint('bold', relay), ...shown.map(([name, value]) => `  ${paint('dim', padEnd(name, width))}  ${value}`)];
}

/** `maxMessageLength` as `max message length`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function limitText(value: number | boolean): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return value.toLocaleString('en-US');
}
