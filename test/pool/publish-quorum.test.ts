import { NEVER, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { QuorumError } from '../../src/operators/quorum.ts';
import { PoolError } from '../../src/pool/pool-error.ts';
import type { PublishReport } from '../../src/pool/publish-report.ts';
import { only } from '../../src/pool/routes.ts';
import type { VirtualRelay } from '../../src/testing/index.ts';
import { hear, world, type Heard } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const [first, second, third] = ['wss://relay1.test/', 'wss://relay2.test/', 'wss://relay3.test/'];

const events = (relay: VirtualRelay): number => relay.received.filter(({ message }) => message.type === 'EVENT').length;
/** `2 open`: how many have accepted in each report, and how the quorum stood. */
const progress = ({ values }: Heard<PublishReport>): string[] =>
  values.map(({ accepted, quorum }) => `${accepted} ${quorum}`);
const refusing = { faults: { rejectedWith: 'blocked: no' } };
const slow = (delay: number) => ({ faults: { delay } });

describe('a quorum', () => {
  it.each([
    [1, ['0 open', '1 met', '2 met', '3 met']],
    [2, ['0 open', '1 open', '2 met', '3 met']],
    ['majority', ['0 open', '1 open', '2 met', '3 met']],
    ['all', ['0 open', '1 open', '2 open', '3 met']],
    [undefined, ['0 undefined', '1 undefined', '2 undefined', '3 undefined']],
  ] as const)('of %s stands in each report, and all get the event', async (quorum, expected) => {
    const { pool, time, note, relays } = world({ relays: [slow(10), slow(20), slow(30)] });
    const publish = hear(pool.publish(note('a'), { quorum }));
    await time.advance(SECOND);
    expect(progress(publish)).toEqual(expected);
    expect([publish.completed, publish.error]).toEqual([true, undefined]);
    expect(relays.map(events)).toEqual([1, 1, 1]);
    if (quorum === undefined) expect(publish.values[0]).not.toHaveProperty('quorum');
    pool.close();
  });

  it('that is out of reach errors at once, and those that can still accept the event get it', async () => {
    const { pool, time, note, relays } = world({ relays: [refusing, refusing, slow(SECOND)] });
    const publish = hear(pool.publish(note('a'), { quorum: 2 }));
    await time.advance(100);
    expect(publish.error).toBeInstanceOf(QuorumError);
    expect(publish.error).toMatchObject({
      needed: 2,
      report: {
        accepted: 0,
        pending: 1,
        outcomes: { [first]: { status: 'rejected' }, [third]: { status: 'pending' } },
      },
    });
    expect((publish.error as Error).message).toBe('A quorum of 2 is out of reach: 0 accepted, 1 are pending.');
    expect(progress(publish)).toEqual(['0 open', '0 open']);
    relays[2]?.drop();
    await time.advance(5 * SECOND);
    expect(relays[2]?.store.size).toBe(1);
    pool.close();
    await time.settle();
    expect(time.actions).toHaveLength(0);
  });

  it('that is out of reach keeps the guests that can still accept the event', async () => {
    const { pool, time, note, network } = world({ pool: { idleTimeout: 500 } });
    network.relay('wss://no.test', refusing);
    const guest = network.relay('wss://slow.test', { faults: { refuse: true } });
    const route = only(['wss://no.test', 'wss://slow.test']);
    const publish = hear(pool.publish(note('a'), { quorum: 2, route, deadline: MINUTE }));
    await time.advance(2 * SECOND);
    expect(publish.error).toBeInstanceOf(QuorumError);
    guest.clearFaults();
    await time.advance(MINUTE);
    expect(guest.store.size).toBe(1);
    pool.close();
  });

  it('of more relays than there are is impossible, and nothing is sent', async () => {
    const { pool, time, note, relays } = world({ relays: 2 });
    const publish = hear(pool.publish(note('a'), { quorum: 3 }));
    expect(publish.error).toBeInstanceOf(PoolError);
    expect(publish.error).toMatchObject({ code: 'quorum-impossible', message: expect.stringContaining('are 2.') });
    await time.advance(MINUTE);
    expect(publish.values).toEqual([]);
    expect(relays.map(({ received }) => received)).toEqual([[], []]);
    pool.close();
  });

  it.each([0, -1, 1.5, Number.NaN, 'most' as never, { home: 0 }])('of %j is none', (quorum) => {
    const { pool, note } = world({ pool: { clusters: { home: { relays: [first] } } } });
    expect(hear(pool.publish(note('a'), { quorum })).error).toBeInstanceOf(RangeError);
    pool.close();
  });

  it('counts those that accepted earlier, and the retry goes only to the others', async () => {
    const { pool, time, note, relays } = world({ relays: [{}, { faults: { rejectedWith: 'error: disk' } }, refusing] });
    const event = note('a');
    const before = hear(pool.publish(event, { quorum: 2, deadline: 3 * SECOND }));
    await time.advance(4 * SECOND);
    expect(before.error).toBeInstanceOf(QuorumError);
    const { report: previous } = before.error as QuorumError<PublishReport>;
    relays[1]?.clearFaults();
    const counts = relays.map(events);
    const retry = hear(pool.publish(event, { quorum: 2, previous: previous ?? { outcomes: {} } }));
    await time.advance(SECOND);
    expect(progress(retry)[0]).toBe('1 open');
    expect(progress(retry).at(-1)).toBe('2 met');
    expect(relays.map(events)).toEqual([counts[0], (counts[1] ?? 0) + 1, (counts[2] ?? 0) + 1]);
    const again = hear(pool.publish(event, { quorum: 2, previous: retry.values.at(-1) ?? { outcomes: {} } }));
    expect(progress(again)[0]).toBe('2 met');
    pool.close();
  });

  it('is missed when the deadline is over', async () => {
    const { pool, time, note } = world({ relays: [{}, { faults: { hang: true } }, { faults: { noOk: true } }] });
    const publish = hear(pool.publish(note('a'), { quorum: 2, deadline: 2 * SECOND }));
    await time.advance(1_900);
    expect([publish.error, progress(publish)]).toEqual([undefined, ['0 open', '1 open']]);
    await time.advance(100);
    expect(publish.error).toMatchObject({ report: { accepted: 1 } });
    pool.close();
  });

  it('is taken back by who unsubscribes, met or not', async () => {
    const { pool, time, note, relays } = world({ relays: [{}, { faults: { refuse: true } }] });
    const met = hear(pool.publish(note('a'), { quorum: 1, deadline: MINUTE }).pipe(take(2)));
    const open = hear(pool.publish(note('b'), { quorum: 2, deadline: MINUTE }));
    await time.advance(SECOND);
    expect(progress(met).at(-1)).toBe('1 met');
    expect(progress(open).at(-1)).toBe('1 open');
    open.subscription.unsubscribe();
    relays[1]?.clearFaults();
    await time.advance(MINUTE);
    expect(relays.map(events)).toEqual([2, 0]);
    pool.close();
  });

  it('is missed when the pool closes', async () => {
    const { pool, time, note } = world({ relays: [{}, { faults: { hang: true } }] });
    const publish = hear(pool.publish(note('a'), { quorum: 'all', deadline: MINUTE }));
    await time.advance(SECOND);
    pool.close();
    expect(publish.error).toMatchObject({ report: { outcomes: { [second]: { status: 'cancelled' } } } });
    await time.settle();
    expect(time.actions).toHaveLength(0);
  });
});

describe('a quorum by cluster', () => {
  const clusters = { home: { relays: [first, second] }, archive: { relays: [third, second] } };

  it('goes to the clusters that it names, and is met when each part is', async () => {
    const { pool, time, note, relays } = world({
      relays: [slow(20), slow(40), slow(60), {}],
      pool: { clusters },
    });
    const publish = hear(pool.publish(note('a'), { quorum: { home: 1, archive: 'all' } }));
    await time.advance(SECOND);
    expect(progress(publish)).toEqual(['0 open', '1 open', '2 open', '3 met']);
    expect(relays.map(events)).toEqual([1, 1, 1, 0]);
    pool.close();
  });

  it('says which part is out of reach, and counts that alone', async () => {
    const { pool, time, note } = world({ relays: [slow(10), {}, refusing], pool: { clusters } });
    const publish = hear(pool.publish(note('a'), { quorum: { home: 2, archive: 2 } }));
    await time.advance(SECOND);
    expect(publish.error).toMatchObject({ needed: 2 });
    expect((publish.error as Error).message).toBe(
      "A quorum of 2 in the cluster 'archive' is out of reach: 1 accepted, 0 are pending.",
    );
    pool.close();
  });

  it('is impossible where the route does not lead to enough of a cluster, of which the majority counts', async () => {
    const { pool, time, note, relays } = world({ relays: 3, pool: { clusters } });
    const publish = hear(pool.publish(note('a'), { quorum: { archive: 'majority' }, route: only([third]) }));
    expect(publish.error).toMatchObject({ code: 'quorum-impossible', message: expect.stringContaining("'archive'") });
    const possible = hear(pool.publish(note('b'), { quorum: { archive: 1 }, route: only([third]) }));
    await time.advance(SECOND);
    expect(progress(possible).at(-1)).toBe('1 met');
    expect(relays.map(events)).toEqual([0, 0, 1]);
    pool.close();
  });

  it('of a cluster that there is not, or of none, is an error', () => {
    const { pool, note } = world({ pool: { clusters } });
    expect(hear(pool.publish(note('a'), { quorum: { nowhere: 1 } })).error).toMatchObject({ code: 'unknown-cluster' });
    expect(hear(pool.publish(note('a'), { quorum: {} })).error).toMatchObject({ code: 'invalid-option' });
    const silent = hear(pool.publish(note('a'), { quorum: { home: 1 }, route: () => NEVER }));
    expect([silent.values, silent.error]).toEqual([[], undefined]);
    pool.close();
  });
});
