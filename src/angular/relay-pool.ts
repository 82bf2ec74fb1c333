import { DestroyRef, type EnvironmentProviders, inject, InjectionToken, makeEnvironmentProviders } from '@angular/core';
import { RelayPool, type RelayPoolOptions } from '../pool/relay-pool.ts';

const RELAY_POOL = new InjectionToken<RelayPool>('relay pool');

/**
 * Provides a pool, made when it is first injected and closed with the injector. For the providers of an application, or of a route.
 *
 * @throws RelayUrlError (when it is injected) when the URL of a relay is not one.
 * @throws RangeError (when it is injected) when a number is out of its range.
 *
 * @example
 * ```ts
 * import type { ApplicationConfig } from '@angular/core';
 * import { provideRelayPool } from 'rx-relay-pool/angular';
 *
 * export const appConfig: ApplicationConfig = {
 *   providers: [provideRelayPool({ relays: ['wss://a.example', 'wss://b.example'] })],
 * };
 * ```
 */
export function provideRelayPool(options: RelayPoolOptions): EnvironmentProviders {
  const useFactory = (): RelayPool => {
    const pool = new RelayPool(options);
    inject(DestroyRef).onDestroy(() => pool.close());
    return pool;
  };
  return makeEnvironmentProviders([{ provide: RELAY_POOL, useFactory }]);
}

/**
 * The pool of {@link provideRelayPool}: for publishing, and for all that the signals do not do. In an injection context.
 *
 * @throws Error when no pool is provided.
 *
 * @example
 * ```ts
 * import { signal } from '@angular/core';
 * import type { NostrEvent, PublishReport } from 'rx-relay-pool';
 * import { injectRelayPool } from 'rx-relay-pool/angular';
 *
 * class Composer {
 *   readonly #pool = injectRelayPool();
 *   readonly report = signal<PublishReport | undefined>(undefined);
 *
 *   send(event: NostrEvent) {
 *     this.#pool.publish(event).subscribe((report) => this.report.set(report));
 *   }
 * }
 * ```
 */
export function injectRelayPool(): RelayPool {
  const pool = inject(RELAY_POOL, { optional: true });
  if (!pool)
    throw new Error('No relay pool is provided: add provideRelayPool({ relays }) to the providers of the application.');
  return pool;
}
