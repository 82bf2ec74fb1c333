import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueEntry } from '../../src/policies/priority-level.ts';
import { type Overflow, PriorityQueue } from '../../src/policies/priority-queue.ts';
import type { Departure, Priority, QueueOutcome } from '../../src/policies/queue-outcome.ts';

const LEVELS: readonly Priority[] = ['critical', 'high', 'normal', 'low'];
const rankOf = (priority: Priority): number => LEVELS.indexOf(priority);

interface ModelItem {
  readonly item: number;
  readonly priority: Priority;
  readonly addedAt: number;
  readonly deadline: number;
}

/** What the queue promises, told with one list and the plainest of searches. */
interface Model {
  readonly capacity: number;
  readonly overflow: Overflow;
  readonly ageing: number;
  now: number;
  added: number;
  /** In the order of arrival. */
  waiting: ModelItem[];
  left: Record<QueueOutcome, number>;
}

interface Real {
  readonly queue: PriorityQueue<number>;
  readonly entries: Map<number, QueueEntry<number>>;
}

type QueueCommand = fc.Command<Model, Real>;

/** The one for which `key` is least; of several the first. */
function leastBy<T>(items: readonly T[], key: (item: T) => number): T | undefined {
  return items.reduce<T | undefined>((best, item) => (best && key(best) <= key(item) ? best : item), undefined);
}

function leave(model: Model, item: ModelItem, outcome: QueueOutcome): Departure<number> {
  model.waiting = model.waiting.filter((other) => other !== item);
  model.left[outcome]++;
  return { item: item.item, priority: item.priority, outcome, waited: model.now - item.addedAt };
}

const isExpired = (model: Model, item: ModelItem): boolean => model.now - item.addedAt > item.deadline;

/** Hundreds of thousands of times, so as one comparison. */
function checkInvariants({ waiting, capacity, left, added }: Model, { queue }: Real): void {
  const counts = LEVELS.map((priority) => waiting.filter((item) => item.priority === priority).length);
  const { taken, evicted, expired, rejected, cancelled } = left;
  const accepted = added - rejected;
  expect([queue.size, queue.size <= capacity, ...LEVELS.map((priority) => queue.sizeOf(priority))]).toEqual([
    accepted - taken - evicted - expired - cancelled,
    true,
    ...counts,
  ]);
}

class Add implements QueueCommand {
  constructor(
    private readonly priority: Priority,
    private readonly deadline: number,
  ) {}
  check = (): boolean => true;
  toString = (): string => `add(${this.priority}, ${this.deadline})`;
  run(model: Model, real: Real): void {
    const { priority, deadline } = this;
    const arriving: ModelItem = { item: model.added++, priority, addedAt: model.now, deadline };
    let expected: Departure<number> | undefined;
    if (model.waiting.length === model.capacity) {
      const firsts = LEVELS.map((level) => model.waiting.find((item) => item.priority === level));
      const expired = firsts.find((item) => item && isExpired(model, item));
      const all = [...model.waiting, arriving];
      const lowest = Math.max(...all.map((item) => rankOf(item.priority)));
      const candidates = all.filter((item) => rankOf(item.priority) === lowest);
      if (expired) expected = leave(model, expired, 'expired');
      else if (model.overflow === 'reject') expected = leave(model, arriving, 'rejected');
      else {
        const loser = candidates.at(model.overflow === 'drop-newest' ? -1 : 0) ?? arriving;
        expected = leave(model, loser, 'evicted');
        // An evicted item never outranks one that stayed.
        const stayed = all.filter((item) => item !== loser);
        expect(stayed.every((item) => rankOf(item.priority) <= rankOf(loser.priority))).toBe(true);
      }
    }
    const comesIn = expected?.item !== arriving.item;
    if (comesIn) model.waiting.push(arriving);
    const { entry, departure } = real.queue.add(arriving.item, priority, model.now, deadline);
    expect([departure, entry?.isWaiting]).toEqual([expected, comesIn ? true : undefined]);
    if (entry) real.entries.set(arriving.item, entry);
    checkInvariants(model, real);
  }
}

class Take implements QueueCommand {
  check = (): boolean => true;
  toString = (): string => 'take()';
  run(model: Model, real: Real): void {
    // The least time of arrival plus handicap; sorted by level first, so that the higher level wins a tie.
    const byLevel = [...model.waiting].sort((a, b) => rankOf(a.priority) - rankOf(b.priority));
    const next = leastBy(byLevel, ({ addedAt, priority }) => addedAt + rankOf(priority) * model.ageing);
    const expected = next && leave(model, next, isExpired(model, next) ? 'expired' : 'taken');
    expect(real.queue.take(model.now)).toEqual(expected);
    checkInvariants(model, real);
  }
}

class Remove implements QueueCommand {
  constructor(
    private readonly pick: number,
    private readonly outcome: 'cancelled' | 'expired',
  ) {}
  check = ({ added }: Model): boolean => added > 0;
  toString = (): string => `remove(${this.pick}, ${this.outcome})`;
  run(model: Model, real: Real): void {
    // Often one that has left already.
    const item = this.pick % model.added;
    const entry = real.entries.get(item);
    if (!entry) return;
    const waiting = model.waiting.find((other) => other.item === item);
    const expected = waiting && leave(model, waiting, this.outcome);
    expect(real.queue.remove(entry, this.outcome, model.now)).toEqual(expected);
    checkInvariants(model, real);
  }
}

class Clear implements QueueCommand {
  check = (): boolean => true;
  toString = (): string => 'clear()';
  run(model: Model, real: Real): void {
    const expected = LEVELS.flatMap((level) => model.waiting.filter((item) => item.priority === level)).map((item) =>
      leave(model, item, 'cancelled'),
    );
    expect(real.queue.clear(model.now)).toEqual(expected);
    checkInvariants(model, real);
  }
}

class Pass implements QueueCommand {
  constructor(private readonly milliseconds: number) {}
  check = (): boolean => true;
  toString = (): string => `pass(${this.milliseconds})`;
  run(model: Model): void {
    model.now += this.milliseconds;
  }
}

const anyLevel = fc.constantFrom(...LEVELS);
const anyDeadline = fc.oneof(fc.constant(Infinity), fc.nat(60));
const commands = fc.commands(
  [
    fc.tuple(anyLevel, anyDeadline).map(([level, deadline]) => new Add(level, deadline)),
    fc.tuple(anyLevel, anyDeadline).map(([level, deadline]) => new Add(level, deadline)),
    fc.constant(new Take()),
    fc
      .tuple(fc.nat(), fc.constantFrom('cancelled' as const, 'expired' as const))
      .map(([pick, outcome]) => new Remove(pick, outcome)),
    fc.nat(40).map((milliseconds) => new Pass(milliseconds)),
    fc.constant(new Clear()),
  ],
  { maxCommands: 150, size: 'max' },
);

describe('PriorityQueue', () => {
  it('agrees with a list that is searched from end to end', () => {
    const options = fc.record({
      capacity: fc.integer({ min: 1, max: 12 }),
      overflow: fc.constantFrom<Overflow>('drop-lowest-oldest', 'drop-newest', 'reject'),
      ageing: fc.constantFrom(0, 1, 10, 1_000),
    });
    fc.assert(
      fc.property(options, commands, (chosen, run) => {
        const left = { taken: 0, evicted: 0, expired: 0, rejected: 0, cancelled: 0 };
        const model: Model = { ...chosen, now: 1e12, added: 0, waiting: [], left };
        fc.modelRun(() => ({ model, real: { queue: new PriorityQueue<number>(chosen), entries: new Map() } }), run);
      }),
      { numRuns: 200 },
    );
  });

  it('bounds the wait of every item, whatever else arrives', () => {
    const traffic = fc.array(fc.record({ level: anyLevel, after: fc.nat(3), takes: fc.nat(2) }), {
      minLength: 50,
      maxLength: 400,
      size: 'max',
    });
    fc.assert(
      fc.property(
        traffic,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 20 }),
        (steps, capacity, ageing) => {
          // None is evicted, so that each can be followed to its turn.
          const queue = new PriorityQueue<number>({ capacity, ageing, overflow: 'reject' });
          /** By item: when nothing later may overtake it any more, and how many were taken before it since then. */
          const bounds = new Map<number, { from: number; overtakenBy: number }>();
          let now = 0;
          let item = 0;
          const takeOne = (): boolean => {
            const next = queue.take(now);
            if (!next) return false;
            bounds.delete(next.item);
            for (const bound of bounds.values()) {
              if (now > bound.from && ++bound.overtakenBy > capacity - 1) throw new Error('it waits for too many');
            }
            return true;
          };
          for (const { level, after, takes } of steps) {
            now += after;
            const { entry } = queue.add(++item, level, now);
            if (entry) bounds.set(item, { from: now + rankOf(level) * ageing, overtakenBy: 0 });
            for (let n = 0; n < takes; n++) takeOne();
          }
          while (takeOne()) now++;
          expect(bounds.size).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
