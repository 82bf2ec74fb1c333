import {
  firstValueFrom,
  interval,
  lastValueFrom,
  type Observable,
  race,
  ReplaySubject,
  share,
  Subscription,
  switchMap,
  take,
  timer,
} from 'rxjs';
import {
  type Filter,
  matchesFilter,
  type NostrEvent,
  type PoolMetrics,
  type PoolRelayStatus,
  pureVerifier,
  RelayPool,
  type RelayUrl,
} from '../../src/index.ts';
import { serveFromSources, stay } from './dashboard.ts';
import { connectionNews, NO_EVENT, probe, timed } from './observe.ts';
import { type Screen, stamp } from './screen.ts';
import { type Check, figures, type Gap, measures, plural, repeated, summarise } from './summary.ts';
import { rowsOf } from './table.ts';

const REDRAW_EVERY = 150;
/** Other people's relays are asked less often than our own. */
const PROBE_EVERY = 5_000;
const NOTES: Filter = { kinds: [1], limit: 200 };
/** Milliseconds for which live events are shown once the stored ones are there. */
const LIVE_FOR = 20_000;
/** Milliseconds that relays which were lost may take to come back before the run ends for want of an answer. */
const GRACE = 4_000;
/** Milliseconds after which the run ends even if a relay has not answered. */
const LONGEST = 50_000;

/**
 * Reads the latest notes of the given relays, then live ones for a while. Publishes nothing.
 *
 * @param interrupted$ emits, also to those who subscribe late, when the user has seen enough
 * @returns the exit code: 0 when a relay answered and each event came once and as asked for, else 1
 */
export async function visitRelays(
  relays: readonly RelayUrl[],
  screen: Screen,
  interrupted$: Observable<unknown>,
): Promise<number> {
  const verifier = timed(pureVerifier);
  const pool = new RelayPool({ relays, verifier });
  const received: NostrEvent[] = [];
  const gaps: Gap[] = [];
  const answered = new Set<RelayUrl>();
  const settled$ = new ReplaySubject<void>(1);
  let awaited = relays.length;
  let statuses: readonly PoolRelayStatus[] = [];
  let metrics: PoolMetrics | undefined;

  const begin = Date.now();
  const show = (): void => {
    screen.show({
      title: `The latest notes of ${plural(relays.length, 'relay')}`,
      rows: rowsOf(statuses, metrics, (relay) => relay),
      progress: {
        done: relays.length - awaited,
        all: relays.length,
        text: `${plural(received.length, 'event')}, ${awaited > 0 ? `${plural(awaited, 'relay')} awaited` : `live from ${answered.size} of ${relays.length}`}`,
      },
      begin,
      now: Date.now(),
    });
  };

  const running = new Subscription();
  const dashboard = await serveFromSources(pool);
  screen.log(`Dashboard: ${dashboard.url}`);
  const metrics$ = pool.metrics$.pipe(share());
  running.add(pool.relays$.subscribe((now) => (statuses = now)));
  running.add(metrics$.subscribe((now) => (metrics = now)));
  running.add(
    connectionNews(pool, (relay) => relay).subscribe((line) => screen.log(`${stamp(Date.now() - begin)} ${line}`)),
  );
  running.add(interval(REDRAW_EVERY).subscribe(show));
  running.add(probe(pool, NO_EVENT, PROBE_EVERY).subscribe());
  running.add(
    pool.packets(NOTES).subscribe((packet) => {
      if (packet.type === 'event') received.push(packet.event);
      else if (packet.type === 'gap') gaps.push(packet);
      else {
        if (packet.type === 'eose') answered.add(packet.relay);
        awaited = packet.pending;
        if (awaited === 0) settled$.next();
      }
    }),
  );

  try {
    const seenEnough = settled$.pipe(
      take(1),
      switchMap(() => timer(GRACE)),
      switchMap(() => timer(answered.size > 0 ? LIVE_FOR - GRACE : 0)),
    );
    await lastValueFrom(race(seenEnough, timer(LONGEST), interrupted$).pipe(take(1)));
    // One more look, so that the end is in it.
    const measured = await firstValueFrom(metrics$);
    show();
    screen.end();
    const unasked = received.filter((event) => !matchesFilter(NOTES, event));
    const authors = new Set(received.map(({ pubkey }) => pubkey));
    const checks: readonly Check[] = [
      {
        claim: 'relays answered',
        figures: `${answered.size} of ${relays.length}`,
        problems: answered.size > 0 ? [] : ['none did'],
      },
      {
        claim: 'each event came once, verified and as asked for',
        figures: `${plural(received.length, 'event')} of ${plural(authors.size, 'author')}`,
        problems: [...repeated(received), ...unasked.map(({ id }) => `${id} was not asked for`)],
      },
    ];
    const lines = [
      ...summarise(checks, screen.paint),
      figures({ events: received, statuses, gaps }, verifier),
      measures(measured),
    ];
    for (const line of lines) screen.log(line);
    await stay(dashboard, screen, interrupted$);
    return checks.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } finally {
    screen.end();
    running.unsubscribe();
    await dashboard.close();
    pool.close();
  }
}
