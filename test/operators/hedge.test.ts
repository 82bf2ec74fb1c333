import {
  defer,
  EMPTY,
  finalize,
  NEVER,
  type Observable,
  of,
  range,
  Subject,
  take,
  throwError,
  VirtualTimeScheduler,
} from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { hedge } from '../../src/operators/hedge.ts';
import { HedgePolicy, type HedgePolicyOptions } from '../../src/policies/hedge-policy.ts';
import { marbles } from '../support/marbles.ts';

/** Hedges after `delay` ms. */
function policyOf(delay: number, options: HedgePolicyOptions = {}): HedgePolicy {
  const policy = new HedgePolicy({ minimumDelay: 0, minimumCount: 1, percentile: 50, ...options });
  policy.record(delay, 0);
  return policy;
}
/** Remembers what is recorded from now on. */
function recorded(policy: HedgePolicy): readonly number[] {
  const readings: number[] = [];
  vi.spyOn(policy, 'record').mockImplementation((ms) => void readings.push(ms));
  return readings;
}
const open = (scheduler: VirtualTimeScheduler): unknown[] => scheduler.actions.filter(({ closed }) => !closed);

describe('hedge', () => {
  it('leaves what answers in time alone', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const [source, backup] = [cold('--a--b|'), cold('x|')];
      const policy = policyOf(3);
      const readings = recorded(policy);
      expectObservable(source.pipe(hedge(policy, () => backup))).toBe('--a--b|');
      expectSubscriptions(source.subscriptions).toBe('^-----!');
      expectSubscriptions(backup.subscriptions).toBe([]);
      flush();
      expect([policy.stats, readings]).toEqual([{ calls: 1, hedges: 0, wins: 0 }, [2]]);
    });
  });

  it('asks the backup after the delay, and takes its answer if that is the first', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const [source, backup] = [cold('---------a|'), cold('--x-y|')];
      const policy = policyOf(3);
      const readings = recorded(policy);
      expectObservable(source.pipe(hedge(policy, () => backup))).toBe('-----x-y|');
      expectSubscriptions(source.subscriptions).toBe('^----!');
      expectSubscriptions(backup.subscriptions).toBe('---^----!');
      flush();
      // The source took at least so long.
      expect([policy.stats, readings]).toEqual([{ calls: 1, hedges: 1, wins: 1 }, [5]]);
    });
  });

  it('takes the answer of the source if that comes first after all', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const [source, backup] = [cold('----a-b|'), cold('--x-y|')];
      const policy = policyOf(3);
      const readings = recorded(policy);
      expectObservable(source.pipe(hedge(policy, () => backup))).toBe('----a-b|');
      expectSubscriptions(source.subscriptions).toBe('^------!');
      expectSubscriptions(backup.subscriptions).toBe('---^!');
      flush();
      expect([policy.stats, readings]).toEqual([{ calls: 1, hedges: 1, wins: 0 }, [4]]);
    });
  });

  it('takes a completion for an answer, of either', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const [early, late, never] = [cold('--|'), cold('-----|'), cold('------')];
      const [unneeded, slow, quick] = [cold('x|'), cold('---x|'), cold('-|')];
      const policy = policyOf(3);
      const readings = recorded(policy);
      expectObservable(early.pipe(hedge(policy, () => unneeded))).toBe('--|');
      expectObservable(late.pipe(hedge(policy, () => slow))).toBe('-----|');
      expectObservable(never.pipe(hedge(policy, () => quick))).toBe('----|');
      expectSubscriptions(slow.subscriptions).toBe('---^-!');
      expectSubscriptions(never.subscriptions).toBe('^---!');
      flush();
      expect([policy.stats, readings]).toEqual([{ calls: 3, hedges: 2, wins: 1 }, [2, 4, 5]]);
    });
  });

  it('does not hedge while the policy knows too little, or has no budget', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const [source, backup] = [cold('------a|'), cold('x|')];
      expectObservable(source.pipe(hedge(new HedgePolicy(), () => backup))).toBe('------a|');
      const poor = policyOf(3, { budget: 0, burst: 1 });
      poor.tryHedge();
      const readings = recorded(poor);
      expectObservable(source.pipe(hedge(poor, () => backup))).toBe('------a|');
      expectSubscriptions(backup.subscriptions).toBe([]);
      flush();
      expect([poor.stats, readings]).toEqual([{ calls: 1, hedges: 1, wins: 0 }, [6]]);
    });
  });

  describe('is no retry:', () => {
    it('an error of the source without a backup under way is passed on', () => {
      marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
        const [early, late, backup] = [cold('--#'), cold('-----#'), cold('x|')];
        const [policy, poor] = [policyOf(3), policyOf(3, { budget: 0, burst: 1 })];
        poor.tryHedge();
        const readings = [recorded(policy), recorded(poor)];
        expectObservable(early.pipe(hedge(policy, () => backup))).toBe('--#');
        expectObservable(late.pipe(hedge(poor, () => backup))).toBe('-----#');
        expectSubscriptions(backup.subscriptions).toBe([]);
        flush();
        expect(readings).toEqual([[], []]);
      });
    });

    it('an error of the source is held back while the backup is under way, and dropped when that answers', () => {
      marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
        const [source, backup] = [cold('----#'), cold('---x|')];
        const policy = policyOf(3);
        const readings = recorded(policy);
        expectObservable(source.pipe(hedge(policy, () => backup))).toBe('------x|');
        expectSubscriptions(backup.subscriptions).toBe('---^---!');
        flush();
        expect([policy.stats.wins, readings]).toEqual([1, []]);
      });
    });

    it('an error of the backup is held back while the source is under way, and dropped when that answers', () => {
      marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
        const [source, backup] = [cold('------a|'), cold('-#')];
        const policy = policyOf(3);
        const readings = recorded(policy);
        expectObservable(source.pipe(hedge(policy, () => backup))).toBe('------a|');
        expectSubscriptions(backup.subscriptions).toBe('---^!');
        flush();
        expect([policy.stats.wins, readings]).toEqual([0, [6]]);
      });
    });

    it('when both fail the error is that of the first to fail', () => {
      marbles(({ cold, expectObservable }) => {
        const source = (): Observable<string> => cold('-----#', undefined, 'source');
        expectObservable(source().pipe(hedge(policyOf(3), () => cold('---#', undefined, 'backup')))).toBe('------#', undefined, 'source'); // prettier-ignore
        expectObservable(source().pipe(hedge(policyOf(3), () => cold('-#', undefined, 'backup')))).toBe('-----#', undefined, 'backup'); // prettier-ignore
      });
    });

    it('an error after the answer is that of the winner', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const [source, backup] = [cold('----a-#'), cold('--x')];
        expectObservable(source.pipe(hedge(policyOf(3), () => backup))).toBe('----a-#');
        expectSubscriptions(backup.subscriptions).toBe('---^!');
        expectObservable(cold('---------a').pipe(hedge(policyOf(3), () => cold('-x#')))).toBe('----x#');
      });
    });

    it('what backup() throws is an error of the backup', () => {
      marbles(({ cold, expectObservable }) => {
        const backup = (): never => {
          throw 'no backup'; // eslint-disable-line @typescript-eslint/only-throw-error
        };
        expectObservable(cold('-----a|').pipe(hedge(policyOf(3), backup))).toBe('-----a|');
        expectObservable(cold('-----#').pipe(hedge(policyOf(3), backup))).toBe('-----#', undefined, 'no backup');
      });
    });
  });

  it('unsubscribes from both', () => {
    marbles(({ cold, expectObservable, expectSubscriptions, flush }) => {
      const [source, backup] = [cold('---------a'), cold('--------x')];
      const policy = policyOf(3);
      const readings = recorded(policy);
      expectObservable(source.pipe(hedge(policy, () => backup)), '^-----!').toBe('-------');
      expectObservable(source.pipe(hedge(policy, () => backup)), '^-!').toBe('---');
      expectSubscriptions(source.subscriptions).toBe(['^-----!', '^-!']);
      expectSubscriptions(backup.subscriptions).toBe('---^--!');
      flush();
      // Given up after the delay: it took at least so long. Before: that says nothing.
      expect([policy.stats.hedges, readings]).toEqual([1, [6]]);
    });
  });

  it('serves each subscription by itself, of several sources', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const backup = cold('-x|');
      const operator = hedge(policyOf(3), () => backup);
      const [slow, fast] = [cold('---------a|'), cold('-b|')];
      expectObservable(slow.pipe(operator)).toBe('       ----x|');
      expectObservable(slow.pipe(operator), '--^').toBe('------x|');
      expectObservable(fast.pipe(operator), '---^').toBe('----b|');
      expectSubscriptions(slow.subscriptions).toBe(['^---!', '--^---!']);
      expectSubscriptions(backup.subscriptions).toBe(['---^-!', '-----^-!']);
    });
  });

  describe('with answered', () => {
    const answered = (value: string): boolean => value === value.toUpperCase();

    it('passes on the values of both before the answer, and of the winner alone after it', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const [source, backup] = [cold('-a---b-c--D|'), cold('-x-Y-z|')];
        expectObservable(source.pipe(hedge(policyOf(3), () => backup, { answered }))).toBe('-a--xbY-z|');
        expectSubscriptions(source.subscriptions).toBe('^-----!');
        expectSubscriptions(backup.subscriptions).toBe('---^-----!');
      });
    });

    it('errors with what it throws where the source was asked about, and nothing else is under way', () => {
      marbles(({ cold, expectObservable, expectSubscriptions }) => {
        const wrong = (): never => {
          throw 'wrong'; // eslint-disable-line @typescript-eslint/only-throw-error
        };
        const source = cold('-a-b|');
        expectObservable(source.pipe(hedge<string>(policyOf(3), () => NEVER, { answered: wrong }))).toBe('-#', undefined, 'wrong'); // prettier-ignore
        expectSubscriptions(source.subscriptions).toBe('^!');
      });
    });

    it('asks until it hears yes', () => {
      const asked: string[] = [];
      const source = new Subject<string>();
      const scheduler = new VirtualTimeScheduler();
      source
        .pipe(hedge<string>(policyOf(3), () => NEVER, { answered: (value) => asked.push(value) > 1, scheduler }))
        .subscribe();
      for (const value of ['a', 'b', 'c']) source.next(value);
      expect(asked).toEqual(['a', 'b']);
      expect(open(scheduler)).toEqual([]);
    });
  });

  it('has the loser torn down before the answer is passed on', () => {
    const scheduler = new VirtualTimeScheduler();
    const log: string[] = [];
    const watched = <T>(name: string, source: Observable<T>): Observable<T> =>
      defer(() => {
        log.push(`${name} open`);
        return source.pipe(finalize(() => log.push(`${name} closed`)));
      });
    const late = new Subject<string>();
    watched('source', NEVER)
      .pipe(hedge(policyOf(3), () => watched('backup', late), { scheduler }))
      .subscribe((value) => log.push(value));
    scheduler.flush();
    late.next('answer');
    late.complete();
    expect(log).toEqual(['source open', 'backup open', 'source closed', 'answer', 'backup closed']);
  });

  it('takes synchronous sources and backups, ended, failed and endless, and leaves no timer', () => {
    const scheduler = new VirtualTimeScheduler();
    const seen: unknown[] = [];
    const observer = {
      next: (value: unknown) => seen.push(value),
      error: (error: unknown) => seen.push(error),
      complete: () => seen.push('|'),
    };
    const to = <T>(source: Observable<T>, backup: Observable<T> = NEVER): Observable<T> =>
      source.pipe(hedge(policyOf(3), () => backup, { scheduler }));
    to(of(1, 2)).subscribe(observer);
    to(EMPTY).subscribe(observer);
    to(throwError(() => 'no')).subscribe(observer);
    to(range(3, Infinity)).pipe(take(1)).subscribe(observer);
    expect(seen.splice(0)).toEqual([1, 2, '|', '|', 'no', 3, '|']);
    expect(open(scheduler)).toEqual([]);
    to<unknown>(NEVER, of(4)).subscribe(observer);
    to<unknown>(NEVER, range(5, Infinity)).pipe(take(1)).subscribe(observer);
    to<unknown>(NEVER, throwError(() => 'held back')).subscribe(observer); // prettier-ignore
    scheduler.flush();
    expect(seen).toEqual([4, '|', 5, '|']);
  });

  it('does not look for the delay where the answer is there at once', () => {
    const policy = policyOf(3);
    const delay = vi.spyOn(policy, 'delay');
    of(1)
      .pipe(hedge(policy, () => NEVER as Observable<number>))
      .subscribe();
    expect(delay).not.toHaveBeenCalled();
  });

  it.each<[string, (source: Subject<number>) => void]>([
    ['an answer', (source) => source.next(1)],
    ['a completion', (source) => source.complete()],
    ['an error', (source) => source.error('over')],
  ])('leaves no timer behind after %s', (_, end) => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    source.pipe(hedge<number>(policyOf(3), () => NEVER, { scheduler })).subscribe({ error: () => undefined });
    expect(open(scheduler)).toHaveLength(1);
    end(source);
    expect(open(scheduler)).toEqual([]);
  });

  it('can be ended, and subscribed to again, from its own values', () => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    const policy = policyOf(3);
    const hedged = source.pipe(hedge<number>(policy, () => NEVER, { scheduler }));
    const seen: number[] = [];
    const outer = hedged.subscribe((value) => {
      outer.unsubscribe();
      hedged.subscribe((inner) => seen.push(value, inner));
    });
    source.next(1);
    source.next(2);
    expect([seen, policy.stats.calls]).toEqual([[1, 2], 2]);
    expect(open(scheduler)).toEqual([]);
  });

  it('makes no more hedges than the budget allows', () => {
    const scheduler = new VirtualTimeScheduler();
    const policy = policyOf(3, { burst: 2, budget: 0.1 });
    for (let n = 0; n < 30; n++) NEVER.pipe(hedge(policy, () => NEVER, { scheduler })).subscribe();
    scheduler.flush();
    // All thirty began before the first hedge, and no more than two are saved up.
    expect(policy.stats).toEqual({ calls: 30, hedges: 2, wins: 0 });
  });
});
