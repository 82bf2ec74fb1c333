import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openScreen, type View } from '../../../examples/five-relays/screen.ts';
import type { Row } from '../../../examples/five-relays/table.ts';
import { LatencyHistogram, type PoolRelayStatus, RelayError } from '../../../src/index.ts';
import { newRelayCounters } from '../../../src/sources/relay-counters.ts';
import { statusOf } from './status.ts';

const ESCAPE = '\u001B';
const ERASURES = new RegExp(`${ESCAPE}\\[\\d*[JK]\\n?`, 'g');
const COLOURS = new RegExp(`${ESCAPE}\\[\\d+m`);
const TOKENS = new RegExp(`${ESCAPE}\\[[?\\d;]*[A-Za-z]|[^]`, 'gu');

const counters = { ...newRelayCounters(), events: 1_234, duplicates: 56, unmatched: 1, invalid: 2, connects: 5 };
const connected = statusOf({ counters });
const lost: PoolRelayStatus = {
  ...connected,
  state: 'disconnected',
  error: new RelayError('connection-lost', connected.url, 'The connection broke off.'),
  retryAt: 12_500,
};
const summaryOf = (...readings: readonly number[]): ReturnType<LatencyHistogram['summary']> => {
  const histogram = new LatencyHistogram({ precision: 0.001 });
  for (const reading of readings) histogram.record(reading);
  return histogram.summary();
};
const latency: Row['latency'] = {
  connect: undefined,
  firstEvent: undefined,
  eose: summaryOf(12.4, 250),
  ok: summaryOf(7, 31.3),
};

const view = (now: number, status: PoolRelayStatus = connected): View => ({
  title: 'A run',
  rows: [
    { name: 'one', status, latency },
    { name: 'another', status: connected, latency: { ...latency, ok: undefined } },
  ],
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
  'relay    state          load          events  copies  EOSE p50/p95   OK p95  reconnects   lies',
  'one      disconnected                  1,234      56     12/250 ms    31 ms           4      3  connection-lost  again in 2.5 s',
  'another  connected                     1,234      56     12/250 ms        -           4      3',
  '',
  '██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  10000 done',
  '',
];

describe('a screen on a terminal', () => {
  it('redraws the table in its place, below what is logged', () => {
    const terminal = new FakeTerminal(130);
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
    const busy: PoolRelayStatus = { ...lost, inFlight: 64, queued: 1_000, isReduced: true, circuit: 'half-open' };
    for (let width = 1; width <= 150; width++) {
      const terminal = new FakeTerminal(width);
      openScreen(terminal, {}).show(view(10_000, width % 2 === 0 ? lost : busy));
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
    expect(row(128)).toMatch(/ connection-lost {2}again in 2.5 s$/);
    expect(row(112)).toMatch(/ connection-lost$/);
    expect(row(100)).toMatch(/ 3$/);
    expect(heading(100)).toBe('relay state load events copies EOSE p50/p95 OK p95 reconnects lies');
    expect(heading(90)).toBe('relay state load events copies EOSE p50/p95 reconnects lies');
    expect(heading(80)).toBe('relay state load events EOSE p50/p95 reconnects lies');
    expect(heading(70)).toBe('relay state load events reconnects lies');
  });

  it.each<[string, Partial<PoolRelayStatus>]>([
    ['', {}],
    ['2', { inFlight: 2 }],
    ['2, 5 queued', { inFlight: 2, queued: 5 }],
    ['reduced', { isReduced: true }],
    ['1, reduced', { inFlight: 1, isReduced: true }],
    ['circuit open', { circuit: 'open' }],
    ['1, half-open', { inFlight: 1, circuit: 'half-open' }],
  ])('says "%s" of the load of a relay on 80 columns, and nothing moves for it', (load, change) => {
    const terminal = new FakeTerminal(80);
    openScreen(terminal, {}).show(view(10_000, { ...connected, ...change }));
    expect(terminal.lines.slice(3, 6)).toEqual([
      'relay    state          load          events  EOSE p50/p95  reconnects   lies',
      `one      connected      ${load.padEnd(12)}   1,234     12/250 ms           4      3`,
      'another  connected                     1,234     12/250 ms           4      3',
    ]);
  });

  it.each<[string, Partial<PoolRelayStatus>, number]>([
    ['an open circuit', { circuit: 'open' }, 31],
    ['a half-open circuit', { circuit: 'half-open' }, 33],
    ['a reduced load', { isReduced: true }, 33],
    ['a queue', { queued: 1 }, 33],
  ])('gives %s a colour', (_, change, code) => {
    const coloured = new RegExp(`${ESCAPE}\\[${code}m {2}(circuit open|half-open|reduced|1 queued) *${ESCAPE}`);
    const drawn = (status: PoolRelayStatus): string => {
      const terminal = new FakeTerminal(80);
      openScreen(terminal, {}).show(view(0, status));
      return terminal.written;
    };
    expect(drawn({ ...connected, ...change })).toMatch(coloured);
    expect(drawn(connected)).not.toMatch(coloured);
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
