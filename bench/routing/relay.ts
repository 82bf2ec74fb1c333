import type { EventQueue } from './event-queue.ts';

/** A request at a relay. Whoever is no longer interested sets `isGone`. */
export interface Served {
  isGone: boolean;
  readonly done: () => void;
}

/** A relay that serves some requests at a time, each for a log-normal time; the others wait in line. */
export class SimulatedRelay {
  /** What all service times are multiplied by. */
  slowdown = 1;
  #serving = 0;
  readonly #line: Served[] = [];
  /** How many of the line have been served already. */
  #taken = 0;

  constructor(
    private readonly events: EventQueue,
    private readonly normal: () => number,
    private readonly median: number,
    private readonly sigma: number,
    private readonly servers: number,
  ) {}

  /** Requests a second that it can serve. */
  get throughput(): number {
    return (1_000 * this.servers) / (this.median * Math.exp(this.sigma ** 2 / 2));
  }

  ask(request: Served): void {
    this.#line.push(request);
    this.#serve();
  }

  /** A request that is gone is skipped in line; one that is being served is served to its end, as a database query is. */
  #serve(): void {
    while (this.#serving < this.servers && this.#taken < this.#line.length) {
      const request = this.#line[this.#taken++];
      if (!request || request.isGone) continue;
      this.#serving++;
      this.events.after(this.slowdown * this.median * Math.exp(this.sigma * this.normal()), () => {
        this.#serving--;
        if (!request.isGone) request.done();
        this.#serve();
      });
    }
    if (this.#taken < 1_000) return;
    this.#line.splice(0, this.#taken);
    this.#taken = 0;
  }
}
