import type { Measured } from '../client-process/measured.ts';
import { Deliveries } from '../client-process/deliveries.ts';
import { within } from '../client-process/within.ts';
import { trusting } from './participants.ts';
import type { Scenario, World } from './scenario.ts';

/** Events of each relay, all different. */
const EACH = 100;
/** Events of the relay that takes its time, and milliseconds between them. */
const SLOW = 5;
const BETWEEN = 100;
const EXPECTED = 4 * EACH + SLOW;
/** A port at which nobody listens. */
const NOBODY = 'ws://127.0.0.1:9';

export const trouble: Scenario = {
  name: 'g',
  title: 'Among healthy relays one that never sends EOSE, and some that refuse',
  about:
    `Three healthy relays of 20, 50 and 80 ms, one that sends ${SLOW} events in ${(SLOW * BETWEEN) / 1_000} s and then EOSE, one that sends its events and never EOSE, one that answers CLOSED, and one at which ` +
    'nobody listens. Milliseconds until the library says that the request is done: the first time, and the fourth time in the same process, when latencies are known. The events ' +
    `are those that were delivered the last time, of ${EXPECTED}.`,
  cases: ['seven relays'],
  quickCases: [],
  participants: () => trusting.filter(({ name }) => name !== 'raw'),
  relays: () => [
    ...[20, 50, 80].map((delay, i) => ({ from: i * EACH, stored: EACH, delay })),
    { from: 3 * EACH, stored: EACH, delay: 50, says: 'nothing' as const },
    { from: 4 * EACH, stored: SLOW, delay: 50, between: BETWEEN },
    { says: 'refuses' as const, delay: 50 },
  ],
  shows: {
    readings: [],
    numbers: [
      { name: 'first', head: 'the first time, ms' },
      { name: 'last', head: 'the fourth time, ms' },
      { name: 'unnamed', head: 'troubled relays not named, of 3' },
    ],
  },
  rounds: 1,
  limit: 12_000,
  measure: askAgainAndAgain,
};

async function askAgainAndAgain(world: World): Promise<Measured> {
  await world.meter.start();
  const client = await world.connect([...world.relays, NOBODY]);
  const times: number[] = [];
  let deliveries = new Deliveries(EXPECTED);
  let said: string | undefined;
  let isDone = true;
  while (isDone && times.length < 4) {
    deliveries = new Deliveries(EXPECTED);
    const start = performance.now();
    const done = client.collect({ kinds: [1], limit: 500 }, deliveries.onEvent).then((words) => (said = words));
    isDone = await within(done, world.limit);
    times.push(performance.now() - start);
    if (times.reduce((sum, time) => sum + time, 0) > 2 * world.limit) break;
  }
  const usage = world.meter.stop();
  client.close();
  const [, , , silent = '', , refusing = ''] = world.relays;
  const unnamed = [silent, refusing, NOBODY].filter((url) => !said?.includes(url)).length;
  const numbers = { first: times[0] ?? NaN, last: times.at(-1) ?? NaN, unnamed };
  const note = isDone ? said : `gave up after ${world.limit / 1_000} s`;
  return { ...usage, expected: EXPECTED, delivered: deliveries.delivered, again: deliveries.again, numbers, note };
}
