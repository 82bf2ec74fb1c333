import { Subscription } from 'rxjs';
import type { NostrEvent } from '../protocol/event.ts';
import type { Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import type { Acknowledgement, Acknowledgements } from './acknowledgements.ts';

/** Who hears what becomes of an EVENT. */
export interface PublishSink {
  /** The socket took it: from then on the relay may have it. */
  sent?(): void;
  /** The relay wants to know first who asks, and has not got it until it is sent once more. */
  challenged?(reason: Reason): void;
  answered(ack: Acknowledgement): void;
  /** The connection ended before that. */
  lost(error: RelayError): void;
}

/** What an EVENT needs of the connection that carries it. */
export interface PublishHost {
  readonly acks: Acknowledgements;
  /** Runs it now, or when the REQs of a new connection are out. */
  whenReady(run: () => void): void;
  /** Sends it; `sent` is called when the socket took it. */
  send(event: NostrEvent, sent: () => void): void;
  /** Authenticates (NIP-42); the callback is told whether the relay accepted it. */
  authenticate(done: (accepted: boolean) => void): Subscription;
}

/** Sends an event, once more where the relay wants to know first who asks; unsubscribing stops waiting for the answer. */
export function publishEvent(event: NostrEvent, sink: PublishSink, host: PublishHost): Subscription {
  const waiting = new Subscription();
  let triedToAuthenticate = false;
  const send = (): void => {
    if (!waiting.closed) host.send(event, () => sink.sent?.());
  };
  const next = (ack: Acknowledgement): void => {
    if (ack.accepted || ack.reason.prefix !== 'auth-required' || triedToAuthenticate) return sink.answered(ack);
    triedToAuthenticate = true;
    sink.challenged?.(ack.reason);
    waiting.add(host.authenticate((accepted) => (accepted ? send() : sink.answered(ack))));
  };
  waiting.add(host.acks.wait(event.id, { next, error: (error) => sink.lost(error) }));
  host.whenReady(send);
  return waiting;
}
