/** What happens when, on a clock that only moves from one event to the next. Of events at one time the first scheduled comes first. */
export class EventQueue {
  #now = 0;
  #scheduled = 0;
  /** A binary heap: each comes before the two at twice its place plus one and two. */
  readonly #heap: { readonly at: number; readonly order: number; readonly act: () => void }[] = [];

  get now(): number {
    return this.#now;
  }

  /** Something happens in so many milliseconds. */
  after(delay: number, act: () => void): void {
    this.#heap.push({ at: this.#now + delay, order: this.#scheduled++, act });
    for (let place = this.#heap.length - 1; place > 0;) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(place, parent)) return;
      this.#exchange(place, parent);
      place = parent;
    }
  }

  /** Lets everything happen up to a time, in milliseconds. */
  run(until: number): void {
    for (let [next] = this.#heap; next && next.at <= until; [next] = this.#heap) {
      this.#removeFirst();
      this.#now = next.at;
      next.act();
    }
  }

  #removeFirst(): void {
    this.#exchange(0, this.#heap.length - 1);
    this.#heap.pop();
    for (let place = 0; ;) {
      let least = place;
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      }
      if (least === place) return;
      this.#exchange(place, least);
      place = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (!a || !b) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #exchange(one: number, other: number): void {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (!a || !b) return;
    this.#heap[one] = b;
    this.#heap[other] = a;
  }
}
