import {
  asyncScheduler,
  BehaviorSubject,
  combineLatest,
  defer,
  distinctUntilChanged,
  EMPTY,
  endWith,
  finalize,
  ignoreElements,
  interval,
  map,
  merge,
  type Observable,
  of,
  ReplaySubject,
  type SchedulerLike,
  share,
  skip,
  switchMap,
  takeUntil,
} from 'rxjs';
import { callSafely } from '../operators/call-safely.ts';
import { SocketBudget } from '../operators/socket-budget.ts';
import { OutlierEjection } from '../policies/outlier-ejection.ts';
import type { PoolSizeOptions } from '../policies/pool-size.ts';
import { admitRelayUrl, relayUrl, type RelayUrl } from '../protocol/relay-url.ts';
import { tryAdmitRelayUrl } from '../protocol/try-relay-url.ts';
import type { RelayOptions } from '../sources/relay.ts';
import type { RelayInformationOptions } from '../sources/relay-information.ts';
import { LEAST_SUBSCRIPTIONS } from './capabilities.ts';
import { Guests } from './guests.ts';
import type { HealthOptions } from './health.ts';
import { Outages } from './outages.ts';
import { pipelineStages, type PipelineStages } from './pipeline.ts';
import { PoolError } from './pool-error.ts';
import type { PoolRelayStatus } from './pool-relay-status.ts';
import { PooledRelay, type PooledRelayOptions } from './pooled-relay.ts';
import { aged, poolMemory, type PoolMemory, relaysIn, remember } from './relay-memory.ts';

/**
 * Where a relay URL comes from: the caller is trusted, an event (NIP-65, NIP-66, a hint) is not.
 *
 * @example
 * ```ts
 * import { RelayPool, RelayUrlError } from 'rx-relay-pool';
 *
 * const pool = new RelayPool();
 * try {
 *   pool.add('ws://192.168.0.1', { origin: 'event' });
 * } catch (error) {
 *   console.log(error instanceof RelayUrlError && error.code); // private-host
 * }
 * pool.close();
 * ```
 */
export type RelayOrigin = 'caller' | 'event';

/** What the registry needs to make a relay. */
export interface RegistryOptions
  extends
    Omit<RelayOptions, 'dialling' | 'counters' | 'conduct' | 'onDropped' | 'onNotice' | 'maxSubscriptionIdLength'>,
    Omit<HealthOptions, 'onCall'> {
  /** How many connections a relay gets, and when. @default 1 to 3, by load */
  readonly connections?: PoolSizeOptions | undefined;
  /** The sockets that all relays may have; pools may share one. @default 20, none of them reserved */
  readonly sockets?: SocketBudget | undefined;
  /** Stages of the pipe that are to replace the default ones. @default `pipelineStages` */
  readonly stages?: Partial<PipelineStages> | undefined;
  /** Relays that URLs from events may add. @default 50 */
  readonly maxRelaysFromEvents?: number | undefined;
  /** Which relays the signer may be asked for. @default those that the caller added */
  readonly mayAuthenticate?: ((relay: RelayUrl) => boolean) | undefined;
  /**
   * How relays are asked what they can do and take (NIP-11), once a connection has lasted for a quarter of a second; false: not at all. Nothing waits
   * for it, and what they do not say is learnt from their refusals.
   *
   * @default by the platform's fetch; not at all where `WebSocket` is given, without a network of its own to ask in
   */
  readonly information?: RelayInformationOptions | false | undefined;
  /**
   * REQs that a relay lets be open on one connection (NIP-11 `max_subscriptions`), for all or by relay; more wait for their turn. At least
   * 2, as one place is kept for pages.
   *
   * @default what the relay says, else unlimited
   */
  readonly maxSubscriptions?: number | ((relay: RelayUrl) => number | undefined) | undefined;
  /**
   * What share of the load a relay is to get where relays are balanced: 1 is normal, 2 is twice as much, above 0.
   *
   * @default 1 for all
   */
  readonly preference?: ((relay: RelayUrl) => number | undefined) | undefined;
  /** What an earlier pool learnt of relays; what makes no sense in it, or is older than a week, is left out. */
  readonly memory?: PoolMemory | undefined;
}

/** Milliseconds between two looks at the counters while somebody watches `relays$`. */
const COUNTERS_EVERY = 250;

/** The relays of a pool: adds, removes, and tells how they are. */
export class Registry {
  readonly #relays = new BehaviorSubject<readonly PooledRelay[]>([]);
  readonly #members = new BehaviorSubject<readonly PooledRelay[]>([]);
  readonly #guests: Guests;
  readonly #fromEvents = new Set<RelayUrl>();
  readonly #outages: Outages;
  /** Of relays by URL, as an earlier pool wrote it down, or this one when a relay left. */
  readonly #memories: Map<string, unknown>;
  readonly #scheduler: SchedulerLike;
  readonly #budget: SocketBudget;
  readonly #ejection = new OutlierEjection();

  constructor(private readonly options: RegistryOptions) {
    const { scheduler = asyncScheduler, sockets, memory, idleTimeout = 60_000 } = options;
    this.#scheduler = scheduler;
    this.#guests = new Guests(idleTimeout, scheduler, (url) => this.#left(url));
    this.#budget = sockets ?? new SocketBudget({ scheduler });
    this.#memories = relaysIn(memory);
    this.#outages = new Outages(() => this.#relays.value, scheduler);
    // Every call asks for them.
    this.#relays
      .pipe(
        map((relays) => relays.filter(({ url }) => !this.#guests.has(url))),
        distinctUntilChanged(areEqual),
        skip(1),
      )
      .subscribe(this.#members);
  }

  /** All relays, now and after every change; completes when the pool closes. */
  get relays$(): Observable<readonly PooledRelay[]> {
    return this.#relays;
  }

  /** As {@link Registry.relays$}, without those that are there only because a route leads to them. */
  get members$(): Observable<readonly PooledRelay[]> {
    return this.#members;
  }

  /** How the relays are, now and whenever that changes. */
  get statuses$(): Observable<readonly PoolRelayStatus[]> {
    return this.#relays.pipe(
      switchMap((relays) => {
        if (relays.length === 0) return of([]);
        const changed$ = combineLatest(relays.map((relay) => relay.status$)).pipe(
          share({ connector: () => new ReplaySubject(1) }),
        );
        const counting$ = changed$.pipe(
          map((statuses) => statuses.some(isOpen)),
          distinctUntilChanged(),
          switchMap((isAnyConnected) => (isAnyConnected ? interval(COUNTERS_EVERY, this.#scheduler) : EMPTY)),
        );
        return merge(counting$, changed$).pipe(map(() => relays.map((relay) => relay.status)));
      }),
      distinctUntilChanged(areSame),
      takeUntil(this.#relays.pipe(ignoreElements(), endWith(undefined))),
    );
  }

  /** Whether a relay fails so much more than the others that balanced routes leave it alone. */
  isEjected(url: string): boolean {
    return this.#ejection.isEjected(url, this.#scheduler.now());
  }

  add(url: string, origin: RelayOrigin): RelayUrl {
    const normalised = origin === 'event' ? admitRelayUrl(url) : relayUrl(url);
    if (this.#guests.has(normalised)) {
      this.#guests.delete(normalised);
      this.#relays.next(this.#relays.value);
    }
    if (origin === 'caller') this.#fromEvents.delete(normalised);
    if (this.#find(normalised)) return normalised;
    if (origin === 'event') this.#admit(normalised);
    this.#make(normalised);
    return normalised;
  }

  /** Relays by their URLs, now and after every change, for as long as it is subscribed to; those that are not there come as guests. */
  borrow(urls: readonly string[], origin: RelayOrigin): Observable<readonly PooledRelay[]> {
    return defer(() => {
      const admitted = urls.flatMap((url) => (origin === 'event' ? (tryAdmitRelayUrl(url) ?? []) : relayUrl(url)));
      const here = [...new Set(admitted)].filter((url) => this.#invite(url, origin));
      for (const url of here) this.#guests.hold(url);
      return this.#relays.pipe(
        map(() => here.flatMap((url) => this.#find(url) ?? [])),
        distinctUntilChanged(areEqual),
        finalize(() => {
          for (const url of here) this.#guests.release(url);
        }),
      );
    });
  }

  remove(url: string): boolean {
    const normalised = relayUrl(url);
    const relay = this.#find(normalised);
    if (!relay) return false;
    this.#fromEvents.delete(normalised);
    this.#guests.delete(normalised);
    this.#relays.next(this.#relays.value.filter((other) => other !== relay));
    this.#drop(relay);
    return true;
  }

  revive(url?: string): void {
    const only = url === undefined ? undefined : relayUrl(url);
    for (const relay of this.#relays.value) if (only === undefined || relay.url === only) relay.revive();
  }

  /** What was learnt of relays, for a later pool. */
  get memory(): PoolMemory {
    const known = new Map(this.#relays.value.map(({ url, memory }) => [url, memory]));
    return poolMemory(known, this.#memories, this.#scheduler.now());
  }

  close(): void {
    const relays = this.#relays.value;
    this.#guests.close();
    this.#relays.complete();
    for (const relay of relays) this.#drop(relay);
  }

  #find(url: RelayUrl): PooledRelay | undefined {
    return this.#relays.value.find((relay) => relay.url === url);
  }

  #make(url: RelayUrl): void {
    const relay = new PooledRelay(url, this.#optionsFor(url));
    this.#outages.watch(relay);
    this.#relays.next([...this.#relays.value, relay]);
  }

  /** Lets a relay in for as long as a route leads to it; says whether it is here. */
  #invite(url: RelayUrl, origin: RelayOrigin): boolean {
    if (origin === 'caller') this.#fromEvents.delete(url);
    if (this.#find(url)) return true;
    if (origin === 'event') {
      if (this.#fromEvents.size >= this.#maxRelaysFromEvents) return false;
      this.#fromEvents.add(url);
    }
    this.#guests.add(url);
    this.#make(url);
    return true;
  }

  /** Nothing leads to a guest any more; what was learnt of it is kept for when something does again. */
  #left(url: RelayUrl): void {
    const relay = this.#find(url);
    if (relay) remember(this.#memories, url, relay.memory);
    this.remove(url);
  }

  get #maxRelaysFromEvents(): number {
    return this.options.maxRelaysFromEvents ?? 50;
  }

  #admit(url: RelayUrl): void {
    if (this.#fromEvents.size >= this.#maxRelaysFromEvents) {
      throw new PoolError(
        'too-many-relays',
        `Events have named ${this.#maxRelaysFromEvents} relays already; see the option maxRelaysFromEvents.`,
      );
    }
    this.#fromEvents.add(url);
  }

  #optionsFor(url: RelayUrl): PooledRelayOptions {
    const {
      signer,
      mayAuthenticate = () => !this.#fromEvents.has(url),
      maxSubscriptions,
      preference,
      ...rest
    } = this.options;
    // Another WebSocket is another network, where the platform's fetch finds nobody.
    const { information = rest.WebSocket ? false : {} } = rest;
    const memory = aged(this.#memories.get(url), this.#scheduler.now());
    const limit = limitOf(typeof maxSubscriptions === 'function' ? maxSubscriptions(url) : maxSubscriptions);
    return {
      ...rest,
      scheduler: this.#scheduler,
      budget: this.#budget,
      stages: { ...pipelineStages, ...rest.stages },
      connections: rest.connections,
      preference: preferenceOf(preference?.(url)),
      onCall: (succeeded) => this.#ejection.observe(url, succeeded, this.#scheduler.now()),
      limits: limit === undefined ? {} : { maxSubscriptions: limit },
      information: information || undefined,
      memory,
      signer: signer && {
        // Asked every time, as the answer may change.
        signEvent: (template) =>
          callSafely(() => mayAuthenticate(url), false)
            ? signer.signEvent(template)
            : Promise.reject(new Error(`Authentication to ${url} is not allowed; see mayAuthenticate.`)),
      },
    };
  }

  #drop(relay: PooledRelay): void {
    this.#ejection.forget(relay.url, this.#scheduler.now());
    this.#outages.forget(relay);
    relay.close();
  }
}

function limitOf(maxSubscriptions: number | undefined): number | undefined {
  const isRight = Number.isSafeInteger(maxSubscriptions) || maxSubscriptions === Infinity;
  if (maxSubscriptions === undefined || (isRight && maxSubscriptions >= LEAST_SUBSCRIPTIONS)) return maxSubscriptions;
  throw new RangeError(
    `RelayPool: 'maxSubscriptions' must be a whole number from ${LEAST_SUBSCRIPTIONS}; got ${maxSubscriptions}.`,
  );
}

function preferenceOf(preference = 1): number {
  if (preference > 0 && preference < Infinity) return preference;
  throw new RangeError(`RelayPool: 'preference' must give numbers above 0; got ${preference}.`);
}

function isOpen({ state }: PoolRelayStatus): boolean {
  return state === 'connected' || state === 'authenticated';
}

function areEqual(before: readonly PooledRelay[], after: readonly PooledRelay[]): boolean {
  return before.length === after.length && before.every((relay, index) => relay === after[index]);
}

function areSame(before: readonly PoolRelayStatus[], after: readonly PoolRelayStatus[]): boolean {
  return before.length === after.length && before.every((status, index) => isSame(status, after[index]));
}

/** Compares what a status holds, and what its counters hold. */
function isSame(a: object, b: object | undefined): boolean {
  return (
    b !== undefined &&
    Object.entries(a).every(([key, value]: [string, unknown]) => {
      const other = (b as Record<string, unknown>)[key];
      return key === 'counters' ? isSame(value as object, other as object) : value === other;
    }) &&
    Object.keys(a).length === Object.keys(b).length
  );
}
