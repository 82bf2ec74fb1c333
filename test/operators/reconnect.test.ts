import {
  concat,
  defer,
  EMPTY,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  throwError,
  toArray,
  VirtualTimeScheduler,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { reconnect, type ReconnectInfo, type ReconnectOptions } from '../../src/operators/reconnect.ts';
import { endless } from '../support/endless.ts';
import { marbles } from '../support/marbles.ts';

/** Every draw is the highest, so the delays are 5, 9, 17, 17, ... ms. */
const steps: ReconnectOptions = { base: 4, factor: 2, cap: 16, floor: 1, stableAfter: 10, random: () => 1 };

/** Draws one after the other, the last one for ever. */
const draws =
  (...values: number[]): (() => number) =>
  () =>
    (values.length > 1 ? values.shift() : values[0]) ?? 0;

const broken = (): never => {
  throw new Error('the listener is broken');
};

describe('reconnect', () => {
  it('subscribes again after an error, later each time', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#');
      const unsub = '                                       ^----------------------------------------!';
      expectObservable(source.pipe(reconnect(steps)), unsub).toBe('-a-------a-----------a-------------------');
      expectSubscriptions(source.subscriptions).toBe([
        '^--!',
        '--------^--!',
        '--------------------^--!',
        '----------------------------------------^!',
      ]);
    });
  });

  it('subscribes again after a completion, by the same rules', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-|');
      const unsub = '                                       ^------------------------!';
      expectObservable(source.pipe(reconnect(steps)), unsub).toBe('-a-------a-----------a---');
      expectSubscriptions(source.subscriptions).toBe(['^--!', '--------^--!', '--------------------^--!']);
    });
  });

  it('passes values on and leaves a living source alone', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-bc---d-');
      expectObservable(source.pipe(reconnect(steps)), '^--------!').toBe('-a-bc---d-');
      expectSubscriptions(source.subscriptions).toBe('^--------!');
    });
  });

  it('waits no more after an unsubscribe', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#');
      expectObservable(source.pipe(reconnect(steps)), '^----!').toBe('-a----');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('leaves no timer after an unsubscribe, not even a woken one', () => {
    const scheduler = new VirtualTimeScheduler();
    const wake$ = new Subject<void>();
    const subscription = throwError(() => 'lost')
      .pipe(reconnect({ ...steps, scheduler, wake$ }))
      .subscribe();
    wake$.next();
    const open = (): number => scheduler.actions.filter(({ closed }) => !closed).length;
    expect(open()).toBeGreaterThan(0);
    subscription.unsubscribe();
    expect(open()).toBe(0);
    expect(wake$.observed).toBe(false);
  });

  describe('counts the attempts', () => {
    /** The delays that a source brings about which lives `uptime` ms from its first value, at `opensAfter`. */
    const delays = (opensAfter: number, uptime: number, count: number, options = steps): number[] => {
      const seen: number[] = [];
      const scheduler = new VirtualTimeScheduler();
      const source = new Observable<string>((subscriber) => {
        subscriber.add(scheduler.schedule(() => subscriber.next('first'), opensAfter));
        if (uptime > 0) subscriber.add(scheduler.schedule(() => subscriber.next('later'), opensAfter + 1));
        subscriber.add(scheduler.schedule(() => subscriber.error(new Error('lost')), opensAfter + uptime));
      });
      const subscription = source
        .pipe(
          reconnect({
            ...options,
            scheduler,
            onWait: ({ delay }) => {
              if (seen.push(delay) === count) subscription.unsubscribe();
            },
          }),
        )
        .subscribe();
      scheduler.flush();
      return seen;
    };

    it('anew after a stable uptime', () => {
      expect(delays(1, 10, 4)).toEqual([5, 5, 5, 5]);
    });

    it('on when a source opens and ends too soon', () => {
      expect(delays(1, 9, 4)).toEqual([5, 9, 17, 17]);
    });

    it('uptime from the first value, not from the subscription', () => {
      expect(delays(100, 9, 3)).toEqual([5, 9, 17]);
    });

    it('and spreads the first reconnect after a stable uptime like any other', () => {
      expect(delays(1, 10, 3, { ...steps, random: draws(0, 0.5, 1) })).toEqual([1, 3, 5]);
    });
  });

  describe('with retryable', () => {
    it('passes the error on when told that it is final', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('-a-#', undefined, 'final');
        expectObservable(source.pipe(reconnect({ ...steps, retryable: (error) => error !== 'final' }))).toBe(
          '-a-#',
          undefined,
          'final',
        );
        expectSubscriptions(source.subscriptions).toBe('^--!');
      });
    });

    it('waits at least as long as it says', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('#');
        const penalties = draws(7, 0, Number.NaN);
        expectObservable(source.pipe(reconnect({ ...steps, retryable: penalties })), '^--------------------!').toBe('');
        expectSubscriptions(source.subscriptions).toBe(['(^!)', '-------(^!)', '----------------(^!)']);
      });
    });

    it('does not ask about a completion', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('|');
        expectObservable(source.pipe(reconnect({ ...steps, retryable: () => false })), '^-------!').toBe('');
        expectSubscriptions(source.subscriptions).toBe(['(^!)', '-----(^!)']);
      });
    });

    it('waits as usual when asking throws', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('#');
        expectObservable(source.pipe(reconnect({ ...steps, retryable: broken })), '^-------!').toBe('');
        expectSubscriptions(source.subscriptions).toBe(['(^!)', '-----(^!)']);
      });
    });

    it('never waits longer than a timer can, which would mean not at all', () => {
      const scheduler = new VirtualTimeScheduler();
      const seen: number[] = [];
      const subscription = throwError(() => 'lost')
        .pipe(reconnect({ scheduler, retryable: () => Infinity, onWait: ({ delay }) => seen.push(delay) }))
        .subscribe();
      subscription.unsubscribe();
      expect(seen).toEqual([2 ** 31 - 1]);
    });
  });

  describe('with wake$', () => {
    const slow: ReconnectOptions = {
      base: 20,
      factor: 2,
      cap: 40,
      floor: 0,
      stableAfter: 10,
      spread: 4,
      random: () => 1,
    };

    it('tries within the spread instead of waiting, and starts the attempts anew', () => {
      marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('                                           #');
        const wake$ = hot('                                             -----w----------------------');
        expectObservable(source.pipe(reconnect({ ...slow, wake$ })), '  ^---------------------------------!').toBe('');
        expectSubscriptions(source.subscriptions).toBe(['(^!)', '---------(^!)', '-----------------------------(^!)']);
        expectSubscriptions(wake$.subscriptions).toBe('^---------------------------------!');
      });
    });

    it('draws the spread', () => {
      marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('#');
        const wake$ = hot('  -----w----');
        const options = { ...slow, random: draws(1, 0.5), wake$ };
        expectObservable(source.pipe(reconnect(options)), '^--------!').toBe('');
        expectSubscriptions(source.subscriptions).toBe(['(^!)', '-------(^!)']);
      });
    });

    it('draws once a wait: a storm neither hastens nor postpones it', () => {
      marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('#');
        const wake$ = hot('  -----wwww----');
        const options = { ...slow, random: draws(1, 1, 0.25), wake$ };
        expectObservable(source.pipe(reconnect(options)), '^---------!').toBe('');
        expectSubscriptions(source.subscriptions).toBe(['(^!)', '---------(^!)']);
      });
    });

    it('does not postpone an attempt that is due sooner', () => {
      marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('#');
        const wake$ = hot('  ------------------w-----');
        expectObservable(source.pipe(reconnect({ ...slow, wake$ })), '^--------------------!').toBe('');
        expectSubscriptions(source.subscriptions).toBe(['(^!)', '--------------------(^!)']);
      });
    });

    it('does not cut a penalty short', () => {
      marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('#');
        const wake$ = hot('  --w---------------------');
        const options = { ...slow, wake$, retryable: () => 12 };
        expectObservable(source.pipe(reconnect(options)), '^-------------!').toBe('');
        expectSubscriptions(source.subscriptions).toBe(['(^!)', '------------(^!)']);
      });
    });

    it('asks for the penalty anew, as it may have been lifted', () => {
      marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('#');
        const wake$ = hot('  -----w----');
        const penalties = draws(50, 2);
        expectObservable(source.pipe(reconnect({ ...slow, wake$, retryable: penalties })), '^---------!').toBe('');
        expectSubscriptions(source.subscriptions).toBe(['(^!)', '---------(^!)']);
      });
    });

    it('leaves an open source alone', () => {
      marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
        const source = cold('-a---------');
        const wake$ = hot('  ----w-w----');
        expectObservable(source.pipe(reconnect({ ...slow, wake$ })), '^---------!').toBe('-a---------');
        expectSubscriptions(source.subscriptions).toBe('^---------!');
      });
    });

    describe('remembers a wake that came just before a loss', () => {
      const far: ReconnectOptions = { ...slow, floor: 600_000 };

      it.each([
        ['open', '-a---#'],
        ['under way', '-----#'],
      ])('while the source was %s', (_, marble) => {
        marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
          const source = cold(marble);
          const wake$ = hot('  ----w---------------');
          const expected = marble.startsWith('-a') ? '-a--------a---' : '';
          expectObservable(source.pipe(reconnect({ ...far, wake$ })), '^------------!').toBe(expected);
          // 4 ms, the spread, after the loss; nothing wakes the second one up.
          expectSubscriptions(source.subscriptions).toBe(['^----!', '---------^---!']);
        });
      });

      it.each([
        [4, '----w---#', '------------(^'],
        [5, '---w----#', ''],
      ])('up to the spread: %i ms ago', (_, marble, again) => {
        marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
          const source = cold('--------#');
          const wake$ = hot(marble.replace('#', '-'));
          expectObservable(source.pipe(reconnect({ ...far, wake$ })), '^--------------!').toBe('');
          expectSubscriptions(source.subscriptions).toBe(['^-------!', ...(again ? ['------------^--!'] : [])]);
        });
      });

      it('draws the spread, from the loss, and tells the one wait that it is', () => {
        marbles(({ cold, hot, expectObservable, expectSubscriptions, flush }) => {
          const told: ReconnectInfo[] = [];
          const source = cold('-a--#', undefined, 'lost');
          const wake$ = hot('  ---w------w--');
          const options = { ...far, random: draws(1, 0.5), wake$, onWait: (info: ReconnectInfo) => told.push(info) };
          expectObservable(source.pipe(reconnect(options)), '^--------!').toBe('-a-----a--');
          expectSubscriptions(source.subscriptions).toBe(['^---!', '------^--!']);
          flush();
          expect(told).toEqual([{ attempt: 0, delay: 2, exhausted: false, error: 'lost' }]);
        });
      });

      it('draws once, though one comes during the wait as well', () => {
        marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
          const source = cold('-a--#');
          const wake$ = hot('  ---w-w---');
          const options = { ...far, random: draws(1, 1, 0), wake$ };
          expectObservable(source.pipe(reconnect(options)), '^--------!').toBe('-a-------');
          expectSubscriptions(source.subscriptions).toBe(['^---!', '--------^!']);
        });
      });

      it('but does not postpone an attempt that would be due sooner', () => {
        marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
          const source = cold('-a--#');
          const wake$ = hot('  ---w-----');
          const options = { ...slow, base: 2, wake$ };
          expectObservable(source.pipe(reconnect(options)), '^-------!').toBe('-a-----a');
          expectSubscriptions(source.subscriptions).toBe(['^---!', '------^-!']);
        });
      });

      it('but does not cut a penalty short', () => {
        marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
          const source = cold('-a--#');
          const wake$ = hot('  ---w-----');
          const options = { ...far, wake$, retryable: () => 7 };
          expectObservable(source.pipe(reconnect(options)), '^-----------!').toBe('-a----------');
          expectSubscriptions(source.subscriptions).toBe(['^---!', '-----------^!']);
        });
      });

      it('but not for a second wait: the attempt that it brought about had its chance', () => {
        marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
          const source = cold('-#');
          const wake$ = hot('  ---w--------');
          const options = { ...far, spread: 8, random: draws(1, 0.125), wake$ };
          expectObservable(source.pipe(reconnect(options)), '^----------!').toBe('');
          expectSubscriptions(source.subscriptions).toBe(['^!', '----^!']);
        });
      });
    });

    it('starts the attempts anew while an attempt is under way, but not those of a flapping source', () => {
      const seen: number[] = [];
      const scheduler = new VirtualTimeScheduler();
      const wake$ = new Subject<void>();
      let opens = false;
      const source = new Observable<string>((subscriber) => {
        if (opens) subscriber.next('open');
        wake$.next();
        subscriber.error(new Error('lost'));
      });
      const subscription = source
        .pipe(
          reconnect({
            ...slow,
            scheduler,
            wake$,
            onWait: ({ delay }) => {
              seen.push(delay);
              opens = seen.length >= 3;
              if (seen.length === 5) subscription.unsubscribe();
            },
          }),
        )
        .subscribe();
      scheduler.flush();
      expect(seen).toEqual([20, 20, 20, 40, 40]);
    });

    it('hears a wake that its own onWait brings about', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const wake$ = new Subject<void>();
        const source = cold('#');
        const options = { ...slow, wake$, onWait: () => wake$.next() };
        expectObservable(source.pipe(reconnect(options)), '^-----!').toBe('');
        expectSubscriptions(source.subscriptions).toBe(['(^!)', '----(^!)']);
      });
    });

    it('goes on without it when it errors or completes', () => {
      for (const end of ['-#', '-|']) {
        marbles(({ cold, expectObservable, expectSubscriptions }) => {
          const source = cold('----#');
          expectObservable(source.pipe(reconnect({ ...steps, wake$: cold(end) })), '^------------!').toBe('');
          expectSubscriptions(source.subscriptions).toBe(['^---!', '---------^---!']);
        });
      }
    });
  });

  describe('tells', () => {
    it('each attempt and each wait', () => {
      const scheduler = new VirtualTimeScheduler();
      const told: [string, ReconnectInfo][] = [];
      const wake$ = new Subject<void>();
      let ends = 0;
      const source = defer(() => (ends++ === 0 ? EMPTY : throwError(() => `loss ${ends}`)));
      const subscription = source
        .pipe(
          reconnect({
            ...steps,
            maxAttempts: 2,
            spread: 2,
            scheduler,
            wake$,
            onAttempt: (info) => {
              told.push(['attempt', info]);
              if (told.length > 7) subscription.unsubscribe();
            },
            onWait: (info) => {
              told.push(['wait', info]);
              if (told.length === 6) wake$.next();
            },
          }),
        )
        .subscribe();
      scheduler.flush();
      expect(told).toEqual([
        ['attempt', { attempt: 0, delay: 0, exhausted: false, error: undefined }],
        ['wait', { attempt: 1, delay: 5, exhausted: false, error: undefined }],
        ['attempt', { attempt: 1, delay: 5, exhausted: false, error: undefined }],
        ['wait', { attempt: 2, delay: 9, exhausted: true, error: 'loss 2' }],
        ['attempt', { attempt: 2, delay: 9, exhausted: true, error: 'loss 2' }],
        ['wait', { attempt: 3, delay: 17, exhausted: true, error: 'loss 3' }],
        ['wait', { attempt: 0, delay: 2, exhausted: false, error: 'loss 3' }],
        ['attempt', { attempt: 0, delay: 2, exhausted: false, error: 'loss 3' }],
      ]);
    });

    it('and is not broken by what a listener, or the source of chance, throws', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('-a-#');
        const options = { ...steps, onAttempt: broken, onWait: broken, random: broken };
        // A source of chance that throws counts as a draw of one half.
        expectObservable(source.pipe(reconnect(options)), '^----------!').toBe('-a-----a---');
        expectSubscriptions(source.subscriptions).toBe(['^--!', '------^--!']);
      });
    });

    it('nothing more after an unsubscribe, also one from within retryable', () => {
      const scheduler = new VirtualTimeScheduler();
      const told: string[] = [];
      const source = new Subject<void>();
      const options: ReconnectOptions = {
        ...steps,
        scheduler,
        retryable: () => {
          subscription.unsubscribe();
          return true;
        },
        onAttempt: () => told.push('attempt'),
        onWait: () => told.push('wait'),
      };
      const subscription = source.pipe(reconnect(options)).subscribe();
      source.error('lost');
      scheduler.flush();
      expect(told).toEqual(['attempt']);
    });

    it.each<keyof ReconnectOptions>(['onAttempt', 'onWait', 'retryable'])(
      'and lets %s unsubscribe, which stops the loop',
      (name) => {
        const scheduler = new VirtualTimeScheduler();
        let attempts = 0;
        const source = defer(() => {
          attempts++;
          return concat(
            of('first').pipe(take(1)),
            throwError(() => 'lost'),
          );
        });
        let calls = 0;
        const leave = (): boolean => {
          if (++calls === 2) subscription.unsubscribe();
          return true;
        };
        const subscription = source.pipe(reconnect({ ...steps, scheduler, [name]: leave })).subscribe();
        scheduler.flush();
        expect(attempts).toBe(2);
        expect(calls).toBe(2);
      },
    );
  });

  it('neither recurses nor grows when a source fails at once for a long time', () => {
    const scheduler = new VirtualTimeScheduler();
    let [attempts, depth, deepest] = [0, 0, 0];
    const source = new Observable<never>((subscriber) => {
      attempts++;
      deepest = Math.max(deepest, ++depth);
      subscriber.error('lost');
      depth--;
    });
    const onAttempt = (): void => {
      if (attempts >= 5_000) subscription.unsubscribe();
    };
    const subscription = source.pipe(reconnect({ ...steps, scheduler, onAttempt })).subscribe();
    scheduler.flush();
    expect(attempts).toBeGreaterThanOrEqual(5_000);
    expect(deepest).toBe(1);
    expect(scheduler.actions).toEqual([]);
  });

  it('lets go of a synchronous source that never ends', () => {
    const { source, made } = endless();
    const seen: number[][] = [];
    source.pipe(reconnect(steps), take(3), toArray()).subscribe((all) => seen.push(all));
    expect([seen, made()]).toEqual([[[0, 1, 2]], 3]);
  });

  it('counts for each source and each subscription apart', () => {
    const operator = reconnect<string>(steps);
    marbles(({ cold, expectObservable }) => {
      const first = cold<string>('#').pipe(operator);
      const unsub = '^-------------!';
      const [one, two] = [cold('a#'), cold('b--|')];
      expectObservable(one.pipe(operator), unsub).toBe('a-----a--------');
      expectObservable(two.pipe(operator), unsub).toBe('b-------b------');
      expectObservable(one.pipe(operator), unsub).toBe('a-----a--------');
      expectObservable(first, unsub).toBe('');
    });
  });

  it('starts from the attempts that it is told of, each subscription anew', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const told: number[] = [];
      const source = cold('#');
      const onAttempt = ({ attempt }: ReconnectInfo): void => void told.push(attempt);
      const waiting = source.pipe(reconnect({ ...steps, attempts: 1, onAttempt }));
      expectObservable(waiting, '^---------!').toBe('');
      expectObservable(waiting, '--^---------!').toBe('');
      expectSubscriptions(source.subscriptions).toBe(['(^!)', '--(^!)', '---------(^!)', '-----------(^!)']);
      flush();
      expect(told).toEqual([1, 1, 2, 2]);
    });
  });

  it('takes the time from the scheduler it is given alone', () => {
    const scheduler = new VirtualTimeScheduler();
    const seen: string[] = [];
    const source = concat(
      of('a'),
      defer(() => (seen.length < 3 ? EMPTY : NEVER)),
    );
    const subscription = source.pipe(reconnect({ ...steps, scheduler })).subscribe((value) => seen.push(value));
    expect(seen).toEqual(['a']);
    scheduler.flush();
    expect(seen).toEqual(['a', 'a', 'a']);
    expect(scheduler.now()).toBe(14);
    subscription.unsubscribe();
  });

  it.each<[string, ReconnectOptions]>([
    ['spread', { spread: -1 }],
    ['spread', { spread: Number.NaN }],
    ['spread', { spread: Infinity }],
    ['base', { base: -1 }],
    ['cap', { cap: Number.NaN }],
    ['attempts', { attempts: 1.5 }],
  ])('refuses a wrong %s at once', (name, options) => {
    expect(() => reconnect(options)).toThrow(RangeError);
    expect(() => reconnect(options)).toThrow(`'${name}'`);
  });
});
