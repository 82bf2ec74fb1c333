import { config, finalize, Observable, Subject, type Subscription } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bulkhead, type BulkheadCallOptions, BulkheadError } from '../../src/operators/bulkhead.ts';
import { Bulkhead, type BulkheadOptions } from '../../src/operators/bulkhead-handle.ts';
import type { Overflow } from '../../src/policies/priority-queue.ts';
import type { Priority } from '../../src/policies/queue-outcome.ts';
import { TimeByHand } from '../support/time-by-hand.ts';

/** Calls that are named for their level, as `c1`, `h1`, `n1` and `l1`, and ended by hand. */
function bench(options: BulkheadOptions = {}) {
  const time = new TimeByHand();
  const left: string[] = [];
  const started: string[] = [];
  const errors: unknown[] = [];
  const sources = new Map<string, Subject<never>>();
  const subscriptions = new Map<string, Subscription>();
  const handle = new Bulkhead({
    scheduler: time,
    permits: 1,
    onLeave: ({ priority, outcome, waited }) => left.push(`${priority} ${outcome} after ${waited}`),
    ...options,
  });
  const levels: Record<string, Priority> = { c: 'critical', h: 'high', n: 'normal', l: 'low' };
  const call = (name: string, callOptions: BulkheadCallOptions = {}): void => {
    const ends = new Subject<never>();
    sources.set(name, ends);
    const source = new Observable<never>((subscriber) => {
      started.push(name);
      return ends.subscribe(subscriber);
    });
    subscriptions.set(
      name,
      source
        .pipe(bulkhead(handle, { priority: levels[name.charAt(0)], ...callOptions }))
        .subscribe({ error: (error) => errors.push(error) }),
    );
  };
  const calls = (...names: string[]): void => names.forEach((name) => call(name));
  const end = (name: string): void => sources.get(name)?.complete();
  const leave = (name: string): void => subscriptions.get(name)?.unsubscribe();
  const counts = (): number[] => [handle.running, handle.waiting];
  return { time, left, started, errors, handle, call, calls, end, leave, counts };
}

afterEach(() => {
  config.onUnhandledError = null;
});

describe('Bulkhead', () => {
  it('lets 64 calls run and 1,000 wait, unless told otherwise', () => {
    const { calls, counts, errors, handle } = bench({ permits: undefined });
    expect(handle.permits).toBe(64);
    for (let n = 0; n < 64 + 1_000; n++) calls(`n${n}`);
    expect(counts()).toEqual([64, 1_000]);
    expect(errors).toEqual([]);
    calls('n');
    expect(counts()).toEqual([64, 1_000]);
    expect(errors).toEqual([expect.any(BulkheadError)]);
  });

  it('counts what waits by level', () => {
    const { calls, handle } = bench();
    calls('n0', 'l1', 'l2', 'c1');
    const levels: readonly Priority[] = ['critical', 'high', 'normal', 'low'];
    expect(levels.map((level) => handle.waitingAt(level))).toEqual([1, 0, 0, 2]);
    expect(() => handle.waitingAt('urgent' as Priority)).toThrow(RangeError);
  });

  describe('decides who is next', () => {
    it('by level, then by arrival', () => {
      const { calls, end, started } = bench();
      calls('n0', 'l1', 'n1', 'h1', 'c1', 'n2');
      for (const name of ['n0', 'c1', 'h1', 'n1', 'n2']) end(name);
      expect(started).toEqual(['n0', 'c1', 'h1', 'n1', 'n2', 'l1']);
    });

    it('and lets age weigh', () => {
      const { calls, end, started, time } = bench({ ageing: 10 });
      calls('n0', 'l1');
      time.moveTo(11); // a level is worth 10 ms of waiting
      calls('n1');
      time.moveTo(12);
      calls('h1');
      for (const name of ['n0', 'h1', 'l1']) end(name);
      expect(started).toEqual(['n0', 'h1', 'l1', 'n1']);
    });

    it('and by nothing else: a call that comes when a permit is free has nobody before it', () => {
      const { calls, end, started, counts } = bench();
      calls('n0');
      end('n0');
      calls('l1');
      expect(started).toEqual(['n0', 'l1']);
      expect(counts()).toEqual([1, 0]);
    });
  });

  describe('when the permits change', () => {
    it('starts at once as many as may, the most urgent first', () => {
      const { calls, started, handle, counts } = bench();
      calls('n0', 'l1', 'n1', 'h1');
      handle.permits = 3;
      expect(handle.permits).toBe(3);
      expect(started).toEqual(['n0', 'h1', 'n1']);
      expect(counts()).toEqual([3, 1]);
      handle.permits = Infinity;
      expect(started).toEqual(['n0', 'h1', 'n1', 'l1']);
    });

    it('stops nothing that runs, and starts nothing before enough has ended', () => {
      const { calls, end, started, handle, counts } = bench({ permits: 3 });
      calls('n0', 'n1', 'n2', 'n3');
      handle.permits = 1;
      expect(counts()).toEqual([3, 1]);
      end('n0');
      end('n1');
      expect(counts()).toEqual([1, 1]);
      end('n2');
      expect(started).toEqual(['n0', 'n1', 'n2', 'n3']);
      expect(counts()).toEqual([1, 0]);
    });

    it('lets nothing start with 0', () => {
      const { calls, started, handle, counts } = bench({ permits: 0 });
      calls('n0', 'n1');
      expect(counts()).toEqual([0, 2]);
      handle.permits = 1;
      expect(started).toEqual(['n0']);
      handle.permits = 0;
      calls('n2');
      expect(counts()).toEqual([1, 2]);
    });

    it('does not round up', () => {
      const { calls, counts, handle } = bench({ permits: 1.9 });
      calls('n0', 'n1');
      expect(counts()).toEqual([1, 1]);
      handle.permits = 0.5;
      calls('n2');
      expect(counts()).toEqual([1, 2]);
    });

    it.each([-1, Number.NaN])('refuses %s, and keeps what it had', (permits) => {
      const { handle, calls, counts } = bench({ permits: 2 });
      expect(() => (handle.permits = permits)).toThrow(RangeError);
      expect(handle.permits).toBe(2);
      calls('n0', 'n1', 'n2');
      expect(counts()).toEqual([2, 1]);
    });
  });

  it.each<[Overflow, Priority, string[]]>([
    ['drop-lowest-oldest', 'low', ['n0', 'h1', 'l2']],
    ['drop-newest', 'low', ['n0', 'h1', 'l1']],
    ['reject', 'high', ['n0', 'l1', 'l2']],
  ])('when it is full goes by %s', (overflow, priority, survivors) => {
    const { calls, end, errors, started } = bench({ capacity: 2, overflow });
    calls('n0', 'l1', 'l2', 'h1');
    expect(errors).toEqual([
      new BulkheadError({ outcome: overflow === 'reject' ? 'rejected' : 'evicted', priority, waited: 0 }),
    ]);
    for (const name of survivors) end(name);
    expect(started).toEqual(survivors);
  });

  describe('tells of each call that leaves the queue', () => {
    it('how, and after how long', () => {
      const { calls, call, end, leave, left, time, errors } = bench({ capacity: 3 });
      calls('n0');
      call('h1', { deadline: 7 });
      calls('n1', 'l1');
      time.moveTo(5);
      calls('c1');
      time.moveTo(6);
      leave('n1');
      time.moveTo(9);
      end('n0');
      expect(left).toEqual([
        'normal taken after 0',
        'low evicted after 5',
        'normal cancelled after 6',
        'high expired after 7',
        'critical taken after 4',
      ]);
      expect(errors).toEqual([
        new BulkheadError({ outcome: 'evicted', priority: 'low', waited: 5 }),
        new BulkheadError({ outcome: 'expired', priority: 'high', waited: 7 }),
      ]);
    });

    it('and nothing of the call itself', () => {
      const told: object[] = [];
      const { calls } = bench({ capacity: 1, overflow: 'reject', onLeave: (departure) => told.push(departure) });
      calls('n0', 'n1', 'n2');
      expect(told).toEqual([
        { priority: 'normal', outcome: 'taken', waited: 0 },
        { priority: 'normal', outcome: 'rejected', waited: 0 },
      ]);
    });

    it('but once only, and not when a call ends', () => {
      const { calls, leave, left } = bench();
      calls('n0', 'n1');
      for (const name of ['n1', 'n1', 'n0', 'n0']) leave(name);
      expect(left).toEqual(['normal taken after 0', 'normal cancelled after 0']);
    });

    it('and does not suffer from a listener that throws', () => {
      const unhandled: unknown[] = [];
      config.onUnhandledError = (error) => unhandled.push(error);
      const { calls, end, started, errors, counts } = bench({
        capacity: 1,
        onLeave: () => {
          throw new Error('the listener is broken');
        },
      });
      calls('n0', 'n1', 'n2');
      end('n0');
      expect(started).toEqual(['n0', 'n2']);
      expect(errors).toEqual([expect.any(BulkheadError)]);
      expect(counts()).toEqual([1, 0]);
      expect(unhandled).toHaveLength(3);
    });
  });

  describe('with a deadline', () => {
    it('lets nobody wait longer, though nothing else happens', () => {
      const { calls, call, time, errors, started, end } = bench();
      calls('n0');
      call('l1', { deadline: 10 });
      call('c1', { deadline: 20 });
      time.moveTo(9);
      expect(errors).toEqual([]);
      time.moveTo(30);
      expect(errors).toEqual([
        new BulkheadError({ outcome: 'expired', priority: 'low', waited: 10 }),
        new BulkheadError({ outcome: 'expired', priority: 'critical', waited: 20 }),
      ]);
      end('n0');
      expect(started).toEqual(['n0']);
    });

    it('looks at it when the turn comes too, as timers may be late', () => {
      const { calls, call, time, errors, started, end, counts } = bench();
      calls('n0');
      call('h1', { deadline: 10 });
      calls('n1');
      time.frame = 11; // the time has passed, and no timer has fired
      end('n0');
      expect(errors).toEqual([new BulkheadError({ outcome: 'expired', priority: 'high', waited: 11 })]);
      expect(started).toEqual(['n0', 'n1']);
      expect(counts()).toEqual([1, 0]);
      expect(time.pending).toBe(0);
    });

    it('says nothing of a call that runs', () => {
      const { call, time, errors, counts } = bench();
      call('n0', { deadline: 5 });
      time.moveTo(100);
      expect(errors).toEqual([]);
      expect(counts()).toEqual([1, 0]);
    });

    it('of 0 takes a permit that is free, or gives up without waiting', () => {
      const { call, time, errors, started } = bench();
      call('n0', { deadline: 0 });
      call('n1', { deadline: 0 });
      time.moveTo(0);
      expect(started).toEqual(['n0']);
      expect(errors).toEqual([new BulkheadError({ outcome: 'expired', priority: 'normal', waited: 0 })]);
    });

    it('has a timer only while it waits', () => {
      const { call, calls, time, end, leave } = bench({ capacity: 3 });
      const schedule = vi.spyOn(time, 'schedule');
      call('n0', { deadline: 10 });
      calls('n1');
      expect(schedule).not.toHaveBeenCalled();
      call('c1', { deadline: 10 });
      call('n2', { deadline: 10 });
      expect(time.pending).toBe(2);
      end('n0'); // c1 is next
      expect(time.pending).toBe(1);
      leave('n2');
      expect(time.pending).toBe(0);
      call('l1', { deadline: 10 });
      calls('n3', 'n4'); // l1 is evicted
      expect(time.pending).toBe(0);
    });

    it.each([2 ** 31, Infinity, undefined])('of %s lets it wait for ever', (deadline) => {
      const { calls, call, time, errors, counts } = bench();
      calls('n0');
      call('n1', { deadline });
      expect(time.pending).toBe(0);
      time.moveTo(2 ** 31 - 1);
      expect(errors).toEqual([]);
      expect(counts()).toEqual([1, 1]);
    });

    it('as long as a timer can wait has one', () => {
      const { calls, call, time, errors } = bench();
      calls('n0');
      call('n1', { deadline: 2 ** 31 - 1 });
      time.moveTo(2 ** 31 - 1);
      expect(errors).toEqual([expect.any(BulkheadError)]);
    });
  });

  it('does not take a clock that is set back for a wait', () => {
    const { calls, call, end, time, left } = bench();
    time.frame = 1_000;
    calls('n0');
    call('n1', { deadline: 10 });
    time.frame = 0;
    end('n0');
    expect(left).toEqual(['normal taken after 0', 'normal taken after 0']);
  });

  it('starts the next call when the source of the one before is torn down, not sooner', () => {
    const handle = new Bulkhead({ permits: 1 });
    const order: string[] = [];
    const call = (name: string): Subscription =>
      new Observable<never>(() => {
        order.push(`start ${name}`);
      })
        .pipe(
          finalize(() => order.push(`end ${name}, ${handle.running} running`)),
          bulkhead(handle),
        )
        .subscribe();
    const first = call('a');
    call('b');
    first.unsubscribe();
    expect(order).toEqual(['start a', 'end a, 1 running', 'start b']);
  });

  it.each<[string, BulkheadOptions]>([
    ['permits', { permits: -1 }],
    ['permits', { permits: Number.NaN }],
    ['capacity', { capacity: 0 }],
    ['overflow', { overflow: 'drop-all' as Overflow }],
    ['ageing', { ageing: -1 }],
  ])('refuses a wrong %s at once', (name, options) => {
    expect(() => new Bulkhead(options)).toThrow(RangeError);
    expect(() => new Bulkhead(options)).toThrow(`'${name}'`);
  });
});
