import { BoundedMap } from '../policies/bounded-map.ts';

/** REQs that this side closed, and milliseconds for which their late events are no fault of the relay. */
const LATE = { requests: 1_024, for: 60_000 };

/** What a relay sends on one connection that nobody asked for, and is no fault of its own. */
export class Tolerance {
  /** Until when late events for a REQ are excused. */
  readonly #closedUntil = new BoundedMap<string, number>(LATE.requests);
  /** EVENTs that were sent and not answered yet, whoever still waits for it. */
  #owedOks = 0;

  /** This side closed a REQ; its last events may be on their way. Times in milliseconds. */
  closed(subscriptionId: string, now: number): void {
    this.#closedUntil.set(subscriptionId, now + LATE.for);
  }

  /** An EVENT was sent; one OK is owed, whatever id it will carry. */
  owes(): void {
    this.#owedOks++;
  }

  /** Whether an OK was owed; it is not owed any more. */
  paid(): boolean {
    if (this.#owedOks === 0) return false;
    this.#owedOks--;
    return true;
  }

  /** Whether a message for a REQ that is not open may be a late one. */
  isLate(subscriptionId: string, now: number): boolean {
    return now <= (this.#closedUntil.get(subscriptionId) ?? -Infinity);
  }
}
