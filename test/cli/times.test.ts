import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseDuration, parseTime, spanText } from '../../src/cli/times.ts';

const noon = Date.UTC(2026, 0, 31, 12, 0, 0);
const second = noon / 1_000;
const at = (text: string): number => parseTime(text, noon + 999);

describe('parseTime', () => {
  it.each([
    ['1767225600', 1_767_225_600],
    ['0', 0],
    ['now', second],
    ['today', second - 43_200],
    ['yesterday', second - 43_200 - 86_400],
    ['tomorrow', second - 43_200 + 86_400],
    ['1h ago', second - 3_600],
    ['1h', second - 3_600],
    ['an hour ago', second - 3_600],
    ['2 days ago', second - 172_800],
    ['1 Day 6 Hours Ago', second - 108_000],
    ['1 day, 6 hours and 1 minute ago', second - 108_060],
    ['1h30m ago', second - 5_400],
    ['1.5h ago', second - 5_400],
    ['a week ago', second - 604_800],
    ['3 months ago', second - 7_776_000],
    ['1y ago', second - 31_536_000],
    ['in 10 minutes', second + 600],
    ['2026-01-31', second - 43_200],
    ['2026-01-31T12:00', second],
    ['2026-01-31 12:00:01', second + 1],
    ['2026-01-31T12:00:00.9Z', second],
    ['2026-01-31T13:00+01:00', second],
    ['2026-01-31T13:00+0100', second],
    ['2024-02-29', Date.UTC(2024, 1, 29) / 1_000],
  ])('reads %j', (text, expected) => {
    expect(at(text)).toBe(expected);
  });

  it.each([
    '',
    'soon',
    '1',
    '1x ago',
    'ago',
    'in',
    '-5',
    '1h 2',
    '2026-02-31',
    '2026-13-01',
    '2026-1-1',
    '2026-01-31T25:00',
    '100y ago',
  ])('refuses %j', (text) => {
    if (text === '1') expect(at(text)).toBe(1);
    else expect(() => at(text)).toThrow(`'${text}' is no time.`);
  });

  it('says that milliseconds are no seconds', () => {
    expect(() => at('1767225600000')).toThrow(
      "'1767225600000' is too large for seconds since 1970. Are those milliseconds?",
    );
  });

  it('reads back every second that it can be written as', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (time) => {
        const iso = new Date(time * 1_000).toISOString();
        expect(at(iso)).toBe(time);
        expect(at(`${time}`)).toBe(time);
      }),
    );
  });
});

describe('parseDuration', () => {
  it.each([
    ['10', 10_000],
    ['10s', 10_000],
    ['0.5', 500],
    ['500ms', 500],
    ['2m', 120_000],
    ['1h30m', 5_400_000],
    ['24d', 2_073_600_000],
  ])('reads %j', (text, expected) => {
    expect(parseDuration(text, 'timeout')).toBe(expected);
  });

  it.each(['', '0', '0s', '-1', 'soon', '10x', '25 days', 'ms'])('refuses %j', (text) => {
    expect(() => parseDuration(text, 'timeout')).toThrow(
      `--timeout takes a time such as 10s, 500ms, 2m or 1h30m, 24 days at most; not '${text}'.`,
    );
  });
});

describe('spanText', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [1_000, '1.0 s'],
    [59_900, '59.9 s'],
    [59_960, '1 min 0 s'],
    [200_000, '3 min 20 s'],
    [3_900_000, '1 h 5 min'],
  ])('says %d ms as %j', (milliseconds, expected) => {
    expect(spanText(milliseconds)).toBe(expected);
  });
});
