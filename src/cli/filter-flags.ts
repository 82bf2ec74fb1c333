import { type Filter, FilterError, normalizeFilters } from '../index.ts';
import type { Arguments, Flags } from './arguments.ts';
import { UsageError } from './exit-code.ts';
import { eventIdOf, publicKeyOf } from './identifiers.ts';
import { parseTime } from './times.ts';

/** What a filter is made of, as flags: those of `nak req`. */
export const filterFlags = {
  kind: { type: 'string', short: 'k', multiple: true, value: '<kind>', help: 'events of this kind; several, or 0,1,3' },
  author: { type: 'string', short: 'a', multiple: true, value: '<key>', help: 'by this author: hex, npub or nprofile' },
  id: { type: 'string', short: 'i', multiple: true, value: '<id>', help: 'with this id: hex, note or nevent' },
  tag: {
    type: 'string',
    short: 't',
    multiple: true,
    value: '<x=value>',
    help: "with this tag: -t t=nostr or '#t=nostr'",
  },
  e: { type: 'string', short: 'e', multiple: true, value: '<id>', help: 'shortcut for --tag e=<id>' },
  p: { type: 'string', short: 'p', multiple: true, value: '<key>', help: 'shortcut for --tag p=<key>' },
  d: { type: 'string', short: 'd', multiple: true, value: '<text>', help: 'shortcut for --tag d=<text>' },
  since: { type: 'string', short: 's', value: '<time>', help: "not older: seconds, '1h ago', 2026-01-31" },
  until: { type: 'string', short: 'u', value: '<time>', help: 'not newer, as --since' },
  limit: { type: 'string', short: 'l', value: '<n>', help: 'the newest n, of each relay' },
  search: { type: 'string', value: '<words>', help: 'full-text search (NIP-50), where the relay knows it' },
} as const satisfies Flags;

/**
 * The filter that the flags say; undefined where there is none of them.
 *
 * @param now - Milliseconds since 1970.
 * @throws UsageError for a value that is none.
 */
export function filterOfFlags(args: Arguments, now: number): Filter | undefined {
  if (!Object.keys(filterFlags).some((name) => args.has(name))) return undefined;
  const filter: Filter = {};
  const kinds = listed(args.texts('kind')).map(kindOf);
  const authors = listed(args.texts('author')).map(publicKeyOf);
  const ids = listed(args.texts('id')).map(eventIdOf);
  if (ids.length > 0) filter.ids = ids;
  if (authors.length > 0) filter.authors = authors;
  if (kinds.length > 0) filter.kinds = kinds;
  const tags = [
    ...args.texts('tag').map(tagOf),
    ...(['e', 'p', 'd'] as const).flatMap((name) => args.texts(name).map((value) => [name, value] as const)),
  ];
  for (const [name, value] of tags) {
    filter[`#${name}`] = [...(filter[`#${name}`] ?? []), tagValueOf(name, value)];
  }
  const since = args.text('since');
  const until = args.text('until');
  const limit = args.number('limit');
  const search = args.text('search');
  if (since !== undefined) filter.since = parseTime(since, now);
  if (until !== undefined) filter.until = parseTime(until, now);
  if (limit !== undefined) filter.limit = limit;
  if (search !== undefined) filter.search = search;
  return filter;
}

/**
 * The filters in a JSON text: one, an array of them, or a whole REQ or COUNT. Where a filter has keys and ids, those of NIP-19 are read too,
 * and times may be words.
 *
 * @throws UsageError where it is none.
 */
export function filtersOfJson(text: string, now: number, where: string): Filter[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${where} is no JSON: ${text.slice(0, 80)}. In a shell, put JSON in single quotes.`);
  }
  const elements: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isMessage = elements[0] === 'REQ' || elements[0] === 'COUNT';
  return (isMessage ? elements.slice(2) : elements).map((element) => {
    if (typeof element === 'object' && element !== null && !Array.isArray(element)) return readable(element, now);
    throw new UsageError(`${where} is no filter: give an object such as {"kinds":[1],"limit":10}.`);
  });
}

/** A filter narrowed and widened by flags as nak does it: lists grow, single values are replaced. */
export function withFlags(filter: Filter, flags: Filter): Filter {
  const merged: Record<string, unknown> = { ...filter };
  for (const [key, value] of Object.entries(flags)) {
    const before = merged[key];
    merged[key] =
      Array.isArray(value) && Array.isArray(before)
        ? [...new Set([...(before as unknown[]), ...(value as unknown[])])]
        : value;
  }
  return merged as Filter;
}

/**
 * Looks at filters before anything is sent.
 *
 * @throws UsageError where one is not right, or can match nothing.
 */
export function checkFilters(filters: readonly Filter[]): readonly Filter[] {
  try {
    const normal = normalizeFilters(filters);
    if (normal.length > 0) return normal;
  } catch (error) {
    if (error instanceof FilterError) throw new UsageError(error.message);
    throw error;
  }
  throw new UsageError('This can match nothing: a list is empty, or --since is after --until.');
}

/** Not checked yet. */
function readable(value: object, now: number): Filter {
  const read = (key: string, entry: unknown): unknown => {
    if ((key === 'since' || key === 'until') && typeof entry === 'string') return parseTime(entry, now);
    const of = { authors: publicKeyOf, ids: eventIdOf, '#p': publicKeyOf, '#e': eventIdOf }[key];
    const list: readonly unknown[] | undefined = Array.isArray(entry) ? entry : undefined;
    return of && list ? list.map((item) => (typeof item === 'string' ? of(item) : item)) : entry;
  };
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, read(key, entry)])) as Filter;
}

/** `-k 0,1` as `-k 0 -k 1`. */
function listed(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => value.split(',').map((part) => part.trim())).filter((part) => part !== '');
}

function kindOf(text: string): number {
  const kind = Number(text);
  if (/^\d{1,5}$/.test(text) && kind <= 65_535) return kind;
  throw new UsageError(`--kind takes a whole number from 0 to 65535, not '${text}'.`);
}

function tagOf(text: string): readonly [name: string, value: string] {
  const { name, value } = /^#?(?<name>[a-zA-Z])=(?<value>.*)$/s.exec(text)?.groups ?? {};
  if (name !== undefined && value !== undefined) return [name, value];
  throw new UsageError(
    `--tag takes one letter, = and a value, such as t=nostr; not '${text}'. Relays keep no index of longer names.`,
  );
}

function tagValueOf(name: string, value: string): string {
  if (name === 'e') return eventIdOf(value);
  return name === 'p' ? publicKeyOf(value) : value;
}
