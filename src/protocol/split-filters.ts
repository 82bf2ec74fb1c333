import type { Filter } from './filter.ts';
import { listsOf, withList } from './filter-lists.ts';
import { encodeReq } from './message.ts';
import type { RelayLimits } from './relay-limits.ts';
import { utf8Length } from './text-length.ts';

interface Part {
  readonly filter: Filter;
  /** Bytes as JSON. */
  readonly bytes: number;
}

/**
 * Puts filters into groups that fit into one REQ each (NIP-01): at most `maxFilters` filters, and at most `maxMessageLength` bytes of UTF-8
 * for the whole of `["REQ","<id>",…]`. All groups together match exactly the events that the filters match.
 *
 * Where all fits there is one group, the very array that was given. Otherwise groups are filled in order, and a filter that fits is handed
 * on as it is. One that is too long by itself is cut along its longest list into parts that are; an event may then match more than one
 * part, where it has several tags of a name. A `limit` stays on each part, so that the relay may send up to so many events for each.
 *
 * @param idLength - Characters of the subscription id, ASCII.
 * @param mostParts - Into how many parts one filter may be cut: two long lists multiply, and a relay may name any limit.
 * @returns undefined when a filter cannot be made to fit, because of a long `search` or value, or only in more parts than that.
 */
export function splitFilters(
  filters: readonly Filter[],
  limits: Pick<RelayLimits, 'maxFilters' | 'maxMessageLength'>,
  idLength = 8,
  mostParts = 1_000,
): readonly (readonly Filter[])[] | undefined {
  const { maxFilters = Infinity, maxMessageLength = Infinity } = limits;
  if (filters.length === 0) return [];
  const isShort = maxMessageLength === Infinity || utf8Length(encodeReq('', filters)) + idLength <= maxMessageLength;
  if (isShort && filters.length <= maxFilters) return [filters];
  const room = maxMessageLength - utf8Length(encodeReq('', [])) - idLength;
  const all: Part[] = [];
  for (const filter of filters) {
    const parts: Part[] = [];
    if (!cut(filter, room - COMMA, mostParts, parts)) return undefined;
    all.push(...parts);
  }
  return packed(all, room, maxFilters);
}

const COMMA = 1;

/** Groups in order, each as full as it gets. */
function packed(parts: readonly Part[], room: number, maxFilters: number): readonly (readonly Filter[])[] {
  let group: Filter[] = [];
  let used = 0;
  const groups = [group];
  for (const { filter, bytes } of parts) {
    if (group.length === maxFilters || used + COMMA + bytes > room) {
      group = [];
      used = 0;
      groups.push(group);
    }
    group.push(filter);
    used += COMMA + bytes;
  }
  return groups;
}

/** Adds the filter, or parts of it, of at most `room` bytes each. False when it cannot be done in so many parts. */
function cut(filter: Filter, room: number, mostParts: number, parts: Part[]): boolean {
  if (parts.length === mostParts) return false;
  const bytes = utf8Length(JSON.stringify(filter));
  if (bytes <= room) {
    parts.push({ filter, bytes });
    return true;
  }
  const [longest, second] = listsToCut(filter);
  if (longest === undefined) return false;
  const { key, values } = longest;
  const left = room - (bytes - longest.bytes);
  // What the second list needs is there in every part. Where that is most of the room, cutting the first one alone makes far too many parts.
  const pieces = left >= (second?.bytes ?? 0) ? filled(values, left) : halves(values);
  return pieces.every((piece) => cut(withList(filter, key, piece), room, mostParts, parts));
}

interface ListToCut {
  readonly key: string;
  readonly values: readonly (string | number)[];
  /** Bytes as JSON, without the brackets. */
  readonly bytes: number;
}

/** The lists of two values and more, the longest first. */
function listsToCut(filter: Filter): readonly ListToCut[] {
  return listsOf(filter)
    .filter(([, values]) => values.length > 1)
    .map(([key, values]) => ({ key, values, bytes: utf8Length(JSON.stringify(values)) - 2 }))
    .sort((a, b) => b.bytes - a.bytes);
}

/** As many values in each piece as fit into so many bytes; one at least, so that the other lists get their turn. */
function filled<T>(values: readonly T[], room: number): readonly (readonly T[])[] {
  const pieces: T[][] = [];
  let left = -1;
  for (const value of values) {
    const bytes = utf8Length(JSON.stringify(value));
    left -= COMMA + bytes;
    if (left < 0) {
      pieces.push([]);
      left = room - bytes;
    }
    pieces.at(-1)?.push(value);
  }
  return pieces;
}

function halves<T>(values: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(values.length / 2);
  return [values.slice(0, middle), values.slice(middle)];
}
