import { take } from 'rxjs';
import type { PoolRelayStatus } from '../../src/pool/pool-relay-status.ts';
import type { RelayPool } from '../../src/pool/relay-pool.ts';

/** How the relays of the pool are at this moment. */
export function statusesOf(pool: RelayPool): readonly PoolRelayStatus[] {
  let now: readonly PoolRelayStatus[] = [];
  pool.relays$.pipe(take(1)).subscribe((statuses) => (now = statuses));
  return now;
}

/** How a relay of the pool is at this moment. */
export function statusOf(pool: RelayPool, { url }: { readonly url: string }): PoolRelayStatus {
  const found = statusesOf(pool).find((status) => status.url === url);
  if (!found) throw new Error(`${url} is no relay of this pool`);
  return found;
}
