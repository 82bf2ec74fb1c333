import { type Observable, type SchedulerLike, Subscription } from 'rxjs';

/** What is to be done later: one thing at a time, a new one replaces it. */
export class Appointment {
  #due = new Subscription();

  constructor(private readonly scheduler: SchedulerLike) {}

  /** Does the work after so many milliseconds, or sooner, with the first value of `sooner$`. */
  after(delay: number, work: () => void, sooner$?: Observable<unknown>): void {
    this.cancel();
    const due = this.#due;
    due.add(this.scheduler.schedule(work, Math.max(0, delay)));
    if (sooner$ && !due.closed) due.add(sooner$.subscribe(work));
  }

  cancel(): void {
    this.#due.unsubscribe();
    this.#due = new Subscription();
  }
}
