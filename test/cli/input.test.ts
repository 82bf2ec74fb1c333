import { describe, expect, it } from 'vitest';
import { readArguments } from '../../src/cli/arguments.ts';
import { filterFlags } from '../../src/cli/filter-flags.ts';
import type { Filter } from '../../src/index.ts';
import type { Host } from '../../src/cli/host.ts';
import { askedFilters, inputLines } from '../../src/cli/input.ts';
import { readOperands } from '../../src/cli/relay-arguments.ts';
import { splitLines } from '../../src/cli/split-lines.ts';

async function* chunksOf(...texts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield typeof text === 'string' ? new TextEncoder().encode(text) : text;
}
const never: AsyncIterable<string> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
};
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
};
const hostOf = (lines: AsyncIterable<string>, input: Partial<Host['input']> = {}): Pick<Host, 'input' | 'now'> => ({
  input: { isPiped: true, mayBeIdle: false, lines: () => lines, ...input },
  now: () => 0,
});
const asked = (argv: string[], text: string | undefined, fallback?: Filter) => {
  const args = readArguments(argv, filterFlags);
  const host = hostOf(splitLines(chunksOf(text ?? '')), { isPiped: text !== undefined });
  return askedFilters(args, readOperands(args.positionals), host as Host, () => undefined, fallback);
};
const quick = { pipe: 5, idle: 5 };
const operands = { relays: [], json: [], readsInput: false };

describe('splitLines', () => {
  it('joins what comes in pieces, also in the middle of a character', async () => {
    const bytes = new TextEncoder().encode('aß\nb\r\n\nc');
    for (let at = 0; at <= bytes.length; at++) {
      expect(await all(splitLines(chunksOf(bytes.slice(0, at), bytes.slice(at))))).toEqual(['aß', 'b', '', 'c']);
    }
  });

  it('has no line behind the last end of a line', async () => {
    expect(await all(splitLines(chunksOf('a\n')))).toEqual(['a']);
    expect(await all(splitLines(chunksOf()))).toEqual([]);
  });

  it('refuses a line that is too long', async () => {
    await expect(all(splitLines(chunksOf('12345', '6'), 5))).rejects.toThrow('longer than 5 characters');
    expect(await all(splitLines(chunksOf('12345\n', '67'), 5))).toEqual(['12345', '67']);
  });
});

describe('inputLines', () => {
  it('numbers the lines, blank ones too, and leaves those out', async () => {
    const lines = inputLines(operands, hostOf(splitLines(chunksOf('a\n\nb'))), true, () => undefined);
    expect(await all(lines)).toEqual([
      { text: 'a', where: 'Line 1 of the input' },
      { text: 'b', where: 'Line 3 of the input' },
    ]);
  });

  it('reads nothing where there is no pipe, unless a dash says so', async () => {
    const host = hostOf(splitLines(chunksOf('a')), { isPiped: false });
    expect(await all(inputLines(operands, host, true, () => undefined))).toEqual([]);
    expect(await all(inputLines({ ...operands, readsInput: true }, host, true, () => undefined))).toHaveLength(1);
  });

  it('refuses a pipe that stays open without a word where the command line says enough', async () => {
    await expect(all(inputLines(operands, hostOf(never), true, () => undefined, quick))).rejects.toThrow(
      'Nothing comes through the pipe at the standard input, and it stays open. Close it (</dev/null), or write - as an argument',
    );
  });

  it('leaves one alone that may be there by default, and says so', async () => {
    const notes: string[] = [];
    const lines = inputLines(operands, hostOf(never, { mayBeIdle: true }), true, (text) => notes.push(text), quick);
    expect(await all(lines)).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('It is left alone')]);
  });

  it.each([
    ['a dash', { ...operands, readsInput: true }, true],
    ['nothing else to do', operands, false],
  ])('waits for it with %s', async (_, given, isEnough) => {
    const late = (async function* () {
      await new Promise((resolve) => setTimeout(resolve, 60));
      yield 'a';
    })();
    expect(await all(inputLines(given, hostOf(late), isEnough, () => undefined, quick))).toHaveLength(1);
  });

  it('waits for the second line once there was a first', async () => {
    const slow = (async function* () {
      yield 'a';
      await new Promise((resolve) => setTimeout(resolve, 60));
      yield 'b';
    })();
    expect(await all(inputLines(operands, hostOf(slow), true, () => undefined, { pipe: 20, idle: 20 }))).toHaveLength(
      2,
    );
  });
});

describe('askedFilters', () => {
  it('adds the flags to each filter of arguments and input', async () => {
    expect(await asked(['{"kinds":[1]}', '-l', '2'], '{"kinds":[0],"limit":9}\n["REQ","x",{"kinds":[7]}]')).toEqual([
      { kinds: [1], limit: 2 },
      { kinds: [0], limit: 2 },
      { kinds: [7], limit: 2 },
    ]);
  });

  it('takes the flags alone, and the fallback without any', async () => {
    expect(await asked(['-k', '1'], undefined)).toEqual([{ kinds: [1] }]);
    expect(await asked(['-k', '1'], '')).toEqual([{ kinds: [1] }]);
    expect(await asked([], '', { limit: 1 })).toEqual([{ limit: 1 }]);
    expect(await asked(['-k', '1'], '', { limit: 1 })).toEqual([{ kinds: [1] }]);
  });

  it('refuses to ask for nothing, and to ask for too much', async () => {
    await expect(asked([], undefined)).rejects.toThrow('Say what to ask for');
    await expect(asked([], '{}\n'.repeat(1_001))).rejects.toThrow('more than 1000 filters');
    await expect(asked([], '{}\n{"kinds":')).rejects.toThrow('Line 2 of the input is no JSON');
  });
});
