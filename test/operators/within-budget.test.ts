import {
  concat,
  defer,
  finalize,
  NEVER,
  Observable,
  of,
  range,
  repeat,
  retry,
  Subject,
  Subscription,
  take,
  throwError,
  toArray,
  VirtualTimeScheduler,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { SocketBudget, type SocketBudgetOptions, type SocketUser } from '../../src/operators/socket-budget.ts';
import { ParkedError, withinBudget } from '../../src/operators/within-budget.ts';
import type { Priority } from '../../src/policies/queue-outcome.ts';
import { marbles } from '../support/marbles.ts';

/** Without a reserve, and with turns of 10 ms. */
const OPTIONS: SocketBudgetOptions = { total: 1, reserved: 0, turn: 10 };

const userOf = (priority?: Priority, usedAt = 0): { priority: Priority | undefined; usedAt: number } => ({
  priority,
  usedAt,
});

/** A budget on time that is moved by hand, and what is to be seen of its sockets. */
function bench(options: SocketBudgetOptions = {}) {
  const time = new VirtualTimeScheduler();
  const budget = new SocketBudget({ ...OPTIONS, scheduler: time, ...options });
  const log: string[] = [];
  let open = 0;
  const socket = (name: string): Observable<string> =>
    new Observable<string>((subscriber) => {
      log.push(`+${name}`);
      if (++open > budget.total) log.push('too many');
      if (open > budget.used) log.push('not counted');
      subscriber.next(name);
      return () => {
        log.push(`-${name}`);
        open--;
      };
    });
  return {
    time,
    budget,
    log,
    socket,
    dial: (name: string, user: SocketUser = userOf('normal')): Subscription =>
      socket(name)
        .pipe(withinBudget(budget, user))
        .subscribe({ error: (error) => log.push(`${name}: ${error instanceof ParkedError ? error.code : error}`) }),
    moveTo: (at: number): void => {
      time.maxFrames = at;
      time.flush();
      time.frame = at;
    },
    timers: () => time.actions.filter(({ closed }) => !closed).length,
  };
}

describe('withinBudget', () => {
  it('passes values and completion on, and gives the place back', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const budget = new SocketBudget(OPTIONS);
      const source = cold('-a-b-|');
      expectObservable(source.pipe(withinBudget(budget, userOf()))).toBe('-a-b-|');
      expectSubscriptions(source.subscriptions).toBe('^----!');
      flush();
      expect(budget.used).toBe(0);
    });
  });

  it('passes an error on, and gives the place back', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const budget = new SocketBudget(OPTIONS);
      const source = cold('-a-#');
      expectObservable(source.pipe(withinBudget(budget, userOf()))).toBe('-a-#');
      expectSubscriptions(source.subscriptions).toBe('^--!');
      flush();
      expect(budget.used).toBe(0);
    });
  });

  it('unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const budget = new SocketBudget(OPTIONS);
      const source = cold('-a---');
      expectObservable(source.pipe(withinBudget(budget, userOf())), '^--!').toBe('-a--');
      expectSubscriptions(source.subscriptions).toBe('^--!');
      flush();
      expect(budget.used).toBe(0);
    });
  });

  it('subscribes when there is a place, in the order of the claims', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const budget = new SocketBudget(OPTIONS);
      const source = cold('---a|');
      const output = source.pipe(withinBudget(budget, userOf('normal')));
      expectObservable(output, '^').toBe('---a|');
      expectObservable(output, '-^').toBe('-------a|');
      expectObservable(output, '-^').toBe('-----------a|');
      expectSubscriptions(source.subscriptions).toBe(['^---!', '----^---!', '--------^---!']);
    });
  });

  it('passes by who was unsubscribed from while waiting', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const budget = new SocketBudget(OPTIONS);
      const source = cold('---a|');
      const output = source.pipe(withinBudget(budget, userOf('normal')));
      expectObservable(output, '^').toBe('---a|');
      expectObservable(output, '-^!').toBe('');
      expectObservable(output, '-^').toBe('-------a|');
      expectSubscriptions(source.subscriptions).toBe(['^---!', '----^---!']);
    });
  });

  it('parks what is less urgent, with an error after its source is gone', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const budget = new SocketBudget(OPTIONS);
      const [background, urgent] = [cold('a-a-a-a-a'), cold('-b|')];
      expectObservable(background.pipe(withinBudget(budget, userOf('low')))).toBe('a-a#', undefined, new ParkedError());
      expectObservable(urgent.pipe(withinBudget(budget, userOf('critical'))), '---^').toBe('----b|');
      expectSubscriptions(background.subscriptions).toBe('^--!');
      expectSubscriptions(urgent.subscriptions).toBe('---^-!');
    });
  });

  it('lets equals take turns', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const budget = new SocketBudget(OPTIONS);
      const [one, two] = [cold('a'), cold('b')];
      const again = retry<string>();
      expectObservable(one.pipe(withinBudget(budget, userOf('normal')), again), '^ 34ms !').toBe('a 21ms a');
      expectObservable(two.pipe(withinBudget(budget, userOf('normal')), again), '--^ 35ms !').toBe('12ms b 19ms b');
      expectSubscriptions(one.subscriptions).toBe(['^ 11ms !', '22ms ^ 9ms !']);
      expectSubscriptions(two.subscriptions).toBe(['12ms ^ 9ms !', '32ms ^ 5ms !']);
    });
  });

  it('holds two places for two subscriptions of one, and for two sources', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const budget = new SocketBudget({ ...OPTIONS, total: 3 });
      const operator = withinBudget<string>(budget, userOf('normal'));
      const [one, two] = [cold('-a|'), cold('--b|')];
      expectObservable(one.pipe(operator)).toBe('-a|');
      expectObservable(one.pipe(operator)).toBe('-a|');
      expectObservable(two.pipe(operator)).toBe('--b|');
      expectObservable(two.pipe(operator)).toBe('----b|');
      expectSubscriptions(one.subscriptions).toBe(['^-!', '^-!']);
      expectSubscriptions(two.subscriptions).toBe(['^--!', '--^--!']);
    });
  });

  it('closes a socket before the next is opened, and opens that before it says so', () => {
    const { dial, log } = bench();
    dial('low', userOf('low'));
    dial('high', userOf('high'));
    expect(log).toEqual(['+low', '-low', '+high', 'low: parked']);
  });

  it('goes by changed priorities when it is told', () => {
    const { dial, log, budget } = bench();
    const [one, two] = [userOf('normal'), userOf('normal')];
    dial('one', one);
    dial('two', two);
    one.priority = undefined;
    expect(budget).toMatchObject({ used: 1, waiting: 1, isTight: true });
    budget.changed();
    expect(log).toEqual(['+one', '-one', '+two', 'one: parked']);
    expect(budget).toMatchObject({ used: 1, waiting: 0, total: 1 });
  });

  describe('with what is synchronous', () => {
    it('lets go of an endless source', () => {
      const { budget } = bench();
      const endless = new Observable<number>((subscriber) => {
        for (let n = 0; !subscriber.closed; n++) {
          if (n > 100) throw new Error('nobody stopped it');
          subscriber.next(n);
        }
      });
      const seen: number[][] = [];
      endless.pipe(withinBudget(budget, userOf()), take(3), toArray()).subscribe((all) => seen.push(all));
      expect(seen).toEqual([[0, 1, 2]]);
      expect(budget.used).toBe(0);
    });

    it('takes what completes or errors at once, as often as it likes', () => {
      const { budget } = bench();
      const seen: unknown[] = [];
      range(0, 2)
        .pipe(withinBudget(budget, userOf()), repeat(1_000), toArray())
        .subscribe((all) => seen.push(all.length));
      throwError(() => 'refused')
        .pipe(withinBudget(budget, userOf()), retry(1_000))
        .subscribe({ error: (error) => seen.push(error) });
      expect(seen).toEqual([2_000, 'refused']);
      expect(budget).toMatchObject({ used: 0, waiting: 0 });
    });

    it('counts a place until the source is gone, though it was unsubscribed from before', () => {
      const { budget } = bench();
      const used: number[] = [];
      const source = new Observable<string>((subscriber) => {
        subscriber.next('a');
        used.push(budget.used); // by now nobody listens any more
        return () => used.push(budget.used);
      });
      source.pipe(withinBudget(budget, userOf()), take(1)).subscribe();
      expect([...used, budget.used]).toEqual([1, 1, 0]);
    });
  });

  describe('is not confused by re-entrancy:', () => {
    it('who resubscribes at once after being parked goes to the end of the lane', () => {
      const { budget, log, socket, dial } = bench();
      dial('first', userOf('critical')).unsubscribe();
      log.length = 0;
      const subscription = socket('low')
        .pipe(withinBudget(budget, userOf('low')), retry())
        .subscribe();
      const other = dial('other', userOf('low'));
      const urgent = dial('urgent', userOf('high'));
      expect(budget).toMatchObject({ used: 1, waiting: 2 });
      urgent.unsubscribe();
      other.unsubscribe();
      expect(log).toEqual(['+low', '-low', '+urgent', '-urgent', '+other', '-other', '+low']);
      subscription.unsubscribe();
      expect(budget).toMatchObject({ used: 0, waiting: 0 });
    });

    it('who asks from within a parked one’s error handler, a teardown or a subscription', () => {
      const { budget, log, socket, dial } = bench({ total: 2 });
      const all: Subscription[] = [];
      const nested = (name: string, asks: () => void): void => {
        all.push(
          socket(name)
            .pipe(finalize(asks), withinBudget(budget, userOf('low')))
            .subscribe({ error: asks }),
        );
      };
      nested('a', () => all.push(dial('a2', userOf('normal'))));
      nested('b', () => all.push(dial('b2', userOf('high'))));
      all.push(
        defer(() => {
          all.push(dial('within', userOf('critical')));
          return socket('urgent');
        })
          .pipe(withinBudget(budget, userOf('critical')))
          .subscribe(),
      );
      expect(log).not.toContain('too many');
      expect(log).not.toContain('not counted');
      expect(log.filter((entry) => entry.startsWith('+'))).toEqual(['+a', '+b', '+urgent', '+within']);
      expect(budget.used).toBe(2);
      while (all.length > 0) all.shift()?.unsubscribe();
      expect(budget).toMatchObject({ used: 0, waiting: 0 });
    });

    it('a free place is had at once from within another subscription', () => {
      const { budget, socket } = bench({ total: 2 });
      const seen: string[] = [];
      // The outer source does not end before the inner one has emitted.
      const outer = new Observable<string>((subscriber) => {
        socket('inner')
          .pipe(withinBudget(budget, userOf()))
          .subscribe((name) => seen.push(name));
        subscriber.next('outer');
      });
      outer.pipe(withinBudget(budget, userOf())).subscribe((name) => seen.push(name));
      expect(seen).toEqual(['inner', 'outer']);
    });

    it('nobody is parked while still being subscribed to', () => {
      const { budget, log, dial, socket } = bench();
      const source = new Observable<string>((subscriber) => {
        const urgent = dial('urgent', userOf('critical'));
        log.push('subscribed');
        const connection = socket('low').subscribe(subscriber);
        return () => {
          connection.unsubscribe();
          urgent.unsubscribe();
        };
      });
      source.pipe(withinBudget(budget, userOf('low'))).subscribe({
        next: (name) => log.push(`${name} is open`),
        error: () => log.push('low: parked'),
      });
      // The teardown of the low one takes the urgent one with it.
      expect(log).toEqual(['subscribed', '+low', 'low is open', '-low', 'low: parked']);
      expect(budget).toMatchObject({ used: 0, waiting: 0 });
    });

    it('who is granted a place while being unsubscribed from gives it back', () => {
      const { budget, log, dial, socket } = bench();
      const first = dial('first');
      const waiting = new Subscription();
      // The subscriber is closed when the place becomes free, but its teardown has not come to the budget.
      const output = new Observable<string>((subscriber) => {
        subscriber.add(() => first.unsubscribe());
        socket('second')
          .pipe(withinBudget(budget, userOf('normal')))
          .subscribe(subscriber);
      });
      waiting.add(output.subscribe());
      expect(budget).toMatchObject({ used: 1, waiting: 1 });
      waiting.unsubscribe();
      expect(log).toEqual(['+first', '-first']);
      expect(budget).toMatchObject({ used: 0, waiting: 0 });
    });

    it('a subscriber that unsubscribes from within next', () => {
      const { budget } = bench();
      const source = new Subject<number>();
      const subscription = source.pipe(withinBudget(budget, userOf())).subscribe(() => subscription.unsubscribe());
      source.next(1);
      expect(source.observed).toBe(false);
      expect(budget.used).toBe(0);
    });

    it('one that unsubscribes who is being parked', () => {
      const { budget, log, socket, dial } = bench();
      const parked = dial('low', userOf('low'));
      concat(socket('urgent'), NEVER)
        .pipe(withinBudget(budget, userOf('high')))
        .subscribe(() => parked.unsubscribe());
      expect(log).toEqual(['+low', '-low', '+urgent']);
      expect(budget).toMatchObject({ used: 1, waiting: 0 });
    });
  });

  it('survives a teardown and a user that throw', () => {
    const { budget, log, dial } = bench();
    const broken = new Observable<never>(() => () => {
      throw new Error('teardown');
    });
    broken.pipe(withinBudget(budget, userOf('low'))).subscribe({ error: () => log.push('broken: parked') });
    dial('high', userOf('high'));
    expect(budget).toMatchObject({ used: 1, waiting: 0 });
    const user = {
      usedAt: 0,
      get priority(): Priority {
        throw new Error('priority');
      },
    };
    const errors: unknown[] = [];
    const bad = of('a')
      .pipe(withinBudget(budget, user))
      .subscribe({ error: (error) => errors.push(error) });
    bad.unsubscribe();
    expect(errors).toEqual([new Error('priority')]);
    log.length = 0;
    dial('next', userOf('critical'));
    expect(budget).toMatchObject({ used: 1, waiting: 0 });
    expect(log).toEqual(['-high', '+next', 'high: parked']);
  });

  it('has a timer only while somebody waits for a turn', () => {
    const { budget, dial, timers, moveTo, log } = bench();
    const first = dial('first', userOf('high'));
    expect(timers()).toBe(0);
    const low = dial('low', userOf('low'));
    expect(timers()).toBe(0); // no turn will help it
    const equal = dial('equal', userOf('high'));
    expect(timers()).toBe(1);
    equal.unsubscribe();
    expect(timers()).toBe(0);
    moveTo(5);
    dial('another', userOf('high'));
    moveTo(14);
    expect(log).toEqual(['+first']);
    moveTo(15);
    expect(log).toEqual(['+first', '-first', '+another', 'first: parked']);
    expect(timers()).toBe(0);
    low.unsubscribe();
    first.unsubscribe();
    expect(budget).toMatchObject({ used: 1, waiting: 0 });
  });

  it('keeps what is ordinary from the reserve, and lets urgent ones in', () => {
    const { budget, dial, log } = bench({ total: 3, reserved: 1 });
    for (const name of ['a', 'b', 'c']) dial(name);
    expect(budget).toMatchObject({ used: 2, waiting: 1, isTight: true });
    dial('auth', userOf('critical'));
    expect(log).toEqual(['+a', '+b', '+auth']);
  });

  it('refuses a wrong number', () => {
    expect(() => new SocketBudget({ total: 0 })).toThrow("'total'");
  });
});

describe('SocketBudget', () => {
  it('serves what is no stream, and waits for a place that is left later', () => {
    const budget = new SocketBudget({ ...OPTIONS, scheduler: new VirtualTimeScheduler() });
    const log: string[] = [];
    const claimOf = (name: string, priority: Priority) => ({
      user: userOf(priority),
      granted: () => log.push(`+${name}`),
      parked: () => log.push(`${name} shall go`),
    });
    const [low, high] = [claimOf('low', 'low'), claimOf('high', 'high')];
    budget.claim(low);
    budget.claim(high);
    budget.changed();
    expect(log).toEqual(['+low', 'low shall go']);
    expect(budget).toMatchObject({ used: 1, waiting: 1 });
    budget.release(low);
    budget.release(low);
    expect(log).toEqual(['+low', 'low shall go', '+high']);
    budget.release(high);
    expect(budget).toMatchObject({ used: 0, waiting: 0 });
  });

  it('goes on when a claim throws', () => {
    const budget = new SocketBudget({ ...OPTIONS, scheduler: new VirtualTimeScheduler() });
    const fails = (): never => {
      throw new Error('no');
    };
    const broken = { user: userOf('low'), granted: fails, parked: fails };
    budget.claim(broken);
    const log: string[] = [];
    budget.claim({ user: userOf('high'), granted: () => log.push('granted'), parked: fails });
    expect(budget).toMatchObject({ used: 1, waiting: 1 });
    budget.release(broken);
    expect(log).toEqual(['granted']);
  });
});

describe('ParkedError', () => {
  it('says what it is', () => {
    expect(new ParkedError()).toBeInstanceOf(Error);
    expect(new ParkedError()).toMatchObject({ name: 'ParkedError', code: 'parked' });
  });
});
