import { type Observable, type SchedulerLike, Subscription } from 'rxjs';

/** What is to be done later: one thing at a time, a new one replaces it. */
export class Appointment {
  #due = new Subscription();

  constructor(private readonly scheduler: SchedulerLike) {}

  /** Does the work once: after so many milliseconds, or with the first value of `sooner$`. */
  after(delay: number, work: () => void, sooner$?: Observable<unknown>): void {
    this.cancel();
    const due = this.#due;
    const keep = (): void => {
      if (due.closed) return;
      due.unsubscribe();
      work();
    };
    due.add(this.scheduler.schedule(keep, Math.max(0, delay)));
    if (sooner$) due.add(sooner$.subscribe(keep));
  }

  /** Waits for something else, in place of what was to be done. */
  wait(waiting: Subscription): void {
    this.cancel();
    this.#due.add(waiting);
  }

  cancel(): void {
    this.#due.unsubscribe();
    this.#due = new Subscription();
  }
}
