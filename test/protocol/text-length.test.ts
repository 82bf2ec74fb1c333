import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { characterCount, utf8Length } from '../../src/protocol/text-length.ts';

const anyText = fc.string({
  unit: fc.constantFrom('a', '\u007f', '\u0080', 'é', '߿', 'ࠀ', '€', '\uffff', '😀', '\ud83d', '\ude00'),
});

describe('utf8Length', () => {
  it('is the number of bytes that an encoder makes', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });
});

describe('characterCount', () => {
  it('is the number of code points', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(characterCount(text)).toBe([...text].length);
      }),
    );
  });
});
