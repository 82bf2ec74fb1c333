import {
  asyncScheduler,
  EMPTY,
  finalize,
  from,
  mergeMap,
  Observable,
  type ObservableInput,
  type OperatorFunction,
  Subject,
  Subscription,
  take,
  tap,
} from 'rxjs';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import type { QueueEntry } from '../policies/priority-level.ts';
import { PriorityQueue } from '../policies/priority-queue.ts';
import type { Departure } from '../policies/queue-outcome.ts';
import { callSafely } from './call-safely.ts';
import type { Drop, PriorityMergeMapOptions, QueueTurn } from './priority-merge-map-options.ts';
import { stopWith } from './stop-with.ts';

export type * from './priority-merge-map-options.ts';

/** An item in the queue, with what may end its wait early. */
interface Waiting<T> {
  readonly value: T;
  hold: Subscription | undefined;
}

/**
 * As `mergeMap`, with a bounded buffer that is a {@link PriorityQueue}: while `concurrency` observables run, the items that arrive wait,
 * and the higher level goes first, within a level the first that came. Ageing bounds the wait of each item, see there.
 *
 * Every item either is projected or reaches `onDrop`, once. It is a callback and not a value of the output because one outcome could not be such
 * a value: after an unsubscribe or an error all that waits is `cancelled`, and then there is no output any more. Who wants drops
 * among the values merges them in from there.
 *
 * Errors of the source, of `project`, `priority`, `deadline` and `cancel`, and of a projected observable end the stream. It completes when
 * the source has and nothing waits or runs.
 *
 * @throws RangeError at once when a number is out of its range; the stream errors with one when a level does not exist, or a
 * deadline or a value of the `concurrency` observable is below 0.
 *
 * @example
 * ```ts
 * import { from, of } from 'rxjs';
 * import { type Priority, priorityMergeMap } from 'rx-relay-pool';
 *
 * const jobs: { name: string; level: Priority }[] = [
 *   { name: 'preload', level: 'low' },
 *   { name: 'auth', level: 'critical' },
 * ];
 * from(jobs)
 *   .pipe(
 *     priorityMergeMap(({ name }, { waited }) => of(`${name} after ${waited} ms`), {
 *       priority: ({ level }) => level,
 *       concurrency: 2,
 *       deadline: 10_000,
 *       onDrop: ({ item, outcome }) => console.warn(`${item.name}: ${outcome}`),
 *     }),
 *   )
 *   .subscribe((line) => console.log(line));
 * ```
 */
export function priorityMergeMap<T, R>(
  project: (item: T, turn: QueueTurn) => ObservableInput<R>,
  options: PriorityMergeMapOptions<T> = {},
): OperatorFunction<T, R> {
  const { priority, concurrency = 1, deadline, cancel, onDrop, scheduler = asyncScheduler } = options;
  new PriorityQueue(options); // a wrong number is the caller's mistake: thrown here, where it was made
  if (typeof concurrency === 'number' && !(concurrency >= 1)) {
    throw new RangeError(`priorityMergeMap: 'concurrency' must be at least 1; got ${concurrency}.`);
  }
  if (typeof deadline === 'number' && !(deadline >= 0)) {
    throw new RangeError(`priorityMergeMap: 'deadline' must be at least 0 ms; got ${deadline}.`);
  }

  return (source) =>
    new Observable((subscriber) => {
      const queue = new PriorityQueue<Waiting<T>>(options);
      const turns = new Subject<Departure<Waiting<T>>>();
      let limit = typeof concurrency === 'number' ? concurrency : 0;
      let running = 0;
      let isFilling = false;
      let isSourceOver = false;

      const drop = ({ item, ...rest }: Drop<Waiting<T>>): void => {
        callSafely(() => item.hold?.unsubscribe(), undefined);
        callSafely(() => onDrop?.({ item: item.value, ...rest }), undefined);
      };
      const cancelAll = (): void => queue.clear(scheduler.now()).forEach(drop);
      const start = (): void => {
        while (running < limit && !subscriber.closed) {
          const next = queue.take(scheduler.now());
          if (!next) return;
          callSafely(() => next.item.hold?.unsubscribe(), undefined);
          const outcome = next.outcome === 'taken' && subscriber.closed ? 'cancelled' : next.outcome;
          if (outcome !== 'taken') drop({ ...next, outcome });
          else {
            running++;
            turns.next(next);
          }
        }
      };
      /** One loop at a time, so that observables that end at once do not pile up on the stack. */
      const fill = (): void => {
        if (isFilling) return;
        isFilling = true;
        start();
        isFilling = false;
        if (isSourceOver && queue.size === 0) turns.complete();
      };
      const release = (): void => {
        running--;
        fill();
      };
      const giveUp = (entry: QueueEntry<Waiting<T>>, outcome: 'expired' | 'cancelled'): void => {
        const left = queue.remove(entry, outcome, scheduler.now());
        if (left) drop(left);
        fill();
      };
      const hold = (entry: QueueEntry<Waiting<T>>, patience: number): void => {
        const { item } = entry;
        const signal = cancel?.(item.value);
        if (!entry.isWaiting) return;
        if (!signal && patience > LONGEST_DELAY) return;
        const ends = (item.hold = new Subscription());
        if (patience <= LONGEST_DELAY) ends.add(scheduler.schedule(() => giveUp(entry, 'expired'), patience));
        if (!signal) return;
        const next = (): void => giveUp(entry, 'cancelled');
        ends.add(
          from(signal)
            .pipe(take(1))
            .subscribe({ next, error: () => undefined }),
        );
      };
      const offer = (value: T): void => {
        if (queue.isFull) start(); // from within `fill`, places may be free: nobody goes for want of room then
        const patience = (typeof deadline === 'function' ? deadline(value) : deadline) ?? Infinity;
        const level = priority?.(value) ?? 'normal';
        const item: Waiting<T> = { value, hold: undefined };
        const { entry, departure } = queue.add(item, level, scheduler.now(), patience);
        if (departure) drop(departure as Drop<Waiting<T>>);
        fill();
        if (subscriber.closed) cancelAll(); // by what the caller's functions did since it came
        if (entry?.isWaiting) hold(entry, patience);
      };

      const run = ({ item, priority, waited }: Departure<Waiting<T>>): Observable<R> => {
        const inner = project(item.value, { priority, waited });
        return subscriber.closed ? EMPTY : from(inner).pipe(finalize(release));
      };
      turns.pipe(mergeMap(run)).subscribe(subscriber);
      subscriber.add(cancelAll);
      if (typeof concurrency !== 'number') {
        const next = (value: number): void => {
          if (!(value >= 0)) return subscriber.error(new RangeError(`A concurrency is at least 0; got ${value}.`));
          limit = value;
          fill();
        };
        concurrency.pipe(stopWith(subscriber)).subscribe({ next, error: (error) => subscriber.error(error) });
      }
      source.pipe(tap(offer), stopWith(subscriber)).subscribe({
        error: (error) => subscriber.error(error),
        complete: () => {
          isSourceOver = true;
          fill();
        },
      });
    });
}
