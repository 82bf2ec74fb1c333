import { EMPTY, from, NEVER, Subject, toArray, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { latencyPercentiles, type LatencyPercentilesOptions } from '../../src/operators/latency-percentiles.ts';
import { LatencyHistogram, type LatencySummary } from '../../src/policies/latency-histogram.ts';
import { fedBack, madeUntilUnsubscribed } from '../support/feeding.ts';
import { marbles } from '../support/marbles.ts';

/** A window of four slices of 5 ms, looked at every 5 ms. */
const small: LatencyPercentilesOptions = { window: 20, slices: 4, every: 5, minCount: 1 };

/** The summary of a few readings, which the tests of the histogram have shown to be right. */
const summaryOf = (...readings: number[]): LatencySummary | undefined => {
  const histogram = new LatencyHistogram();
  for (const ms of readings) histogram.record(ms);
  return histogram.summary();
};

const latencies = { a: 10, b: 30, c: 500 };
const summaries = {
  u: undefined,
  a: summaryOf(10),
  b: summaryOf(30),
  c: summaryOf(500),
  d: summaryOf(10, 30),
  e: summaryOf(10, 30, 500),
  f: summaryOf(30, 500),
};

describe('latencyPercentiles', () => {
  it('makes a summary every so many milliseconds from the first reading on', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('--a-b-----c------', latencies);
      const unsub = '     ^---------------!';
      const expected = '  -------d----e----';
      expectObservable(source.pipe(latencyPercentiles(small)), unsub).toBe(expected, summaries);
      expectSubscriptions(source.subscriptions).toBe(unsub);
    });
  });

  it('says nothing while nothing changes', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('a---------------', latencies);
      expectObservable(source.pipe(latencyPercentiles(small)), '^--------------!').toBe('-----a----------', summaries);
    });
  });

  it('says when there are more readings, though they look the same', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('a-----a----|', latencies);
      expectObservable(source.pipe(latencyPercentiles(small))).toBe('-----x----y|', {
        x: summaryOf(10),
        y: summaryOf(10, 10),
      });
    });
  });

  it('says when readings are forgotten, down to none', () => {
    marbles(({ hot, expectObservable }) => {
      // Slices begin at 0, 5 and 10, and are forgotten 20 later. The looks are at 5, 10, 15, ...
      const source = hot('a--------bc------------------------', latencies);
      const expected = '  -----a----e---------f----c----u----';
      expectObservable(source.pipe(latencyPercentiles(small)), '^---------------------------------!').toBe(
        expected,
        summaries,
      );
    });
  });

  it('wakes up again after the window was empty', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('a----------------------------------b-----', latencies);
      const expected = '  -----a--------------u-------------------b';
      expectObservable(source.pipe(latencyPercentiles(small)), '^----------------------------------------!').toBe(
        expected,
        summaries,
      );
    });
  });

  it('says undefined, once, below the minimum', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('a------b-----c-------------', latencies);
      const expected = '  -----u---------e---------u-';
      expectObservable(
        source.pipe(latencyPercentiles({ ...small, window: 24, slices: 6, minCount: 3 })),
        '^-------------------------!',
      ).toBe(expected, summaries);
    });
  });

  it('makes a last summary when the source completes', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('a-----b|', latencies);
      expectObservable(source.pipe(latencyPercentiles(small))).toBe('-----a-(d|)', summaries);
      expectSubscriptions(source.subscriptions).toBe('^------!');
    });
  });

  it('does not say the same again at the end', () => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('a-----|', latencies).pipe(latencyPercentiles(small))).toBe('-----a|', summaries);
    });
  });

  it('says undefined at least when a source completes without a reading', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<number>('---|').pipe(latencyPercentiles(small))).toBe('---(u|)', summaries);
    });
  });

  it('passes an error on at once, without a summary', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-#', latencies);
      expectObservable(source.pipe(latencyPercentiles(small))).toBe('---#');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('leaves no timer behind: after an unsubscribe, an error, a completion, or an empty window', () => {
    for (const ending of [
      (source: Subject<number>) => source.error(new Error('over')),
      (source: Subject<number>) => source.complete(),
      (_: Subject<number>, unsubscribe: () => void) => unsubscribe(),
    ]) {
      const scheduler = new VirtualTimeScheduler();
      const source = new Subject<number>();
      const subscription = source
        .pipe(latencyPercentiles({ ...small, scheduler }))
        .subscribe({ error: () => undefined });
      source.next(5);
      expect(scheduler.actions.filter(({ closed }) => !closed)).toHaveLength(1);
      ending(source, () => subscription.unsubscribe());
      expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
      expect(source.observed).toBe(false);
    }

    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    const seen: unknown[] = [];
    source.pipe(latencyPercentiles({ ...small, scheduler })).subscribe((summary) => seen.push(summary));
    source.next(5);
    scheduler.flush(); // would not end if the timer went on
    expect(seen).toEqual([summaryOf(5), undefined]);
    expect(scheduler.frame).toBe(20);
  });

  it('takes a synchronous source, and lets it hear of an unsubscribe', () => {
    const seen: unknown[] = [];
    from([1, 2, 3, 4])
      .pipe(latencyPercentiles({ minCount: 4 }))
      .subscribe((summary) => seen.push(summary));
    expect(seen).toEqual([summaryOf(1, 2, 3, 4)]);

    expect(madeUntilUnsubscribed(latencyPercentiles())).toBe(6);
  });

  it('can be fed from its own summaries', () => {
    expect(fedBack((scheduler) => latencyPercentiles({ ...small, scheduler }), 10, 30)).toEqual([
      [5, summaryOf(10)],
      [10, summaryOf(10, 30)],
      [20, summaryOf(30)],
      [25, undefined],
    ]);
  });

  it('has a window of its own for each source and each subscription', () => {
    marbles(({ cold, hot, expectObservable }) => {
      const operator = latencyPercentiles(small);
      expectObservable(hot('a-b---|', latencies).pipe(operator)).toBe('-----d|', summaries);
      expectObservable(hot('-c----|', latencies).pipe(operator)).toBe('------(c|)', summaries);
      const twice = cold('b---|', latencies).pipe(operator);
      expectObservable(twice).toBe('----(b|)', summaries);
      expectObservable(twice, '--^').toBe('------(b|)', summaries);
    });
  });

  it('starts by a look every second at the last minute, of ten readings at least', () => {
    marbles(({ cold, expectObservable }) => {
      const ten = [11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
      const values: Record<string, number> = Object.fromEntries(ten.map((ms, at) => ['abcdefghij'.charAt(at), ms]));
      const source = cold('(abcdefghi) 1989ms j 89s |', values); // a group takes as many milliseconds as it has signs
      expectObservable(source.pipe(latencyPercentiles())).toBe('1s u 999ms s 57999ms u 31s |', {
        u: undefined,
        s: summaryOf(...ten),
      });
    });
  });

  it('passes the precision on', () => {
    const readings = Array.from({ length: 100 }, (_, index) => 100 + index);
    const coarse = new LatencyHistogram({ precision: 0.3 });
    readings.forEach((ms) => coarse.record(ms));
    from(readings)
      .pipe(latencyPercentiles({ precision: 0.3 }), toArray())
      .subscribe((seen) => expect(seen).toEqual([coarse.summary()]));
    expect.assertions(1);
  });

  it('leaves NaN out', () => {
    const seen: unknown[] = [];
    from([Number.NaN, 7, Number.NaN])
      .pipe(latencyPercentiles({ minCount: 1 }))
      .subscribe((summary) => seen.push(summary));
    expect(seen).toEqual([summaryOf(7)]);
  });

  it.each<LatencyPercentilesOptions>([
    { window: 0 },
    { slices: 1 },
    { precision: 0 },
    { minCount: 0 },
    { minCount: 1.5 },
    { minCount: Number.NaN },
    { every: 0 },
    { every: Number.NaN },
    { every: 2 ** 31, window: 2 ** 32 },
    { every: 60_001 },
  ])('refuses %o at once', (options) => {
    expect(() => latencyPercentiles(options)).toThrow(RangeError);
  });

  it('looks once a window where that is less than a second', () => {
    expect(() => latencyPercentiles({ window: 500 })).not.toThrow();
    expect(() => EMPTY.pipe(latencyPercentiles({ window: 500, every: 501 }))).toThrow(RangeError);
    expect(() => NEVER.pipe(latencyPercentiles({ window: 500, every: 500 }))).not.toThrow();
  });
});
