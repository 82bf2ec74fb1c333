import { asyncScheduler, defer, type Observable, share, takeUntil, throwError, Subject } from 'rxjs';
import { callSafely } from '../operators/call-safely.ts';
import { events } from '../operators/events.ts';
import { untilSettled } from '../operators/until-settled.ts';
import { platformRandom } from '../policies/platform-random.ts';
import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { Packet } from '../protocol/packet.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { connectivity } from '../sources/connectivity.ts';
import { Verification } from '../verifiers/verification.ts';
import type { Verifier } from '../verifiers/verifier.ts';
import type { ClusterOptions, RelayCluster } from './cluster.ts';
import { Clusters } from './clusters.ts';
import { count, type CountOptions } from './count.ts';
import type { CountReport } from './count-report.ts';
import { RequestEconomy } from './economy.ts';
import type { Explanation } from './explanation.ts';
import { Journal } from './journal.ts';
import { type PoolMetrics, poolMetrics } from './metrics.ts';
import type { CallObserver } from './pool-call.ts';
import { PoolError } from './pool-error.ts';
import type { PoolRelayStatus } from './pool-relay-status.ts';
import { publish, type PublishOptions } from './publish.ts';
import type { PublishReport } from './publish-report.ts';
import { Registry, type RegistryOptions, type RelayOrigin } from './registry.ts';
import type { PoolMemory } from './relay-memory.ts';
import { type FilterInput, packets, type RequestContext, type RequestOptions } from './requests.ts';
import type { Route } from './route.ts';
import { everyRelay } from './routes.ts';
import type { RoutingContext } from './routing.ts';
import { sync } from './sync.ts';
import type { SyncOptions } from './sync-options.ts';
import type { SyncProgress } from './sync-progress.ts';
import type { SyncStore } from './sync-store.ts';

/**
 * Options of a {@link RelayPool}; all but `relays` have defaults that suit an app.
 *
 * @example
 * ```ts
 * import { RelayPool, type RelayPoolOptions } from 'rx-relay-pool';
 *
 * const options: RelayPoolOptions = { relays: ['wss://relay.example'], connectTimeout: 3_000, idleTimeout: 10_000 };
 * const pool = new RelayPool(options);
 * pool.close();
 * ```
 */
export interface RelayPoolOptions extends Omit<RegistryOptions, 'probe$' | 'wake$' | 'verification'> {
  /** The relays to start with. @default none */
  readonly relays?: readonly string[];
  /** Which of its relays a request or a publish goes to. @default `everyRelay()` */
  readonly route?: Route | undefined;
  /** Whether requests get REQs of their own unless they say otherwise: see {@link RequestOptions}. @default false */
  readonly alone?: boolean | undefined;
  /** Requests and publishes that can be explained, the latest: see `explain`. @default 100 */
  readonly explained?: number | undefined;
  /** Told of each request, count, sync and publish: see {@link CallObserver}. @default nobody is */
  readonly observeCall?: CallObserver | undefined;
  /** Named sets of relays: see `cluster`. @default none */
  readonly clusters?: Readonly<Record<string, ClusterOptions>> | undefined;
  /**
   * Who checks signatures.
   *
   * @default {@link wasmVerifier}, shared between pools and closed with the last; {@link pureVerifier} on a `scheduler` of your own
   */
  readonly verifier?: Verifier | undefined;
  /** Verified events that are kept to be handed out again, oldest forgotten first. @default 10_000 */
  readonly remembered?: number | undefined;
  /** Emits when relays may be reachable again. @default the browser's online and visibility events */
  readonly connectivity$?: Observable<unknown> | undefined;
}

/**
 * A pool of Nostr relays. Its verbs return cold observables: nothing is sent before you subscribe, and unsubscribing takes it
 * back. Relays are dialled when the first request needs them, kept while any does, and dialled again after every loss.
 *
 * Trouble with a relay never errors a stream; it is a packet, an outcome or a status. Streams error with {@link PoolError} or
 * `FilterError` for misuse.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://a.example', 'wss://b.example'] });
 * const subscription = pool.subscribe({ kinds: [1], limit: 20 }).subscribe((event) => console.log(event.content));
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export class RelayPool {
  readonly #registry: Registry;
  readonly #verification: Verification;
  readonly #clusters: Clusters;
  readonly #context: Omit<RequestContext, 'live'>;
  readonly #closed = new Subject<void>();
  #isClosed = false;

  /**
   * @throws RelayUrlError when a relay's URL is not one.
   * @throws RangeError when a number is out of its range.
   */
  constructor({
    relays = [],
    verifier,
    remembered,
    connectivity$ = connectivity(),
    route = everyRelay(),
    clusters = {},
    alone = false,
    explained = 100,
    observeCall,
    ...options
  }: RelayPoolOptions = {}) {
    const scheduler = options.scheduler ?? asyncScheduler;
    const random = (): number => callSafely(options.random ?? platformRandom, 0.5);
    this.#verification = new Verification({ verifier, remembered, scheduler });
    const wake$ = connectivity$.pipe(takeUntil(this.#closed), share());
    this.#registry = new Registry({ ...options, verification: this.#verification, probe$: wake$, wake$ });
    this.#clusters = new Clusters(clusters, this);
    const { members$ } = this.#registry;
    const borrow: RoutingContext['borrow'] = (urls, origin) => this.#registry.borrow(urls, origin);
    const economy = new RequestEconomy({
      known: (id) => this.#verification.known(id),
      now: () => scheduler.now() / 1_000,
    });
    const cluster = (name: string): Observable<readonly RelayUrl[]> => this.#clusters.relays(name);
    const journal = new Journal(explained, scheduler, observeCall);
    const isEjected = (url: string): boolean => this.#registry.isEjected(url);
    this.#context = { route, members$, borrow, cluster, isEjected, scheduler, random, economy, alone, journal };
    for (const url of relays) this.add(url);
  }

  /** How the relays are, now and whenever that changes; counts are refreshed four times a second. */
  get relays$(): Observable<readonly PoolRelayStatus[]> {
    return this.#registry.statuses$;
  }

  /** Latencies, rates, queues and load, of each relay and of all: now, and every second while somebody listens. */
  get metrics$(): Observable<PoolMetrics> {
    return poolMetrics(this.#registry.relays$, this.#context.scheduler);
  }

  /** What was learnt of relays, as plain data for the `memory` of a later pool. */
  get memory(): PoolMemory {
    return this.#registry.memory;
  }

  /**
   * Stored events, then live ones: verified, matching, each id once, from all relays; goes on through reconnects and over relays
   * that are added later.
   *
   * @throws FilterError (through the stream) when the filter is not one.
   */
  subscribe(filter: FilterInput, options: RequestOptions = {}): Observable<NostrEvent> {
    return this.packets(filter, options).pipe(events());
  }

  /**
   * Stored events only. Always completes: when every relay said EOSE, refused, is lost or let the time pass.
   *
   * @throws FilterError (through the stream) when the filter is not one.
   * @throws PoolError (through the stream) with `no-relays` when its route names none.
   */
  request(filter: FilterInput, options: RequestOptions = {}): Observable<NostrEvent> {
    return this.#packets(filter, options, false).pipe(untilSettled(), events());
  }

  /** What `subscribe` and `request` are made of: events, and what every relay says about itself; see {@link Packet}. */
  packets(filter: FilterInput, options: RequestOptions = {}): Observable<Packet> {
    return this.#packets(filter, options, true);
  }

  /**
   * Sends a signed event to every relay, on subscribe; a report at once and after every outcome. Always completes: a relay without
   * an answer has an outcome when the deadline is over. Unsubscribing takes back what was not sent yet.
   *
   * @throws PoolError (through the stream) with `no-relays`, `invalid-event` or `invalid-option`.
   */
  publish(event: NostrEvent, options: PublishOptions = {}): Observable<PublishReport> {
    return defer(() => (this.#isClosed ? closedPool() : publish(event, options, this.#context)));
  }

  /**
   * The relays that sent an event, in no order, as hints for others (NIP-01): those that sent a copy which verified, and those that sent another
   * under its id later, which is not read again. Of the events that are remembered (option `remembered`); of others none.
   *
   * @param of - The event, or its id.
   */
  seenOn(of: NostrEvent | string): readonly RelayUrl[] {
    return this.#verification.relaysOf(typeof of === 'string' ? of : of.id);
  }

  /**
   * Asks every relay how many stored events match (NIP-45), on subscribe; a report at once and after every outcome. Always completes. Counts
   * of several relays are never added: see {@link CountReport}.
   *
   * @throws FilterError (through the stream) when the filter is not one.
   * @throws PoolError (through the stream) with `no-relays` or `invalid-option`.
   */
  count(filter: Filter | readonly Filter[], options: CountOptions = {}): Observable<CountReport> {
    return defer(() => (this.#isClosed ? closedPool() : count(filter, options, this.#context)));
  }

  /**
   * Compares a store with every relay (NIP-77), on subscribe, then fetches what the store lacks and publishes what a relay lacks; the
   * progress at once and after every step. A relay that does not reconcile is asked for everything that matches, page by page. Always
   * completes. Each relay is compared with what the store had at the beginning, so what one gives does not go to the others.
   *
   * @throws FilterError (through the stream) when the filter is not one.
   * @throws PoolError (through the stream) with `no-relays` or `invalid-option`.
   * @throws What the store throws, or rejects with (through the stream).
   */
  sync(filter: Filter, store: SyncStore, options: SyncOptions = {}): Observable<SyncProgress> {
    return defer(() => (this.#isClosed ? closedPool() : sync(filter, store, options, this.#context)));
  }

  /**
   * Why a request, a count or a publish went as it did: which relays were considered, chosen, skipped, throttled, late, and why; of the latest so
   * many (option `explained`). Undefined when it is not among them.
   *
   * @param of - The event that was published, or its id; the option `id` of a request or a count; or the `call` of an explanation, as a text.
   */
  explain(of: NostrEvent | string): Explanation | undefined {
    return this.#context.journal.find(typeof of === 'string' ? of : of.id);
  }

  /** As {@link RelayPool.explain}, of all that can be explained, the latest first. */
  get explanations(): readonly Explanation[] {
    return this.#context.journal.explanations;
  }

  /**
   * A named set of relays with the same verbs, as the option `clusters` has them; with `options`, makes a new one.
   *
   * @throws PoolError with `unknown-cluster` when there is none, or `invalid-option` when one is to be made that there is.
   */
  cluster(name: string, options?: ClusterOptions): RelayCluster {
    return this.#clusters.get(name, options);
  }

  /**
   * Adds a relay; live requests are sent to it too. Returns its URL in the one form that the pool uses. A relay whose URL comes from
   * an event (`origin: 'event'`) must pass `admitRelayUrl`, and the signer is not asked to authenticate to it.
   *
   * @throws RelayUrlError when the URL is not one, or is not admitted.
   * @throws PoolError with `too-many-relays` when events named too many.
   */
  add(url: string, { origin = 'caller' }: { readonly origin?: RelayOrigin } = {}): RelayUrl {
    if (this.#isClosed) throw poolClosed();
    return this.#registry.add(url, origin);
  }

  /** Removes a relay, however its URL is spelt, and closes its connection; says whether the pool had it. */
  remove(url: string): boolean {
    return this.#registry.remove(url);
  }

  /** Makes relays that wait for their next attempt try at once, one or all of them, also those that failed. */
  revive(url?: string): void {
    this.#registry.revive(url);
  }

  /** Closes every connection and timer; streams complete, and publishes end in an outcome. */
  close(): void {
    this.#isClosed = true;
    this.#closed.next();
    this.#registry.close();
    this.#verification.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #packets(filter: FilterInput, options: RequestOptions, live: boolean): Observable<Packet> {
    return defer(() => (this.#isClosed ? closedPool() : packets(filter, options, { ...this.#context, live })));
  }
}

function closedPool(): Observable<never> {
  return throwError(poolClosed);
}

function poolClosed(): PoolError {
  return new PoolError('pool-closed', 'This pool was closed: make a new one.');
}
