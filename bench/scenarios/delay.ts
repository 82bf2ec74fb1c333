import { Deliveries } from '../client-process/deliveries.ts';
import type { Measured } from '../client-process/measured.ts';
import { monotonic } from '../relay-process/live.ts';
import { numberOf } from '../relay-process/numbers.ts';
import { raw, verifying, verifyingFast } from './participants.ts';
import type { Scenario, World } from './scenario.ts';
import { within } from '../client-process/within.ts';

const RATE = 2_000;
const EVENTS = 6_000;

export const delay: Scenario = {
  name: 'k2',
  title: `From frame to subscriber, at ${RATE.toLocaleString('en')} events a second`,
  about: `Milliseconds from the writing of an event at the relay to its delivery, verified, over ${EVENTS.toLocaleString('en')} events. One live subscription at one relay. "raw" does not verify.`,
  cases: ['verified'],
  participants: () => [raw, ...verifying, ...verifyingFast],
  relays: () => [{}],
  shows: { readings: ['cpu'], numbers: ['p50', 'p99', 'p99.9'].map((name) => ({ name, head: `${name}, ms` })) },
  rounds: 2,
  limit: 12_000,
  measure: timeEach,
};

async function timeEach(world: World): Promise<Measured> {
  const deliveries = new Deliveries(EVENTS);
  const receivedAt = new Float64Array(EVENTS);
  const client = await world.connect();
  const ready = new Promise<void>((resolve) => {
    client.live(
      { kinds: [1] },
      (event) => {
        receivedAt[numberOf(event)] ||= monotonic();
        deliveries.onEvent(event);
      },
      resolve,
    );
  });
  await within(ready, 5_000);
  const all = deliveries.reach(EVENTS);
  await world.meter.start();
  const sent = world.live({ from: 0, count: EVENTS, signed: true, rate: RATE });
  const isDone = await within(Promise.all([all, sent]), world.limit);
  const usage = world.meter.stop();
  client.close();
  const result = { ...usage, expected: EVENTS, delivered: deliveries.delivered, again: deliveries.again };
  if (!isDone) return { ...result, note: `gave up after ${world.limit / 1_000} s` };
  const delays = Float64Array.from(await sent, (time, i) => (receivedAt[i] ?? NaN) - time).sort();
  const at = (share: number): number => delays[Math.min(EVENTS - 1, Math.floor(share * EVENTS))] ?? NaN;
  return { ...result, numbers: { p50: at(0.5), p99: at(0.99), 'p99.9': at(0.999) } };
}
