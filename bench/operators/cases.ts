import { EMPTY, map, mergeMap, type Observable, of, pipe, Subject, VirtualTimeScheduler } from 'rxjs';
import {
  Bulkhead,
  bufferEvents,
  bulkhead,
  CircuitBreaker,
  circuitBreaker,
  events,
  hedge,
  HedgePolicy,
  HistogramWindow,
  latencyPercentiles,
  latestReplaceable,
  loadBalance,
  measureLatency,
  type NostrEvent,
  powerOfTwoChoices,
  type Priority,
  priorityMergeMap,
  quorum,
  type QuorumReport,
  reconnect,
  refuseWhileOpen,
  relayLists,
  SocketBudget,
  throughput,
  timeoutInFlight,
  uniqueEvents,
  untilSettled,
  type Verifier,
  verifyEvents,
  weightedTop,
  withinBudget,
  withoutDeleted,
} from '../../src/index.ts';
import type { Exchange, Progress } from '../../src/pool/exchange.ts';
import { RelayHealth } from '../../src/pool/health.ts';
import { pipeline, pipelineStages } from '../../src/pool/pipeline.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import {
  candidateLists,
  COUNT,
  latencies,
  note,
  notes,
  notesAfterDeletions,
  packets,
  profiles,
  relayListEvents,
  relayListsAgain,
  repeated,
  texts,
} from './inputs.ts';
import type { Case } from './measure.ts';
import { perItem, perSubscription } from './through.ts';

/** What all others are compared with. */
export const BASELINE = 'map';

const project = (event: NostrEvent): Observable<NostrEvent> => of(event);
/** Levels in turn, the way real traffic mixes them. */
const LEVELS: readonly Priority[] = ['normal', 'low', 'high', 'critical'];
const priority = ({ created_at }: NostrEvent): Priority => LEVELS[created_at % 4] ?? 'normal';

/**
 * For operators that take one item at a time: of each hundred the first holds the place, so that the others have to wait, until the
 * hundredth has come. A hundred, as `mergeMap` empties its buffer by recursion.
 */
function waitingLine() {
  let holder = new Subject<NostrEvent>();
  let isHeld = false;
  const act = (): void => {
    holder.complete();
    holder = new Subject();
    isHeld = false;
  };
  const hold = (event: NostrEvent): Observable<NostrEvent> => {
    if (isHeld) return of(event);
    isHeld = true;
    return holder;
  };
  return { hold, rest: { after: { each: 100, act }, expected: COUNT - COUNT / 100 } };
}
const [forMerge, forQueue] = [waitingLine(), waitingLine()];

const [aRelayList = note] = relayListEvents;

/** Says yes at once, so that what is measured is the operator. */
const yes: Verifier = { verify: (batch) => batch.map(() => true) };
const scheduler = new VirtualTimeScheduler();
const flush = { after: { each: 100, act: () => scheduler.flush() } };

/** One of three relays has answered, and says yes: enough for one, too few for two. */
const oneOfThree: QuorumReport = { accepted: 1, pending: 2, outcomes: { a: 'accepted', b: 'pending', c: 'pending' } };

const user = { priority: 'normal', usedAt: 0 } as const;

const health = new RelayHealth({});
const exchange: Exchange = {
  relay: relayUrl('wss://relay.example'),
  verb: 'REQ',
  call: { verb: 'REQ', ids: new Set(), filters: [], event: undefined, priority: 'normal' },
  priority: 'normal',
  patience: Infinity,
  timeout: 60_000,
  health,
};
const answered: Progress = { type: 'answered' };

/** The cost of one item more on a subscription that is there. */
export const itemCases: readonly Case[] = [
  perItem('no operator', notes, pipe()),
  perItem(
    BASELINE,
    notes,
    map(({ content }) => content),
  ),
  perItem('mergeMap to of()', notes, mergeMap(project)),
  perItem('mergeMap to of(), 99 of 100 wait', notes, mergeMap(forMerge.hold, 1), forMerge.rest),
  perItem('priorityMergeMap to of()', notes, priorityMergeMap(project, { priority })),
  perItem(
    'priorityMergeMap to of(), 99 of 100 wait',
    notes,
    priorityMergeMap(forQueue.hold, { priority }),
    forQueue.rest,
  ),
  perItem('reconnect', notes, reconnect()),
  perItem('circuitBreaker', notes, circuitBreaker(new CircuitBreaker())),
  perItem('bulkhead', notes, bulkhead(new Bulkhead())),
  perItem('withinBudget', notes, withinBudget(new SocketBudget(), user)),
  perItem('loadBalance of 20, weightedTop', candidateLists, loadBalance(weightedTop())),
  perItem('loadBalance of 20, powerOfTwoChoices', candidateLists, loadBalance(powerOfTwoChoices())),
  perItem(
    'hedge',
    notes,
    hedge<NostrEvent>(new HedgePolicy(), () => EMPTY),
  ),
  perItem('timeoutInFlight', notes, timeoutInFlight(30_000)),
  perItem('timeoutInFlight with isOutcome', notes, timeoutInFlight(30_000, { isOutcome: ({ kind }) => kind === 0 })),
  perItem('measureLatency', notes, measureLatency(new HistogramWindow())),
  perItem('latencyPercentiles', latencies, latencyPercentiles(), { expected: 0 }),
  perItem('throughput of numbers', latencies, throughput(), { expected: 0 }),
  perItem('throughput of texts, 100 characters', texts, throughput(), { expected: 0 }),
  perItem('events', packets, events()),
  perItem('untilSettled', packets, untilSettled()),
  perItem(
    'quorum of three relays, not there yet',
    notes.map(() => oneOfThree),
    quorum(2),
    { expected: 0 },
  ),
  perItem('uniqueEvents, all new', notes, uniqueEvents()),
  perItem('uniqueEvents, all seen before', repeated, uniqueEvents(), { expected: 0 }),
  perItem('verifyEvents, the verifier for nothing', notes, verifyEvents(yes, { scheduler }), flush),
  perItem('latestReplaceable, regular', notes, latestReplaceable()),
  perItem('latestReplaceable, newer versions', profiles, latestReplaceable()),
  perItem('bufferEvents', notes, bufferEvents(), { expected: 0 }),
  perItem('withoutDeleted, nothing deleted', notes, withoutDeleted()),
  perItem('withoutDeleted, a hundred deleted', notesAfterDeletions, withoutDeleted()),
  perItem('relayLists, newer lists of 100 authors', relayListEvents, relayLists({ every: 0 })),
  perItem('relayLists, lists that are known', relayListsAgain, relayLists(), { expected: 0 }),
];

/** The cost of one subscription more. */
export const subscriptionCases: readonly Case[] = [
  perSubscription('no operator, subscription', note, pipe()),
  perSubscription(
    'map, subscription',
    note,
    map(({ content }) => content),
  ),
  perSubscription('mergeMap, subscription', note, mergeMap(project)),
  perSubscription('priorityMergeMap, subscription', note, priorityMergeMap(project)),
  perSubscription('reconnect, subscription', note, reconnect(), { completes: false }),
  perSubscription('circuitBreaker, subscription', note, circuitBreaker(new CircuitBreaker())),
  perSubscription('refuseWhileOpen, subscription', note, refuseWhileOpen(new CircuitBreaker())),
  perSubscription('bulkhead, subscription', note, bulkhead(new Bulkhead())),
  perSubscription('withinBudget, subscription', note, withinBudget(new SocketBudget(), user)),
  perSubscription(
    'hedge, subscription',
    note,
    hedge<NostrEvent>(new HedgePolicy(), () => EMPTY),
  ),
  perSubscription('timeoutInFlight, subscription', note, timeoutInFlight(30_000)),
  perSubscription('measureLatency, subscription', note, measureLatency(new HistogramWindow())),
  perSubscription('latencyPercentiles, subscription', 42, latencyPercentiles()),
  perSubscription('throughput, subscription', 42, throughput()),
  perSubscription('quorum, subscription', oneOfThree, quorum(1)),
  perSubscription('uniqueEvents, subscription', note, uniqueEvents()),
  perSubscription('latestReplaceable, subscription', note, latestReplaceable()),
  perSubscription('bufferEvents, subscription', note, bufferEvents()),
  perSubscription('withoutDeleted, subscription', note, withoutDeleted()),
  perSubscription('relayLists, subscription', aRelayList, relayLists()),
  perSubscription("the pool's pipe, one exchange", answered, (send) => pipeline(send, exchange, pipelineStages)),
];
