import { describe, expect, it } from 'vitest';
import { type Flags, readArguments } from '../../src/cli/arguments.ts';
import { UsageError } from '../../src/cli/exit-code.ts';
import { suggest } from '../../src/cli/suggest.ts';

const flags: Flags = {
  limit: { type: 'string', short: 'l', value: '<n>', help: '' },
  kind: { type: 'string', short: 'k', multiple: true, help: '' },
  e: { type: 'string', short: 'e', multiple: true, help: '' },
  stream: { type: 'boolean', help: '' },
  'no-color': { type: 'boolean', help: '' },
};
const read = (...argv: string[]) => readArguments(argv, flags);

describe('readArguments', () => {
  it('reads long, short, joined and repeated flags, with what stands between them', () => {
    const args = read('-k', '1', 'wss://a', '--kind=7', '-l10', '-e', 'x', '--stream', '--no-color', '-');
    expect(args.texts('kind')).toEqual(['1', '7']);
    expect(args.number('limit')).toBe(10);
    expect(args.texts('e')).toEqual(['x']);
    expect([args.has('stream'), args.has('no-color')]).toEqual([true, true]);
    expect(args.positionals).toEqual(['wss://a', '-']);
  });

  it('knows what was not given', () => {
    const args = read();
    expect([args.has('stream'), args.text('limit'), args.texts('kind'), args.number('limit')]).toEqual([
      false,
      undefined,
      [],
      undefined,
    ]);
  });

  it('takes everything behind -- as no flag', () => {
    expect(read('--', '--stream').positionals).toEqual(['--stream']);
    expect(read('--', '--stream').has('stream')).toBe(false);
  });

  it.each([
    [['--limt', '3'], 'There is no flag --limt. Did you mean --limit?'],
    [['-x'], 'There is no flag -x.'],
    [['--constructor'], 'There is no flag --constructor.'],
    [['--limit'], '--limit needs a value.'],
    [['--limit', '--stream'], "--limit needs a value; if it is '--stream', write --limit=--stream."],
    [['-l', '-k'], "-l needs a value; if it is '-k', write -l-k."],
    [['--stream=yes'], '--stream takes no value.'],
    [['-l', '1', '--limit', '2'], '--limit is given twice.'],
  ])('refuses %j', (argv, message) => {
    expect(() => read(...argv)).toThrow(new UsageError(message));
  });

  it('takes a negative number and a lone dash for a value', () => {
    expect(read('-l', '-3').text('limit')).toBe('-3');
    expect(read('-k', '-').texts('kind')).toEqual(['-']);
  });
});

describe('the values of flags', () => {
  it.each([
    ['1.5', '--limit takes a whole number from 0 to 9, not'],
    ['ten', '--limit takes a whole number from 0 to 9, not'],
    ['', '--limit takes a whole number from 0 to 9, not'],
    ['-1', '--limit takes a whole number from 0 to 9, not'],
    ['10', '--limit takes a whole number from 0 to 9, not'],
    ['0x5', '--limit takes a whole number from 0 to 9, not'],
  ])('a number is not %j', (text, message) => {
    expect(() => read(`--limit=${text}`).number('limit', 0, 9)).toThrow(`${message} '${text}'.`);
  });

  it('a number may be at its bounds', () => {
    expect([read('-l', '0').number('limit', 0, 9), read('-l', '9').number('limit', 0, 9)]).toEqual([0, 9]);
  });

  it('a word is one of those that there are, and the nearest is suggested', () => {
    const words = ['newest', 'oldest'] as const;
    expect(read('-l', 'oldest').word('limit', words)).toBe('oldest');
    expect(() => read('-l', 'oldst').word('limit', words)).toThrow(
      "--limit takes newest, oldest, not 'oldst'. Did you mean oldest?",
    );
  });
});

describe('suggest', () => {
  const names = ['req', 'publish', 'count', 'sync', 'info', 'monitor', 'relay'];

  it.each([
    ['rec', ['req']],
    ['publsih', ['publish']],
    ['mon', ['monitor']],
    ['coutn', ['count']],
    ['rely', ['relay']],
    ['nothing-like-it', []],
    ['', []],
  ])('for %j gives %j', (word, expected) => {
    expect(suggest(word, names)).toEqual(expected);
  });

  it('puts the nearest first, three at most', () => {
    expect(suggest('aaaaaa', ['aaaabb', 'aaaaab', 'aaaaac', 'aaaaad'])).toEqual(['aaaaab', 'aaaaac', 'aaaaad']);
  });
});
