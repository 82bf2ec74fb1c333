import { createSubscriber } from 'svelte/reactivity';
import type { Readable } from 'svelte/store';
import { LatestValue } from '../pool/latest-value.ts';
import type { Observable } from 'rxjs';

/**
 * A value that changes: `.current` for runes, and a store for `$`. Both are of one stream, which is started with the first reader and stopped with
 * the last. Read elsewhere than in a template, an effect or a `$derived`, `.current` is what was known last.
 *
 * @example
 * ```ts
 * import { get } from 'svelte/store';
 * import { relays } from 'rx-relay-pool/svelte';
 *
 * const health = relays();
 * console.log(health.current.length, get(health).length);
 * ```
 */
export interface Reading<T> extends Readable<T> {
  readonly current: T;
}

/** Makes a {@link Reading} of a stream. */
export function reading<T>(source$: Observable<T>, initial: T): Reading<T> {
  const latest = new LatestValue(source$, initial);
  const track = createSubscriber(latest.subscribe);
  return {
    get current() {
      track();
      return latest.get();
    },
    subscribe: (run) => {
      run(latest.get());
      return latest.subscribe(() => run(latest.get()));
    },
  };
}
