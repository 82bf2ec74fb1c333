import { getContext, onDestroy, setContext } from 'svelte';
import { RelayPool, type RelayPoolOptions } from '../pool/relay-pool.ts';

const KEY = Symbol('relay pool');

/**
 * Gives a pool to a component and those below it: one that is made of options and closed with the component, or one of yours, which is not closed.
 * Called while the component is initialised.
 *
 * @throws RelayUrlError when the URL of a relay is not one.
 * @throws RangeError when a number is out of its range.
 *
 * @example
 * ```ts
 * import { setRelayPool } from 'rx-relay-pool/svelte';
 *
 * const pool = setRelayPool({ relays: ['wss://a.example', 'wss://b.example'] });
 * ```
 */
export function setRelayPool(of: RelayPoolOptions | RelayPool): RelayPool {
  if (of instanceof RelayPool) return setContext(KEY, of);
  const pool = new RelayPool(of);
  onDestroy(() => pool.close());
  return setContext(KEY, pool);
}

/**
 * The pool that {@link setRelayPool} gave: for publishing, and for all that `events` and `relays` do not do. Called while the component is
 * initialised.
 *
 * @throws Error when no component above set one.
 *
 * @example
 * ```ts
 * import type { NostrEvent } from 'rx-relay-pool';
 * import { getRelayPool } from 'rx-relay-pool/svelte';
 *
 * const pool = getRelayPool();
 * const send = (event: NostrEvent) => pool.publish(event).subscribe(({ accepted }) => console.log(accepted));
 * ```
 */
export function getRelayPool(): RelayPool {
  const pool = getContext<RelayPool | undefined>(KEY);
  if (!pool)
    throw new Error('There is no relay pool here: call setRelayPool({ relays }) in a component above this one.');
  return pool;
}
