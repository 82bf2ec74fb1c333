import { describe, expect, it } from 'vitest';
import type { Priority } from '../../src/policies/queue-outcome.ts';
import { type SocketBudgetNumbers, SocketBudgetPolicy } from '../../src/policies/socket-budget.ts';

const EPOCH = 1_700_000_000_000;

interface Claim {
  readonly name: string;
  readonly user: { priority: Priority | undefined; usedAt: number };
}

/** A budget without a reserve, and with turns of 100 ms, unless told otherwise. */
function bench(numbers: SocketBudgetNumbers = {}) {
  const policy = new SocketBudgetPolicy<Claim>({ reserved: 0, turn: 100, ...numbers });
  let now = EPOCH;
  const names = (next: () => Claim | undefined): string => {
    const all: string[] = [];
    for (let claim = next(); claim; claim = next()) all.push(claim.name);
    return all.join(' ');
  };
  return {
    policy,
    claim(name: string, level: Priority | 'idle' = 'normal', usedAt = 0): Claim {
      const claim = { name, user: { priority: level === 'idle' ? undefined : level, usedAt } };
      policy.claim(claim, now);
      return claim;
    },
    /** Who gets a place, in order. */
    admitted: () => names(() => policy.admit(now)),
    /** Who has to make room, in order. */
    displaced: () => names(() => policy.displace(now)),
    changesIn: () => policy.changesIn(now),
    pass: (milliseconds: number) => (now += milliseconds),
  };
}

describe('SocketBudgetPolicy', () => {
  it('gives places while there are any', () => {
    const { policy, claim, admitted } = bench({ total: 2 });
    for (const name of ['a', 'b', 'c']) claim(name);
    expect(policy).toMatchObject({ total: 2, used: 0, waiting: 3 });
    expect(admitted()).toBe('a b');
    expect(policy).toMatchObject({ used: 2, waiting: 1 });
  });

  it('has 20 places by default, and keeps those back that are only for what is urgent', () => {
    expect(new SocketBudgetPolicy<Claim>().total).toBe(20);
    const policy = new SocketBudgetPolicy<Claim>({ reserved: 2 });
    const admit = (count: number, priority: Priority): number => {
      const before = policy.used;
      for (let at = 0; at < count; at++) policy.claim({ name: '', user: { priority, usedAt: 0 } }, EPOCH);
      while (policy.admit(EPOCH));
      return policy.used - before;
    };
    expect([admit(30, 'normal'), admit(1, 'high'), admit(5, 'critical')]).toEqual([18, 1, 1]);
  });

  it('serves the more urgent first, and equals as they came; what nobody uses comes last', () => {
    const { policy, claim, admitted } = bench({ total: 1 });
    const first = claim('first');
    expect(admitted()).toBe('first');
    claim('idle', 'idle');
    for (const priority of ['low', 'normal', 'high', 'critical'] as const) {
      claim(`${priority}1`, priority);
      claim(`${priority}2`, priority);
    }
    const order: string[] = [];
    policy.release(first);
    for (let next = policy.admit(EPOCH); next; next = policy.admit(EPOCH)) {
      order.push(next.name);
      policy.release(next);
    }
    expect(order.join(' ')).toBe('critical1 critical2 high1 high2 normal1 normal2 low1 low2 idle');
  });

  it('goes by the priority at the time of the decision', () => {
    const { policy, claim, admitted } = bench({ total: 1 });
    const first = claim('first', 'critical');
    admitted();
    claim('a');
    const b = claim('b', 'low');
    b.user.priority = 'high';
    policy.release(first);
    expect(admitted()).toBe('b');
  });

  it('forgets who waits no more', () => {
    const { policy, claim, admitted } = bench({ total: 1 });
    const [first, a] = [claim('first'), claim('a')];
    claim('b');
    admitted();
    policy.release(a);
    policy.release(a);
    policy.release(first);
    policy.release(first);
    expect(admitted()).toBe('b');
    expect(policy).toMatchObject({ used: 1, waiting: 0 });
  });

  it('counts who claims twice once', () => {
    const { policy, claim, admitted } = bench({ total: 3 });
    const a = claim('a');
    policy.claim(a, EPOCH);
    expect(admitted()).toBe('a');
    policy.claim(a, EPOCH);
    expect(policy).toMatchObject({ used: 1, waiting: 0 });
  });

  describe('keeps a reserve', () => {
    it('from normal, low and idle ones', () => {
      const { claim, admitted } = bench({ total: 3, reserved: 1 });
      claim('low', 'low');
      claim('idle', 'idle');
      claim('normal', 'normal');
      expect(admitted()).toBe('normal low');
      claim('high', 'high');
      expect(admitted()).toBe('high');
    });

    it('also when the urgent ones have taken the others', () => {
      const { claim, admitted } = bench({ total: 3, reserved: 1 });
      claim('a', 'critical');
      claim('b', 'critical');
      claim('normal');
      expect(admitted()).toBe('a b');
    });

    it('and restores it when somebody leaves', () => {
      const { policy, claim, admitted } = bench({ total: 3, reserved: 1 });
      const [a, b] = [claim('a'), claim('b')];
      expect(admitted()).toBe('a b');
      claim('high', 'high');
      expect(admitted()).toBe('high');
      claim('normal');
      policy.release(a);
      expect(admitted()).toBe('');
      policy.release(b);
      expect(admitted()).toBe('normal');
    });
  });

  it('is tight when somebody waits, or only the reserve is free', () => {
    const { policy, claim, admitted } = bench({ total: 3, reserved: 1 });
    expect(policy.isTight).toBe(false);
    claim('a');
    expect(policy.isTight).toBe(true);
    admitted();
    expect(policy.isTight).toBe(false);
    claim('b');
    admitted();
    expect(policy.isTight).toBe(true);
  });

  describe('makes room', () => {
    it('by what nobody uses, the least recently used first', () => {
      const { claim, admitted, displaced } = bench({ total: 3 });
      claim('used', 'low', 1);
      claim('recent', 'idle', 3);
      claim('stale', 'idle', 2);
      admitted();
      claim('a', 'low');
      expect(displaced()).toBe('stale');
      claim('b', 'low');
      expect(displaced()).toBe('recent');
      claim('c', 'low');
      expect(displaced()).toBe('');
    });

    it('then by the lowest level below, the least recently used first', () => {
      const { claim, admitted, displaced } = bench({ total: 4 });
      claim('high', 'high', 0);
      claim('normal', 'normal', 1);
      claim('low recent', 'low', 9);
      claim('low stale', 'low', 5);
      admitted();
      for (let at = 0; at < 4; at++) claim(`critical ${at}`, 'critical');
      expect(displaced()).toBe('low stale low recent normal high');
    });

    it('not by equals, nor by those who are more urgent', () => {
      const { claim, admitted, displaced } = bench({ total: 2 });
      claim('normal');
      claim('high', 'high');
      admitted();
      claim('another');
      claim('low', 'low');
      claim('idle', 'idle');
      expect(displaced()).toBe('');
    });

    it('once for each claim, until the place is left', () => {
      const { policy, claim, admitted, displaced } = bench({ total: 2 });
      const [a, b] = [claim('a', 'low', 1), claim('b', 'low', 2)];
      admitted();
      claim('urgent', 'critical');
      expect([displaced(), displaced()]).toEqual(['a', '']);
      expect([policy.used, admitted()]).toEqual([2, '']);
      policy.release(a);
      expect([displaced(), admitted(), displaced()]).toEqual(['b', 'urgent', '']);
      policy.release(b);
      expect(policy.used).toBe(1);
    });

    it('for the more urgent, though it was begun for another', () => {
      const { policy, claim, admitted, displaced } = bench({ total: 2 });
      const low = claim('low', 'low');
      claim('normal');
      admitted();
      claim('high', 'high');
      expect(displaced()).toBe('low');
      claim('critical', 'critical');
      expect(displaced()).toBe('normal');
      policy.release(low);
      expect(admitted()).toBe('critical');
      expect(displaced()).toBe('');
    });

    it('not for what waits no more', () => {
      const { policy, claim, admitted, displaced } = bench({ total: 1 });
      claim('low', 'low');
      admitted();
      policy.release(claim('critical', 'critical'));
      expect(displaced()).toBe('');
    });
  });

  describe('takes turns among equals', () => {
    it('when both the place and the claim are old enough', () => {
      const { claim, admitted, displaced, changesIn, pass } = bench({ total: 1 });
      claim('a');
      admitted();
      pass(70);
      expect(changesIn()).toBeUndefined();
      claim('b');
      expect(changesIn()).toBe(100);
      pass(99);
      expect([displaced(), changesIn()]).toEqual(['', 1]);
      pass(1);
      expect(displaced()).toBe('a');
      expect(changesIn()).toBeUndefined();
    });

    it('by the least recently used of those whose turn is over', () => {
      const { claim, admitted, displaced, changesIn, pass } = bench({ total: 3 });
      claim('a', 'normal', 5);
      claim('b', 'normal', 4);
      claim('w');
      admitted();
      claim('x');
      pass(60);
      expect(changesIn()).toBe(40);
      pass(40);
      claim('too new');
      expect(displaced()).toBe('w');
    });

    it('each in order, with what has just come in left alone', () => {
      const { policy, claim, admitted, displaced, pass } = bench({ total: 2 });
      const claims = ['a', 'b', 'c', 'd', 'e'].map((name) => claim(name));
      admitted();
      const seen: string[] = [];
      for (let at = 0; at < 4; at++) {
        pass(100);
        const parked = displaced().split(' ');
        for (const name of parked) {
          const left = claims.find((each) => each.name === name);
          if (left) policy.release(left);
          if (left) policy.claim(left, EPOCH + (at + 1) * 100);
        }
        seen.push(`${parked.join('')}>${admitted().replace(' ', '')}`);
      }
      // One that comes in at a tick has waited for 100 by the next but one.
      expect(seen).toEqual(['ab>cd', 'cd>ea', 'ea>bc', 'bc>de']);
    });

    it('also what nobody uses', () => {
      const { claim, admitted, displaced, pass } = bench({ total: 1 });
      claim('a', 'idle');
      admitted();
      claim('b', 'idle');
      expect(displaced()).toBe('');
      pass(100);
      expect(displaced()).toBe('a');
    });

    it('never with an endless turn, and does not wait for it', () => {
      const { claim, admitted, displaced, changesIn, pass } = bench({ total: 1, turn: Infinity });
      claim('a');
      admitted();
      claim('b');
      expect(changesIn()).toBeUndefined();
      pass(1e12);
      expect(displaced()).toBe('');
    });

    it('in the reserve, where nothing more of it is taken by that', () => {
      const { policy, claim, admitted, displaced, pass } = bench({ total: 3, reserved: 1 });
      const a = claim('a', 'normal', 1);
      claim('b', 'normal', 2);
      admitted();
      claim('high', 'high');
      admitted();
      claim('normal');
      pass(100);
      expect(displaced()).toBe('a');
      policy.release(a);
      expect(displaced()).toBe('b'); // nobody has been asked who may come in
      expect(admitted()).toBe('normal');
      expect(policy.used).toBe(3);
    });

    it('but what leaves by itself restores the reserve, also after such a turn that nobody took', () => {
      const { policy, claim, admitted, displaced, pass } = bench({ total: 3, reserved: 1 });
      const a = claim('a', 'normal', 1);
      claim('b', 'normal', 2);
      admitted();
      claim('high', 'high');
      admitted();
      const gone = claim('gone');
      pass(100);
      expect(displaced()).toBe('a');
      policy.release(gone);
      policy.release(a);
      expect(admitted()).toBe('');
      claim('late');
      expect(admitted()).toBe('');
    });
  });

  it('is not harmed by a clock that is set back', () => {
    const { claim, admitted, displaced, changesIn, pass } = bench({ total: 1 });
    claim('a');
    admitted();
    claim('b');
    pass(50);
    expect(displaced()).toBe('');
    pass(-3_600_000);
    expect([displaced(), changesIn()]).toEqual(['', 50]);
    pass(50);
    expect(displaced()).toBe('a');
  });

  it.each<[keyof SocketBudgetNumbers, SocketBudgetNumbers[]]>([
    ['total', [0, -1, 1.5, Number.NaN, Infinity].map((total) => ({ total }))],
    ['reserved', [-1, 3, 0.5, Number.NaN].map((reserved) => ({ total: 3, reserved }))],
    ['turn', [0, -1, Number.NaN].map((turn) => ({ turn }))],
  ])('refuses a wrong %s', (name, all) => {
    for (const numbers of all) {
      expect(() => new SocketBudgetPolicy(numbers)).toThrow(RangeError);
      expect(() => new SocketBudgetPolicy(numbers)).toThrow(`'${name}'`);
    }
  });

  it('reserves nothing unless told', () => {
    const { claim, admitted } = bench({ total: 1, reserved: undefined });
    claim('a');
    expect(admitted()).toBe('a');
  });
});
