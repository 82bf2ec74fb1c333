import type { Filter } from '../index.ts';
import type { Arguments } from './arguments.ts';
import { UsageError } from './exit-code.ts';
import { checkFilters, filterOfFlags, filtersOfJson, withFlags } from './filter-flags.ts';
import type { Host } from './host.ts';
import type { Operands } from './relay-arguments.ts';

/** Milliseconds that an open pipe may be silent where the command line does without it. */
const MOST_PATIENCE = 10_000;
/** Filters that are asked at once. */
const MOST_FILTERS = 1_000;

/**
 * The lines at the standard input, blank ones left out, each with what it is called in a message. Where the command line says enough by itself, a
 * pipe that stays open without a word is an error after a while, rather than a wait for ever or input that is left out.
 *
 * @param patience - Milliseconds for that.
 * @throws UsageError then.
 */
export async function* inputLines(
  { input }: Pick<Host, 'input'>,
  isNeeded: boolean,
  patience = MOST_PATIENCE,
): AsyncGenerator<{ readonly text: string; readonly where: string }> {
  const lines = input.lines()[Symbol.asyncIterator]();
  let number = 0;
  for (;;) {
    const next = lines.next();
    const result = await (isNeeded || number > 0 ? next : orSilence(next, patience));
    if (result.done) return;
    number++;
    if (result.value.trim() !== '') yield { text: result.value, where: `Line ${number} of the input` };
  }
}

/** Whether the standard input is to be read: a dash says so, and so does a pipe or a file. */
export function readsInput(operands: Operands, { input }: Pick<Host, 'input'>): boolean {
  return operands.readsInput || input.isPiped;
}

/**
 * The filters of a command: of the arguments and of the standard input, the flags added to each.
 *
 * @throws UsageError where there is none, or one is wrong.
 */
export async function askedFilters(args: Arguments, operands: Operands, host: Host): Promise<readonly Filter[]> {
  const now = host.now();
  const flags = filterOfFlags(args, now);
  const filters: Filter[] = operands.json.flatMap((text) => filtersOfJson(text, now, 'The argument'));
  if (readsInput(operands, host)) {
    const isNeeded = operands.readsInput || (flags === undefined && filters.length === 0);
    for await (const { text, where } of inputLines(host, isNeeded)) {
      filters.push(...filtersOfJson(text, now, where));
      if (filters.length > MOST_FILTERS)
        throw new UsageError(`These are more than ${MOST_FILTERS} filters: ask for less at a time.`);
    }
  }
  if (flags === undefined && filters.length === 0) {
    throw new UsageError(
      `Say what to ask for: flags such as -k 1 -l 10, or a filter such as '{"kinds":[1]}'; '{}' is everything.`,
    );
  }
  return checkFilters(
    filters.length === 0 && flags ? [flags] : filters.map((filter) => withFlags(filter, flags ?? {})),
  );
}

async function orSilence<T>(next: Promise<T>, patience: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    const message =
      'Nothing comes through the pipe at the standard input, and it stays open. Close it (</dev/null), or write - as an argument to wait for it.';
    timer = setTimeout(() => reject(new UsageError(message)), patience);
  });
  try {
    return await Promise.race([next, silence]);
  } finally {
    clearTimeout(timer);
  }
}
