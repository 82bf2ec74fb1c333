import type { SchedulerLike } from 'rxjs';
import type { RelayConduct } from '../policies/relay-conduct.ts';
import type { Verification } from '../verifiers/verification.ts';
import type { Signer } from './authentication.ts';
import type { RelayCounters } from './relay-counters.ts';

/** How a connection behaves once it is open. */
export interface ConnectionOptions {
  /** Signs the answer to an authentication challenge (NIP-42). @default none: relays that ask for it refuse */
  readonly signer?: Signer | undefined;
  /** Checks signatures; shared between connections so that an event is verified once. @default one of its own */
  readonly verification?: Verification | undefined;
  /** What the relay may send, over all its connections. @default budgets of its own */
  readonly conduct?: RelayConduct | undefined;
  /** Where this relay's traffic is counted. @default counters of its own */
  readonly counters?: RelayCounters | undefined;
  /**
   * Events of one REQ that may wait to be verified or taken, one of more than 4 kB counting more. Beyond it the socket is not read, where only
   * this REQ uses it and the platform can (Node); otherwise the REQ is closed, and asked again from where it stood when all that came is
   * delivered. There, a pool asks for a larger `limit` page by page. A REQ of a connection without a pool is never closed for it.
   *
   * @default 5_000
   */
  readonly maxBacklog?: number | undefined;
  /** Characters that a subscription id has at most, as far as is known (NIP-11 `max_subid_length`). @default 64 */
  readonly maxSubscriptionIdLength?: (() => number | undefined) | undefined;
  /** Called with what the relay says in a NOTICE, and how many REQs are open. */
  readonly onNotice?: ((text: string, open: number) => void) | undefined;
  /** Called when the relay accepted an AUTH. */
  readonly onAuthenticated?: (() => void) | undefined;
  /** Clock and timers. @default asyncScheduler */
  readonly scheduler?: SchedulerLike | undefined;
}
