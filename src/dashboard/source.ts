import type { Subscribable } from 'rxjs';
import type { Explanation } from '../pool/explanation.ts';
import type { PoolMetrics } from '../pool/metrics.ts';
import type { PoolRelayStatus } from '../pool/pool-relay-status.ts';

/**
 * A relay as the dashboard sees it: a {@link PoolRelayStatus} whose error is plain data, so that it can come from another process.
 *
 * @example
 * ```ts
 * import type { DashboardRelay } from 'rx-relay-pool/dashboard';
 *
 * const trouble = ({ url, error }: DashboardRelay): string => `${url}: ${error?.code ?? 'well'}`;
 * ```
 */
export interface DashboardRelay extends Omit<PoolRelayStatus, 'error'> {
  /** Why the last connection ended or did not come about. */
  readonly error?: { readonly code: string; readonly message: string };
}

/**
 * One of the latest calls of a pool, as in the dashboard's list: an {@link Explanation} without its relays.
 *
 * @example
 * ```ts
 * import type { DashboardCall } from 'rx-relay-pool/dashboard';
 *
 * const isRunning = ({ endedAt }: DashboardCall): boolean => endedAt === undefined;
 * ```
 */
export interface DashboardCall extends Pick<
  Explanation,
  'call' | 'ids' | 'verb' | 'filters' | 'event' | 'priority' | 'beganAt' | 'endedAt'
> {
  /** What it is in few words, where filters and event are left out. @default made of them */
  readonly title?: string;
}

/**
 * What a dashboard shows. A `RelayPool` is one; {@link remoteSource} is one of a pool in another process.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 * import type { DashboardSource } from 'rx-relay-pool/dashboard';
 *
 * const source: DashboardSource = new RelayPool({ relays: ['wss://relay.example'] });
 * ```
 */
export interface DashboardSource {
  /** How the relays are, now and after every change; as often as it likes. */
  readonly relays$: Subscribable<readonly DashboardRelay[]>;
  /** Measurements, now and about every second. */
  readonly metrics$: Subscribable<PoolMetrics>;
  /** The calls that can be explained, the latest first. Read once a second. */
  readonly explanations: readonly DashboardCall[];
  /** Whether what is shown is up to date, as a remote pool may be out of reach. @default always */
  readonly isConnected$?: Subscribable<boolean> | undefined;
  /** The life of a call, by its number as text; undefined when it is not kept any more. */
  explain(call: string): Explanation | undefined | Promise<Explanation | undefined>;
}
