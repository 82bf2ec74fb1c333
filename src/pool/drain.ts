/** What ended while something of it was still to be delivered, and what is to follow when nothing is any more. */
export class Drain {
  #waiting = 0;
  #due: (() => void)[] = [];

  /** So many more are awaited. */
  begin(count: number): void {
    this.#waiting += count;
  }

  /** One of them has delivered everything. */
  done(): void {
    if (--this.#waiting > 0) return;
    const due = this.#due;
    this.#due = [];
    for (const work of due) work();
  }

  /** Does the work when nothing is awaited: now, or later. */
  then(work: () => void): void {
    if (this.#waiting === 0) work();
    else this.#due.push(work);
  }
}
