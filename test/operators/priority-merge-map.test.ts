import {
  concat,
  defer,
  EMPTY,
  finalize,
  from,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  tap,
  throwError,
  timer,
  toArray,
  VirtualTimeScheduler,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  type Drop,
  priorityMergeMap,
  type PriorityMergeMapOptions,
  type QueueTurn,
} from '../../src/operators/priority-merge-map.ts';
import type { Priority } from '../../src/policies/queue-outcome.ts';
import { endless } from '../support/endless.ts';
import { marbles } from '../support/marbles.ts';

/** Items are named for their level: `c`, `h`, `n` and `l`. */
const priority = (item: string): Priority =>
  item.startsWith('c') ? 'critical' : item.startsWith('h') ? 'high' : item.startsWith('l') ? 'low' : 'normal';

/** A list of drops, as `evicted l after 3`. */
function dropList(): { drops: string[]; onDrop: (drop: Drop<unknown>) => void } {
  const drops: string[] = [];
  return { drops, onDrop: ({ item, outcome, waited }) => drops.push(`${outcome} ${String(item)} after ${waited}`) };
}

/** A source that is fed by hand, with inner observables that are ended by hand. */
function bench(options: PriorityMergeMapOptions<string> = {}) {
  const source = new Subject<string>();
  const inners = new Map<string, Subject<string>>();
  const started: string[] = [];
  const seen: unknown[] = [];
  const { drops, onDrop } = dropList();
  const scheduler = new VirtualTimeScheduler();
  const project = (item: string): Observable<string> => {
    const inner = new Subject<string>();
    started.push(item);
    inners.set(item, inner);
    return inner;
  };
  const subscription = source.pipe(priorityMergeMap(project, { priority, scheduler, onDrop, ...options })).subscribe({
    next: (value) => seen.push(value),
    error: (error) => seen.push(error),
    complete: () => seen.push('|'),
  });
  const offer = (...items: string[]): void => items.forEach((item) => source.next(item));
  const end = (item: string): void => inners.get(item)?.complete();
  return { source, inners, started, seen, drops, scheduler, subscription, offer, end };
}

describe('priorityMergeMap', () => {
  it('lets what is urgent go first, once a place is free', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-(lnhc)-----------|');
      const inner = cold('  --x|');
      const output = source.pipe(priorityMergeMap((item) => inner.pipe(map(() => item)), { priority }));
      expectObservable(output).toBe('---l--c--h--n-----|');
      expectSubscriptions(source.subscriptions).toBe('^-----------------!');
      expectSubscriptions(inner.subscriptions).toBe(['-^--!', '----^--!', '-------^--!', '----------^--!']);
    });
  });

  it('runs as many at a time as it may', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-(abcd)------|');
      const inner = cold(' ---x|');
      const output = source.pipe(priorityMergeMap((item) => inner.pipe(map(() => item)), { concurrency: 2 }));
      expectObservable(output).toBe('----(ab)(cd)-|');
      expectSubscriptions(inner.subscriptions).toBe(['-^---!', '-^---!', '-----^---!', '-----^---!']);
    });
  });

  it('is mergeMap while nothing has to wait', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-b-----c-|');
      const inner = cold(' x--y|');
      const output = source.pipe(
        priorityMergeMap((item) => inner.pipe(map((x) => item + x)), { concurrency: Infinity }),
      );
      const values = { k: 'ax', l: 'bx', m: 'ay', n: 'by', o: 'cx', p: 'cy' };
      expectObservable(output).toBe('-k-lm-n--o--p|', values);
      expectSubscriptions(source.subscriptions).toBe('^----------!');
    });
  });

  it('completes with the last that ran, and not before what waits has run', () => {
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-(ab)|');
      const inner = cold('  ---|');
      expectObservable(source.pipe(priorityMergeMap(() => inner))).toBe('-------|');
      expectSubscriptions(source.subscriptions).toBe('^----!');
      expectSubscriptions(inner.subscriptions).toBe(['-^--!', '----^--!']);
    });
  });

  it('completes at once when there is nothing', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('---|').pipe(priorityMergeMap(() => NEVER))).toBe('---|');
    });
  });

  describe('passes an error on', () => {
    it('of the source, lets go of what runs, and cancels what waits', () => {
      const { drops, onDrop } = dropList();
      marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = hot('-(ab)-#');
        const inner = cold(' -x-------');
        expectObservable(source.pipe(priorityMergeMap(() => inner, { onDrop }))).toBe('--x---#');
        expectSubscriptions(inner.subscriptions).toBe('-^----!');
      });
      expect(drops).toEqual(['cancelled b after 5']);
    });

    it('of a projected observable, and lets go of the source', () => {
      const { drops, onDrop } = dropList();
      marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = hot('-(ab)------');
        const inner = cold(' --#');
        expectObservable(source.pipe(priorityMergeMap(() => inner, { onDrop }))).toBe('---#');
        expectSubscriptions(source.subscriptions).toBe('^--!');
        expectSubscriptions(inner.subscriptions).toBe('-^-!');
      });
      expect(drops).toEqual(['cancelled b after 2']);
    });

    it.each<keyof PriorityMergeMapOptions<string> | 'project'>(['project', 'priority', 'deadline'])(
      'that %s throws',
      (name) => {
        marbles(({ hot, expectObservable, expectSubscriptions }) => {
          const broken = (item: string): never => {
            throw new Error(item);
          };
          const project = name === 'project' ? broken : () => NEVER;
          const source = hot('-a---');
          const output = source.pipe(priorityMergeMap<string, never>(project, { [name]: broken }));
          expectObservable(output).toBe('-#', undefined, new Error('a'));
          expectSubscriptions(source.subscriptions).toBe('^!');
        });
      },
    );

    it('that project throws when the turn of an item comes', () => {
      const { offer, end, seen } = bench();
      const source = new Subject<string>();
      const errors: unknown[] = [];
      const first = new Subject<never>();
      source
        .pipe(
          priorityMergeMap((item) => {
            if (item === 'first') return first;
            throw new Error(item);
          }),
        )
        .subscribe({ error: (error) => errors.push(error) });
      source.next('first');
      source.next('second');
      first.complete();
      expect(errors).toEqual([new Error('second')]);
      expect(source.observed).toBe(false);
      offer('other'); // another subscription feels nothing
      end('other');
      expect(seen).toEqual([]);
    });

    it('that cancel throws', () => {
      const broken = new Error('cancel');
      const { offer, seen, source, drops } = bench({
        cancel: () => {
          throw broken;
        },
      });
      offer('a');
      expect(seen).toEqual([]); // it never waited
      offer('b');
      expect(seen).toEqual([broken]);
      expect(source.observed).toBe(false);
      expect(drops).toEqual(['cancelled b after 0']);
    });

    it('for a level that does not exist, and for a deadline below 0', () => {
      const wrong = { priority: () => 'urgent' as Priority, deadline: () => -1 };
      for (const name of ['priority', 'deadline'] as const) {
        const { offer, seen, source } = bench({ [name]: wrong[name] });
        offer('a');
        expect(seen).toEqual([expect.any(RangeError)]);
        expect(source.observed).toBe(false);
      }
    });
  });

  it('unsubscribes from the source and from what runs, and cancels what waits', () => {
    const { drops, onDrop } = dropList();
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-l-n-h---');
      const inner = cold(' -x-------');
      expectObservable(source.pipe(priorityMergeMap(() => inner, { priority, onDrop })), '^------!').toBe('--x----');
      expectSubscriptions(source.subscriptions).toBe('^------!');
      expectSubscriptions(inner.subscriptions).toBe('-^-----!');
    });
    expect(drops).toEqual(['cancelled h after 2', 'cancelled n after 4']);
  });

  describe('when the queue is full', () => {
    it('evicts the oldest of the lowest level', () => {
      const { offer, drops, started, end } = bench({ capacity: 2 });
      offer('run', 'l1', 'l2', 'c1', 'l3');
      expect(drops).toEqual(['evicted l1 after 0', 'evicted l2 after 0']);
      end('run');
      end('c1');
      expect(started).toEqual(['run', 'c1', 'l3']);
    });

    it('rejects when told to', () => {
      const { offer, drops, started, end } = bench({ capacity: 1, overflow: 'reject' });
      offer('run', 'l1', 'c1');
      expect(drops).toEqual(['rejected c1 after 0']);
      end('run');
      expect(started).toEqual(['run', 'l1']);
    });

    it('counts only what waits: with a free place nobody has to go', () => {
      const { offer, drops, started } = bench({ capacity: 1, concurrency: 3 });
      offer('a', 'b', 'c', 'd');
      expect(started).toEqual(['a', 'b', 'c']);
      expect(drops).toEqual([]);
    });

    it('nor when all of it comes from within project, with places free', () => {
      const source = new Subject<number>();
      const started: number[] = [];
      const { drops, onDrop } = dropList();
      const project = (item: number): Observable<number> => {
        started.push(item);
        if (item === 0) for (let next = 1; next <= 50; next++) source.next(next);
        return NEVER;
      };
      source.pipe(priorityMergeMap(project, { capacity: 3, concurrency: Infinity, onDrop })).subscribe();
      source.next(0);
      expect(started).toHaveLength(51);
      expect(drops).toEqual([]);
    });

    it('does not suffer from a listener that throws', () => {
      const { offer, seen, started, end } = bench({
        capacity: 1,
        onDrop: () => {
          throw new Error('the listener is broken');
        },
      });
      offer('run', 'a', 'b');
      end('run');
      expect(started).toEqual(['run', 'b']);
      expect(seen).toEqual([]);
    });
  });

  describe('with a deadline', () => {
    it('drops what waited so long, though nothing else happens', () => {
      const { drops, onDrop } = dropList();
      marbles(({ hot, expectObservable }) => {
        const source = hot('-a-b-c---------|');
        const output = source.pipe(priorityMergeMap(() => timer(12), { deadline: 5, onDrop }));
        expectObservable(output).toBe('-------------0-|', { 0: 0 });
      });
      expect(drops).toEqual(['expired b after 5', 'expired c after 5']);
    });

    it('completes when the last that waited has expired', () => {
      marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = hot('-(ab)|');
        const inner = cold(' ---|');
        const concurrency = cold('0-------', { 0: 0 });
        const output = source.pipe(priorityMergeMap(() => inner, { deadline: 6, concurrency }));
        expectObservable(output).toBe('-------|');
        expectSubscriptions(inner.subscriptions).toBe([]);
        expectSubscriptions(concurrency.subscriptions).toBe('^------!');
      });
    });

    it('that depends on the item', () => {
      const { offer, drops, scheduler, started, end } = bench({
        deadline: (item) => (item === 'n2' ? undefined : item === 'n3' ? 20 : 10),
      });
      offer('n0', 'n1', 'n2', 'n3');
      scheduler.flush();
      expect(drops).toEqual(['expired n1 after 10', 'expired n3 after 20']);
      end('n0');
      expect(started).toEqual(['n0', 'n2']);
    });

    it('is looked at when the turn comes too, as timers may be late', () => {
      const { offer, drops, scheduler, started, end } = bench({ deadline: 10 });
      offer('n0', 'n1');
      scheduler.frame = 11; // the time has passed, and no timer has fired
      offer('n2');
      end('n0');
      expect(drops).toEqual(['expired n1 after 11']);
      expect(started).toEqual(['n0', 'n2']);
    });

    it('sets no timer for what starts at once, and leaves none', () => {
      const { offer, scheduler, end, source, seen } = bench({ deadline: 10 });
      offer('n0');
      expect(scheduler.actions).toEqual([]);
      offer('n1');
      end('n0');
      end('n1');
      source.complete();
      expect(seen).toEqual(['|']);
      expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
    });

    it.each([undefined, () => NEVER])('longer than a timer can wait does not fire at once (cancel: %s)', (cancel) => {
      const { offer, scheduler, drops } = bench({ deadline: 2 ** 31, cancel });
      offer('n0', 'n1');
      scheduler.flush();
      expect(drops).toEqual([]);
    });
  });

  describe('with cancel', () => {
    it('drops what waits, and gives its place in the queue to another', () => {
      const cancelled = new Subject<string>();
      const asked: string[] = [];
      const { offer, drops, end, started } = bench({
        capacity: 1,
        overflow: 'reject',
        cancel: (item) => {
          asked.push(item);
          return cancelled;
        },
      });
      offer('n0', 'n1');
      expect(asked).toEqual(['n1']);
      cancelled.next('leave');
      expect(drops).toEqual(['cancelled n1 after 0']);
      expect(cancelled.observed).toBe(false);
      offer('n2');
      end('n0');
      expect(started).toEqual(['n0', 'n2']);
      expect(cancelled.observed).toBe(false); // what runs is not its business
    });

    it('takes its error and its completion for silence, and undefined for never', () => {
      const signals: Record<string, Observable<unknown> | undefined> = {
        n1: throwError(() => new Error('cancel')),
        n2: EMPTY,
        n3: undefined,
      };
      const { offer, drops, end, started } = bench({ cancel: (item) => signals[item] });
      offer('n0', 'n1', 'n2', 'n3');
      for (const item of ['n0', 'n1', 'n2']) end(item);
      expect(started).toEqual(['n0', 'n1', 'n2', 'n3']);
      expect(drops).toEqual([]);
    });

    it('may say so at once, and without end', () => {
      const endless = new Observable<number>((subscriber) => {
        for (let n = 0; !subscriber.closed; n++) {
          if (n > 100) throw new Error('nobody stopped it');
          subscriber.next(n);
        }
      });
      let problem: unknown;
      const signal = endless.pipe(tap({ error: (error) => (problem = error) }));
      const { offer, drops, end, started, source, seen } = bench({ cancel: () => signal });
      offer('n0', 'n1');
      expect(problem).toBeUndefined();
      expect(drops).toEqual(['cancelled n1 after 0']);
      end('n0');
      expect(started).toEqual(['n0']);
      source.complete();
      expect(seen).toEqual(['|']);
    });

    it('lets go of it when the item leaves otherwise', () => {
      const signal = new Subject<void>();
      for (const leave of ['end', 'evict', 'expire', 'unsubscribe']) {
        const { offer, end, scheduler, subscription } = bench({ capacity: 1, deadline: 5, cancel: () => signal });
        offer('n0', 'n1');
        expect(signal.observed).toBe(true);
        if (leave === 'end') end('n0');
        if (leave === 'evict') offer('c1');
        if (leave === 'evict') end('n0');
        if (leave === 'expire') scheduler.flush();
        if (leave === 'unsubscribe') subscription.unsubscribe();
        expect(signal.observed).toBe(false);
      }
    });
  });

  describe('with a concurrency that changes', () => {
    it('starts nothing before the first value, more after a higher one, and stops nothing for a lower', () => {
      marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = hot('     -(abcd)-----------|');
        const inner = cold('        -----x|');
        const concurrency = hot('---1-2-1-----------|', { 1: 1, 2: 2 });
        const output = source.pipe(priorityMergeMap((item) => inner.pipe(map(() => item)), { concurrency }));
        expectObservable(output).toBe('--------a-b-----c-----d|');
        expectSubscriptions(inner.subscriptions).toBe([
          '---^-----!',
          '-----^-----!',
          '-----------^-----!',
          '-----------------^-----!',
        ]);
        expectSubscriptions(concurrency.subscriptions).toBe('^------------------!');
      });
    });

    it('0 holds everything back', () => {
      const concurrency = new Subject<number>();
      const { offer, started, end, seen, source } = bench({ concurrency });
      concurrency.next(1);
      offer('n0', 'n1');
      concurrency.next(0);
      end('n0');
      source.complete();
      expect(started).toEqual(['n0']);
      expect(seen).toEqual([]);
      concurrency.next(1);
      end('n1');
      expect(seen).toEqual(['|']);
      expect(concurrency.observed).toBe(false);
    });

    it('keeps the last value when it completes', () => {
      const { offer, started } = bench({ concurrency: of(2) });
      offer('n0', 'n1', 'n2');
      expect(started).toEqual(['n0', 'n1']);
    });

    it.each([-1, Number.NaN])('errors for %d', (wrong) => {
      const { seen, source } = bench({ concurrency: concat(of(1, wrong), NEVER) });
      expect(seen).toEqual([expect.any(RangeError)]);
      expect(source.observed).toBe(false);
    });

    it('errors when it does', () => {
      const { seen, source } = bench({ concurrency: throwError(() => 'no more') });
      expect(seen).toEqual(['no more']);
      expect(source.observed).toBe(false);
    });
  });

  it('lets a lower level go in time, under endless higher traffic', () => {
    marbles(({ hot, expectObservable }) => {
      // 2 ms of work come in each ms. The low one is as old for its level as the high one that came 6 ms after it.
      const source = hot('hlhhhhhhhhhhhhhhhhhhhhhh');
      const output = source.pipe(priorityMergeMap((item) => timer(2).pipe(map(() => item)), { priority, ageing: 3 }));
      expectObservable(output.pipe(take(8))).toBe('--h-h-h-h-h-h-h-(l|)');
    });
  });

  it('tells project the level, and how long an item waited', () => {
    const turns: QueueTurn[] = [];
    marbles(({ hot, expectObservable }) => {
      const source = hot('-ln|');
      const project = (_: string, turn: QueueTurn): Observable<number> => {
        turns.push(turn);
        return timer(4);
      };
      expectObservable(source.pipe(priorityMergeMap(project, { priority }))).toBe('-----0---(0|)', { 0: 0 });
    });
    expect(turns).toEqual([
      { priority: 'low', waited: 0 },
      { priority: 'normal', waited: 3 },
    ]);
  });

  it('takes whatever mergeMap takes for an inner observable', async () => {
    const seen: number[] = [];
    await from([1, 2])
      .pipe(priorityMergeMap((item) => Promise.resolve(item * 10)))
      .forEach((value) => seen.push(value));
    of(3)
      .pipe(priorityMergeMap((item) => [item, item + 1]))
      .subscribe((value) => seen.push(value));
    expect(seen).toEqual([10, 20, 3, 4]);
  });

  describe('with what is synchronous', () => {
    it.each([
      ['source', (source: Observable<number>) => source.pipe(priorityMergeMap((item) => of(item)))],
      ['inner observable', (inner: Observable<number>) => of('a').pipe(priorityMergeMap(() => inner))],
    ])('lets go of an endless %s', (_, merged) => {
      const { source, made } = endless();
      const seen: number[][] = [];
      merged(source)
        .pipe(take(3), toArray())
        .subscribe((all) => seen.push(all));
      expect([seen, made()]).toEqual([[[0, 1, 2]], 3]);
    });

    it('neither recurses nor loses anything when a long queue drains at once', () => {
      const gate = new Subject<number>();
      const source = new Subject<number>();
      let [count, depth] = [0, 0];
      const limit = Error.stackTraceLimit;
      Error.stackTraceLimit = 2_000;
      const project = (item: number): Observable<number> => {
        if (item === 0) return gate;
        if (item % 500 === 0) depth = Math.max(depth, new Error('depth').stack?.split('\n').length ?? 0);
        return of(item);
      };
      source.pipe(priorityMergeMap(project, { capacity: 5_000 })).subscribe(() => count++);
      for (let item = 0; item <= 5_000; item++) source.next(item);
      gate.complete();
      Error.stackTraceLimit = limit;
      expect(count).toBe(5_000);
      expect(depth).toBeGreaterThan(0);
      expect(depth).toBeLessThan(100);
    });
  });

  describe('is not confused by re-entrancy:', () => {
    it('a project that feeds the source', () => {
      const source = new Subject<string>();
      const started: string[] = [];
      const project = (item: string): Observable<string> => {
        started.push(item);
        if (item === 'n0') for (const next of ['l1', 'c1', 'h1']) source.next(next);
        return of(item);
      };
      source.pipe(priorityMergeMap(project, { priority })).subscribe();
      source.next('n0');
      expect(started).toEqual(['n0', 'c1', 'h1', 'l1']);
    });

    it('a subscriber that feeds the source', () => {
      const source = new Subject<number>();
      const seen: number[] = [];
      source.pipe(priorityMergeMap((item) => of(item))).subscribe((item) => {
        seen.push(item);
        if (item < 5_000) source.next(item + 1);
      });
      source.next(1);
      expect(seen).toHaveLength(5_000);
    });

    it('a subscriber that unsubscribes from within next, with items waiting', () => {
      const { drops, onDrop } = dropList();
      const source = new Subject<string>();
      const gate = new Subject<string>();
      const started: string[] = [];
      const project = (item: string): Observable<string> => {
        started.push(item);
        return item === 'n0' ? gate : of(item);
      };
      const subscription = source
        .pipe(priorityMergeMap(project, { onDrop }))
        .subscribe(() => subscription.unsubscribe());
      for (const item of ['n0', 'n1', 'n2']) source.next(item);
      gate.complete();
      expect(started).toEqual(['n0', 'n1']);
      expect(drops).toEqual([expect.stringMatching(/^cancelled n2/)]);
      expect(source.observed).toBe(false);
    });

    it('a project that unsubscribes: what it returns is not subscribed to', () => {
      let subscribed = 0;
      const source = new Subject<string>();
      const { drops, onDrop } = dropList();
      const gate = new Subject<never>();
      const project = (item: string): Observable<never> => {
        if (item === 'n0') return gate;
        subscription.unsubscribe();
        return defer(() => {
          subscribed++;
          return NEVER;
        });
      };
      const subscription = source.pipe(priorityMergeMap(project, { onDrop })).subscribe();
      for (const item of ['n0', 'n1', 'n2']) source.next(item);
      gate.complete();
      expect(subscribed).toBe(0);
      expect(drops).toEqual([expect.stringMatching(/^cancelled n2/)]);
    });

    it.each(['priority', 'deadline', 'cancel', 'onDrop'] as const)(
      'a %s that unsubscribes: every item still has its outcome, and no timer stays',
      (name) => {
        const source = new Subject<string>();
        const scheduler = new VirtualTimeScheduler();
        const { drops, onDrop } = dropList();
        const results = { priority: 'normal' as const, deadline: 1_000, cancel: NEVER, onDrop: undefined };
        let calls = 0;
        const options: PriorityMergeMapOptions<string> = { capacity: 2, deadline: 1_000, scheduler, onDrop };
        const subscription = source
          .pipe(
            priorityMergeMap(() => NEVER, {
              ...options,
              [name]: (argument: never) => {
                if (name === 'onDrop') onDrop(argument);
                if (name === 'onDrop' || ++calls === (name === 'cancel' ? 2 : 3)) subscription.unsubscribe();
                return results[name];
              },
            }),
          )
          .subscribe();
        for (const item of ['n0', 'n1', 'n2', 'n3']) source.next(item);
        expect(drops.map((line) => line.split(' ')[1]).sort()).toEqual(
          name === 'onDrop' ? ['n1', 'n2', 'n3'] : ['n1', 'n2'],
        );
        expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
      },
    );

    it('the teardown of what ran feeds the source', () => {
      const source = new Subject<string>();
      const started: string[] = [];
      const project = (item: string): Observable<string> => {
        started.push(item);
        const inner = timer(0).pipe(map(() => item));
        return (item === 'n0' ? of(item) : inner).pipe(finalize(() => item === 'n0' && source.next('n1')));
      };
      const subscription = source.pipe(priorityMergeMap(project)).subscribe();
      source.next('n0');
      expect(started).toEqual(['n0', 'n1']);
      subscription.unsubscribe();
    });
  });

  it('counts for each source and each subscription apart', () => {
    const { drops, onDrop } = dropList();
    const operator = priorityMergeMap((item: string) => timer(3).pipe(map(() => item)), { capacity: 1, onDrop });
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const [one, two] = [hot('(ab)-------|'), hot('-(cd)------|')];
      expectObservable(one.pipe(operator)).toBe('---a--b----|');
      expectObservable(two.pipe(operator)).toBe('----c--d---|');
      expectObservable(one.pipe(operator)).toBe('---a--b----|');
      expectSubscriptions(one.subscriptions).toBe(['^----------!', '^----------!']);
    });
    expect(drops).toEqual([]);
  });

  it.each<[string, PriorityMergeMapOptions<unknown>]>([
    ['concurrency', { concurrency: 0 }],
    ['concurrency', { concurrency: Number.NaN }],
    ['deadline', { deadline: -1 }],
    ['deadline', { deadline: Number.NaN }],
    ['capacity', { capacity: 0 }],
    ['ageing', { ageing: -1 }],
  ])('refuses a wrong %s at once', (name, options) => {
    expect(() => priorityMergeMap(() => EMPTY, options)).toThrow(RangeError);
    expect(() => priorityMergeMap(() => EMPTY, options)).toThrow(`'${name}'`);
  });
});
