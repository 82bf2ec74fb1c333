import { describe, expect, it } from 'vitest';
import { type Bar, renderBars } from '../../src/cli/bars.ts';
import { LiveRegion } from '../../src/cli/live-region.ts';
import { inColour, inNoColour, paintFor } from '../../src/cli/paint.ts';
import { greatest, sparkline } from '../../src/cli/sparkline.ts';
import { renderTable } from '../../src/cli/table.ts';
import { fit, harmless, jsonLine, padEnd, padStart, widthOf } from '../../src/cli/text.ts';

describe('text', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['🙂', 2],
    ['e\u0301', 1],
    ['❤\ufe0f', 1],
    ['\u001B[31mred\u001B[39m', 3],
    ['', 0],
  ])('%j takes %d columns', (text, width) => {
    expect(widthOf(text)).toBe(width);
    expect(widthOf(padEnd(text, 6))).toBe(6);
    expect(widthOf(padStart(text, 6))).toBe(6);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['日本語', 4, '日…'],
    ['日本語', 5, '日本…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
    ['\u001B[31mabcdef\u001B[39m', 3, 'ab…'],
  ])('%j fits into %d as %j', (text, width, expected) => {
    expect(fit(text, width)).toBe(expected);
  });

  it('lets no command of a terminal through, nor a change of direction', () => {
    expect(harmless('a\u001B[2Jb\r\nc\u009b31md\u202ee\u007f')).toBe('a [2Jb c 31md e');
  });

  it('writes JSON on one line that is safe to show and reads back as it was', () => {
    const value = { a: 'x\u001B\u009b\u007f\u2028\u202e\n', b: '日本 é' };
    const line = jsonLine(value);
    // eslint-disable-next-line no-control-regex -- none of those may be in it
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
    expect(JSON.parse(line)).toEqual(value);
    expect(line).toContain('日本 é');
  });

  it('writes errors as what they say', () => {
    expect(jsonLine({ error: Object.assign(new Error('no'), { code: 'silent', other: 1 }) })).toBe(
      '{"error":{"code":"silent","message":"no"}}',
    );
  });
});

describe('paintFor', () => {
  it('colours a terminal alone, unless it is told not to', () => {
    const terminal = { isTTY: true };
    expect(paintFor(terminal, {}, false)).toBe(inColour);
    expect(paintFor(terminal, { NO_COLOR: '' }, false)).toBe(inColour);
    for (const paint of [
      paintFor(terminal, { NO_COLOR: '1' }, false),
      paintFor(terminal, { TERM: 'dumb' }, false),
      paintFor(terminal, {}, true),
      paintFor({}, {}, false),
    ]) {
      expect(paint).toBe(inNoColour);
    }
    expect(inColour('red', 'x')).toBe('\u001B[31mx\u001B[39m');
  });
});

describe('sparkline', () => {
  it('draws from 0 to the greatest, the latest at the right, blanks where there is nothing', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8], 9)).toBe('▁▁▂▃▄▅▆▇█');
    expect(sparkline([1, undefined, 8], 5)).toBe('  ▁ █');
    expect(sparkline([8, 4, 2], 2, 8)).toBe('▄▂');
    expect(sparkline([0, 0], 2)).toBe('▁▁');
    expect(sparkline([9], 1, 3)).toBe('█');
    expect(sparkline([], 3)).toBe('   ');
    expect(sparkline([1], 0)).toBe('');
    expect(greatest([undefined, 2, 1])).toBe(2);
  });
});

describe('renderTable', () => {
  const columns = [
    { title: 'relay' },
    { title: 'n', align: 'right' as const },
    { title: 'state', expendable: 1 },
    { title: 'more', expendable: 2 },
  ];
  const rows = [
    [{ text: 'wss://a.example' }, { text: '5' }, { text: 'ok', colour: 'green' as const }, { text: 'm' }],
    [{ text: '日本' }, { text: '12345' }],
  ];

  it('aligns columns, wide characters too', () => {
    expect(renderTable(columns, rows, 80, inNoColour)).toEqual([
      'relay                n  state  more',
      'wss://a.example      5  ok     m',
      '日本             12345',
    ]);
  });

  it('leaves out what is expendable, then cuts what is longest', () => {
    expect(renderTable(columns, rows, 32, inNoColour)[1]).toBe('wss://a.example      5  ok');
    expect(renderTable(columns, rows, 25, inNoColour)[1]).toBe('wss://a.example      5');
    expect(renderTable(columns, rows, 18, inNoColour)[1]).toBe('wss://a.ex…      5');
  });

  it('is never wider than it may be, in colours too', () => {
    for (let width = 16; width < 50; width++) {
      for (const line of renderTable(columns, rows, width, inColour)) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
    expect(renderTable(columns, rows, 80, inColour)[1]).toContain('\u001B[32mok');
  });
});

describe('renderBars', () => {
  const bars: readonly Bar[] = [
    { name: 'wss://a.example/', state: 'busy', share: 0.5, text: '5 events' },
    { name: 'wss://b/', state: 'done', text: 'EOSE' },
    { name: 'wss://c/', state: 'failed', share: 0, text: 'lost:\u001B[2J gone' },
    { name: 'wss://d/', state: 'partial', share: 0.25, text: 'gap' },
  ];

  it('shows the state, a bar and words, aligned, and nothing that a relay smuggles in', () => {
    expect(renderBars(bars, 0, 70, 10, inNoColour)).toEqual([
      '⠋ wss://a.example/  ███████░░░░░░░  5 events',
      '✓ wss://b/          ██████████████  EOSE',
      '✗ wss://c/          ░░░░░░░░░░░░░░  lost: [2J gone',
      '! wss://d/          ████░░░░░░░░░░  gap',
    ]);
  });

  it('lets something run to and fro where nobody knows how far it is', () => {
    const frames = Array.from(
      { length: 19 },
      (_, frame) => renderBars([{ name: 'a', state: 'busy', text: '' }], frame, 55, 9, inNoColour)[0] ?? '',
    );
    expect(frames[0]?.slice(5)).toBe('█████░░░░░░░░░');
    expect(frames[9]?.slice(5)).toBe('░░░░░░░░░█████');
    expect(frames[18]?.slice(5)).toBe(frames[0]?.slice(5));
    for (const frame of frames) expect(frame.match(/█/g)).toHaveLength(5);
  });

  it('fits into any terminal', () => {
    for (let width = 10; width < 120; width += 7) {
      for (let height = 1; height < 6; height++) {
        const lines = renderBars(bars, 3, width, height, inColour);
        expect(lines.length).toBeLessThanOrEqual(height);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(width, 30));
      }
    }
  });

  it('says how many it leaves out, and shows those first that are not done', () => {
    const lines = renderBars(bars, 0, 80, 3, inNoColour);
    expect(lines.map((line) => line.slice(0, 9))).toEqual(['⠋ wss://a', '✗ wss://c', '  and 2 m']);
    expect(lines[2]).toBe('  and 2 more');
  });
});

describe('LiveRegion', () => {
  it('draws over itself, as many rows as the terminal has wrapped it to', () => {
    const written: string[] = [];
    const terminal = { write: (text: string) => written.push(text), columns: 10, rows: 24 };
    const region = new LiveRegion(terminal);
    region.draw(['12345', '123456789']);
    terminal.columns = 5;
    region.draw(['a']);
    region.erase();
    region.erase();
    region.draw(['b']);
    region.leave();
    region.erase();
    expect(written).toEqual([
      '\r12345\u001B[K\n123456789\u001B[K\n\u001B[J',
      '\r\u001B[3Aa\u001B[K\n\u001B[J',
      '\r\u001B[1A\u001B[J',
      '\rb\u001B[K\n\u001B[J',
    ]);
  });

  it('never goes up further than the terminal is high', () => {
    const written: string[] = [];
    const region = new LiveRegion({ write: (text: string) => written.push(text), columns: 2, rows: 4 });
    region.draw(['1234567890']);
    region.draw([]);
    expect(written[1]).toBe('\r\u001B[3A\u001B[J');
  });
});
