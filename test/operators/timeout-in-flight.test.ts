import {
  concat,
  defer,
  finalize,
  NEVER,
  Observable,
  of,
  range,
  retry,
  type SchedulerLike,
  Subject,
  Subscription,
  take,
  tap,
  throwError,
  VirtualTimeScheduler,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { TimeoutInFlightError, timeoutInFlight } from '../../src/operators/timeout-in-flight.ts';
import { marbles } from '../support/marbles.ts';

const late = (limit: number): TimeoutInFlightError => new TimeoutInFlightError(limit, limit);
const open = (scheduler: VirtualTimeScheduler): unknown[] => scheduler.actions.filter(({ closed }) => !closed);

describe('timeoutInFlight', () => {
  it('passes on what completes in time', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-|');
      expectObservable(source.pipe(timeoutInFlight(6))).toBe('-a-b-|');
      expectSubscriptions(source.subscriptions).toBe('^----!');
    });
  });

  it('errors where nothing comes', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('--------');
      expectObservable(source.pipe(timeoutInFlight(5))).toBe('-----#', undefined, late(5));
      expectSubscriptions(source.subscriptions).toBe('^----!');
    });
  });

  it('is not put off by traffic', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('a-b-c-d-e-f-g-h-');
      expectObservable(source.pipe(timeoutInFlight(7))).toBe('a-b-c-d#', undefined, late(7));
      expectSubscriptions(source.subscriptions).toBe('^------!');
    });
  });

  it('takes what comes at the very limit for too late, and a millisecond before not', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('----(a|)').pipe(timeoutInFlight(4))).toBe('----#', undefined, late(4));
      expectObservable(cold('----(a|)').pipe(timeoutInFlight(5))).toBe('----(a|)');
    });
  });

  it('passes an error on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#');
      expectObservable(source.pipe(timeoutInFlight(9))).toBe('-a-#');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a------');
      expectObservable(source.pipe(timeoutInFlight(9)), '^---!').toBe('-a---');
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('counts from each subscription, for each source by itself', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const operator = timeoutInFlight<string>(4);
      const [one, other] = [cold('-a--------'), cold('-b|')];
      expectObservable(one.pipe(operator)).toBe('        -a--#', undefined, late(4));
      expectObservable(one.pipe(operator), '--^').toBe('  ---a--#', undefined, late(4));
      expectObservable(other.pipe(operator), '---^').toBe('----b|');
      expectSubscriptions(one.subscriptions).toBe([' ^---!', '--^---!']);
      expectSubscriptions(other.subscriptions).toBe('---^-!');
    });
  });

  it('has the source torn down before it errors, so that a retry finds the place free', () => {
    const log: string[] = [];
    const scheduler = new VirtualTimeScheduler();
    const source = defer(() => {
      log.push('open');
      return NEVER.pipe(finalize(() => log.push('closed')));
    });
    source
      .pipe(timeoutInFlight(5, { scheduler }), tap({ error: () => log.push('error') }), retry(1))
      .subscribe({ error: () => log.push('end') });
    scheduler.flush();
    expect(log).toEqual(['open', 'closed', 'error', 'open', 'closed', 'error', 'end']);
  });

  it('says how long it really took, in an error of its own type', () => {
    let [time, fire] = [1_000, (): void => undefined];
    const scheduler: SchedulerLike = {
      now: () => time,
      schedule: (work: unknown) => {
        fire = work as () => void;
        return new Subscription();
      },
    };
    let caught: unknown;
    NEVER.pipe(timeoutInFlight(30_000, { scheduler })).subscribe({ error: (error: unknown) => (caught = error) });
    time += 45_000; // the machine was asleep
    fire();
    expect(caught).toBeInstanceOf(TimeoutInFlightError);
    expect(caught).toBeInstanceOf(Error);
    expect(caught).toMatchObject({
      name: 'TimeoutInFlightError',
      code: 'timeout-in-flight',
      limit: 30_000,
      elapsed: 45_000,
    });
    expect(String(caught)).toContain('30000 ms');
  });

  it.each<[string, (source: Subject<number>, subscription: Subscription) => void]>([
    ['a completion', (source) => source.complete()],
    ['an error', (source) => source.error(new Error('over'))],
    ['an unsubscribe', (_, subscription) => subscription.unsubscribe()],
  ])('leaves no timer behind after %s', (_, end) => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    const subscription = source.pipe(timeoutInFlight(5, { scheduler })).subscribe({ error: () => undefined });
    expect(open(scheduler)).toHaveLength(1);
    end(source, subscription);
    expect(open(scheduler)).toEqual([]);
    expect(source.observed).toBe(false);
  });

  it('takes synchronous sources: ended, failed, and endless ones', () => {
    const scheduler = new VirtualTimeScheduler();
    const seen: unknown[] = [];
    const observer = {
      next: (value: unknown) => seen.push(value),
      error: (error: unknown) => seen.push(error),
      complete: () => seen.push('|'),
    };
    of(1, 2).pipe(timeoutInFlight(0, { scheduler })).subscribe(observer);
    throwError(() => 'no')
      .pipe(timeoutInFlight(5, { scheduler }))
      .subscribe(observer);
    range(3, Infinity).pipe(timeoutInFlight(5, { scheduler }), take(1)).subscribe(observer);
    expect(seen).toEqual([1, 2, '|', 'no', 3, '|']);
    expect(open(scheduler)).toEqual([]);
  });

  it('can be ended, and subscribed to again, from its own values', () => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    const timed = source.pipe(timeoutInFlight(5, { scheduler }));
    const log: string[] = [];
    timed.subscribe({
      next: () => {
        timed.subscribe({ error: () => log.push(`inner error at ${scheduler.frame}`) });
        source.complete();
      },
      complete: () => log.push('outer complete'),
    });
    source.next(1);
    scheduler.flush();
    expect(log).toEqual(['outer complete']);
    expect(source.observed).toBe(false);
  });

  describe('with isOutcome', () => {
    it('lets the stream go on once the outcome is there', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('-a-e---b---c-');
        const isOutcome = (value: string): boolean => value === 'e';
        expectObservable(source.pipe(timeoutInFlight(5, { isOutcome })), '^-----------!').toBe('-a-e---b---c-');
        expectSubscriptions(source.subscriptions).toBe('^-----------!');
      });
    });

    it('errors where it does not come in time, whatever else does', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('-a-b-c-e-');
        const isOutcome = (value: string): boolean => value === 'e';
        expectObservable(source.pipe(timeoutInFlight(6, { isOutcome }))).toBe('-a-b-c#', undefined, late(6));
        expectSubscriptions(source.subscriptions).toBe('^-----!');
      });
    });

    it('takes a completion for an outcome too', () => {
      marbles(({ cold, expectObservable }) => {
        expectObservable(cold('-a-|').pipe(timeoutInFlight(6, { isOutcome: () => false }))).toBe('-a-|');
      });
    });

    it('asks until it hears yes, and lets the timer go then', () => {
      const scheduler = new VirtualTimeScheduler();
      const asked: number[] = [];
      const isOutcome = (n: number): boolean => asked.push(n) > 0 && n === 2;
      const source = new Subject<number>();
      source.pipe(timeoutInFlight(5, { scheduler, isOutcome })).subscribe();
      for (const n of [1, 2]) source.next(n);
      expect(open(scheduler)).toEqual([]);
      for (const n of [3, 2]) source.next(n);
      expect(asked).toEqual([1, 2]);
      expect(source.observed).toBe(true);
    });

    it('hears a synchronous one', () => {
      const scheduler = new VirtualTimeScheduler();
      const seen: unknown[] = [];
      concat(of('a'), NEVER)
        .pipe(timeoutInFlight(5, { scheduler, isOutcome: () => true }))
        .subscribe({ next: (value) => seen.push(value), error: (error: unknown) => seen.push(error) });
      scheduler.flush();
      expect(seen).toEqual(['a']);
    });

    it('errors with what it throws, and lets the source go', () => {
      marbles(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('-a-b-');
        const isOutcome = (value: string): never => {
          throw `no ${value}`; // eslint-disable-line @typescript-eslint/only-throw-error
        };
        expectObservable(source.pipe(timeoutInFlight(9, { isOutcome }))).toBe('-#', undefined, 'no a');
        expectSubscriptions(source.subscriptions).toBe('^!');
      });
    });
  });

  it('tears a source down that was being subscribed to when time was up', () => {
    const scheduler = new VirtualTimeScheduler();
    let [isOpen, caught]: [boolean, unknown] = [false, undefined];
    new Observable(() => {
      isOpen = true;
      scheduler.flush(); // time goes by inside
      return () => (isOpen = false);
    })
      .pipe(timeoutInFlight(5, { scheduler }))
      .subscribe({ error: (error: unknown) => (caught = error) });
    expect(caught).toBeInstanceOf(TimeoutInFlightError);
    expect(isOpen).toBe(false);
  });

  it.each([-1, Number.NaN, Infinity, 2 ** 31])('refuses a limit of %s at once', (limit) => {
    expect(() => timeoutInFlight(limit)).toThrow(RangeError);
  });
});
