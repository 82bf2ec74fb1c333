import type { Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';

/**
 * What a relay answered to an EVENT (NIP-01 OK).
 *
 * @example
 * ```ts
 * import { switchMap, take } from 'rxjs';
 * import { type Acknowledgement, type NostrEvent, relay } from 'rx-relay-pool';
 *
 * const publishOnce = (url: string, event: NostrEvent) =>
 *   relay(url).pipe(
 *     take(1),
 *     switchMap((connection) => connection.publish(event)),
 *   );
 * const describe = ({ accepted, reason }: Acknowledgement): string => (accepted ? 'accepted' : reason.prefix);
 * ```
 */
export interface Acknowledgement {
  readonly accepted: boolean;
  readonly reason: Reason;
}

/** Who waits for one. */
export interface Waiter {
  next(ack: Acknowledgement): void;
  error(error: RelayError): void;
}

/** Who waits for the OK to which event, on one connection. The event id alone says whose an OK is. */
export class Acknowledgements {
  /** By event id. A list is made anew, so that those who are being told are who they were. */
  readonly #waiters = new Map<string, readonly Waiter[]>();

  /** Events whose OK is awaited. */
  get size(): number {
    return this.#waiters.size;
  }

  /** Waits; call the returned function to wait no more. */
  wait(id: string, waiter: Waiter): () => void {
    const before = this.#waiters.get(id);
    this.#waiters.set(id, before ? [...before, waiter] : [waiter]);
    return () => {
      const left = this.#waiters.get(id)?.filter((other) => other !== waiter) ?? [];
      if (left.length > 0) this.#waiters.set(id, left);
      else this.#waiters.delete(id);
    };
  }

  /** An OK came; says whether anybody waited for it. */
  answered(id: string, { accepted, reason }: Acknowledgement): boolean {
    const waiters = this.#waiters.get(id);
    if (!waiters) return false;
    for (const waiter of waiters) waiter.next({ accepted, reason });
    return true;
  }

  /** The connection is gone: no OK will come. */
  lost(error: RelayError): void {
    const all = [...this.#waiters.values()];
    this.#waiters.clear();
    for (const waiters of all) for (const waiter of waiters) waiter.error(error);
  }
}
