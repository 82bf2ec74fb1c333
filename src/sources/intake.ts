import { type SchedulerLike, Subscription } from 'rxjs';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import type { RelayConduct } from '../policies/relay-conduct.ts';
import type { RelaySubscription } from './relay-subscription.ts';
import type { Socket } from './socket.ts';

/** Frames, and UTF-16 units, after which what came is counted against the relay's budget: every frame comes by here. */
const COUNTED_AT_ONCE = { frames: 128, units: 1_000_000 };
/** Milliseconds that a relay which cannot be slowed may be ahead of its budget. */
const FURTHEST_AHEAD = 10_000;

/**
 * Holds the relay back where more comes than can be held: stops to read the socket while only one subscription uses it, where the platform can
 * (Node); otherwise ends the subscription, whose user asks again later, so that nobody else waits. A relay that sends too fast is read more slowly.
 */
export class Intake {
  /** The one for which the socket is not read. */
  #full: RelaySubscription | undefined;
  /** The rest of the time for which a relay that was too fast is not read. */
  #rest = Subscription.EMPTY;

  #frames = 0;
  #units = 0;

  /** @param resumed - Called when the socket is read again. */
  constructor(
    private readonly socket: Socket,
    private readonly conduct: RelayConduct,
    private readonly scheduler: SchedulerLike,
    private readonly resumed: () => void,
  ) {}

  /** Whether the socket is not read. */
  get isPaused(): boolean {
    return this.#full !== undefined || !this.#rest.closed;
  }

  /** More waits of a subscription than may; `isAlone` says that nobody else uses the connection. */
  full(subscription: RelaySubscription, isAlone: boolean): void {
    if (!isAlone || !this.socket.canPause) return subscription.overrun();
    this.#full = subscription;
    this.socket.pause();
  }

  /** A subscription has room again, or ended. */
  eased(subscription: RelaySubscription): void {
    if (this.#full !== subscription) return;
    this.#full = undefined;
    this.#goOn();
  }

  /** A frame of so many UTF-16 units came; false where the relay is too far ahead of its budget, and cannot be slowed. */
  bears(length: number, now: number): boolean {
    this.#units += length;
    if (++this.#frames < COUNTED_AT_ONCE.frames && this.#units < COUNTED_AT_ONCE.units) return true;
    const ahead = this.conduct.received(this.#frames, this.#units, now);
    this.#frames = this.#units = 0;
    return ahead === 0 || this.#rests(ahead) || ahead <= FURTHEST_AHEAD;
  }

  /** Somebody else is going to use the connection, who is not to wait. */
  giveWay(): void {
    const full = this.#full;
    if (!full) return;
    this.eased(full);
    full.overrun();
  }

  /** The connection is gone. */
  close(): void {
    this.#rest.unsubscribe();
  }

  /** Reads nothing for so many milliseconds; says whether the platform can. */
  #rests(delay: number): boolean {
    if (!this.socket.canPause) return false;
    this.socket.pause();
    this.#rest.unsubscribe();
    const rest = this.scheduler.schedule(
      () => {
        rest.unsubscribe();
        this.#goOn();
      },
      Math.min(delay, LONGEST_DELAY),
    );
    this.#rest = rest;
    return true;
  }

  #goOn(): void {
    if (this.isPaused) return;
    this.socket.resume();
    this.resumed();
  }
}
