import { expect, it } from 'vitest';
import type { RelayMetrics, RelayPool } from '../../src/index.ts';
import type { VirtualTime } from '../../src/testing/index.ts';
import { hear, world } from '../support/world.ts';

const SECOND = 1_000;

/** What is measured of the one relay. */
async function measured(pool: RelayPool, time: VirtualTime): Promise<RelayMetrics | undefined> {
  const { values } = hear(pool.metrics$);
  await time.advance(2 * SECOND);
  return values.at(-1)?.relays[0];
}

it('a relay that says nothing to an event is held to account: in its latency, its error rate and its breaker', async () => {
  const { pool, time, note } = world({ relays: [{ faults: { noOk: true } }], pool: { breaker: { openTime: 60_000 } } });
  for (let count = 0; count < 5; count++) hear(pool.publish(note(`${count}`), { deadline: 5 * SECOND }));
  await time.advance(6 * SECOND);
  const metrics = await measured(pool, time);
  expect(metrics?.messageErrorRate).toBe(1);
  expect(metrics?.latency.ok).toMatchObject({ count: 5 });
  expect(metrics?.latency.ok?.min).toBeGreaterThan(4.9 * SECOND);
  expect(metrics?.circuit.state).toBe('open');
  const late = hear(pool.publish(note('late'), { deadline: 5 * SECOND }));
  await time.advance(6 * SECOND);
  const outcomes = Object.values(late.values.at(-1)?.outcomes ?? {});
  expect(outcomes).toMatchObject([{ status: 'unreachable', error: { code: 'circuit-open' } }]);
  pool.close();
});

it('an event that is taken back while its OK is awaited says nothing of the relay', async () => {
  const { pool, time, note } = world({ relays: [{ faults: { noOk: true } }] });
  const publish = hear(pool.publish(note('a'), { deadline: 5 * SECOND }));
  await time.advance(SECOND);
  publish.subscription.unsubscribe();
  await time.advance(6 * SECOND);
  expect(await measured(pool, time)).toMatchObject({ messageErrorRate: 0, latency: {} });
  pool.close();
});

it('an event is rejected, and nothing held against the relay, where the user does not say who they are in time', async () => {
  const { pool, time, note } = world({
    relays: [{ auth: { read: true, write: true } }],
    pool: { signer: { signEvent: () => new Promise(() => undefined) } },
  });
  const publish = hear(pool.publish(note('a'), { deadline: 5 * SECOND }));
  await time.advance(6 * SECOND);
  const outcomes = Object.values(publish.values.at(-1)?.outcomes ?? {});
  expect(outcomes).toMatchObject([{ status: 'rejected', reason: { prefix: 'auth-required' } }]);
  expect(await measured(pool, time)).toMatchObject({ messageErrorRate: 0, circuit: { state: 'closed' } });
  pool.close();
});

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
