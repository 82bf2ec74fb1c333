import type { Injector, Signal } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { currentRelays, type FrameOptions, relayList } from '../pool/event-list.ts';
import type { PoolRelayStatus } from '../pool/pool-relay-status.ts';
import { within } from './injection.ts';
import { injectRelayPool } from './relay-pool.ts';

/**
 * Options of {@link relaysSignal}.
 *
 * @example
 * ```ts
 * import { inject, Injector } from '@angular/core';
 * import { relaysSignal, type RelaysSignalOptions } from 'rx-relay-pool/angular';
 *
 * class Later {
 *   readonly #options: RelaysSignalOptions = { injector: inject(Injector) };
 *   readonly relays = () => relaysSignal(this.#options);
 * }
 * ```
 */
export interface RelaysSignalOptions extends FrameOptions {
  /** Where there is no injection context: whose pool is watched, and until when. @default that of the caller */
  readonly injector?: Injector | undefined;
}

/**
 * How the relays of the pool are, as its `relays$` tells it; the signal changes once a frame at most.
 *
 * @example
 * ```ts
 * import { computed } from '@angular/core';
 * import { relaysSignal } from 'rx-relay-pool/angular';
 *
 * class Health {
 *   readonly relays = relaysSignal();
 *   readonly connected = computed(() => this.relays().filter(({ state }) => state === 'connected').length);
 * }
 * ```
 */
export function relaysSignal({ injector, ...options }: RelaysSignalOptions = {}): Signal<readonly PoolRelayStatus[]> {
  return within(injector, relaysSignal, () => {
    const pool = injectRelayPool();
    return toSignal(relayList(pool, options), { initialValue: currentRelays(pool) });
  });
}
