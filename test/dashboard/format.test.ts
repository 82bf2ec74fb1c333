import { describe, expect, it } from 'vitest';
import { cut, mebibytes, milliseconds, percent, relayName, short, timeOfDay } from '../../src/dashboard/format.ts';

describe('format', () => {
  it.each([
    [undefined, '–'],
    [NaN, '–'],
    [Infinity, '–'],
    [0, '0'],
    [7.25, '7.3'],
    [9.94, '9.9'],
    [9.96, '10'],
    [999.4, '999'],
    [999.6, '1.0k'],
    [12_345, '12k'],
    [999_600, '1.0M'],
    [5e6, '5.0M'],
    [2e9, '2.0G'],
    [9e15, '>1T'],
  ])('short(%s) is %s', (value, text) => expect(short(value)).toBe(text));

  it.each([
    [undefined, '–'],
    [0, '0 ms'],
    [0.01, '0 ms'],
    [0.44, '0.4 ms'],
    [85, '85 ms'],
    [999.6, '1.0 s'],
    [12_345, '12 s'],
    [100_000, '2 min'],
  ])('milliseconds(%s) is %s', (value, text) => expect(milliseconds(value)).toBe(text));

  it('others', () => {
    expect([0, 0.004, 0.126, 1].map(percent)).toEqual(['0 %', '0.4 %', '13 %', '100 %']);
    expect(mebibytes(undefined)).toBe('–');
    expect(mebibytes(3 * 2 ** 20)).toBe('3 MiB');
    expect(timeOfDay(new Date(2026, 0, 1, 4, 5, 6).getTime())).toBe('04:05:06');
    expect(relayName('wss://relay.example/')).toBe('relay.example');
    expect(relayName('ws://127.0.0.1:1/x/')).toBe('ws://127.0.0.1:1/x');
    expect([cut('abc', 3), cut('abcd', 3)]).toEqual(['abc', 'ab…']);
  });
});
