import { expect, it } from 'vitest';
import { hear, world } from '../support/world.ts';

it('an event whose connection comes when its time is over, as the thread slept, is not sent, and has an outcome', async () => {
  const { pool, relay, time, note } = world({ latency: 10 });
  const publish = hear(pool.publish(note('a'), { deadline: 25 }));
  await time.advance(15);
  // Nothing runs for a second; then the connection is there before the timer.
  time.frame += 1_000;
  await time.advance(100);
  expect(publish.error).toBeUndefined();
  expect(Object.values(publish.values.at(-1)?.outcomes ?? {})).toEqual([{ status: 'unreachable' }]);
  expect(publish.completed).toBe(true);
  expect(relay.received).toEqual([]);
  pool.close();
});
