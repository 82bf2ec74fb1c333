import type { Measured } from '../client-process/measured.ts';
import { raw, verifying, verifyingFast } from './participants.ts';
import type { Scenario, World } from './scenario.ts';
import { within } from '../client-process/within.ts';

const DELAYS = [5, 20, 50, 100, 200];
const EVENTS = 20;

export const firstEvent: Scenario = {
  name: 'k1',
  title: 'The first event',
  about: `From the making of the client to the first event, verified, of a live subscription at five relays of ${DELAYS.join(', ')} ms. "raw" asks the fastest relay alone, or all of them, and does not verify.`,
  cases: ['five relays'],
  participants: () => [raw, { ...raw, name: 'raw, all relays', variant: 'all' }, ...verifying, ...verifyingFast],
  relays: () => DELAYS.map((delay) => ({ stored: EVENTS, delay })),
  shows: { readings: ['wall'] },
  rounds: 5,
  limit: 5_000,
  measure: timeFirst,
};

async function timeFirst(world: World): Promise<Measured> {
  await world.meter.start();
  const client = await world.connect(
    world.client === 'raw' && world.variant !== 'all' ? world.relays.slice(0, 1) : world.relays,
  );
  const first = new Promise<void>((resolve) =>
    client.live(
      { kinds: [1], limit: EVENTS },
      () => resolve(),
      () => undefined,
    ),
  );
  const isDone = await within(first, world.limit);
  const usage = world.meter.stop();
  client.close();
  const note = isDone ? undefined : `gave up after ${world.limit / 1_000} s`;
  return { ...usage, expected: 1, delivered: Number(isDone), again: 0, note };
}
