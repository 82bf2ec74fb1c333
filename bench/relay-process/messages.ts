/** What one relay of the relay process does. */
export interface RelayPlan {
  /** The first of the prepared events that it stores. @default 0 */
  readonly from?: number;
  /** How many of them it stores. @default 0 */
  readonly stored?: number;
  /** Milliseconds that its answers take, the one to the handshake too. @default 0 */
  readonly delay?: number;
  /** What it says after its stored events: EOSE, or nothing at all; `refuses` says CLOSED at once, and sends none. @default 'eose' */
  readonly says?: 'eose' | 'nothing' | 'refuses';
  /** Milliseconds that pass between two of its stored events. @default 0, all at once */
  readonly between?: number;
}

/** New events for whoever is subscribed at the first relay. */
export interface LivePlan {
  /** The number of the first one; numbers of unsigned events have no end. */
  readonly from: number;
  readonly count: number;
  /** Event n has the topic n modulo this. @default 1 */
  readonly topics?: number;
  /** Prepared events with signatures, or made-up ones for clients that do not verify. */
  readonly signed: boolean;
  /** Whether the relay stores them, for those who ask again. @default false */
  readonly kept?: boolean;
  /** Events a second. @default as fast as they are taken */
  readonly rate?: number;
}

/** To the relay process. */
export type ToRelays =
  | { readonly type: 'open'; readonly relays: readonly RelayPlan[] }
  | { readonly type: 'live'; readonly plan: LivePlan }
  | { readonly type: 'close' };

/** From the relay process. `sent`: when each live event was written, in milliseconds of the machine's monotonic clock. */
export type FromRelays =
  | { readonly type: 'ready' }
  | { readonly type: 'opened'; readonly urls: readonly string[] }
  | { readonly type: 'sent'; readonly times: readonly number[] }
  | { readonly type: 'closed' };
