import { type Subscriber, Subscription } from 'rxjs';
import { bulkhead } from '../operators/bulkhead.ts';
import type { Bulkhead } from '../operators/bulkhead-handle.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import type { Exchange, Progress } from './exchange.ts';
import type { CallNotes } from './journal.ts';
import type { PooledRelay } from './pooled-relay.ts';

/** The exchanges of a request with one relay, one at a time: each waits for its turn, and is told how it goes. */
export class RequestExchange {
  #exchange = Subscription.EMPTY;
  #progress: Subscriber<Progress> | undefined;

  /** @param timeout - Milliseconds that each may take once it is sent. */
  constructor(
    private readonly relay: PooledRelay,
    private readonly timeout: number,
    private readonly notes: CallNotes,
  ) {}

  /**
   * Calls `send` when the stages of the pool, and the lane, let it, or `refused` when they do not, or give up on it later. What `send` gives
   * is unsubscribed from when the exchange is over.
   */
  begin(
    verb: Exchange['verb'],
    priority: Priority,
    lane: Bulkhead | undefined,
    send: () => Subscription | void,
    refused: (cause: unknown) => void,
  ): void {
    this.stop();
    const exchange = (this.#exchange = new Subscription());
    const call = { verb, call: this.notes.call, priority, patience: Infinity, timeout: this.timeout } as const;
    const progress = this.relay.exchange(call, (answer, waited) => {
      this.notes.sent(this.relay.url, waited);
      this.#progress = answer;
      return send();
    });
    exchange.add((lane ? progress.pipe(bulkhead(lane, { priority })) : progress).subscribe({ error: refused }));
  }

  /** Says how it goes; all but the first event end it. */
  report(progress: Progress): void {
    const listener = this.#progress;
    listener?.next(progress);
    if (progress.type === 'first-event') return;
    this.#progress = undefined;
    listener?.complete();
  }

  /** Takes it back, wherever it stands. */
  stop(): void {
    this.#progress = undefined;
    this.#exchange.unsubscribe();
  }
}
