import { type Observable, Subscription } from 'rxjs';
import { type BufferOptions, PausingBuffer } from './buffer-options.ts';
import { stopWith } from './stop-with.ts';

/**
 * The values of a stream for a `for await` loop, and how many were dropped as the loop was too slow.
 *
 * @example
 * ```ts
 * import type { NostrEvent, StreamIterator } from 'rx-relay-pool';
 *
 * const describe = ({ dropped }: StreamIterator<NostrEvent>): string => `${dropped} were dropped`;
 * ```
 */
export interface StreamIterator<T> extends AsyncIterableIterator<T> {
  /** Values that found no room, so far. */
  readonly dropped: number;
}

interface Waiting<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A stream for a `for await` loop, which takes one value after the other, as slowly as it likes. It is subscribed to with the first value that
 * is asked for, and left when the loop ends. At most `capacity` values wait. What finds no room is dropped, as `overflow` says, and counted;
 * or, with the `pause$` of a request, the request holds its relays back, and nothing is dropped.
 *
 * An error of the stream is thrown in the loop, after the values that came before it.
 *
 * @throws RangeError at once when a number is out of its range.
 * @throws BufferOverflowError (in the loop) when the buffer is full, and that is to be an error.
 *
 * @example
 * ```ts
 * import { BehaviorSubject } from 'rxjs';
 * import { type NostrEvent, RelayPool, toAsyncIterable } from 'rx-relay-pool';
 *
 * async function archive(save: (event: NostrEvent) => Promise<void>): Promise<void> {
 *   const pool = new RelayPool({ relays: ['wss://relay.example'] });
 *   const pause$ = new BehaviorSubject(false);
 *   for await (const event of toAsyncIterable(pool.request({ kinds: [1] }, { pause$ }), { capacity: 100, pause$ })) await save(event);
 *   pool.close();
 * }
 * ```
 */
export function toAsyncIterable<T>(stream: Observable<T>, options: BufferOptions = {}): StreamIterator<T> {
  const buffer = new PausingBuffer<T>(options);
  const subscription = new Subscription();
  const waiting: Waiting<T>[] = [];
  let hasBegun = false;
  let end: { readonly error?: unknown } | undefined;

  /** An error is thrown once; after that, there is nothing more. */
  const tellEnd = ({ resolve, reject }: Waiting<T>): void => {
    const how = end;
    end = {};
    if (how && 'error' in how) reject(how.error);
    else resolve({ done: true, value: undefined });
  };
  const finish = (how: { readonly error?: unknown }): void => {
    if (end) return;
    end = how;
    subscription.unsubscribe();
    for (const each of waiting.splice(0)) tellEnd(each);
  };
  const push = (value: T): void => {
    const first = waiting.shift();
    if (first) return first.resolve({ done: false, value });
    try {
      buffer.push(value);
    } catch (error) {
      finish({ error });
    }
  };
  const begin = (): void => {
    hasBegun = true;
    stream
      .pipe(stopWith(subscription))
      .subscribe({ next: push, error: (error: unknown) => finish({ error }), complete: () => finish({}) });
  };
  return {
    get dropped() {
      return buffer.dropped;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () =>
      new Promise((resolve, reject) => {
        if (buffer.size > 0) resolve({ done: false, value: buffer.take() as T });
        else if (end) tellEnd({ resolve, reject });
        else {
          waiting.push({ resolve, reject });
          if (!hasBegun) begin();
        }
      }),
    return: () => {
      hasBegun = true;
      finish({});
      end = {};
      buffer.close();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}
