/**
 * Draws at most every so many milliseconds, in an animation frame, however often it is asked to: a hidden page draws nothing, and what is drawn is
 * the latest.
 */
export class Frames {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame: number | undefined;
  #last = -Infinity;
  #drawn = 0;

  constructor(
    private readonly every: number,
    private readonly draw: () => void,
  ) {}

  /** How often it has drawn. */
  get drawn(): number {
    return this.#drawn;
  }

  request(): void {
    if (this.#timer !== undefined || this.#frame !== undefined) return;
    const wait = this.#last + this.every - performance.now();
    if (wait <= 0) return this.#next();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#next();
    }, wait);
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#timer = this.#frame = undefined;
  }

  #next(): void {
    this.#frame = requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#last = performance.now();
      this.#drawn++;
      this.draw();
    });
  }
}
