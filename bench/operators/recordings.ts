import {
  CircuitBreaker,
  HistogramWindow,
  isWellFormedEvent,
  LatencyHistogram,
  type Priority,
  PriorityQueue,
  SeenIds,
} from '../../src/index.ts';
import { COUNT, latencies, notes } from './inputs.ts';
import type { Case } from './measure.ts';

/** A latency is recorded on the hot path; more than this, in ns, would show. */
const LIMIT = 100;

/** So many calls, all of which have to go well. Each case has a loop of its own: one that calls this or that would cost more than some calls. */
const calls = (name: string, units: number, run: () => number, limit?: number): Case => ({
  name,
  units,
  run,
  expected: units,
  ...(limit === undefined ? {} : { limit }),
});

const manyLatencies = Array.from({ length: 8 }, () => latencies).flat();
const histogram = new LatencyHistogram();
const latencyWindow = new HistogramWindow();
/** Goes on by a millisecond with each call, so that slices come and go. */
let now = 0;
const answering = new HistogramWindow();
latencies.forEach((ms, index) => answering.record(ms, index * 50));

const LEVELS: readonly Priority[] = ['normal', 'low', 'high', 'critical'];
const queue = new PriorityQueue<number>();
for (let n = 0; n < 500; n++) queue.add(n, 'normal', 0);

const breaker = new CircuitBreaker();
const some = notes.slice(0, COUNT);
const ids = some.map(({ id }) => id);
/** Not typed as events, which would make the question needless. */
const things: readonly unknown[] = some;
const full = new SeenIds({ capacity: COUNT / 2 });
const known = new SeenIds({ capacity: COUNT });
for (const id of ids) known.add(id);

/** What is under the operators, without a stream. */
export const recordings: readonly Case[] = [
  calls(
    'LatencyHistogram.record',
    manyLatencies.length,
    () => {
      let done = 0;
      for (const ms of manyLatencies) if (histogram.record(ms)) done++;
      return done;
    },
    LIMIT,
  ),
  calls(
    'HistogramWindow.record',
    manyLatencies.length,
    () => {
      let done = 0;
      for (const ms of manyLatencies) if (latencyWindow.record(ms, ++now)) done++;
      return done;
    },
    LIMIT,
  ),
  calls('HistogramWindow.summary', 10, () => {
    let done = 0;
    for (let n = 0; n < 10; n++) if (answering.summary(latencies.length * 50)?.count === latencies.length) done++;
    return done;
  }),
  calls('PriorityQueue.add and take, 500 wait', latencies.length, () => {
    let done = 0;
    for (const ms of latencies) {
      queue.add(ms, LEVELS[++now % 4] ?? 'normal', now);
      if (queue.take(now)) done++;
    }
    return done;
  }),
  calls('CircuitBreaker.acquire and succeed', COUNT, () => {
    let done = 0;
    for (let n = 0; n < COUNT; n++) {
      const permit = breaker.acquire();
      if (!permit.granted) continue;
      permit.succeed();
      done++;
    }
    return done;
  }),
  calls('SeenIds.add, growing', ids.length, () => {
    const seen = new SeenIds();
    let done = 0;
    for (const id of ids) if (seen.add(id)) done++;
    return done;
  }),
  calls('SeenIds.add, full', ids.length, () => {
    let done = 0;
    for (const id of ids) if (full.add(id)) done++;
    return done;
  }),
  calls('SeenIds.has, all there', ids.length, () => {
    let done = 0;
    for (const id of ids) if (known.has(id)) done++;
    return done;
  }),
  calls('isWellFormedEvent', things.length, () => {
    let done = 0;
    for (const thing of things) if (isWellFormedEvent(thing)) done++;
    return done;
  }),
];
