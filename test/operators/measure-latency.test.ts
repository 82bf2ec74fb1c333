import { asyncScheduler, concat, NEVER, of, Subject, take, throwError, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  type LatencyRecorder,
  measureLatency,
  type MeasureLatencyOptions,
} from '../../src/operators/measure-latency.ts';
import { TimeoutInFlightError, timeoutInFlight } from '../../src/operators/timeout-in-flight.ts';
import { HistogramWindow } from '../../src/policies/histogram-window.ts';
import { LatencyHistogram } from '../../src/policies/latency-histogram.ts';
import { marbles } from '../support/marbles.ts';

/** Keeps what it is told. */
class List implements LatencyRecorder {
  readonly readings: [ms: number, now: number][] = [];
  record(ms: number, now: number): void {
    this.readings.push([ms, now]);
  }
}

/** What is recorded of a source, given as marbles, that is subscribed to at 2 ms. */
function recordedOf(source: string, options: MeasureLatencyOptions = {}, unsub = '--^---------'): List['readings'] {
  const list = new List();
  marbles(({ cold, expectObservable, expectSubscriptions }) => {
    const measured = cold(source);
    expectObservable(measured.pipe(measureLatency(list, options)), unsub).toBe(`--${source}`);
    expectSubscriptions(measured.subscriptions).toBe(subscriptionOf(source, unsub));
  });
  return list.readings;
}

/** When a cold source that is subscribed to at 2 ms is let go: at its own end or by the unsubscribe. */
function subscriptionOf(source: string, unsub: string): string {
  const end = source.search(/[#|]/);
  return end < 0 ? unsub : `--^${'-'.repeat(Math.max(0, end - 1))}!`;
}

describe('measureLatency', () => {
  it('records the time to the first value, and no other', () => {
    expect(recordedOf('---a-b-|')).toEqual([[3, 5]]);
  });

  it('records a completion without a value', () => {
    expect(recordedOf('----|')).toEqual([[4, 6]]);
  });

  it('records an error at the time that it took', () => {
    expect(recordedOf('-----#')).toEqual([[5, 7]]);
  });

  it('records one reading where an error, or the end, follows a value', () => {
    expect(recordedOf('-a---#')).toEqual([[1, 3]]);
    expect(recordedOf('-a---|')).toEqual([[1, 3]]);
  });

  it('records nothing of an unsubscribe, unless told to', () => {
    expect(recordedOf('--------', {}, '--^---!')).toEqual([]);
    expect(recordedOf('--------', { countUnsubscribed: true }, '--^---!')).toEqual([[4, 6]]);
  });

  it('records nothing of an unsubscribe after the first value', () => {
    expect(recordedOf('-a------', { countUnsubscribed: true }, '--^---!')).toEqual([[1, 3]]);
  });

  it('leaves out the errors that it is told to, and only those', () => {
    expect(recordedOf('---#', { countError: () => false })).toEqual([]);
    expect(recordedOf('---#', { countError: (error) => error === 'error' })).toEqual([[3, 5]]);
    expect(recordedOf('---#', { countError: () => false, countUnsubscribed: true })).toEqual([]);
  });

  it('counts an error when asking about it throws', () => {
    const countError = (): never => {
      throw new Error('broken');
    };
    expect(recordedOf('---#', { countError })).toEqual([[3, 5]]);
  });

  it('counts a timeout before it at the time that it took, and not as missing', () => {
    const list = new List();
    marbles(({ expectObservable }) => {
      const timed = NEVER.pipe(timeoutInFlight(7), measureLatency(list));
      expectObservable(timed).toBe('-------#', undefined, new TimeoutInFlightError(7, 7));
    });
    expect(list.readings).toEqual([[7, 7]]);
  });

  it('records before the value is passed on', () => {
    const list = new List();
    let before = -1;
    of('a')
      .pipe(measureLatency(list))
      .subscribe(() => (before = list.readings.length));
    expect(before).toBe(1);
  });

  it('takes synchronous sources', () => {
    const list = new List();
    const scheduler = new VirtualTimeScheduler();
    const operator = measureLatency<string>(list, { scheduler });
    of('a', 'b').pipe(operator, take(1)).subscribe();
    throwError(() => 'no')
      .pipe(measureLatency(list, { scheduler }))
      .subscribe({ error: () => undefined });
    concat(of('c'), NEVER).pipe(operator).subscribe().unsubscribe();
    expect(list.readings).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it('measures each subscription, each source, by itself', () => {
    const list = new List();
    marbles(({ cold, expectObservable }) => {
      const operator = measureLatency<string>(list);
      const twice = cold('----a|').pipe(operator);
      expectObservable(twice, '^').toBe('      ----a|');
      expectObservable(cold('-b|').pipe(operator)).toBe('-b|');
      expectObservable(twice, '---^').toBe('   -------a|');
    });
    expect(list.readings).toEqual([
      [1, 1],
      [4, 4],
      [4, 7],
    ]);
  });

  it('is not confused by a source that is fed from its own subscriber', () => {
    const list = new List();
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    const seen: number[] = [];
    source.pipe(measureLatency(list, { scheduler })).subscribe((n) => {
      seen.push(n);
      if (n < 3) source.next(n + 1);
      else source.complete();
    });
    source.next(1);
    expect(seen).toEqual([1, 2, 3]);
    expect(list.readings).toEqual([[0, 0]]);
  });

  it('keeps what the recorder throws to itself', () => {
    const broken: LatencyRecorder = {
      record: () => {
        throw new Error('broken');
      },
    };
    for (const source of ['--a--|', '--|', '--#']) {
      marbles(({ cold, expectObservable }) => {
        expectObservable(cold(source).pipe(measureLatency(broken))).toBe(source);
      });
    }
  });

  it('records into a histogram, and into a window of one', () => {
    const [ever, recent] = [new LatencyHistogram(), new HistogramWindow({ window: 100 })];
    marbles(({ cold, expectObservable }) => {
      const source = cold('---a|').pipe(measureLatency(ever), measureLatency(recent));
      expectObservable(source).toBe('---a|');
      expectObservable(source, '200ms ^').toBe('203ms a|');
    });
    expect(ever.summary()).toMatchObject({ count: 2, min: 3, max: 3 });
    expect(recent.summary(203)).toMatchObject({ count: 1, max: 3 });
  });

  it('counts as 0 what a clock that is set back makes negative', () => {
    const histogram = new LatencyHistogram();
    let time = 1_000;
    const source = new Subject<string>();
    source.pipe(measureLatency(histogram, { scheduler: { now: () => time } })).subscribe();
    time = 400;
    source.next('a');
    expect(histogram.summary()).toMatchObject({ count: 1, min: 0, max: 0 });
  });

  it('goes by the clock of asyncScheduler unless told otherwise', () => {
    const list = new List();
    const before = asyncScheduler.now();
    of('a').pipe(measureLatency(list)).subscribe();
    expect(list.readings[0]?.[1]).toBeGreaterThanOrEqual(before);
    expect(list.readings[0]?.[1]).toBeLessThanOrEqual(asyncScheduler.now());
  });
});
