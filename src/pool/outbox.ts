import {
  combineLatest,
  defer,
  distinctUntilChanged,
  filter,
  isObservable,
  map,
  merge,
  type Observable,
  of,
  type SchedulerLike,
  tap,
  throttleTime,
  timer,
} from 'rxjs';
import { switchOverlapping } from '../operators/switch-overlapping.ts';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import { type OutboxKnowledge, type OutboxNumbers, planPublish, planRequest } from '../policies/outbox-plan.ts';
import type { Filter } from '../protocol/filter.ts';
import { mergeFilters } from '../protocol/merge-filters.ts';
import type { RelayList } from '../protocol/relay-list.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { tryRelayUrl } from '../protocol/try-relay-url.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Candidates, Choice, Route, RoutedCall } from './route.ts';
import { everyRelay, whole } from './routes.ts';

/**
 * Something known, now or as it changes.
 *
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import type { Knowledge } from 'rx-relay-pool';
 *
 * const blocked: Knowledge<readonly string[]> = of(['wss://spam.example']);
 * ```
 */
export type Knowledge<T> = T | Observable<T>;

/**
 * How {@link outbox} chooses.
 *
 * @example
 * ```ts
 * import { limit, everyRelay, type OutboxOptions } from 'rx-relay-pool';
 *
 * const frugal: OutboxOptions = { times: 1, maxRelays: 8, fallback: limit(everyRelay(), 2) };
 * ```
 */
export interface OutboxOptions {
  /** By how many relays each author is covered, where the list has so many. @default 2 */
  readonly times?: number | undefined;
  /** Relays that one request or event goes to, those of the fallback not counted. @default 20 */
  readonly maxRelays?: number | undefined;
  /** Authors in one filter; more are asked for in several. @default 500 */
  readonly maxAuthors?: number | undefined;
  /** Milliseconds to wait for the first of what is to be known; from 0 to 2^31 - 1. @default 1_000 */
  readonly patience?: number | undefined;
  /** Where the rest goes: authors without a list, filters without users, and those whose relays all fail. @default `everyRelay()` */
  readonly fallback?: Route | undefined;
  /** Where users want direct messages (NIP-17, kind 10050), by their public key. @default unknown */
  readonly inboxes?: Knowledge<ReadonlyMap<string, readonly string[]>> | undefined;
  /** Relays that this route leads to in no case (NIP-51, kind 10006); as long as that is unknown, none. @default none */
  readonly blocked?: Knowledge<readonly string[]> | undefined;
}

/** Milliseconds in which changes of lists are taken together. */
const SETTLE = 500;
/** What it is worth, in authors, that a relay is asked already, or connected: less than one more author. */
const STAYS = 0.75;
const IS_OPEN = 0.5;

/** Relays by their URLs, each with its part of a request; and what goes to the fallback. */
interface Plan {
  readonly relays: readonly (readonly [url: string, filters: readonly Filter[]])[];
  readonly rest: readonly Filter[];
  /** As of a `PublishPlan`. */
  readonly needed: readonly string[] | undefined;
  readonly blocked: readonly string[];
}

/**
 * The route to where authors write (NIP-65, the outbox model): each filter is split by its authors over as few relays as cover each of them
 * twice, mentions (`#p` without authors) over those that the mentioned read, and gift wraps over those where they want direct messages. An
 * event goes to where its author writes and the tagged users read; a gift wrap to where its receivers want direct messages, and nowhere else.
 * Changes of the lists are followed; where the request fails at a relay, others of its authors are asked.
 *
 * Relays that lists name are checked by {@link admitRelayUrl}, are limited by the option `maxRelaysFromEvents`, and are used for this route alone.
 *
 * @param lists - By author; as `relayLists` gives them. Ask for them by another route than this one. What they error with is the error of the
 * request.
 * @throws RangeError when a number is out of its range.
 *
 * @example
 * ```ts
 * import { shareReplay } from 'rxjs';
 * import { outbox, relayLists, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const follows = ['a'.repeat(64), 'b'.repeat(64)];
 * const lists$ = pool.subscribe({ kinds: [10_002], authors: follows }).pipe(relayLists(), shareReplay({ bufferSize: 1, refCount: true }));
 * const feed$ = pool.subscribe({ kinds: [1], authors: follows }, { route: outbox(lists$) });
 * feed$.subscribe(({ content }) => console.log(content)).unsubscribe();
 * pool.close();
 * ```
 */
export function outbox(lists: Knowledge<ReadonlyMap<string, RelayList>>, options: OutboxOptions = {}): Route {
  const { patience = 1_000, fallback = everyRelay(), inboxes = new Map(), blocked = [] } = options;
  const numbers = completeNumbers(options);
  if (!(patience >= 0 && patience <= LONGEST_DELAY)) {
    throw new RangeError(`outbox: 'patience' must be milliseconds from 0 to 2^31 - 1; got ${patience}.`);
  }
  return (candidates$, call) =>
    defer(() => {
      const { scheduler } = call;
      let before: ReadonlySet<string> = new Set();
      const planned$ = combineLatest({
        // Who has answered changes no plan, and there may be thousands of authors.
        candidates: candidates$.pipe(distinctUntilChanged(Object.is, ({ progress }) => failedOf(progress).join())),
        lists: known(lists, new Map(), patience, scheduler),
        inboxes: known(inboxes, new Map(), patience, scheduler),
        blocked: known(blocked, [], patience, scheduler),
      }).pipe(
        map(({ candidates, blocked: urls, ...users }) => {
          const never = new Set(urls.flatMap((url) => tryRelayUrl(url) ?? []));
          const plan = planOf(call, { ...users, ...relaysOf(candidates, never, before) }, numbers);
          before = new Set(plan.relays.map(([url]) => url));
          return { ...plan, blocked: [...never] };
        }),
        distinctUntilChanged(Object.is, (plan) => JSON.stringify(plan)),
        switchOverlapping((plan) => {
          const urls = plan.relays.map(([url]) => url);
          return call.borrow(urls, 'event').pipe(map((borrowed) => [plan, borrowed] as const));
        }),
      );
      return combineLatest([planned$, fallback(candidates$, call)]).pipe(
        map(([[plan, borrowed], others]) => choicesOf(plan, borrowed, others, call)),
      );
    });
}

/** The value, or what it is taken for until it is known. */
function known<T>(value: Knowledge<T>, unknown: T, patience: number, scheduler: SchedulerLike): Observable<T> {
  if (!isObservable(value)) return of(value);
  return defer(() => {
    let isKnown = false;
    const values$ = value.pipe(
      tap(() => (isKnown = true)),
      throttleTime(SETTLE, scheduler, { leading: true, trailing: true }),
    );
    const lack$ = timer(patience, scheduler).pipe(
      filter(() => !isKnown),
      map(() => unknown),
    );
    return merge(values$, lack$);
  });
}

function failedOf(progress: Candidates['progress']): readonly RelayUrl[] {
  return [...progress].filter(([, news]) => news === 'failed').map(([url]) => url);
}

function relaysOf(
  { relays, progress }: Candidates,
  blocked: ReadonlySet<string>,
  before: ReadonlySet<string>,
): Pick<OutboxKnowledge, 'isUsable' | 'worth'> {
  const failed = new Set<string>(failedOf(progress));
  const open = new Set<string>(relays.filter(({ isOpen }) => isOpen).map(({ url }) => url));
  return {
    isUsable: (url) => !blocked.has(url) && !failed.has(url),
    worth: (url) => (before.has(url) ? STAYS : open.has(url) ? IS_OPEN : 0),
  };
}

function planOf(
  { event, filters }: RoutedCall,
  knowledge: OutboxKnowledge,
  numbers: OutboxNumbers,
): Omit<Plan, 'blocked'> {
  if (!event) {
    const { relays, rest } = planRequest(filters, knowledge, numbers);
    return { relays: [...relays], rest, needed: undefined };
  }
  const { relays, needed } = planPublish(event, knowledge, numbers);
  return { relays: relays.map((url) => [url, []]), rest: [], needed };
}

function choicesOf(
  { relays, rest, needed, blocked }: Plan,
  borrowed: readonly PooledRelay[],
  others: readonly Choice[],
  { event }: RoutedCall,
): readonly Choice[] {
  const here = new Map<string, PooledRelay>(borrowed.map((relay) => [relay.url, relay]));
  const missing = relays.filter(([url]) => !here.has(url)).flatMap(([, filters]) => filters);
  const parts = new Map<PooledRelay, readonly Filter[]>();
  for (const [url, filters] of relays) {
    const relay = here.get(url);
    if (relay) parts.set(relay, filters);
  }
  const isLost = needed !== undefined && !needed.some((url) => here.has(url));
  if (isLost || rest.length > 0 || missing.length > 0) {
    for (const { relay } of others) {
      if (!blocked.includes(relay.url)) parts.set(relay, mergeFilters([parts.get(relay) ?? [], rest, missing]));
    }
  }
  return [...parts].map(([relay, filters]) => (event ? whole(relay) : { relay, filters }));
}

function completeNumbers({ times = 2, maxRelays = 20, maxAuthors = 500 }: OutboxOptions): OutboxNumbers {
  const check = (name: keyof OutboxNumbers, value: number): void => {
    if (Number.isSafeInteger(value) && value > 0) return;
    throw new RangeError(`outbox: '${name}' must be a whole number above 0; got ${value}.`);
  };
  check('times', times);
  check('maxRelays', maxRelays);
  check('maxAuthors', maxAuthors);
  return { times, maxRelays, maxAuthors };
}
