import type { Filter } from './filter.ts';

/** Filters that ask for no more at once than the relay gives; the rest comes by pages. */
export function withinLimit(filters: readonly Filter[], maxLimit = Infinity): readonly Filter[] {
  return filters.some(({ limit = 0 }) => limit > maxLimit)
    ? filters.map((filter) => ((filter.limit ?? 0) > maxLimit ? { ...filter, limit: maxLimit } : filter))
    : filters;
}
