import { describe, expect, it } from 'vitest';
import { HedgePolicy, type HedgeStats } from '../../src/policies/hedge-policy.ts';
import { balanced } from '../../src/pool/balanced.ts';
import type { VirtualRelay } from '../../src/testing/index.ts';
import { asked, got, inOrder } from '../support/asked.ts';
import { statusOf } from '../support/status-of.ts';
import { contents, hear, worldOfLoners, type World, type WorldOptions } from '../support/world.ts';

const SECOND = 1_000;
const NOTES = { kinds: [1] };
/** A frame travels 10 ms each way, so an answer takes 20. */
const ROUND_TRIP = 20;

type Relays = readonly [VirtualRelay, VirtualRelay, VirtualRelay];

/** Writes down what it is told. */
class Recording extends HedgePolicy {
  readonly readings: number[] = [];

  override record(ms: number, now: number): void {
    this.readings.push(ms);
    super.record(ms, now);
  }
}

interface Hedged extends World {
  readonly policy: Recording;
  readonly route: ReturnType<typeof balanced>;
  readonly three: Relays;
}

/** Three relays, of which the first ones are asked, and so many answers of theirs that what is late is known. */
async function hedged(count = 1, options: WorldOptions = {}): Promise<Hedged> {
  const all = worldOfLoners({ relays: 3, ...options });
  const policy = new Recording({ minimumCount: 20 });
  const route = balanced(count, { strategy: inOrder, hedge: policy });
  for (let n = 0; n < 20; n++) {
    const heard = hear(all.pool.request(NOTES, { route }));
    await all.time.until(() => heard.completed);
  }
  return { ...all, policy, route, three: all.relays as unknown as Relays };
}
/** The last REQ that a relay got, and whether it was closed. */
function last({ received }: VirtualRelay) {
  const req = received.findLast(({ message }) => message.type === 'REQ');
  const id = req?.message.type === 'REQ' ? req.message.subscriptionId : '';
  const isClosed = received.some(({ message }) => message.type === 'CLOSE' && message.subscriptionId === id);
  return { at: req?.at, isClosed };
}

describe('balanced with a hedge', () => {
  it('asks another when one is late, takes the first answer, and blames nobody', async () => {
    const { pool, time, note, policy, route, three } = await hedged();
    const [late, company, spare] = three;
    company.seed(note('from company'));
    late.faults.delay = 5 * SECOND;
    const start = time.now();
    const heard = hear(pool.request(NOTES, { route }));
    await time.advance(ROUND_TRIP + 5);
    expect(asked(three)).toEqual([21, 0, 0]);
    await time.advance(SECOND);
    expect(heard.completed).toBe(true);
    expect(contents(heard.values)).toEqual(['from company']);
    // Most answers took 20 ms.
    expect(last(company).at).toBeGreaterThan(start + ROUND_TRIP);
    expect(last(late).isClosed).toBe(true);
    expect(got([spare], 'REQ')).toEqual([0]);
    expect(policy.stats).toEqual({ calls: 21, hedges: 1, wins: 1 });
    expect(statusOf(pool, late)).toMatchObject({ circuit: 'closed', inFlight: 0 });
    expect(pool.memory.relays[late.url]).toMatchObject({ reliability: 1, circuit: { openings: 0 } });
    pool.close();
  });

  it('lets the other one go when who was late is the first after all', async () => {
    const { pool, time, note, policy, route, three } = await hedged();
    const [late, company] = three;
    late.seed(note('from the late one'));
    late.faults.delay = 50;
    company.faults.delay = SECOND;
    const heard = hear(pool.request(NOTES, { route }));
    await time.advance(100);
    expect(heard.completed).toBe(true);
    expect(contents(heard.values)).toEqual(['from the late one']);
    await time.advance(5 * SECOND);
    expect(last(company).isClosed).toBe(true);
    expect(policy.stats).toEqual({ calls: 21, hedges: 1, wins: 0 });
    expect(pool.memory.relays[company.url]).toMatchObject({ reliability: 1, circuit: { openings: 0 } });
    pool.close();
  });

  it('makes no more hedges than it may, over 200 requests', async () => {
    const run = async (budget: number): Promise<HedgeStats> => {
      const { pool, time, relays } = worldOfLoners({
        relays: [{ faults: { delay: (random) => (random() < 0.4 ? 500 : 0) } }, {}],
      });
      const policy = new HedgePolicy({ percentile: 50, budget, burst: 1 });
      const route = balanced(1, { strategy: inOrder, hedge: policy });
      for (let n = 0; n < 200; n++) {
        const heard = hear(pool.request(NOTES, { route }));
        await time.until(() => heard.completed);
      }
      pool.close();
      // Every request goes to the first one, so what the second one got are the hedges.
      expect(asked(relays)).toEqual([200, policy.stats.hedges]);
      return policy.stats;
    };
    const [thrifty, free] = [await run(0.05), await run(1)];
    expect([thrifty.calls, free.calls]).toEqual([200, 200]);
    expect(free.hedges).toBeGreaterThan(50);
    expect(thrifty.hedges).toBeGreaterThan(5);
    expect(thrifty.hedges).toBeLessThanOrEqual(0.05 * 200 + 1);
  });

  it('makes none while nothing is known', async () => {
    const { pool, time, relays } = worldOfLoners({ relays: 2 });
    const hedge = new HedgePolicy();
    (relays[0] as VirtualRelay).faults.delay = 5 * SECOND;
    const heard = hear(pool.request(NOTES, { route: balanced(1, { strategy: inOrder, hedge }) }));
    await time.advance(8 * SECOND);
    expect(heard.completed).toBe(true);
    expect(asked(relays)).toEqual([1, 0]);
    expect(hedge.stats).toEqual({ calls: 1, hedges: 0, wins: 0 });
    pool.close();
  });

  it('makes none for what is published', async () => {
    const { pool, time, note, policy, route, three } = await hedged();
    three[0].faults.delay = 5 * SECOND;
    const heard = hear(pool.publish(note('hello'), { route }));
    await time.advance(8 * SECOND);
    expect(heard.completed).toBe(true);
    expect(got(three, 'EVENT')).toEqual([1, 0, 0]);
    expect(policy.stats.calls).toBe(20);
    pool.close();
  });

  it('spends nothing where there is nobody else to ask', async () => {
    const { pool, time, policy, route, three } = await hedged();
    const [late, refusing, down] = three;
    refusing.faults.closedWith = 'blocked: no';
    pool.remove(down.url);
    late.faults.delay = SECOND;
    const one = hear(pool.request(NOTES, { route }));
    await time.advance(5 * SECOND);
    expect(one.completed).toBe(true);
    expect(policy.stats).toEqual({ calls: 21, hedges: 1, wins: 0 });
    pool.remove(refusing.url);
    const two = hear(pool.request(NOTES, { route }));
    await time.advance(5 * SECOND);
    expect(two.completed).toBe(true);
    expect(policy.stats).toEqual({ calls: 22, hedges: 1, wins: 0 });
    pool.close();
  });

  it('does not replace company that fails: who is late is still asked', async () => {
    const { pool, time, note, policy, route, three } = await hedged();
    const [late, refusing, spare] = three;
    late.seed(note('from the late one'));
    refusing.faults.closedWith = 'blocked: no';
    late.faults.delay = SECOND;
    const heard = hear(pool.request(NOTES, { route }));
    await time.advance(3 * SECOND);
    expect(heard.completed).toBe(true);
    expect(contents(heard.values)).toEqual(['from the late one']);
    expect(got([spare], 'REQ')).toEqual([0]);
    expect(policy.stats).toEqual({ calls: 21, hedges: 1, wins: 0 });
    pool.close();
  });

  it('has company take the place of who was late and failed', async () => {
    const { pool, time, note, policy, route, three } = await hedged();
    const [late, company, spare] = three;
    company.seed(note('from company'));
    company.faults.delay = SECOND;
    late.faults.closedWith = 'blocked: no';
    late.faults.delay = 100;
    const heard = hear(pool.request(NOTES, { route }));
    await time.advance(5 * SECOND);
    expect(heard.completed).toBe(true);
    expect(contents(heard.values)).toEqual(['from company']);
    expect(got([spare], 'REQ')).toEqual([0]);
    expect(policy.stats).toEqual({ calls: 21, hedges: 1, wins: 0 });
    pool.close();
  });

  it('of two ends when two have answered, whoever they are', async () => {
    const { pool, time, note, policy, route, three } = await hedged(2);
    three.forEach((relay, index) => relay.seed(note(`from ${index}`)));
    const [late] = three;
    late.faults.delay = 5 * SECOND;
    const heard = hear(pool.request(NOTES, { route }));
    await time.advance(SECOND);
    expect(heard.completed).toBe(true);
    expect(contents(heard.values)).toEqual(['from 1', 'from 2']);
    expect(last(late).isClosed).toBe(true);
    expect(policy.stats).toEqual({ calls: 42, hedges: 1, wins: 1 });
    pool.close();
  });

  it('learns from who was given up that it took at least so long, and nothing from company', async () => {
    const { pool, time, policy, route, three } = await hedged();
    three[0].faults.delay = 5 * SECOND;
    three[1].faults.delay = 300;
    const before = policy.readings.length;
    const heard = hear(pool.request(NOTES, { route }));
    const start = time.now();
    await time.until(() => heard.completed);
    expect(policy.stats.wins).toBe(1);
    expect(policy.readings.slice(before)).toEqual([time.now() - start]);
    pool.close();
  });

  it('learns that from who is left with its company, and nothing from who fails', async () => {
    const { pool, time, policy, route, three } = await hedged();
    const before = policy.readings.length;
    for (const relay of three) relay.faults.delay = 5 * SECOND;
    const heard = hear(pool.request(NOTES, { route }));
    await time.advance(SECOND);
    heard.subscription.unsubscribe();
    expect(policy.readings.slice(before)).toEqual([SECOND]);
    for (const relay of three) relay.faults.closedWith = 'blocked: no';
    const failing = hear(pool.request(NOTES, { route }));
    await time.until(() => failing.completed);
    expect(policy.readings).toHaveLength(before + 1);
    pool.close();
  });

  it('keeps a live subscription with the one that answered', async () => {
    const { pool, time, note, route, three } = await hedged();
    const [late, company] = three;
    late.faults.delay = SECOND;
    const heard = hear(pool.subscribe(NOTES, { route }));
    await time.advance(500);
    expect(last(late).isClosed).toBe(true);
    expect(last(company).isClosed).toBe(false);
    await time.advance(10 * SECOND);
    company.broadcast(note('live'));
    await time.advance(SECOND);
    expect(contents(heard.values)).toEqual(['live']);
    pool.close();
  });

  it('leaves no timer behind when it is given up before anybody is late, and learns nothing', async () => {
    const { pool, time, policy, route, three } = await hedged();
    const before = policy.readings.length;
    three[0].faults.delay = SECOND;
    const scheduledAfter = async (options: { readonly route: typeof route }): Promise<number> => {
      await time.advance(5 * SECOND);
      hear(pool.request(NOTES, options)).subscription.unsubscribe();
      return time.actions.length;
    };
    const plain = await scheduledAfter({ route: balanced(1, { strategy: inOrder }) });
    expect(await scheduledAfter({ route })).toBe(plain);
    expect(policy.readings).toHaveLength(before);
    pool.close();
  });
});
