import { expiresAt, replaceableKey, supersedes } from '../protocol/event.ts';
import { compileFilters, type Filter } from '../protocol/filter.ts';
import type { Packet } from '../protocol/packet.ts';

type EventPacket = Packet & { readonly type: 'event' };

/**
 * Of events that were delivered, those that a relay would send as stored for these filters (NIP-01): not expired (NIP-40), of a replaceable one the
 * newest version alone, and of a filter with a limit so many of the newest. `now` is in seconds since 1970.
 */
export function storedOf(
  delivered: readonly EventPacket[],
  filters: readonly Filter[],
  now: number,
): readonly EventPacket[] {
  const newest = new Map<string, EventPacket>();
  for (const packet of delivered) {
    const { event } = packet;
    const key = replaceableKey(event) ?? event.id;
    const other = newest.get(key);
    if (!other || supersedes(event, other.event)) newest.set(key, packet);
  }
  const stored = [...newest.values()].filter(({ event }) => (expiresAt(event) ?? Infinity) > now).sort(newestFirst);
  const wanted = new Set(filters.flatMap((filter) => matching(stored, filter)));
  return stored.filter((packet) => wanted.has(packet));
}

function matching(stored: readonly EventPacket[], filter: Filter): readonly EventPacket[] {
  const matches = compileFilters([filter]);
  return stored.filter(({ event }) => matches(event)).slice(0, filter.limit);
}

function newestFirst({ event: a }: EventPacket, { event: b }: EventPacket): number {
  return b.created_at - a.created_at || (a.id < b.id ? -1 : 1);
}
