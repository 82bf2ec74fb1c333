import { type Subscription, VirtualAction, type VirtualTimeScheduler } from 'rxjs';

/** Orders what is due at one time. It goes on over all clocks, as only the order within one of them matters. */
let scheduled = 0;

/**
 * A piece of work on a virtual clock, which keeps the clock's list of actions as a binary heap: what is due next is in front, the rest
 * is in no order to rely on. The actions of RxJS sort the whole list whenever one is scheduled, which with 20,000 of them takes longer
 * than a test may.
 */
export class QueuedAction<T> extends VirtualAction<T> {
  #order = 0;
  /** The index in the list, or -1. */
  #place = -1;

  /** As RxJS does it: work that schedules itself anew goes on as another action. */
  override schedule(state?: T, delay = 0): Subscription {
    if (!this.id || !Number.isFinite(delay)) return super.schedule(state, delay);
    this.active = false;
    const next = new QueuedAction(this.scheduler, this.work);
    this.add(next);
    return next.schedule(state, delay);
  }

  override execute(state: T, delay: number): unknown {
    this.#leave();
    return super.execute(state, delay);
  }

  override unsubscribe(): void {
    if (!this.closed) this.#leave();
    super.unsubscribe();
  }

  protected override requestAsyncId(scheduler: VirtualTimeScheduler, _id?: unknown, delay = 0): number {
    this.delay = scheduler.frame + delay;
    this.#order = scheduled++;
    const heap = heapOf<T>(scheduler);
    this.#moveTo(heap, heap.length);
    this.#rise(heap);
    return 1;
  }

  #leave(): void {
    if (this.#place < 0) return;
    const heap = heapOf<T>(this.scheduler);
    const last = heap.pop();
    if (last && last !== this) {
      last.#moveTo(heap, this.#place);
      last.#rise(heap);
      last.#sink(heap);
    }
    this.#place = -1;
  }

  #rise(heap: QueuedAction<T>[]): void {
    while (this.#place > 0) {
      const parent = heap[(this.#place - 1) >>> 1];
      if (!parent || parent.#isBefore(this)) return;
      this.#swapWith(parent, heap);
    }
  }

  #sink(heap: QueuedAction<T>[]): void {
    for (;;) {
      const left = heap[2 * this.#place + 1];
      const right = heap[2 * this.#place + 2];
      const child = left && right && right.#isBefore(left) ? right : left;
      if (!child || !child.#isBefore(this)) return;
      this.#swapWith(child, heap);
    }
  }

  #swapWith(other: QueuedAction<T>, heap: QueuedAction<T>[]): void {
    const place = other.#place;
    other.#moveTo(heap, this.#place);
    this.#moveTo(heap, place);
  }

  #moveTo(heap: QueuedAction<T>[], place: number): void {
    heap[place] = this;
    this.#place = place;
  }

  #isBefore(other: QueuedAction<T>): boolean {
    return this.delay === other.delay ? this.#order < other.#order : this.delay < other.delay;
  }
}

/** The list of the clock. Its actions are of other types too, in truth, but nothing here looks at what they carry. */
function heapOf<T>(scheduler: VirtualTimeScheduler): QueuedAction<T>[] {
  return scheduler.actions as QueuedAction<T>[];
}
