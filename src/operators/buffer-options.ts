import type { Subject } from 'rxjs';
import { BoundedBuffer, type BufferOverflow } from '../policies/bounded-buffer.ts';

/**
 * How much waits for a slow subscriber, and what becomes of the rest.
 *
 * @example
 * ```ts
 * import { Subject } from 'rxjs';
 * import type { BufferOptions } from 'rx-relay-pool';
 *
 * const lossless: BufferOptions = { capacity: 200, overflow: 'error', pause$: new Subject<boolean>() };
 * ```
 */
export interface BufferOptions {
  /** Values that may wait, a whole number above 0. @default 1_000 */
  readonly capacity?: number | undefined;
  /** What becomes of those that find no room. @default 'drop-oldest', or 'error' with `pause$` */
  readonly overflow?: BufferOverflow | undefined;
  /**
   * Told true when the buffer is full, and false when it is half empty again: the `pause$` of a request, which then delivers nothing in between,
   * so that nothing is dropped.
   *
   * @default none
   */
  readonly pause$?: Subject<boolean> | undefined;
}

/** A buffer that asks its source for a pause while it is full. */
export class PausingBuffer<T> {
  readonly #buffer: BoundedBuffer<T>;
  readonly #pause$: Subject<boolean> | undefined;
  #isPaused = false;

  constructor({ capacity = 1_000, pause$, overflow = pause$ ? 'error' : 'drop-oldest' }: BufferOptions) {
    this.#buffer = new BoundedBuffer(capacity, overflow);
    this.#pause$ = pause$;
  }

  get size(): number {
    return this.#buffer.size;
  }

  get dropped(): number {
    return this.#buffer.dropped;
  }

  push(value: T): void {
    this.#buffer.push(value);
    if (this.#buffer.size < this.#buffer.capacity || this.#isPaused) return;
    this.#say(true);
  }

  take(): T | undefined {
    const value = this.#buffer.take();
    this.#ease();
    return value;
  }

  takeAll(): T[] {
    const values = this.#buffer.takeAll();
    this.#ease();
    return values;
  }

  /** What is left goes, and the source may go on. */
  close(): void {
    this.takeAll();
  }

  #ease(): void {
    if (this.#isPaused && this.#buffer.size <= this.#buffer.capacity / 2) this.#say(false);
  }

  #say(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#pause$?.next(isPaused);
  }
}
