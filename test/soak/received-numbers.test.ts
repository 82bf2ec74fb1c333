import { expect, it } from 'vitest';
import { ReceivedNumbers } from './received-numbers.ts';

it('knows each number once, in any order, and keeps only what is ahead', () => {
  const numbers = new ReceivedNumbers();
  expect([0, 2, 3, 2, 0].map((number) => numbers.add(number))).toEqual([true, true, true, false, false]);
  expect([numbers.next, numbers.ahead]).toEqual([1, 2]);
  expect(numbers.add(1)).toBe(true);
  expect([numbers.next, numbers.ahead]).toEqual([4, 0]);
  expect(numbers.add(1)).toBe(false);
});

it('names what is missing when it is given up, and no more', () => {
  const numbers = new ReceivedNumbers();
  for (const number of [1, 2, 5, 9]) numbers.add(number);
  expect(numbers.skipTo(7)).toEqual([0, 3, 4, 6]);
  expect([numbers.next, numbers.ahead]).toEqual([7, 1]);
  expect(numbers.skipTo(3)).toEqual([]);
  // What comes after all is not new.
  expect(numbers.add(4)).toBe(false);
});
