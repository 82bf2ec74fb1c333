import type { Measured } from '../client-process/measured.ts';
import { Deliveries } from '../client-process/deliveries.ts';
import { within } from '../client-process/within.ts';
import { trusting } from './participants.ts';
import type { Scenario, World } from './scenario.ts';

/** Unique ids after which the heap is measured, by the name of the number. */
const STEPS = [
  ['after 20,000', 20_000],
  ['after 80,000', 80_000],
  ['after 200,000', 200_000],
  ['after 1,000,000', 1_000_000],
] as const;
const QUICK_STEPS = STEPS.slice(0, 2);
/** How many of the last events are sent once more. */
const ONCE_MORE = 10_000;

export const memory: Scenario = {
  name: 'f',
  title: 'Memory after unique ids',
  about:
    'One live subscription at one relay. MB of heap and buffers over those of the idle client, both after a garbage collection. Then the last ' +
    `${ONCE_MORE.toLocaleString('en')} events are sent once more: what of them is delivered again is counted.`,
  cases: ['1,000,000 ids'],
  quickCases: ['80,000 ids'],
  participants: () => trusting,
  relays: () => [{}],
  shows: {
    readings: ['cpu'],
    numbers: [
      ...STEPS.map(([name]) => ({ name, head: `${name}, MB`, scale: 1_000_000 })),
      { name: 'again', head: 'delivered again' },
    ],
  },
  rounds: 1,
  limit: 45_000,
  measure: fill,
};

async function fill(world: World): Promise<Measured> {
  const steps = world.of.startsWith('80') ? QUICK_STEPS : STEPS;
  const count = steps.at(-1)?.[1] ?? 0;
  const deliveries = new Deliveries(count);
  const client = await world.connect();
  const ready = new Promise<void>((resolve) => client.live({ kinds: [1] }, deliveries.onEvent, resolve));
  await within(ready, 5_000);
  const idle = used();
  const numbers: Record<string, number> = {};
  let note: string | undefined;
  await world.meter.start();
  let sent = 0;
  for (const [name, until] of steps) {
    const reached = deliveries.reach(until);
    void world.live({ from: sent, count: until - sent, signed: false });
    sent = until;
    const left = world.limit - (performance.now() - world.meter.startedAt);
    if (!(await within(reached, left))) {
      note = `gave up after ${world.limit / 1_000} s`;
      break;
    }
    numbers[name] = used() - idle;
  }
  const usage = world.meter.stop();
  const before = deliveries.again;
  if (!note) {
    await world.live({ from: count - ONCE_MORE, count: ONCE_MORE, signed: false });
    await within(new Promise(() => undefined), 500);
  }
  client.close();
  numbers['again'] = deliveries.again - before;
  return { ...usage, expected: count, delivered: deliveries.delivered, again: before, numbers, note };
}

/** Bytes of the heap and of buffers, after a garbage collection. */
function used(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
