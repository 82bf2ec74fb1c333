import { type OperatorFunction, Subject, takeUntil, tap, VirtualTimeScheduler } from 'rxjs';
import { endless } from './endless.ts';

/** How many values a synchronous source makes that is unsubscribed from elsewhere while it makes its sixth; 6 is right. */
export function madeUntilUnsubscribed(operator: OperatorFunction<number, unknown>): number {
  const { source, made } = endless();
  const stop = new Subject<void>();
  source
    .pipe(
      tap((n) => n === 5 && stop.next()),
      operator,
      takeUntil(stop),
    )
    .subscribe();
  return made();
}

/** What comes out, and when, of an operator that is given `first` at the start and `second` by who hears of its first output. */
export function fedBack<R>(
  operatorOn: (scheduler: VirtualTimeScheduler) => OperatorFunction<number, R>,
  first: number,
  second: number,
): readonly (readonly [at: number, output: R])[] {
  const scheduler = new VirtualTimeScheduler();
  const source = new Subject<number>();
  const seen: [at: number, output: R][] = [];
  source.pipe(operatorOn(scheduler)).subscribe((output) => {
    if (seen.push([scheduler.frame, output]) === 1) source.next(second);
  });
  source.next(first);
  scheduler.flush();
  return seen;
}
