import { type MonoTypeOperatorFunction, Observable, Subscription } from 'rxjs';
import type { Priority } from '../policies/queue-outcome.ts';
import type { Bulkhead, BulkheadRefusal } from './bulkhead-handle.ts';

/**
 * The error of a stream that {@link bulkhead} did not subscribe to, as no permit came in time.
 *
 * @example
 * ```ts
 * import { NEVER } from 'rxjs';
 * import { Bulkhead, bulkhead, BulkheadError } from 'rx-relay-pool';
 *
 * const closed = new Bulkhead({ permits: 0 });
 * NEVER.pipe(bulkhead(closed, { deadline: 100 })).subscribe({
 *   error: (error) => {
 *     if (error instanceof BulkheadError) console.warn(error.outcome, error.waited); // expired, 100 or a little more
 *   },
 * });
 * ```
 */
export class BulkheadError extends Error {
  override readonly name = 'BulkheadError';
  /** For switches over errors of several kinds. */
  readonly code = 'bulkhead';
  /** Whether it made room for another, waited until its deadline, or was never let in. */
  readonly outcome: BulkheadRefusal['outcome'];
  /** The level of the call. */
  readonly priority: Priority;
  /** Milliseconds in the queue. */
  readonly waited: number;

  constructor({ outcome, priority, waited }: BulkheadRefusal) {
    super(`No permit: ${outcome} after ${waited} ms in the queue (${priority}).`);
    this.outcome = outcome;
    this.priority = priority;
    this.waited = waited;
  }
}

/**
 * What {@link bulkhead} can be told of its calls.
 *
 * @example
 * ```ts
 * import type { BulkheadCallOptions } from 'rx-relay-pool';
 *
 * const forTheUser: BulkheadCallOptions = { priority: 'high', deadline: 5_000 };
 * ```
 */
export interface BulkheadCallOptions {
  /** How urgent the calls are. @default 'normal' */
  readonly priority?: Priority | undefined;
  /** How long a call may wait, in milliseconds; undefined and Infinity mean for ever. @default undefined */
  readonly deadline?: number | undefined;
}

/**
 * Subscribes to the source once the {@link Bulkhead} has a permit for it: at once, and synchronously, if one is free, else when its turn
 * comes. Each subscription is a call of its own. It holds the permit until it completed, errored or was unsubscribed from, and the
 * source is torn down before the next call starts.
 *
 * It adds no error of its own but a {@link BulkheadError}, without having subscribed. Whoever unsubscribes while waiting leaves the queue.
 *
 * A call that makes another through the same handle, and waits for it, holds one permit while it asks for one more: when all permits are held
 * so, none comes free. Give the inner calls a handle of their own, or a deadline.
 *
 * @throws RangeError at once for a deadline below 0 or a level that does not exist.
 *
 * @example
 * ```ts
 * import { defer, from } from 'rxjs';
 * import { Bulkhead, bulkhead } from 'rx-relay-pool';
 *
 * const server = new Bulkhead({ permits: 4 });
 * const page = (path: string) =>
 *   defer(() => from(fetch(`https://relay.example/${path}`))).pipe(bulkhead(server, { priority: 'high', deadline: 10_000 }));
 * page('profile').subscribe({ next: ({ status }) => console.log(status), error: (error) => console.warn(error) });
 * ```
 */
export function bulkhead<T>(handle: Bulkhead, options: BulkheadCallOptions = {}): MonoTypeOperatorFunction<T> {
  const { priority = 'normal', deadline = Infinity } = options;
  handle.waitingAt(priority); // a wrong level is the caller's mistake: thrown here, where it was made
  if (!(deadline >= 0)) throw new RangeError(`bulkhead: 'deadline' must be at least 0 ms; got ${deadline}.`);
  return (source) =>
    new Observable((subscriber) => {
      const wait = new Subscription();
      subscriber.add(wait);
      handle.enter({
        priority,
        deadline,
        wait,
        run: (release) => {
          if (subscriber.closed) release();
          else {
            source.subscribe(subscriber);
            // The permit is given back after the teardown of the source, so that what is limited never sees one call too many.
            subscriber.add(release);
          }
        },
        fail: (refusal) => subscriber.error(new BulkheadError(refusal)),
      });
    });
}
