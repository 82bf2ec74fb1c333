import fc from 'fast-check';
import { from, of, Subject, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Sized, throughput, type ThroughputOptions } from '../../src/operators/throughput.ts';
import type { Throughput } from '../../src/policies/rate-window.ts';
import { fedBack, madeUntilUnsubscribed } from '../support/feeding.ts';
import { marbles } from '../support/marbles.ts';

/** A window of four slices of 10 ms, looked at every 10 ms. */
const small = { window: 40, slices: 4, every: 10 };

/** So many messages and bytes within so many milliseconds. */
const rate = (messages: number, bytes: number, within: number): Throughput => ({
  messagesPerSecond: messages / (within / 1_000),
  bytesPerSecond: bytes / (within / 1_000),
});
/** Within a second, which is one slice of the default window: what a source comes to that completes at once. */
function sumOf<T>(values: readonly T[], options?: ThroughputOptions<T>): number {
  let bytes = Number.NaN;
  from(values)
    .pipe(throughput(options as ThroughputOptions<T> & { sizeOf: (value: T) => number }))
    .subscribe((sum) => {
      expect(sum.messagesPerSecond).toBe(values.length);
      bytes = sum.bytesPerSecond;
    });
  return bytes;
}

describe('throughput', () => {
  it('averages over the time since the subscription, then over the window, and ends in zeros', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-b-----------------c----------------------------------------------', {
        a: 10,
        b: 20,
        c: 6,
      });
      const unsub = '     ^------------------------------------------------------------------!';
      const expected = '  -----------s---------t---------u---------v-------------------z------';
      expectObservable(source.pipe(throughput(small)), unsub).toBe(expected, {
        s: rate(2, 30, 11),
        t: rate(3, 36, 21),
        u: rate(3, 36, 31),
        v: rate(1, 6, 31), // a and b were forgotten at 40. At 51 it is the same, so nothing is said
        z: rate(0, 0, 1),
      });
      expectSubscriptions(source.subscriptions).toBe(unsub);
    });
  });

  it('reports messages of no size', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('a--------------b|', { a: 0, b: 0 });
      expectObservable(source.pipe(throughput(small))).toBe('----------s-----(t|)', {
        s: rate(1, 0, 10),
        t: rate(2, 0, 16),
      });
    });
  });

  it('makes a last report when the source completes', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a--------------b|', { a: 10, b: 20 });
      expectObservable(source.pipe(throughput(small))).toBe('----------s-----(t|)', {
        s: rate(1, 10, 10),
        t: rate(2, 30, 16),
      });
      expectSubscriptions(source.subscriptions).toBe('^---------------!');
    });
  });

  it('reports zeros when a source completes without a message', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<number>('---|').pipe(throughput(small))).toBe('---(z|)', { z: rate(0, 0, 1) });
    });
  });

  it('passes an error on at once, without a report', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#', { a: 1 });
      expectObservable(source.pipe(throughput(small))).toBe('---#');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('leaves no timer behind after an unsubscribe, and none when the window is empty', () => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    const seen: Throughput[] = [];
    const subscription = source.pipe(throughput({ ...small, scheduler })).subscribe((report) => seen.push(report));
    source.next(1);
    scheduler.flush(); // would not end if the timer went on
    expect(seen.at(-1)).toEqual(rate(0, 0, 1));
    expect(scheduler.frame).toBe(40);
    source.next(1);
    expect(scheduler.actions.filter(({ closed }) => !closed)).toHaveLength(1);
    subscription.unsubscribe();
    expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
    expect(source.observed).toBe(false);
  });

  it('has a window of its own for each source and each subscription', () => {
    marbles(({ cold, expectObservable }) => {
      const operator = throughput(small);
      const values = { a: 10, b: 20 };
      expectObservable(cold('a-----------|', values).pipe(operator)).toBe('----------s-(t|)', {
        s: rate(1, 10, 10),
        t: rate(1, 10, 12),
      });
      const twice = cold('-b|', values).pipe(operator);
      expectObservable(twice).toBe('--(s|)', { s: rate(1, 20, 10) });
      expectObservable(twice, '---^').toBe('-----(s|)', { s: rate(1, 20, 10) });
    });
  });

  it('lets a synchronous source hear of an unsubscribe', () => {
    expect(madeUntilUnsubscribed(throughput())).toBe(6);
  });

  it('can be fed from its own reports', () => {
    expect(fedBack((scheduler) => throughput({ ...small, scheduler }), 10, 5)).toEqual([
      [10, rate(1, 10, 10)],
      [20, rate(2, 15, 20)],
      [30, rate(2, 15, 30)],
      [40, rate(1, 5, 30)],
      [50, rate(0, 0, 1)],
    ]);
  });

  it('averages over ten seconds, every second, unless told otherwise', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('a 2999ms b 20s |', { a: 100, b: 200 });
      expectObservable(source.pipe(throughput())).toBe(
        '1s a 999ms b 999ms c 999ms d 999ms e 999ms f 999ms g 999ms h 999ms i 999ms j 2999ms z 10s |',
        {
          a: rate(1, 100, 1_000),
          b: rate(1, 100, 2_000),
          c: rate(2, 300, 3_000),
          d: rate(2, 300, 4_000),
          e: rate(2, 300, 5_000),
          f: rate(2, 300, 6_000),
          g: rate(2, 300, 7_000),
          h: rate(2, 300, 8_000),
          i: rate(2, 300, 9_000),
          j: rate(1, 200, 9_000),
          z: rate(0, 0, 1),
        },
      );
    });
  });

  describe('knows the size of', () => {
    it('texts, by their length in UTF-8', () => {
      expect(sumOf(['["EOSE","a"]', 'é', '€', '😀', ''])).toBe(12 + 2 + 3 + 4);
      const units = fc.array(
        fc.oneof(
          fc.integer({ min: 0, max: 0xffff }),
          fc.integer({ min: 0xd7ff, max: 0xe000 }),
          fc.constantFrom(0x7f, 0x80, 0x7ff, 0x800, 0xd800, 0xdbff, 0xdc00, 0xdfff),
        ),
      );
      fc.assert(
        fc.property(units, (codes) => {
          const text = String.fromCharCode(...codes);
          expect(sumOf([text])).toBe(new TextEncoder().encode(text).length);
        }),
        { numRuns: 500 },
      );
    });

    it('numbers, and what has a number of bytes', () => {
      expect(sumOf<Sized>([12, { bytes: 30 }, 'abc'])).toBe(45);
    });

    it('anything, when told how', () => {
      expect(sumOf([[1, 2], [3]], { sizeOf: (list) => list.length })).toBe(3);
      expect(sumOf(['€€'], { sizeOf: (text) => text.length })).toBe(2);
    });

    it('nothing of the rest, whose messages count all the same', () => {
      const odd: unknown[] = [Number.NaN, -1, Infinity, null, undefined, {}, { bytes: 'many' }, Symbol('x')];
      expect(sumOf(odd as Sized[])).toBe(0);
      const sizeOf = (n: number): number => {
        if (n === 1) throw new Error('broken');
        return n;
      };
      expect(sumOf([1, 7], { sizeOf })).toBe(7);
    });

    it('nothing that the types do not know, without sizeOf', () => {
      // @ts-expect-error -- a Date has no size
      throughput()(of(new Date()));
      // @ts-expect-error -- options alone do not help
      throughput<Date>({ window: 1_000 });
    });
  });

  it.each([
    { window: 0 },
    { window: Number.NaN },
    { slices: 1 },
    { every: 0 },
    { every: Number.NaN },
    { every: 10_001 },
    { window: 500, every: 501 },
  ])('refuses %o at once', (options) => {
    expect(() => throughput(options)).toThrow(RangeError);
  });

  it('looks once a window where that is less than a second', () => {
    expect(() => throughput({ window: 500 })).not.toThrow();
  });
});
