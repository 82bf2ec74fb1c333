import { currentRelays, type FrameOptions, relayList } from '../pool/event-list.ts';
import type { PoolRelayStatus } from '../pool/pool-relay-status.ts';
import { type Reading, reading } from './reading.ts';
import { getRelayPool } from './relay-pool.ts';

/**
 * How the relays of the pool are, as its `relays$` tells it; changes once a frame at most. Called while the component is initialised.
 *
 * @example
 * ```ts
 * import { relays } from 'rx-relay-pool/svelte';
 *
 * const health = relays();
 * console.log(health.current.map(({ url, state }) => `${url}: ${state}`));
 * ```
 */
export function relays(options: FrameOptions = {}): Reading<readonly PoolRelayStatus[]> {
  const pool = getRelayPool();
  return reading(relayList(pool, options), currentRelays(pool));
}
