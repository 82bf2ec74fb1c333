import {
  defer,
  EMPTY,
  endWith,
  finalize,
  ignoreElements,
  isObservable,
  type Observable,
  of,
  type Subscription,
  takeUntil,
  using,
} from 'rxjs';
import { switchOverlapping } from '../operators/switch-overlapping.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import type { ResumeOptions } from '../policies/resume-cursor.ts';
import { SeenIds } from '../policies/seen-ids.ts';
import { type Filter, normalizeFilters } from '../protocol/filter.ts';
import type { Packet } from '../protocol/packet.ts';
import { Gate } from '../sources/gate.ts';
import { askRelay } from './ask-relay.ts';
import type { RequestEconomy } from './economy.ts';
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
  /**
   * Milliseconds that a relay may be silent about this request before it counts as lost; a second at most for one that did not answer a REQ in the
   * minute before, and none since.
   *
   * @default 10_000
   */
  readonly silenceTimeout?: number;
  /** Milliseconds that all of a `request` may take, and one REQ of a `subscribe`, which has no end. @default 60_000 */
  readonly deadline?: number;
  /** A name to ask `explain` by. @default a number of the pool's */
  readonly id?: string;
  /** Which relays it goes to. @default the pool's option `route` */
  readonly route?: Route | undefined;
  /** How urgent it is where there is a queue. @default 'normal' */
  readonly priority?: Priority;
  /** Requests with the same key go over the same connection of a relay where they can, as those of one screen. @default none */
  readonly affinity?: string;
  /** How to catch up after an outage. */
  readonly resume?: ResumeOptions;
  /**
   * Whether it gets REQs of its own. Otherwise one REQ does for all requests that ask the same in the same way, and for those that begin
   * in the same turn of the event loop and differ in one list of their filter alone. A live one that comes later is told first what was
   * delivered, an event that was deleted meanwhile (NIP-09) too; of a filter with a limit, so many in all.
   *
   * @default the pool's option `alone`, false
   */
  readonly alone?: boolean;
  /**
   * Says true when the subscriber wants a pause, and false when it wants to go on: nothing is delivered in between. What comes meanwhile waits
   * within bounds, then relays are held back (option `maxBacklog`): in Node by not reading the socket, elsewhere by closing the REQ and asking
   * again later, which after EOSE leaves a `gap` as a reconnect does. When it completes or errors, there is no pause any more. A
   * deadline goes on. Such a request has REQs of its own.
   *
   * @default never
   */
  readonly pause$?: Observable<boolean> | undefined;
  /** Ids remembered so that no event comes twice, oldest forgotten first. @default 100_000 */
  readonly seenCapacity?: number;
}

/** What requests need of their pool. */
export interface RequestContext extends RoutingContext {
  readonly economy: RequestEconomy;
  /** Whether requests that do not say so get REQs of their own. */
  readonly alone: boolean;
  /** Whether live events are wanted after the stored ones. */
  readonly live: boolean;
}

/** The packets of one request over all relays of its route. */
export function packets(input: FilterInput, options: RequestOptions, context: RequestContext): Observable<Packet> {
  // What was delivered for one filter is not delivered again for the next, so nobody else's request will do.
  const ids = new Set(options.id === undefined ? [] : [options.id]);
  if (isObservable(input)) {
    // When the pool closes there is nobody left to ask, whatever is wanted next.
    const closed$ = context.members$.pipe(ignoreElements(), endWith(undefined));
    return askAlone(input.pipe(takeUntil(closed$)), ids, options, context);
  }
  return defer(() => {
    const filters = normalizeFilters(input);
    if (filters.length === 0) return EMPTY;
    const { alone = context.alone, route = context.route, id, pause$, ...rest } = options;
    if (alone || pause$) return askAlone(of(filters), ids, options, context);
    return context.economy.share(filters, {
      key: JSON.stringify([context.live, rest]),
      with: route,
      joinable: context.live,
      id,
      ask: (asked, names, asking) => askAlone(of(asked), names, options, context, asking),
    });
  });
}

function askAlone(
  filters$: Observable<Filter | readonly Filter[]>,
  ids: ReadonlySet<string>,
  options: RequestOptions,
  context: RequestContext,
  asking: () => void = () => undefined,
): Observable<Packet> {
  const { silenceTimeout = 10_000, deadline = 60_000, priority = 'normal', affinity, resume, route, pause$ } = options;
  const { scheduler, random, live } = context;
  return defer(() => {
    const delivered = new SeenIds({ capacity: options.seenCapacity ?? 100_000 });
    const gate = new Gate();
    const answers$ = filters$.pipe(
      switchOverlapping((filter) => {
        const filters = normalizeFilters(filter);
        if (filters.length === 0) return EMPTY;
        const times = { silenceTimeout, deadline, over: scheduler.now() + deadline, scheduler, random };
        const notes = context.journal.begin({ ids, filters, event: undefined, priority });
        const question = { delivered, live, priority, affinity, resume, gate, notes, ...times };
        const progress = new RequestProgress(scheduler);
        const chosen$ = choose(route, { filters, event: undefined, priority }, progress, notes, context);
        return gather(
          // A live request waits for a relay to join; one that waits for answers alone has to end.
          live ? chosen$ : chosen$.pipe(refuseNobody(deadline, scheduler)),
          ({ relay, filters: part = filters }) => {
            asking();
            return askRelay(relay, { ...question, filters: part });
          },
          (answer) => {
            notes.heard(answer.packet);
            progress.heard(answer);
          },
        ).pipe(finalize(() => notes.ended()));
      }),
    );
    return pause$
      ? using(
          () => follow(pause$, gate),
          () => answers$,
        )
      : answers$;
  });
}

function follow(pause$: Observable<boolean>, gate: Gate): Subscription {
  const open = (): void => {
    gate.isOpen = true;
  };
  return pause$.subscribe({ next: (isPaused) => (gate.isOpen = !isPaused), error: open, complete: open });
}
