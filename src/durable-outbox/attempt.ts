import { type Observable } from 'rxjs';
import { routeOf, type PublishOptions } from '../pool/publish.ts';
import type { PublishReport } from '../pool/publish-report.ts';
import type { RelayPool } from '../pool/relay-pool.ts';
import type { Route } from '../pool/route.ts';
import { only } from '../pool/routes.ts';
import { isAnswer, type OutboxRecord } from './outbox-record.ts';

/** Sends an event to the relays that have not said their last word about it. The quorum is judged over all attempts, so not here. */
export function attempt(
  pool: RelayPool,
  { event, relays, quorum, priority, answers }: OutboxRecord,
  { deadline, route }: { readonly deadline: number; readonly route: Route | undefined },
): Observable<PublishReport> {
  const options: PublishOptions = {
    deadline,
    route: relays ? only(relays) : (route ?? routeOf(quorum)),
    previous: { outcomes: answers },
    stands: isAnswer,
  };
  return pool.publish(event, priority ? { ...options, priority } : options);
}
