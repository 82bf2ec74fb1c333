import {
  asyncScheduler,
  BehaviorSubject,
  catchError,
  defer,
  EMPTY,
  filter,
  identity,
  map,
  merge,
  type MonoTypeOperatorFunction,
  Observable,
  of,
  ReplaySubject,
  retry,
  share,
  Subject,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { CircuitOpenError } from '../operators/circuit-breaker.ts';
import { reconnect } from '../operators/reconnect.ts';
import { ParkedError } from '../operators/within-budget.ts';
import type { BackoffOptions } from '../policies/backoff.ts';
import { platformRandom } from '../policies/platform-random.ts';
import { type RelayBudgets, RelayConduct } from '../policies/relay-conduct.ts';
import { RelayError } from '../protocol/relay-error.ts';
import { relayUrl, type RelayUrl } from '../protocol/relay-url.ts';
import type { Connection } from './connection.ts';
import { dial, type DialOptions } from './dial.ts';
import { newRelayCounters, type RelayCounters } from './relay-counters.ts';

/**
 * Where a relay stands: `disconnected` (nobody needs it, or it waits for the next attempt), `connecting`, `connected`,
 * `authenticated` (NIP-42), `disconnecting`, and `failed` (attempts are exhausted; it is still probed at the longest delay, and
 * `revive()` tries at once).
 *
 * @example
 * ```ts
 * import type { RelayState } from 'rx-relay-pool';
 *
 * const colours: Partial<Record<RelayState, string>> = { connected: 'green', authenticated: 'green', failed: 'red' };
 * ```
 */
export type RelayState = 'disconnected' | 'connecting' | 'connected' | 'authenticated' | 'disconnecting' | 'failed';

/**
 * A relay at one moment. Times are in milliseconds by the scheduler's clock.
 *
 * @example
 * ```ts
 * import type { RelayStatus } from 'rx-relay-pool';
 *
 * const describe = ({ url, state, error }: RelayStatus): string => `${url}: ${state}${error ? `, ${error.message}` : ''}`;
 * ```
 */
export interface RelayStatus {
  readonly url: RelayUrl;
  readonly state: RelayState;
  /** When this state began. */
  readonly since: number;
  /** Why the last connection ended or did not come about, until the next one opens. */
  readonly error?: RelayError;
  /** When the next attempt is due, while one is. */
  readonly retryAt?: number;
  /** Until when it is not dialled as it was dropped for what it sent (code `abusive`), while that is so. */
  readonly quarantinedUntil?: number;
  /** Attempts in a row without a stable connection. */
  readonly attempts: number;
  /** What the relay has sent, as of this moment. */
  readonly counters: Readonly<RelayCounters>;
}

/** The news of a relay: a connection that opened, or why there is none and when the next attempt is due (milliseconds). */
export type Link = { readonly connection: Connection } | { readonly error: RelayError; readonly retryAt: number };

/**
 * How a relay is dialled, kept and dialled again.
 *
 * @example
 * ```ts
 * import { relay, type RelayOptions } from 'rx-relay-pool';
 *
 * const options: RelayOptions = { idleTimeout: 5_000, backoff: { cap: 300_000 } };
 * relay('wss://relay.example', options).close();
 * ```
 */
export interface RelayOptions extends Omit<DialOptions, 'onGone' | 'onAuthenticated'> {
  /** Delays between attempts. */
  readonly backoff?: BackoffOptions | undefined;
  /** What a relay may send before it is slowed, or dropped. @default see {@link RelayBudgets} */
  readonly budgets?: RelayBudgets | undefined;
  /** Milliseconds that a connection is kept after its last user left. @default 60_000 */
  readonly idleTimeout?: number | undefined;
  /** A source of chance, 0 to 1, for the spread of attempts. @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Makes relays that wait for their next attempt try soon, as when the network came back. @default never */
  readonly wake$?: Observable<unknown> | undefined;
  /**
   * Wraps every attempt to dial: a subscription is an attempt, a value the open connection, an error its end. A circuit breaker belongs here, or
   * a budget of sockets. A `CircuitOpenError` makes the next attempt wait until its `retryAt`.
   *
   * @default dials
   */
  readonly dialling?: MonoTypeOperatorFunction<Connection> | undefined;
  /** Called when the relay was dropped for what it sent. */
  readonly onDropped?: ((error: RelayError) => void) | undefined;
  /** Asked after a failure: before which time no attempt is worth it, in milliseconds by the scheduler's clock. @default the backoff alone decides */
  readonly notBefore?: (() => number | undefined) | undefined;
}

/**
 * A reconnecting relay: an observable of its open {@link Connection}, now and after every reconnect. All subscribers share one
 * connection; it is dialled with the first and closed a while after the last. It never errors, and completes with `close()`.
 *
 * @example
 * ```ts
 * import { relay } from 'rx-relay-pool';
 *
 * const source = relay('wss://relay.example');
 * const subscription = source.status$.subscribe(({ state }) => console.log(state)); // disconnected: nobody needs it yet
 * subscription.unsubscribe();
 * source.close();
 * ```
 */
export class Relay extends Observable<Connection> {
  /** Connections and failures in the order in which they come; the latest first. */
  readonly link$: Observable<Link>;
  readonly #state: BehaviorSubject<Omit<RelayStatus, 'counters' | 'quarantinedUntil'>>;
  readonly #counters: RelayCounters;
  readonly #wake = new Subject<void>();
  readonly #closed = new ReplaySubject<void>(1);
  /** It outlives the interest in the relay. */
  readonly #conduct: RelayConduct;
  /** Why it was dropped the last time. */
  #abuse: RelayError | undefined;
  /** The latest; it may have ended. */
  #connection: Connection | undefined;
  #users = 0;
  #attempts: number;

  constructor(
    readonly url: RelayUrl,
    private readonly options: RelayOptions,
  ) {
    super((subscriber) =>
      this.link$
        .pipe(
          map((link) => ('connection' in link ? link.connection : undefined)),
          // The link that a late subscriber is told first may be one that has ended meanwhile.
          filter((connection): connection is Connection => connection?.isOpen === true),
        )
        .subscribe(subscriber),
    );
    const { idleTimeout = 60_000, scheduler = asyncScheduler, counters = newRelayCounters() } = options;
    this.#counters = counters;
    this.#conduct = options.conduct ?? new RelayConduct(options.budgets);
    this.#attempts = options.backoff?.attempts ?? 0;
    this.#state = new BehaviorSubject<Omit<RelayStatus, 'counters' | 'quarantinedUntil'>>({
      url,
      state: 'disconnected',
      since: scheduler.now(),
      attempts: this.#attempts,
    });
    const shared$ = this.#links().pipe(
      takeUntil(this.#closed),
      share({
        connector: () => new ReplaySubject(1),
        // Once closed there is nothing to keep: several users that leave by it must not start the time anew.
        resetOnRefCountZero: () => timer(idleTimeout, scheduler).pipe(takeUntil(this.#closed)),
      }),
    );
    this.link$ = new Observable((subscriber) => {
      this.#users++;
      shared$.subscribe(subscriber);
      subscriber.add(() => this.#users--);
    });
  }

  /** The relay at this moment. */
  get status(): RelayStatus {
    const { quarantinedUntil } = this.#conduct;
    const isQuarantined = quarantinedUntil > (this.options.scheduler ?? asyncScheduler).now();
    return {
      ...this.#state.value,
      ...(isQuarantined ? { quarantinedUntil } : {}),
      counters: { ...this.#counters },
    };
  }

  /** Why there is no connection; undefined when there is one, or none was needed. */
  get error(): RelayError | undefined {
    return this.#state.value.error;
  }

  /** The relay as it is, and whenever its state changes. */
  get status$(): Observable<RelayStatus> {
    return this.#state.pipe(map(() => this.status));
  }

  /** Tries soon instead of waiting for the next attempt, and forgets the attempts that failed. */
  revive(): void {
    this.#wake.next();
  }

  /** Ends the connection, if there is one, with this error; it is dialled again when that allows it. */
  drop(error: RelayError): void {
    this.#connection?.fail(error);
  }

  /** Closes the connection for everybody; all streams of this relay complete. */
  close(): void {
    this.#closed.next();
  }

  #links(): Observable<Link> {
    const { options, url } = this;
    const { scheduler = asyncScheduler, wake$ = EMPTY, dialling = identity } = options;
    const dialled = defer(() => {
      const { error } = this.#state.value;
      this.#enter('connecting', error ? { error } : {});
      return dial(url, {
        ...options,
        counters: this.#counters,
        onAuthenticated: () => this.#enter('authenticated'),
        onGone: () => {
          if (this.#state.value.state === 'disconnecting') this.#enter('disconnected');
        },
      });
    });
    const connections = defer(() => {
      if (this.#conduct.quarantinedUntil > scheduler.now()) throw this.#quarantine();
      return dialled.pipe(
        dialling,
        catchError((error: unknown) => throwError(() => this.#asRelayError(error))),
      );
    });
    return new Observable((subscriber) => {
      subscriber.add(() => this.#leave());
      const failed = (state: RelayState, error: RelayError, retryAt: number): void => {
        this.#enter(state, { error, retryAt });
        subscriber.next({ error, retryAt });
      };
      /** What was parked waits for its turn again at once: it did not fail. */
      const claimAgain = (error: unknown): Observable<unknown> => {
        if (!(error instanceof RelayError && error.code === 'parked' && this.#users > 0)) throw error;
        failed('disconnected', error, scheduler.now());
        return of(undefined);
      };
      connections
        .pipe(
          retry({ delay: claimAgain }),
          tap((connection) => {
            this.#connection = connection;
            this.#enter('connected');
          }),
          map((connection): Link => ({ connection })),
          reconnect({
            ...options.backoff,
            attempts: this.#attempts,
            scheduler,
            random: options.random ?? platformRandom,
            wake$: merge(wake$, this.#wake),
            retryable: (error) => this.#retryAfter(error, scheduler.now()),
            onWait: ({ error, delay, exhausted, attempt }) => {
              if (!(error instanceof RelayError)) return;
              this.#attempts = attempt;
              failed(exhausted ? 'failed' : 'disconnected', error, scheduler.now() + delay);
            },
          }),
        )
        .subscribe(subscriber);
    });
  }

  /** What an operator around the dialling said, in the words of relays. */
  #asRelayError(error: unknown): unknown {
    const cause = { cause: error };
    if (error instanceof CircuitOpenError) {
      return new RelayError('circuit-open', this.url, 'It failed too often; it is not dialled for a while.', cause);
    }
    if (error instanceof ParkedError) {
      return new RelayError('parked', this.url, 'Its connection made room for another; see the option sockets.', cause);
    }
    return error;
  }

  /** Milliseconds to wait at least before the next attempt; false where there is to be none. */
  #retryAfter(error: unknown, now: number): number | boolean {
    if (!(error instanceof RelayError)) return true;
    if (error.code === 'parked') return false; // and nobody uses it
    if (error.cause instanceof CircuitOpenError) return error.cause.retryAt - now;
    if (error.code === 'abusive' && this.#abuse !== error) {
      this.#abuse = error;
      this.#conduct.dropped(now);
      this.options.onDropped?.(error);
    }
    const until = Math.max(this.#conduct.quarantinedUntil, this.options.notBefore?.() ?? 0);
    return Math.max(0, until - now);
  }

  /** Why it is not dialled; one that was dropped on another connection was for its conduct, too. */
  #quarantine(): RelayError {
    this.#abuse ??= new RelayError(
      'abusive',
      this.url,
      'The relay was dropped for what it sent on another connection.',
    );
    return this.#abuse;
  }

  #enter(state: RelayState, trouble: Pick<RelayStatus, 'error' | 'retryAt'> = {}): void {
    const now = (this.options.scheduler ?? asyncScheduler).now();
    this.#state.next({ url: this.url, state, since: now, attempts: this.#attempts, ...trouble });
  }

  #leave(): void {
    const { state } = this.#state.value;
    const isOpen = state === 'connected' || state === 'authenticated';
    const hasSocket = isOpen || state === 'connecting';
    if (isOpen) this.#attempts = 0;
    this.#enter(hasSocket ? 'disconnecting' : 'disconnected');
  }
}

/**
 * One relay without a pool: an observable of its open {@link Connection}, now and after every reconnect.
 *
 * @throws RelayUrlError when the URL is not one of a relay.
 *
 * @example
 * ```ts
 * import { switchMap } from 'rxjs';
 * import { relay } from 'rx-relay-pool';
 *
 * const subscription = relay('wss://relay.example')
 *   .pipe(switchMap((connection) => connection.subscribe({ kinds: [1] })))
 *   .subscribe((event) => console.log(event.content));
 * subscription.unsubscribe();
 * ```
 */
export function relay(url: string, options: RelayOptions = {}): Relay {
  return new Relay(relayUrl(url), options);
}
