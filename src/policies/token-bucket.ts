/** A token bucket: allows bursts of `capacity` and `perSecond` in the long run. It holds no clock. */
export class TokenBucket {
  #tokens: number;
  #refilledAt: number | undefined;

  constructor(
    private readonly capacity: number,
    private readonly perSecond: number,
  ) {
    this.#tokens = capacity;
  }

  /** Takes so many tokens at `now` (milliseconds); false when there are not enough, and then takes none. */
  take(tokens: number, now: number): boolean {
    this.#refill(now);
    if (this.#tokens < tokens) return false;
    this.#tokens -= tokens;
    return true;
  }

  /** Takes them in any case; returns the milliseconds until what is missing will have come. */
  overdraw(tokens: number, now: number): number {
    this.#refill(now);
    this.#tokens -= tokens;
    return Math.max(0, (-this.#tokens * 1_000) / this.perSecond);
  }

  #refill(now: number): void {
    const elapsed = Math.max(0, now - (this.#refilledAt ?? now));
    this.#refilledAt = now;
    this.#tokens = Math.min(this.capacity, this.#tokens + (elapsed * this.perSecond) / 1_000);
  }
}
