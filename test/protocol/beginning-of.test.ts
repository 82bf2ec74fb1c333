import { expect, it } from 'vitest';
import { beginningOf } from '../../src/protocol/beginning-of.ts';

it('is so much of a text, or all of it', () => {
  expect(beginningOf('a "quoted" text \ud800', 10)).toBe('a "quoted"');
  expect(beginningOf('short \ud800', 100)).toBe('short \ud800');
  expect(beginningOf('', 10)).toBe('');
});
