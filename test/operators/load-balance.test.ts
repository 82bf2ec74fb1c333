import { NEVER, of, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { loadBalance } from '../../src/operators/load-balance.ts';
import type { Balanced, BalanceCall, BalanceStrategy } from '../../src/policies/balance.ts';
import { OutlierEjection } from '../../src/policies/outlier-ejection.ts';
import { powerOfTwoChoices } from '../../src/policies/power-of-two-choices.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { aCandidate, keysOf } from '../support/balanced.ts';
import { marbles } from '../support/marbles.ts';

/** The dearest first, and keeps what it was told of the calls. */
function dearestFirst(): BalanceStrategy & { readonly calls: BalanceCall[] } {
  const calls: BalanceCall[] = [];
  return {
    calls,
    rank: (candidates, call) => {
      calls.push(call);
      return [...candidates].sort((a, b) => (b.cost ?? 0) - (a.cost ?? 0));
    },
  };
}

const [cheap, dear, down] = [
  aCandidate('cheap', { cost: 1 }),
  aCandidate('dear', { cost: 9 }),
  aCandidate('down', { cost: 20, isReady: false }),
];

describe('loadBalance', () => {
  it('ranks each list, of those that are ready', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<readonly Balanced[]>('a--b-(c|)', { a: [cheap, dear, down], b: [cheap], c: [] });
      const expected = { a: [dear, cheap], b: [cheap], c: [] };
      expectObservable(source.pipe(loadBalance(dearestFirst()))).toBe('a--b-(c|)', expected);
      expectSubscriptions(source.subscriptions).toBe('^----!');
    });
  });

  it('ranks all in a panic', () => {
    marbles(({ cold, expectObservable }) => {
      const lists = { a: [cheap, { ...dear, isReady: false }, down] };
      const expected = { a: [down, { ...dear, isReady: false }, cheap] };
      expectObservable(cold('a|', lists).pipe(loadBalance(dearestFirst()))).toBe('a|', expected);
      expectObservable(cold('a|', lists).pipe(loadBalance(dearestFirst(), { panicThreshold: 1 / 3 }))).toBe('a|', {
        a: [cheap],
      });
      expectObservable(cold('a|', { a: [down] }).pipe(loadBalance(dearestFirst(), { panicThreshold: 0 }))).toBe('a|', {
        a: [],
      });
    });
  });

  it('passes an error on, and unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [failing, endless] = [cold('a-#', { a: [cheap] }), cold('a---', { a: [cheap] })];
      expectObservable(failing.pipe(loadBalance())).toBe('a-#', { a: [cheap] });
      expectObservable(endless.pipe(loadBalance()), '^--!').toBe('a---', { a: [cheap] });
      expectSubscriptions(failing.subscriptions).toBe('^-!');
      expectSubscriptions(endless.subscriptions).toBe('^--!');
    });
  });

  it('errors with what a strategy throws', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const rank = (): never => {
        throw 'no rank'; // eslint-disable-line @typescript-eslint/only-throw-error
      };
      const source = cold('-a-a', { a: [cheap] });
      expectObservable(source.pipe(loadBalance({ rank }))).toBe('-#', undefined, 'no rank');
      expectSubscriptions(source.subscriptions).toBe('^!');
    });
  });

  it('tells the strategy how urgent the call is, and hands it the source of chance', () => {
    const strategy = dearestFirst();
    const random = seededRandom(1);
    of([cheap])
      .pipe(loadBalance(strategy, { priority: 'critical', random }))
      .subscribe();
    of([cheap]).pipe(loadBalance(strategy)).subscribe();
    expect(strategy.calls[0]).toEqual({ priority: 'critical', random });
    expect(strategy.calls[1]?.priority).toBe('normal');
    expect(strategy.calls[1]?.random()).toBeLessThan(1);
  });

  it('asks the ejection by the clock of the scheduler', () => {
    const ejection = new OutlierEjection({ baseTime: 1_000 });
    for (const key of ['a', 'b']) for (let n = 0; n < 20; n++) ejection.observe(key, true, 0);
    for (let n = 0; n < 20; n++) ejection.observe('cheap', false, 0);
    let now = 999;
    const lists = new Subject<readonly Balanced[]>();
    const seen: (readonly string[])[] = [];
    const operator = loadBalance(dearestFirst(), { ejection, scheduler: { now: () => now } });
    lists.pipe(operator).subscribe((ranked) => seen.push(keysOf(ranked)));
    lists.next([cheap, dear]);
    now = 1_000;
    lists.next([cheap, dear]);
    expect(seen).toEqual([['dear'], ['dear', 'cheap']]);
  });

  it('uses weightedTop where nothing else is said: a bad one never comes first', () => {
    const good = ['a', 'b', 'c'].map((key) => aCandidate(key, { cost: 50 }));
    const bad = ['x', 'y', 'z'].map((key) => aCandidate(key, { cost: 5_000 }));
    const firsts = (operator: ReturnType<typeof loadBalance>): Set<string | undefined> => {
      const seen = new Set<string | undefined>();
      for (let n = 0; n < 300; n++) of([...bad, ...good]).pipe(operator).subscribe(([first]) => seen.add(first?.key)); // prettier-ignore
      return seen;
    };
    const random = seededRandom(3);
    expect(firsts(loadBalance(undefined, { random }))).toEqual(new Set(['a', 'b', 'c']));
    expect(firsts(loadBalance(powerOfTwoChoices(), { random })).size).toBeGreaterThan(3);
  });

  it('serves two sources, and takes a list from within a list', () => {
    const operator = loadBalance(dearestFirst());
    const [one, other] = [new Subject<readonly Balanced[]>(), new Subject<readonly Balanced[]>()];
    const seen: string[] = [];
    one.pipe(operator, take(1)).subscribe((ranked) => {
      seen.push(`one ${keysOf(ranked).join(' ')}`);
      other.next([dear]);
    });
    other.pipe(operator).subscribe((ranked) => seen.push(`other ${keysOf(ranked).join(' ')}`));
    one.next([cheap, dear]);
    expect(seen).toEqual(['one dear cheap', 'other dear']);
    expect([one.observed, other.observed]).toEqual([false, true]);
  });

  it('keeps the type of the candidates', () => {
    const seen: string[] = [];
    of([{ ...cheap, url: 'wss://cheap.example' }])
      .pipe(loadBalance())
      .subscribe(([first]) => seen.push(first?.url ?? ''));
    expect(seen).toEqual(['wss://cheap.example']);
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses a threshold of %s at once', (panicThreshold) => {
    expect(() => NEVER.pipe(loadBalance(undefined, { panicThreshold }))).toThrow(RangeError);
  });
});
