import { EMPTY, isObservable, Observable, of } from 'rxjs';
import { switchOverlapping } from '../operators/switch-overlapping.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import type { ResumeOptions } from '../policies/resume-cursor.ts';
import { SeenIds } from '../policies/seen-ids.ts';
import { type Filter, normalizeFilters } from '../protocol/filter.ts';
import type { Packet } from '../protocol/packet.ts';
import { askRelay } from './ask-relay.ts';
import { gather } from './gather.ts';
import { RequestProgress } from './request-progress.ts';
import type { Route } from './route.ts';
import { refuseNobody } from './routes.ts';
import { choose, type RoutingContext } from './routing.ts';

/**
 * What may be asked: a filter, several of which any may match, or an observable of either; a new value replaces the one before
 * without a gap.
 *
 * @example
 * ```ts
 * import { BehaviorSubject } from 'rxjs';
 * import { type Filter, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const filter$ = new BehaviorSubject<Filter>({ kinds: [1] });
 * const subscription = pool.subscribe(filter$).subscribe((event) => console.log(event.content));
 * filter$.next({ kinds: [1, 6] });
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export type FilterInput = Filter | readonly Filter[] | Observable<Filter | readonly Filter[]>;

/**
 * Options of `packets`, `subscribe` and `request`.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const subscription = pool.request({ kinds: [0] }, { silenceTimeout: 2_000, deadline: 5_000 }).subscribe();
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export interface RequestOptions {
  /** Milliseconds that a relay may be silent about this request before it counts as lost. @default 10_000 */
  readonly silenceTimeout?: number;
  /** Milliseconds that all of a `request` may take, and one REQ of a `subscribe`, which has no end. @default 60_000 */
  readonly deadline?: number;
  /** Which relays it goes to. @default the pool's option `route` */
  readonly route?: Route | undefined;
  /** How urgent it is where there is a queue. @default 'normal' */
  readonly priority?: Priority;
  /** Requests with the same key go over the same connection of a relay where they can, as those of one screen. @default none */
  readonly affinity?: string;
  /** How to catch up after an outage. */
  readonly resume?: ResumeOptions;
  /** Ids remembered so that no event comes twice, oldest forgotten first. @default 100_000 */
  readonly seenCapacity?: number;
}

/** What requests need of their pool. */
export interface RequestContext extends RoutingContext {
  /** Whether live events are wanted after the stored ones. */
  readonly live: boolean;
}

/** The packets of one request over all relays of its route. */
export function packets(input: FilterInput, options: RequestOptions, context: RequestContext): Observable<Packet> {
  const filters$ = isObservable(input) ? input : of(input);
  return new Observable((subscriber) => {
    const delivered = new SeenIds({ capacity: options.seenCapacity ?? 100_000 });
    return filters$
      .pipe(
        switchOverlapping((filter) => {
          const filters = normalizeFilters(filter);
          if (filters.length === 0) return EMPTY;
          const { silenceTimeout = 10_000, deadline = 60_000, priority = 'normal', affinity, resume } = options;
          const { scheduler, random, live } = context;
          const times = { silenceTimeout, deadline, over: scheduler.now() + deadline, scheduler, random };
          const question = { delivered, live, priority, affinity, resume, ...times };
          const progress = new RequestProgress(scheduler);
          const chosen$ = choose(options.route, { filters, event: undefined, priority }, progress, context);
          return gather(
            // A live request waits for a relay to join; one that waits for answers alone has to end.
            live ? chosen$ : chosen$.pipe(refuseNobody(deadline, scheduler)),
            ({ relay, filters: part = filters }) => askRelay(relay, { ...question, filters: part }),
            (relay, news) => progress.mark(relay, news),
          );
        }),
      )
      .subscribe(subscriber);
  });
}
