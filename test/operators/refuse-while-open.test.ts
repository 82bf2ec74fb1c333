import { asyncScheduler, of, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { CircuitOpenError } from '../../src/operators/circuit-breaker.ts';
import { CircuitBreaker, type CircuitBreakerOptions } from '../../src/operators/circuit-breaker-handle.ts';
import { refuseWhileOpen } from '../../src/operators/refuse-while-open.ts';
import { marbles } from '../support/marbles.ts';

const NUMBERS: CircuitBreakerOptions = { consecutiveFailures: 1, openTime: 10, halfOpenTime: 20, jitter: 0 };

function call(breaker: CircuitBreaker) {
  const permit = breaker.acquire();
  if (!permit.granted) throw new Error('It should be granted.');
  return permit;
}
const refusal = (state: 'open' | 'half-open', retryAt: number): CircuitOpenError =>
  new CircuitOpenError({ granted: false, state, retryAt });

describe('refuseWhileOpen', () => {
  it('passes everything on while the breaker is closed', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const breaker = new CircuitBreaker(NUMBERS);
      const [values, broken] = [cold('-a-b-|'), cold('-a-#')];
      expectObservable(values.pipe(refuseWhileOpen(breaker))).toBe('-a-b-|');
      expectSubscriptions(values.subscriptions).toBe('              ^----!');
      expectObservable(broken.pipe(refuseWhileOpen(breaker))).toBe('-a-#');
      expectSubscriptions(broken.subscriptions).toBe('              ^--!');
    });
  });

  it('lets go of the source on unsubscribe', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-|');
      const guarded = source.pipe(refuseWhileOpen(new CircuitBreaker(NUMBERS)));
      expectObservable(guarded, '^-!').toBe('-a-');
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('refuses while it is open, without subscribing; and lets the call through that may probe', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const breaker = new CircuitBreaker(NUMBERS);
      call(breaker).fail();
      const source = cold('a|');
      const guarded = source.pipe(refuseWhileOpen(breaker));
      expectObservable(guarded, '---^').toBe('---#', undefined, refusal('open', 10));
      expectObservable(guarded, '---------^').toBe('---------#', undefined, refusal('open', 10));
      expectObservable(guarded, '----------^').toBe('----------a|');
      expectSubscriptions(source.subscriptions).toBe('----------^!');
    });
  });

  it('refuses while all probes are under way, and takes no place itself', () => {
    marbles(({ expectObservable }) => {
      const breaker = new CircuitBreaker(NUMBERS);
      call(breaker).fail();
      asyncScheduler.schedule(() => {
        for (let i = 0; i < 3; i++) of('a').pipe(refuseWhileOpen(breaker)).subscribe();
        expect(breaker.stats.probes).toBe(0);
        call(breaker); // the one probe
      }, 11);
      expectObservable(of('a').pipe(refuseWhileOpen(breaker)), '------------^').toBe(
        '------------#',
        undefined,
        refusal('half-open', 31),
      );
    });
  });

  it('does not end what it let through when the breaker opens', () => {
    const breaker = new CircuitBreaker(NUMBERS);
    const source = new Subject<string>();
    const seen: string[] = [];
    const subscription = source.pipe(refuseWhileOpen(breaker)).subscribe((value) => seen.push(value));
    call(breaker).fail();
    source.next('a');
    expect(breaker.state).toBe('open');
    expect(seen).toEqual(['a']);
    subscription.unsubscribe();
    expect(source.observed).toBe(false);
  });

  it('asks anew for each subscription, and may be used on several sources', () => {
    const breaker = new CircuitBreaker(NUMBERS);
    const guard = refuseWhileOpen<number>(breaker);
    const [first, second] = [of(1, 2).pipe(guard), of(3).pipe(guard)];
    const seen: unknown[] = [];
    const listen = { next: (value: number) => seen.push(value), error: (error: unknown) => seen.push(error) };
    first.pipe(take(1)).subscribe(listen);
    second.subscribe(listen);
    call(breaker).fail();
    first.subscribe(listen);
    second.subscribe(listen);
    breaker.reset();
    second.subscribe(listen);
    expect(seen).toEqual([1, 3, expect.any(CircuitOpenError), expect.any(CircuitOpenError), 3]);
  });
});
