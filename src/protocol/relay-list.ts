import { isWellFormedEvent, type NostrEvent } from './event.ts';
import { readTags } from './read-tags.ts';
import type { RelayUrl } from './relay-url.ts';
import { tryAdmitRelayUrl, tryRelayUrl } from './try-relay-url.ts';

/** NIP-65. */
const RELAY_LIST = 10_002;
/** NIP-17. */
const DIRECT_MESSAGE_RELAYS = 10_050;
/** NIP-51. */
const BLOCKED_RELAYS = 10_006;
/** A list that forbids costs a look-up, not a connection, so it may be long. */
const MOST_BLOCKED = 1_000;

/**
 * Where an author reads and writes (NIP-65): others find the author's posts at the relays in `write`, and leave what is meant for the
 * author at those in `read`. Each relay once, in the author's order.
 *
 * @example
 * ```ts
 * import type { RelayList } from 'rx-relay-pool';
 *
 * const findable = ({ write }: RelayList): boolean => write.length > 0;
 * ```
 */
export interface RelayList {
  /** Whose list it is: 64 lower-case hex digits. */
  readonly pubkey: string;
  /** Seconds since 1970: of several lists the newest counts, see {@link supersedes}. */
  readonly createdAt: number;
  readonly read: readonly RelayUrl[];
  readonly write: readonly RelayUrl[];
}

/**
 * How much of a list is read.
 *
 * @example
 * ```ts
 * import type { RelayListOptions } from 'rx-relay-pool';
 *
 * const few: RelayListOptions = { maxRelays: 4 };
 * ```
 */
export interface RelayListOptions {
  /**
   * How many relays to take, the first ones, a whole number above 0; of a {@link RelayList} so many to read and so many to write. NIP-65
   * asks authors for 2 to 4 of each.
   *
   * @default 10
   */
  readonly maxRelays?: number | undefined;
}

/**
 * The relays of an author (NIP-65, kind 10002), or undefined for an event of another kind. It never throws because of the event.
 *
 * A tag without a marker, or with an empty one, means both. A tag with a marker that is neither `read` nor `write` is left out: it says that
 * the relay is for something else. An address that {@link admitRelayUrl} refuses is left out, too.
 *
 * Give it verified events alone: whoever forges a list decides where you connect.
 *
 * @throws RangeError when `maxRelays` is not a whole number above 0.
 *
 * @example
 * ```ts
 * import { readRelayList, RelayPool } from 'rx-relay-pool';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const author = 'a'.repeat(64);
 * pool.request({ kinds: [10_002], authors: [author] }).subscribe((event) => {
 *   for (const url of readRelayList(event)?.write ?? []) pool.add(url, { origin: 'event' });
 * });
 * pool.close();
 * ```
 */
export function readRelayList(event: NostrEvent, options: RelayListOptions = {}): RelayList | undefined {
  const most = mostOf(options);
  if (!isOfKind(event, RELAY_LIST)) return undefined;
  const markedAs = (wanted: string): readonly RelayUrl[] =>
    readTags(event.tags, 'r', most, (url, [, , marker = '']) =>
      marker === '' || marker === wanted ? tryAdmitRelayUrl(url) : undefined,
    );
  return { pubkey: event.pubkey, createdAt: event.created_at, read: markedAs('read'), write: markedAs('write') };
}

/**
 * The relays that direct messages for the author of the event go to (NIP-17, kind 10050), each once and in order, or undefined for an event of
 * another kind. An address that {@link admitRelayUrl} refuses is left out. It never throws because of the event.
 *
 * Where there is no such event, or the list is empty, the author is not ready for direct messages: NIP-17 has clients not send any.
 *
 * @throws RangeError when `maxRelays` is not a whole number above 0.
 *
 * @example
 * ```ts
 * import { readDirectMessageRelays, type NostrEvent, type RelayUrl } from 'rx-relay-pool';
 *
 * const inbox = (event: NostrEvent): readonly RelayUrl[] => readDirectMessageRelays(event, { maxRelays: 3 }) ?? [];
 * ```
 */
export function readDirectMessageRelays(
  event: NostrEvent,
  options: RelayListOptions = {},
): readonly RelayUrl[] | undefined {
  const most = mostOf(options);
  if (!isOfKind(event, DIRECT_MESSAGE_RELAYS)) return undefined;
  return readTags(event.tags, 'relay', most, tryAdmitRelayUrl);
}

/**
 * The relays that the author of the event never wants to connect to (NIP-51, kind 10006), each once, at most 1,000 of them, or undefined for an
 * event of another kind. Every address of a relay counts, those of private networks too: the list only forbids. Entries that are encrypted
 * in the content are not read. It never throws.
 *
 * @example
 * ```ts
 * import { readBlockedRelays, type NostrEvent, type RelayUrl } from 'rx-relay-pool';
 *
 * const isBlocked = (url: RelayUrl, list: NostrEvent): boolean => readBlockedRelays(list)?.includes(url) ?? false;
 * ```
 */
export function readBlockedRelays(event: NostrEvent): readonly RelayUrl[] | undefined {
  if (!isOfKind(event, BLOCKED_RELAYS)) return undefined;
  return readTags(event.tags, 'relay', MOST_BLOCKED, tryRelayUrl);
}

function isOfKind(event: NostrEvent, kind: number): boolean {
  return isWellFormedEvent(event) && event.kind === kind;
}

function mostOf({ maxRelays = 10 }: RelayListOptions): number {
  if (!(Number.isSafeInteger(maxRelays) && maxRelays > 0)) {
    throw new RangeError(`'maxRelays' must be a whole number above 0; got ${maxRelays}.`);
  }
  return maxRelays;
}
