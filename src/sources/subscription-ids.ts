/** Enough for a million REQs before an id comes again. */
const LONGEST = 4;

/** Names for the REQs of one connection: short ones, each again only after all others have been used. */
export class SubscriptionIds {
  #next = 0;

  /**
   * @param maxLength - Characters that the relay takes at most (NIP-11 `max_subid_length`).
   * @param isTaken - Whether an id is in use. Where all short ones are, the id is longer than it should be.
   */
  next(maxLength: number | undefined, isTaken: (id: string) => boolean): string {
    const count = 36 ** Math.max(1, Math.min(maxLength ?? LONGEST, LONGEST));
    for (let tries = 0; tries < count; tries++) {
      const id = (this.#next++ % count).toString(36);
      if (!isTaken(id)) return id;
    }
    return (this.#next++).toString(36);
  }
}
