import { defer, filter, type MonoTypeOperatorFunction } from 'rxjs';
import { BoundedMap } from '../policies/bounded-map.ts';
import { type NostrEvent, replaceableKey, supersedes } from '../protocol/event.ts';

/**
 * Passes a replaceable or addressable event (NIP-01) only when it supersedes the last one passed under its key: newer, or as
 * new with a lower id. Regular and ephemeral events pass. So whoever keeps the last event per key always has the current
 * version, in whichever order relays sent them.
 *
 * Use it on verified events alone: a forgery dated in the future would hide every real version. Each subscription has its own
 * memory; beyond `capacity` keys, the one untouched for longest is forgotten, and an old version of it may then pass again.
 *
 * @param options - `capacity`: how many keys to remember, a whole number above 0.
 * Default: 10,000.
 * @throws RangeError at once when `capacity` is not a whole number above 0.
 *
 * @example
 * ```ts
 * import { latestReplaceable, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://a.example', 'wss://b.example'] });
 * const subscription = pool
 *   .subscribe({ kinds: [0, 30_023] })
 *   .pipe(latestReplaceable())
 *   .subscribe((event) => console.log(event.kind, event.pubkey, event.created_at));
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function latestReplaceable(options: { readonly capacity?: number } = {}): MonoTypeOperatorFunction<NostrEvent> {
  const { capacity = 10_000 } = options;
  new BoundedMap(capacity); // a wrong capacity is the caller's mistake: thrown here, where it was made
  return (source) =>
    defer(() => {
      // What decides, not the events: ten thousand of those may be a lot of memory.
      const passed = new BoundedMap<string, Pick<NostrEvent, 'created_at' | 'id'>>(capacity);
      return source.pipe(
        filter((event) => {
          const key = replaceableKey(event);
          if (key === undefined) return true;
          const last = passed.get(key);
          const isCurrent = last === undefined || supersedes(event, last);
          passed.set(key, isCurrent ? { created_at: event.created_at, id: event.id } : last); // touches it, too
          return isCurrent;
        }),
      );
    });
}
