import fc from 'fast-check';
import { Observable, type Subscription, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { circuitBreaker, CircuitOpenError } from '../../src/operators/circuit-breaker.ts';
import { CircuitBreaker } from '../../src/operators/circuit-breaker-handle.ts';
import type { CircuitState } from '../../src/policies/circuit-state.ts';

const anyCall = fc.record({
  ends: fc.constantFrom('complete', 'error', 'never'),
  leaves: fc.nat(3).map((n) => n === 0),
  nested: fc.nat(3).map((n) => n === 0),
});

describe('circuitBreaker', () => {
  it('keeps its word in any order of calls, ends, unsubscribes and time, calls from within calls included', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(anyCall, { minLength: 1, maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 25 }), { maxLength: 15 }),
        fc.integer({ min: 1, max: 3 }),
        async (s, calls, spans, probes) => {
          const clock = new VirtualTimeScheduler();
          const breaker = new CircuitBreaker({
            consecutiveFailures: 2,
            openTime: 10,
            halfOpenTime: 15,
            jitter: 0,
            probes,
            scheduler: clock,
          });
          const states: CircuitState[] = [];
          const probesUnderWay = new Set<number>();
          /** What is thrown in a handler would not reach the property. */
          const problems: string[] = [];
          let halfOpenSince = 0;
          const watch = breaker.state$.subscribe((state) => {
            if (state === states.at(-1)) problems.push(`${state} twice`);
            states.push(state);
            if (state === 'half-open') halfOpenSince = clock.now();
            probesUnderWay.clear(); // those of an earlier state have no say any more
          });
          let [underWay, subscribed, outcomes] = [0, 0, 0];

          const make = (index: number, isNested: boolean): Subscription => {
            const call = calls[index];
            const name = isNested ? -1 - index : index;
            const source = new Observable<never>((subscriber) => {
              if (breaker.state === 'open') problems.push('a call through an open breaker');
              subscribed++;
              underWay++;
              if (breaker.state === 'half-open') {
                probesUnderWay.add(name);
                if (probesUnderWay.size > probes) problems.push('too many probes');
              }
              if (call?.nested && !isNested) make(index, true);
              if (call?.ends !== 'never') {
                void s.schedule(Promise.resolve(), `${call?.ends} ${name}`).then(() => {
                  probesUnderWay.delete(name);
                  if (call?.ends === 'error') subscriber.error('failed');
                  else subscriber.complete();
                });
              }
              return () => {
                underWay--;
                probesUnderWay.delete(name);
              };
            });
            const subscription = source.pipe(circuitBreaker(breaker)).subscribe({
              error: (error) => {
                outcomes++;
                if (error === 'failed') return;
                if (!(error instanceof CircuitOpenError && error.retryAt > clock.now())) problems.push(String(error));
              },
              complete: () => outcomes++,
            });
            open.push(subscription);
            if (call?.leaves)
              void s.schedule(Promise.resolve(), `leave ${name}`).then(() => subscription.unsubscribe());
            return subscription;
          };
          const open: Subscription[] = [];
          calls.forEach(
            (_, index) => void s.schedule(Promise.resolve(), `call ${index}`).then(() => make(index, false)),
          );
          spans.forEach((span) => {
            void s.schedule(Promise.resolve(), `${span} ms`).then(() => {
              clock.maxFrames = clock.frame + span;
              clock.flush();
              clock.frame = clock.maxFrames;
              // Half-open always ends.
              if (breaker.state === 'half-open' && clock.now() - halfOpenSince >= 15) problems.push('still half-open');
            });
          });

          await s.waitIdle();
          expect(problems).toEqual([]);
          for (const subscription of open) subscription.unsubscribe();
          expect(underWay).toBe(0);
          expect(outcomes).toBeLessThanOrEqual(open.length);
          expect(subscribed).toBeLessThanOrEqual(open.length);
          // Nothing is stuck: once its time is over, a call that succeeds gets through, and closes it.
          clock.frame += 1_000_000;
          for (let probe = 0; probe < probes; probe++) {
            const answer = breaker.acquire();
            if (!answer.granted) throw new Error('it is stuck');
            answer.succeed();
          }
          expect([breaker.state, breaker.stats.probes]).toEqual(['closed', 0]);
          watch.unsubscribe();
          expect(clock.actions.filter(({ closed }) => !closed)).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
