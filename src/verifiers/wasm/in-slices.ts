/** Works through a list in slices, one a turn of the event loop, so that nothing else waits long. */
export async function inSlices<T, R>(
  items: readonly T[],
  size: number,
  work: (slice: readonly T[]) => readonly R[],
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += size) {
    if (start > 0) await new Promise((resolve) => setTimeout(resolve));
    results.push(...work(items.slice(start, start + size)));
  }
  return results;
}
