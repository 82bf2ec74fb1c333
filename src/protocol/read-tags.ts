/**
 * What can be read of the tags with a name: each value once, in their order, at most `most` of them. `read` gets the value, '' where a tag
 * has none, and the whole tag; what it gives undefined for is left out.
 */
export function readTags<T>(
  tags: readonly (readonly string[])[],
  name: string,
  most: number,
  read: (value: string, tag: readonly string[]) => T | undefined,
): readonly T[] {
  const values = new Set<T>();
  for (const tag of tags) {
    if (values.size >= most) break;
    if (tag[0] !== name) continue;
    const value = read(tag[1] ?? '', tag);
    if (value !== undefined) values.add(value);
  }
  return [...values];
}
