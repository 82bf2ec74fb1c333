import type { PublishOutcome } from '../pool/publish-report.ts';
import type { NostrEvent } from '../protocol/event.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';

/**
 * How an event in the outbox stands:
 *
 * - `pending`: it is kept, and sent until its quorum is met
 * - `delivered`: the quorum is met; it is kept no more
 * - `rejected`: so many relays refused it for good that the quorum is out of reach. It is kept, so that its text is not lost, but not
 *   sent: publish it again, or cancel it
 * - `expired`: its time was over before the quorum was met; it is kept no more
 * - `superseded`: a newer version of this replaceable event is kept, or so many relays have one that the quorum is out of reach; this one
 *   is kept no more
 * - `cancelled`: as you asked; it is kept no more
 * - `gone`: it was taken out of the store by somebody else, as another tab that has delivered it
 *
 * @example
 * ```ts
 * import type { OutboxStatus } from 'rx-relay-pool/outbox';
 *
 * const words: Partial<Record<OutboxStatus, string>> = { pending: 'on its way', rejected: 'no relay wants it' };
 * ```
 */
export type OutboxStatus = 'pending' | 'delivered' | 'rejected' | 'expired' | 'superseded' | 'cancelled' | 'gone';

/**
 * How far an event of the outbox has come; plain data.
 *
 * @example
 * ```ts
 * import type { OutboxReport } from 'rx-relay-pool/outbox';
 *
 * const describe = ({ event, status, accepted }: OutboxReport): string => `${event.id}: ${status}, at ${accepted} relays`;
 * ```
 */
export interface OutboxReport {
  readonly event: NostrEvent;
  readonly status: OutboxStatus;
  /** By relay URL: what the latest attempt found, and what relays confirmed or refused for good before. */
  readonly outcomes: Readonly<Record<RelayUrl, PublishOutcome>>;
  /** Relays that accepted it, each by its own word. */
  readonly accepted: number;
  /** When it came into the outbox, in milliseconds. */
  readonly since: number;
  /** When it is given up, in milliseconds. */
  readonly until: number;
}

/**
 * What went wrong around the outbox, as a value:
 *
 * - `unreadable`: an entry of the store is none of ours, or damaged. It is left where it is, and the others are sent; `cancel(key)` removes it
 * - `store`: the store failed at an action. What was not written is known in memory only: an event then goes out again after a restart
 * - `publish`: an attempt could not be made, as its route threw; it is made again later
 *
 * @example
 * ```ts
 * import type { OutboxTrouble } from 'rx-relay-pool/outbox';
 *
 * const describe = (trouble: OutboxTrouble): string => `${trouble.type}: ${trouble.error.message}`;
 * ```
 */
export type OutboxTrouble =
  | { readonly type: 'unreadable'; readonly key: string; readonly error: Error }
  | {
      readonly type: 'store';
      readonly action: 'open' | 'get' | 'put' | 'delete' | 'close';
      readonly key?: string;
      readonly error: Error;
    }
  | { readonly type: 'publish'; readonly event: NostrEvent; readonly error: Error };
