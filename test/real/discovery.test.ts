import { lastValueFrom, map, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { discoverRelays, everyRelay, only, rankByDistance, RelayUrlError } from '../../src/index.ts';
import type { TestRelay } from '../../src/testing/index.ts';
import { ask, note, NOTES, type RealWorld, realWorld, reqs, until, urlOf, user } from '../support/real-world.ts';
import { contents, hear } from '../support/world.ts';

/** Whom the user trusts, and whom not. */
const [MONITOR, SECOND, STRANGER] = [7, 8, 9] as const;
const MONITORS = [user(MONITOR), user(SECOND)];
const named = { alpha: {}, beta: {}, gamma: {} };

/** What a monitor says of a relay. */
const report = (monitor: number, url: string, tags: string[][] = []) =>
  note('', { author: monitor, kind: 30_166, tags: [['d', url], ...tags] });

const REPORTS = { kinds: [30_166] };

/** Asks the relays that the pool was started with, which hold the reports. */
const homeOf = ({ relays }: RealWorld) => only(relays.map(({ url }) => url));

describe('relays that monitors report, over real sockets', () => {
  it('are added to the pool, which reads from them from then on', async () => {
    await using world = await realWorld({ relays: 1, named });
    const { pool, relays, at } = world;
    relays[0]?.seed(report(MONITOR, urlOf('alpha'), [['rtt-open', '120']]), report(STRANGER, urlOf('beta')));
    at('alpha').seed(note('on alpha'));
    at('beta').seed(note('on beta'));
    const feed = hear(pool.subscribe(NOTES, { route: everyRelay() }));
    const reports$ = pool.subscribe(REPORTS, { route: homeOf(world) });
    const discovery = discoverRelays(reports$, { monitors: MONITORS, every: 10 })
      .pipe(
        tap((known) => {
          for (const url of known.keys()) pool.add(url, { origin: 'event' });
        }),
      )
      .subscribe();
    await until(() => expect(contents(feed.values)).toEqual(['on alpha']));

    // What a trusted monitor reports while it goes on.
    relays[0]?.add(report(STRANGER, urlOf('gamma')), report(SECOND, urlOf('beta')));
    await until(() => expect(contents(feed.values)).toEqual(['on alpha', 'on beta']));
    at('beta').add(note('live on beta'));
    await until(() => expect(contents(feed.values)).toContain('live on beta'));
    expect(await ask(pool, { kinds: [1], limit: 10 })).toEqual(['live on beta', 'on alpha', 'on beta']);
    // Only strangers have named it.
    expect([at('gamma').received, at('gamma').connectionCount]).toEqual([[], 0]);
    discovery.unsubscribe();
    feed.subscription.unsubscribe();
  });

  it('are not believed where the signature is forged', async () => {
    await using world = await realWorld({ relays: 1, named });
    const { pool, relays, at } = world;
    const forged = { ...report(STRANGER, urlOf('alpha')), pubkey: user(MONITOR) };
    relays[0]?.seed(forged, report(MONITOR, urlOf('beta')));
    const reports$ = pool.request(REPORTS, { route: homeOf(world) });
    const known = await lastValueFrom(discoverRelays(reports$, { monitors: MONITORS }));
    expect([...known.keys()]).toEqual([urlOf('beta')]);
    expect(at('alpha').received).toEqual([]);
  });

  it('count only where several monitors know them, if so asked, and what these say is put together', async () => {
    await using world = await realWorld({ relays: 2, named });
    const { pool, relays } = world;
    const [one, other] = relays as [TestRelay, TestRelay];
    // Each home holds the reports of one monitor.
    one.seed(
      report(MONITOR, urlOf('alpha'), [
        ['rtt-open', '100'],
        ['N', '50'],
      ]),
      report(MONITOR, urlOf('beta')),
    );
    other.seed(
      report(SECOND, urlOf('alpha'), [
        ['rtt-open', '300'],
        ['N', '77'],
      ]),
      report(STRANGER, urlOf('beta')),
    );
    const reports$ = pool.request(REPORTS, { route: homeOf(world) });
    const known = await lastValueFrom(discoverRelays(reports$, { monitors: MONITORS, agreement: 2 }));
    expect([...known.keys()]).toEqual([urlOf('alpha')]);
    const [alpha] = known.values();
    expect(alpha?.roundTrip.open).toBe(200);
    expect([...(alpha?.nips ?? [])].sort()).toEqual([50, 77]);
  });

  it('are never such that lead into this machine, and the pool would refuse them anyway', async () => {
    await using world = await realWorld({ relays: 1, named });
    const { pool, relays } = world;
    const trap = await world.start();
    const names = [
      trap.url,
      trap.url.replace('127.0.0.1', 'localhost'),
      trap.url.replace('127.0.0.1', '[::ffff:7f00:1]'),
    ];
    relays[0]?.seed(...names.map((url) => report(MONITOR, url)), report(MONITOR, urlOf('alpha')));
    const reports$ = pool.request(REPORTS, { route: homeOf(world) });
    const known = await lastValueFrom(discoverRelays(reports$, { monitors: MONITORS }));
    expect([...known.keys()]).toEqual([urlOf('alpha')]);
    for (const url of names) expect(() => pool.add(url, { origin: 'event' })).toThrow(RelayUrlError);
    await ask(pool, NOTES);
    expect([trap.received, trap.connectionCount]).toEqual([[], 0]);
    // The caller may do as it likes.
    pool.add(trap.url);
    trap.seed(note('asked by the caller'));
    expect(await ask(pool, NOTES)).toEqual(['asked by the caller']);
  });

  it('may be ranked by distance: the nearest are added, and no more of them than the pool lets in', async () => {
    await using world = await realWorld({ relays: 1, named, pool: { maxRelaysFromEvents: 2 } });
    const { pool, relays, at } = world;
    const geohashes = { alpha: 'xn77', beta: 'u2ed', gamma: 'u09t' };
    for (const [name, geohash] of Object.entries(geohashes))
      relays[0]?.seed(report(MONITOR, urlOf(name), [['g', geohash]]));
    for (const name of Object.keys(named)) at(name).seed(note(name));
    const reports$ = pool.request(REPORTS, { route: homeOf(world) });
    const vienna = { latitude: 48.2, longitude: 16.4 };
    const ranked = await lastValueFrom(
      discoverRelays(reports$, { monitors: MONITORS }).pipe(
        map((known) =>
          [...known.values()].map(({ relay, place, roundTrip }) => ({ key: relay, place, latency: roundTrip.open })),
        ),
        map((candidates) => rankByDistance(candidates, vienna).map(({ key }) => key)),
      ),
    );
    expect(ranked).toEqual(['beta', 'gamma', 'alpha'].map(urlOf));
    const [beta = '', gamma = '', alpha = ''] = ranked;
    for (const url of [beta, gamma]) pool.add(url, { origin: 'event' });
    expect(() => pool.add(alpha, { origin: 'event' })).toThrow(expect.objectContaining({ code: 'too-many-relays' }));
    expect(await ask(pool, NOTES)).toEqual(['beta', 'gamma']);
    expect(reqs(at('alpha'))).toEqual([]);
  });
});
