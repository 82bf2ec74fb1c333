import fc from 'fast-check';
import { finalize, Observable, type Subscriber, type Subscription } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bulkhead, BulkheadError } from '../../src/operators/bulkhead.ts';
import { Bulkhead } from '../../src/operators/bulkhead-handle.ts';
import type { Overflow } from '../../src/policies/priority-queue.ts';
import type { Priority, QueueOutcome } from '../../src/policies/queue-outcome.ts';
import { TimeByHand } from '../support/time-by-hand.ts';

const LEVELS: readonly Priority[] = ['critical', 'high', 'normal', 'low'];
const rankOf = (priority: Priority): number => LEVELS.indexOf(priority);

interface Call {
  readonly id: number;
  readonly priority: Priority;
  readonly deadline: number;
  readonly endsAtOnce: boolean;
  readonly madeAt: number;
}

/** What the bulkhead promises, told with two lists and the plainest of searches. */
interface Model {
  readonly capacity: number;
  readonly overflow: Overflow;
  readonly ageing: number;
  permits: number;
  now: number;
  made: number;
  running: number[];
  /** In the order of arrival. */
  waiting: Call[];
  left: Record<QueueOutcome, number>;
  /** What is to be seen of the current command. */
  log: string[];
}

interface Real {
  readonly time: TimeByHand;
  readonly handle: Bulkhead;
  readonly subscribers: Map<number, Subscriber<never>>;
  readonly subscriptions: Map<number, Subscription>;
  readonly log: string[];
}

type BulkheadCommand = fc.Command<Model, Real>;

function leave(model: Model, call: Call, outcome: QueueOutcome): void {
  model.waiting = model.waiting.filter((other) => other !== call);
  model.left[outcome]++;
  const how = `${outcome} after ${model.now - call.madeAt}`;
  model.log.push(`${call.priority} ${how}`);
  if (outcome === 'taken') {
    model.log.push(`${call.id} starts`);
    if (!call.endsAtOnce) model.running.push(call.id);
  } else if (outcome !== 'cancelled') model.log.push(`${call.id} ${how}`);
}

function fill(model: Model): void {
  while (model.waiting.length > 0 && model.running.length + 1 <= model.permits) {
    // The least time of arrival plus handicap; sorted by level first, so that the higher level wins a tie.
    const turn = ({ madeAt, priority }: Call): number => madeAt + rankOf(priority) * model.ageing;
    const byLevel = [...model.waiting].sort((a, b) => rankOf(a.priority) - rankOf(b.priority));
    const next = byLevel.sort((a, b) => turn(a) - turn(b))[0];
    if (next) leave(model, next, 'taken');
  }
}

function compare(model: Model, { handle, time, log }: Real): void {
  expect(log.splice(0)).toEqual(model.log.splice(0));
  const { taken, evicted, expired, rejected, cancelled } = model.left;
  const timers = model.waiting.filter(({ deadline }) => deadline < Infinity).length;
  expect([handle.running, handle.waiting, handle.waiting <= model.capacity, handle.permits, time.pending]).toEqual([
    model.running.length,
    model.made - taken - evicted - expired - rejected - cancelled,
    true,
    model.permits,
    timers,
  ]);
  const ofLevel = (level: Priority): number => model.waiting.filter(({ priority }) => priority === level).length;
  expect(LEVELS.map((level) => handle.waitingAt(level))).toEqual(LEVELS.map(ofLevel));
}

class Make implements BulkheadCommand {
  constructor(
    private readonly priority: Priority,
    private readonly deadline: number,
    private readonly endsAtOnce: boolean,
  ) {}
  check = (): boolean => true;
  toString = (): string => `make(${this.priority}, ${this.deadline}${this.endsAtOnce ? ', ends at once' : ''})`;
  run(model: Model, real: Real): void {
    const { priority, deadline, endsAtOnce } = this;
    const call: Call = { id: model.made++, priority, deadline, endsAtOnce, madeAt: model.now };
    const everyone = [...model.waiting, call];
    const lowest = Math.max(...everyone.map((other) => rankOf(other.priority)));
    const candidates = everyone.filter((other) => rankOf(other.priority) === lowest);
    const isFull = model.waiting.length === model.capacity;
    model.waiting.push(call);
    if (isFull && model.overflow === 'reject') leave(model, call, 'rejected');
    else if (isFull) leave(model, candidates.at(model.overflow === 'drop-newest' ? -1 : 0) ?? call, 'evicted');
    fill(model);

    const source = new Observable<never>((subscriber) => {
      real.log.push(`${call.id} starts`);
      real.subscribers.set(call.id, subscriber);
      if (endsAtOnce) subscriber.complete();
    });
    const subscription = source.pipe(bulkhead(real.handle, { priority, deadline })).subscribe({
      error: (error) => {
        if (error instanceof BulkheadError) real.log.push(`${call.id} ${error.outcome} after ${error.waited}`);
      },
    });
    real.subscriptions.set(call.id, subscription);
    compare(model, real);
  }
}

/** Of the ones that run, or of all that were made: often one that is over already. */
class End implements BulkheadCommand {
  constructor(
    private readonly how: 'complete' | 'error' | 'unsubscribe',
    private readonly pick: number,
  ) {}
  check = ({ made }: Model): boolean => made > 0;
  toString = (): string => `${this.how}(${this.pick})`;
  run(model: Model, real: Real): void {
    const id = this.pick % model.made;
    const waits = model.waiting.find((call) => call.id === id);
    if (waits && this.how === 'unsubscribe') leave(model, waits, 'cancelled');
    model.running = model.running.filter((other) => other !== id);
    fill(model);
    if (this.how === 'unsubscribe') real.subscriptions.get(id)?.unsubscribe();
    else if (this.how === 'error') real.subscribers.get(id)?.error(new Error('failed'));
    else real.subscribers.get(id)?.complete();
    compare(model, real);
  }
}

class Permit implements BulkheadCommand {
  constructor(private readonly permits: number) {}
  check = (): boolean => true;
  toString = (): string => `permits = ${this.permits}`;
  run(model: Model, real: Real): void {
    model.permits = this.permits;
    fill(model);
    real.handle.permits = this.permits;
    compare(model, real);
  }
}

class Pass implements BulkheadCommand {
  constructor(private readonly milliseconds: number) {}
  check = (): boolean => true;
  toString = (): string => `pass(${this.milliseconds})`;
  run(model: Model, real: Real): void {
    const end = model.now + this.milliseconds;
    const due = model.waiting.filter(({ madeAt, deadline }) => madeAt + deadline <= end);
    for (const call of due.sort((a, b) => a.madeAt + a.deadline - b.madeAt - b.deadline)) {
      model.now = call.madeAt + call.deadline;
      leave(model, call, 'expired');
    }
    model.now = end;
    real.time.moveTo(real.time.frame + this.milliseconds);
    compare(model, real);
  }
}

const anyLevel = fc.constantFrom(...LEVELS);
const anyOverflow = fc.constantFrom<Overflow>('drop-lowest-oldest', 'drop-newest', 'reject');
const anyPermits = fc.oneof({ weight: 6, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.constant(Infinity) });
const anyDeadline = fc.oneof(fc.constant(Infinity), fc.nat(60));
const make = fc
  .tuple(
    anyLevel,
    anyDeadline,
    fc.nat(4).map((n) => n === 0),
  )
  .map(([level, deadline, endsAtOnce]) => new Make(level, deadline, endsAtOnce));
const commands = fc.commands(
  [
    make,
    make,
    fc
      .tuple(fc.constantFrom('complete' as const, 'error' as const, 'unsubscribe' as const), fc.nat())
      .map(([how, pick]) => new End(how, pick)),
    anyPermits.map((permits) => new Permit(permits)),
    fc.nat(40).map((milliseconds) => new Pass(milliseconds)),
  ],
  { maxCommands: 120, size: 'max' },
);

describe('bulkhead', () => {
  it('agrees with a list that is searched from end to end', () => {
    const options = fc.record({
      capacity: fc.integer({ min: 1, max: 8 }),
      permits: anyPermits,
      overflow: anyOverflow,
      ageing: fc.constantFrom(0, 1, 10, 1_000),
    });
    fc.assert(
      fc.property(options, commands, (chosen, run) => {
        const left = { taken: 0, evicted: 0, expired: 0, rejected: 0, cancelled: 0 };
        const model: Model = { ...chosen, now: 0, made: 0, running: [], waiting: [], left, log: [] };
        const [time, log]: [TimeByHand, string[]] = [new TimeByHand(), []];
        const handle = new Bulkhead({
          ...chosen,
          scheduler: time,
          onLeave: ({ priority, outcome, waited }) => log.push(`${priority} ${outcome} after ${waited}`),
        });
        const real: Real = { time, handle, log, subscribers: new Map(), subscriptions: new Map() };
        fc.modelRun(() => ({ model, real }), run);

        for (const subscription of real.subscriptions.values()) subscription.unsubscribe();
        expect([handle.running, handle.waiting, time.pending]).toEqual([0, 0, 0]);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps its bounds, and loses no permit, whatever its calls do to each other from within', () => {
    const anyAct = fc.record({
      kind: fc.constantFrom('make', 'make', 'end', 'leave', 'raise'),
      pick: fc.nat(40),
    });
    const reaction = fc.array(anyAct, { maxLength: 2, size: 'max' });
    const anyShape = fc.record({
      level: anyLevel,
      deadline: fc.constantFrom(undefined, 0, 5, 20),
      ends: fc.constantFrom('complete', 'error', 'later', 'later'),
      reactions: fc.record({ start: reaction, stop: reaction, over: reaction, left: reaction }),
    });
    const anyStep = fc.oneof(
      { weight: 6, arbitrary: anyAct },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('lower', 'pass'), pick: fc.nat(10) }) },
    );
    fc.assert(
      fc.property(
        fc.array(anyShape, { minLength: 3, maxLength: 40, size: 'max' }),
        fc.array(anyStep, { minLength: 1, maxLength: 40, size: 'max' }),
        fc.record({ permits: fc.nat(3), capacity: fc.integer({ min: 1, max: 6 }), overflow: anyOverflow }),
        (shapes, steps, options) => {
          const time = new TimeByHand();
          /** What is thrown in a handler would not reach the property. */
          const problems: string[] = [];
          const left = { taken: 0, evicted: 0, expired: 0, rejected: 0, cancelled: 0 };
          const subscriptions: Subscription[] = [];
          const leaves: (() => void)[] = [];
          const sources = new Map<number, Subscriber<number>>();
          const starts = new Map<number, number>();
          const refusals = new Map<number, number>();
          let [made, underWay] = [0, 0];

          const handle: Bulkhead = new Bulkhead({
            ...options,
            scheduler: time,
            onLeave: ({ outcome }) => {
              left[outcome]++;
              // Which call it is, is not said: the last that was made reacts.
              react(made - 1, 'left');
            },
          });
          const check = (where: string): void => {
            if (underWay > handle.running) problems.push(`${underWay} under way of ${handle.running} ${where}`);
            if (handle.waiting > options.capacity) problems.push(`${handle.waiting} wait ${where}`);
            if (handle.waiting > 0 && handle.running < handle.permits) problems.push(`waiting for nothing ${where}`);
          };
          const react = (id: number, to: 'start' | 'stop' | 'over' | 'left'): void => {
            check(`at ${to} of ${id}`);
            for (const act of shapes[id]?.reactions[to] ?? []) perform(act);
            check(`after ${to} of ${id}`);
          };
          const makeCall = (): void => {
            const [id, shape] = [made, shapes[made]];
            if (!shape) return;
            made++;
            const source = new Observable<number>((subscriber) => {
              sources.set(id, subscriber);
              starts.set(id, (starts.get(id) ?? 0) + 1);
              underWay++;
              if (underWay > handle.permits) problems.push(`${underWay} under way with ${handle.permits} permits`);
              react(id, 'start');
              if (shape.ends === 'complete') subscriber.complete();
              else if (shape.ends === 'error') subscriber.error('failed');
              return () => {
                underWay--;
                react(id, 'stop');
              };
            }).pipe(finalize(() => sources.delete(id)));
            const { level: priority, deadline } = shape;
            const isFree = handle.running < handle.permits;
            const before = left.taken + left.cancelled;
            const subscription = new Observable<number>((subscriber) => {
              leaves[id] = () => subscriber.unsubscribe();
              source.pipe(bulkhead(handle, { priority, deadline })).subscribe(subscriber);
            }).subscribe({
              error: (error) => {
                if (error instanceof BulkheadError) refusals.set(id, (refusals.get(id) ?? 0) + 1);
                react(id, 'over');
              },
              complete: () => react(id, 'over'),
            });
            subscriptions.push(subscription);
            if (isFree && left.taken + left.cancelled === before) problems.push(`${id} did not start at once`);
          };
          const perform = ({ kind, pick }: { kind: string; pick: number }): void => {
            if (kind === 'make') makeCall();
            else if (kind === 'end') sources.get(pick % made)?.complete();
            else if (kind === 'leave') leaves[pick % made]?.();
            else if (kind === 'raise') handle.permits += pick % 3;
            else if (kind === 'lower') handle.permits = Math.max(0, handle.permits - pick);
            else time.moveTo(time.frame + pick);
          };

          // A lower number holds from the next start on, so it comes from outside, where nobody is being started.
          for (const step of steps) {
            perform(step);
            check('between steps');
            const { taken, evicted, expired, rejected, cancelled } = left;
            const accounted = taken + evicted + expired + rejected + cancelled + handle.waiting;
            if (accounted !== made) problems.push(`${made} made, ${accounted} accounted for`);
            if (handle.running !== underWay) problems.push(`${handle.running} running, ${underWay} under way`);
          }
          expect(problems).toEqual([]);
          while (made < shapes.length) makeCall();
          handle.permits = Infinity;
          expect(handle.waiting).toBe(0);
          for (const subscription of subscriptions) subscription.unsubscribe();

          expect(problems).toEqual([]);
          expect([handle.running, underWay, time.pending]).toEqual([0, 0, 0]);
          expect(Object.values(left).reduce((sum, count) => sum + count)).toBe(made);
          // A call that runs or fails does so once; one that was unsubscribed from when it was told to `onLeave` does neither.
          expect([...starts.values(), ...refusals.values()].filter((count) => count !== 1)).toEqual([]);
          expect([...starts.keys()].filter((id) => refusals.has(id))).toEqual([]);
          expect(starts.size).toBeLessThanOrEqual(left.taken);
          expect(refusals.size).toBeLessThanOrEqual(left.evicted + left.expired + left.rejected);
        },
      ),
      { numRuns: 300 },
    );
  });
});
