import type { NostrEvent } from './event.ts';
import type { Filter } from './filter.ts';
import { filterKey, keyOfFilter } from './filter-key.ts';
import { listsOf, withList } from './filter-lists.ts';

/**
 * What requests have in common that one request can be made for: all of it, or all but the values of one list. An event that matches the
 * common request is for those who asked for one of its values.
 */
export interface FilterShape {
  /** The same for requests of one shape. */
  readonly key: string;
  /** The request for these values. */
  readonly filtersWith: (values: readonly string[]) => readonly Filter[];
  /** The values that an event has. */
  readonly valuesOf: (event: NostrEvent) => readonly string[];
}

/** A request as a shape and its own values. */
export interface ShapedFilters {
  readonly shape: FilterShape;
  readonly values: ReadonlySet<string>;
}

type WidestKey = 'ids' | 'authors' | `#${string}`;

/** Stands for everything where requests have to ask the same. */
const ALL = '';

/**
 * Takes a request apart. Only one filter alone has a list of its own, and only without `limit` and `search`: what a relay sends for those
 * depends on the other values that it is asked for.
 */
export function shapeOfFilters(filters: readonly Filter[]): ShapedFilters {
  const [filter] = filters;
  const key = filter && filters.length === 1 ? widestKey(filter) : undefined;
  if (!filter || !key) {
    const same = { key: filterKey(filters), filtersWith: () => filters, valuesOf: () => [ALL] };
    return { shape: same, values: new Set([ALL]) };
  }
  const shape: FilterShape = {
    key: `${key} ${keyOfFilter(filter, key)}`,
    filtersWith: (values) => [withList(filter, key, [...values].sort())],
    valuesOf: (event) => valuesIn(event, key),
  };
  return { shape, values: new Set(filter[key]) };
}

/** The list that requests are most likely to differ in. */
function widestKey(filter: Filter): WidestKey | undefined {
  if (filter.limit !== undefined || filter.search !== undefined) return undefined;
  if (filter.ids) return 'ids';
  if (filter.authors) return 'authors';
  const [first] = listsOf(filter)
    .map(([key]) => key)
    .filter((key): key is `#${string}` => key.startsWith('#'))
    .sort();
  return first;
}

/** As in a filter: only the first value of a tag counts (NIP-01). */
function valuesIn({ id, pubkey, tags }: NostrEvent, key: WidestKey): readonly string[] {
  if (key === 'ids') return [id];
  if (key === 'authors') return [pubkey];
  const name = key.slice(1);
  return tags.flatMap(([tag, value]) => (tag === name && value !== undefined ? value : []));
}
