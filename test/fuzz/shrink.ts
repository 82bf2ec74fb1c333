/** How often what is to be shrunk is tried at most. */
const MOST_TRIES = 5_000;

/**
 * The least of `items` that still fails, as far as leaving out one run after the other finds it: Zeller and Hildebrandt's delta debugging
 * (2002), of complements alone. What fails has to fail each time.
 */
export function shrink<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => boolean,
  mostTries = MOST_TRIES,
): readonly T[] {
  let least = items;
  let tries = 0;
  let size = Math.ceil(least.length / 2);
  while (size >= 1) {
    let hasShrunk = false;
    for (let from = 0; from < least.length && tries < mostTries;) {
      const without = [...least.slice(0, from), ...least.slice(from + size)];
      tries++;
      if (fails(without)) {
        least = without;
        hasShrunk = true;
      } else from += size;
    }
    if (tries >= mostTries) return least;
    // Runs of one are tried until none can be left out.
    if (size > 1) size = Math.ceil(size / 2);
    else if (!hasShrunk) return least;
  }
  return least;
}

/** As {@link shrink}, of the UTF-16 units of a text. */
export function shrinkText(text: string, fails: (text: string) => boolean, mostTries = MOST_TRIES): string {
  return shrink(text.split(''), (units) => fails(units.join('')), mostTries).join('');
}
