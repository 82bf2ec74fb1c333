/**
 * The shortest list of steps that still fails, as far as taking steps away shows (delta debugging: Zeller and Hildebrandt, 2002): larger
 * pieces first, then one by one, until no single step can go.
 *
 * @param mostRuns - After so many tries it gives what it has.
 */
export async function shortest<T>(
  steps: readonly T[],
  fails: (steps: readonly T[]) => Promise<boolean>,
  mostRuns = 300,
): Promise<readonly T[]> {
  let left = steps;
  let runs = 0;
  for (let size = Math.ceil(steps.length / 2); size >= 1;) {
    let hasShrunk = false;
    for (let from = 0; from < left.length && runs < mostRuns;) {
      const fewer = [...left.slice(0, from), ...left.slice(from + size)];
      runs++;
      if (await fails(fewer)) {
        left = fewer;
        hasShrunk = true;
      } else from += size;
    }
    if (runs >= mostRuns || (size === 1 && !hasShrunk)) break;
    if (!hasShrunk || size > left.length) size = Math.max(1, Math.min(Math.floor(size / 2), left.length));
  }
  return left;
}
