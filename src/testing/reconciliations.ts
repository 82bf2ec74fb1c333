import type { NostrEvent } from '../protocol/event.ts';
import { relayNegErr, relayNegMsg } from '../protocol/relay-frame.ts';
import { NegentropyResponder } from './negentropy.ts';

/** The reconciliations (NIP-77) that are open on one connection. Each method gives the frame to answer with. */
export class Reconciliations {
  readonly #open = new Map<string, NegentropyResponder>();

  /** @param maximum how many events one reconciliation may cover */
  open(
    id: string,
    items: readonly Pick<NostrEvent, 'id' | 'created_at'>[],
    message: string,
    maximum = Infinity,
  ): string {
    this.#open.delete(id);
    if (items.length > maximum) return JSON.stringify(['NEG-ERR', id, 'blocked: this query is too big', maximum]);
    this.#open.set(id, new NegentropyResponder(items));
    return this.goOn(id, message);
  }

  goOn(id: string, message: string): string {
    const responder = this.#open.get(id);
    if (!responder) return relayNegErr(id, 'closed: this was never opened, or is over');
    try {
      return relayNegMsg(id, responder.reconcile(message));
    } catch (error) {
      this.#open.delete(id);
      return relayNegErr(id, `invalid: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  close(id: string): void {
    this.#open.delete(id);
  }

  clear(): void {
    this.#open.clear();
  }
}
