import type { Filter } from '../index.ts';
import type { Arguments } from './arguments.ts';
import { UsageError } from './exit-code.ts';
import { checkFilters, filterOfFlags, filtersOfJson, withFlags } from './filter-flags.ts';
import type { Host } from './host.ts';
import type { Operands } from './relay-arguments.ts';

/** How long an open pipe may be silent where the command line does without it, in milliseconds. */
interface Patience {
  /** After that it is an error. */
  readonly pipe: number;
  /** After that it is left alone, where it may be there by default. */
  readonly idle: number;
}

const PATIENCE: Patience = { pipe: 10_000, idle: 1_000 };
/** Filters that are asked at once. */
const MOST_FILTERS = 1_000;

/** A line, and what it is called in a message. */
export interface InputLine {
  readonly text: string;
  readonly where: string;
}

/**
 * The lines at the standard input, blank ones left out; none where there is no pipe or file and no dash asks for it. Where the command line says
 * enough by itself, a pipe that stays open without a word is neither waited for without end nor left out without a word.
 *
 * @param isEnough - Whether the command line says enough.
 * @param note - Told when it is left alone.
 * @throws UsageError when nothing comes through a pipe.
 */
export async function* inputLines(
  { readsInput }: Operands,
  { input }: Pick<Host, 'input'>,
  isEnough: boolean,
  note: (text: string) => void,
  patience = PATIENCE,
): AsyncGenerator<InputLine> {
  if (!readsInput && !input.isPiped) return;
  const lines = input.lines()[Symbol.asyncIterator]();
  for (let number = 1; ; number++) {
    const next = lines.next();
    const isAwaited = readsInput || !isEnough || number > 1;
    const result = isAwaited ? await next : await orSilence(next, input.mayBeIdle ? patience.idle : patience.pipe);
    if (result === 'silence') {
      // Who reads on must not be told that the reading broke off.
      next.catch(() => undefined);
      if (!input.mayBeIdle)
        throw new UsageError(`${SILENCE} Close it (</dev/null), or write - as an argument to wait for it.`);
      return note(`${SILENCE} It is left alone; write - as an argument to wait for it.`);
    }
    if (result.done) return;
    if (result.value.trim() !== '') yield { text: result.value, where: `Line ${number} of the input` };
  }
}

const SILENCE = 'Nothing comes through the pipe at the standard input, and it stays open.';

/**
 * The filters of a command: of the arguments and of the standard input, the flags added to each.
 *
 * @param fallback - What is asked for where nothing says it.
 * @throws UsageError where there is none, or one is wrong.
 */
export async function askedFilters(
  args: Arguments,
  operands: Operands,
  host: Host,
  note: (text: string) => void,
  fallback?: Filter,
): Promise<readonly Filter[]> {
  const now = host.now();
  const flags = filterOfFlags(args, now);
  const filters = operands.json.flatMap((text) => filtersOfJson(text, now, 'The argument'));
  const isEnough = flags !== undefined || filters.length > 0 || fallback !== undefined;
  for await (const { text, where } of inputLines(operands, host, isEnough, note)) {
    filters.push(...filtersOfJson(text, now, where));
    if (filters.length > MOST_FILTERS) {
      throw new UsageError(`These are more than ${MOST_FILTERS} filters: ask for less at a time.`);
    }
  }
  if (filters.length > 0) return checkFilters(filters.map((filter) => withFlags(filter, flags ?? {})));
  const only = flags ?? fallback;
  if (only) return checkFilters([only]);
  throw new UsageError(
    `Say what to ask for: flags such as -k 1 -l 10, or a filter such as '{"kinds":[1]}'; '{}' is everything.`,
  );
}

async function orSilence<T>(next: Promise<T>, patience: number): Promise<T | 'silence'> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<'silence'>((resolve) => {
    timer = setTimeout(() => resolve('silence'), patience);
  });
  try {
    return await Promise.race([next, silence]);
  } finally {
    clearTimeout(timer);
  }
}
