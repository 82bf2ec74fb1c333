import type { Observable, Subscriber } from 'rxjs';
import type { Priority } from '../policies/queue-outcome.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { acceptedByRelay, type Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import type { Acknowledgement } from '../sources/acknowledgements.ts';
import type { PublishSink } from '../sources/publish-event.ts';
import { type CallEnding, callRelay, type RelayCall, type Sent } from './call-relay.ts';
import type { Progress } from './exchange.ts';
import type { CallNotes } from './journal.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { PublishOutcome } from './publish-report.ts';
import type { RoutingContext } from './routing.ts';

/** Milliseconds that an OK may take before the event is sent again; a signer may ask its user to authenticate meanwhile. */
const OK_TIMEOUT = 60_000;

/** One relay: sends over the connection there is or comes, again where that makes sense, until an outcome or the deadline. */
export function deliver(
  relay: PooledRelay,
  event: NostrEvent,
  frame: string,
  { deadline, priority }: { readonly deadline: number; readonly priority: Priority },
  context: Pick<RoutingContext, 'scheduler' | 'random'> & { readonly notes: CallNotes },
): Observable<CallEnding> {
  const call: RelayCall = {
    verb: 'EVENT',
    priority,
    deadline,
    timeout: OK_TIMEOUT,
    refusal: () => relay.refusalOf(event),
    send: (connection, answer, sent) => answer.add(connection.openPublish(event.id, frame, new CallSink(answer, sent))),
  };
  return callRelay(relay, call, context);
}

/** What became of an event, in the words of a report. */
export function outcomeOf(ending: CallEnding): PublishOutcome {
  return ending.status === 'answered' ? { status: 'accepted', reason: ending.reason } : ending;
}

/** Tells a call what becomes of its event. */
class CallSink implements PublishSink {
  constructor(
    private readonly call: Subscriber<Progress>,
    private readonly isSent: Sent,
  ) {}

  sent(): void {
    this.isSent(true);
  }

  challenged(reason: Reason): void {
    this.isSent(false, reason);
  }

  answered({ accepted, reason }: Acknowledgement): void {
    this.#end({ type: acceptedByRelay(accepted, reason) ? 'answered' : 'refused', reason });
  }

  lost(error: RelayError): void {
    this.#end({ type: 'failed', error });
  }

  #end(progress: Progress): void {
    this.call.next(progress);
    this.call.complete();
  }
}
