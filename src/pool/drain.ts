import type { RelaySubscription } from '../sources/relay-subscription.ts';

/** REQs that ended while something that they brought was still to be delivered, and what is to follow when nothing is any more. */
export class Drain {
  #waiting = 0;
  #due: (() => void)[] = [];

  /** Ends a REQ, and waits until all that had arrived is delivered. */
  await(subscription: RelaySubscription): void {
    this.#waiting++;
    subscription.drain(() => this.#done());
  }

  /** Does the work when nothing is to be delivered: now, or later. */
  then(work: () => void): void {
    if (this.#waiting === 0) work();
    else this.#due.push(work);
  }

  #done(): void {
    if (--this.#waiting > 0) return;
    const due = this.#due;
    this.#due = [];
    for (const work of due) work();
  }
}
