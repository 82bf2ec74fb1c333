import { UsageError } from './exit-code.ts';

/** Characters of a line at most: relays take no event that is near it. */
const LONGEST_LINE = 16 * 1_024 * 1_024;

/**
 * The lines of a text that comes in pieces, without their ends.
 *
 * @throws UsageError for a line that is too long.
 */
export async function* splitLines(chunks: AsyncIterable<unknown>, longest = LONGEST_LINE): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const [first = '', ...more] = decoder.decode(chunk as Uint8Array, { stream: true }).split('\n');
    rest += first;
    for (const next of more) {
      yield rest.replace(/\r$/, '');
      rest = next;
    }
    if (rest.length > longest) throw new UsageError(`A line of the input is longer than ${longest} characters.`);
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
