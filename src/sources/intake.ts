import type { RelaySubscription } from './relay-subscription.ts';
import type { Socket } from './socket.ts';

/**
 * Holds the relay back where more comes than can be held: stops to read the socket while only one subscription uses it, where the platform can
 * (Node); otherwise ends the subscription, whose user asks again later, so that nobody else waits.
 */
export class Intake {
  /** The one for which the socket is not read. */
  #full: RelaySubscription | undefined;

  /** @param resumed - Called when the socket is read again. */
  constructor(
    private readonly socket: Socket,
    private readonly resumed: () => void,
  ) {}

  /** Whether the socket is not read. */
  get isPaused(): boolean {
    return this.#full !== undefined;
  }

  /** More waits of a subscription than may; `isAlone` says that nobody else uses the connection. */
  full(subscription: RelaySubscription, isAlone: boolean): void {
    if (isAlone && this.socket.pause()) this.#full = subscription;
    else subscription.overrun();
  }

  /** A subscription has room again, or ended. */
  eased(subscription: RelaySubscription): void {
    if (this.#full !== subscription) return;
    this.#full = undefined;
    this.socket.resume();
    this.resumed();
  }

  /** Somebody else is going to use the connection, who is not to wait. */
  giveWay(): void {
    const full = this.#full;
    if (!full) return;
    this.eased(full);
    full.overrun();
  }
}
