import type { NostrEvent } from '../protocol/event.ts';
import type { Reason } from '../protocol/reason.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';

/**
 * What became of an event at one relay:
 *
 * - `pending`: not known yet
 * - `accepted`: the relay said so, or that it has it already
 * - `rejected`: the relay said no; `reason` says why. With `isUnsent` it was not asked, as the limits that it names (NIP-11) say no
 * - `silent`: it was sent, and no OK came in time; the relay may have it
 * - `unreachable`: no connection in time, or the relay fails too often to be asked, so it was never sent
 * - `evicted`: the queue was full, or the time over, before its turn came, so it was never sent
 * - `cancelled`: the relay left the pool before it was sent
 *
 * @example
 * ```ts
 * import type { PublishOutcome } from 'rx-relay-pool';
 *
 * const describe = (outcome: PublishOutcome): string =>
 *   outcome.status === 'rejected' ? `rejected: ${outcome.reason.message}` : outcome.status;
 * ```
 */
export type PublishOutcome =
  | { readonly status: 'pending' | 'silent' | 'evicted' | 'cancelled' }
  | { readonly status: 'accepted'; readonly reason: Reason }
  | { readonly status: 'rejected'; readonly reason: Reason; readonly isUnsent?: true }
  | { readonly status: 'unreachable'; readonly error?: RelayError };

/**
 * How far a publish has come; plain data, to be kept and handed to a later publish as `previous`.
 *
 * @example
 * ```ts
 * import { lastValueFrom } from 'rxjs';
 * import type { NostrEvent } from 'rx-relay-pool';
 * import { RelayPool } from 'rx-relay-pool';
 *
 * async function send(pool: RelayPool, event: NostrEvent) {
 *   const report = await lastValueFrom(pool.publish(event));
 *   for (const [relay, outcome] of Object.entries(report.outcomes)) console.log(relay, outcome.status);
 *   return report.accepted > 0;
 * }
 * ```
 */
export interface PublishReport {
  readonly event: NostrEvent;
  /** By relay URL. */
  readonly outcomes: Readonly<Record<RelayUrl, PublishOutcome>>;
  /** Relays that accepted the event. */
  readonly accepted: number;
  /** Relays that are still awaited; the report with 0 is the last. */
  readonly pending: number;
  /** Whether enough have accepted, where a quorum was asked for. */
  readonly quorum?: 'open' | 'met';
}

/** The report before anything was sent: of a relay whose earlier outcome stands there is nothing to await. */
export function initialReport(
  event: NostrEvent,
  relays: readonly RelayUrl[],
  previous: Pick<PublishReport, 'outcomes'> | undefined,
  stands: (outcome: PublishOutcome) => boolean = ({ status }) => status === 'accepted',
): PublishReport {
  const outcomes: Record<RelayUrl, PublishOutcome> = {};
  for (const url of relays) {
    const before = previous?.outcomes[url];
    outcomes[url] = before && stands(before) ? before : { status: 'pending' };
  }
  const all = Object.values(outcomes);
  const count = (status: PublishOutcome['status']): number => all.filter((outcome) => outcome.status === status).length;
  return { event, outcomes, accepted: count('accepted'), pending: count('pending') };
}

/** The report with what became of the event at a relay that was awaited. */
export function withOutcome(
  { event, outcomes, accepted, pending }: PublishReport,
  relay: RelayUrl,
  outcome: PublishOutcome,
): PublishReport {
  return {
    event,
    outcomes: { ...outcomes, [relay]: outcome },
    accepted: outcome.status === 'accepted' ? accepted + 1 : accepted,
    pending: pending - 1,
  };
}
