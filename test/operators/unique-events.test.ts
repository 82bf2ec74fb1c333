import { of, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { uniqueEvents } from '../../src/operators/unique-events.ts';
import { marbles } from '../support/marbles.ts';
import { anEvent } from '../support/packets.ts';

const events = { a: anEvent('a'), b: anEvent('b'), c: anEvent('c'), d: anEvent('d') };

describe('uniqueEvents', () => {
  it('passes each id once', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-b-a-(abc)-c-|', events);
      expectObservable(source.pipe(uniqueEvents())).toBe('-a-b---c-------|', events);
      expectSubscriptions(source.subscriptions).toBe('^--------------!');
    });
  });

  it('is exact up to its capacity and forgets the oldest beyond', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('                              -a-b-c-a-b-c-d-b-a-|', events);
      expectObservable(source.pipe(uniqueEvents({ capacity: 3 }))).toBe('-a-b-c-------d---a-|', events);
    });
  });

  it('passes an error on', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('-a-a-#', events).pipe(uniqueEvents())).toBe('-a---#', events);
    });
  });

  it('unsubscribes from the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-b-c-', events);
      expectObservable(source.pipe(uniqueEvents()), '^---!').toBe('-a-b-', events);
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('has a memory of its own for each source and each subscription', () => {
    const operator = uniqueEvents();
    const source = of(events.a, events.a, events.b).pipe(operator);
    const seen: number[] = [];
    source.pipe(toArray()).subscribe(({ length }) => seen.push(length));
    source.pipe(toArray()).subscribe(({ length }) => seen.push(length));
    of(events.a)
      .pipe(operator, toArray())
      .subscribe(({ length }) => seen.push(length));
    of(events.a, events.b)
      .pipe(operator, take(1), toArray())
      .subscribe(({ length }) => seen.push(length));
    expect(seen).toEqual([2, 2, 1, 1]);
  });

  it.each([[0], [-1], [1.5], [Number.NaN]])('refuses a capacity of %s at once', (capacity) => {
    expect(() => uniqueEvents({ capacity })).toThrow(RangeError);
  });
});
