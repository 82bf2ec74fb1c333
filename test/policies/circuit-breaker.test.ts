import { describe, expect, it } from 'vitest';
import { type CircuitPermit, CircuitBreakerPolicy } from '../../src/policies/circuit-breaker.ts';
import type { CircuitBreakerNumbers } from '../../src/policies/circuit-breaker-options.ts';
import type { CircuitMemory } from '../../src/policies/circuit-state.ts';

/** Opens with the second failure in a row, for 100 ms, 200, 400, 500, 500 ... */
const NUMBERS: CircuitBreakerNumbers = {
  window: 10_000,
  consecutiveFailures: 2,
  openTime: 100,
  maximumOpenTime: 500,
  halfOpenTime: 50,
  jitter: 0,
};
/** Where the clock stands at first: it is no steady clock that starts at 0. */
const T = 1_700_000_000_000;

const policyOf = (numbers: CircuitBreakerNumbers = {}, random = () => 0): CircuitBreakerPolicy =>
  new CircuitBreakerPolicy({ ...NUMBERS, ...numbers }, random);

function permit(policy: CircuitBreakerPolicy, now: number): CircuitPermit {
  const answer = policy.acquire(now);
  if (!answer.granted) throw new Error(`refused at ${now - T}: ${answer.state} until ${answer.retryAt - T}`);
  return answer;
}

/** A policy that opened at `now`. */
function opened(numbers: CircuitBreakerNumbers = {}, now = T): CircuitBreakerPolicy {
  const policy = policyOf(numbers);
  permit(policy, now).fail(now);
  permit(policy, now).fail(now);
  expect(policy.state(now)).toBe('open');
  return policy;
}

/** Lets it be probed as soon as it may, and fail; says how long it was refused. */
function failProbe(policy: CircuitBreakerPolicy, now: number): number {
  const refusal = policy.acquire(now);
  if (refusal.granted) throw new Error('it was not open');
  permit(policy, refusal.retryAt).fail(refusal.retryAt);
  return refusal.retryAt - now;
}

describe('CircuitBreakerPolicy', () => {
  describe('closed', () => {
    it('grants every call, and none is a probe', () => {
      const policy = policyOf();
      const permits = Array.from({ length: 100 }, () => permit(policy, T));
      expect(permits.every(({ isProbe }) => !isProbe)).toBe(true);
      expect(policy.state(T)).toBe('closed');
    });

    it('opens when its numbers say so, and says why', () => {
      expect(opened().stats(T)).toMatchObject({ state: 'open', cause: 'consecutive-failures', openings: 1 });
      const policy = policyOf({ minimumCalls: 2, slowCall: 10, slowRatio: 1, consecutiveFailures: 9 });
      for (const at of [T, T + 20]) permit(policy, at).succeed(at + 11);
      expect(policy.stats(T + 31)).toMatchObject({ state: 'open', cause: 'slow-calls', slowCalls: 2 });
    });

    it('does not count what says nothing', () => {
      const policy = policyOf({ consecutiveFailures: 1 });
      for (let call = 0; call < 20; call++) permit(policy, T).release(T + 60_000);
      expect(policy.stats(T)).toMatchObject({ state: 'closed', calls: 0, latency: undefined });
    });

    it('takes a permit once', () => {
      const policy = policyOf();
      const one = permit(policy, T);
      one.fail(T);
      one.fail(T);
      one.succeed(T);
      one.release(T);
      one.pushBack(50, T);
      expect(policy.stats(T)).toMatchObject({ state: 'closed', calls: 1, consecutiveFailures: 1 });
    });
  });

  describe('open', () => {
    it('grants no call until its time is over, and says when that is', () => {
      const policy = opened();
      for (const after of [0, 1, 99]) {
        expect(policy.acquire(T + after)).toEqual({ granted: false, state: 'open', retryAt: T + 100 });
      }
      expect(policy.stats(T + 99)).toMatchObject({ refused: 3, retryAt: T + 100 });
      expect(policy.stats(T + 100)).toMatchObject({ state: 'open', retryAt: undefined });
      expect(policy.acquire(T + 100)).toMatchObject({ granted: true, isProbe: true });
    });

    it('is not moved by calls that were made before', () => {
      const policy = policyOf();
      const [late, later, latest] = [permit(policy, T), permit(policy, T), permit(policy, T)];
      permit(policy, T).fail(T);
      permit(policy, T).fail(T);
      late.succeed(T + 10);
      later.fail(T + 10);
      latest.pushBack(400, T + 10);
      expect(policy.stats(T + 10)).toMatchObject({ state: 'open', openings: 1, calls: 2, retryAt: T + 100 });
    });

    it('stays so longer each time, up to the longest', () => {
      const policy = opened();
      let now = T;
      const times = Array.from({ length: 5 }, () => {
        const time = failProbe(policy, now);
        now += time;
        return time;
      });
      expect(times).toEqual([100, 200, 400, 500, 500]);
      expect(policy.stats(now)).toMatchObject({ openings: 6, cause: 'probe-failed' });
    });

    it('draws its time from a part of it', () => {
      const draws = [0, 0.5, 1, Number.NaN];
      const policy = policyOf({ jitter: 0.4, openFactor: 1 }, () => draws.shift() ?? 0);
      permit(policy, T).fail(T);
      permit(policy, T).fail(T);
      let now = T;
      for (const expected of [100, 80, 60, 100]) {
        expect(failProbe(policy, now)).toBeCloseTo(expected, 3);
        now += expected;
      }
    });

    it('is finite after any number of openings', () => {
      const policy = policyOf({ openFactor: 1e9, openTime: 1 });
      policy.restore({ openings: Number.MAX_SAFE_INTEGER }, T);
      permit(policy, T).fail(T);
      permit(policy, T).fail(T);
      expect(failProbe(policy, T)).toBe(500);
    });

    it('lasts as long as it should when the clock is set back', () => {
      const policy = opened();
      expect(policy.acquire(T - 3_600_000)).toEqual({ granted: false, state: 'open', retryAt: T - 3_600_000 + 100 });
      expect(policy.acquire(T - 3_600_000 + 99).granted).toBe(false);
      expect(policy.acquire(T - 3_600_000 + 100).granted).toBe(true);
    });
  });

  describe('half-open', () => {
    it('begins with the first call, not with time', () => {
      const policy = opened();
      expect(policy.state(T + 5_000)).toBe('open');
      permit(policy, T + 5_000);
      expect(policy.state(T + 5_000)).toBe('half-open');
      expect(policy.changesIn(T + 5_010)).toBe(40);
    });

    it.each([1, 2, 3])('grants exactly %d probes, and closes when all have succeeded', (probes) => {
      const policy = opened({ probes });
      const granted = Array.from({ length: probes }, () => permit(policy, T + 100));
      expect(policy.acquire(T + 110)).toEqual({ granted: false, state: 'half-open', retryAt: T + 150 });
      expect(policy.stats(T + 110)).toMatchObject({ probes, retryAt: T + 150 });
      for (const probe of granted) {
        expect(probe.isProbe).toBe(true);
        expect(policy.state(T + 120)).toBe('half-open');
        expect(policy.acquire(T + 120).granted).toBe(false); // a success gives no place back
        probe.succeed(T + 120);
      }
      expect(policy.state(T + 120)).toBe('closed');
    });

    it('opens again with the first that fails', () => {
      const policy = opened({ probes: 3 });
      const [one, two, three] = [permit(policy, T + 100), permit(policy, T + 100), permit(policy, T + 100)];
      one.succeed(T + 110);
      two.fail(T + 110);
      three.succeed(T + 110);
      expect(policy.stats(T + 110)).toMatchObject({ state: 'open', cause: 'probe-failed', retryAt: T + 310 });
    });

    it('gives the place of a probe that says nothing to another', () => {
      const policy = opened();
      permit(policy, T + 100).release(T + 110);
      expect(policy.stats(T + 110)).toMatchObject({ state: 'half-open', probes: 0, retryAt: undefined });
      const second = permit(policy, T + 120);
      expect(policy.acquire(T + 120).granted).toBe(false);
      second.succeed(T + 149);
      expect(policy.state(T + 149)).toBe('closed');
    });

    it('ends when a probe is under way for too long, and its result comes too late', () => {
      const policy = opened();
      const hung = permit(policy, T + 100);
      expect(policy.state(T + 149)).toBe('half-open');
      expect(policy.stats(T + 150)).toMatchObject({ state: 'open', cause: 'probe-timeout', retryAt: T + 350 });
      const next = permit(policy, T + 350);
      hung.succeed(T + 351);
      expect(policy.state(T + 351)).toBe('half-open');
      expect(policy.acquire(T + 351).granted).toBe(false); // nor did it free a place
      next.succeed(T + 352);
      expect(policy.state(T + 352)).toBe('closed');
    });

    it('ends at its time though nobody looked, and the open time counts from there', () => {
      const policy = opened();
      const hung = permit(policy, T + 100);
      hung.succeed(T + 200); // its time was over at 150, open until 350
      expect(policy.acquire(T + 349)).toEqual({ granted: false, state: 'open', retryAt: T + 350 });
      expect(policy.acquire(T + 350).granted).toBe(true);
    });

    it('ends though no probe is under way, and then may be probed at once', () => {
      const policy = opened({ probes: 2 });
      permit(policy, T + 100).release(T + 110);
      permit(policy, T + 110).succeed(T + 120);
      expect(policy.stats(T + 150)).toMatchObject({ state: 'open', openings: 1, retryAt: undefined });
      const [one, two] = [permit(policy, T + 151), permit(policy, T + 151)];
      one.succeed(T + 152);
      expect(policy.state(T + 152)).toBe('half-open'); // the success of the time before does not count
      two.succeed(T + 152);
      expect(policy.state(T + 152)).toBe('closed');
    });
  });

  describe('closed again', () => {
    const closedAgain = (numbers: CircuitBreakerNumbers = {}): CircuitBreakerPolicy => {
      const policy = opened(numbers);
      permit(policy, T + 100).succeed(T + 100);
      expect(policy.state(T + 100)).toBe('closed');
      return policy;
    };

    it('starts with empty statistics', () => {
      const policy = closedAgain();
      expect(policy.stats(T + 100)).toMatchObject({
        successRate: 1,
        latency: undefined,
        calls: 0,
        failures: 0,
        consecutiveFailures: 0,
        cause: undefined,
        retryAt: undefined,
      });
      permit(policy, T + 100).fail(T + 100);
      expect(policy.state(T + 100)).toBe('closed');
    });

    it('opens for longer when it fails again soon', () => {
      const policy = closedAgain({ window: 1_000 });
      for (const at of [T + 1_099, T + 1_099]) permit(policy, at).fail(at);
      expect(failProbe(policy, T + 1_099)).toBe(200);
    });

    it('opens for the first time again after a window', () => {
      const policy = closedAgain({ window: 1_000 });
      for (const at of [T + 1_100, T + 1_100]) permit(policy, at).fail(at);
      expect(failProbe(policy, T + 1_100)).toBe(100);
    });

    it('is not moved by calls from before', () => {
      const policy = policyOf();
      const [old1, old2] = [permit(policy, T), permit(policy, T)];
      permit(policy, T).fail(T);
      permit(policy, T).fail(T);
      permit(policy, T + 100).succeed(T + 100);
      old1.fail(T + 101);
      old2.fail(T + 101);
      expect(policy.stats(T + 101)).toMatchObject({ state: 'closed', calls: 0 });
    });
  });

  describe('pushed back', () => {
    it('opens for so long, which is no failure and makes it no longer', () => {
      const policy = policyOf();
      permit(policy, T).pushBack(300, T);
      expect(policy.stats(T)).toMatchObject({ state: 'open', cause: 'push-back', openings: 0, failures: 0 });
      expect(policy.acquire(T + 299)).toMatchObject({ granted: false, retryAt: T + 300 });
      permit(policy, T + 300).fail(T + 300);
      expect(failProbe(policy, T + 300)).toBe(100);
    });

    it('opens again from half-open', () => {
      const policy = opened();
      permit(policy, T + 100).pushBack(40, T + 110);
      expect(policy.stats(T + 110)).toMatchObject({ state: 'open', openings: 1, retryAt: T + 150 });
    });

    it('never opens for longer than the longest', () => {
      for (const ages of [501, 1e15, Infinity]) {
        const policy = policyOf();
        permit(policy, T).pushBack(ages, T);
        expect(policy.acquire(T)).toMatchObject({ retryAt: T + 500 });
      }
    });

    it.each([0, -5, Number.NaN])('for %d ms says nothing', (nonsense) => {
      const policy = policyOf();
      permit(policy, T).pushBack(nonsense, T);
      expect(policy.stats(T)).toMatchObject({ state: 'closed', calls: 0 });
      const half = opened();
      permit(half, T + 100).pushBack(nonsense, T + 100);
      expect(half.stats(T + 100)).toMatchObject({ state: 'half-open', probes: 0 });
    });
  });

  describe('frozen', () => {
    it('opens for nothing and counts nothing', () => {
      const policy = policyOf();
      permit(policy, T).fail(T);
      policy.freeze(T);
      for (let call = 0; call < 50; call++) permit(policy, T).fail(T);
      permit(policy, T).pushBack(100, T);
      permit(policy, T).succeed(T);
      expect(policy.stats(T)).toMatchObject({ state: 'closed', isFrozen: true, calls: 1, consecutiveFailures: 1 });
      policy.thaw(T);
      permit(policy, T).fail(T);
      expect(policy.stats(T)).toMatchObject({ state: 'open', isFrozen: false });
    });

    it('does not count calls that were under way when it began or ended', () => {
      const policy = policyOf({ consecutiveFailures: 1 });
      const before = permit(policy, T);
      policy.freeze(T);
      const meanwhile = permit(policy, T);
      before.fail(T);
      policy.thaw(T);
      meanwhile.fail(T);
      expect(policy.stats(T)).toMatchObject({ state: 'closed', calls: 0 });
    });

    it('does not count what was under way all through', () => {
      const policy = policyOf({ consecutiveFailures: 1 });
      const throughout = permit(policy, T);
      policy.freeze(T);
      policy.thaw(T + 10);
      throughout.fail(T + 20);
      expect(policy.stats(T + 20)).toMatchObject({ state: 'closed', calls: 0 });
    });

    it('still grants no call while open, and then probes that decide nothing', () => {
      const policy = opened();
      policy.freeze(T + 10);
      expect(policy.acquire(T + 99)).toEqual({ granted: false, state: 'open', retryAt: T + 100 });
      const probe = permit(policy, T + 100);
      expect(policy.acquire(T + 100).granted).toBe(false);
      probe.fail(T + 110);
      expect(policy.state(T + 110)).toBe('half-open');
      permit(policy, T + 110).succeed(T + 110);
      expect(policy.stats(T + 110)).toMatchObject({ state: 'half-open', openings: 1 });
    });

    it('does not open for a probe that hangs, and lets another go in the next half-open time', () => {
      const policy = opened();
      policy.freeze(T);
      permit(policy, T + 100);
      expect(policy.changesIn(T + 100)).toBeUndefined();
      expect(policy.acquire(T + 149).granted).toBe(false);
      expect(policy.state(T + 150)).toBe('half-open');
      expect(policy.acquire(T + 150).granted).toBe(true);
      expect(policy.acquire(T + 150).granted).toBe(false);
    });

    it('thawed while half-open may be probed at once, and has its time anew', () => {
      const policy = opened();
      const hung = permit(policy, T + 100);
      policy.freeze(T + 110);
      policy.thaw(T + 140);
      expect(policy.changesIn(T + 140)).toBe(50);
      const probe = permit(policy, T + 140);
      hung.fail(T + 145);
      expect(policy.state(T + 145)).toBe('half-open');
      probe.succeed(T + 189);
      expect(policy.state(T + 189)).toBe('closed');
    });

    it('twice is the same as once', () => {
      const policy = policyOf({ consecutiveFailures: 1 });
      policy.thaw(T);
      const before = permit(policy, T);
      policy.thaw(T);
      before.fail(T);
      expect(policy.state(T)).toBe('open');
      policy.freeze(T);
      policy.freeze(T);
      policy.thaw(T);
      expect(policy.isFrozen).toBe(false);
    });
  });

  it('is closed and knows nothing after a reset, and is not moved by calls from before', () => {
    const policy = opened();
    failProbe(policy, T);
    const refusal = policy.acquire(T + 100);
    if (refusal.granted) throw new Error('it was not open');
    const probe = permit(policy, refusal.retryAt);
    policy.reset(refusal.retryAt);
    probe.fail(refusal.retryAt);
    expect(policy.stats(refusal.retryAt)).toMatchObject({ state: 'closed', openings: 0, calls: 0, cause: undefined });
    expect(policy.acquire(refusal.retryAt)).toMatchObject({ granted: true, isProbe: false });
  });

  describe('remembered', () => {
    const revived = (memory: CircuitMemory, now: number): CircuitBreakerPolicy => {
      const policy = policyOf();
      policy.restore(JSON.parse(JSON.stringify(memory)) as CircuitMemory, now);
      return policy;
    };

    it('open is open for the rest of its time, by the clock', () => {
      const memory = opened().memory(T + 40);
      expect(memory).toEqual({ openings: 1, openUntil: T + 100 });
      const policy = revived(memory, T + 70);
      expect(policy.stats(T + 70)).toMatchObject({ state: 'open', cause: 'remembered', openings: 1, retryAt: T + 100 });
      permit(policy, T + 100).fail(T + 100);
      expect(failProbe(policy, T + 100)).toBe(200);
    });

    it('open from long ago is probed at once', () => {
      const policy = revived(opened().memory(T), T + 1e9);
      expect(policy.acquire(T + 1e9)).toMatchObject({ granted: true, isProbe: true });
    });

    it('half-open is probed at once', () => {
      const half = opened();
      permit(half, T + 100);
      expect(half.memory(T + 120)).toEqual({ openings: 1, openUntil: T + 120 });
      expect(revived(half.memory(T + 120), T + 121).acquire(T + 121)).toMatchObject({ granted: true, isProbe: true });
    });

    it('closed is closed, and its openings age from there', () => {
      const policy = opened();
      permit(policy, T + 100).succeed(T + 100);
      expect(policy.memory(T + 100)).toEqual({ openings: 1 });
      const again = revived(policy.memory(T + 100), T + 200);
      expect(again.stats(T + 200)).toMatchObject({ state: 'closed', openings: 1 });
      expect(again.stats(T + 10_200)).toMatchObject({ openings: 0 });
    });

    it.each<[string, unknown]>([
      ['nothing', {}],
      ['words', { openings: 'many', openUntil: 'tomorrow' }],
      ['no numbers', { openings: Number.NaN, openUntil: Number.NaN }],
      ['negative openings', { openings: -1 }],
      ['broken openings', { openings: 1.5 }],
      ['null', { openings: null, openUntil: null }],
    ])('%s is left out', (_, memory) => {
      const policy = policyOf();
      policy.restore(memory as CircuitMemory, T);
      expect(policy.stats(T)).toMatchObject({ state: 'closed', openings: 0 });
    });

    it('open for ages is open for the longest time', () => {
      const policy = revived({ openings: 0, openUntil: T + 1e12 }, T);
      expect(policy.acquire(T)).toMatchObject({ granted: false, retryAt: T + 500 });
    });
  });

  it('counts nothing of old failures after an idle time longer than the window', () => {
    const policy = policyOf({ minimumCalls: 2, failureRatio: 0.5 });
    permit(policy, T).fail(T);
    permit(policy, T + 10_001).fail(T + 10_001);
    expect(policy.stats(T + 10_001)).toMatchObject({ state: 'closed', calls: 1, consecutiveFailures: 1 });
  });
});
