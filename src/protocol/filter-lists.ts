import type { Filter } from './filter.ts';

/** A list of a filter by its key: `ids`, `authors`, `kinds`, or the values of a tag. */
export type FilterList = readonly [key: string, values: readonly (string | number)[]];

/** The lists of a filter, in the order of its keys. A key with undefined is none. */
export function listsOf(filter: Filter): readonly FilterList[] {
  const entries: readonly (readonly [string, unknown])[] = Object.entries(filter);
  return entries.filter((entry): entry is FilterList => Array.isArray(entry[1]));
}

/** The filter with other values in one of its lists. */
export function withList(filter: Filter, key: string, values: readonly (string | number)[]): Filter {
  return { ...filter, [key]: values };
}
