import {
  debounceTime,
  distinctUntilChanged,
  endWith,
  first,
  ignoreElements,
  interval,
  lastValueFrom,
  map,
  type Observable,
  share,
  Subscription,
  take,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import {
  events,
  type Filter,
  latestReplaceable,
  type NostrEvent,
  type PoolMetrics,
  type PoolRelayStatus,
  type PublishReport,
  pureVerifier,
  RelayPool,
} from '../../src/index.ts';
import { type Cast, startCast } from './cast.ts';
import { serveFromSources, stay } from './dashboard.ts';
import { loadFixture } from './fixture.ts';
import { connectionNews, NO_EVENT, probe, timed, type TimedVerifier } from './observe.ts';
import { type Screen, stamp } from './screen.ts';
import { story } from './story.ts';
import { count, type Facts, figures, type Gap, judge, measures, summarise, union } from './summary.ts';
import { rowsOf } from './table.ts';

const REDRAW_EVERY = 150;
/** Milliseconds between two looks at what the relays hold. */
const LOOK_UP_EVERY = 500;
const PROBE_EVERY = 1_000;
/** Milliseconds after which the story ends even if the pool let it hang. */
const LONGEST_STORY = 40_000;
/** Milliseconds without any progress after which the run no longer waits for what is missing. */
const PATIENCE = 8_000;
/** Milliseconds in which an event that comes twice would still be noticed. */
const AFTERMATH = 500;

/**
 * Runs a pool over five relays that misbehave, and judges what it delivered.
 *
 * @param interrupted$ emits, also to those who subscribe late, when the user wants to stop
 * @returns the exit code: 0 when every claim holds, 1 when one does not, 130 when interrupted
 */
export async function runFiveRelays(screen: Screen, interrupted$: Observable<unknown>): Promise<number> {
  const fixture = loadFixture();
  const cast = await startCast(fixture);
  const verifier = timed(pureVerifier);
  const pool = new RelayPool({
    relays: cast.players.map(({ url }) => url),
    verifier,
    // The run is short: minutes of backoff become seconds, and three failures in a row open a circuit.
    backoff: { base: 500, cap: 3_000 },
    breaker: { consecutiveFailures: 3, openTime: 2_000, maximumOpenTime: 3_000 },
    // One of them is slow on purpose, and is given less to do.
    load: { threshold: 700 },
  });
  const running = new Subscription();
  const dashboard = await serveFromSources(pool);
  screen.log(`Dashboard: ${dashboard.url}`);
  try {
    const facts = await play({ fixture, cast, pool, verifier, screen, running, interrupted$ });
    if (!facts) return 130;
    screen.end();
    const checks = judge(facts);
    const lines = [
      ...summarise(checks, screen.paint),
      figures({ ...facts, events: facts.subscribed.events }, verifier),
      measures(facts.metrics),
    ];
    for (const line of lines) screen.log(line);
    await stay(dashboard, screen, interrupted$);
    return checks.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } finally {
    screen.end();
    running.unsubscribe();
    await dashboard.close();
    pool.close();
    await cast.stop();
  }
}

interface Run {
  readonly fixture: readonly NostrEvent[];
  readonly cast: Cast;
  readonly pool: RelayPool;
  readonly verifier: TimedVerifier;
  readonly screen: Screen;
  /** Whatever has to end with the run. */
  readonly running: Subscription;
  readonly interrupted$: Observable<unknown>;
}

interface Outcome extends Facts {
  readonly metrics: PoolMetrics;
}

/** Lets everything happen and waits for its end; undefined when interrupted. */
async function play(run: Run): Promise<Outcome | undefined> {
  const { fixture, cast, pool, verifier, screen, running, interrupted$ } = run;
  const everything: Filter = {
    kinds: [...new Set(fixture.map(({ kind }) => kind))],
    authors: [...new Set(fixture.map(({ pubkey }) => pubkey))],
  };
  const notes: Filter = { ...everything, kinds: [1] };

  const subscribed: NostrEvent[] = [];
  const delivered = new Set<string>();
  const latest: NostrEvent[] = [];
  const watched: NostrEvent[] = [];
  const gaps: Gap[] = [];
  const requested: NostrEvent[] = [];
  const reports = new Map<string, PublishReport>();
  let statuses: readonly PoolRelayStatus[] = [];
  let metrics: PoolMetrics | undefined;
  let arrived = 0;
  let addedWhileAway = 0;

  const begin = Date.now();
  const log = (line: string): void => screen.log(`${stamp(Date.now() - begin)} ${line}`);
  const heldNow = (): Facts['held'] => new Map(cast.honest.map(({ url, relay }) => [url, [...relay.store]]));
  let wanted: readonly string[] = [];
  const lookUp = (): void => {
    wanted = [...union(heldNow()).keys()];
  };
  const show = (): void => {
    const done = wanted.filter((id) => delivered.has(id)).length;
    const toCome = cast.later.length - arrived + cast.toPublish.length - reports.size;
    screen.show({
      title: 'A pool over five relays, four of which misbehave',
      rows: rowsOf(statuses, metrics, cast.nameOf),
      progress: { done, all: wanted.length + toCome, text: `${count(done)} of ${count(wanted.length)} events` },
      begin,
      now: Date.now(),
    });
  };

  const metrics$ = pool.metrics$.pipe(share());
  running.add(pool.relays$.subscribe((now) => (statuses = now)));
  running.add(metrics$.subscribe((now) => (metrics = now)));
  running.add(connectionNews(pool, cast.nameOf).subscribe(log));
  running.add(timer(0, LOOK_UP_EVERY).subscribe(lookUp));
  running.add(interval(REDRAW_EVERY).subscribe(show));
  running.add(probe(pool, NO_EVENT, PROBE_EVERY).subscribe());

  // The heart of it: everything stored, then live, each event once, whatever the relays do. `full` asks for all of it again after
  // an outage, as relays here take in events of last year while they are away.
  running.add(
    pool
      .subscribe(everything, { resume: { mode: 'full' } })
      .pipe(
        tap((event) => {
          subscribed.push(event);
          delivered.add(event.id);
        }),
        latestReplaceable(),
      )
      .subscribe((event) => latest.push(event)),
  );
  // By default a stream catches up by a window, and says where it may have missed something.
  running.add(
    pool
      .packets(notes)
      .pipe(
        tap((packet) => {
          if (packet.type === 'gap') gaps.push(packet);
        }),
        events(),
      )
      .subscribe((event) => watched.push(event)),
  );

  let isInterrupted = false;
  running.add(interrupted$.subscribe(() => (isInterrupted = true)));
  const step = <T>(work$: Observable<T>): Promise<T | undefined> =>
    lastValueFrom(work$.pipe(takeUntil(interrupted$)), { defaultValue: undefined });
  /** Waits for something, but not for ever when nothing comes any more. */
  const patiently = (work$: Observable<unknown>): Promise<unknown> => {
    const progress$ = interval(100).pipe(
      map(() => verifier.signatures + subscribed.length + watched.length + requested.length),
      distinctUntilChanged(),
    );
    return step(work$.pipe(takeUntil(progress$.pipe(debounceTime(PATIENCE)))));
  };

  const telling = story(cast, {
    pool,
    reported: (report) => reports.set(report.event.id, report),
    addedWhileAway: () => addedWhileAway++,
    arrived: () => arrived++,
  });
  await step(telling.pipe(tap(log), takeUntil(timer(LONGEST_STORY))));

  const isUp = ({ state }: PoolRelayStatus): boolean => state === 'connected' || state === 'authenticated';
  const allUp$ = pool.relays$.pipe(
    first((now) => cast.honest.every(({ url }) => now.some((status) => status.url === url && isUp(status)))),
  );
  await patiently(allUp$);
  const allDelivered$ = timer(0, LOOK_UP_EVERY).pipe(
    first(() => [...union(heldNow()).keys()].every((id) => delivered.has(id))),
  );
  await patiently(allDelivered$);

  if (isInterrupted) return undefined;
  log('pool: all is calm, asked for everything once more');
  const answer$ = pool.request(everything).pipe(tap((event) => requested.push(event)));
  const completed = await patiently(answer$.pipe(ignoreElements(), endWith(true)));

  await step(timer(AFTERMATH));
  // One more look, so that the end is in it.
  const measured = await step(metrics$.pipe(take(1)));
  if (isInterrupted || !measured) return undefined;
  lookUp();
  show();
  return {
    fixture,
    held: heldNow(),
    liar: cast.byRole.lying.url,
    subscribed: { filter: everything, events: subscribed },
    latest,
    watched: { filter: notes, events: watched },
    gaps,
    requested: { filter: everything, events: requested, completed: completed === true },
    published: cast.toPublish,
    reports,
    statuses,
    addedWhileAway,
    metrics: measured,
  };
}
