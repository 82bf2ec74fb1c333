import { Subscription, type SchedulerLike } from 'rxjs';

/** Does things after their delay but never out of order: what comes in later goes out later. */
export class Outbox {
  readonly #scheduler: SchedulerLike;
  readonly #waiting: { readonly due: number; readonly action: () => void }[] = [];
  #timer = Subscription.EMPTY;
  #isFlushing = false;

  constructor(scheduler: SchedulerLike) {
    this.#scheduler = scheduler;
  }

  /** @param delay milliseconds; without one, and with nothing waiting, the action runs at once */
  push(delay: number, action: () => void): void {
    // Only the first in line is looked at, so nothing overtakes it, whatever its own time.
    this.#waiting.push({ due: this.#scheduler.now() + delay, action });
    if (this.#waiting.length === 1 && !this.#isFlushing) this.#flush();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.length = 0;
    this.#timer.unsubscribe();
  }

  #flush(): void {
    const now = this.#scheduler.now();
    this.#isFlushing = true;
    let next = this.#waiting[0];
    while (next && next.due <= now) {
      this.#waiting.shift();
      // It may push more, or clear all.
      next.action();
      next = this.#waiting[0];
    }
    this.#isFlushing = false;
    if (next) this.#timer = this.#scheduler.schedule(() => this.#flush(), next.due - now);
  }
}
