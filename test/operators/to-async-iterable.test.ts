import { concat, NEVER, Observable, of, range, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { toAsyncIterable } from '../../src/operators/to-async-iterable.ts';
import { BufferOverflowError } from '../../src/policies/bounded-buffer.ts';

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const value of values) result.push(value);
  return result;
}

describe('toAsyncIterable', () => {
  it('gives the values of a stream in order, and ends with it', async () => {
    expect(await all(toAsyncIterable(of(1, 2, 3)))).toEqual([1, 2, 3]);
    expect(await all(toAsyncIterable(of()))).toEqual([]);
  });

  it('subscribes when the first value is asked for, once', async () => {
    let subscriptions = 0;
    const stream = new Observable<number>((subscriber) => {
      subscriptions++;
      subscriber.next(1);
    });
    const values = toAsyncIterable(stream);
    expect(subscriptions).toBe(0);
    await values.next();
    void values.next();
    expect(subscriptions).toBe(1);
    await values.return?.();
  });

  it('answers those who wait in turn', async () => {
    const source = new Subject<string>();
    const values = toAsyncIterable(source);
    const asked = [values.next(), values.next(), values.next()];
    source.next('a');
    source.next('b');
    source.complete();
    expect(await Promise.all(asked)).toEqual([
      { done: false, value: 'a' },
      { done: false, value: 'b' },
      { done: true, value: undefined },
    ]);
  });

  it('throws an error of the stream once, after the values before it', async () => {
    const values = toAsyncIterable(
      concat(
        of('a'),
        throwError(() => 'trouble'),
      ),
    );
    expect(await values.next()).toEqual({ done: false, value: 'a' });
    await expect(values.next()).rejects.toBe('trouble');
    expect(await values.next()).toEqual({ done: true, value: undefined });
  });

  it('throws it to the first of those who wait', async () => {
    const source = new Subject<string>();
    const values = toAsyncIterable(source);
    const [first, second] = [values.next(), values.next()];
    source.error('trouble');
    await expect(first).rejects.toBe('trouble');
    expect(await second).toEqual({ done: true, value: undefined });
  });

  it('unsubscribes when the loop is left', async () => {
    const source = new Subject<string>();
    const values = toAsyncIterable(source);
    const loop = (async () => {
      for await (const value of values) if (value === 'b') break;
    })();
    for (const value of ['a', 'b', 'c']) source.next(value);
    await loop;
    expect(source.observed).toBe(false);
    expect(await values.next()).toEqual({ done: true, value: undefined });
  });

  it('ends those who wait when it is left', async () => {
    const values = toAsyncIterable(NEVER);
    const waiting = values.next();
    await values.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('is not subscribed to when it is left before the first value', async () => {
    const source = new Subject<string>();
    const values = toAsyncIterable(source);
    await values.return?.();
    expect(await values.next()).toEqual({ done: true, value: undefined });
    expect(source.observed).toBe(false);
  });

  it.each([
    ['drop-oldest' as const, ['a', 'd', 'e']],
    ['drop-newest' as const, ['a', 'b', 'c']],
  ])('%s: counts what found no room', async (overflow, expected) => {
    const values = toAsyncIterable(of('a', 'b', 'c', 'd', 'e'), { capacity: 2, overflow });
    expect(await all(values)).toEqual(expected);
    expect(values.dropped).toBe(2);
  });

  it('can throw where it is full, after what waited', async () => {
    const values = toAsyncIterable(concat(of('a', 'b', 'c', 'd'), NEVER), { capacity: 2, overflow: 'error' });
    expect([(await values.next()).value, (await values.next()).value, (await values.next()).value]).toEqual([
      'a',
      'b',
      'c',
    ]);
    await expect(values.next()).rejects.toBeInstanceOf(BufferOverflowError);
  });

  it('asks for a pause while it is full, and for more when half of it is free or nobody wants any', async () => {
    const [source, pause$] = [new Subject<string>(), new Subject<boolean>()];
    const said: boolean[] = [];
    pause$.subscribe((isPaused) => said.push(isPaused));
    const values = toAsyncIterable(source, { capacity: 4, pause$ });
    void values.next();
    for (const value of ['', 'a', 'b', 'c', 'd']) source.next(value);
    expect(said.splice(0)).toEqual([true]);
    await values.next();
    expect(said).toEqual([]);
    await values.next();
    expect(said.splice(0)).toEqual([false]);
    for (const value of ['e', 'f']) source.next(value);
    await values.return?.();
    expect(said).toEqual([true, false]);
  });

  it('stops an endless synchronous stream when there is no room', async () => {
    const values = toAsyncIterable(range(1, Infinity), { capacity: 2, overflow: 'error' });
    expect((await values.next()).value).toBe(1);
    await values.return?.();
  });

  it.each([[0], [1.5], [Number.NaN]])('refuses a capacity of %s at once', (capacity) => {
    expect(() => toAsyncIterable(NEVER, { capacity })).toThrow(RangeError);
  });
});
