import { filter, fromEvent, map, merge, NEVER, type Observable } from 'rxjs';

/**
 * Emits when this device may just have become able to reach relays again: the browser went online, or its tab became visible
 * after a time in which timers may not have run. Where the platform tells nothing (Node), it never emits.
 *
 * @example
 * ```ts
 * import { connectivity } from 'rx-relay-pool';
 *
 * const subscription = connectivity().subscribe((news) => console.log(news)); // 'online' or 'visible'
 * subscription.unsubscribe();
 * ```
 */
export function connectivity(): Observable<'online' | 'visible'> {
  if (typeof window === 'undefined' || typeof document === 'undefined') return NEVER;
  return merge(
    fromEvent(window, 'online').pipe(map(() => 'online' as const)),
    fromEvent(document, 'visibilitychange').pipe(
      filter(() => document.visibilityState === 'visible'),
      map(() => 'visible' as const),
    ),
  );
}
