import {
  defer,
  exhaustMap,
  EMPTY,
  finalize,
  map,
  merge,
  type Observable,
  of,
  scan,
  startWith,
  takeWhile,
  tap,
} from 'rxjs';
import type { Priority } from '../policies/queue-outcome.ts';
import { type Filter, normalizeFilters } from '../protocol/filter.ts';
import { sameFilters } from '../protocol/filter-key.ts';
import { encodeCount } from '../protocol/message.ts';
import { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { countAnswer } from '../sources/queries.ts';
import { callRelay, type RelayCall } from './call-relay.ts';
import { checkMilliseconds } from './check-milliseconds.ts';
import { type CountOutcome, type CountReport, countReport } from './count-report.ts';
import type { Progress } from './exchange.ts';
import type { CallNotes } from './journal.ts';
import { awaitAnswer } from './patience.ts';
import type { PooledRelay } from './pooled-relay.ts';
import { RequestProgress } from './request-progress.ts';
import type { Choice, Route } from './route.ts';
import { refuseNobody } from './routes.ts';
import { choose, type RoutingContext } from './routing.ts';

/**
 * Options of `count`.
 *
 * @example
 * ```ts
 * import { type CountOptions, only } from 'rx-relay-pool';
 *
 * const options: CountOptions = { route: only(['wss://counts.example']), silenceTimeout: 2_000 };
 * ```
 */
export interface CountOptions {
  /** Milliseconds that a relay may take to answer, or to become reachable, before it is given up. @default 10_000 */
  readonly silenceTimeout?: number;
  /** Milliseconds that all of it may take, waiting for its turn included, at most 2^31 - 1. @default 60_000 */
  readonly deadline?: number;
  /** A name to ask `explain` by. @default a number of the pool's */
  readonly id?: string;
  /** Which relays are asked: those that it names first. @default the pool's option `route` */
  readonly route?: Route | undefined;
  /** How urgent it is where there is a queue. @default 'normal' */
  readonly priority?: Priority;
}

/** How often a relay is asked again that refuses for the moment (`rate-limited`, `error`). */
const MOST_RETRIES = 3;

type Times = Required<Pick<CountOptions, 'silenceTimeout' | 'deadline' | 'priority'>>;
type CountContext = Pick<RoutingContext, 'scheduler' | 'random'> & { readonly notes: CallNotes };

/** Asks the relays that the route names now; a report at once and after every outcome. */
export function count(
  filter: Filter | readonly Filter[],
  options: CountOptions,
  context: RoutingContext,
): Observable<CountReport> {
  const { silenceTimeout = 10_000, deadline = 60_000, priority = 'normal', id, route } = options;
  checkMilliseconds({ silenceTimeout, deadline });
  const filters = normalizeFilters(filter);
  // What can match nothing is not asked: there is nothing of it anywhere.
  if (filters.length === 0) return of({ ...countReport({}), approximate: false });
  const ids = new Set(id === undefined ? [] : [id]);
  const notes = context.journal.begin({ ids, filters, event: undefined, priority, verb: 'COUNT' });
  const noted = { ...context, notes };
  const ask = (choices: readonly Choice[], index: number): Observable<CountReport> => {
    if (index > 0) return EMPTY;
    const partial = new Set<RelayUrl>();
    const answers = choices.map(({ relay, filters: part = filters }) => {
      if (!sameFilters(part, filters)) partial.add(relay.url);
      return countAt(relay, part, { silenceTimeout, deadline, priority }, noted);
    });
    const first = Object.fromEntries(choices.map(({ relay }) => [relay.url, { status: 'pending' }])) as Readonly<
      Record<RelayUrl, CountOutcome>
    >;
    return merge(...answers).pipe(
      tap(([relay, outcome]) => notes.settled(relay, outcome)),
      scan((outcomes, [relay, outcome]) => ({ ...outcomes, [relay]: outcome }), first),
      startWith(first),
      map((outcomes) => countReport(outcomes, partial)),
    );
  };
  const progress = new RequestProgress(context.scheduler);
  return choose(route, { filters, event: undefined, priority }, progress, notes, context).pipe(
    refuseNobody(deadline, context.scheduler),
    exhaustMap(ask),
    takeWhile(({ pending }) => pending > 0, true),
    finalize(() => notes.ended()),
  );
}

/** One relay: asks it, again where the connection is lost, until an outcome or the deadline. */
function countAt(
  relay: PooledRelay,
  filters: readonly Filter[],
  { silenceTimeout, deadline, priority }: Times,
  context: CountContext,
): Observable<readonly [RelayUrl, CountOutcome]> {
  return defer(() => {
    let counted: CountOutcome | undefined;
    let notice: string | undefined;
    const send: RelayCall['send'] = (connection, subscriber, sent) => {
      const finish = (progress: Progress): void => {
        subscriber.next(progress);
        subscriber.complete();
      };
      const { notices } = connection.counters;
      sent(true);
      const query = connection.openQuery((id) => encodeCount(id, filters), {
        answered: (message) => {
          const answer = countAnswer(message);
          if (!answer) return;
          if (!answer.counted) return finish({ type: 'refused', reason: answer.reason });
          const { counted: _, ...rest } = answer;
          counted = { status: 'counted', ...rest };
          finish({ type: 'answered' });
        },
        lost: (error) => {
          sent(false);
          finish({ type: 'failed', error });
        },
      });
      subscriber.add(() => query.close());
      if (subscriber.closed) return;
      subscriber.add(
        awaitAnswer(query, silenceTimeout, context.scheduler, () => {
          if (connection.counters.notices > notices) notice = connection.lastNotice;
          const message = `There was no answer to a COUNT within ${silenceTimeout} ms.`;
          finish({ type: 'failed', error: new RelayError('silent', relay.url, message) });
        }),
      );
    };
    const call = {
      verb: 'COUNT',
      priority,
      deadline,
      connectDeadline: silenceTimeout,
      retries: MOST_RETRIES,
      refusal: () => undefined,
      send,
    } as const;
    return callRelay(relay, call, context).pipe(
      map((ending): readonly [RelayUrl, CountOutcome] => {
        const { url } = relay;
        switch (ending.status) {
          case 'answered':
            return [url, counted ?? { status: 'silent' }];
          case 'rejected': {
            const { reason } = ending;
            return [url, { status: reason.prefix === 'unsupported' ? 'unsupported' : 'rejected', reason }];
          }
          case 'silent':
            return [url, notice === undefined ? { status: 'silent' } : { status: 'silent', notice }];
          case 'unreachable':
            return [url, ending];
          default:
            return [url, { status: ending.status }];
        }
      }),
    );
  });
}
