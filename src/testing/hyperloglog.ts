import { computeOffset, feedPubkey, hllEncode, newHll } from 'nostr-tools/nip45';
import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';

/**
 * The 256 registers of NIP-45 over the authors of `events`, as 512 hex digits, or `undefined` where NIP-45 defines
 * none: a filter without a tag. The first tag of the filter and its first value decide, so it must be the filter as it
 * came, not a sorted one.
 */
export function hyperLogLog(filter: Filter, events: Iterable<NostrEvent>): string | undefined {
  const key = Object.keys(filter).find((name): name is `#${string}` => name.startsWith('#'));
  const value = key === undefined ? undefined : filter[key]?.[0];
  if (value === undefined) return undefined;
  const offset = computeOffset(value);
  const registers = newHll();
  for (const event of events) feedPubkey(registers, event.pubkey, offset);
  return hllEncode(registers);
}
