import { take } from 'rxjs';
import type { RelayPool } from '../../src/pool/relay-pool.ts';
import type { RelayStatus } from '../../src/sources/relay.ts';

/** How a relay of the pool is at this moment. */
export function statusOf(pool: RelayPool, { url }: { readonly url: string }): RelayStatus {
  let found: RelayStatus | undefined;
  pool.relays$.pipe(take(1)).subscribe((statuses) => {
    found = statuses.find((status) => status.url === url);
  });
  if (!found) throw new Error(`${url} is no relay of this pool`);
  return found;
}
