import { type MonoTypeOperatorFunction, Observable, type Subscription } from 'rxjs';

/**
 * Ends the subscription to the source, without a word, when `owner` is unsubscribed. It is added before the source is subscribed to, as
 * one that `subscribe` returns comes too late for a source that is synchronous: that would never hear that nobody listens.
 */
export function stopWith<T>(owner: Subscription): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      owner.add(subscriber);
      source.subscribe(subscriber);
    });
}
