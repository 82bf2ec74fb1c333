import type { PublishReport } from '../pool/publish-report.ts';
import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { ClientMessage, RelayMessage } from '../protocol/message.ts';
import type { Packet } from '../protocol/packet.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';

/**
 * One thing that happened, with its time in milliseconds. A relay is named by its URL in the form that the pool uses, a socket
 * by a number, a subscriber or a publish by the name that the test gave it.
 *
 * | types | who tells |
 * |---|---|
 * | `stored`, `removed`, `withheld` | a relay: what it holds, what it holds no more, what a fault kept from a subscriber |
 * | `joined`, `left` | the test: a relay is in the pool, or no more |
 * | `dialled`, `opened`, `closing`, `closed` | a socket; `closing`: this side began to close it |
 * | `sent`, `received` | a socket: what this side handed to it, what reached this side |
 * | `asked` | a subscriber: what it wants from now on |
 * | `packet`, `event` | a subscriber: what it was told |
 * | `publishing`, `report` | a publish: what it sends, and how far it has come |
 * | `ended` | a subscriber or a publish: nothing follows |
 * | `gauge` | the test: how much there is of something, and how much there may be |
 * | `rest`, `over` | the test: every relay is well and has had the time to say all; everything is closed |
 *
 * @example
 * ```ts
 * import { asyncScheduler } from 'rxjs';
 * import { RecordedHistory, type HistoryEntry } from 'rx-relay-pool/testing';
 *
 * const history = new RecordedHistory(asyncScheduler);
 * const packets = history.entries.filter((entry: HistoryEntry) => entry.type === 'packet');
 * ```
 */
export type HistoryEntry = { readonly at: number } & (
  | { readonly type: 'stored' | 'removed' | 'withheld'; readonly relay: RelayUrl; readonly event: NostrEvent }
  | { readonly type: 'joined' | 'left'; readonly relay: RelayUrl }
  | {
      readonly type: 'dialled' | 'opened' | 'closing' | 'closed';
      readonly relay: RelayUrl;
      readonly socket: number;
    }
  | {
      readonly type: 'sent';
      readonly relay: RelayUrl;
      readonly socket: number;
      readonly message: ClientMessage;
    }
  | {
      readonly type: 'received';
      readonly relay: RelayUrl;
      readonly socket: number;
      readonly message: RelayMessage;
    }
  | {
      readonly type: 'asked';
      readonly name: string;
      readonly filters: readonly Filter[];
      readonly relays: ReadonlySet<string> | undefined;
      readonly within: number;
      readonly joins: boolean;
    }
  | { readonly type: 'packet'; readonly name: string; readonly packet: Packet }
  | { readonly type: 'event'; readonly name: string; readonly event: NostrEvent }
  | { readonly type: 'publishing'; readonly name: string; readonly event: NostrEvent; readonly within: number }
  | { readonly type: 'report'; readonly name: string; readonly report: PublishReport }
  | {
      readonly type: 'ended';
      readonly name: string;
      readonly how: 'completed' | 'errored' | 'unsubscribed';
      readonly error?: unknown;
    }
  | { readonly type: 'gauge'; readonly name: string; readonly value: number; readonly most: number }
  | { readonly type: 'rest' }
  | { readonly type: 'over'; readonly timers: number }
);

/** One {@link HistoryEntry} of a type. */
export type EntryOf<Type extends HistoryEntry['type']> = Extract<HistoryEntry, { readonly type: Type }>;

/** A {@link HistoryEntry} whose time is still to be added. */
export type Untimed<Entry = HistoryEntry> = Entry extends HistoryEntry ? Omit<Entry, 'at'> : never;
