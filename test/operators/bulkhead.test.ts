import {
  concat,
  defer,
  EMPTY,
  finalize,
  NEVER,
  Observable,
  of,
  range,
  retry,
  Subject,
  type Subscription,
  take,
  throwError,
  timer,
  toArray,
  VirtualTimeScheduler,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bulkhead, type BulkheadCallOptions, BulkheadError } from '../../src/operators/bulkhead.ts';
import { Bulkhead, type BulkheadOptions } from '../../src/operators/bulkhead-handle.ts';
import type { Priority } from '../../src/policies/queue-outcome.ts';
import { marbles } from '../support/marbles.ts';

const refused = (outcome: BulkheadError['outcome'], waited: number, priority: Priority = 'normal'): BulkheadError =>
  new BulkheadError({ outcome, priority, waited });

/** With a clock that stands still, for what is not a marble test. */
const still = (options: BulkheadOptions = {}): Bulkhead =>
  new Bulkhead({ permits: 1, scheduler: new VirtualTimeScheduler(), ...options });

const counts = ({ running, waiting }: Bulkhead): number[] => [running, waiting];

/** Never ends by itself, and stops the test if nobody else ends it. */
const endless = new Observable<number>((subscriber) => {
  for (let n = 0; !subscriber.closed; n++) {
    if (n > 100) throw new Error('nobody stopped it');
    subscriber.next(n);
  }
});

describe('bulkhead', () => {
  it('passes values and completion on, and then lets the next one run', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b--|');
      const output = source.pipe(bulkhead(new Bulkhead({ permits: 1 })));
      expectObservable(output).toBe('      -a-b--|');
      expectObservable(output, '--^').toBe('-------a-b--|');
      expectSubscriptions(source.subscriptions).toBe(['^-----!', '------^-----!']);
    });
  });

  it('passes an error on, and then lets the next one run', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#');
      const output = source.pipe(bulkhead(new Bulkhead({ permits: 1 })));
      expectObservable(output).toBe('-a-#');
      expectObservable(output, '-^').toBe('----a-#');
      expectSubscriptions(source.subscriptions).toBe(['^--!', '---^--!']);
    });
  });

  it('unsubscribes from the source, and then lets the next one run', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a---b--');
      const output = source.pipe(bulkhead(new Bulkhead({ permits: 1 })));
      expectObservable(output, '^--!').toBe('-a--');
      expectObservable(output, '-^-------!').toBe('----a---b');
      expectSubscriptions(source.subscriptions).toBe(['^--!', '---^-----!']);
    });
  });

  it('runs as many at a time as there are permits', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('---(a|)');
      const output = source.pipe(bulkhead(new Bulkhead({ permits: 2 })));
      for (const expected of ['---(a|)', '---(a|)', '------(a|)', '------(a|)', '---------(a|)']) {
        expectObservable(output).toBe(expected);
      }
      expectSubscriptions(source.subscriptions).toBe(['^--!', '^--!', '---^--!', '---^--!', '------^--!']);
    });
  });

  it('leaves the queue when it is unsubscribed from while it waits', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const outcomes: string[] = [];
      const handle = new Bulkhead({
        permits: 1,
        onLeave: ({ outcome, waited }) => outcomes.push(`${outcome} ${waited}`),
      });
      const [one, two, three] = [cold('-----|'), cold('--|'), cold('--|')];
      expectObservable(one.pipe(bulkhead(handle))).toBe('-----|');
      expectObservable(two.pipe(bulkhead(handle)), '-^--!').toBe('');
      expectObservable(three.pipe(bulkhead(handle)), '--^').toBe('-------|');
      expectSubscriptions(one.subscriptions).toBe('^----!');
      expectSubscriptions(two.subscriptions).toBe([]);
      expectSubscriptions(three.subscriptions).toBe('-----^-!');
      flush();
      expect(outcomes).toEqual(['taken 0', 'cancelled 3', 'taken 3']);
      expect(counts(handle)).toEqual([0, 0]);
    });
  });

  it('gives up at the deadline, without having subscribed', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const handle = new Bulkhead({ permits: 1 });
      const [one, two] = [cold('--------|'), cold('--|')];
      expectObservable(one.pipe(bulkhead(handle, { deadline: 4 }))).toBe('--------|');
      expectObservable(two.pipe(bulkhead(handle, { deadline: 4 })), '-^').toBe(
        '-----#',
        undefined,
        refused('expired', 4),
      );
      expectObservable(two.pipe(bulkhead(handle, { deadline: 4 })), '-----^').toBe('----------|');
      expectSubscriptions(one.subscriptions).toBe('^-------!');
      expectSubscriptions(two.subscriptions).toBe('--------^-!');
    });
  });

  it('fails who has no place in the queue, without having subscribed', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const handle = new Bulkhead({ permits: 1, capacity: 1 });
      const [run, low, high] = [cold('-----|'), cold('--|'), cold('--|')];
      expectObservable(run.pipe(bulkhead(handle))).toBe('-----|');
      expectObservable(low.pipe(bulkhead(handle, { priority: 'low' })), '-^').toBe(
        '---#',
        undefined,
        refused('evicted', 2, 'low'),
      );
      expectObservable(high.pipe(bulkhead(handle, { priority: 'high' })), '---^').toBe('-------|');
      expectObservable(low.pipe(bulkhead(handle, { priority: 'low' })), '----^').toBe(
        '----#',
        undefined,
        refused('evicted', 0, 'low'),
      );
      expectSubscriptions(low.subscriptions).toBe([]);
      expectSubscriptions(high.subscriptions).toBe('-----^-!');
    });
  });

  it('lets what is urgent go first', () => {
    marbles(({ cold, expectObservable }) => {
      const handle = new Bulkhead({ permits: 1 });
      const call = (priority: Priority): Observable<string> => cold('--(x|)').pipe(bulkhead(handle, { priority }));
      expectObservable(call('normal')).toBe('            --(x|)');
      expectObservable(call('low'), '     ^').toBe('     --------(x|)');
      expectObservable(call('high'), '    -^').toBe('    ------(x|)');
      expectObservable(call('critical'), '-^').toBe('    ----(x|)');
    });
  });

  it('asks again with each subscription, so that a retry waits for its turn', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const handle = new Bulkhead({ permits: 1 });
      const [broken, other] = [cold('-#'), cold('---|')];
      expectObservable(broken.pipe(bulkhead(handle), retry(1))).toBe('-----#');
      expectObservable(other.pipe(bulkhead(handle))).toBe('----|');
      expectSubscriptions(broken.subscriptions).toBe(['^!', '----^!']);
      expectSubscriptions(other.subscriptions).toBe('-^--!');
    });
  });

  it('counts two sources of one operator, and several operators of one handle, together', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const handle = new Bulkhead({ permits: 1 });
      const operator = bulkhead<string>(handle);
      const [one, two, three] = [cold('--|'), cold('--|'), cold('--|')];
      expectObservable(one.pipe(operator)).toBe('--|');
      expectObservable(two.pipe(operator)).toBe('----|');
      expectObservable(three.pipe(bulkhead(handle))).toBe('------|');
      expectSubscriptions(one.subscriptions).toBe('^-!');
      expectSubscriptions(two.subscriptions).toBe('--^-!');
      expectSubscriptions(three.subscriptions).toBe('----^-!');
    });
  });

  it('keeps one handle from feeling another', () => {
    const [full, empty] = [still({ permits: 0 }), still()];
    const seen: unknown[] = [];
    of('a')
      .pipe(bulkhead(full))
      .subscribe((value) => seen.push(value));
    of('b')
      .pipe(bulkhead(empty))
      .subscribe((value) => seen.push(value));
    expect(seen).toEqual(['b']);
  });

  it('takes both permits of two handles, one after the other', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [narrow, wide] = [new Bulkhead({ permits: 1 }), new Bulkhead({ permits: 2 })];
      const source = cold('--|');
      const output = source.pipe(bulkhead(narrow), bulkhead(wide));
      for (const expected of ['--|', '----|', '------|']) expectObservable(output).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(['^-!', '--^-!', '----^-!']);
    });
  });

  describe('with what is synchronous', () => {
    it('subscribes synchronously while a permit is free', () => {
      const handle = still();
      const seen: unknown[] = [];
      range(0, 3)
        .pipe(bulkhead(handle), toArray())
        .subscribe((all) => seen.push(all));
      expect(seen).toEqual([[0, 1, 2]]);
      expect(counts(handle)).toEqual([0, 0]);
    });

    it.each([
      ['completes', EMPTY],
      ['errors', throwError(() => 'failed')],
      [
        'throws',
        defer((): never => {
          throw new Error('failed');
        }),
      ],
      ['is a closed subject', defer(() => closedSubject())],
    ])('gives the permit back when the source %s at once', (_, source) => {
      const handle = still();
      for (let call = 0; call < 3; call++) {
        source.pipe(bulkhead(handle)).subscribe({ error: () => undefined });
        expect(counts(handle)).toEqual([0, 0]);
      }
    });

    it.each([[false], [true]])('lets go of an endless source (after a wait: %s)', (waits) => {
      const handle = still({ permits: waits ? 0 : 1 });
      const seen: unknown[] = [];
      endless.pipe(bulkhead(handle), take(3), toArray()).subscribe({
        next: (all) => seen.push(all),
        error: (error) => seen.push(error),
      });
      handle.permits = 1;
      expect(seen).toEqual([[0, 1, 2]]);
      expect(counts(handle)).toEqual([0, 0]);
    });

    it('neither recurses nor loses anything when a long queue drains at once', () => {
      const handle = still({ capacity: 5_000 });
      const gate = new Subject<never>();
      gate.pipe(bulkhead(handle)).subscribe();
      const { count, depth } = watchDepth((call) => {
        for (let n = 0; n < 5_000; n++) call().pipe(bulkhead(handle)).subscribe();
        gate.complete();
      });
      expect(count).toBe(5_000);
      expect(depth).toBeLessThan(100);
      expect(counts(handle)).toEqual([0, 0]);
    });

    it('nor when the queue is let go all at once, each call making one more', () => {
      const handle = still({ permits: 0, capacity: 5_000 });
      const { count, depth } = watchDepth((call) => {
        for (let n = 0; n < 5_000; n++) {
          concat(
            call(),
            defer(() => call().pipe(bulkhead(handle))),
          )
            .pipe(bulkhead(handle))
            .subscribe();
        }
        handle.permits = Infinity;
      });
      expect(count).toBe(10_000);
      expect(depth).toBeLessThan(200);
      expect(counts(handle)).toEqual([0, 0]);
    });

    it('nor when each call makes the next', () => {
      const handle = still();
      let count = 0;
      const call = (): Subscription =>
        of(0)
          .pipe(bulkhead(handle))
          .subscribe(() => {
            if (++count < 5_000) call();
          });
      call();
      expect(count).toBe(5_000);
      expect(counts(handle)).toEqual([0, 0]);
    });
  });

  describe('is not confused by re-entrancy:', () => {
    /** What is under way by the sources' own count, the names in the order of their start, and how it went beyond the permits. */
    function watched(handle: Bulkhead) {
      const started: string[] = [];
      const problems: string[] = [];
      let underWay = 0;
      const source = <T>(name: string, inner: Observable<T>): Observable<T> =>
        defer(() => {
          started.push(name);
          if (++underWay > handle.permits) problems.push(`${underWay} run with ${name}`);
          return inner;
        }).pipe(finalize(() => underWay--));
      const call = <T>(name: string, inner: Observable<T>, options?: BulkheadCallOptions): Observable<T> =>
        source(name, inner).pipe(bulkhead(handle, options));
      return { started, problems, call };
    }

    it('a call from within the subscription of another starts at once if a permit is free, though others are being started', () => {
      const handle = still({ permits: 0 });
      const { started, problems, call } = watched(handle);
      const seen: string[] = [];
      const outer = call(
        'outer',
        defer(() => {
          call('inner', of('a')).subscribe((value) => seen.push(value));
          seen.push('b');
          return NEVER;
        }),
      );
      outer.subscribe();
      call('other', NEVER).subscribe();
      handle.permits = 3;
      expect(seen).toEqual(['a', 'b']);
      expect(started).toEqual(['outer', 'inner', 'other']);
      expect(problems).toEqual([]);
      expect(counts(handle)).toEqual([2, 0]);
    });

    it('nor does it take the permit of one that waited', () => {
      const handle = still({ permits: 0 });
      const { started, problems, call } = watched(handle);
      call(
        'first',
        defer(() => {
          call('inner', NEVER, { priority: 'critical' }).subscribe();
          return NEVER;
        }),
      ).subscribe();
      call('second', NEVER).subscribe();
      handle.permits = 2;
      expect(started).toEqual(['first', 'second']);
      expect(problems).toEqual([]);
      expect(counts(handle)).toEqual([2, 1]);
    });

    it('nobody is evicted for want of room while permits are free', () => {
      const handle = still({ permits: 0, capacity: 2 });
      const { started, call } = watched(handle);
      const errors: unknown[] = [];
      const error = (problem: unknown): unknown => errors.push(problem);
      call(
        'first',
        defer(() => {
          for (let n = 0; n < 50; n++) call(`inner ${n}`, NEVER).subscribe({ error });
          return NEVER;
        }),
      ).subscribe({ error });
      call('second', NEVER).subscribe({ error });
      handle.permits = Infinity;
      expect(errors).toEqual([]);
      expect(started).toHaveLength(52);
    });

    it('a call from within the completion of another waits for its permit, and gets it', () => {
      const handle = still();
      const { started, problems, call } = watched(handle);
      call('first', EMPTY).subscribe({ complete: () => call('second', NEVER).subscribe() });
      expect(started).toEqual(['first', 'second']);
      expect(problems).toEqual([]);
      expect(counts(handle)).toEqual([1, 0]);
    });

    it('the end of one call ends another', () => {
      const handle = still({ permits: 2 });
      const { started, problems, call } = watched(handle);
      const first = new Subject<never>();
      const second = call('second', NEVER);
      call('first', first).subscribe({ complete: () => subscription.unsubscribe() });
      const subscription = second.subscribe();
      for (const name of ['third', 'fourth', 'fifth']) call(name, NEVER).subscribe();
      first.complete();
      expect(started).toEqual(['first', 'second', 'third', 'fourth']);
      expect(problems).toEqual([]);
      expect(counts(handle)).toEqual([2, 1]);
    });

    it('the teardown of a source ends its own call once more', () => {
      const handle = still();
      const { problems, call } = watched(handle);
      const subscription = call('first', NEVER.pipe(finalize(() => subscription.unsubscribe()))).subscribe();
      call('second', NEVER).subscribe();
      call('third', NEVER).subscribe();
      subscription.unsubscribe();
      subscription.unsubscribe();
      expect(problems).toEqual([]);
      expect(counts(handle)).toEqual([1, 1]);
    });

    it('a call that is started with another and unsubscribed from by it never starts', () => {
      const outcomes: string[] = [];
      const handle = still({ permits: 0, onLeave: ({ outcome }) => outcomes.push(outcome) });
      const { started, call } = watched(handle);
      call(
        'first',
        defer(() => {
          subscription.unsubscribe();
          return NEVER;
        }),
      ).subscribe();
      const subscription = call('second', NEVER).subscribe();
      call('third', NEVER).subscribe();
      handle.permits = 2;
      expect(started).toEqual(['first', 'third']);
      expect(outcomes).toEqual(['taken', 'cancelled', 'taken']);
      expect(counts(handle)).toEqual([2, 0]);
    });

    it('a listener that unsubscribes the call of which it is told: the source is not subscribed to', () => {
      const leave = new Subject<void>();
      const handle = still({ permits: 0, onLeave: () => leave.next() });
      const { started, call } = watched(handle);
      const subscription = call('first', NEVER).subscribe();
      leave.subscribe(() => subscription.unsubscribe());
      handle.permits = 1;
      expect(started).toEqual([]);
      expect(counts(handle)).toEqual([0, 0]);
    });

    it('a listener that makes another call', () => {
      let isFirst = true;
      const handle = still({
        permits: 2,
        onLeave: () => {
          if (!isFirst) return;
          isFirst = false;
          call('inner', NEVER).subscribe();
        },
      });
      const { started, problems, call } = watched(handle);
      call('outer', NEVER).subscribe();
      call('waits', NEVER).subscribe();
      expect(started).toEqual(['inner', 'outer']);
      expect(problems).toEqual([]);
      expect(counts(handle)).toEqual([2, 1]);
    });

    it('the error of one that was evicted unsubscribes the one that came, and no timer stays', () => {
      const scheduler = new VirtualTimeScheduler();
      const outcomes: string[] = [];
      const handle = still({ permits: 0, capacity: 1, scheduler, onLeave: ({ outcome }) => outcomes.push(outcome) });
      const { started, call } = watched(handle);
      const leave = new Subject<void>();
      call('first', NEVER, { deadline: 10 }).subscribe({ error: () => leave.next() });
      new Observable((subscriber) => {
        leave.subscribe(() => subscriber.unsubscribe());
        call('second', NEVER, { deadline: 10 }).subscribe(subscriber);
      }).subscribe();
      expect(outcomes).toEqual(['evicted', 'cancelled']);
      expect(counts(handle)).toEqual([0, 0]);
      expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
      handle.permits = 1;
      expect(started).toEqual([]);
    });

    it('permits that are lowered by a call that starts', () => {
      const handle = still({ permits: 0 });
      const started: number[] = [];
      for (let n = 0; n < 5; n++) {
        defer(() => {
          started.push(n);
          if (n === 0) handle.permits = 1;
          return timer(1, new VirtualTimeScheduler());
        })
          .pipe(bulkhead(handle))
          .subscribe();
      }
      handle.permits = 3;
      // Those that had their permit keep it: a lower number stops nothing.
      expect(started).toEqual([0, 1, 2]);
      expect(counts(handle)).toEqual([3, 2]);
    });

    it('a subscription that was closed before it came to the source', () => {
      const handle = still();
      const { started, call } = watched(handle);
      new Observable((subscriber) => {
        subscriber.unsubscribe();
        call('gone', NEVER).subscribe(subscriber);
      }).subscribe();
      expect(started).toEqual([]);
      expect(counts(handle)).toEqual([0, 0]);
    });
  });

  it('refuses a wrong deadline and a level that does not exist at once', () => {
    const wrong: BulkheadCallOptions[] = [
      { deadline: -1 },
      { deadline: Number.NaN },
      { priority: 'urgent' as Priority },
    ];
    for (const options of wrong) expect(() => bulkhead(still(), options)).toThrow(RangeError);
  });
});

describe('BulkheadError', () => {
  it('says what it is', () => {
    const error = refused('expired', 1_234, 'high');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'BulkheadError',
      code: 'bulkhead',
      outcome: 'expired',
      priority: 'high',
      waited: 1_234,
    });
    expect(error.message).toContain('expired after 1234 ms');
  });
});

/** One that throws when it is subscribed to. */
function closedSubject(): Subject<never> {
  const subject = new Subject<never>();
  subject.unsubscribe();
  return subject;
}

/** How often the sources of `call` were subscribed to while `act` ran, and the deepest stack that they saw. */
function watchDepth(act: (call: () => Observable<number>) => void): { count: number; depth: number } {
  let [count, depth] = [0, 0];
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 2_000;
  act(() =>
    defer(() => {
      if (++count % 500 === 0) depth = Math.max(depth, new Error('depth').stack?.split('\n').length ?? Infinity);
      return of(count);
    }),
  );
  Error.stackTraceLimit = limit;
  return { count, depth };
}
