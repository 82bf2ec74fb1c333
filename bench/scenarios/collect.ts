import { Deliveries } from '../client-process/deliveries.ts';
import type { Measured } from '../client-process/measured.ts';
import { within } from '../client-process/within.ts';
import type { World } from './scenario.ts';

/** Milliseconds without an event after which no more is expected from a library that says it is done. */
const QUIET = 500;

/** Collects so many stored events, until the library says that it is done and all have come. */
export async function collect(world: World, expected: number): Promise<Measured> {
  const deliveries = new Deliveries(expected);
  await world.meter.start();
  const client = await world.connect();
  const all = deliveries.reach(expected);
  let said: string | undefined;
  const done = client.collect({ kinds: [1], limit: expected }, deliveries.onEvent).then((trouble) => {
    said = trouble;
    return world.meter.stop();
  });
  const isDone = await within(done, world.limit);
  let usage = isDone ? await done : world.meter.stop();
  // Some say that they are done while they still verify.
  while (isDone && deliveries.delivered < expected) {
    const before = deliveries.delivered;
    await within(all, QUIET);
    if (deliveries.delivered === before) break;
    usage = world.meter.stop();
  }
  client.close();
  return {
    ...usage,
    expected,
    delivered: deliveries.delivered,
    again: deliveries.again,
    note: isDone ? said : `gave up after ${world.limit / 1_000} s`,
  };
}
