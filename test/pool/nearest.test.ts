import { BehaviorSubject, NEVER, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { DiscoveredRelay } from '../../src/policies/relay-directory.ts';
import { nearest } from '../../src/pool/nearest.ts';
import { only } from '../../src/pool/routes.ts';
import type { Place } from '../../src/protocol/place.ts';
import { relayUrl, type RelayUrl } from '../../src/protocol/relay-url.ts';
import type { VirtualRelay } from '../../src/testing/index.ts';
import { asked, documents, reqs } from '../support/asked.ts';
import { contents, hear, worldOfLoners, type World } from '../support/world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const NOTES = { kinds: [1] };
const VIENNA: Place = { latitude: 48, longitude: 16 };
const TOKYO: Place = { latitude: 36, longitude: 140 };
const LIMA: Place = { latitude: -12, longitude: -77 };

/** Three relays, which say in their documents that they are in Japan, Austria and Peru. */
const COUNTRIES = documents({
  'wss://relay1.test/': { relay_countries: ['JP'] },
  'wss://relay2.test/': { relay_countries: ['AT', 'JP'] },
  'wss://relay3.test/': { relay_countries: ['PE'] },
});
/** What monitors found of a relay: its place, and milliseconds to open a connection. */
const found = (relay: string, place: Place | undefined, open?: number): readonly [RelayUrl, DiscoveredRelay] => {
  const url = relayUrl(relay);
  const findings = {
    relay: url,
    monitors: [],
    seenAt: 1,
    place,
    roundTrip: { open, read: undefined, write: undefined },
  } as unknown as DiscoveredRelay;
  return [url, findings];
};
const known = (...relays: readonly (readonly [RelayUrl, DiscoveredRelay])[]) => new BehaviorSubject(new Map(relays));

/** All of them were asked once, so that what they say of themselves is known, and how fast they are. */
async function met(options: Parameters<typeof worldOfLoners>[0]): Promise<World> {
  const all = worldOfLoners(options);
  const heard = hear(all.pool.request({ kinds: [0] }));
  await all.time.until(() => heard.completed);
  await all.time.advance(SECOND);
  return all;
}
/** The relays that a request goes to, by their numbers from 1, in no order. */
async function goesTo({ pool, time, relays }: World, route: ReturnType<typeof nearest>): Promise<readonly number[]> {
  const before = asked(relays);
  const heard = hear(pool.request(NOTES, { route }));
  await time.until(() => heard.completed);
  return asked(relays).flatMap((count, index) => (count > (before[index] ?? 0) ? [index + 1] : []));
}

describe('nearest', () => {
  it('goes to the relays that lie nearest to a place, by the countries that they name', async () => {
    const all = await met({ relays: 3, pool: { information: COUNTRIES } });
    expect(await goesTo(all, nearest(1, { from: VIENNA }))).toEqual([2]);
    expect(await goesTo(all, nearest(1, { from: TOKYO }))).toEqual([1]);
    expect(await goesTo(all, nearest(1, { from: LIMA }))).toEqual([3]);
    expect(await goesTo(all, nearest(2, { from: VIENNA }))).toEqual([1, 2]);
    expect(await goesTo(all, nearest(5, { from: VIENNA }))).toEqual([1, 2, 3]);
    all.pool.close();
  });

  it('believes monitors before what relays say of themselves', async () => {
    const all = await met({ relays: 3, pool: { information: COUNTRIES } });
    const known$ = known(found('wss://relay3.test', VIENNA), found('wss://relay2.test', LIMA));
    expect(await goesTo(all, nearest(1, { from: VIENNA, known$ }))).toEqual([3]);
    // Who is reported without a place is where it says.
    const without$ = known(found('wss://relay2.test', undefined));
    expect(await goesTo(all, nearest(1, { from: VIENNA, known$: without$ }))).toEqual([2]);
    all.pool.close();
  });

  it('knows of relays that nobody has connected to yet what monitors report', async () => {
    const all = worldOfLoners({ relays: 3 });
    const known$ = known(
      found('wss://relay1.test', LIMA),
      found('wss://relay2.test', TOKYO),
      found('wss://relay3.test', VIENNA),
    );
    expect(await goesTo(all, nearest(1, { from: VIENNA, known$ }))).toEqual([3]);
    all.pool.close();
  });

  it('goes by the measured latency within so many km, else by the one that monitors report', async () => {
    const slow = { faults: { delay: 300 } };
    const all = await met({ relays: [slow, {}, slow] });
    const places = (...opens: readonly (number | undefined)[]) =>
      known(...[1, 2, 3].map((n) => found(`wss://relay${n}.test`, VIENNA, opens[n - 1])));
    expect(await goesTo(all, nearest(1, { from: VIENNA, known$: places(1, 900, 900) }))).toEqual([2]);
    const strangers = worldOfLoners({ relays: 3 });
    expect(await goesTo(strangers, nearest(1, { from: VIENNA, known$: places(90, 80, 70) }))).toEqual([3]);
    all.pool.close();
    strangers.pool.close();
  });

  it('ranks by distance beyond that', async () => {
    const all = await met({ relays: [{ faults: { delay: 300 } }, {}] });
    // About 2,200 and 2,700 km away: the slow one is nearer.
    const known$ = known(
      found('wss://relay1.test', { latitude: 20, longitude: 0 }),
      found('wss://relay2.test', { latitude: 24.5, longitude: 0 }),
    );
    const from = { latitude: 0, longitude: 0 };
    expect(await goesTo(all, nearest(1, { from, known$ }))).toEqual([1]);
    expect(await goesTo(all, nearest(1, { from, known$, tie: 5_000 }))).toEqual([2]);
    all.pool.close();
  });

  it('takes a relay whose place is not known for neither near nor far', async () => {
    const all = worldOfLoners({ relays: 3 });
    const known$ = known(found('wss://relay1.test', LIMA), found('wss://relay3.test', VIENNA));
    expect(await goesTo(all, nearest(1, { from: VIENNA, known$ }))).toEqual([3]);
    const two = await goesTo(all, nearest(2, { from: VIENNA, known$ }));
    expect(two).toContain(3);
    expect(two).toHaveLength(2);
    all.pool.close();
  });

  it('goes by latency where nobody knows where we are, or they are', async () => {
    const all = await met({ relays: [{ faults: { delay: 300 } }, {}, { faults: { delay: 300 } }] });
    expect(await goesTo(all, nearest(1, { from: VIENNA }))).toEqual([2]);
    expect(await goesTo(all, nearest(1))).toEqual([2]);
    all.pool.close();
  });

  it('asks the next one where the request fails, and ends', async () => {
    const all = await met({ relays: 3, pool: { information: COUNTRIES } });
    const [inJapan, inAustria, inPeru] = all.relays as [VirtualRelay, VirtualRelay, VirtualRelay];
    inAustria.faults.closedWith = 'blocked: no';
    inJapan.seed(all.note('from Japan'));
    const heard = hear(all.pool.request(NOTES, { route: nearest(1, { from: VIENNA }) }));
    await all.time.advance(SECOND);
    expect(heard.completed).toBe(true);
    expect(contents(heard.values)).toEqual(['from Japan']);
    expect(reqs(inPeru)).toHaveLength(1); // the one of the beginning
    all.pool.close();
  });

  it('leaves out who is not ready, unless nobody is', async () => {
    const breaker = { consecutiveFailures: 1, openTime: MINUTE, jitter: 0 };
    const all = await met({ relays: 2, pool: { information: COUNTRIES, breaker } });
    const { pool, time, relays } = all;
    const [inJapan, inAustria] = relays as [VirtualRelay, VirtualRelay];
    const fail = async (relay: VirtualRelay): Promise<void> => {
      relay.faults.noEose = true;
      const heard = hear(pool.request(NOTES, { route: only([relay.url]), silenceTimeout: 100 }));
      await time.until(() => heard.completed);
      relay.clearFaults();
    };
    const packets = async (): Promise<readonly string[]> => {
      const heard = hear(pool.packets(NOTES, { route: nearest(1, { from: VIENNA }) }));
      await time.advance(SECOND);
      heard.subscription.unsubscribe();
      return heard.values.map(({ type, relay }) => `${type} ${relay}`);
    };
    await fail(inAustria);
    expect(await packets()).toEqual([`eose ${inJapan.url}`]);
    await fail(inJapan);
    expect([...(await packets())].sort()).toEqual([`lost ${inJapan.url}`, `lost ${inAustria.url}`]);
    pool.close();
  });

  it('stays where it is when monitors say something else later', async () => {
    const all = worldOfLoners({ relays: 2 });
    const known$ = known(found('wss://relay1.test', VIENNA), found('wss://relay2.test', LIMA));
    const route = nearest(1, { from: VIENNA, known$ });
    hear(all.pool.subscribe(NOTES, { route }));
    await all.time.advance(SECOND);
    known$.next(new Map([found('wss://relay1.test', LIMA), found('wss://relay2.test', VIENNA)]));
    await all.time.advance(SECOND);
    expect(asked(all.relays)).toEqual([1, 0]);
    expect(await goesTo(all, route)).toEqual([2]);
    all.pool.close();
  });

  it('does not wait for monitors, lets them go, and fails as they do', async () => {
    const all = worldOfLoners({ relays: 2 });
    expect(await goesTo(all, nearest(1, { from: VIENNA, known$: NEVER }))).toHaveLength(1);
    const known$ = new Subject<ReadonlyMap<RelayUrl, DiscoveredRelay>>();
    const heard = hear(all.pool.subscribe(NOTES, { route: nearest(1, { from: VIENNA, known$ }) }));
    await all.time.advance(SECOND);
    expect(known$.observed).toBe(true);
    heard.subscription.unsubscribe();
    expect(known$.observed).toBe(false);
    const failing = nearest(1, { known$: throwError(() => new Error('no monitors')) });
    const failed = hear(all.pool.subscribe(NOTES, { route: failing }));
    await all.time.advance(0);
    expect(failed.error).toMatchObject({ message: 'no monitors' });
    all.pool.close();
  });

  it('ends with the pool', async () => {
    const { pool, time } = worldOfLoners({ relays: 2 });
    const heard = hear(pool.subscribe(NOTES, { route: nearest(1, { from: VIENNA, known$: NEVER }) }));
    await time.advance(SECOND);
    pool.close();
    expect(heard.completed).toBe(true);
    expect(await time.settle()).toBe(true);
    expect(time.actions).toEqual([]);
  });

  it.each([0, 1.5, Number.NaN])('refuses a count of %s at once', (count) => {
    expect(() => nearest(count)).toThrow(RangeError);
  });

  it.each([0, -1, Number.NaN])('refuses a tie of %s at once', (tie) => {
    expect(() => nearest(1, { tie })).toThrow(RangeError);
  });
});
