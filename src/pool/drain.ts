import type { RelaySubscription } from '../sources/relay-subscription.ts';

/** REQs that ended while something that they brought was still to be delivered, and what is to follow when nothing is any more. */
export class Drain {
  readonly #waiting = new Set<RelaySubscription>();
  #due: (() => void)[] = [];

  /** Ends a REQ, and waits until all that had arrived is delivered. */
  await(subscription: RelaySubscription): void {
    this.#waiting.add(subscription);
    subscription.drain(() => this.#done(subscription));
  }

  /** Does the work when nothing is to be delivered: now, or later. */
  then(work: () => void): void {
    if (this.#waiting.size === 0) work();
    else this.#due.push(work);
  }

  /** Nothing is delivered any more, nor counted as delivered: whoever asks next is told it. */
  close(): void {
    this.#due = [];
    for (const subscription of this.#waiting) subscription.close();
  }

  #done(subscription: RelaySubscription): void {
    this.#waiting.delete(subscription);
    if (this.#waiting.size > 0) return;
    const due = this.#due;
    this.#due = [];
    for (const work of due) work();
  }
}
