import { parseArgs } from 'node:util';
import { UsageError } from './exit-code.ts';
import { didYouMean } from './suggest.ts';

/** A flag of a command. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  /** One letter. */
  readonly short?: string;
  /** It may be given several times. @default false */
  readonly multiple?: boolean;
  /** What stands for its value in the help. */
  readonly value?: string;
  readonly help: string;
}

/** By the name without dashes. A name of one letter is written with one dash. */
export type Flags = Readonly<Record<string, Flag>>;

/** A command line that was read: flags by their names, and what stands beside them. */
export class Arguments {
  constructor(
    private readonly values: ReadonlyMap<string, readonly string[]>,
    readonly positionals: readonly string[],
  ) {}

  /** Whether the flag was given. */
  has(name: string): boolean {
    return this.values.has(name);
  }

  text(name: string): string | undefined {
    return this.values.get(name)?.at(-1);
  }

  texts(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  /**
   * A whole number.
   *
   * @throws UsageError where it is none, or out of the range.
   */
  number(name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    throw new UsageError(`--${name} takes a whole number ${range}, not '${text}'.`);
  }

  /**
   * One of some words.
   *
   * @throws UsageError where it is none of them.
   */
  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new UsageError(`--${name} takes ${words.join(', ')}, not '${text}'.${didYouMean(text, words)}`);
  }
}

/** As it is written on the command line. */
export function spelled(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

/**
 * Reads a command line.
 *
 * @throws UsageError for a flag that there is not, one without its value, or one that is given twice and may not be.
 */
export function readArguments(argv: readonly string[], flags: Flags): Arguments {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, short }]) => [
      name,
      { type, multiple: true, ...(short === undefined ? {} : { short }) },
    ]),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (!flag)
      throw new UsageError(`There is no flag ${rawName}.${didYouMean(rawName, Object.keys(flags).map(spelled))}`);
    if (flag.type === 'boolean' && value !== undefined) throw new UsageError(`${rawName} takes no value.`);
    if (flag.type === 'string' && (value === undefined || looksLikeFlag(token.inlineValue, value))) {
      const example = `${rawName}${rawName.startsWith('--') ? '=' : ''}${value ?? flag.value ?? ''}`;
      throw new UsageError(
        `${rawName} needs a value${value === undefined ? '' : `; if it is '${value}', write ${example}`}.`,
      );
    }
    const before = values.get(name);
    if (before && !flag.multiple && flag.type === 'string') throw new UsageError(`${spelled(name)} is given twice.`);
    values.set(name, [...(before ?? []), ...(value === undefined ? [] : [value])]);
  }
  return new Arguments(values, positionals);
}

/** `--limit --json` has lost the number; a lone dash and negative numbers are values. */
function looksLikeFlag(isInline: boolean | undefined, value: string): boolean {
  return isInline === false && /^-[^\d]/.test(value);
}
