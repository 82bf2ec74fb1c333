/**
 * The plain words of a search (NIP-50), in lower case. `key:value` extensions are left out: none is supported.
 * An empty result restricts nothing.
 */
export function searchWords(search: string): readonly string[] {
  const words = search.toLowerCase().split(/\s+/);
  return [...new Set(words.filter((word) => word !== '' && !/^[a-z]+:\S/.test(word)))];
}

/**
 * How well a text answers a search: how many of the words occur counts first, how often they occur second. 0 when none
 * does.
 */
export function searchScore(words: readonly string[], content: string): number {
  const text = content.toLowerCase();
  let found = 0;
  let times = 0;
  for (const word of words) {
    const occurrences = text.split(word).length - 1;
    if (occurrences > 0) found += 1;
    times += occurrences;
  }
  return found === 0 ? 0 : found + times / (times + 1);
}
