const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The latest values as a line of blocks, `width` columns wide: from 0 to `most`. Where there is no value there is a blank. */
export function sparkline(
  values: readonly (number | undefined)[],
  width: number,
  most: number = greatest(values),
): string {
  const latest = width > 0 ? values.slice(-width) : [];
  const drawn = latest.map((value) => {
    if (value === undefined) return ' ';
    const level = most > 0 ? Math.ceil((value / most) * BLOCKS.length) - 1 : 0;
    return BLOCKS[Math.min(BLOCKS.length - 1, Math.max(0, level))] ?? ' ';
  });
  return drawn.join('').padStart(width);
}

/** The greatest of the values, 0 where there is none. */
export function greatest(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}
