import type { NostrEvent } from '../protocol/event.ts';
import type { HistoryEntry } from './history-entry.ts';

/**
 * What {@link checkHistory} holds a pool to.
 *
 * | rule | what is broken |
 * |---|---|
 * | `missed` | a relay held a matching event, or it arrived, and it was neither delivered nor named by a gap |
 * | `unsettled` | at rest, a subscriber still waits for a relay, or counts one as lost |
 * | `duplicate` | an event was delivered twice to a subscriber |
 * | `unverified` | an event was delivered that does not verify |
 * | `unmatched` | an event was delivered that the subscriber did not ask for |
 * | `unsent` | an event was delivered as of a relay that had not sent it |
 * | `outcome` | a publish says of a relay what is not so |
 * | `taken-back` | an event was sent after its publish was unsubscribed from |
 * | `unended` | something did not end in its time, or went on after its end |
 * | `errored` | a stream errored though nobody had asked for what cannot be |
 * | `bound` | there was more of something than there may be |
 * | `stranger` | something was sent to a relay that is not in the pool |
 * | `leftover` | something was left when all was over |
 *
 * @example
 * ```ts
 * import type { HistoryRule } from 'rx-relay-pool/testing';
 *
 * const serious: readonly HistoryRule[] = ['missed', 'unverified'];
 * ```
 */
export type HistoryRule =
  | 'missed'
  | 'unsettled'
  | 'duplicate'
  | 'unverified'
  | 'unmatched'
  | 'unsent'
  | 'outcome'
  | 'taken-back'
  | 'unended'
  | 'errored'
  | 'bound'
  | 'stranger'
  | 'leftover';

/**
 * A promise that was not kept.
 *
 * @example
 * ```ts
 * import type { HistoryViolation } from 'rx-relay-pool/testing';
 *
 * const line = ({ at, rule, text }: HistoryViolation): string => `${at} ${rule}: ${text}`;
 * ```
 */
export interface HistoryViolation {
  /** Milliseconds, by the history's clock: when it showed. */
  readonly at: number;
  readonly rule: HistoryRule;
  /** What happened, for people. */
  readonly text: string;
}

/**
 * Options of {@link checkHistory}.
 *
 * @example
 * ```ts
 * import type { HistoryCheckOptions } from 'rx-relay-pool/testing';
 *
 * const options: HistoryCheckOptions = { sockets: 20, socketsPerRelay: 3, subscriptions: () => 10 };
 * ```
 */
export interface HistoryCheckOptions {
  /** Whether an event is real. @default by its id and signature */
  readonly verify?: ((event: NostrEvent) => boolean) | undefined;
  /** Milliseconds that may pass from the arrival of an event to its delivery. @default 1_000 */
  readonly patience?: number | undefined;
  /** Sockets at a time, dialled or open. @default Infinity */
  readonly sockets?: number | undefined;
  /** Sockets at a time to one relay, dialled or open. @default Infinity */
  readonly socketsPerRelay?: number | undefined;
  /** REQs that a relay lets be open on one connection, the probe of its liveness left aside. @default Infinity */
  readonly subscriptions?: ((relay: string) => number | undefined) | undefined;
  /** Attempts to connect to one relay within any 60 s. @default Infinity */
  readonly attemptsPerMinute?: number | undefined;
}

/** Looks at a history, entry by entry, for one kind of trouble. */
export interface Audit {
  see(entry: HistoryEntry): void;
  /** The history is over; `at` is its last time. */
  end?(at: number): void;
}

/** What an audit has to do with. */
export interface AuditContext extends HistoryCheckOptions {
  readonly verify: (event: NostrEvent) => boolean;
  readonly patience: number;
  readonly broken: (at: number, rule: HistoryRule, text: string) => void;
}
