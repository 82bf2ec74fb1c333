import { Observable, type OperatorFunction, type Subscriber, type Subscription } from 'rxjs';
import { COUNT } from './inputs.ts';
import type { Case } from './measure.ts';

/** Where all values end: they are looked at, so that no work can be left out. */
const sink = { count: 0, last: undefined as unknown };
const observer = {
  next: (value: unknown): void => {
    sink.count++;
    sink.last = value;
  },
};

/** How many values `act` brings to that observer. */
function delivered(act: () => void): number {
  const before = sink.count;
  act();
  return sink.count - before;
}

/** So many items through an operator, on a subscription that has seen as many before and goes on after them. */
export function perItem<T>(
  name: string,
  items: readonly T[],
  operator: OperatorFunction<T, unknown>,
  rest: { readonly expected?: number; readonly after?: { readonly each: number; readonly act: () => void } } = {},
): Case {
  const { expected = COUNT, after } = rest;
  let target: Subscriber<T> | undefined;
  const stream = new Observable<T>((subscriber) => {
    target = subscriber;
  }).pipe(operator);
  const send = (from: number, to: number): void => {
    // By index, as RxJS does: an iterator would be a third of the cost of all that is measured here.
    for (let index = from; index < to; index++) {
      target?.next(items[index] as T);
      if (after && (index + 1) % after.each === 0) after.act();
    }
  };
  let subscription: Subscription | undefined;
  return {
    name,
    units: COUNT,
    expected,
    begin: () => {
      subscription = stream.subscribe(observer);
      send(0, COUNT);
    },
    run: () => delivered(() => send(COUNT, 2 * COUNT)),
    end: () => subscription?.unsubscribe(),
  };
}

/** Subscriptions through an operator to a source of one value, which then completes, or else is unsubscribed from. */
export function perSubscription<T>(
  name: string,
  value: T,
  operator: OperatorFunction<T, unknown>,
  rest: { readonly completes?: boolean } = {},
): Case {
  const { completes = true } = rest;
  const units = 100;
  const stream = new Observable<T>((subscriber) => {
    subscriber.next(value);
    if (completes) subscriber.complete();
  }).pipe(operator);
  const subscribe = (): void => {
    for (let n = 0; n < units; n++) stream.subscribe(observer).unsubscribe();
  };
  return { name, units, expected: units, run: () => delivered(subscribe) };
}
