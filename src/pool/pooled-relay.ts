import {
  defer,
  map,
  type MonoTypeOperatorFunction,
  Observable,
  type Observer,
  type SchedulerLike,
  type Subscriber,
  Subscription,
  tap,
  type TeardownLogic,
} from 'rxjs';
import type { Bulkhead } from '../operators/bulkhead-handle.ts';
import { circuitBreaker } from '../operators/circuit-breaker.ts';
import { measureLatency } from '../operators/measure-latency.ts';
import type { SocketBudget } from '../operators/socket-budget.ts';
import type { PoolSizeOptions } from '../policies/pool-size.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { refusalOf } from '../protocol/event-limits.ts';
import type { Reason } from '../protocol/reason.ts';
import { RelayError } from '../protocol/relay-error.ts';
import type { RelayInformation } from '../protocol/relay-information-document.ts';
import type { RelayLimits } from '../protocol/relay-limits.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { Connection } from '../sources/connection.ts';
import type { Link, RelayOptions } from '../sources/relay.ts';
import { fetchRelayInformation, type RelayInformationOptions } from '../sources/relay-information.ts';
import { RelayCapabilities, type SentRequest } from './capabilities.ts';
import type { Use } from './connection-slot.ts';
import { RelayConnections } from './connections.ts';
import type { Exchange, Progress } from './exchange.ts';
import { type HealthOptions, RelayHealth } from './health.ts';
import { pipeline, type PipelineStages } from './pipeline.ts';
import type { PoolRelayStatus } from './pool-relay-status.ts';
import type { RelayMemory } from './relay-memory.ts';

/** What a relay of a pool is made with. */
export interface PooledRelayOptions
  extends Omit<RelayOptions, 'dialling' | 'counters' | 'conduct' | 'onDropped'>, HealthOptions {
  readonly scheduler: SchedulerLike;
  readonly connections: PoolSizeOptions | undefined;
  /** The share of the load that it is to get. */
  readonly preference: number;
  /** What the user knows of its limits. */
  readonly limits: RelayLimits;
  /** How it is asked what it takes; undefined: not at all. */
  readonly information: RelayInformationOptions | undefined;
  readonly budget: SocketBudget;
  readonly stages: PipelineStages;
  readonly memory: RelayMemory | undefined;
}

/**
 * A relay of a pool: its connections, and what is known of it. Routes choose among them; see {@link Route}.
 *
 * @example
 * ```ts
 * import type { PooledRelay } from 'rx-relay-pool';
 *
 * const isWell = ({ status }: PooledRelay): boolean => status.circuit === 'closed' && !status.isReduced;
 * ```
 */
export class PooledRelay {
  readonly health: RelayHealth;
  readonly #capabilities: RelayCapabilities;
  readonly #connections: RelayConnections;
  readonly #loaded = (): void => this.#connections.observe(this.health.bulkhead.running + this.health.bulkhead.waiting);

  constructor(
    readonly url: RelayUrl,
    private readonly options: PooledRelayOptions,
  ) {
    const { memory, backoff, connections: size, information, limits, scheduler } = options;
    this.health = new RelayHealth(options, memory);
    this.#capabilities = new RelayCapabilities(
      information && fetchRelayInformation(url, { scheduler, ...information }),
      limits,
      memory?.maxSubscriptions === undefined ? {} : { maxSubscriptions: memory.maxSubscriptions },
      scheduler,
      () => (this.#connections.maxSubscriptions = this.#capabilities.maxSubscriptions),
    );
    this.#connections = new RelayConnections(url, {
      ...options,
      size,
      backoff: memory ? { ...backoff, attempts: memory.attempts } : backoff,
      dialling: this.#dialling(),
      notBefore: () => this.health.breaker.refusal?.retryAt,
      maxSubscriptionIdLength: () => this.limits.maxSubscriptionIdLength,
      onNotice: (text) => this.#capabilities.noticed(text),
    });
    this.#connections.maxSubscriptions = this.#capabilities.maxSubscriptions;
  }

  /** What it says of itself (NIP-11); undefined while that is unknown. */
  get information(): RelayInformation | undefined {
    return this.#capabilities.information;
  }

  /** What is asked of it at most, as far as it says so, or its refusals have taught. */
  get limits(): RelayLimits {
    return this.#capabilities.limits;
  }

  /** Why its limits forbid it to take an event; undefined where nothing is known to speak against it. */
  refusalOf(event: NostrEvent): Reason | undefined {
    const { scheduler, signer } = this.options;
    return refusalOf(event, this.#capabilities.said, scheduler.now() / 1_000, signer !== undefined);
  }

  /** Takes from a refusal what it says of limits; says whether the REQ was more than the relay takes. */
  refused(text: string, sent?: SentRequest): boolean {
    return this.#capabilities.refused(text, sent);
  }

  /** As {@link PooledRelay.refused}, of a REQ that got no answer; a NOTICE may have said why. */
  unanswered(sent: SentRequest): boolean {
    return this.#capabilities.unanswered(sent);
  }

  /** The relay at this moment. */
  get status(): PoolRelayStatus {
    const { health } = this;
    const { bulkhead, breaker, weight, isReduced } = health;
    return {
      ...this.#connections.status,
      connections: this.#connections.open,
      inFlight: bulkhead.running,
      queued: bulkhead.waiting + this.#connections.waiting,
      circuit: breaker.state,
      permits: bulkhead.permits,
      weight,
      isReduced,
    };
  }

  /** Whether a connection is open. */
  get isOpen(): boolean {
    return this.#connections.open > 0;
  }

  /** Whether a connection was needed, and none came about or held. */
  get isFailing(): boolean {
    return this.#connections.error !== undefined;
  }

  /** Whether it is worth a try: it is not known to be down, and its breaker would let a request through now. */
  get isReady(): boolean {
    // An open breaker stays open until somebody asks; whoever is not chosen would never be asked.
    return !this.isFailing && this.health.breaker.refusal === undefined;
  }

  /** The share of the load that it is to get where relays are balanced, 1 being normal. */
  get preference(): number {
    return this.options.preference;
  }

  /** The status now, and whenever a connection changes. */
  get status$(): Observable<PoolRelayStatus> {
    return this.changed$.pipe(map(() => this.status));
  }

  /** As {@link PooledRelay.status$}, for whoever looks at a part of it. */
  get changed$(): Observable<unknown> {
    return this.#connections.changed$;
  }

  /** The links of one of its connections, see {@link RelayConnections.lease}. */
  lease(use: Use): Observable<Link> {
    return this.#connections.lease(use);
  }

  /** As {@link PooledRelay.lease}, see {@link RelayConnections.hold}. */
  hold(use: Use, owner: Subscription, told: Pick<Observer<Link>, 'next' | 'complete'>): void {
    this.#connections.hold(use, owner, told);
  }

  /** Where the pages of live requests wait; undefined where the relay allows any number of subscriptions. */
  get pages(): Bulkhead | undefined {
    return this.#connections.pages;
  }

  /**
   * Takes an exchange, on subscribe, through the stages of the pool.
   *
   * @param send - Called when its turn has come, with whom to tell how it goes, and how many milliseconds it has waited.
   */
  exchange(
    call: Omit<Exchange, 'relay' | 'health'>,
    send: (answer: Subscriber<Progress>, waited: number) => TeardownLogic,
  ): Observable<Progress> {
    const exchange: Exchange = { ...call, relay: this.url, health: this.health };
    const { scheduler, stages } = this.options;
    return new Observable<Progress>((subscriber) => {
      const since = scheduler.now();
      // A clock may tick while nothing waits, so it alone does not tell.
      let hasWaited = false;
      const inTurn = new Observable<Progress>((answer) => send(answer, hasWaited ? scheduler.now() - since : 0));
      pipeline(inTurn, exchange, stages).subscribe(subscriber);
      hasWaited = true;
      this.#loaded();
      subscriber.add(this.#loaded);
    });
  }

  /** What to keep for the next run. */
  get memory(): RelayMemory {
    const { knownSubscriptions: maxSubscriptions } = this.#capabilities;
    return {
      ...this.health.memory(),
      attempts: this.isOpen ? 0 : this.#connections.status.attempts,
      ...(maxSubscriptions < Infinity ? { maxSubscriptions } : {}),
    };
  }

  /** Tries at once, whatever was learnt of it. */
  revive(): void {
    this.health.breaker.reset();
    this.#connections.revive();
  }

  close(): void {
    this.#capabilities.close();
    this.#connections.close();
  }

  /** Every attempt to connect is measured, counted, and made only if the breaker allows it. */
  #dialling(): MonoTypeOperatorFunction<Connection> {
    const { health } = this;
    const { scheduler } = health;
    return (dial) =>
      defer(() => {
        let isOpen = false;
        let connected = Subscription.EMPTY;
        return dial.pipe(
          measureLatency({ record: (ms) => health.took('connect', ms) }, { scheduler, countError: isTimeout }),
          tap({
            next: () => {
              isOpen = true;
              health.succeeded('dials');
              connected = this.#capabilities.connected();
            },
            error: () => {
              if (!isOpen) health.failed('dials');
            },
            finalize: () => connected.unsubscribe(),
          }),
          circuitBreaker(health.breaker, { classify: ({ kind }) => (kind === 'N' ? 'success' : undefined) }),
        );
      });
  }
}

/** A refusal that comes at once says nothing of how fast the relay is. */
function isTimeout(error: unknown): boolean {
  return error instanceof RelayError && error.code === 'connect-timeout';
}
