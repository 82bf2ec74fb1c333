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
    const elapsed = Math.max(0, now - (this.#refilledAt ?? now));
    this.#refilledAt = now;
    this.#tokens = Math.min(this.capacity, this.#tokens + (elapsed * this.perSecond) / 1_000);
    if (this.#tokens < tokens) return false;
    this.#tokens -= tokens;
    return true;
  }
}
