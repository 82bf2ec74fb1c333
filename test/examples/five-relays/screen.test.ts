import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Latencies } from '../../../examples/five-relays/latency.ts';
import { openScreen, type View } from '../../../examples/five-relays/screen.ts';
import { RelayError, type RelayStatus, relayUrl } from '../../../src/index.ts';
import { newRelayCounters } from '../../../src/sources/relay-counters.ts';

const ESCAPE = '\u001B';
const ERASURES = new RegExp(`${ESCAPE}\\[\\d*[JK]\\n?`, 'g');
const COLOURS = new RegExp(`${ESCAPE}\\[\\d+m`);
const TOKENS = new RegExp(`${ESCAPE}\\[[?\\d;]*[A-Za-z]|[^]`, 'gu');

const url = relayUrl('wss://relay.example');
const counters = { ...newRelayCounters(), events: 1_234, duplicates: 56, unmatched: 1, invalid: 2, connects: 5 };
const connected: RelayStatus = { url, state: 'connected', since: 0, attempts: 0, counters };
const lost: RelayStatus = {
  ...connected,
  state: 'disconnected',
  error: new RelayError('connection-lost', url, 'The connection broke off.'),
  retryAt: 12_500,
};
const latencies = new Latencies();
latencies.record(url, 12.4);
latencies.record(url, 250);

const view = (now: number, status: RelayStatus = connected): View => ({
  title: 'A run',
  rows: [
    { name: 'one', status },
    { name: 'another', status: connected },
  ],
  latencies,
  progress: { done: 1, all: 4, text: `${now} done` },
  begin: 0,
  now,
});

/** What a terminal shows that knows the few controls that are used; lines that are too long wrap. */
class FakeTerminal {
  readonly isTTY: boolean;
  written = '';
  writes = 0;

  constructor(
    public columns = 100,
    public rows = 24,
    isTTY = true,
  ) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.written += text;
    this.writes++;
  }

  /** The lines on the screen, what has scrolled away included. */
  get lines(): readonly string[] {
    const screen: string[] = [''];
    let [row, column] = [0, 0];
    for (const [token] of this.written.matchAll(TOKENS)) {
      const line = screen[row] ?? '';
      if (token === '\r') column = 0;
      else if (token === '\n') {
        [row, column] = [row + 1, 0];
        screen[row] ??= '';
      } else if (token.endsWith('A') && token.length > 1) row = Math.max(0, row - Number.parseInt(token.slice(2), 10));
      else if (token === '\u001B[K') screen[row] = line.slice(0, column);
      else if (token === '\u001B[J') {
        screen[row] = line.slice(0, column);
        screen.length = row + 1;
      } else if (token.length === 1) {
        screen[row] = line.slice(0, column) + token + line.slice(column + 1);
        column++;
      }
    }
    return screen;
  }
}

const TABLE = [
  '',
  'A run, 10.0 s',
  '',
  'relay    state          events  copies      p50      p95  reconnects   lies',
  'one      disconnected    1,234      56    12 ms   250 ms           4      3  connection-lost  again in 2.5 s',
  'another  connected       1,234      56    12 ms   250 ms           4      3',
  '',
  '██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  10000 done',
  '',
];

describe('a screen on a terminal', () => {
  it('redraws the table in its place, below what is logged', () => {
    const terminal = new FakeTerminal(110);
    const screen = openScreen(terminal, {});
    screen.show(view(0));
    screen.log('something happened');
    screen.show(view(5_000, lost));
    screen.log('something else happened');
    screen.show(view(10_000, lost));
    expect(terminal.lines).toEqual(['something happened', 'something else happened', ...TABLE]);
    screen.end();
    screen.log('below');
    expect(terminal.lines).toEqual([
      'something happened',
      'something else happened',
      ...TABLE.slice(0, -1),
      'below',
      '',
    ]);
  });

  it('draws a frame in one write and erases nothing before it is overwritten, so nothing flickers', () => {
    const terminal = new FakeTerminal();
    const screen = openScreen(terminal, {});
    screen.show(view(0));
    terminal.writes = 0;
    terminal.written = '';
    screen.show(view(10_000));
    expect(terminal.writes).toBe(1);
    // Erased is only what is left beyond the end of a new line, and below the last one.
    const erasing = [...terminal.written.matchAll(ERASURES)].map(([sequence]) => sequence);
    expect(new Set(erasing)).toEqual(new Set(['\u001B[K\n', '\u001B[J']));
    expect(terminal.written.endsWith('\u001B[J')).toBe(true);
  });

  it('hides the cursor, and shows it again at the end, once', () => {
    const terminal = new FakeTerminal();
    const screen = openScreen(terminal, {});
    screen.show(view(0));
    expect(terminal.written).toContain('\u001B[?25l');
    expect(terminal.written).not.toContain('\u001B[?25h');
    screen.end();
    screen.end();
    expect(terminal.written.split('\u001B[?25h')).toHaveLength(2);
  });

  it('shows nothing more once it has ended', () => {
    const terminal = new FakeTerminal();
    const screen = openScreen(terminal, {});
    screen.show(view(0));
    screen.end();
    const before = terminal.written;
    screen.show(view(10_000));
    expect(terminal.written).toBe(before);
  });

  it('stays within the columns that there are, however few', () => {
    for (let width = 1; width <= 130; width++) {
      const terminal = new FakeTerminal(width);
      openScreen(terminal, {}).show(view(10_000, lost));
      expect(Math.max(...terminal.lines.map(({ length }) => length))).toBeLessThanOrEqual(width - 1);
    }
  });

  it('lets go of columns when there is no room for them, those that are missed least first', () => {
    const lines = (columns: number): readonly string[] => {
      const terminal = new FakeTerminal(columns);
      openScreen(terminal, {}).show(view(10_000, lost));
      return terminal.lines;
    };
    const heading = (columns: number): string => lines(columns)[3]?.replace(/ +/g, ' ') ?? '';
    const row = (columns: number): string => lines(columns)[4] ?? '';
    expect(row(112)).toMatch(/ connection-lost {2}again in 2.5 s$/);
    expect(row(105)).toMatch(/ connection-lost$/);
    expect(row(90)).toMatch(/ 3$/);
    expect(heading(79)).toBe('relay state events copies p50 p95 reconnects lies');
    expect(heading(70)).toBe('relay state events p50 p95 reconnects lies');
    expect(heading(62)).toBe('relay state events p95 reconnects lies');
    expect(heading(54)).toBe('relay state events reconnects lies');
  });

  it('shows the end of a frame that is higher than the terminal', () => {
    const terminal = new FakeTerminal(100, 4);
    const screen = openScreen(terminal, {});
    screen.show(view(0));
    screen.show(view(10_000));
    expect(terminal.lines).toEqual(TABLE.slice(5));
  });

  it('finds the place of the last frame when the terminal became narrower and wrapped it', () => {
    const terminal = new FakeTerminal(100);
    const screen = openScreen(terminal, {});
    screen.show(view(0));
    terminal.columns = 50;
    terminal.written = '';
    screen.show(view(0));
    // Eight lines, of which the three of the table and the bar had more than 50 characters.
    expect(terminal.written.startsWith(`\r\u001B[${8 + 3}A`)).toBe(true);
  });

  it.each([
    [{}, true],
    [{ NO_COLOR: '' }, true],
    [{ NO_COLOR: '1' }, false],
  ])('with %o has colours: %s', (environment, coloured) => {
    const terminal = new FakeTerminal();
    openScreen(terminal, environment).show(view(0));
    expect(COLOURS.test(terminal.written)).toBe(coloured);
    expect(stripVTControlCharacters(terminal.written)).toContain('connected');
  });
});

describe.each([
  ['a pipe', new FakeTerminal(100, 24, false), {}],
  ['a dumb terminal', new FakeTerminal(), { TERM: 'dumb' }],
])('a screen on %s', (_, terminal, environment) => {
  it('says in plain lines what happens, how it goes now and then, and how things stand at the end', () => {
    const screen = openScreen(terminal, environment);
    screen.show(view(0));
    screen.show(view(1_999));
    screen.log('something happened');
    screen.show(view(2_000));
    screen.show(view(10_000, lost));
    screen.end();
    screen.end();
    expect(terminal.written.split('\n')).toEqual([
      '[  0.0 s] 0 done',
      'something happened',
      '[  2.0 s] 2000 done',
      '[ 10.0 s] 10000 done',
      ...TABLE.slice(2, 6),
      '',
    ]);
  });
});
