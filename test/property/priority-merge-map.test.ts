import fc from 'fast-check';
import { defer, from, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { priorityMergeMap } from '../../src/operators/priority-merge-map.ts';
import type { Overflow } from '../../src/policies/priority-queue.ts';
import type { Priority } from '../../src/policies/queue-outcome.ts';

const LEVELS: readonly Priority[] = ['critical', 'high', 'normal', 'low'];

interface Item {
  readonly id: number;
  readonly level: number;
  readonly cancel: Subject<void>;
}

const anyItem = fc.record({
  level: fc.nat(3),
  fails: fc.nat(40).map((n) => n === 0),
  isCancelled: fc.nat(3).map((n) => n === 0),
});
const anyOptions = fc.record({
  capacity: fc.integer({ min: 1, max: 6 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
  overflow: fc.constantFrom<Overflow>('drop-lowest-oldest', 'drop-newest', 'reject'),
});

describe('priorityMergeMap', () => {
  it('keeps its bounds and its word in any order of arrivals, ends, cancellations and an unsubscribe', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(anyItem, { minLength: 1, maxLength: 25 }),
        anyOptions,
        fc.boolean(),
        async (s, shapes, options, leaves) => {
          const source = new Subject<Item>();
          const waiting = new Map<number, Item>();
          const outcomes = new Map<number, string>();
          /** What is thrown in a callback would not reach the property. */
          const problems: string[] = [];
          let running = 0;
          let end: 'completed' | 'failed' | 'left' | undefined;
          const settle = ({ id }: Item, outcome: string): void => {
            if (outcomes.has(id)) problems.push(`item ${id} was ${outcomes.get(id)} and ${outcome}`);
            outcomes.set(id, outcome);
            waiting.delete(id);
          };

          const project = (item: Item) => {
            settle(item, 'projected');
            // Nobody who waits outranks the one whose turn it is; in its own level it came first.
            for (const other of waiting.values()) {
              if (other.level < item.level || (other.level === item.level && other.id < item.id)) {
                problems.push(`${other.id} outranks ${item.id}`);
              }
            }
            return defer(() => {
              running++;
              if (running > options.concurrency) problems.push('too many run');
              const work = s.schedule(Promise.resolve(item.id), `end of ${item.id}`);
              return from(
                work.finally(() => {
                  running--;
                  if (shapes[item.id]?.fails) throw new Error('failed');
                }),
              );
            });
          };

          const subscription = source
            .pipe(
              priorityMergeMap(project, {
                ...options,
                ageing: Infinity,
                priority: ({ level }) => LEVELS[level] ?? 'low',
                cancel: ({ cancel }) => cancel,
                onDrop: ({ item, outcome }) => {
                  const outranked = [...waiting.values()].find(
                    (other) => other.id !== item.id && other.level > item.level,
                  );
                  if (outcome === 'evicted' && outranked)
                    problems.push(`${item.id} was evicted, ${outranked.id} stayed`);
                  settle(item, outcome);
                },
              }),
            )
            .subscribe({
              error: (error: Error) => {
                end = 'failed';
                if (error.message !== 'failed') problems.push(error.message);
              },
              complete: () => (end = 'completed'),
            });

          const offered: Item[] = [];
          shapes.forEach(({ level, isCancelled }) => {
            void s.schedule(Promise.resolve(), 'arrival').then(() => {
              if (end) return;
              const item: Item = { id: offered.length, level, cancel: new Subject() };
              offered.push(item);
              waiting.set(item.id, item);
              source.next(item);
              if (waiting.size > options.capacity) problems.push('too many wait');
              if (isCancelled) void s.schedule(Promise.resolve(), 'cancel').then(() => item.cancel.next());
            });
          });
          if (leaves) {
            void s.schedule(Promise.resolve(), 'unsubscribe').then(() => {
              subscription.unsubscribe();
              end ??= 'left';
            });
          }

          await s.waitIdle();
          source.complete();
          expect(problems).toEqual([]);
          expect(end).toBeDefined();
          expect(source.observed).toBe(false);
          expect(waiting.size).toBe(0);
          expect([...outcomes.keys()].sort((a, b) => a - b)).toEqual(offered.map(({ id }) => id));
          expect(offered.some(({ cancel }) => cancel.observed)).toBe(false);
          if (end === 'completed') expect(running).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
