import { map, type Observable, of, pipe } from 'rxjs';
import { expectTypeOf } from 'vitest';
import {
  type Balanced,
  bufferEvents,
  Bulkhead,
  bulkhead,
  CircuitBreaker,
  circuitBreaker,
  events,
  hedge,
  type HedgePolicy,
  HistogramWindow,
  latencyPercentiles,
  latestReplaceable,
  loadBalance,
  measureLatency,
  type NostrEvent,
  type Packet,
  powerOfTwoChoices,
  priorityMergeMap,
  type PublishReport,
  pureVerifier,
  quorum,
  type QuorumError,
  reconnect,
  type RelayPool,
  relayLists,
  throughput,
  timeoutInFlight,
  toAsyncIterable,
  uniqueEvents,
  untilSettled,
  verifyEvents,
  withoutDeleted,
} from '../../src/index.ts';

declare const pool: RelayPool;
declare const packets$: Observable<Packet>;
declare const events$: Observable<NostrEvent>;
declare const reports$: Observable<PublishReport>;
declare const numbers$: Observable<number>;
declare const policy: HedgePolicy;

// Of packets
expectTypeOf(packets$.pipe(untilSettled())).toEqualTypeOf<Observable<Packet>>();
expectTypeOf(packets$.pipe(untilSettled(), events())).toEqualTypeOf<Observable<NostrEvent>>();
expectTypeOf(packets$.pipe(pipe(untilSettled(), events()))).toEqualTypeOf<Observable<NostrEvent>>();
// @ts-expect-error events are no packets
events$.pipe(events());
// @ts-expect-error events are no packets
events$.pipe(untilSettled());

// Of events
const read = verifyEvents(pureVerifier);
expectTypeOf(
  events$.pipe(
    read,
    uniqueEvents({ capacity: 10 }),
    withoutDeleted(),
    latestReplaceable(),
    map(({ content }) => content),
  ),
).toEqualTypeOf<Observable<string>>();
expectTypeOf(pool.subscribe({ kinds: [0] }).pipe(latestReplaceable())).toEqualTypeOf<Observable<NostrEvent>>();
expectTypeOf(events$.pipe(relayLists())).toExtend<Observable<ReadonlyMap<string, object>>>();
// @ts-expect-error packets are no events
packets$.pipe(latestReplaceable());
// @ts-expect-error packets are no events
packets$.pipe(uniqueEvents());
// @ts-expect-error the option is `capacity`
uniqueEvents({ size: 10 });
// @ts-expect-error a capacity is a number
latestReplaceable({ capacity: '10' });
// @ts-expect-error a verifier is an object
verifyEvents(() => true);

// priorityMergeMap: the item, and what is made of it
expectTypeOf(
  numbers$.pipe(
    priorityMergeMap(
      (item, turn) => {
        expectTypeOf(item).toEqualTypeOf<number>();
        expectTypeOf(turn.waited).toEqualTypeOf<number>();
        return of(String(item));
      },
      {
        priority: (item) => (item > 1 ? 'high' : 'low'),
        concurrency: of(1, 2),
        deadline: (item) => (item > 1 ? 1_000 : undefined),
        onDrop: ({ item, outcome }) => {
          expectTypeOf(item).toEqualTypeOf<number>();
          expectTypeOf(outcome).not.toExtend<'taken'>();
        },
      },
    ),
  ),
).toEqualTypeOf<Observable<string>>();
expectTypeOf(numbers$.pipe(priorityMergeMap((item) => Promise.resolve([item])))).toEqualTypeOf<Observable<number[]>>();
// @ts-expect-error the levels are critical, high, normal and low
numbers$.pipe(priorityMergeMap(() => of(1), { priority: () => 'urgent' }));
// @ts-expect-error a level is asked of a function
numbers$.pipe(priorityMergeMap(() => of(1), { priority: 'high' }));
// @ts-expect-error the option is `concurrency`
numbers$.pipe(priorityMergeMap(() => of(1), { concurrent: 2 }));
// @ts-expect-error what is made is a stream
numbers$.pipe(priorityMergeMap((item) => item));

// hedge: the backup gives what the source does
expectTypeOf(numbers$.pipe(hedge(policy, () => of(1)))).toEqualTypeOf<Observable<number>>();
expectTypeOf(packets$.pipe(hedge(policy, () => packets$, { answered: ({ type }) => type === 'eose' }))).toEqualTypeOf<
  Observable<Packet>
>();
// @ts-expect-error the backup gives texts
numbers$.pipe(hedge(policy, () => of('1')));
// @ts-expect-error a policy, not milliseconds
numbers$.pipe(hedge(100, () => of(1)));

// quorum: the report stays what it is
expectTypeOf(reports$.pipe(quorum(2))).toEqualTypeOf<Observable<PublishReport>>();
expectTypeOf(reports$.pipe(quorum('majority', { finish: false }))).toEqualTypeOf<Observable<PublishReport>>();
expectTypeOf<QuorumError<PublishReport>['report']>().toEqualTypeOf<PublishReport | undefined>();
// @ts-expect-error numbers are no reports
numbers$.pipe(quorum(2));
// @ts-expect-error a number, 'majority' or 'all'
reports$.pipe(quorum('most'));
// @ts-expect-error the option is `finish`
reports$.pipe(quorum(2, { wait: true }));

// loadBalance: the candidates stay what they are
interface Server extends Balanced {
  readonly name: string;
}
declare const servers$: Observable<readonly Server[]>;
expectTypeOf(servers$.pipe(loadBalance())).toExtend<Observable<readonly Server[]>>();
expectTypeOf(
  servers$.pipe(
    loadBalance(powerOfTwoChoices(), { priority: 'high' }),
    map(([first]) => first?.name),
  ),
).toEqualTypeOf<Observable<string | undefined>>();
// @ts-expect-error nothing is known of a number
of([1, 2]).pipe(loadBalance());
// @ts-expect-error a strategy is no name
servers$.pipe(loadBalance('random'));

// What keeps the type of its source
const breaker = new CircuitBreaker();
const handle = new Bulkhead({ permits: 2 });
expectTypeOf(
  numbers$.pipe(
    circuitBreaker(breaker, { classify: ({ kind }) => (kind === 'E' ? 'failure' : 'success') }),
    bulkhead(handle, { priority: 'high' }),
    timeoutInFlight(30_000, { isOutcome: (value) => value > 0 }),
    reconnect({ cap: 60_000 }),
    measureLatency(new HistogramWindow()),
  ),
).toEqualTypeOf<Observable<number>>();
// @ts-expect-error a verdict is success, failure, ignore, a push-back or none yet
numbers$.pipe(circuitBreaker(breaker, { classify: () => 'bad' }));
// @ts-expect-error milliseconds are a number
numbers$.pipe(timeoutInFlight('30s'));
// @ts-expect-error the option is `cap`
reconnect({ max: 60_000 });

// What measures
expectTypeOf(numbers$.pipe(latencyPercentiles())).toExtend<Observable<{ readonly p95: number } | undefined>>();
expectTypeOf(events$.pipe(throughput({ sizeOf: ({ content }) => content.length }))).toExtend<
  Observable<{ readonly bytesPerSecond: number }>
>();
// @ts-expect-error latencies are numbers
events$.pipe(latencyPercentiles());
// @ts-expect-error an event does not say its size
events$.pipe(throughput());

// What buffers
expectTypeOf(events$.pipe(bufferEvents({ every: 16 }))).toExtend<Observable<unknown>>();
const iterate = async (): Promise<void> => {
  for await (const event of toAsyncIterable(events$)) expectTypeOf(event).toEqualTypeOf<NostrEvent>();
};
expectTypeOf(iterate).returns.resolves.toBeVoid();
