import { defer, filter, type MonoTypeOperatorFunction } from 'rxjs';
import { Deletions } from '../policies/deletions.ts';
import type { NostrEvent } from '../protocol/event.ts';

/**
 * Leaves out events that their author has deleted (NIP-09), as far as the stream has said so by then. The deletion requests (kind 5) pass, so
 * that whoever holds an event that came before its deletion can let it go.
 *
 * A request deletes what it names of its own author alone: an id (`e`), or all versions under an address (`a`) up to its own time. Deleting a
 * deletion does nothing. Put it before {@link latestReplaceable}, and use it on verified events alone. Each subscription has its own memory.
 *
 * @param options - `capacity`: how many deleted ids, and how many addresses, to remember; beyond it the one that was named least recently is
 * forgotten, and what it deleted may pass again. A whole number above 0.
 * Default: 100,000.
 * @throws RangeError at once when `capacity` is not a whole number above 0.
 *
 * @example
 * ```ts
 * import { latestReplaceable, RelayPool, withoutDeleted } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://a.example', 'wss://b.example'] });
 * const subscription = pool
 *   .subscribe({ kinds: [5, 30_023] }) // articles, and what deletes them
 *   .pipe(withoutDeleted(), latestReplaceable())
 *   .subscribe((event) => console.log(event.kind, event.id));
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function withoutDeleted(options: { readonly capacity?: number } = {}): MonoTypeOperatorFunction<NostrEvent> {
  const { capacity = 100_000 } = options;
  new Deletions(capacity); // a wrong capacity is the caller's mistake: thrown here, where it was made
  return (source) =>
    defer(() => {
      const deletions = new Deletions(capacity);
      return source.pipe(
        filter((event) => {
          if (Deletions.isRequest(event)) deletions.add(event);
          return !deletions.covers(event);
        }),
      );
    });
}
