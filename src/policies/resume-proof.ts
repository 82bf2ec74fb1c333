/**
 * What came of comparing the events that a relay has stored with those that were delivered (NIP-77):
 *
 * - `missing`: the ids that the relay alone has, to be fetched `atOnce` at a time
 * - `unable`: it is not known, and will not be later
 * - `not-now`: it is not known, and may be after the next outage
 */
export type Compared = { readonly missing: readonly string[]; readonly atOnce: number } | 'unable' | 'not-now';

/** The ids that were delivered, by whichever relay. */
export interface DeliveredIds {
  has(id: string): boolean;
}

/**
 * Whether all that one relay has stored of one filter was delivered. After an outage the ids are compared, and what is missing is fetched by
 * its id. What does not come then, the relay has named and does not give.
 */
export class ResumeProof {
  #isDue = false;
  #missing: readonly string[] = [];
  #atOnce = 1;

  constructor(private readonly delivered: DeliveredIds) {}

  /** Whether the ids are to be compared. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Whether ids are known that are still to be fetched. */
  get isFetching(): boolean {
    return this.#missing.length > 0;
  }

  /** Whether it is under way. */
  get isOpen(): boolean {
    return this.isDue || this.isFetching;
  }

  /** An outage is over, which may have hidden anything. */
  begin(): void {
    this.end();
    this.#isDue = true;
  }

  /** It is given up. */
  end(): void {
    this.#isDue = false;
    this.#missing = [];
  }

  /** The ids are compared. */
  compared(missing: readonly string[], atOnce: number): void {
    this.#isDue = false;
    this.#atOnce = atOnce;
    this.#missing = missing.filter((id) => !this.delivered.has(id));
  }

  /** The ids to ask for next. */
  next(): readonly string[] {
    return this.#missing.slice(0, this.#atOnce);
  }

  /** They were asked for, and the answer is over; says whether it brought any. */
  answered(): boolean {
    const before = this.#missing.length;
    this.#missing = this.#missing.filter((id) => !this.delivered.has(id));
    return this.#missing.length < before;
  }
}
