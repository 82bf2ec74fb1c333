/** A place from 0 to `length - 1`, each as likely as any other. */
function drawIndex(length: number, random: () => number): number {
  return Math.min(length - 1, Math.floor(random() * length));
}

function exchange<T>(items: T[], one: number, other: number): void {
  const item = items[one] as T;
  items[one] = items[other] as T;
  items[other] = item;
}

/** Moves one of the first `length` items, each as likely as any other, to the last place of these. */
export function drawToEnd<T>(items: T[], length: number, random: () => number): void {
  exchange(items, length - 1, drawIndex(length, random));
}

/** The items in an order in which each is as likely as any other (Richard Durstenfeld, "Algorithm 235", 1964). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let length = result.length; length > 1; length--) drawToEnd(result, length, random);
  return result;
}

/** The items in the order of draws without putting back, in which the chance of each is its share of the weights that are left. */
export function weightedOrder<T>(items: readonly T[], weightOf: (item: T) => number, random: () => number): T[] {
  const rest = [...items];
  const result: T[] = [];
  while (rest.length > 0) {
    let left = random() * rest.reduce((sum, item) => sum + weightOf(item), 0);
    const index = rest.findIndex((item) => (left -= weightOf(item)) < 0);
    // The last one has what rounding leaves over.
    result.push(...rest.splice(index === -1 ? rest.length - 1 : index, 1));
  }
  return result;
}
