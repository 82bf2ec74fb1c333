import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readArguments } from '../../src/cli/arguments.ts';
import { eventFlags, eventOfFlags } from '../../src/cli/event-flags.ts';
import { checkFilters, filterFlags, filterOfFlags, filtersOfJson } from '../../src/cli/filter-flags.ts';
import { readOperands } from '../../src/cli/relay-arguments.ts';
import { relayOptionsOf } from '../../src/cli/relay-faults.ts';
import { commands, flagsOf } from '../../src/cli/run.ts';
import { signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';
import { type Run, shell } from '../support/command-line.ts';

vi.setConfig({ testTimeout: 90_000 });

const START = 'npx rx-relay-pool ';
const page = readFileSync('docs/command-line.md', 'utf8');
const ofPage = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) => block.trim().split('\n'));
const ofHelp = commands.flatMap(({ examples }) => examples.map(({ command }) => START + command));

/** The words of a line of a shell, up to a pipe or a redirection; single quotes are all that is used. */
function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  for (const [token] of line.matchAll(/(?:'[^']*'|[^\s'])+/g)) {
    if (/^[|<>]/.test(token)) break;
    words.push(token.replaceAll("'", ''));
  }
  return words;
}

describe('the examples of docs/command-line.md and of the help', () => {
  const lines = [...new Set([...ofPage, ...ofHelp])];

  it('are there, a few of each command', () => {
    expect(ofPage.length).toBeGreaterThan(20);
    for (const { name } of commands) {
      expect(ofPage.filter((line) => line.startsWith(`${START}${name} `)).length).toBeGreaterThan(1);
      expect(ofHelp.filter((line) => line.startsWith(`${START}${name} `)).length).toBeGreaterThan(1);
    }
  });

  it.each(lines.flatMap((line) => line.split(' | ').filter((part) => part.startsWith(START))))(
    'can be read: %s',
    (line) => {
      const [name, ...argv] = wordsOf(line).slice(2);
      const command = commands.find((each) => each.name === name);
      if (!command) throw new Error(`There is no command ${name}.`);
      const args = readArguments(argv, flagsOf(command));
      const { relays, json } = readOperands(args.positionals);
      if (name === 'relay') relayOptionsOf(args, Date.now());
      else if (name === 'publish') eventOfFlags(readArguments(argv, { ...command.flags, ...eventFlags }), Date.now());
      else if (name !== 'info') {
        const filter = filterOfFlags(readArguments(argv, { ...command.flags, ...filterFlags }), Date.now());
        checkFilters([filter ?? {}, ...json.flatMap((text) => filtersOfJson(text, Date.now(), 'x'))]);
      }
      for (const relay of relays) expect(relay).toMatch(/^wss:\/\/\w+\.example\/$/);
    },
  );

  it('start with the name, each in a line of its own', () => {
    for (const line of lines) expect(line.startsWith(START)).toBe(true);
  });

  it('have flags and codes that the page tells of', () => {
    for (const flag of Object.keys(filterFlags)) expect(page).toMatch(new RegExp(`\`-{1,2}${flag}\``));
    for (const code of ['0', '1', '2', '3', '4', '130, 143']) expect(page).toContain(`| ${code} |`);
  });
});

describe('the examples of the help', () => {
  let relays: readonly TestRelay[];
  let folder: string;
  beforeAll(async () => {
    relays = await Promise.all([TestRelay.start(), TestRelay.start()]);
    const notes = [0, 1].map((n) =>
      signedEvent({ content: `${n}`, created_at: Math.floor(Date.now() / 1_000) - n }, testKey(n)),
    );
    for (const relay of relays) relay.seed(notes);
    folder = mkdtempSync(join(tmpdir(), 'examples-'));
    writeFileSync(join(folder, 'filters.jsonl'), '{"kinds":[1]}\n{"kinds":[0]}\n');
    writeFileSync(join(folder, 'event.json'), `${JSON.stringify(notes[0])}\n`);
  });
  afterAll(async () => {
    await Promise.all(relays.map((relay) => relay.stop()));
    rmSync(folder, { recursive: true });
  });

  const start = (line: string): Run =>
    shell(
      line
        .replaceAll('wss://relay.example', relays[0]?.url ?? '')
        .replaceAll('wss://nostr.example', relays[1]?.url ?? '')
        .replace('--port 7777', '--port 0')
        .replace('--fill 100', '--fill 9')
        .replace('--timeout 10s', '--timeout 3s')
        .split(' | ')
        // What jq makes of it is not ours.
        .filter((part) => !part.startsWith('jq'))
        .map((part) => (line.includes(' | npx') ? `(${part})` : part))
        .join(' | ')
        .replaceAll('npx rx-relay-pool', 'rx'),
      { cwd: folder, env: { NOSTR_SECRET_KEY: Buffer.from(testKey(0).secretKey).toString('hex') } },
    );
  const isEndless = (line: string): boolean => / (monitor|relay) /.test(line);

  it.concurrent.each(ofHelp.filter((line) => !isEndless(line)))('run: %s', async (line) => {
    const { code, stderr } = await start(line).done;
    expect([code, stderr]).toEqual([0, '']);
  });

  it.concurrent.each(ofHelp.filter(isEndless))('run until Ctrl-C: %s', async (line) => {
    const run = start(line);
    await run.until(({ stdout }) => stdout.includes('\n'));
    run.signal('SIGINT');
    const { code, stderr } = await run.done;
    expect([code, stderr]).toEqual([130, '']);
  });
});
