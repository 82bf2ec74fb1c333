import type { Balanced } from './balance.ts';

/**
 * The candidates that are ready; or all of them, in a panic: where fewer than the share `threshold` of them are ready, the rest would break down
 * under the load of all, or what tells who is ready is wrong (as in Envoy's panic threshold).
 *
 * @param isEjected - Whether a candidate, by its key, is out although it is ready by itself.
 */
export function readyOrPanic<T extends Balanced>(
  candidates: readonly T[],
  threshold: number,
  isEjected: (key: string) => boolean,
): readonly T[] {
  const ready = candidates.filter(({ key, isReady }) => isReady && !isEjected(key));
  return ready.length < threshold * candidates.length ? candidates : ready;
}
