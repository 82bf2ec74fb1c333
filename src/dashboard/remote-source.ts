import type { Subscribable } from 'rxjs';
import type { Explanation } from '../pool/explanation.ts';
import type { PoolMetrics } from '../pool/metrics.ts';
import { Latest } from './latest.ts';
import type { DashboardCall, DashboardRelay, DashboardSource } from './source.ts';
import { WIRE_EVENTS, type WireEvents } from './wire.ts';

/** Milliseconds until it tries again where the platform has given up. */
const RETRY = 2_000;

/**
 * What a {@link remoteSource} can be told.
 *
 * @example
 * ```ts
 * import type { RemoteSourceOptions } from 'rx-relay-pool/dashboard';
 *
 * const options: RemoteSourceOptions = { fetch: (input, init) => fetch(input, { ...init, cache: 'no-store' }) };
 * ```
 */
export interface RemoteSourceOptions {
  /** @default the platform's */
  readonly EventSource?: typeof globalThis.EventSource | undefined;
  /** @default the platform's */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/**
 * A pool in another process, as a source of a dashboard.
 *
 * @example
 * ```ts
 * import { type RemoteSource, remoteSource } from 'rx-relay-pool/dashboard';
 *
 * const source: RemoteSource = remoteSource('http://127.0.0.1:8080/');
 * source.close();
 * ```
 */
export interface RemoteSource extends DashboardSource {
  readonly isConnected$: Subscribable<boolean>;
  /** Hangs up; what listens completes. */
  close(): void;
}

/**
 * Watches a pool in another process that `serveDashboard` serves, by server-sent events. It connects at once, and again after every loss until it
 * is closed. The server answers pages of its own origin alone.
 *
 * @param url - The address that `serveDashboard` gave.
 *
 * @example
 * ```ts
 * import { remoteSource } from 'rx-relay-pool/dashboard';
 *
 * const dashboard = document.createElement('relay-pool-dashboard');
 * dashboard.pool = remoteSource(location.href);
 * document.body.append(dashboard);
 * ```
 */
export function remoteSource(url: string | URL, options: RemoteSourceOptions = {}): RemoteSource {
  return new EventStream(url, options);
}

class EventStream implements RemoteSource {
  readonly relays$ = new Latest<readonly DashboardRelay[]>();
  readonly metrics$ = new Latest<PoolMetrics>();
  readonly isConnected$ = new Latest<boolean>();
  #calls: readonly DashboardCall[] = [];
  #events: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string | URL,
    private readonly options: RemoteSourceOptions,
  ) {
    this.#connect();
  }

  get explanations(): readonly DashboardCall[] {
    return this.#calls;
  }

  async explain(call: string): Promise<Explanation | undefined> {
    const address = new URL('explain', this.url);
    address.searchParams.set('call', call);
    const { fetch: ask = fetch } = this.options;
    const response = await ask(address);
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`the server says ${response.status}`);
    return (await response.json()) as Explanation;
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#events?.close();
    for (const stream of [this.relays$, this.metrics$, this.isConnected$]) stream.complete();
  }

  #connect(): void {
    const { EventSource: Events = EventSource } = this.options;
    const events = new Events(new URL('events', this.url));
    this.#events = events;
    events.onopen = () => this.isConnected$.next(true);
    events.onerror = () => {
      this.isConnected$.next(false);
      // It tries again by itself, but for an answer that is no stream.
      if (events.readyState === Events.CLOSED) this.#retry = setTimeout(() => this.#connect(), RETRY);
    };
    for (const name of WIRE_EVENTS) {
      events.addEventListener(name, ({ data }: MessageEvent<string>) =>
        this.#heard({ [name]: JSON.parse(data) as unknown }),
      );
    }
  }

  #heard({ relays, metrics, calls }: Partial<WireEvents>): void {
    if (relays) this.relays$.next(relays);
    if (metrics) this.metrics$.next(metrics);
    if (calls) this.#calls = calls;
  }
}
