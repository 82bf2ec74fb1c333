import { useMemo, useSyncExternalStore } from 'react';
import { currentRelays, type FrameOptions, relayList } from '../pool/event-list.ts';
import { LatestValue } from '../pool/latest-value.ts';
import type { PoolRelayStatus } from '../pool/pool-relay-status.ts';
import { useRelayPool } from './relay-pool-provider.ts';

/**
 * How the relays of the pool are, as its `relays$` tells it; once a frame at most.
 *
 * @example
 * ```ts
 * import { createElement } from 'react';
 * import { useRelays } from 'rx-relay-pool/react';
 *
 * function Relays() {
 *   const relays = useRelays();
 *   return createElement('ul', null, relays.map(({ url, state }) => createElement('li', { key: url }, `${url}: ${state}`)));
 * }
 * ```
 */
export function useRelays(options: FrameOptions = {}): readonly PoolRelayStatus[] {
  const pool = useRelayPool();
  const relays = useMemo(() => new LatestValue(relayList(pool, options), currentRelays(pool)), [pool]);
  return useSyncExternalStore(relays.subscribe, relays.get, relays.get);
}
