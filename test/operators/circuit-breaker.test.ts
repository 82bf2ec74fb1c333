import {
  concat,
  config,
  defer,
  EMPTY,
  ignoreElements,
  merge,
  NEVER,
  Observable,
  of,
  range,
  retry,
  Subject,
  take,
  tap,
  throwError,
  timer,
  toArray,
  VirtualTimeScheduler,
} from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { circuitBreaker, CircuitOpenError } from '../../src/operators/circuit-breaker.ts';
import { CircuitBreaker, type CircuitBreakerOptions } from '../../src/operators/circuit-breaker-handle.ts';
import { parseReason } from '../../src/protocol/reason.ts';
import { endless } from '../support/endless.ts';
import { marbles } from '../support/marbles.ts';

/** Opens with the second failure in a row, for 10 ms, 20, 40 ... */
const OPTIONS: CircuitBreakerOptions = { consecutiveFailures: 2, openTime: 10, halfOpenTime: 20, jitter: 0 };
/** With the clock of the platform, which in a marble test is the virtual one. */
const breakerOf = (options: CircuitBreakerOptions = {}): CircuitBreaker =>
  new CircuitBreaker({ ...OPTIONS, ...options });

/** A breaker that is open from now. */
function opened(options: CircuitBreakerOptions = {}): CircuitBreaker {
  const breaker = breakerOf({ ...options, consecutiveFailures: 1 });
  throwError(() => 'lost')
    .pipe(circuitBreaker(breaker))
    .subscribe({ error: () => undefined });
  expect(breaker.state).toBe('open');
  return breaker;
}

/** With a clock that stands still, for what is not a marble test. */
const still = (options: CircuitBreakerOptions = {}): CircuitBreakerOptions => ({
  ...options,
  scheduler: new VirtualTimeScheduler(),
});

const refused = (retryAt: number, state: 'open' | 'half-open' = 'open'): CircuitOpenError =>
  new CircuitOpenError({ granted: false, state, retryAt });

afterEach(() => {
  config.onUnhandledError = null;
});

describe('circuitBreaker', () => {
  it('passes values and completion on, which is a success', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const breaker = breakerOf();
      const source = cold('-a-b--|');
      expectObservable(source.pipe(circuitBreaker(breaker))).toBe('-a-b--|');
      expectSubscriptions(source.subscriptions).toBe('^-----!');
      flush();
      expect(breaker.stats).toMatchObject({ calls: 1, failures: 0, latency: 6 });
    });
  });

  it('passes an error on, which is a failure whatever came before it', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const breaker = breakerOf();
      const source = cold('-a-b--#');
      expectObservable(source.pipe(circuitBreaker(breaker))).toBe('-a-b--#');
      expectSubscriptions(source.subscriptions).toBe('^-----!');
      flush();
      expect(breaker.stats).toMatchObject({ calls: 1, failures: 1, consecutiveFailures: 1 });
    });
  });

  it('unsubscribes from the source, which says nothing', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const breaker = breakerOf();
      const source = cold('-a-b--#');
      expectObservable(source.pipe(circuitBreaker(breaker)), '^---!').toBe('-a-b-');
      expectSubscriptions(source.subscriptions).toBe('^---!');
      flush();
      expect(breaker.stats).toMatchObject({ calls: 0, successRate: 1 });
    });
  });

  it('subscribes to nothing while open, and says until when', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const breaker = breakerOf();
      const source = cold('--#');
      const output = source.pipe(circuitBreaker(breaker));
      expectObservable(output, '^').toBe('--#');
      expectObservable(output, '-^').toBe('---#');
      expectObservable(output, '----^').toBe('----#', undefined, refused(13));
      expectObservable(output, '12ms ^').toBe('12ms #', undefined, refused(13));
      expectSubscriptions(source.subscriptions).toBe(['^-!', '-^-!']);
    });
  });

  it('lets one through when the time is over, and others when that one has completed', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const breaker = opened();
      const source = cold('---|');
      const output = source.pipe(circuitBreaker(breaker));
      expectObservable(output, '10ms ^').toBe('10ms ---|');
      expectObservable(output, '12ms ^').toBe('12ms #', undefined, refused(30, 'half-open'));
      expectObservable(output, '14ms ^').toBe('14ms ---|');
      expectObservable(output, '15ms ^').toBe('15ms ---|');
      expectSubscriptions(source.subscriptions).toBe(['10ms ^--!', '14ms ^--!', '15ms ^--!']);
      expectObservable(breaker.state$, '^').toBe('o 9ms h--c', { o: 'open', h: 'half-open', c: 'closed' });
    });
  });

  it('opens again, for longer, when the probe fails', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const breaker = opened();
      const source = cold('--#');
      const output = source.pipe(circuitBreaker(breaker));
      expectObservable(output, '10ms ^').toBe('10ms --#');
      expectObservable(output, '31ms ^').toBe('31ms #', undefined, refused(32));
      expectObservable(output, '32ms ^').toBe('32ms --#');
      expectSubscriptions(source.subscriptions).toBe(['10ms ^-!', '32ms ^-!']);
    });
  });

  it('lets another through when a probe is unsubscribed from', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const breaker = opened();
      const source = cold('---|');
      const output = source.pipe(circuitBreaker(breaker));
      expectObservable(output, '10ms ^-!').toBe('');
      expectObservable(output, '13ms ^').toBe('13ms ---|');
      expectSubscriptions(source.subscriptions).toBe(['10ms ^-!', '13ms ^--!']);
    });
  });

  it('opens again when a probe hangs, and its end changes nothing', () => {
    marbles(({ cold, expectObservable }) => {
      const breaker = opened();
      const source = cold('25ms |');
      const output = source.pipe(circuitBreaker(breaker));
      expectObservable(output, '10ms ^').toBe('35ms |');
      expectObservable(output, '36ms ^').toBe('36ms #', undefined, refused(50));
      expectObservable(breaker.state$, '^ 40ms !').toBe('o 9ms h 19ms o', { o: 'open', h: 'half-open' });
    });
  });

  describe('with classify', () => {
    it('counts by what a value says, once, and passes everything on', () => {
      marbles(({ cold, expectObservable, flush }) => {
        const breaker = breakerOf();
        const asked: string[] = [];
        const source = cold('-a-s-a-#');
        const output = source.pipe(
          circuitBreaker(breaker, {
            classify: (notification) => {
              asked.push(notification.kind === 'N' ? notification.value : notification.kind);
              return notification.kind === 'N' && notification.value === 's' ? 'success' : undefined;
            },
          }),
        );
        expectObservable(output).toBe('-a-s-a-#');
        flush();
        expect(asked).toEqual(['a', 's']);
        expect(breaker.stats).toMatchObject({ calls: 1, failures: 0, latency: 3 });
      });
    });

    it('may call a value a failure, an error nothing, and completion a failure', () => {
      const breaker = breakerOf(still({ consecutiveFailures: 9 }));
      const run = (source: Observable<number>): void => {
        source
          .pipe(
            circuitBreaker(breaker, {
              classify: ({ kind }) => (kind === 'E' ? 'ignore' : 'failure'),
            }),
          )
          .subscribe({ error: () => undefined });
      };
      run(of(1));
      expect(breaker.stats).toMatchObject({ calls: 1, failures: 1 });
      run(EMPTY);
      expect(breaker.stats).toMatchObject({ calls: 2, failures: 2 });
      run(throwError(() => 'aborted'));
      expect(breaker.stats).toMatchObject({ calls: 2, failures: 2 });
    });

    it('takes a push back, as for rate-limited', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const breaker = breakerOf();
        const source = cold('-r', { r: 'rate-limited: slow down' });
        const output = source.pipe(
          circuitBreaker(breaker, {
            classify: (notification) =>
              notification.kind === 'N' && parseReason(notification.value).prefix === 'rate-limited'
                ? { pushBack: 50 }
                : undefined,
          }),
        );
        expectObservable(output, '^-!').toBe('-r', { r: 'rate-limited: slow down' });
        expectObservable(output, '50ms ^').toBe('50ms #', undefined, refused(51));
        expectObservable(output, '51ms ^-!').toBe('52ms r', { r: 'rate-limited: slow down' });
        expectSubscriptions(source.subscriptions).toBe(['^-!', '51ms ^-!']);
      });
    });

    it('goes by the defaults when it throws', () => {
      const unhandled: unknown[] = [];
      config.onUnhandledError = (error) => unhandled.push(error);
      const breaker = breakerOf(still());
      const classify = (): never => {
        throw new Error('classify');
      };
      const seen: unknown[] = [];
      of(1)
        .pipe(circuitBreaker(breaker, { classify }))
        .subscribe((value) => seen.push(value));
      expect(seen).toEqual([1]);
      expect(breaker.stats).toMatchObject({ calls: 1, failures: 0 });
      expect(unhandled).toEqual([new Error('classify'), new Error('classify')]);
    });

    it('may unsubscribe: then the call says nothing', () => {
      const breaker = breakerOf(still());
      const source = new Subject<number>();
      const subscription = source
        .pipe(
          circuitBreaker(breaker, {
            classify: () => {
              subscription.unsubscribe();
              return 'failure';
            },
          }),
        )
        .subscribe();
      source.next(1);
      expect(breaker.stats).toMatchObject({ calls: 0 });
      expect(source.observed).toBe(false);
    });
  });

  it('does not blame its own source for another breaker that is open', () => {
    const [inner, outer] = [opened(still()), breakerOf(still())];
    const errors: unknown[] = [];
    of(1)
      .pipe(circuitBreaker(inner), circuitBreaker(outer))
      .subscribe({ error: (error) => errors.push(error) });
    expect(errors).toEqual([expect.any(CircuitOpenError)]);
    expect(outer.stats).toMatchObject({ calls: 0 });
  });

  it('counts before the notification is passed on', () => {
    const breaker = breakerOf(still({ consecutiveFailures: 1 }));
    const seen: unknown[] = [];
    let subscribed = 0;
    const source = defer(() => {
      subscribed++;
      return throwError(() => 'lost');
    });
    source
      .pipe(circuitBreaker(breaker), tap({ error: () => seen.push(breaker.state) }), retry(3))
      .subscribe({ error: (error) => seen.push(error) });
    expect(subscribed).toBe(1);
    expect(seen).toEqual(['open', 'open', 'open', 'open', expect.any(CircuitOpenError)]);
  });

  it('asks again with each subscription, so that a retry can wait for its turn', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const breaker = breakerOf();
      const source = cold('-#');
      const output = source.pipe(
        circuitBreaker(breaker),
        retry({ delay: (error) => timer(error instanceof CircuitOpenError ? new Date(error.retryAt) : 0) }),
      );
      expectObservable(output, '^ 40ms !').toBe('');
      // Two failures open for 10 ms; a failed probe for 20 more.
      expectSubscriptions(source.subscriptions).toBe(['^!', '-^!', '12ms ^!', '33ms ^!']);
    });
  });

  describe('with what is synchronous', () => {
    it('lets go of an endless source', () => {
      const { source, made } = endless();
      const breaker = breakerOf(still());
      const seen: number[][] = [];
      source.pipe(circuitBreaker(breaker), take(3), toArray()).subscribe((all) => seen.push(all));
      expect(seen).toEqual([[0, 1, 2]]);
      expect(made()).toBe(3);
      expect(breaker.stats).toMatchObject({ calls: 0 });
    });

    it('counts a source that completes at once', () => {
      const breaker = breakerOf(still());
      range(0, 3).pipe(circuitBreaker(breaker)).subscribe();
      expect(breaker.stats).toMatchObject({ calls: 1, failures: 0, latency: 0 });
    });

    it('closes by a probe that completes at once', () => {
      marbles(({ cold, expectObservable }) => {
        const breaker = opened();
        expectObservable(of('a').pipe(circuitBreaker(breaker)), '10ms ^').toBe('10ms (a|)');
        expectObservable(cold('-').pipe(circuitBreaker(breaker)), '11ms ^--!').toBe('');
        expectObservable(breaker.state$, '^').toBe('o 9ms (hc)', { o: 'open', h: 'half-open', c: 'closed' });
      });
    });
  });

  describe('is not confused by re-entrancy:', () => {
    it('a call from within the subscription of a probe is refused', () => {
      marbles(({ cold, expectObservable }) => {
        const breaker = opened();
        const nested = defer(() => cold('a').pipe(circuitBreaker(breaker)));
        // The probe asks the same breaker before it emits anything.
        const probe = nested.pipe(ignoreElements(), circuitBreaker(breaker));
        expectObservable(probe, '10ms ^').toBe('10ms #', undefined, refused(30, 'half-open'));
      });
    });

    it('a call from a watcher of the state is counted among the probes', () => {
      marbles(({ expectObservable }) => {
        const breaker = opened();
        const subscribed: string[] = [];
        const call = (name: string): Observable<never> =>
          defer(() => {
            subscribed.push(name);
            return NEVER;
          }).pipe(circuitBreaker(breaker));
        breaker.state$.subscribe((state) => {
          if (state === 'half-open') call('by the watcher').subscribe({ error: () => undefined });
        });
        expectObservable(call('first'), '10ms ^--!').toBe('');
        expectObservable(timer(11).pipe(tap(() => expect(subscribed).toEqual(['first'])))).toBe('11ms (0|)', { 0: 0 });
      });
    });

    it('a watcher that unsubscribes the call for which it was told: the source is not subscribed to', () => {
      marbles(({ expectObservable }) => {
        const breaker = opened();
        let subscribed = 0;
        const leave = new Subject<void>();
        breaker.state$.subscribe((state) => {
          if (state === 'half-open') leave.next();
        });
        const source = defer(() => {
          subscribed++;
          return NEVER;
        });
        const check = timer(11).pipe(
          tap(() => {
            expect(subscribed).toBe(0);
            expect(breaker.stats).toMatchObject({ state: 'half-open', probes: 0 });
          }),
        );
        const output = new Observable((subscriber) => {
          leave.subscribe(() => subscriber.unsubscribe());
          source.pipe(circuitBreaker(breaker)).subscribe(subscriber);
        });
        expectObservable(output, '10ms ^').toBe('');
        expectObservable(check).toBe('11ms (0|)', { 0: 0 });
      });
    });

    it('a subscriber that unsubscribes from within next', () => {
      const breaker = breakerOf(still());
      const source = new Subject<number>();
      const subscription = source.pipe(circuitBreaker(breaker)).subscribe(() => subscription.unsubscribe());
      source.next(1);
      expect(source.observed).toBe(false);
      expect(breaker.stats).toMatchObject({ calls: 0 });
    });
  });

  it('guards two sources, and two subscriptions of one, by one breaker', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const operator = circuitBreaker<string>(breakerOf());
      const [one, two] = [cold('-#'), cold('--#')];
      expectObservable(one.pipe(operator)).toBe('-#');
      expectObservable(two.pipe(operator)).toBe('--#');
      expectObservable(one.pipe(operator), '---^').toBe('---#', undefined, refused(12));
      expectSubscriptions(one.subscriptions).toBe('^!');
      expectSubscriptions(two.subscriptions).toBe('^-!');
    });
  });

  it('keeps one breaker from feeling another', () => {
    const [broken, sound] = [opened(still()), breakerOf(still())];
    const seen: unknown[] = [];
    merge(of('a').pipe(circuitBreaker(sound)), concat(of('b'), NEVER).pipe(circuitBreaker(broken))).subscribe({
      next: (value) => seen.push(value),
      error: (error) => seen.push(error),
    });
    expect(seen).toEqual(['a', expect.any(CircuitOpenError)]);
  });

  it('does not count while frozen', () => {
    const breaker = breakerOf(still());
    breaker.freeze();
    for (let call = 0; call < 5; call++) {
      throwError(() => 'offline')
        .pipe(circuitBreaker(breaker))
        .subscribe({ error: () => undefined });
    }
    expect(breaker.stats).toMatchObject({ state: 'closed', calls: 0, isFrozen: true });
  });
});

describe('CircuitOpenError', () => {
  it('says what it is', () => {
    const error = refused(1_234, 'half-open');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'CircuitOpenError', code: 'circuit-open', state: 'half-open', retryAt: 1_234 });
    expect(error.message).toContain('half-open');
  });
});
