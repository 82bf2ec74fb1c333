import {
  concat,
  defer,
  EMPTY,
  endWith,
  first,
  from,
  ignoreElements,
  interval,
  last,
  map,
  merge,
  mergeMap,
  type Observable,
  of,
  skipWhile,
  switchMap,
  take,
  tap,
  timeInterval,
  timer,
  toArray,
  zip,
} from 'rxjs';
import {
  latestReplaceable,
  type NostrEvent,
  type PublishOptions,
  type PublishReport,
  type RelayPool,
  type RelayUrl,
} from '../../src/index.ts';
import type { Lie } from '../../src/testing/index.ts';
import type { Cast, Player } from './cast.ts';

/** What the story needs beside its cast. */
export interface Stage {
  readonly pool: RelayPool;
  /** Told every report on a published event. */
  readonly reported: (report: PublishReport) => void;
  /** Told of an event that a relay took in while it had no connection to the pool. */
  readonly addedWhileAway: () => void;
  /** Told of every event that reached its relays late. */
  readonly arrived: () => void;
}

/** Everything that happens on the relays, and what the pool publishes meanwhile: emits a line for each, and completes. */
export function story(cast: Cast, stage: Stage): Observable<string> {
  const { flapping, lying, mortal } = cast.byRole;
  const [first, ...others] = cast.toPublish;
  return merge(
    arrivals(cast, stage),
    flap(flapping),
    lie(lying),
    die(mortal, first ? publishTwice(first, stage) : EMPTY),
    askMeanwhile(stage),
    publishing(others, stage),
  );
}

/** Events reach the relays one by one, some of them while a relay is away. */
function arrivals({ later, spread, byRole }: Cast, { addedWhileAway, arrived }: Stage): Observable<string> {
  const arriving = zip(from(later), timer(1_000, 100)).pipe(
    tap(([event, index]) => {
      // The liar first, so that its lie is the first that the pool hears of the event.
      if (index % 5 === 0) byRole.lying.relay.add(event);
      for (const { relay } of spread(event)) if (relay.connectionCount === 0) addedWhileAway();
      arrived();
    }),
    ignoreElements(),
  );
  return concat(arriving, of(`the last of ${later.length} late events has reached its relays`));
}

/** Hangs up every few seconds, by turns with a close frame and without. */
function flap({ role, relay }: Player): Observable<string> {
  return interval(4_000).pipe(
    take(4),
    map((index) => {
      if (index % 2 === 0) relay.drop();
      else relay.drop(1001, 'going away');
      return `${role}: ${index % 2 === 0 ? 'cut the connection' : 'closed the connection'}`;
    }),
  );
}

/** One way to lie after the other; at last it floods, and the pool drops it. */
function lie({ role, relay }: Player): Observable<string> {
  const telling = (at: number, lie: Lie, inFront: boolean): Observable<string> =>
    timer(at).pipe(
      map(() => {
        relay.faults.lie = lie;
        relay.faults.lieInFront = inFront;
        return `${role}: now sends ${lie} ${inFront ? 'in front of' : 'in place of'} each event`;
      }),
    );
  const flooding = timer(20_000).pipe(
    map(() => {
      relay.flood({ kind: 'unmatched', count: 3_000 });
      return `${role}: floods the pool with 3,000 events that nobody asked for`;
    }),
  );
  return merge(
    telling(6_000, 'forged-content', true),
    telling(10_000, 'wrong-id', false),
    telling(14_000, 'unmatched', false),
    telling(17_000, 'future-dated', false),
    flooding,
  );
}

/** Dies half-way through its first long answer, is down for five seconds, and comes back. */
function die({ role, relay }: Player, meanwhile: Observable<string>): Observable<string> {
  relay.faults.dropAfter = Math.floor(relay.store.size / 2);
  const cut = relay.connectionCount$.pipe(
    skipWhile((count) => count === 0),
    first((count) => count === 0),
  );
  const down = concat(
    defer(() => relay.stop()).pipe(map(() => `${role}: died half-way through an answer`)),
    timer(5_000).pipe(ignoreElements()),
    defer(() => relay.restart()).pipe(map(() => `${role}: is up again`)),
  );
  return cut.pipe(switchMap(() => merge(down, meanwhile)));
}

/** Publishes while a relay is down and gives up soon; later publishes again, to those relays alone that still miss the event. */
function publishTwice(event: NostrEvent, stage: Stage): Observable<string> {
  const send = (options: PublishOptions): Observable<PublishReport> => publish(event, options, stage).pipe(last());
  return timer(500).pipe(
    switchMap(() => send({ deadline: 2_500 })),
    switchMap((report) =>
      concat(
        of(`pool: published while a relay is down, confirmed by ${confirmedBy(report).length} of 5`),
        timer(6_000).pipe(
          switchMap(() => send({ previous: report })),
          map(
            (second) =>
              `pool: published again to those that missed it, confirmed by ${confirmedBy(second).length} of 5`,
          ),
        ),
      ),
    ),
  );
}

/** Asks when a relay has just hung up: a request completes all the same. */
function askMeanwhile({ pool }: Stage): Observable<string> {
  return timer(12_100).pipe(
    switchMap(() => pool.request({ kinds: [0] }).pipe(latestReplaceable(), toArray(), timeInterval())),
    map(({ value, interval }) => {
      const authors = new Set(value.map(({ pubkey }) => pubkey));
      return `pool: asked for profiles when a relay was away, got those of ${authors.size} authors in ${interval} ms`;
    }),
  );
}

function publishing(events: readonly NostrEvent[], stage: Stage): Observable<string> {
  let confirmed = 0;
  return zip(from(events), timer(2_000, 1_000)).pipe(
    mergeMap(([event]) => publish(event, { deadline: 15_000 }, stage).pipe(last())),
    tap(() => confirmed++),
    ignoreElements(),
    endWith(0),
    map(() => `pool: ${confirmed} more events published`),
  );
}

function publish(event: NostrEvent, options: PublishOptions, { pool, reported }: Stage): Observable<PublishReport> {
  return pool.publish(event, options).pipe(tap(reported));
}

function confirmedBy({ outcomes }: PublishReport): readonly RelayUrl[] {
  const relays = Object.keys(outcomes) as RelayUrl[];
  return relays.filter((relay) => outcomes[relay]?.status === 'accepted');
}
