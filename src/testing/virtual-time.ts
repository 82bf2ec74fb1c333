import { VirtualTimeScheduler } from 'rxjs';
import { QueuedAction } from './queued-action.ts';

/**
 * Options of {@link VirtualTime}.
 *
 * @example
 * ```ts
 * import { VirtualTime, type VirtualTimeOptions } from 'rx-relay-pool/testing';
 *
 * const options: VirtualTimeOptions = { epoch: Date.UTC(2030, 0, 1) };
 * const time = new VirtualTime(options);
 * ```
 */
export interface VirtualTimeOptions {
  /** What `now()` says at the start, in milliseconds. @default 2026-01-01T00:00:00Z */
  readonly epoch?: number;
  /**
   * How much work may run without the clock moving. More is taken for work that reschedules itself without a delay, which
   * would hold the clock for ever, and is an error.
   * @default 1_000_000
   */
  readonly maximumPerInstant?: number;
}

/**
 * A clock that moves only when told to, as an RxJS scheduler: hand it to everything that takes a `scheduler` and hours
 * pass in milliseconds, the same way each time.
 *
 * Due work runs in the order of its time, then of its scheduling. After each piece of work, promises settle before the
 * next one runs, so `async` code sees virtual time as it would see real time. Nothing is thrown away: work that throws
 * makes the running `advance`, `settle` or `until` reject with its error; work behind it stays scheduled.
 *
 * @example
 * ```ts
 * import { timer } from 'rxjs';
 * import { VirtualTime } from 'rx-relay-pool/testing';
 *
 * const time = new VirtualTime();
 * const seen: number[] = [];
 * timer(1_000, 60_000, time).subscribe((n) => seen.push(n));
 * await time.advance(3 * 60_000);
 * // seen is [0, 1, 2]
 * ```
 */
export class VirtualTime extends VirtualTimeScheduler {
  readonly #maximumPerInstant: number;
  #running = false;

  constructor(options: VirtualTimeOptions = {}) {
    super(QueuedAction);
    // Frames count from the epoch, so that a frame is what now() says.
    this.frame = options.epoch ?? Date.UTC(2026, 0, 1);
    this.#maximumPerInstant = options.maximumPerInstant ?? 1_000_000;
  }

  /**
   * Lets `milliseconds` pass: everything that falls due runs, then the clock stands at the end of the span.
   *
   * @throws RangeError for a negative or endless span; otherwise rejects with what the work threw
   */
  async advance(milliseconds: number): Promise<void> {
    if (!(milliseconds >= 0 && milliseconds < Infinity)) throw new RangeError('advance needs milliseconds, 0 or more');
    const end = this.frame + milliseconds;
    await this.#run(end, () => false);
    this.frame = end;
  }

  /**
   * Runs until nothing is scheduled any more, at most `limit` milliseconds.
   *
   * @returns true when idle (the clock stands where the last work ran), false when there is more beyond the limit
   * @throws rejects with what the work threw
   */
  async settle(limit = 60_000): Promise<boolean> {
    const end = this.frame + limit;
    await this.#run(end, () => false);
    if (this.actions.length === 0) return true;
    this.frame = end;
    return false;
  }

  /**
   * Runs until `condition` holds; it is asked at the start and after each piece of work.
   *
   * @param limit how much time may pass, in milliseconds
   * @throws rejects with an Error when the condition still fails at the limit, or with what the work threw
   */
  async until(condition: () => boolean, limit = 60_000): Promise<void> {
    const end = this.frame + limit;
    if (await this.#run(end, condition)) return;
    this.frame = end;
    throw new Error(`the condition did not hold within ${limit} ms of virtual time: ${condition.toString()}`);
  }

  /**
   * Runs everything that is scheduled at once, without letting promises settle in between; see {@link VirtualTime.settle}.
   *
   * @throws what the work threw; work behind it stays scheduled
   */
  override flush(): void {
    for (let [action] = this.actions; action && action.delay <= this.maxFrames; [action] = this.actions) {
      this.#execute(action);
    }
  }

  /** Runs what is due up to `end`; true when it stopped early because `stop` said so. */
  async #run(end: number, stop: () => boolean): Promise<boolean> {
    if (this.#running) throw new Error('virtual time is already running: await the advance, settle or until before');
    this.#running = true;
    try {
      let atThisInstant = 0;
      for (;;) {
        await microtasks();
        if (stop()) return true;
        const action = this.actions[0];
        if (!action || action.delay > end) return false;
        atThisInstant = action.delay > this.frame ? 1 : atThisInstant + 1;
        if (atThisInstant > this.#maximumPerInstant) throw new Error('work keeps rescheduling itself without a delay');
        this.#execute(action);
      }
    } finally {
      this.#running = false;
    }
  }

  #execute(action: VirtualTime['actions'][number]): void {
    this.frame = Math.max(this.frame, action.delay);
    // Usually an Error, as everything thrown is; whatever it is, it goes on as it is.
    const error = action.execute(action.state, action.delay) as Error | undefined;
    if (error) throw error;
  }
}

/** Resolves when every promise that can settle has settled: a macrotask comes after all microtasks. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
