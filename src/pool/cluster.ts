import { BehaviorSubject, type Observable } from 'rxjs';
import { quorumOf, type QuorumSize } from '../policies/quorum.ts';
import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { Packet } from '../protocol/packet.ts';
import { relayUrl, type RelayUrl } from '../protocol/relay-url.ts';
import type { CountOptions } from './count.ts';
import type { CountReport } from './count-report.ts';
import type { PublishOptions } from './publish.ts';
import type { PublishReport } from './publish-report.ts';
import type { FilterInput, RequestOptions } from './requests.ts';
import type { Route } from './route.ts';
import type { SyncOptions } from './sync-options.ts';
import type { SyncProgress } from './sync-progress.ts';
import type { SyncStore } from './sync-store.ts';
import { cluster } from './routes.ts';

/**
 * A named set of relays.
 *
 * @example
 * ```ts
 * import { type ClusterOptions, RelayPool } from 'rx-relay-pool';
 *
 * const archive: ClusterOptions = { relays: ['wss://a.example', 'wss://b.example', 'wss://c.example'], quorum: 2 };
 * new RelayPool({ clusters: { archive } }).close();
 * ```
 */
export interface ClusterOptions {
  /** Its first members, of the pool or not. @default none */
  readonly relays?: readonly string[] | undefined;
  /** How many of its members have to accept an event that is published to it. @default 'majority' */
  readonly quorum?: QuorumSize | undefined;
}

/** The verbs of a pool that a cluster has too. */
export interface PoolVerbs {
  subscribe(filter: FilterInput, options?: RequestOptions): Observable<NostrEvent>;
  request(filter: FilterInput, options?: RequestOptions): Observable<NostrEvent>;
  packets(filter: FilterInput, options?: RequestOptions): Observable<Packet>;
  publish(event: NostrEvent, options?: PublishOptions): Observable<PublishReport>;
  count(filter: Filter | readonly Filter[], options?: CountOptions): Observable<CountReport>;
  sync(filter: Filter, store: SyncStore, options?: SyncOptions): Observable<SyncProgress>;
}

/**
 * A named set of relays with the verbs of its pool, which go to its members, and to the ones that they are at the time: `add` and
 * `remove` move live requests. `publish` needs the cluster's quorum, unless it names another.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ clusters: { archive: { relays: ['wss://a.example', 'wss://b.example'] } } });
 * const archive = pool.cluster('archive');
 * const subscription = archive.subscribe({ kinds: [30_023] }).subscribe(({ content }) => console.log(content));
 * archive.add('wss://c.example'); // it is asked, too
 * subscription.unsubscribe();
 * pool.close();
 * ```
 */
export class RelayCluster {
  readonly quorum: QuorumSize;
  readonly #relays: BehaviorSubject<readonly RelayUrl[]>;
  /** One for all calls, as only those of one route can share a REQ. */
  readonly #route: Route;

  /** @internal `pool.cluster(name)` gives one. */
  constructor(
    readonly name: string,
    { relays = [], quorum = 'majority' }: ClusterOptions,
    private readonly verbs: PoolVerbs,
  ) {
    quorumOf(quorum, 1); // a wrong size is the caller's mistake: thrown here, where it was made
    this.quorum = quorum;
    this.#route = cluster(name);
    this.#relays = new BehaviorSubject<readonly RelayUrl[]>([...new Set(relays.map((url) => relayUrl(url)))]);
  }

  /** Its members, now and after every change. */
  get relays$(): Observable<readonly RelayUrl[]> {
    return this.#relays.asObservable();
  }

  /** Its members at this moment. */
  get relays(): readonly RelayUrl[] {
    return this.#relays.value;
  }

  /**
   * Adds a member, which the pool need not have; says whether it is new.
   *
   * @throws RelayUrlError when the URL is not one.
   */
  add(url: string): boolean {
    const member = relayUrl(url);
    if (this.relays.includes(member)) return false;
    this.#relays.next([...this.relays, member]);
    return true;
  }

  /** Removes a member, however its URL is spelt; says whether it was one. It stays in the pool if that has it. */
  remove(url: string): boolean {
    const member = relayUrl(url);
    if (!this.relays.includes(member)) return false;
    this.#relays.next(this.relays.filter((other) => other !== member));
    return true;
  }

  /** As the pool's verb of the same name. */
  subscribe(filter: FilterInput, options: RequestOptions = {}): Observable<NostrEvent> {
    return this.verbs.subscribe(filter, this.#routed(options));
  }

  /** As the pool's verb of the same name. */
  request(filter: FilterInput, options: RequestOptions = {}): Observable<NostrEvent> {
    return this.verbs.request(filter, this.#routed(options));
  }

  /** As the pool's verb of the same name. */
  packets(filter: FilterInput, options: RequestOptions = {}): Observable<Packet> {
    return this.verbs.packets(filter, this.#routed(options));
  }

  /** As the pool's verb of the same name, with the cluster's quorum. */
  publish(event: NostrEvent, options: PublishOptions = {}): Observable<PublishReport> {
    return this.verbs.publish(event, { ...this.#routed(options), quorum: options.quorum ?? this.quorum });
  }

  /** As the pool's verb of the same name. */
  count(filter: Filter | readonly Filter[], options: CountOptions = {}): Observable<CountReport> {
    return this.verbs.count(filter, this.#routed(options));
  }

  /** As the pool's verb of the same name. */
  sync(filter: Filter, store: SyncStore, options: SyncOptions = {}): Observable<SyncProgress> {
    return this.verbs.sync(filter, store, this.#routed(options));
  }

  #routed<Options extends RequestOptions | PublishOptions | CountOptions | SyncOptions>(options: Options): Options {
    return { ...options, route: options.route ?? this.#route };
  }
}
