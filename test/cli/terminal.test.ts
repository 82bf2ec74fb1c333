import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';
import { CONTROL, inTerminal, jsonLines, NO_TERMINAL } from '../support/command-line.ts';

vi.setConfig({ testTimeout: 90_000 });

const note = signedEvent({ content: 'hello', created_at: Math.floor(Date.now() / 1_000) }, testKey(1));
const NOBODY = 'ws://127.0.0.1:1';
const env = { NOSTR_SECRET_KEY: Buffer.from(testKey(0).secretKey).toString('hex') };
const [HIDE, SHOW] = ['\u001B[?25l', '\u001B[?25h'];
const [ALTERNATE, NORMAL, TOP] = ['\u001B[?1049h', '\u001B[?1049l', '\u001B[H'];
// eslint-disable-next-line no-control-regex -- the colours of a terminal
const COLOUR = /\u001B\[\d+m/;

let relay: TestRelay;
let refusing: TestRelay;
let folder: string;
beforeAll(async () => {
  relay = await TestRelay.start();
  relay.seed(note);
  refusing = await TestRelay.start({
    faults: { closedWith: 'restricted: \u001B]0;members\u0007', rejectedWith: 'blocked: no' },
  });
  folder = mkdtempSync(join(tmpdir(), 'terminal-'));
});
afterAll(async () => {
  await Promise.all([relay.stop(), refusing.stop()]);
  rmSync(folder, { recursive: true });
});

/** What is left on the screen, lines trimmed: drawings that were drawn over are gone. */
function screenOf(output: string): readonly string[] {
  const lines: string[] = [''];
  let row = 0;
  // eslint-disable-next-line no-control-regex -- what a terminal reads
  for (const [token] of output.matchAll(/\u001B\[[?\d;]*[A-Za-z]|\r\n|[\r\n]|[^\u001B\r\n]+/g)) {
    // eslint-disable-next-line no-control-regex -- what a terminal reads
    const [, count, command] = /^\u001B\[(\d*)([A-Z])$/.exec(token) ?? [];
    if (command === 'A') row = Math.max(0, row - Number(count));
    else if (command === 'J') lines.splice(row, lines.length, '');
    else if (token === '\r') lines[row] ??= '';
    else if (token.includes('\n')) lines[++row] ??= '';
    else if (!token.startsWith('\u001B'))
      lines[row] = lines[row] === '' || row < lines.length - 1 ? token : `${lines[row]}${token}`;
  }
  return lines.map((line) => line.trimEnd()).filter((line) => line !== '');
}

describe.skipIf(NO_TERMINAL !== undefined)('in a terminal', { concurrent: true }, () => {
  it('req shows a bar for each relay, in place, with the events above it', async () => {
    const { code, stdout } = await inTerminal(`rx req -k 1 ${relay.url} ${refusing.url} ${NOBODY}`).done;
    expect(code).toBe(1);
    expect(stdout).toContain(HIDE);
    expect(stdout.lastIndexOf(SHOW)).toBeGreaterThan(stdout.lastIndexOf(HIDE));
    expect(stdout).toMatch(COLOUR);
    // Drawn over at least once.
    // eslint-disable-next-line no-control-regex -- cursor up
    expect(stdout).toMatch(/\u001B\[4A/);
    const text = stripVTControlCharacters(stdout);
    expect(text).toContain(`✓ ${relay.url}  ████████████████████████  1 event, EOSE after`);
    expect(text).toContain(`✗ ${refusing.url}`);
    expect(text).toContain('refused: restricted:  ]0;members');
    expect(text).toContain('1 event, 3/3 relays');
    expect(
      jsonLines(
        text
          .split(/[\r\n]+/)
          .filter((line) => line.startsWith('{'))
          .join('\n'),
      ),
    ).toEqual([note]);
    // What a relay smuggles in sets no title.
    expect(stdout).not.toContain('\u001B]');
    expect(stdout).not.toContain('\u0007');
  });

  it('req keeps its output clean where only the progress is watched', async () => {
    const path = join(folder, 'watched.jsonl');
    const { code, stdout } = await inTerminal(`rx req -k 1 ${relay.url} >${path}`).done;
    expect(code).toBe(0);
    expect(stdout).toContain('█');
    const file = readFileSync(path, 'utf8');
    expect(jsonLines(file)).toEqual([note]);
    expect(file).not.toMatch(CONTROL);
  });

  it.each([
    ['NO_COLOR', '', { NO_COLOR: '1' }],
    ['--no-color', '--no-color', {}],
  ])('uses no colours with %s', async (_, flag, more) => {
    const { stdout } = await inTerminal(`rx req -k 1 ${flag} ${relay.url}`, { env: more }).done;
    expect(stdout).toContain('█');
    expect(stdout).not.toMatch(COLOUR);
  });

  it.each([
    ['TERM=dumb', '', { TERM: 'dumb' }],
    ['--quiet', '--quiet', {}],
  ])('draws nothing with %s', async (_, flag, more) => {
    const { code, stdout } = await inTerminal(`rx req -k 1 ${flag} ${relay.url}`, { env: more }).done;
    expect(code).toBe(0);
    expect(jsonLines(stdout.replaceAll('\r', ''))).toEqual([note]);
    expect(stdout.replaceAll('\r', '')).not.toMatch(CONTROL);
  });

  it('gives the cursor back after Ctrl-C', async () => {
    const stream = inTerminal(`rx req -k 1 --stream ${relay.url}`);
    await stream.until(({ stdout }) => stdout.includes('EOSE after'));
    stream.type('\u0003');
    const { code, stdout } = await stream.done;
    expect(code).toBe(130);
    expect(stdout.lastIndexOf(SHOW)).toBeGreaterThan(stdout.lastIndexOf(HIDE));
  });

  it('publish, count, sync and info show aligned tables', async () => {
    // The others are under way, and read what their relay has.
    await using mine = await TestRelay.start();
    mine.seed(note);
    const path = join(folder, 'events.jsonl');
    const commands = [
      `rx publish -c hi ${mine.url} ${refusing.url}`,
      `rx count -k 1 ${mine.url} ${refusing.url}`,
      `rx sync -f ${path} --down -k 1 ${mine.url}`,
      `rx info ${mine.url}`,
    ];
    const { stdout } = await inTerminal(commands.join('; echo code $?; ') + '; echo code $?', { env }, 120).done;
    const lines = screenOf(stdout);
    const at = (pattern: RegExp): readonly string[] => {
      const index = lines.findIndex((line) => pattern.test(line));
      return lines.slice(index, index + 4);
    };
    const column = (text: string | undefined, word: string): number => text?.indexOf(word) ?? NaN;
    const [published, accepted, rejected, code] = at(/^relay +outcome +what it said$/);
    expect([column(accepted, 'accepted'), column(rejected, 'rejected')]).toEqual([
      column(published, 'outcome'),
      column(published, 'outcome'),
    ]);
    expect([column(rejected, 'blocked: no'), code]).toEqual([column(published, 'what'), 'code 1']);
    const [counted, ...counts] = at(/^relay +events$/);
    expect(counts[0]?.length).toBe(counted?.length);
    expect(counts[1]).toMatch(/ - {2}rejected: restricted/);
    expect(counts[2]).toMatch(/^about \d$/);
    const [synced, result, sum] = at(/^relay +outcome +by /);
    expect(result).toMatch(/done +negentropy +\d +0 +\d +0 +0$/);
    expect(column(result, 'negentropy')).toBe(column(synced, 'by'));
    expect(sum).toMatch(/^.*events\.jsonl: (\d) events, \1 of them new$/);
    expect(at(/^ {2}name /)[0]).toMatch(/^ {2}name +test relay$/);
    // Bars gave way to the tables.
    expect(lines.filter((line) => line.includes('█'))).toEqual([]);
  });

  it('prints JSON with --json all the same', async () => {
    const { stdout } = await inTerminal(`rx count -k 1 --json -q ${relay.url}; rx info --json ${relay.url}`).done;
    expect(jsonLines(stdout.replaceAll('\r', ''))).toEqual([
      expect.objectContaining({ approximate: false }),
      expect.objectContaining({ name: 'test relay' }),
    ]);
  });

  it('monitor draws on a screen of its own, at most four times a second, until q', async () => {
    const begin = Date.now();
    const monitor = inTerminal(`rx monitor --every 200ms ${relay.url} ${NOBODY}; echo code $?`, {}, 120);
    await monitor.until(
      ({ stdout }) => / \d+ ms .* \d+ ms /.test(stripVTControlCharacters(stdout)) && stdout.split(TOP).length > 5,
    );
    monitor.type('q');
    const { stdout } = await monitor.done;
    const drawings = stdout.split(TOP).length - 1;
    expect(drawings).toBeLessThanOrEqual((4 * (Date.now() - begin)) / 1_000 + 2);
    expect(stdout.startsWith(ALTERNATE + HIDE)).toBe(true);
    const [, after = ''] = stdout.split(NORMAL);
    const result = stripVTControlCharacters(after).replaceAll('\r', '').split('\n');
    expect(result[0]).toMatch(/^2 relays, \d+\.\d messages\/s, .*s$/);
    expect(result[3]).toMatch(new RegExp(`^${relay.url} +connected +closed +\\d+/\\d+ +\\d+ ms`));
    expect(result[4]).toMatch(/^ws:\/\/127\.0\.0\.1:1\/ +(dis)?connect/);
    expect(result.filter((line) => /^p\d\d {2}.*[▁▂▃▄▅▆▇█] +\d/.test(line))).toHaveLength(3);
    expect(result).toContain('code 0');
    expect(stdout).toContain(SHOW + NORMAL);
  });

  it('monitor follows the size of the terminal, and gives it back after Ctrl-C', async () => {
    const fifo = join(folder, 'resize');
    execFileSync('mkfifo', [fifo]);
    const line = `(read x <${fifo}; stty cols 70 rows 9 </dev/tty) & rx monitor ${relay.url} ${NOBODY}; echo code $?`;
    const monitor = inTerminal(line, {}, 140);
    await monitor.until(({ stdout }) => stdout.split(TOP).length > 3);
    const before = monitor.stdout.length;
    writeFileSync(fifo, 'now\n');
    await monitor.until(({ stdout }) => stdout.slice(before).split(TOP).length > 4);
    monitor.type('\u0003');
    const { stdout } = await monitor.done;
    const [wide = '', ...frames] = (stdout.split(NORMAL)[0] ?? '').split(TOP);
    expect(wide).toBe(ALTERNATE + HIDE);
    const widths = frames.map((frame) =>
      Math.max(
        ...stripVTControlCharacters(frame)
          .split(/\r?\n/)
          .map((text) => text.length),
      ),
    );
    expect(widths[0]).toBeGreaterThan(70);
    expect(widths.at(-1)).toBeLessThan(70);
    expect(stripVTControlCharacters(frames.at(-1) ?? '').split('\n').length).toBeLessThanOrEqual(9);
    expect(stdout).toContain(SHOW + NORMAL);
    expect(stdout).toContain('code 130');
  });
});
