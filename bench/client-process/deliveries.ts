import { numberOf } from '../relay-process/numbers.ts';

/** Counts events, those that came again apart. It costs all clients the same, and next to nothing. */
export class Deliveries {
  delivered = 0;
  again = 0;
  /** When the last new one came, by `performance.now()`. */
  lastAt = 0;
  readonly #seen: Uint8Array;
  #resolve: () => void = () => undefined;
  #awaited = Infinity;

  /** Of so many events, the numbers of which begin with `from`. */
  constructor(
    readonly expected: number,
    private readonly from = 0,
  ) {
    this.#seen = new Uint8Array(expected);
  }

  readonly onEvent = (event: { readonly content: string }): void => {
    const at = numberOf(event) - this.from;
    if (this.#seen[at] !== 0) {
      this.again++;
      return;
    }
    this.#seen[at] = 1;
    this.delivered++;
    if (this.delivered === this.expected) this.lastAt = performance.now();
    if (this.delivered >= this.#awaited) this.#resolve();
  };

  /** Resolves when so many have come. */
  reach(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = count;
      this.#resolve = resolve;
      if (this.delivered >= count) resolve();
    });
  }
}
