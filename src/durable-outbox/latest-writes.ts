import type { OutboxStore } from './outbox-store.ts';

/** A value to keep under a key; undefined to forget the key. */
type Wanted = string | undefined;

interface Lane {
  running: Promise<void>;
  /** What comes after the write that is running. */
  next?: { wanted: Wanted; readonly written: Promise<void> };
}

/**
 * Writes to a store: those of one key one after the other, so that the last wish is what stays, and a wish that was overtaken while it
 * waited is left out. Keys do not wait for each other.
 */
export class LatestWrites {
  readonly #lanes = new Map<string, Lane>();

  constructor(private readonly store: Pick<OutboxStore, 'put' | 'delete'>) {}

  /** Resolves when the store has this, or something later; rejects when the write failed. */
  write(key: string, wanted: Wanted): Promise<void> {
    const lane = this.#lanes.get(key);
    if (!lane) {
      const lane: Lane = { running: this.#run(key, wanted) };
      this.#lanes.set(key, lane);
      this.#leaveAfter(key, lane);
      return lane.running;
    }
    if (lane.next) {
      lane.next.wanted = wanted;
      return lane.next.written;
    }
    const next = { wanted, written: lane.running.then(nothing, nothing).then(() => this.#advance(key, lane)) };
    lane.next = next;
    return next.written;
  }

  /** Resolves when nothing is being written any more. */
  async idle(): Promise<void> {
    while (this.#lanes.size > 0) {
      await Promise.allSettled([...this.#lanes.values()].map(({ running, next }) => next?.written ?? running));
    }
  }

  #advance(key: string, lane: Lane): Promise<void> {
    const wanted = lane.next?.wanted;
    delete lane.next;
    lane.running = this.#run(key, wanted);
    this.#leaveAfter(key, lane);
    return lane.running;
  }

  #leaveAfter(key: string, lane: Lane): void {
    const leave = (): void => {
      if (!lane.next) this.#lanes.delete(key);
    };
    lane.running.then(leave, leave);
  }

  /** A store that throws instead of rejecting is treated alike. */
  async #run(key: string, wanted: Wanted): Promise<void> {
    await (wanted === undefined ? this.store.delete(key) : this.store.put(key, wanted));
  }
}

function nothing(): void {
  // What an earlier write came to is the business of whoever asked for it.
}
