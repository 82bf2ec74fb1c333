import { lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  everyRelay,
  limit,
  PoolError,
  type PublishOptions,
  type PublishReport,
  QuorumError,
  type RelayPool,
} from '../../src/index.ts';
import type { TestRelay } from '../../src/testing/index.ts';
import { got, note, realWorld, until } from '../support/real-world.ts';
import { hear, type Heard } from '../support/world.ts';

const refusing = { faults: { rejectedWith: 'blocked: no' } };
/** It takes the event, and its OK never comes. */
const silent = { faults: { noOk: true } };
const MINUTE = 60_000;

/** `2 open`: how many have accepted in each report, and how the quorum stood. */
const progress = ({ values }: Heard<PublishReport>): readonly string[] =>
  values.map(({ accepted, quorum }) => `${accepted} ${quorum}`);
const outcomes = (report: PublishReport | undefined): readonly string[] =>
  Object.values(report?.outcomes ?? {}).map(({ status }) => status);

/** What a publish errors with. */
async function failure(pool: RelayPool, options: PublishOptions): Promise<unknown> {
  return lastValueFrom(pool.publish(note('mine'), options)).then(
    (report) => expect.fail(`It did not error: ${outcomes(report).join()}`),
    (error: unknown) => error,
  );
}

describe.concurrent('a quorum', () => {
  it.each([
    [2, ['0 open', '1 open', '2 met', '3 met', '3 met']],
    ['majority', ['0 open', '1 open', '2 open', '3 met', '3 met']],
    [undefined, ['0 undefined', '1 undefined', '2 undefined', '3 undefined', '3 undefined']],
  ] as const)('of %s: each report says how it stands, at once and after every outcome', async (quorum, expected) => {
    await using world = await realWorld({ relays: [{}, {}, {}, { faults: { ...refusing.faults, delay: 300 } }] });
    const { pool, relays } = world;
    const publish = hear(pool.publish(note('mine'), { quorum }));
    await until(() => expect(publish.completed).toBe(true));
    expect(progress(publish)).toEqual(expected);
    expect(publish.values.map(({ pending }) => pending)).toEqual([4, 3, 2, 1, 0]);
    expect(outcomes(publish.values.at(-1))).toEqual(['accepted', 'accepted', 'accepted', 'rejected']);
    expect(got(relays, 'EVENT')).toEqual([1, 1, 1, 1]);
  });

  it('of all is met with the last one, and not without it', async () => {
    await using world = await realWorld({ relays: [{}, {}, { faults: { delay: 200 } }] });
    const { pool, relays } = world;
    const publish = hear(pool.publish(note('mine'), { quorum: 'all' }));
    await until(() => expect(publish.completed).toBe(true));
    expect(progress(publish)).toEqual(['0 open', '1 open', '2 open', '3 met']);
    const [first] = relays;
    if (first) first.faults.rejectedWith = 'blocked: no';
    expect(await failure(pool, { quorum: 'all' })).toBeInstanceOf(QuorumError);
  });

  it('errors as soon as it is out of reach, long before the deadline, and who can still accept the event gets it', async () => {
    await using world = await realWorld({ relays: [refusing, refusing, { faults: { refuse: true } }] });
    const { pool, relays } = world;
    const error = await failure(pool, { quorum: 2, deadline: MINUTE });
    expect(error).toBeInstanceOf(QuorumError);
    expect(error).toMatchObject({ needed: 2, report: { accepted: 0, pending: 1 } });
    expect(outcomes((error as QuorumError<PublishReport>).report)).toEqual(['rejected', 'rejected', 'pending']);
    relays[2]?.clearFaults();
    await until(() => expect(relays[2]?.store.size).toBe(1));
  });

  it('is missed at the deadline by relays that are silent, or cannot be reached', async () => {
    await using world = await realWorld({ relays: [{}, silent, { faults: { hang: true } }] });
    const error = await failure(world.pool, { quorum: 2, deadline: 1_000 });
    expect(error).toBeInstanceOf(QuorumError);
    expect(outcomes((error as QuorumError<PublishReport>).report)[0]).toBe('accepted');
    expect(world.relays[1]?.store.size).toBe(1);
  });

  it('that is impossible is told before anything is sent: no relay is so much as dialled', async () => {
    await using world = await realWorld({ relays: 3 });
    const { pool, relays } = world;
    const [a = '', b = ''] = relays.map(({ url }) => url);
    pool.cluster('home', { relays: [a, b] });
    pool.cluster('empty', {});
    const impossible: readonly PublishOptions[] = [
      { quorum: 4 },
      { quorum: 2, route: limit(everyRelay(), 1) },
      { quorum: { home: 3 } },
      // Of the two members the route leads to one.
      { quorum: { home: 'all' }, route: limit(everyRelay(), 1) },
      { quorum: { empty: 'all', home: 1 } },
    ];
    for (const options of impossible) {
      const error = await failure(pool, options);
      expect(error).toBeInstanceOf(PoolError);
      expect(error).toMatchObject({ code: 'quorum-impossible' });
    }
    // What was sent would have come before what is sent now.
    expect(await lastValueFrom(pool.publish(note('possible', { kind: 7 }), { quorum: 'all' }))).toMatchObject({
      accepted: 3,
    });
    expect(got(relays, 'EVENT')).toEqual([1, 1, 1]);
    expect(relays.map(({ store }) => [...store].map(({ content }) => content))).toEqual([
      ['possible'],
      ['possible'],
      ['possible'],
    ]);
  });

  it('a retry goes to those alone that have not accepted, and counts the others', async () => {
    await using world = await realWorld({ relays: [{}, refusing, refusing] });
    const { pool, relays } = world;
    const event = note('mine');
    const error = await lastValueFrom(pool.publish(event, { quorum: 2 })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QuorumError);
    const { report: previous } = error as QuorumError<PublishReport>;
    relays[1]?.clearFaults();
    // A report is plain data: it may have been written down meanwhile.
    const kept = JSON.parse(JSON.stringify(previous)) as PublishReport;
    const retry = hear(pool.publish(event, { quorum: 2, previous: kept }));
    await until(() => expect(retry.completed).toBe(true));
    expect([progress(retry)[0], progress(retry).at(-1)]).toEqual(['1 open', '2 met']);
    expect(got(relays, 'EVENT')).toEqual([1, 2, 2]);
  });
});

describe.concurrent('a quorum by cluster', () => {
  async function twoClusters(options: readonly object[] = [{}, {}, {}, {}]) {
    const world = await realWorld({ relays: options });
    const urls = world.relays.map(({ url }) => url);
    const home = world.pool.cluster('home', { relays: urls.slice(0, 1), quorum: 'all' });
    const archive = world.pool.cluster('archive', { relays: urls.slice(1, 4) });
    return Object.assign(world, { home, archive });
  }

  it('goes to those clusters, and each has to have its own', async () => {
    await using world = await twoClusters([{}, {}, refusing, {}, {}]);
    const { pool, relays } = world;
    const report = await lastValueFrom(pool.publish(note('mine'), { quorum: { home: 1, archive: 'majority' } }));
    expect(report).toMatchObject({ accepted: 3, quorum: 'met' });
    // The last one is in neither.
    expect(got(relays, 'EVENT')).toEqual([1, 1, 1, 1, 0]);
  });

  it('is out of reach where it is in one of them, and says in which', async () => {
    await using world = await twoClusters([{}, refusing, refusing, silent]);
    const error = await failure(world.pool, { quorum: { home: 1, archive: 'majority' }, deadline: MINUTE });
    expect(error).toBeInstanceOf(QuorumError);
    expect((error as Error).message).toContain("A quorum of 2 in the cluster 'archive' is out of reach");
  });

  it('the verb of a cluster needs the quorum of the cluster', async () => {
    await using world = await twoClusters([refusing, {}, {}, refusing]);
    expect(await lastValueFrom(world.archive.publish(note('mine')))).toMatchObject({ accepted: 2, quorum: 'met' });
    const error = await lastValueFrom(world.home.publish(note('mine'))).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QuorumError);
  });

  it('counts the members that there were when it began; who is added or removed meanwhile plays no part', async () => {
    await using world = await twoClusters([{}, { faults: { delay: 400 } }, { faults: { delay: 400 } }, {}]);
    const { archive, relays } = world;
    const [, slow] = relays as [TestRelay, TestRelay];
    const late = await world.start();
    const publish = hear(archive.publish(note('mine')));
    await until(() => expect(progress(publish)).toEqual(['0 open', '1 open']));
    archive.add(late.url);
    archive.remove(slow.url);
    await until(() => expect(publish.completed).toBe(true));
    expect(progress(publish)).toEqual(['0 open', '1 open', '2 met', '3 met']);
    expect(got([...relays, late], 'EVENT')).toEqual([0, 1, 1, 1, 0]);

    for (const { url } of relays) archive.remove(url);
    expect(await lastValueFrom(archive.publish(note('next')))).toMatchObject({ accepted: 1, quorum: 'met' });
    expect(got([...relays, late], 'EVENT')).toEqual([0, 1, 1, 1, 1]);
  });

  it('a member that leaves the pool before it answered has not accepted', async () => {
    await using world = await twoClusters([{}, {}, { faults: { refuse: true } }, { faults: { refuse: true } }]);
    const { archive, pool, relays } = world;
    const publish = hear(archive.publish(note('mine'), { deadline: MINUTE }));
    await until(() => expect(progress(publish)).toEqual(['0 open', '1 open']));
    for (const { url } of relays.slice(2)) pool.remove(url);
    await until(() => expect(publish.error).toBeInstanceOf(QuorumError));
    expect(outcomes((publish.error as QuorumError<PublishReport>).report)).toEqual([
      'accepted',
      'cancelled',
      'cancelled',
    ]);
  });
});
