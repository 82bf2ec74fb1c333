import type { Filter } from './filter.ts';
import { keyOfFilter } from './filter-key.ts';
import { listsOf, withList } from './filter-lists.ts';

/**
 * Makes one list of filters out of several, as short as it finds, that matches exactly the events that any of them match. Takes filters as
 * `normalizeFilters` makes them; others come out right too, but may stay more than need be.
 *
 * - Equal filters stay once.
 * - Filters that are equal but for one list, which all of them have, become one with all the values.
 * - A filter goes when another matches all that it matches: one with more or the same values in every list that it has, and as wide a time.
 *
 * Filters with a `limit` or a `search` only stay once: what the relay sends for them is not told by what they match.
 */
export function mergeFilters(lists: readonly (readonly Filter[])[]): readonly Filter[] {
  const distinct = new Map<string, Filter>();
  for (const filter of lists.flat()) {
    const key = keyOfFilter(filter);
    if (!distinct.has(key)) distinct.set(key, filter);
  }
  const filters = [...distinct.values()];
  return [...withoutCovered(united(filters.filter(isPlain))), ...filters.filter((filter) => !isPlain(filter))];
}

function isPlain({ limit, search }: Filter): boolean {
  return limit === undefined && search === undefined;
}

/** Until nothing can be united any more: to unite along one list may make filters equal but for another. */
function united(filters: readonly Filter[]): readonly Filter[] {
  let [result, before] = [filters, Infinity];
  while (result.length < before) {
    before = result.length;
    const keys = new Set(result.flatMap((filter) => listsOf(filter).map(([key]) => key)));
    for (const key of [...keys].sort()) result = unitedAlong(key, result);
  }
  return result;
}

interface Group {
  readonly filter: Filter;
  /** Of the list that may differ, in all the filters of the group; undefined where they have none. */
  readonly values: Set<string | number> | undefined;
  /** How many the first filter has. */
  readonly own: number | undefined;
}

/** By a key of all but the list, as to compare all with all would take long for hundreds of them. */
function unitedAlong(key: string, filters: readonly Filter[]): readonly Filter[] {
  const groups = new Map<string, Group>();
  for (const filter of filters) {
    const list = listOf(filter, key);
    // A filter without the list takes any value there, which is another thing.
    const rest = `${list === undefined} ${keyOfFilter(filter, key)}`;
    const group = groups.get(rest);
    if (group === undefined) {
      const values = list && new Set(list);
      groups.set(rest, { filter, values, own: values?.size });
    } else for (const value of list ?? []) group.values?.add(value);
  }
  return [...groups.values()].map(({ filter, values, own }) =>
    values?.size === own ? filter : withList(filter, key, [...(values ?? [])].sort(inOrder)),
  );
}

function listOf(filter: Filter, key: string): readonly (string | number)[] | undefined {
  return listsOf(filter).find(([name]) => name === key)?.[1];
}

/** Numbers as numbers, texts by their code units, as `normalizeFilters` has them. */
function inOrder(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** No two are equal, so none of two can cover the other and be covered by it. */
function withoutCovered(filters: readonly Filter[]): readonly Filter[] {
  // Whoever covers a filter has the first value of one of its lists in that list, or no lists at all. Each filter stands under one list.
  const covers = new Map<string, Filter[]>();
  for (const filter of filters) {
    const lists = listsOf(filter);
    const [key, values] = lists.find(([name]) => name === 'ids' || name === 'authors') ?? lists[0] ?? [];
    for (const place of key === undefined ? [''] : (values ?? []).map((value) => `${key} ${value}`)) {
      const there = covers.get(place);
      if (there) there.push(filter);
      else covers.set(place, [filter]);
    }
  }
  return filters.filter((filter) => {
    const places = ['', ...listsOf(filter).map(([key, [first]]) => `${key} ${first}`)];
    return !places.some((place) => covers.get(place)?.some((other) => other !== filter && isCovered(filter, other)));
  });
}

function isCovered(filter: Filter, by: Filter): boolean {
  return (
    (by.since ?? -Infinity) <= (filter.since ?? -Infinity) &&
    (by.until ?? Infinity) >= (filter.until ?? Infinity) &&
    listsOf(by).every(([key, values]) => isPart(listOf(filter, key), values))
  );
}

/** Whether all of a list are in another, both in the same order. */
function isPart(part: readonly unknown[] | undefined, whole: readonly unknown[]): boolean {
  if (part === undefined) return false;
  let found = 0;
  for (const value of whole) if (found < part.length && value === part[found]) found++;
  return found === part.length;
}
