import { FilterError, PoolError } from '../index.ts';
import { type Flags, readArguments } from './arguments.ts';
import { type Command, commonFlags } from './command.ts';
import { count } from './count.ts';
import { ExitCode, LocalError, messageOf, UsageError } from './exit-code.ts';
import { commandHelp, generalHelp, NAME } from './help.ts';
import type { Host } from './host.ts';
import { info } from './info.ts';
import { monitor } from './monitor.ts';
import { paintFor } from './paint.ts';
import { publish } from './publish.ts';
import { relay } from './relay.ts';
import { req } from './req.ts';
import { Screen } from './screen.ts';
import { didYouMean } from './suggest.ts';
import { sync } from './sync.ts';

/** In the order of the help. */
export const commands: readonly Command[] = [req, publish, count, sync, info, monitor, relay];

const WIDEST_HELP = 110;

/** Runs a command line, and says with which code the process is to end. Never rejects. */
export async function run(argv: readonly string[], host: Host, version: string): Promise<number> {
  const [name, ...rest] = argv;
  const noColor = argv.includes('--no-color');
  const paint = paintFor(host.stdout, host.env, noColor);
  const width = Math.min(WIDEST_HELP, host.stdout.columns ?? WIDEST_HELP);
  const say = (text: string): number => {
    host.stdout.write(`${text}\n`);
    return ExitCode.ok;
  };
  try {
    if (name === '--version' || name === '-v' || name === 'version') return say(version);
    if (name === '--help' || name === '-h') return say(generalHelp(commands, version, width, paint));
    if (name === 'help')
      return say(
        rest[0] === undefined ? generalHelp(commands, version, width, paint) : commandHelp(find(rest[0]), width, paint),
      );
    if (name === undefined)
      throw new UsageError(`Which command? There are ${commands.map((each) => each.name).join(', ')}.`);
    const command = find(name);
    const args = readArguments(rest, flagsOf(command));
    if (args.has('help')) return say(commandHelp(command, width, paint));
    const screen = new Screen(host, { quiet: args.has('quiet'), noColor, json: args.has('json') });
    return await command.run({ args, screen, host });
  } catch (error) {
    return explain(error, commands.some((each) => each.name === name) ? `${NAME} ${name}` : NAME, host);
  }
}

/** All flags of a command. */
export function flagsOf({ flags }: Command): Flags {
  return { ...flags, ...commonFlags };
}

function find(name: string): Command {
  const command = commands.find((each) => each.name === name);
  if (command) return command;
  const names = commands.map((each) => each.name);
  const what = name.startsWith('-')
    ? 'The command comes first, flags behind it'
    : `There is no command ${name.slice(0, 80)}`;
  throw new UsageError(`${what}.${didYouMean(name, names) || ` There are ${names.join(', ')}.`}`);
}

/** Says what went wrong, and gives the code for it. */
function explain(error: unknown, where: string, { stderr, stoppedBy }: Host): number {
  if (stoppedBy !== undefined) return stoppedBy;
  const isUsage = error instanceof UsageError || error instanceof FilterError || error instanceof PoolError;
  if (isUsage) {
    stderr.write(`${where}: ${messageOf(error)}\nTry: npx ${where} --help\n`);
    return ExitCode.usage;
  }
  const isUnforeseen = !(error instanceof LocalError) && error instanceof Error;
  stderr.write(`${where}: ${isUnforeseen ? (error.stack ?? error.message) : messageOf(error)}\n`);
  return ExitCode.local;
}
