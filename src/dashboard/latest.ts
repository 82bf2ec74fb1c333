import type { Observer, Subscribable, Unsubscribable } from 'rxjs';

/** A value that can be watched: the current one at once, if there is one, and every one after it. */
export class Latest<T> implements Subscribable<T> {
  readonly #observers = new Set<Partial<Observer<T>>>();
  #current: { readonly value: T } | undefined;

  next(value: T): void {
    this.#current = { value };
    for (const observer of this.#observers) observer.next?.(value);
  }

  complete(): void {
    for (const observer of this.#observers) observer.complete?.();
    this.#observers.clear();
  }

  subscribe(observer: Partial<Observer<T>>): Unsubscribable {
    // The same observer may come twice.
    const own = { ...observer };
    this.#observers.add(own);
    if (this.#current) own.next?.(this.#current.value);
    return { unsubscribe: () => this.#observers.delete(own) };
  }
}
