import { map, of, range, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bufferEvents } from '../../src/operators/buffer-events.ts';
import { BufferOverflowError } from '../../src/policies/bounded-buffer.ts';
import { VirtualTime } from '../../src/testing/index.ts';
import { marbles } from '../support/marbles.ts';

const word = map(({ values, dropped }: { values: readonly string[]; dropped: number }) =>
  dropped > 0 ? `${values.join('')}-${dropped}` : values.join(''),
);

describe('bufferEvents', () => {
  it('hands out what waits so many milliseconds after the first of it, and the rest with the end', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-bc-----d-e-|');
      const batches = source.pipe(bufferEvents({ every: 5 }), word);
      expectObservable(batches).toBe('------x-------(y|)', { x: 'abc', y: 'de' });
      expectSubscriptions(source.subscriptions).toBe('^-------------!');
    });
  });

  it('hands out what waits when it is told to, and nothing where nothing waits', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-bc-----d-');
      const when$ = hot('    --w---w-w----w-w-');
      expectObservable(source.pipe(bufferEvents({ when$ }), word), '^---------------!').toBe('--x---y------z--', {
        x: 'a',
        y: 'bc',
        z: 'd',
      });
      expectSubscriptions(source.subscriptions).toBe('^---------------!');
      expectSubscriptions(when$.subscriptions).toBe('^---------------!');
    });
  });

  it.each([
    ['drop-oldest' as const, 'bc-1'],
    ['drop-newest' as const, 'ab-1'],
  ])('%s: counts what found no room, once', (overflow, first) => {
    marbles(({ cold, expectObservable }) => {
      const batches = cold('abc--------d').pipe(bufferEvents({ every: 5, capacity: 2, overflow }), word);
      expectObservable(batches, '^----------------!').toBe('-----x----------y', { x: first, y: 'd' });
    });
  });

  it('can end with an error where it is full, after what waited', () => {
    const heard: string[] = [];
    let failure: unknown;
    of('a', 'b', 'c')
      .pipe(bufferEvents({ capacity: 2, overflow: 'error' }), word)
      .subscribe({ next: (batch) => heard.push(batch), error: (error) => (failure = error) });
    expect(heard).toEqual(['ab']);
    expect(failure).toBeInstanceOf(BufferOverflowError);
  });

  it('hands out what waits before an error of the source, or of when$', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      expectObservable(cold('-a-#').pipe(bufferEvents({ every: 5 }), word)).toBe('---(a#)');
      const [source, when$] = [cold('-a---'), cold('---#')];
      expectObservable(source.pipe(bufferEvents({ when$ }), word)).toBe('---(a#)');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('asks for a pause while it is full, and for more when half of it is free', () => {
    const [source, when$, pause$] = [new Subject<string>(), new Subject<void>(), new Subject<boolean>()];
    const said: unknown[] = [];
    pause$.subscribe((isPaused) => said.push(isPaused));
    const subscription = source
      .pipe(bufferEvents({ capacity: 2, when$, pause$ }), word)
      .subscribe((batch) => said.push(batch));
    for (const value of ['a', 'b']) source.next(value);
    when$.next();
    expect(said.splice(0)).toEqual([true, false, 'ab']);
    for (const value of ['c', 'd']) source.next(value);
    subscription.unsubscribe();
    expect(said).toEqual([true, false]); // whoever else listens to the source may have it
  });

  it('is an error where the source does not pause', () => {
    const [source, pause$] = [new Subject<string>(), new Subject<boolean>()];
    let failure: unknown;
    source.pipe(bufferEvents({ capacity: 2, pause$ })).subscribe({ error: (error) => (failure = error) });
    for (const value of ['a', 'b', 'c']) source.next(value);
    expect(failure).toBeInstanceOf(BufferOverflowError);
    expect(source.observed).toBe(false);
  });

  it('keeps time by the scheduler that it is given, and leaves no timer behind', async () => {
    const time = new VirtualTime();
    const source = new Subject<string>();
    const heard: string[] = [];
    const subscription = source.pipe(bufferEvents({ scheduler: time }), word).subscribe((batch) => heard.push(batch));
    source.next('a');
    await time.advance(15);
    expect(heard).toEqual([]);
    await time.advance(1);
    expect(heard).toEqual(['a']);
    source.next('b');
    subscription.unsubscribe();
    await time.advance(100);
    expect(heard).toEqual(['a']);
  });

  it('stops an endless synchronous source when nobody listens', () => {
    const heard: number[] = [];
    range(1, Infinity)
      .pipe(bufferEvents({ capacity: 3, overflow: 'error' }), take(1))
      .subscribe(({ values }) => heard.push(...values));
    expect(heard).toEqual([1, 2, 3]);
  });

  it('has a buffer of its own for each subscription', () => {
    const batches = of('a', 'b').pipe(bufferEvents(), word);
    const heard: string[] = [];
    for (let count = 0; count < 2; count++) batches.subscribe((batch) => heard.push(batch));
    expect(heard).toEqual(['ab', 'ab']);
  });

  it.each([{ capacity: 0 }, { every: -1 }, { every: 2 ** 31 }, { capacity: Number.NaN }])(
    'refuses %j at once',
    (options) => {
      expect(() => bufferEvents(options)).toThrow(RangeError);
    },
  );
});
