import { within } from '../client-process/within.ts';
import { trusting } from './participants.ts';
import type { Scenario, World } from './scenario.ts';
import type { Measured } from '../client-process/measured.ts';

const EVENTS = 2_000;
const RELAYS = 3;
/** Events under way at a time. */
const AT_A_TIME = 100;

export const publish: Scenario = {
  name: 'd',
  title: `${EVENTS.toLocaleString('en')} events published to three relays, all OKs awaited`,
  about: `${AT_A_TIME} events are under way at a time; each is done when all three relays have said OK.`,
  cases: ['6,000 OKs'],
  participants: () => trusting,
  relays: () => Array.from({ length: RELAYS }, () => ({})),
  rounds: 5,
  limit: 20_000,
  measure: publishAll,
};

async function publishAll(world: World): Promise<Measured> {
  const events = world.prepared(EVENTS);
  let accepted = 0;
  await world.meter.start();
  const client = await world.connect();
  let next = 0;
  const publisher = async (): Promise<void> => {
    for (let event = events[next++]; event; event = events[next++]) {
      const count = await client.publish(event);
      accepted += count;
    }
  };
  const all = Promise.all(Array.from({ length: AT_A_TIME }, publisher));
  const isDone = await within(all, world.limit);
  const usage = world.meter.stop();
  client.close();
  const note = isDone ? undefined : `gave up after ${world.limit / 1_000} s`;
  return { ...usage, expected: EVENTS * RELAYS, delivered: accepted, again: 0, note };
}
