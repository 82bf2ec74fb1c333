import fc from 'fast-check';
import type { SchedulerAction, Subscription } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualTime } from '../../src/testing/index.ts';

/** What a program does with the clock: by number, so that it can be run beside a list that is simply sorted. */
const anyStep = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('schedule'), delay: fc.nat(20), again: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('cancel'), which: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('pass'), milliseconds: fc.nat(10) }) },
);

/** The least that keeps the promise: look for the next one among all. */
class PlainAgenda {
  now = 0;
  readonly ran: string[] = [];
  #due: { readonly name: string; readonly at: number; readonly again: number }[] = [];

  schedule(name: string, delay: number, again: number): void {
    this.#due.push({ name, at: this.now + delay, again });
  }

  cancel(name: string): void {
    this.#due = this.#due.filter((each) => each.name !== name);
  }

  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (;;) {
      // The sort keeps the order of what is equal.
      const [next] = this.#due.toSorted((a, b) => a.at - b.at);
      if (!next || next.at > end) break;
      this.#due.splice(this.#due.indexOf(next), 1);
      this.now = next.at;
      this.ran.push(`${next.name}@${this.now}`);
      // Once more, under the same name: who cancels it cancels this, too.
      if (next.again > 0) this.schedule(next.name, next.again, 0);
    }
    this.now = end;
  }

  get size(): number {
    return this.#due.length;
  }
}

describe('QueuedAction', () => {
  it('runs in the order of time, then of scheduling, whatever comes, goes and comes again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 60 }), async (steps) => {
        const time = new VirtualTime({ epoch: 0 });
        const plain = new PlainAgenda();
        const ran: string[] = [];
        const handles: Subscription[] = [];
        for (const step of steps) {
          if ('delay' in step) {
            const name = `n${handles.length}`;
            let again = step.again;
            const work = function (this: SchedulerAction<unknown>): void {
              ran.push(`${name}@${time.now()}`);
              if (again > 0) this.schedule(undefined, again);
              again = 0;
            };
            handles.push(time.schedule(work, step.delay));
            plain.schedule(name, step.delay, step.again);
          } else if ('which' in step && handles.length > 0) {
            const which = step.which % handles.length;
            handles[which]?.unsubscribe();
            plain.cancel(`n${which}`);
          } else if ('milliseconds' in step) {
            await time.advance(step.milliseconds);
            plain.pass(step.milliseconds);
          }
          expect(time.actions).toHaveLength(plain.size);
        }
        await time.advance(100);
        plain.pass(100);
        expect(ran).toEqual(plain.ran);
        expect(time.actions).toEqual([]);
      }),
    );
  });

  it('is not run, and no other in its place, when it is cancelled by the one before', async () => {
    const time = new VirtualTime({ epoch: 0 });
    const ran: number[] = [];
    const handles = Array.from({ length: 100 }, (_, n) =>
      time.schedule(() => {
        ran.push(n);
        if (n % 3 === 0) handles[n + 1]?.unsubscribe();
      }, n % 10),
    );
    await time.advance(10);
    const expected = handles.map((_, n) => n).sort((a, b) => (a % 10) - (b % 10) || a - b);
    const cancelled = new Set<number>();
    const kept = expected.filter((n) => {
      if (cancelled.has(n)) return false;
      if (n % 3 === 0) cancelled.add(n + 1);
      return true;
    });
    expect(ran).toEqual(kept);
  });

  it('is in its place also where another that was cancelled leaves it one among later work', async () => {
    const time = new VirtualTime({ epoch: 0 });
    const ran: number[] = [];
    // As a heap: 10 and 2, and behind 10 but what is later than it. The last, 8, fills the place of 11 there.
    const handles = [1, 10, 2, 11, 12, 3, 4, 13, 14, 15, 16, 5, 6, 7, 8].map((delay) =>
      time.schedule(() => ran.push(delay), delay),
    );
    handles[3]?.unsubscribe();
    await time.advance(20);
    expect(ran).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 14, 15, 16]);
  });

  it('never runs what is scheduled for an endless delay', async () => {
    const time = new VirtualTime({ epoch: 0 });
    let ran = 0;
    time.schedule(() => ran++, Infinity);
    time.schedule(function () {
      ran++;
      this.schedule(undefined, Infinity);
    });
    await time.advance(1_000_000);
    expect([ran, time.actions.length]).toEqual([1, 0]);
  });
});
