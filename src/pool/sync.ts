import {
  defer,
  EMPTY,
  exhaustMap,
  finalize,
  map,
  merge,
  type Observable,
  of,
  scan,
  startWith,
  switchMap,
  takeWhile,
  tap,
  throwError,
  timeout,
} from 'rxjs';
import { type Filter, normalizeFilters } from '../protocol/filter.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { checkMilliseconds } from './check-milliseconds.ts';
import { PoolError } from './pool-error.ts';
import { RequestProgress } from './request-progress.ts';
import type { Choice } from './route.ts';
import { refuseNobody } from './routes.ts';
import { choose, type RoutingContext } from './routing.ts';
import { NOT_BEGUN, type RelaySync, type SyncProgress, syncProgress } from './sync-progress.ts';
import type { SyncOptions, SyncSettings } from './sync-options.ts';
import { syncRelay } from './sync-relay.ts';
import { LocalEvents, type SyncStore } from './sync-store.ts';

/** Compares the store with the relays that the route names now; the progress at once and after every step. */
export function sync(
  filter: Filter,
  store: SyncStore,
  options: SyncOptions,
  context: RoutingContext,
): Observable<SyncProgress> {
  const { route, id, ...given } = options;
  const settings: SyncSettings = {
    direction: 'both',
    dryRun: false,
    silenceTimeout: 10_000,
    deadline: 600_000,
    priority: 'low',
    frameSize: 60_000,
    maxNeed: 200_000,
    ...given,
  };
  check(filter, settings);
  const { deadline, priority } = settings;
  const [asked] = normalizeFilters(filter);
  if (!asked) return of(syncProgress({}, 0));
  const filters = [asked];
  const ids = new Set(id === undefined ? [] : [id]);
  const notes = context.journal.begin({ ids, filters, event: undefined, priority, verb: 'NEG-OPEN' });

  const begin = (choices: readonly Choice[], index: number): Observable<SyncProgress> => {
    if (index > 0) return EMPTY;
    const first = Object.fromEntries(choices.map(({ relay }) => [relay.url, NOT_BEGUN])) as Readonly<
      Record<RelayUrl, RelaySync>
    >;
    return LocalEvents.of(store, asked).pipe(
      timeout({ first: deadline, scheduler: context.scheduler, with: () => throwError(() => neverListed(deadline)) }),
      switchMap((local) => {
        const states = choices.map(({ relay }) =>
          syncRelay(relay, asked, local, settings, { ...context, notes }).pipe(
            map((state) => [relay.url, state] as const),
          ),
        );
        return merge(...states).pipe(
          tap(([relay, state]) => notes.synced(relay, state)),
          scan((relays, [relay, state]) => ({ ...relays, [relay]: state }), first),
          startWith(first),
          map((relays) => syncProgress(relays, local.stored)),
        );
      }),
    );
  };
  const progress = new RequestProgress(context.scheduler);
  return defer(() => choose(route, { filters, event: undefined, priority }, progress, notes, context)).pipe(
    refuseNobody(deadline, context.scheduler),
    exhaustMap(begin),
    takeWhile(({ pending }) => pending > 0, true),
    finalize(() => notes.ended()),
  );
}

function neverListed(deadline: number): PoolError {
  return new PoolError('invalid-option', `The store did not list its events to the end within ${deadline} ms.`);
}

function check(filter: Filter, { silenceTimeout, deadline, frameSize, maxNeed }: SyncSettings): void {
  const refuse = (problem: string): never => {
    throw new PoolError('invalid-option', problem);
  };
  if (Array.isArray(filter)) refuse('A sync takes one filter (NIP-77), not several.');
  if (filter.limit !== undefined || filter.search !== undefined) {
    refuse("A sync compares all that matches: its filter takes neither 'limit' nor 'search'.");
  }
  checkMilliseconds({ silenceTimeout, deadline });
  if (!(Number.isInteger(frameSize) && frameSize >= 4_096)) {
    refuse(`'frameSize' is a whole number of bytes from 4096, not ${frameSize}.`);
  }
  if (!(Number.isInteger(maxNeed) && maxNeed > 0)) refuse(`'maxNeed' is a whole number from 1, not ${maxNeed}.`);
}
