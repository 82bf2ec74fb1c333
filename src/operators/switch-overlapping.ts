import { defer, Observable, type OperatorFunction, Subscription } from 'rxjs';
import { stopWith } from './stop-with.ts';

/** As `switchMap`, but the next inner observable is subscribed before the one before is let go: no moment without either. */
export function switchOverlapping<T, R>(project: (value: T) => Observable<R>): OperatorFunction<T, R> {
  return (source) =>
    new Observable((subscriber) => {
      let current: Subscription | undefined;
      let isSourceOver = false;
      const completeWhenOver = (): void => {
        if (isSourceOver && !current) subscriber.complete();
      };
      const switchTo = (value: T): void => {
        const previous = current;
        const inner = new Subscription();
        current = inner;
        subscriber.add(inner);
        defer(() => project(value))
          .pipe(stopWith(inner))
          .subscribe({
            next: (result) => subscriber.next(result),
            error: (error) => subscriber.error(error),
            complete: () => {
              // It is over, and the subscriber need not keep it.
              inner.unsubscribe();
              if (current !== inner) return;
              current = undefined;
              completeWhenOver();
            },
          });
        previous?.unsubscribe();
      };
      source.pipe(stopWith(subscriber)).subscribe({
        next: switchTo,
        error: (error) => subscriber.error(error),
        complete: () => {
          isSourceOver = true;
          completeWhenOver();
        },
      });
    });
}
