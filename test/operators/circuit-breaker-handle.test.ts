import { take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  type BreakerPermit,
  CircuitBreaker,
  type CircuitBreakerOptions,
} from '../../src/operators/circuit-breaker-handle.ts';
import type { CircuitState } from '../../src/policies/circuit-state.ts';
import { marbles } from '../support/marbles.ts';
import { TimeByHand } from '../support/time-by-hand.ts';

/** Opens with the first failure, for 10 ms, 20, 40 ...; half-open for 5 ms. */
const OPTIONS: CircuitBreakerOptions = { consecutiveFailures: 1, openTime: 10, halfOpenTime: 5, jitter: 0 };

function bench(options: CircuitBreakerOptions = {}) {
  const time = new TimeByHand();
  const breaker = new CircuitBreaker({ ...OPTIONS, scheduler: time, ...options });
  const permit = (): BreakerPermit => {
    const answer = breaker.acquire();
    if (!answer.granted) throw new Error(`refused until ${answer.retryAt}`);
    return answer;
  };
  return { time, breaker, permit };
}

describe('CircuitBreaker', () => {
  it('takes the time of a call from its scheduler', () => {
    const { time, breaker, permit } = bench();
    const call = permit();
    time.moveTo(7);
    call.succeed();
    expect(breaker.stats).toMatchObject({ calls: 1, latency: 7, successRate: 1 });
  });

  it('refuses until its time is over', () => {
    const { time, breaker, permit } = bench();
    permit().fail();
    expect(breaker.acquire()).toEqual({ granted: false, state: 'open', retryAt: 10 });
    time.moveTo(10);
    expect(permit().isProbe).toBe(true);
    expect(breaker.acquire()).toEqual({ granted: false, state: 'half-open', retryAt: 15 });
  });

  it('takes a push back, and what says nothing', () => {
    const { breaker, permit } = bench();
    permit().release();
    expect(breaker.stats).toMatchObject({ state: 'closed', calls: 0 });
    permit().pushBack(30);
    expect(breaker.stats).toMatchObject({ state: 'open', cause: 'push-back', retryAt: 30 });
  });

  it('freezes, thaws and resets', () => {
    const { breaker, permit } = bench();
    breaker.freeze();
    permit().fail();
    expect([breaker.isFrozen, breaker.state]).toEqual([true, 'closed']);
    breaker.thaw();
    permit().fail();
    expect([breaker.isFrozen, breaker.state]).toEqual([false, 'open']);
    breaker.reset();
    expect(breaker.state).toBe('closed');
    expect(permit().isProbe).toBe(false);
  });

  it('hands what it knows on to the next', () => {
    const { time, breaker, permit } = bench();
    permit().fail();
    const { memory } = breaker;
    expect(memory).toEqual({ openings: 1, openUntil: 10 });
    const next = new CircuitBreaker({ ...OPTIONS, scheduler: time, memory });
    expect(next.acquire()).toMatchObject({ granted: false, retryAt: 10 });
    const states: CircuitState[] = [];
    next.state$.subscribe((state) => states.push(state));
    expect(states).toEqual(['open']);
  });

  it('draws from the source of chance it is given, and takes one that throws for a half', () => {
    for (const [random, retryAt] of [
      [() => 0.2, 8],
      [
        () => {
          throw new Error('no luck');
        },
        5,
      ],
    ] as const) {
      const { breaker, permit } = bench({ random, jitter: 1 });
      permit().fail();
      expect(breaker.stats.retryAt).toBe(retryAt);
    }
  });

  it('says what a call would be told, and counts nothing by that', () => {
    const { time, breaker, permit } = bench();
    expect(breaker.refusal).toBeUndefined();
    permit().fail();
    const { refusal } = breaker;
    expect(refusal).toMatchObject({ granted: false, state: 'open' });
    expect(refusal?.retryAt).toBe(breaker.stats.retryAt);
    expect(breaker.stats.refused).toBe(0);
    expect(breaker.acquire()).toEqual(refusal);
    time.moveTo(refusal?.retryAt ?? NaN);
    // Its time is over, though it becomes half-open with the call alone.
    expect([breaker.refusal, breaker.state]).toEqual([undefined, 'open']);
    permit();
    expect(breaker.refusal).toMatchObject({ state: 'half-open' });
  });

  it('refuses a wrong number', () => {
    expect(() => new CircuitBreaker({ probes: 0 })).toThrow("'probes'");
  });

  it('takes its clock and its draws from the platform by default', () => {
    const before = Date.now();
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, openTime: 1_000 });
    const answer = breaker.acquire();
    if (answer.granted) answer.fail();
    const { retryAt = 0 } = breaker.stats;
    expect(retryAt).toBeGreaterThanOrEqual(before + 500);
    expect(retryAt).toBeLessThanOrEqual(Date.now() + 1_000);
  });

  describe('state$', () => {
    it('says the current state first, then each other one', () => {
      const { time, breaker, permit } = bench();
      const states: string[] = [];
      breaker.state$.subscribe((state) => states.push(`${state} at ${time.now()}`));
      permit().succeed();
      permit().fail();
      time.moveTo(10);
      permit().succeed();
      expect(states).toEqual(['closed at 0', 'open at 0', 'half-open at 10', 'closed at 10']);
      const late: string[] = [];
      breaker.state$.subscribe((state) => late.push(state));
      expect(late).toEqual(['closed']);
    });

    it('says that a half-open time is over, though nobody asks', () => {
      marbles(({ cold, expectObservable }) => {
        const breaker = new CircuitBreaker(OPTIONS);
        const values = { c: 'closed', o: 'open', h: 'half-open' } as const;
        cold('--a---------b-------c').subscribe(() => {
          const answer = breaker.acquire();
          if (answer.granted && !answer.isProbe) answer.fail(); // a probe hangs
        });
        expectObservable(breaker.state$, '^-------------------!').toBe('c-o---------h----o---', values);
      });
    });

    it('has a timer while it is watched and half-open, and else none', () => {
      const { time, breaker, permit } = bench();
      const [one, two] = [breaker.state$.subscribe(), breaker.state$.subscribe()];
      expect(time.pending).toBe(0);
      permit().fail();
      time.moveTo(10);
      const probe = permit();
      expect(time.pending).toBe(2);
      two.unsubscribe();
      expect(time.pending).toBe(1);
      probe.succeed();
      expect(time.pending).toBe(0);
      permit().fail();
      time.moveTo(30);
      permit();
      expect(time.pending).toBe(1);
      one.unsubscribe();
      expect(time.pending).toBe(0);
      time.moveTo(35);
      expect(breaker.state).toBe('open'); // it ends all the same
    });

    it('waits for the new end when the half-open time begins anew, and does not wait while frozen', () => {
      const { time, breaker, permit } = bench();
      const states: string[] = [];
      breaker.state$.subscribe((state) => states.push(`${state} at ${time.now()}`));
      permit().fail();
      time.moveTo(10);
      permit();
      time.moveTo(12);
      breaker.freeze();
      expect(time.pending).toBe(0);
      time.moveTo(30);
      expect(breaker.state).toBe('half-open');
      breaker.thaw();
      permit();
      time.moveTo(34);
      expect(states.at(-1)).toBe('half-open at 10');
      time.moveTo(35);
      expect(states.at(-1)).toBe('open at 35');
    });

    it('is seen in the right order by all, whatever one of them does about it', () => {
      const { breaker, permit } = bench();
      const seen: CircuitState[][] = [[], [], []];
      breaker.state$.subscribe((state) => seen[0]?.push(state));
      breaker.state$.subscribe((state) => {
        seen[1]?.push(state);
        if (state === 'open') breaker.reset();
      });
      breaker.state$.subscribe((state) => seen[2]?.push(state));
      permit().fail();
      expect(breaker.state).toBe('closed');
      expect(seen[1]).toEqual(['closed', 'open', 'closed']);
      for (const states of seen) {
        expect(states.at(-1)).toBe('closed');
        expect(states.some((state, index) => state === states[index - 1])).toBe(false);
      }
    });

    it('may be left from within', () => {
      const { breaker, permit } = bench();
      const states: CircuitState[] = [];
      breaker.state$.pipe(take(2)).subscribe((state) => states.push(state));
      const other = breaker.state$.subscribe((state) => {
        states.push(state);
        if (state === 'open') last.unsubscribe();
      });
      const last = breaker.state$.subscribe((state) => states.push(state));
      permit().fail();
      breaker.reset();
      expect(states).toEqual(['closed', 'closed', 'closed', 'open', 'open', 'closed']);
      other.unsubscribe();
    });
  });
});
