import { describe, expect, it } from 'vitest';
import { shrink, shrinkText } from './shrink.ts';

describe('shrinking what fails', () => {
  it('leaves what is needed, in its order', () => {
    const numbers = Array.from({ length: 1_000 }, (_, n) => n);
    const fails = (items: readonly number[]): boolean => [17, 502, 999].every((needed) => items.includes(needed));
    expect(shrink(numbers, fails)).toEqual([17, 502, 999]);
  });

  it('leaves nothing of what fails anyway', () => expect(shrink([1, 2, 3], () => true)).toEqual([]));

  it('leaves all where each is needed', () => expect(shrinkText('abc', (text) => text === 'abc')).toBe('abc'));

  it('goes on where leaving one out makes room to leave out another', () => {
    // Brackets in pairs alone: either of a pair can go only with the other.
    const isPaired = (text: string): boolean => /^\(*x\)*$/.test(text) && text.length % 2 === 1;
    const shrunk = shrinkText('((x))', (text) => isPaired(text));
    expect(shrunk.length).toBeLessThan(5);
  });

  it('tears surrogates apart, as a frame may hold either half', () =>
    expect(shrinkText('ab\u{1f600}cd', (text) => text.includes('\ude00'))).toBe('\ude00'));

  it('gives up after so many tries, with what failed last', () => {
    let tries = 0;
    const fails = (items: readonly number[]): boolean => ++tries > 0 && items.includes(0);
    const shrunk = shrink(
      Array.from({ length: 100 }, (_, n) => n),
      fails,
      3,
    );
    expect(tries).toBe(3);
    expect(shrunk).toContain(0);
    expect(shrunk.length).toBeLessThan(100);
  });
});
