/** Holds back what is to be delivered while its receiver asks for a pause. One request has one, for all of its REQs. */
export class Gate {
  #isOpen = true;
  readonly #waiting = new Set<() => void>();

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Opening it lets those who wait go on, one after the other, until one of them makes it be closed again. */
  set isOpen(isOpen: boolean) {
    this.#isOpen = isOpen;
    for (const goOn of this.#waiting) {
      if (!this.#isOpen) return;
      this.#waiting.delete(goOn);
      goOn();
    }
  }

  /** Called when it is open again, once, unless {@link Gate.leave} is. */
  wait(goOn: () => void): void {
    this.#waiting.add(goOn);
  }

  leave(goOn: () => void): void {
    this.#waiting.delete(goOn);
  }
}
