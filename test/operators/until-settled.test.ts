import { concat, NEVER, of, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { untilSettled } from '../../src/operators/until-settled.ts';
import { marbles } from '../support/marbles.ts';
import { anEvent, packetOf } from '../support/packets.ts';

const packets = {
  a: packetOf.event(anEvent('a')),
  g: packetOf.gap(),
  1: packetOf.eose(1),
  2: packetOf.lost(2),
  e: packetOf.eose(0),
  c: packetOf.closed(0),
  l: packetOf.lost(0),
};

describe('untilSettled', () => {
  it.each([['e'], ['c'], ['l']])('completes with the packet that settles the last relay (%s)', (last) => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot(`-a-2-g-1-a-${last}-a-`, packets);
      expectObservable(source.pipe(untilSettled())).toBe(`-a-2-g-1-a-(${last}|)`, packets);
      expectSubscriptions(source.subscriptions).toBe('^----------!');
    });
  });

  it('completes with the source, settled or not', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-1-|', packets);
      expectObservable(source.pipe(untilSettled())).toBe('-a-1-|', packets);
      expectSubscriptions(source.subscriptions).toBe('^----!');
    });
  });

  it('passes an error on', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('-a-#', packets).pipe(untilSettled())).toBe('-a-#', packets);
    });
  });

  it('unsubscribes from the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-1-e', packets);
      expectObservable(source.pipe(untilSettled()), '^---!').toBe('-a-1-', packets);
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('ends a synchronous source that goes on, and serves two sources', () => {
    const operator = untilSettled();
    const seen: number[] = [];
    const source = concat(of(packets.a, packets.e, packets.a), NEVER);
    for (const _ of [1, 2]) source.pipe(operator, toArray()).subscribe(({ length }) => seen.push(length));
    expect(seen).toEqual([2, 2]);
  });
});
