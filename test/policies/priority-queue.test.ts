import { describe, expect, it } from 'vitest';
import { PriorityQueue, type PriorityQueueOptions } from '../../src/policies/priority-queue.ts';
import type { Priority } from '../../src/policies/queue-outcome.ts';

/** Takes everything that waits, at `now`, and says in which order it came. */
function drain(queue: PriorityQueue<string>, now: number): string[] {
  const items: string[] = [];
  for (let next = queue.take(now); next; next = queue.take(now)) items.push(`${next.outcome} ${next.item}`);
  return items;
}

/** A queue to which `items` (named for their level, as `low1`) were added at time 0. */
function queueOf(options: PriorityQueueOptions, ...items: string[]): PriorityQueue<string> {
  const queue = new PriorityQueue<string>(options);
  for (const item of items) queue.add(item, levelOf(item), 0);
  return queue;
}

const levelOf = (item: string): Priority => item.replace(/\d+$/, '') as Priority;

describe('PriorityQueue', () => {
  it('lets the higher level go first, within a level the first that came', () => {
    const queue = queueOf({}, 'low1', 'normal1', 'critical1', 'high1', 'normal2', 'critical2', 'low2', 'high2');
    expect(drain(queue, 0)).toEqual(
      ['critical1', 'critical2', 'high1', 'high2', 'normal1', 'normal2', 'low1', 'low2'].map((item) => `taken ${item}`),
    );
    expect(queue.take(0)).toBeUndefined();
    expect(queue.size).toBe(0);
  });

  it('says how long an item waited, and its level', () => {
    const queue = new PriorityQueue<string>();
    queue.add('a', 'high', 1_000);
    expect(queue.take(1_250)).toEqual({ item: 'a', priority: 'high', outcome: 'taken', waited: 250 });
  });

  it('counts what waits, by level too', () => {
    const queue = queueOf({ capacity: 4 }, 'low1', 'low2', 'high1');
    expect([queue.size, queue.sizeOf('low'), queue.sizeOf('high'), queue.sizeOf('critical')]).toEqual([3, 2, 1, 0]);
    expect(queue.isFull).toBe(false);
    queue.add('high2', 'high', 0);
    expect(queue.isFull).toBe(true);
  });

  it('holds 1,000 items by default', () => {
    const queue = new PriorityQueue<number>();
    expect(queue.capacity).toBe(1_000);
    for (let item = 0; item < 1_000; item++) expect(queue.add(item, 'normal', 0).departure).toBeUndefined();
    expect(queue.add(1_000, 'normal', 0).departure).toMatchObject({ item: 0, outcome: 'evicted' });
    expect(queue.size).toBe(1_000);
  });

  describe('when it is full', () => {
    const full = (overflow: PriorityQueueOptions['overflow']): PriorityQueue<string> =>
      queueOf({ capacity: 4, overflow }, 'high1', 'normal1', 'normal2', 'high2');

    it.each<[PriorityQueueOptions['overflow'], string, string, string]>([
      [undefined, 'critical1', 'normal1', 'evicted'],
      ['drop-lowest-oldest', 'critical1', 'normal1', 'evicted'],
      ['drop-lowest-oldest', 'normal3', 'normal1', 'evicted'],
      ['drop-lowest-oldest', 'low1', 'low1', 'evicted'],
      ['drop-newest', 'critical1', 'normal2', 'evicted'],
      ['drop-newest', 'normal3', 'normal3', 'evicted'],
      ['drop-newest', 'low1', 'low1', 'evicted'],
      ['reject', 'critical1', 'critical1', 'rejected'],
      ['reject', 'low1', 'low1', 'rejected'],
    ])('and told to %s, for %s it lets %s go', (overflow, arriving, leaving, outcome) => {
      const queue = full(overflow);
      const { entry, departure } = queue.add(arriving, levelOf(arriving), 30);
      const waited = arriving === leaving ? 0 : 30;
      expect(departure).toEqual({ item: leaving, priority: levelOf(leaving), outcome, waited });
      expect(entry?.isWaiting).toBe(arriving === leaving ? undefined : true);
      expect(queue.size).toBe(4);
      const left = new Set(['high1', 'normal1', 'normal2', 'high2', arriving]);
      left.delete(leaving);
      expect(new Set(drain(queue, 30).map((line) => line.replace('taken ', '')))).toEqual(left);
    });

    it('evicts by the level that an item came with, at any age', () => {
      const queue = queueOf({ capacity: 1, ageing: 10 }, 'low1');
      expect(queue.add('high1', 'high', 1_000).departure).toMatchObject({ item: 'low1', outcome: 'evicted' });
    });

    it.each(['drop-lowest-oldest', 'drop-newest', 'reject'] as const)(
      'lets an expired item go before a live one (%s)',
      (overflow) => {
        const queue = new PriorityQueue<string>({ capacity: 2, overflow });
        queue.add('expired', 'critical', 0, 10);
        queue.add('live', 'low', 0);
        expect(queue.add('new', 'low', 10).departure).toMatchObject({
          outcome: overflow === 'reject' ? 'rejected' : 'evicted',
        });
        const waiting = new PriorityQueue<string>({ capacity: 2, overflow });
        waiting.add('expired', 'critical', 0, 10);
        waiting.add('live', 'low', 0);
        const { entry, departure } = waiting.add('new', 'low', 11);
        expect(departure).toEqual({ item: 'expired', priority: 'critical', outcome: 'expired', waited: 11 });
        expect(entry?.isWaiting).toBe(true);
      },
    );
  });

  describe('with ageing', () => {
    it('lets an item that waited so much longer go before a higher one', () => {
      const queue = queueOf({ ageing: 10 }, 'low1', 'normal1', 'high1');
      queue.add('critical11', 'critical', 11);
      queue.add('critical21', 'critical', 21);
      queue.add('critical31', 'critical', 31);
      expect(drain(queue, 31)).toEqual(
        ['high1', 'critical11', 'normal1', 'critical21', 'low1', 'critical31'].map((item) => `taken ${item}`),
      );
    });

    it('lets the higher level go first when both are as old for their level', () => {
      const queue = queueOf({ ageing: 10 }, 'low1');
      queue.add('high1', 'high', 20);
      queue.add('critical1', 'critical', 30);
      expect(drain(queue, 30)).toEqual(['taken critical1', 'taken high1', 'taken low1']);
    });

    it('bounds a wait as documented, under endless higher traffic', () => {
      const queue = new PriorityQueue<number>({ capacity: 50, ageing: 100 });
      let now = 0;
      while (queue.size < 20) queue.add(now, 'critical', now);
      queue.add(-1, 'low', now);
      let after = 0;
      for (;;) {
        now += 1;
        if (queue.size < 50) queue.add(now, 'critical', now);
        const item = queue.take(now)?.item;
        if (item === -1) break;
        if (now > 300) after++;
        if (after > 1_000) throw new Error('it starves');
      }
      expect(now).toBeGreaterThan(300);
      expect(after).toBeLessThan(50);
    });

    it('0 is first come, first served', () => {
      const queue = new PriorityQueue<string>({ ageing: 0 });
      queue.add('low', 'low', 0);
      queue.add('critical', 'critical', 1);
      queue.add('normal', 'normal', 2);
      expect(drain(queue, 2)).toEqual(['taken low', 'taken critical', 'taken normal']);
    });

    it('Infinity is strict', () => {
      const queue = queueOf({ ageing: Infinity }, 'low1', 'normal1');
      queue.add('critical1', 'critical', 1e12);
      queue.add('high1', 'high', 1e12);
      expect(drain(queue, 1e12)).toEqual(['critical1', 'high1', 'normal1', 'low1'].map((item) => `taken ${item}`));
    });

    it('is 5 s by default', () => {
      const queue = queueOf({}, 'high1');
      queue.add('critical1', 'critical', 5_000);
      expect(queue.take(5_000)?.item).toBe('critical1');
      queue.add('critical2', 'critical', 5_001);
      expect(queue.take(5_001)?.item).toBe('high1');
    });
  });

  describe('with a deadline', () => {
    it('lets an item that waited longer go as expired, at its turn', () => {
      const queue = new PriorityQueue<string>();
      queue.add('a', 'normal', 0, 10);
      queue.add('b', 'normal', 0, 11);
      queue.add('c', 'normal', 5, 10);
      expect(queue.take(11)).toEqual({ item: 'a', priority: 'normal', outcome: 'expired', waited: 11 });
      expect(drain(queue, 11)).toEqual(['taken b', 'taken c']);
    });

    it('of 0 means now or never', () => {
      const queue = new PriorityQueue<string>();
      queue.add('now', 'normal', 7, 0);
      expect(queue.take(7)?.outcome).toBe('taken');
      queue.add('never', 'normal', 7, 0);
      expect(queue.take(8)?.outcome).toBe('expired');
    });

    it.each([-1, Number.NaN])('refuses %d', (deadline) => {
      const queue = new PriorityQueue<string>();
      expect(() => queue.add('a', 'normal', 0, deadline)).toThrow(RangeError);
      expect(queue.size).toBe(0);
    });
  });

  describe('lets an item go before its turn', () => {
    it('from the front, the middle and the end of a level', () => {
      for (const index of [0, 1, 2]) {
        const queue = new PriorityQueue<string>();
        const entries = ['a', 'b', 'c'].map((item) => queue.add(item, 'normal', 0).entry);
        const entry = entries[index];
        if (!entry) throw new Error('it was not let in');
        expect(queue.remove(entry, 'cancelled', 4)).toEqual({
          item: entry.item,
          priority: 'normal',
          outcome: 'cancelled',
          waited: 4,
        });
        expect(entry.isWaiting).toBe(false);
        queue.add('d', 'normal', 4);
        expect(drain(queue, 4)).toEqual(
          ['a', 'b', 'c', 'd'].filter((item) => item !== entry.item).map((item) => `taken ${item}`),
        );
      }
    });

    it('once, and not when it has left already', () => {
      const queue = new PriorityQueue<string>();
      const { entry } = queue.add('a', 'normal', 0);
      if (!entry) throw new Error('it was not let in');
      queue.take(0);
      expect(queue.remove(entry, 'cancelled', 0)).toBeUndefined();
      expect(queue.size).toBe(0);
    });

    it('but none of another queue', () => {
      const [one, other] = [new PriorityQueue<string>(), new PriorityQueue<string>()];
      const { entry } = one.add('a', 'normal', 0);
      other.add('b', 'normal', 0);
      if (!entry) throw new Error('it was not let in');
      expect(other.remove(entry, 'cancelled', 0)).toBeUndefined();
      expect([one.size, other.size]).toEqual([1, 1]);
    });

    it('and all of them at the end, the higher levels first', () => {
      const queue = queueOf({}, 'low1', 'critical1', 'low2');
      expect(queue.clear(9)).toEqual([
        { item: 'critical1', priority: 'critical', outcome: 'cancelled', waited: 9 },
        { item: 'low1', priority: 'low', outcome: 'cancelled', waited: 9 },
        { item: 'low2', priority: 'low', outcome: 'cancelled', waited: 9 },
      ]);
      expect(queue.size).toBe(0);
      expect(queue.clear(9)).toEqual([]);
    });
  });

  it('is not upset by a clock that is set back', () => {
    const queue = new PriorityQueue<string>({ ageing: 10 });
    queue.add('high', 'high', 1_000_000, 50);
    queue.add('low', 'low', 0); // the clock was set back
    expect(queue.take(5)).toMatchObject({ item: 'high', outcome: 'taken', waited: 5 });
    expect(queue.take(40)).toMatchObject({ item: 'low', outcome: 'taken', waited: 40 });
  });

  it('refuses a level that does not exist, and goes on', () => {
    const queue = new PriorityQueue<string>();
    for (const level of ['urgent', 'toString', undefined, 0]) {
      expect(() => queue.add('a', level as Priority, 0)).toThrow('critical, high, normal, low');
    }
    expect(queue.size).toBe(0);
  });

  it.each<[string, PriorityQueueOptions]>([
    ['capacity', { capacity: 0 }],
    ['capacity', { capacity: 1.5 }],
    ['capacity', { capacity: Infinity }],
    ['capacity', { capacity: Number.NaN }],
    ['ageing', { ageing: -1 }],
    ['ageing', { ageing: Number.NaN }],
    ['overflow', { overflow: 'drop-oldest' as 'reject' }],
  ])('refuses a wrong %s', (name, options) => {
    expect(() => new PriorityQueue(options)).toThrow(RangeError);
    expect(() => new PriorityQueue(options)).toThrow(`'${name}'`);
  });
});
