import { Subscription } from 'rxjs';
import type { Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import type { Acknowledgement, Acknowledgements, Waiter } from './acknowledgements.ts';

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
  /** Sends its frame, and says whether the socket took it. */
  send(frame: string): boolean;
  /** Authenticates (NIP-42); the callback is told whether the relay accepted it. */
  authenticate(done: (accepted: boolean) => void): Subscription;
}

/** Sends an event, once more where the relay wants to know first who asks; unsubscribing stops waiting for the answer. */
export function publishEvent(id: string, frame: string, sink: PublishSink, host: PublishHost): Subscription {
  const awaited = new AwaitedOk(id, frame, sink, host);
  awaited.begin();
  return awaited;
}

class AwaitedOk extends Subscription implements Waiter {
  #triedToAuthenticate = false;

  constructor(
    private readonly id: string,
    private readonly frame: string,
    private readonly sink: PublishSink,
    private readonly host: PublishHost,
  ) {
    super();
  }

  begin(): void {
    this.add(this.host.acks.wait(this.id, this));
    this.host.whenReady(() => this.#send());
  }

  next(ack: Acknowledgement): void {
    const { sink, host } = this;
    if (ack.accepted || ack.reason.prefix !== 'auth-required' || this.#triedToAuthenticate) return sink.answered(ack);
    this.#triedToAuthenticate = true;
    sink.challenged?.(ack.reason);
    this.add(host.authenticate((accepted) => (accepted ? this.#send() : sink.answered(ack))));
  }

  error(error: RelayError): void {
    this.sink.lost(error);
  }

  #send(): void {
    if (!this.closed && this.host.send(this.frame)) this.sink.sent?.();
  }
}
