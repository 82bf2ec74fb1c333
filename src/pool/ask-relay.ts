import { defer, Observable, of, retry, switchMap, tap } from 'rxjs';
import { askInParts } from './ask-in-parts.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Answer } from './answer.ts';
import type { Question } from './question.ts';
import { BeginAnew } from './refusal.ts';
import { RelayRequest } from './relay-request.ts';
import { partsOf } from './request-parts.ts';

/**
 * Asks one relay, again after every reconnect, until unsubscribed; completes early when nothing is left to come. What it does not take in one
 * REQ is asked for in several.
 */
export function askRelay(relay: PooledRelay, question: Question): Observable<Answer> {
  return defer(() => {
    const asked = partsOf(question.filters, relay.limits).map((filters) => askPart(relay, { ...question, filters }));
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
    const place$ = relay
      .lease({ priority, affinity, subscribes: true })
      .pipe(retry({ delay: (error) => request.evicted(error) }), tap({ complete: () => subscriber.complete() }));
    subscriber.add(request.needsPlace$.pipe(switchMap(() => place$)).subscribe((link) => request.linked(link)));
  });
}
