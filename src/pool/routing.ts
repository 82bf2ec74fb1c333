import { distinctUntilChanged, Observable, type SchedulerLike, tap } from 'rxjs';
import type { CallNotes, Journal } from './journal.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { RequestProgress } from './request-progress.ts';
import type { Candidates, Choice, Route, RoutedCall } from './route.ts';

/** What routing needs of the pool. */
export interface RoutingContext {
  /** The route of calls that name none. */
  readonly route: Route;
  /** The relays of the pool. */
  readonly members$: Observable<readonly PooledRelay[]>;
  readonly borrow: RoutedCall['borrow'];
  readonly cluster: RoutedCall['cluster'];
  readonly isEjected: RoutedCall['isEjected'];
  readonly journal: Journal;
  readonly scheduler: SchedulerLike;
  readonly random: () => number;
}

/** The relays that a call goes to, now and after every change; completes when the pool closes, whatever the route does. */
export function choose(
  route: Route | undefined,
  call: Pick<RoutedCall, 'filters' | 'event' | 'priority'>,
  progress: RequestProgress,
  notes: CallNotes,
  { route: usual, members$, borrow, cluster, isEjected, scheduler, random }: RoutingContext,
): Observable<readonly Choice[]> {
  const routed: RoutedCall = { ...call, borrow, cluster, isEjected, scheduler, random };
  return new Observable((subscriber) => {
    let latest: Candidates = { relays: [], progress: new Map() };
    let noted: { readonly relays: readonly PooledRelay[]; readonly choices: readonly Choice[] } | undefined;
    const note = (choices: readonly Choice[]): void => {
      const { relays } = latest;
      if (noted?.choices === choices && noted.relays === relays) return;
      noted = { relays, choices };
      notes.routed(latest, choices, isEjected);
    };
    const candidates$ = progress.candidates(members$).pipe(tap((candidates) => (latest = candidates)));
    subscriber.add(members$.subscribe({ complete: () => subscriber.complete() }));
    if (subscriber.closed) return;
    // A route says the same again with every answer, and there may be hundreds of relays.
    (route ?? usual)(candidates$, routed).pipe(tap(note), distinctUntilChanged()).subscribe(subscriber);
  });
}
