import { map, Observable } from 'rxjs';
import type { Priority } from '../policies/queue-outcome.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { acceptedByRelay } from '../protocol/reason.ts';
import type { Connection } from '../sources/connection.ts';
import { callRelay, type Sent } from './call-relay.ts';
import type { Progress } from './exchange.ts';
import type { CallNotes } from './journal.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Delivered } from './publish-report.ts';
import type { RoutingContext } from './routing.ts';

/** Milliseconds that an OK may take before the event is sent again; a signer may ask its user to authenticate meanwhile. */
const OK_TIMEOUT = 60_000;

/** One relay: sends over the connection there is or comes, again where that makes sense, until an outcome or the deadline. */
export function deliver(
  relay: PooledRelay,
  event: NostrEvent,
  { deadline, priority }: { readonly deadline: number; readonly priority: Priority },
  context: Pick<RoutingContext, 'scheduler' | 'random'> & { readonly notes: CallNotes },
): Observable<Delivered> {
  const call = {
    verb: 'EVENT',
    priority,
    deadline,
    timeout: OK_TIMEOUT,
    refusal: () => relay.refusalOf(event),
    send: (connection: Connection, sent: Sent) => acknowledged(connection, event, sent),
  } as const;
  return callRelay(relay, call, context).pipe(
    map((ending): Delivered => [
      relay.url,
      ending.status === 'answered' ? { status: 'accepted', reason: ending.reason } : ending,
    ]),
  );
}

/** Sends the event on subscribe, and says what became of it. */
function acknowledged(connection: Connection, event: NostrEvent, sent: Sent): Observable<Progress> {
  return new Observable((subscriber) => {
    const finish = (progress: Progress): void => {
      subscriber.next(progress);
      subscriber.complete();
    };
    const waiting = connection.openPublish(event, {
      sent: () => sent(true),
      challenged: (reason) => sent(false, reason),
      answered: ({ accepted, reason }) =>
        finish({ type: acceptedByRelay(accepted, reason) ? 'answered' : 'refused', reason }),
      lost: (error) => finish({ type: 'failed', error }),
    });
    subscriber.add(waiting);
  });
}
