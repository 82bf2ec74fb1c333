import { BoundedMap } from '../policies/bounded-map.ts';
import { TokenBucket } from '../policies/token-bucket.ts';

/** Frames that a relay may waste, in one go and per second, before it is dropped as abusive. */
const WASTE = { burst: 1_000, perSecond: 50 };
/** REQs that this side closed, and milliseconds for which their late events are no fault of the relay. */
const LATE = { requests: 1_024, for: 60_000 };

/** How much a relay may send that nobody asked for, on one connection, and what of it is no fault of its own. */
export class Tolerance {
  readonly #waste = new TokenBucket(WASTE.burst, WASTE.perSecond);
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

  /** Whether so much more waste is still borne. */
  bears(weight: number, now: number): boolean {
    return this.#waste.take(weight, now);
  }
}
