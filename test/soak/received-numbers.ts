/** Which of the numbers from 0 on have come; it keeps those alone that came before a smaller one. */
export class ReceivedNumbers {
  #next = 0;
  readonly #ahead = new Set<number>();

  /** The smallest that has not come. */
  get next(): number {
    return this.#next;
  }

  /** Numbers that came before a smaller one. */
  get ahead(): number {
    return this.#ahead.size;
  }

  /** Notes one; says whether it is new. */
  add(number: number): boolean {
    if (number < this.#next || this.#ahead.has(number)) return false;
    this.#ahead.add(number);
    this.#catchUp();
    return true;
  }

  /** Gives up what is missing before this one, and returns it. */
  skipTo(end: number): readonly number[] {
    const missing: number[] = [];
    while (this.#next < end) {
      missing.push(this.#next++);
      this.#catchUp();
    }
    return missing;
  }

  #catchUp(): void {
    while (this.#ahead.delete(this.#next)) this.#next++;
  }
}
