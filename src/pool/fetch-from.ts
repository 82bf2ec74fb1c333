import { concatMap, defer, type Observable, takeWhile } from 'rxjs';
import type { Priority } from '../policies/queue-outcome.ts';
import { SeenIds } from '../policies/seen-ids.ts';
import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import { askRelay } from './ask-relay.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { SyncContext } from './sync-options.ts';

/** What fetching from one relay brings: events and gaps, and then that it is whole, or why it is not. It may end without a word. */
export type Fetched =
  | { readonly type: 'event'; readonly event: NostrEvent }
  | { readonly type: 'gap'; readonly since: number; readonly until: number }
  | { readonly type: 'whole' }
  | { readonly type: 'rejected'; readonly reason: Reason }
  | { readonly type: 'lost'; readonly error: RelayError };

/** REQs that one answer may take. */
const MOST_PAGES = 100_000;

/** All that one relay has stored of some filters, page by page, through the same machinery as any request. */
export function fetchFrom(
  relay: PooledRelay,
  filters: readonly Filter[],
  times: { readonly silenceTimeout: number; readonly deadline: number; readonly priority: Priority },
  context: SyncContext,
): Observable<Fetched> {
  return defer(() => {
    const gaps: Fetched[] = [];
    const question = {
      ...times,
      ...context,
      filters,
      delivered: new SeenIds({ capacity: 100_000 }),
      live: false,
      over: context.scheduler.now() + times.deadline,
      affinity: undefined,
      resume: { pages: MOST_PAGES },
    } as const;
    return askRelay(relay, question).pipe(
      // A relay that comes back later would be heard again.
      takeWhile(({ settles }) => !settles, true),
      concatMap(({ packet, settles }): readonly Fetched[] => {
        switch (packet.type) {
          case 'event':
            return [packet];
          case 'gap':
            // Of what is lost, or refused, it goes without saying.
            gaps.push(packet);
            return [];
          case 'eose':
            return [...gaps, { type: 'whole' }];
          case 'closed':
            return settles ? [{ type: 'rejected', reason: packet.reason }] : [];
          case 'lost':
            return settles ? [{ type: 'lost', error: packet.error }] : [];
        }
      }),
    );
  });
}
