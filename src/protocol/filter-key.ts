import type { Filter } from './filter.ts';

/**
 * A text for a filter that is the same for all that ask the same: whatever the order of keys and of the values in a list, and with a value
 * once or more often.
 *
 * @param without - A key that is left out.
 */
export function keyOfFilter(filter: Filter, without?: string): string {
  const entries: readonly (readonly [string, unknown])[] = Object.entries(filter);
  return JSON.stringify(
    entries
      .filter(([key, value]) => value !== undefined && key !== without)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, Array.isArray(value) ? [...new Set<unknown>(value)].sort() : value]),
  );
}

/** {@link keyOfFilter} for the filters of a request: the same whatever their order, and with one of them once or more often. */
export function filterKey(filters: readonly Filter[]): string {
  return `[${[...new Set(filters.map((filter) => keyOfFilter(filter)))].sort().join()}]`;
}

/** Whether two requests ask the same, as far as one sees without knowing what keys mean: see {@link filterKey}. */
export function sameFilters(a: readonly Filter[], b: readonly Filter[]): boolean {
  return a === b || filterKey(a) === filterKey(b);
}
