import { defer, Observable, of, retry } from 'rxjs';
import { splitFilters } from '../protocol/split-filters.ts';
import { askInParts } from './ask-in-parts.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Answer } from './answer.ts';
import type { Question } from './question.ts';
import { BeginAnew, RelayRequest } from './relay-request.ts';

/** Bytes of a REQ that are kept for its id, and for the span and the limit that resuming adds to each filter. */
const ROOM = 64;

/**
 * Asks one relay, again after every reconnect, until unsubscribed; completes early when nothing is left to come. What it does not take in one
 * REQ is asked for in several.
 */
export function askRelay(relay: PooledRelay, question: Question): Observable<Answer> {
  return defer(() => {
    const parts = splitFilters(question.filters, relay.limits, ROOM * (1 + question.filters.length)) ?? [
      question.filters,
    ];
    const asked = parts.map((filters) => askPart(relay, { ...question, filters }));
    const [whole] = asked;
    return whole && asked.length === 1 ? whole : askInParts(asked);
  }).pipe(
    retry({
      delay: (error) => {
        if (error instanceof BeginAnew) return of(undefined);
        throw error;
      },
    }),
  );
}

function askPart(relay: PooledRelay, question: Question): Observable<Answer> {
  const { priority, affinity } = question;
  return new Observable((subscriber) => {
    const request = new RelayRequest(relay, question, subscriber);
    subscriber.add(request.teardown);
    subscriber.add(
      relay
        .lease({ priority, affinity, subscribes: true })
        .pipe(retry({ delay: (error) => request.evicted(error) }))
        .subscribe({ next: (link) => request.linked(link), complete: () => subscriber.complete() }),
    );
  });
}
