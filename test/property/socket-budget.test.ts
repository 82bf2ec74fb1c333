import fc from 'fast-check';
import { Observable, of, retry, Subject, Subscription, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { SocketBudget, type SocketBudgetOptions } from '../../src/operators/socket-budget.ts';
import { ParkedError, withinBudget } from '../../src/operators/within-budget.ts';
import type { Priority } from '../../src/policies/queue-outcome.ts';
import { TimeByHand } from '../support/time-by-hand.ts';

type Level = Priority | undefined;

const TURN = 20;
const LEVELS: readonly Level[] = ['critical', 'high', 'normal', 'low', undefined];
const RELAYS = 8;

/** One that wants a socket at times, and what it has come to. */
class Relay {
  priority: Level;
  usedAt = 0;
  retries = false;
  subscription = Subscription.EMPTY;
  /** Says that its socket ends, and whether by an error. */
  readonly ends = new Subject<boolean>();
  state: 'away' | 'waiting' | 'open' = 'away';

  constructor(readonly name: number) {}

  get rank(): number {
    return LEVELS.indexOf(this.priority);
  }
}

interface Place {
  readonly relay: Relay;
  readonly since: number;
}

/** What the budget promises, with everything looked through anew for each decision. */
class Model {
  now = 0;
  /** In the order of arrival. */
  waiting: Place[] = [];
  open: Place[] = [];
  readonly parked: number[] = [];

  constructor(
    readonly total: number,
    readonly reserved: number,
  ) {}

  claim(relay: Relay): void {
    this.waiting.push({ relay, since: this.now });
    this.decide();
  }

  leave(relay: Relay): void {
    this.waiting = this.waiting.filter((place) => place.relay !== relay);
    this.open = this.open.filter((place) => place.relay !== relay);
    this.decide();
  }

  get next(): Place | undefined {
    return this.waiting.toSorted((one, other) => one.relay.rank - other.relay.rank)[0];
  }

  admit(isExchange = false): void {
    for (let next = this.next; next; next = this.next) {
      const free = this.total - this.open.length;
      const isUrgent = next.relay.rank < 2;
      if (free === 0 || !(isUrgent || free > this.reserved || isExchange)) return;
      if (!isUrgent) isExchange = false;
      this.waiting.splice(this.waiting.indexOf(next), 1);
      this.open.push({ relay: next.relay, since: this.now });
    }
  }

  decide(): void {
    this.admit();
    for (;;) {
      const { next } = this;
      if (!next) return;
      const below = this.open.filter(({ relay }) => relay.rank > next.relay.rank);
      const lowest = Math.max(...below.map(({ relay }) => relay.rank));
      const isOver = ({ since }: Place): boolean => this.now - since >= TURN;
      const equals = this.open.filter((place) => place.relay.rank === next.relay.rank && isOver(place));
      const candidates = below.length > 0 ? below.filter(({ relay }) => relay.rank === lowest) : equals;
      const [victim] = candidates.toSorted((one, other) => one.relay.usedAt - other.relay.usedAt);
      if (!victim || (below.length === 0 && !isOver(next))) return;
      this.open.splice(this.open.indexOf(victim), 1);
      this.parked.push(victim.relay.name);
      this.admit(next.relay.rank >= 2);
      if (victim.relay.retries) this.waiting.push({ relay: victim.relay, since: this.now });
      this.admit();
    }
  }
}

function bench(options: SocketBudgetOptions) {
  const time = new TimeByHand();
  const budget = new SocketBudget({ turn: TURN, scheduler: time, ...options });
  const relays = Array.from({ length: RELAYS }, (_, name) => new Relay(name));
  const parked: number[] = [];
  /** What is thrown in a handler would not reach the property. */
  const problems: string[] = [];
  let open = 0;

  const dial = (relay: Relay): void => {
    const socket = new Observable<never>((subscriber) => {
      if (relay.state !== 'waiting') problems.push(`${relay.name} dialled while ${relay.state}`);
      relay.state = 'open';
      open++;
      if (open > budget.used || budget.used > budget.total) problems.push(`${open} of ${budget.used} open`);
      const isFirst = relays.every(({ state, rank }) => state !== 'waiting' || rank >= relay.rank);
      if (!isFirst) problems.push(`${relay.name} was served before one more urgent`);
      const connection = relay.ends.subscribe((isError) =>
        isError ? subscriber.error('lost') : subscriber.complete(),
      );
      return () => {
        connection.unsubscribe();
        relay.state = 'away';
        open--;
      };
    });
    const wish = new Observable<never>((subscriber) => {
      relay.state = 'waiting';
      return socket.pipe(withinBudget(budget, relay)).subscribe(subscriber);
    });
    const again = (error: unknown): Observable<number> => {
      const isParked = error instanceof ParkedError;
      if (isParked) parked.push(relay.name);
      if (isParked && relay.state === 'open') problems.push(`${relay.name} is parked and has a socket`);
      return isParked && relay.retries ? of(0) : throwError(() => error);
    };
    relay.subscription = wish
      .pipe(retry({ delay: again }))
      .subscribe({ error: () => undefined, complete: () => undefined });
  };
  const hangUp = (relay: Relay): void => {
    relay.subscription.unsubscribe();
    relay.state = 'away';
  };
  return { time, budget, relays, parked, problems, dial, hangUp, sockets: () => open };
}

const anyLevel = fc.constantFrom(...LEVELS);
const anyRelay = fc.nat(RELAYS - 1);
const anyStep = fc.oneof(
  { weight: 5, arbitrary: fc.record({ dial: anyRelay, level: anyLevel, retries: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ hangUp: anyRelay }) },
  { weight: 1, arbitrary: fc.record({ end: anyRelay, isError: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ change: anyRelay, level: anyLevel }) },
  { weight: 2, arbitrary: fc.record({ use: anyRelay }) },
  { weight: 3, arbitrary: fc.record({ pass: fc.nat(2 * TURN) }) },
);
const anyBudget = fc
  .record({ total: fc.integer({ min: 1, max: 5 }), share: fc.nat(2) })
  .map(({ total, share }) => ({ total, reserved: Math.min(share, total - 1) }));

describe('SocketBudget', () => {
  it('does what a model does that looks at everything, never exceeds its total, and leaks nothing', () => {
    fc.assert(
      fc.property(anyBudget, fc.array(anyStep, { maxLength: 60, size: 'max' }), (options, steps) => {
        const { time, budget, relays, parked, problems, dial, hangUp, sockets } = bench(options);
        const model = new Model(options.total, options.reserved);
        const check = (): void => {
          const names = (places: readonly Place[]): string =>
            places
              .map(({ relay }) => relay.name)
              .sort()
              .join();
          const are = (state: Relay['state']): string =>
            relays.flatMap((relay) => (relay.state === state ? [relay.name] : [])).join();
          const isTight = model.waiting.length > 0 || model.open.length >= options.total - options.reserved;
          // As text, because there are many of them.
          const seen = `open ${are('open')}, waiting ${are('waiting')}, parked ${parked.join()}, tight ${budget.isTight}`;
          const right = `open ${names(model.open)}, waiting ${names(model.waiting)}, parked ${model.parked.join()}, tight ${isTight}`;
          const counts = [sockets(), budget.used, budget.waiting].join();
          if (seen !== right) problems.push(`${seen}; but ${right}`);
          if (counts !== [model.open.length, model.open.length, model.waiting.length].join()) problems.push(counts);
          if (budget.waiting === 0 && time.pending > 0) problems.push('a timer for nobody');
          if (problems.length > 0) expect(problems).toEqual([]);
        };
        for (const step of steps) {
          if ('dial' in step) {
            const relay = relays[step.dial];
            if (!relay || relay.state !== 'away') continue;
            Object.assign(relay, { priority: step.level, retries: step.retries, usedAt: time.now() });
            dial(relay);
            model.claim(relay);
          } else if ('hangUp' in step) {
            const relay = relays[step.hangUp];
            if (!relay || relay.state === 'away') continue;
            hangUp(relay);
            model.leave(relay);
          } else if ('end' in step) {
            const relay = relays[step.end];
            if (relay?.state !== 'open') continue;
            relay.ends.next(step.isError);
            model.leave(relay);
          } else if ('change' in step) {
            const relay = relays[step.change];
            if (!relay) continue;
            relay.priority = step.level;
            budget.changed();
            model.decide();
          } else if ('use' in step) {
            const relay = relays[step.use];
            if (relay) relay.usedAt = time.now();
          } else {
            for (let left = step.pass; left > 0; left--) {
              time.moveTo(time.now() + 1);
              model.now++;
              model.decide();
              check();
            }
          }
          check();
        }
        for (const relay of relays) hangUp(relay);
        expect(budget).toMatchObject({ used: 0, waiting: 0 });
        expect([sockets(), time.pending]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('serves each claim of a level within a bound of turns, whoever comes, goes and is used meanwhile', () => {
    const anyAct = fc.record({
      relay: anyRelay,
      act: fc.constantFrom('toggle', 'use', 'use'),
      pass: fc.nat(TURN),
    });
    const acts = fc.array(anyAct, { maxLength: 80, size: 'max' });
    fc.assert(
      fc.property(anyBudget, anyLevel, acts, (options, level, all) => {
        const { time, relays, problems, dial, hangUp } = bench(options);
        const isUrgent = level === 'critical' || level === 'high';
        const seats = isUrgent ? options.total : options.total - options.reserved;
        /** Until when each of those that wait has to be served. */
        const bounds = new Map<Relay, number>();
        const look = (): void => {
          for (const relay of relays) {
            if (relay.state !== 'waiting') bounds.delete(relay);
            else if (!bounds.has(relay)) {
              const rounds = 1 + Math.ceil(relays.filter(({ state }) => state === 'waiting').length / seats);
              bounds.set(relay, time.now() + rounds * TURN);
            }
          }
          for (const [{ name }, bound] of bounds) if (time.now() > bound) problems.push(`${name} waits in vain`);
        };
        for (const { relay: name, act, pass } of all) {
          const relay = relays[name];
          if (!relay) continue;
          if (act === 'use') relay.usedAt = time.now();
          else if (relay.state === 'away') {
            Object.assign(relay, { priority: level, retries: true });
            dial(relay);
          } else hangUp(relay);
          look();
          for (let left = pass; left > 0; left--) {
            time.moveTo(time.now() + 1);
            look();
          }
        }
        expect(problems).toEqual([]);
        for (const relay of relays) hangUp(relay);
        expect(time.pending).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
