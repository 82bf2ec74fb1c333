import type { SchedulerLike, Subscription } from 'rxjs';
import type { RelayUrl } from '../protocol/relay-url.ts';

/** Relays that a pool has only because routes lead to them: each stays for as long as one does, and a while longer. */
export class Guests {
  readonly #guests = new Set<RelayUrl>();
  /** Routes that lead to a relay, be it a guest or not. */
  readonly #holders = new Map<RelayUrl, number>();
  readonly #leaving = new Map<RelayUrl, Subscription>();

  /**
   * @param stay - Milliseconds that a guest stays when nothing leads to it any more.
   * @param leave - Called when it goes.
   */
  constructor(
    private readonly stay: number,
    private readonly scheduler: SchedulerLike,
    private readonly leave: (relay: RelayUrl) => void,
  ) {}

  has(relay: RelayUrl): boolean {
    return this.#guests.has(relay);
  }

  add(relay: RelayUrl): void {
    this.#guests.add(relay);
  }

  /** It is one of the pool's own now, or gone. */
  delete(relay: RelayUrl): void {
    this.#guests.delete(relay);
    this.#stays(relay);
  }

  hold(relay: RelayUrl): void {
    this.#holders.set(relay, (this.#holders.get(relay) ?? 0) + 1);
    this.#stays(relay);
  }

  release(relay: RelayUrl): void {
    const left = (this.#holders.get(relay) ?? 0) - 1;
    if (left > 0) this.#holders.set(relay, left);
    else {
      this.#holders.delete(relay);
      if (this.#guests.has(relay)) this.#leaves(relay);
    }
  }

  /** The pool closes: nobody is a guest any more, and nobody has to be waited for. */
  close(): void {
    this.#guests.clear();
    for (const relay of [...this.#leaving.keys()]) this.#stays(relay);
  }

  #leaves(relay: RelayUrl): void {
    const goes = (): void => {
      this.delete(relay);
      this.leave(relay);
    };
    this.#leaving.set(relay, this.scheduler.schedule(goes, this.stay));
  }

  #stays(relay: RelayUrl): void {
    this.#leaving.get(relay)?.unsubscribe();
    this.#leaving.delete(relay);
  }
}
