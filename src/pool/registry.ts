import {
  asyncScheduler,
  BehaviorSubject,
  combineLatest,
  distinctUntilChanged,
  EMPTY,
  endWith,
  ignoreElements,
  interval,
  map,
  merge,
  type Observable,
  of,
  ReplaySubject,
  share,
  skip,
  type Subscription,
  switchMap,
  takeUntil,
  timeInterval,
} from 'rxjs';
import { callSafely } from '../operators/call-safely.ts';
import { admitRelayUrl, relayUrl, type RelayUrl } from '../protocol/relay-url.ts';
import { Relay, type RelayOptions, type RelayStatus } from '../sources/relay.ts';
import { PoolError } from './pool-error.ts';

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
export interface RegistryOptions extends RelayOptions {
  /** Relays that URLs from events may add. @default 50 */
  readonly maxRelaysFromEvents?: number | undefined;
  /** Which relays the signer may be asked for. @default those that the caller added */
  readonly mayAuthenticate?: ((relay: RelayUrl) => boolean) | undefined;
}

/** Milliseconds between two looks at the counters while somebody watches `relays$`. */
const COUNTERS_EVERY = 250;
/** Milliseconds that a connection lasts which says that the relay, and we, are well. */
const STABLE = 5_000;

/** The relays of a pool: adds, removes, and tells how they are. */
export class Registry {
  readonly #relays = new BehaviorSubject<readonly Relay[]>([]);
  readonly #fromEvents = new Set<RelayUrl>();
  readonly #watches = new Map<RelayUrl, Subscription>();

  constructor(private readonly options: RegistryOptions) {}

  /** The relays, now and after every change; completes when the pool closes. */
  get relays$(): Observable<readonly Relay[]> {
    return this.#relays;
  }

  /** How the relays are, now and whenever that changes. */
  get statuses$(): Observable<readonly RelayStatus[]> {
    const { scheduler = asyncScheduler } = this.options;
    return this.#relays.pipe(
      switchMap((relays) => {
        if (relays.length === 0) return of([]);
        const changed$ = combineLatest(relays.map((relay) => relay.status$)).pipe(
          share({ connector: () => new ReplaySubject(1) }),
        );
        const counting$ = changed$.pipe(
          map((statuses) => statuses.some(({ state }) => state === 'connected' || state === 'authenticated')),
          distinctUntilChanged(),
          switchMap((isAnyConnected) => (isAnyConnected ? interval(COUNTERS_EVERY, scheduler) : EMPTY)),
        );
        return merge(counting$, changed$).pipe(map(() => relays.map((relay) => relay.status)));
      }),
      distinctUntilChanged((before, after) => JSON.stringify(before) === JSON.stringify(after)),
      takeUntil(this.#relays.pipe(ignoreElements(), endWith(undefined))),
    );
  }

  add(url: string, origin: RelayOrigin): RelayUrl {
    const normalised = origin === 'event' ? admitRelayUrl(url) : relayUrl(url);
    if (origin === 'caller') this.#fromEvents.delete(normalised);
    if (this.#find(normalised)) return normalised;
    if (origin === 'event') this.#admit(normalised);
    const relay = new Relay(normalised, this.#optionsFor(normalised));
    this.#watches.set(normalised, this.#watch(relay));
    this.#relays.next([...this.#relays.value, relay]);
    return normalised;
  }

  remove(url: string): boolean {
    const normalised = relayUrl(url);
    const relay = this.#find(normalised);
    if (!relay) return false;
    this.#fromEvents.delete(normalised);
    this.#relays.next(this.#relays.value.filter((other) => other !== relay));
    this.#drop(relay);
    return true;
  }

  revive(url?: string): void {
    const only = url === undefined ? undefined : relayUrl(url);
    for (const relay of this.#relays.value) if (only === undefined || relay.url === only) relay.revive();
  }

  close(): void {
    const relays = this.#relays.value;
    this.#relays.complete();
    for (const relay of relays) this.#drop(relay);
  }

  #find(url: RelayUrl): Relay | undefined {
    return this.#relays.value.find((relay) => relay.url === url);
  }

  #admit(url: RelayUrl): void {
    const { maxRelaysFromEvents = 50 } = this.options;
    if (this.#fromEvents.size >= maxRelaysFromEvents) {
      throw new PoolError(
        'too-many-relays',
        `Events have named ${maxRelaysFromEvents} relays already; see the option maxRelaysFromEvents.`,
      );
    }
    this.#fromEvents.add(url);
  }

  #optionsFor(url: RelayUrl): RelayOptions {
    const { signer, mayAuthenticate = () => !this.#fromEvents.has(url), ...rest } = this.options;
    return {
      ...rest,
      // Asked anew for every connection, as the answer may change.
      get signer() {
        return callSafely(() => mayAuthenticate(url), false) ? signer : undefined;
      },
    };
  }

  /** When nothing worked and one relay comes back, it was us: the others need not sit out their delays. */
  #watch(relay: Relay): Subscription {
    const { scheduler = asyncScheduler } = this.options;
    // One that flaps comes back all the time: that says nothing about us, and relays that flap must not urge each other on.
    let isNews = true;
    return relay.status$
      .pipe(
        map(({ state }) => state === 'connected' || state === 'authenticated'),
        distinctUntilChanged(),
        skip(1),
        timeInterval(scheduler),
      )
      .subscribe(({ value: isOpen, interval: uptime }) => {
        if (!isOpen) isNews = uptime >= STABLE;
        else if (isNews) this.#reviveAfter(relay);
      });
  }

  #reviveAfter(relay: Relay): void {
    const others = this.#relays.value.filter((other) => other !== relay);
    if (others.every((other) => other.status.error)) for (const other of others) other.revive();
  }

  #drop(relay: Relay): void {
    this.#watches.get(relay.url)?.unsubscribe();
    this.#watches.delete(relay.url);
    relay.close();
  }
}
