import { defer, endWith, ignoreElements, type Observable, type SchedulerLike, takeUntil } from 'rxjs';
import type { PooledRelay } from './pooled-relay.ts';
import type { RequestProgress } from './request-progress.ts';
import type { Choice, Route, RoutedCall } from './route.ts';

/** What routing needs of the pool. */
export interface RoutingContext {
  /** The route of calls that name none. */
  readonly route: Route;
  /** The relays of the pool. */
  readonly members$: Observable<readonly PooledRelay[]>;
  readonly borrow: RoutedCall['borrow'];
  readonly cluster: RoutedCall['cluster'];
  readonly isEjected: RoutedCall['isEjected'];
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
}

/** The relays that a call goes to, now and after every change; completes when the pool closes, whatever the route does. */
export function choose(
  route: Route | undefined,
  call: Pick<RoutedCall, 'filters' | 'event' | 'priority'>,
  progress: RequestProgress,
  { route: usual, members$, borrow, cluster, isEjected, scheduler, random }: RoutingContext,
): Observable<readonly Choice[]> {
  const closed$ = members$.pipe(ignoreElements(), endWith(undefined));
  const routed: RoutedCall = { ...call, borrow, cluster, isEjected, scheduler, random };
  return defer(() => (route ?? usual)(progress.candidates(members$), routed)).pipe(takeUntil(closed$));
}
