import { describe, expect, it } from 'vitest';
import { readyOrPanic } from '../../src/policies/ready-or-panic.ts';
import { aCandidate, keysOf } from '../support/balanced.ts';

const list = (...ready: boolean[]): ReturnType<typeof aCandidate>[] =>
  ready.map((isReady, at) => aCandidate(`${at}`, { isReady }));
const nobody = (): boolean => false;

describe('readyOrPanic', () => {
  it('gives those that are ready', () => {
    expect(keysOf(readyOrPanic(list(true, false, true, true), 0.5, nobody))).toEqual(['0', '2', '3']);
  });

  it('leaves out the ejected', () => {
    expect(keysOf(readyOrPanic(list(true, false, true, true), 0.5, (key) => key === '0'))).toEqual(['2', '3']);
  });

  it('gives all where fewer than the threshold are left', () => {
    expect(readyOrPanic(list(true, false, true, false), 0.5, nobody)).toHaveLength(2);
    expect(readyOrPanic(list(true, false, false, false), 0.5, nobody)).toHaveLength(4);
    expect(readyOrPanic(list(true, true, false, false), 0.5, (key) => key === '1')).toHaveLength(4);
    expect(readyOrPanic(list(true, true, true, false), 1, nobody)).toHaveLength(4);
  });

  it('never panics with a threshold of 0, even if nobody is left', () => {
    expect(readyOrPanic(list(false, false), 0, nobody)).toEqual([]);
    expect(readyOrPanic([], 0.5, nobody)).toEqual([]);
  });
});
