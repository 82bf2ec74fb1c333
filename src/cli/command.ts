import type { Arguments, Flags } from './arguments.ts';
import type { Host } from './host.ts';
import type { Screen } from './screen.ts';

/** What a command may use while it runs. */
export interface Context {
  readonly args: Arguments;
  readonly screen: Screen;
  readonly host: Host;
}

/** A command line that is known to work, in the help. */
export interface Example {
  readonly text: string;
  readonly command: string;
}

export interface Command {
  readonly name: string;
  /** A line for the list of commands. */
  readonly summary: string;
  /** What stands behind the name. */
  readonly usage: string;
  /** Paragraphs for its help. */
  readonly about: readonly string[];
  readonly flags: Flags;
  readonly examples: readonly Example[];
  /** Does it, and says with which code the process ends; see `ExitCode`. */
  run(context: Context): Promise<number>;
}

/** The flags that every command has. */
export const commonFlags = {
  json: { type: 'boolean', help: 'JSON lines on a terminal too' },
  quiet: { type: 'boolean', short: 'q', help: 'nothing but the result: no progress, no troubles' },
  'no-color': { type: 'boolean', help: 'no colours; NO_COLOR does the same' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
} as const satisfies Flags;
