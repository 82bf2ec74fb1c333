import { type Observable, share, tap } from 'rxjs';

/** The latest value of a stream, for who reads it when told to: subscribed to with the first listener, and left with the last. */
export class LatestValue<T> {
  readonly #changes$: Observable<T>;
  #value: T;
  #trouble: { readonly error: unknown } | undefined;

  constructor(source$: Observable<T>, initial: T) {
    this.#value = initial;
    this.#changes$ = source$.pipe(
      tap({
        subscribe: () => (this.#trouble = undefined),
        next: (value) => (this.#value = value),
        error: (error: unknown) => (this.#trouble = { error }),
      }),
      share(),
    );
  }

  /** @throws What the stream ended with. */
  readonly get = (): T => {
    if (this.#trouble) throw this.#trouble.error;
    return this.#value;
  };

  /** Tells of every change; returns what ends that. */
  readonly subscribe = (onChange: () => void): (() => void) => {
    const subscription = this.#changes$.subscribe({ next: onChange, error: onChange });
    return () => subscription.unsubscribe();
  };
}
