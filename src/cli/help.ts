import { type Flag, spelled } from './arguments.ts';
import { type Command, commonFlags } from './command.ts';
import type { Paint } from './paint.ts';
import { padEnd } from './text.ts';

/** The name that it is started by. */
export const NAME = 'rx-relay-pool';

const CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'every relay did what was asked'],
  ['1', 'some relays did, some did not'],
  ['2', 'the command line or the input is wrong; the message says what is right'],
  ['3', 'no relay did: none could be reached, or none accepted'],
  ['4', 'something on this machine failed, as a file or a port'],
  ['130', 'ended by Ctrl-C'],
];

/** The help for everything. */
export function generalHelp(commands: readonly Command[], version: string, width: number, paint: Paint): string {
  const examples = commands.flatMap(({ examples: [first] }) => (first ? [first] : []));
  return [
    `${paint('bold', NAME)} ${version}: Nostr relays from the command line`,
    '',
    section('Usage', paint),
    `  npx ${NAME} <command> [flags] [filter or event] [relay...]`,
    '',
    section('Commands', paint),
    ...pairs(
      commands.map(({ name, summary }) => [name, summary]),
      width,
      paint,
    ),
    '',
    section('Examples', paint),
    ...examples.map(({ command }) => `  npx ${NAME} ${command}`),
    '',
    section('Exit codes', paint),
    ...pairs(CODES, width, paint),
    '',
    `Results go to the standard output, as lines of JSON unless it is a terminal; all else to the standard error output. npx ${NAME} <command> --help tells more.`,
  ]
    .flatMap((line) => (line.startsWith('Results') ? wrapped(line, width) : [line]))
    .join('\n');
}

/** The help for one command. */
export function commandHelp({ name, usage, about, flags, examples }: Command, width: number, paint: Paint): string {
  return [
    section('Usage', paint),
    `  npx ${NAME} ${name} ${usage}`,
    '',
    ...about.flatMap((paragraph) => [...wrapped(paragraph, width), '']),
    section('Flags', paint),
    ...pairs(
      Object.entries<Flag>({ ...flags, ...commonFlags }).map(([flag, { short, value, help }]) => [
        spelling(flag, short, value),
        help,
      ]),
      width,
      paint,
    ),
    '',
    section('Examples', paint),
    ...examples.flatMap(({ text, command }) => [paint('dim', `  # ${text}`), `  npx ${NAME} ${command}`]),
  ].join('\n');
}

function spelling(name: string, short: string | undefined, value: string | undefined): string {
  const names = name.length === 1 ? spelled(name) : `${short === undefined ? '    ' : `-${short}, `}${spelled(name)}`;
  return value === undefined ? names : `${names} ${value}`;
}

function section(title: string, paint: Paint): string {
  return paint('bold', title);
}

/** Two columns, the second wrapped. */
function pairs(
  rows: readonly (readonly [left: string, right: string])[],
  width: number,
  paint: Paint,
): readonly string[] {
  const left = Math.max(...rows.map(([first]) => first.length));
  return rows.flatMap(([first, second]) =>
    wrapped(second, Math.max(24, width - left - 4)).map(
      (line, index) => `  ${index === 0 ? paint('cyan', padEnd(first, left)) : ' '.repeat(left)}  ${line}`,
    ),
  );
}

/** Lines of at most so many columns, broken at blanks. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
