import { Deliveries } from '../client-process/deliveries.ts';
import type { Measured } from '../client-process/measured.ts';
import { within } from '../client-process/within.ts';
import { ours, trusting } from './participants.ts';
import type { Scenario, World } from './scenario.ts';

/** Subscriptions, and events for each of them. */
const CASES = new Map([
  ['10 subscriptions', { subscriptions: 10, each: 5_000 }],
  ['200 subscriptions', { subscriptions: 200, each: 50 }],
  ['1,000 subscriptions', { subscriptions: 1_000, each: 50 }],
]);

export const live: Scenario = {
  name: 'e',
  title: 'Live subscriptions, 50 events each',
  about:
    'Subscriptions of one topic each, at one relay. When all are ready, events come for them in turn; it ends with the last one. Ten subscriptions get 5,000 events each, as many in all ' +
    'as a thousand do, so that an event’s cost can be compared. Ours and NDK put alike filters into one REQ by default; "own REQs" is without that.',
  cases: [...CASES.keys()],
  quickCases: ['200 subscriptions'],
  participants: () => [...trusting, ours('alone', 'ours, own REQs')],
  relays: () => [{}],
  rounds: 3,
  limit: 20_000,
  measure: (world) => {
    const { subscriptions, each } = CASES.get(world.of) ?? { subscriptions: 1, each: 1 };
    return listen(world, subscriptions, each);
  },
};

/** Opens so many subscriptions, and measures how so many events for each of them are taken. */
export async function listen(world: World, subscriptions: number, each: number): Promise<Measured> {
  const count = subscriptions * each;
  const deliveries = new Deliveries(count);
  const client = await world.connect();
  const ready = Array.from(
    { length: subscriptions },
    (_, topic) =>
      new Promise<void>((resolve) => {
        client.live({ kinds: [1], '#t': [`t${topic}`] }, deliveries.onEvent, resolve);
      }),
  );
  const isReady = await within(Promise.all(ready), world.limit / 2);
  await world.meter.start();
  const all = deliveries.reach(count);
  void world.live({ from: 0, count, topics: subscriptions, signed: false, kept: true });
  const isDone = await within(all, world.limit);
  const usage = world.meter.stop();
  client.close();
  const notes = [
    ...(isReady ? [] : ['not all subscriptions became ready']),
    ...(isDone ? [] : [`gave up after ${world.limit / 1_000} s`]),
  ];
  return {
    ...usage,
    expected: count,
    delivered: deliveries.delivered,
    again: deliveries.again,
    note: notes.join(', ') || undefined,
  };
}
