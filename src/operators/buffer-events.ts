import { asyncScheduler, Observable, type OperatorFunction, type SchedulerLike, Subscription } from 'rxjs';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import { type BufferOptions, PausingBuffer } from './buffer-options.ts';
import { stopWith } from './stop-with.ts';

/**
 * What {@link bufferEvents} can be told.
 *
 * @example
 * ```ts
 * import { animationFrames } from 'rxjs';
 * import type { BufferEventsOptions } from 'rx-relay-pool';
 *
 * const aFrame: BufferEventsOptions = { when$: animationFrames(), capacity: 5_000 };
 * ```
 */
export interface BufferEventsOptions extends BufferOptions {
  /** Milliseconds from the first value that waits to the batch that it is in. @default 16 */
  readonly every?: number | undefined;
  /** Says when the subscriber takes the next batch; what waits then is one. @default `every` milliseconds after the first value */
  readonly when$?: Observable<unknown> | undefined;
  /** Clock and timer. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * What waited, and how many values were dropped since the batch before.
 *
 * @example
 * ```ts
 * import type { Batch, NostrEvent } from 'rx-relay-pool';
 *
 * const describe = ({ values, dropped }: Batch<NostrEvent>): string => `${values.length} events, ${dropped} more had no room`;
 * ```
 */
export interface Batch<T> {
  readonly values: readonly T[];
  readonly dropped: number;
}

/**
 * Collects values for a subscriber that is slower than they come, as a list that is drawn once a frame, and hands them out in batches. At most
 * `capacity` of them wait. What finds no room is dropped, as `overflow` says, and counted; or, with the `pause$` of a request, the request holds
 * its relays back, and nothing is dropped.
 *
 * When the source ends, what waits is emitted first. Each subscription has its own buffer.
 *
 * @throws RangeError at once when a number is out of its range.
 * @throws BufferOverflowError (through the stream) when the buffer is full, and that is to be an error.
 *
 * @example
 * ```ts
 * import { BehaviorSubject } from 'rxjs';
 * import { bufferEvents, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const pause$ = new BehaviorSubject(false);
 * const subscription = pool
 *   .subscribe({ kinds: [1] }, { pause$ })
 *   .pipe(bufferEvents({ capacity: 500, pause$ }))
 *   .subscribe(({ values }) => console.log(`${values.length} more`));
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function bufferEvents<T>(options: BufferEventsOptions = {}): OperatorFunction<T, Batch<T>> {
  const { every = 16, when$, scheduler = asyncScheduler } = options;
  new PausingBuffer(options); // a wrong number is the caller's mistake: thrown here, where it was made
  if (!(every >= 0 && every <= LONGEST_DELAY)) {
    throw new RangeError(`bufferEvents: 'every' must be milliseconds from 0 to 2^31 - 1; got ${every}.`);
  }
  return (source) =>
    new Observable((subscriber) => {
      const buffer = new PausingBuffer<T>(options);
      let told = 0;
      let timer = Subscription.EMPTY;
      const flush = (): void => {
        timer.unsubscribe();
        const dropped = buffer.dropped - told;
        if (buffer.size === 0 && dropped === 0) return;
        told = buffer.dropped;
        subscriber.next({ values: buffer.takeAll(), dropped });
      };
      const fail = (error: unknown): void => {
        flush();
        subscriber.error(error);
      };
      subscriber.add(() => {
        timer.unsubscribe();
        buffer.close();
      });
      if (when$) subscriber.add(when$.subscribe({ next: flush, error: fail }));
      source.pipe(stopWith(subscriber)).subscribe({
        next: (value) => {
          try {
            buffer.push(value);
          } catch (error) {
            return fail(error);
          }
          if (!when$ && timer.closed) timer = scheduler.schedule(flush, every);
        },
        error: fail,
        complete: () => {
          flush();
          subscriber.complete();
        },
      });
    });
}
