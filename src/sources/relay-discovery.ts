import { asyncScheduler, ignoreElements, Observable, type SchedulerLike, type Subscription, tap } from 'rxjs';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import { type DiscoveredRelay, RelayDirectory, type RelayDirectoryOptions } from '../policies/relay-directory.ts';
import type { NostrEvent } from '../protocol/event.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';

/**
 * Whom {@link discoverRelays} believes, and how much of it is kept.
 *
 * @example
 * ```ts
 * import type { RelayDiscoveryOptions } from 'rx-relay-pool';
 *
 * const cautious = (monitors: readonly string[]): RelayDiscoveryOptions => ({ monitors, agreement: 2, maxAge: 86_400 });
 * ```
 */
export interface RelayDiscoveryOptions extends RelayDirectoryOptions {
  /** The public keys of the monitors that you trust, at least one: 64 lower-case hex digits each. */
  readonly monitors: readonly string[];
  /**
   * Seconds after which a report is disregarded. A relay that all reports of are too old leaves the map with the next change.
   *
   * @default 604_800 (a week)
   */
  readonly maxAge?: number | undefined;
  /**
   * How many relays are kept; beyond it goes the one whose newest report is oldest.
   *
   * @default 2_000
   */
  readonly maxRelays?: number | undefined;
  /**
   * How many of the monitors have to know a relay.
   *
   * @default 1
   */
  readonly agreement?: number | undefined;
  /**
   * Milliseconds from one map to the next, at the least.
   *
   * @default 1_000
   */
  readonly every?: number | undefined;
  /** Clock and timer. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * The relays that monitors report (NIP-66), out of their events of kind 30166: of each monitor its newest event on each relay, and of several
 * monitors what they say together.
 *
 * It emits the current map after changes: the first one at once, then at most one each `every` milliseconds, and what is left when the
 * source completes. A map is not changed any more, and a relay of which nothing changed is the same object as before. Completion and errors
 * of the source are passed on.
 *
 * Give it verified events alone. Left out are events of whoever is not among the `monitors`, those of another kind, those that are too old or dated
 * more than 15 minutes ahead, and relays whose address {@link admitRelayUrl} refuses.
 *
 * @throws RangeError at once when no monitor is named, one is no public key, or a number is out of its range.
 *
 * @example
 * ```ts
 * import { discoverRelays, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const monitors = ['a'.repeat(64)]; // one that you trust
 * const events$ = pool.subscribe({ kinds: [30_166], authors: monitors });
 * const subscription = discoverRelays(events$, { monitors }).subscribe((relays) => {
 *   for (const { relay, roundTrip } of relays.values()) console.log(relay, roundTrip.open);
 * });
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export function discoverRelays(
  events$: Observable<NostrEvent>,
  options: RelayDiscoveryOptions,
): Observable<ReadonlyMap<RelayUrl, DiscoveredRelay>> {
  const { every = 1_000, scheduler = asyncScheduler } = options;
  new RelayDirectory(options); // a wrong option is the caller's mistake: thrown here, where it was made
  if (!(every > 0 && every <= LONGEST_DELAY)) {
    throw new RangeError(`'every' must be a number of milliseconds above 0, and at most 2^31 - 1; got ${every}.`);
  }
  return new Observable((subscriber) => {
    const directory = new RelayDirectory(options);
    let isChanged = false;
    // A scheduled action stays in whatever it was added to, so there is one variable and no list.
    let timer: Subscription | undefined;
    subscriber.add(() => timer?.unsubscribe());

    const emit = (): void => {
      isChanged = false;
      subscriber.next(directory.relays(scheduler.now()));
    };
    const emitUnlessTooSoon = (): void => {
      if (timer || !isChanged) return;
      timer = scheduler.schedule(() => {
        timer = undefined;
        emitUnlessTooSoon();
      }, every);
      emit();
    };

    events$
      .pipe(
        tap({
          next: (event) => {
            if (directory.add(event, scheduler.now())) isChanged = true;
            emitUnlessTooSoon();
          },
          complete: () => {
            if (isChanged) emit();
          },
        }),
        ignoreElements(),
      )
      .subscribe(subscriber); // itself, so that a synchronous source hears of an unsubscribe
  });
}
