import type { Priority } from '../policies/queue-outcome.ts';
import type { CallNotes } from './journal.ts';
import type { Route } from './route.ts';
import type { RoutingContext } from './routing.ts';

/**
 * Options of `sync`.
 *
 * @example
 * ```ts
 * import type { SyncOptions } from 'rx-relay-pool';
 *
 * const whatIsMissing: SyncOptions = { dryRun: true };
 * const backup: SyncOptions = { direction: 'down', deadline: 3_600_000 };
 * ```
 */
export interface SyncOptions {
  /** `'down'` fetches what the store lacks, `'up'` publishes what the relay lacks. @default 'both' */
  readonly direction?: 'both' | 'down' | 'up';
  /** Compares, and transfers nothing. @default false */
  readonly dryRun?: boolean;
  /** Which relays take part: those that it names first. @default the pool's option `route` */
  readonly route?: Route | undefined;
  /** Milliseconds that a relay may be silent, or take to become reachable, before it is given up. @default 10_000 */
  readonly silenceTimeout?: number;
  /** Milliseconds that all of it may take, at most 2^31 - 1. @default 600_000 */
  readonly deadline?: number;
  /** How urgent it is where there is a queue. @default 'low' */
  readonly priority?: Priority;
  /** Bytes of a message of a reconciliation, which takes two characters each; less where the relay takes less. @default 60_000 */
  readonly frameSize?: number;
  /** Ids that a relay may name as missing here, before the time is halved. @default 200_000 */
  readonly maxNeed?: number;
  /** A name to ask `explain` by. @default a number of the pool's */
  readonly id?: string;
}

/** The options with their defaults. */
export type SyncSettings = Required<Omit<SyncOptions, 'route' | 'id'>>;

/** What a sync with one relay needs of its pool. */
export type SyncContext = Pick<RoutingContext, 'scheduler' | 'random'> & { readonly notes: CallNotes };
