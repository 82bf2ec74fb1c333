import type { Filter } from '../protocol/filter.ts';
import type { RelayLimits } from '../protocol/relay-limits.ts';
import { splitFilters } from '../protocol/split-filters.ts';

/** Bytes of a REQ that are kept for its id, and for the span and the limit that resuming adds to each filter. */
const ROOM = 64;

/** The filters of each REQ that a request takes, where the relay does not take them in one; what cannot be cut to fit stays as it is. */
export function partsOf(filters: readonly Filter[], limits: RelayLimits): readonly (readonly Filter[])[] {
  const { maxMessageLength = Infinity, maxFilters = Infinity } = limits;
  // What is kept for many filters would leave no room for them: no more of them go together than leave half of the message.
  const most = Math.min(maxFilters, Math.max(1, Math.floor(maxMessageLength / ROOM / 2) - 1));
  const kept = ROOM * (1 + Math.min(filters.length, most));
  return splitFilters(filters, { maxMessageLength, maxFilters: most }, kept) ?? [filters];
}
