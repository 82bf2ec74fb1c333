import { isHex64, isNatural, isRecord, isUnicode, type NostrEvent } from './event.ts';

/**
 * What a subscription asks for (NIP-01). Keys narrow each other, the values of one key widen it; filters of one
 * request add up.
 *
 * @example
 * ```ts
 * import type { Filter } from 'rx-relay-pool';
 *
 * const notes: Filter = { kinds: [1], '#t': ['nostr'], limit: 50 };
 * ```
 */
export interface Filter {
  /** 64 lower-case hex digits each. */
  ids?: readonly string[];
  /** 64 lower-case hex digits each. */
  authors?: readonly string[];
  /** 0 to 65535 each. */
  kinds?: readonly number[];
  /** Seconds since 1970, inclusive. */
  since?: number;
  /** Seconds since 1970, inclusive. */
  until?: number;
  /** At most so many stored events, the newest; live events are not counted. 0 means live events alone. */
  limit?: number;
  /** Full-text search (NIP-50). */
  search?: string;
  /** `#` and one letter: the first value of a tag of that name. `#e` and `#p` take 64 lower-case hex digits each. */
  [tag: `#${string}`]: readonly string[] | undefined;
}

/**
 * A filter that no relay would understand. The message names the key and says what to do.
 *
 * @example
 * ```ts
 * import { FilterError, normalizeFilters } from 'rx-relay-pool';
 *
 * try {
 *   normalizeFilters({ since: Date.now() / 1000 });
 * } catch (error) {
 *   if (error instanceof FilterError) console.log(error.key, error.message); // since …
 * }
 * ```
 */
export class FilterError extends Error {
  override readonly name = 'FilterError';
  readonly code = 'invalid-filter';
  /** The key at fault; empty when it is the filter itself. */
  readonly key: string;

  constructor(key: string, problem: string) {
    super(key === '' ? `Invalid filter: ${problem}` : `Invalid filter: '${key}' ${problem}`);
    this.key = key;
  }
}

const MAX_KIND = 65535;

/**
 * Checks filters and brings them into one form: list values sorted and each once, filters that can match nothing (an
 * empty list, `since` after `until`) left out. The result may be empty: then there is nothing to ask for.
 *
 * @throws {@link FilterError} on a wrong type, a key that NIP-01 and NIP-50 do not know, an id or public key that is
 * not 64 lower-case hex digits, a kind outside 0 to 65535, a time or limit that is not a whole number from 0.
 *
 * @example
 * ```ts
 * import { normalizeFilters } from 'rx-relay-pool';
 *
 * console.log(normalizeFilters([{ kinds: [7, 1, 7] }, { authors: [] }])); // [{ kinds: [1, 7] }]
 * ```
 */
export function normalizeFilters(filter: Filter | readonly Filter[]): readonly Filter[] {
  const filters: readonly unknown[] = Array.isArray(filter) ? filter : [filter];
  return filters.map(normalizeFilter).filter(canMatch);
}

/**
 * Whether an event matches a filter (NIP-01). `limit` and `search` are ignored: the one is no property of an event, the
 * other is the relay's to judge. Of a tag, only the first value counts.
 *
 * @example
 * ```ts
 * import { matchesFilter, type Filter, type NostrEvent } from 'rx-relay-pool';
 *
 * const filter: Filter = { kinds: [1] };
 * const isNote = (event: NostrEvent): boolean => matchesFilter(filter, event);
 * ```
 */
export function matchesFilter(filter: Filter, event: NostrEvent): boolean {
  if (filter.ids !== undefined && !filter.ids.includes(event.id)) return false;
  if (filter.authors !== undefined && !filter.authors.includes(event.pubkey)) return false;
  if (filter.kinds !== undefined && !filter.kinds.includes(event.kind)) return false;
  if (filter.since !== undefined && event.created_at < filter.since) return false;
  if (filter.until !== undefined && event.created_at > filter.until) return false;
  return tagKeys(filter).every((key) => {
    const values = filter[key];
    const name = key.slice(1);
    return (
      values === undefined ||
      event.tags.some((tag) => tag[0] === name && tag[1] !== undefined && values.includes(tag[1]))
    );
  });
}

/**
 * The same as {@link matchesFilter} for any of several filters, prepared once for many events: its cost does not grow
 * with the number of values in a list.
 */
export function compileFilters(filters: readonly Filter[]): (event: NostrEvent) => boolean {
  const compiled = filters.map(compileFilter);
  const [only] = compiled;
  if (only !== undefined && compiled.length === 1) return only;
  return (event) => {
    for (const matches of compiled) if (matches(event)) return true;
    return false;
  };
}

function compileFilter(filter: Filter): (event: NostrEvent) => boolean {
  const ids = filter.ids && new Set(filter.ids);
  const authors = filter.authors && new Set(filter.authors);
  const kinds = filter.kinds && new Set(filter.kinds);
  const since = filter.since ?? -Infinity;
  const until = filter.until ?? Infinity;
  const tags: (readonly [name: string, values: ReadonlySet<string>])[] = [];
  for (const key of tagKeys(filter)) {
    const values = filter[key];
    if (values !== undefined) tags.push([key.slice(1), new Set(values)]);
  }
  return (event) => {
    if (event.created_at < since || event.created_at > until) return false;
    if (kinds !== undefined && !kinds.has(event.kind)) return false;
    if (authors !== undefined && !authors.has(event.pubkey)) return false;
    if (ids !== undefined && !ids.has(event.id)) return false;
    for (const [name, values] of tags) if (!hasTag(event.tags, name, values)) return false;
    return true;
  };
}

function hasTag(tags: readonly (readonly string[])[], name: string, values: ReadonlySet<string>): boolean {
  for (const tag of tags) if (tag[0] === name && tag[1] !== undefined && values.has(tag[1])) return true;
  return false;
}

function tagKeys(filter: Filter): `#${string}`[] {
  return Object.keys(filter).filter((key): key is `#${string}` => key.startsWith('#'));
}

function canMatch(filter: Filter): boolean {
  if (filter.since !== undefined && filter.until !== undefined && filter.since > filter.until) return false;
  return Object.values(filter).every((value) => !Array.isArray(value) || value.length > 0);
}

function normalizeFilter(filter: unknown): Filter {
  if (!isRecord(filter)) throw new FilterError('', 'give an object, or an array of objects.');
  const normal: Filter = {};
  // Sorted, so that two spellings of one filter become one text as well.
  for (const key of Object.keys(filter).sort()) {
    const value = filter[key];
    // An option that was left out by a spread or a condition is not a mistake.
    if (value !== undefined) normalizeKey(normal, key, value);
  }
  return normal;
}

function normalizeKey(normal: Filter, key: string, value: unknown): void {
  switch (key) {
    case 'ids':
    case 'authors':
      normal[key] = hexList(key, value);
      return;
    case 'kinds':
      normal.kinds = list(key, value, isKind, `takes whole numbers from 0 to ${MAX_KIND}`).sort((a, b) => a - b);
      return;
    case 'since':
    case 'until':
      normal[key] = natural(key, value, 'takes whole seconds since 1970: use Math.floor(Date.now() / 1000)');
      return;
    case 'limit':
      normal.limit = natural(key, value, 'takes a whole number from 0');
      return;
    case 'search':
      if (!isUnicode(value)) throw new FilterError(key, 'takes a string without lone surrogates.');
      normal.search = value;
      return;
    default:
      if (!isTagKey(key)) {
        throw new FilterError(
          key,
          'is not a key of a filter: use ids, authors, kinds, since, until, limit, search, or # and one letter.',
        );
      }
      normal[key] =
        key === '#e' || key === '#p'
          ? hexList(key, value)
          : list(key, value, isUnicode, 'takes strings without lone surrogates').sort();
  }
}

function isTagKey(key: string): key is `#${string}` {
  return /^#[a-zA-Z]$/.test(key);
}

function isKind(value: unknown): value is number {
  return isNatural(value) && value <= MAX_KIND;
}

function hexList(key: string, value: unknown): string[] {
  return list(key, value, isHex64, 'takes 64 lower-case hex digits each: decode npub, note and the like first').sort();
}

function list<T>(key: string, value: unknown, isValid: (item: unknown) => item is T, rule: string): T[] {
  if (!Array.isArray(value)) throw new FilterError(key, 'takes an array: put a single value in brackets.');
  const items: readonly unknown[] = value;
  return [
    ...new Set(
      items.map((item) => {
        if (!isValid(item)) throw new FilterError(key, `${rule}; got ${shown(item)}.`);
        return item;
      }),
    ),
  ];
}

function natural(key: string, value: unknown, rule: string): number {
  if (!isNatural(value)) throw new FilterError(key, `${rule}; got ${shown(value)}.`);
  return value;
}

/** A value as it may stand in a message: short, and never a reason to throw something else. */
function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 80)}'` : typeof value === 'number' ? `${value}` : typeof value;
}
