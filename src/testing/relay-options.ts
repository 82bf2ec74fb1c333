import type { SchedulerLike } from 'rxjs';
import type { ClientMessage } from '../protocol/message.ts';
import type { RelayFaults } from './faults.ts';

/**
 * The limits that a test relay enforces, under the names of NIP-11, where they are announced. A limit that is left out
 * does not apply.
 *
 * @example
 * ```ts
 * import { TestRelay, type RelayLimits } from 'rx-relay-pool/testing';
 *
 * const limits: RelayLimits = { max_subscriptions: 10, max_limit: 500 };
 * const relay = await TestRelay.start({ limits });
 * ```
 */
export interface RelayLimits {
  /** UTF-8 bytes of a whole message; a longer one is answered by NOTICE. */
  max_message_length?: number;
  /** Open subscriptions of one connection; {@link RelayOptions.excessSubscriptions} says what happens beyond. */
  max_subscriptions?: number;
  /** Filters in one REQ or COUNT; more are refused by CLOSED. */
  max_filters?: number;
  /** Stored events for one filter; more are not sent. */
  max_limit?: number;
  /** Stored events for a filter without a limit. */
  default_limit?: number;
  /** Characters; a longer subscription id is refused by CLOSED. More than 64 are refused anyway. */
  max_subid_length?: number;
  /** Tags of a published event. */
  max_event_tags?: number;
  /** Unicode characters of a published event's content. */
  max_content_length?: number;
  /** Leading zero bits of a published event's id (NIP-13). */
  min_pow_difficulty?: number;
  /** Seconds before now that a published event's `created_at` may lie. */
  created_at_lower_limit?: number;
  /** Seconds after now that a published event's `created_at` may lie. */
  created_at_upper_limit?: number;
  /** Events that one NEG-OPEN may cover (not announced); more are refused by NEG-ERR, which names this number. */
  max_sync_events?: number;
}

/**
 * Who has to authenticate to a test relay (NIP-42).
 *
 * @example
 * ```ts
 * import { TestRelay, testKey, type RelayAuthentication } from 'rx-relay-pool/testing';
 *
 * const auth: RelayAuthentication = { write: true, pubkeys: [testKey(0).publicKey] };
 * const relay = await TestRelay.start({ auth });
 * ```
 */
export interface RelayAuthentication {
  /** REQ, COUNT and NEG-OPEN need it. @default false */
  readonly read?: boolean;
  /** EVENT needs it. @default false */
  readonly write?: boolean;
  /** Whoever is none of these is answered by `restricted:`. @default anybody may */
  readonly pubkeys?: readonly string[];
  /** Whether the challenge comes when the connection opens, or with the first refusal. @default 'connect' */
  readonly challenge?: 'connect' | 'refusal';
}

/**
 * Options of a test relay.
 *
 * @example
 * ```ts
 * import { TestRelay, type RelayOptions } from 'rx-relay-pool/testing';
 *
 * const options: RelayOptions = { limits: { max_limit: 100 }, excessSubscriptions: 'silence', hints: false };
 * const relay = await TestRelay.start(options);
 * ```
 */
export interface RelayOptions {
  /** @default none but 64 characters for a subscription id */
  readonly limits?: RelayLimits;
  /** @default none */
  readonly faults?: Partial<RelayFaults>;
  /** @default nobody has to authenticate, except the author of a protected event (NIP-70) */
  readonly auth?: RelayAuthentication;
  /** How a REQ beyond `max_subscriptions` is answered. @default 'closed' */
  readonly excessSubscriptions?: 'closed' | 'notice' | 'eose' | 'silence';
  /** Whether EOSE tells if there is more (NIP-67). @default true */
  readonly hints?: boolean;
  /** Whether COUNT is supported (NIP-45). @default true */
  readonly count?: boolean;
  /** Whether reconciliation is supported (NIP-77). @default true */
  readonly negentropy?: boolean;
  /** How a message that is not supported is answered. @default 'notice' */
  readonly unsupported?: 'notice' | 'silence';
  /** Whether id and signature of published events are checked. @default true */
  readonly verify?: boolean;
  /** Laid over the information document (NIP-11); `undefined` takes a field away. @default {} */
  readonly information?: Readonly<Record<string, unknown>>;
  /** Where time comes from. @default asyncScheduler */
  readonly scheduler?: SchedulerLike;
  /** Milliseconds by which its clock is ahead of that; negative: behind. @default 0 */
  readonly clockSkew?: number;
  /** What challenges, shuffling and random delays are drawn from. @default 1 */
  readonly seed?: number;
  /** How many received messages are kept. @default 10_000 */
  readonly receivedCapacity?: number;
}

/**
 * A message that a test relay received.
 *
 * @example
 * ```ts
 * import { TestRelay, type ReceivedMessage } from 'rx-relay-pool/testing';
 *
 * const relay = await TestRelay.start();
 * const requests = relay.received.filter((entry: ReceivedMessage) => entry.message.type === 'REQ');
 * ```
 */
export interface ReceivedMessage {
  /** Milliseconds, by the relay's scheduler. */
  readonly at: number;
  /** Which connection it came over; they are numbered from 1. */
  readonly connection: number;
  readonly message: ClientMessage;
}

/**
 * The far end of a connection, as a relay sees it.
 *
 * @example
 * ```ts
 * import { RelayCore, type RelayPeer } from 'rx-relay-pool/testing';
 *
 * const frames: string[] = [];
 * const peer: RelayPeer = { send: (frame) => frames.push(frame), close: () => undefined };
 * const session = new RelayCore().connect(peer);
 * session.receive('["REQ","notes",{"kinds":[1]}]');
 * // frames is ['["EOSE","notes",["finish"]]']
 * ```
 */
export interface RelayPeer {
  send(frame: string): void;
  /** Ends the connection with a close frame; code 1006 cuts it without one. */
  close(code: number, reason: string): void;
  /** Called once when the connection becomes half-open: nothing more is to be read or answered, pings included. */
  freeze?(): void;
}

/**
 * What {@link RelayCore.flood} sends.
 *
 * | kind | frames |
 * |---|---|
 * | `unmatched` | validly signed events that match no filter, for each open subscription |
 * | `unknown-subscription` | validly signed events for subscription ids that were never opened |
 * | `notice` | NOTICE |
 * | `auth` | AUTH, each a new challenge that replaces the one before |
 * | `malformed` | frames that are no valid message |
 *
 * @example
 * ```ts
 * import { TestRelay, type Flood } from 'rx-relay-pool/testing';
 *
 * const flood: Flood = { kind: 'notice', count: 10_000 };
 * const relay = await TestRelay.start();
 * relay.flood(flood);
 * ```
 */
export interface Flood {
  readonly kind: 'unmatched' | 'unknown-subscription' | 'notice' | 'auth' | 'malformed';
  /** How many frames each connection gets. */
  readonly count: number;
  /** @default all at once */
  readonly perSecond?: number;
}
