import { isWellFormedEvent, type NostrEvent } from './event.ts';
import { decodeGeohash } from './geohash.ts';
import type { Place } from './place.ts';
import { readTags } from './read-tags.ts';
import { present, wholeNumber } from './relay-limits.ts';
import type { RelayUrl } from './relay-url.ts';
import { tryAdmitRelayUrl } from './try-relay-url.ts';

/** What monitors publish of a relay (NIP-66). */
export const RELAY_DISCOVERY = 30_166;
const MONITOR_ANNOUNCEMENT = 10_166;

/**
 * How long things took, in milliseconds; absent where it was not measured.
 *
 * @example
 * ```ts
 * import type { RoundTrip } from 'rx-relay-pool';
 *
 * const isFast = ({ open = Infinity, read = Infinity }: RoundTrip): boolean => open + read < 300;
 * ```
 */
export interface RoundTrip {
  readonly open?: number;
  readonly read?: number;
  readonly write?: number;
}

/**
 * What a monitor found of a relay.
 *
 * @example
 * ```ts
 * import type { RelayFindings } from 'rx-relay-pool';
 *
 * const isFree = ({ requirements }: RelayFindings): boolean => !requirements.has.includes('payment');
 * ```
 */
export interface RelayFindings {
  readonly roundTrip: RoundTrip;
  /** Small letters: `clearnet`, `tor`, `i2p`, `loki`, or another. */
  readonly network?: string;
  /** Numbers of NIPs that it supports. */
  readonly nips: readonly number[];
  /** What it asks for, and what not: `auth`, `payment`, `pow`, `writes`. */
  readonly requirements: { readonly has: readonly string[]; readonly hasNot: readonly string[] };
  readonly topics: readonly string[];
  /** Such as `PrivateInbox`. */
  readonly relayTypes: readonly string[];
  /** Kinds of events that it is known to take, and not to take. */
  readonly kinds: { readonly accepts: readonly number[]; readonly rejects: readonly number[] };
  /** Where it stands. */
  readonly place?: Place;
  /** Two capital letters each (ISO 3166-1 alpha-2), see {@link placeOfCountry}. */
  readonly countries: readonly string[];
}

/**
 * What one monitor says of one relay (NIP-66, kind 30166). A field is absent, and a list empty, where the monitor says nothing, or nothing
 * sensible; that is no reason not to connect. Lists have at most 256 entries, texts at most 256 characters.
 *
 * @example
 * ```ts
 * import type { RelayDiscovery } from 'rx-relay-pool';
 *
 * const line = ({ relay, monitor, roundTrip }: RelayDiscovery): string => `${relay}: ${roundTrip.open ?? '?'} ms from ${monitor}`;
 * ```
 */
export interface RelayDiscovery extends RelayFindings {
  readonly relay: RelayUrl;
  /** The monitor's public key: 64 lower-case hex digits. */
  readonly monitor: string;
  /** Seconds since 1970. */
  readonly seenAt: number;
}

/**
 * What a monitor says of itself (NIP-66, kind 10166).
 *
 * @example
 * ```ts
 * import type { MonitorAnnouncement } from 'rx-relay-pool';
 *
 * const isSilent = ({ frequency = 3_600 }: MonitorAnnouncement, lastSeenAt: number, now: number): boolean =>
 *   now - lastSeenAt > 3 * frequency;
 * ```
 */
export interface MonitorAnnouncement {
  /** The monitor's public key: 64 lower-case hex digits. */
  readonly monitor: string;
  /** Seconds from one report to the next. */
  readonly frequency?: number;
  /** What it checks, in small letters: `open`, `read`, `write`, `nip11`, `dns`, `geo`, ... */
  readonly checks: readonly string[];
  /** Milliseconds that it waits, by check; `*` is for those that have no entry of their own. */
  readonly timeouts: ReadonlyMap<string, number>;
  /** Where it measures from. */
  readonly place?: Place;
}

const MOST_ENTRIES = 256;
const LONGEST_TEXT = 256;
const LARGEST_KIND = 65_535;
/** A day in milliseconds: nobody waits for longer. */
const LONGEST_WAIT = 86_400_000;
const EVERY_CHECK = '*';

/**
 * Reads what a monitor says of a relay (NIP-66). Undefined for an event of another kind, and for a relay that has no address, or one
 * that {@link admitRelayUrl} refuses. It never throws.
 *
 * @example
 * ```ts
 * import { readRelayDiscovery, type NostrEvent } from 'rx-relay-pool';
 *
 * const open = (event: NostrEvent): number | undefined => readRelayDiscovery(event)?.roundTrip.open;
 * ```
 */
export function readRelayDiscovery(event: NostrEvent): RelayDiscovery | undefined {
  if (!isWellFormedEvent(event) || event.kind !== RELAY_DISCOVERY) return undefined;
  const { tags } = event;
  const [address = ''] = readTags(tags, 'd', 1, (value) => value);
  const relay = tryAdmitRelayUrl(address);
  if (relay === undefined) return undefined;
  const list = <T>(name: string, read: (value: string, tag: readonly string[]) => T | undefined): readonly T[] =>
    readTags(tags, name, MOST_ENTRIES, read);
  const first = <T>(name: string, read: (value: string) => T | undefined): T | undefined =>
    readTags(tags, name, 1, read)[0];
  return {
    relay,
    monitor: event.pubkey,
    seenAt: event.created_at,
    roundTrip: present<RoundTrip>({
      open: first('rtt-open', milliseconds),
      read: first('rtt-read', milliseconds),
      write: first('rtt-write', milliseconds),
    }),
    ...present<Pick<RelayDiscovery, 'network' | 'place'>>({
      network: first('n', lowerCase),
      place: placeIn(tags),
    }),
    nips: list('N', nip),
    requirements: { has: list('R', affirmed(lowerCase)), hasNot: list('R', negated(lowerCase)) },
    topics: list('t', text),
    relayTypes: list('T', text),
    kinds: { accepts: list('k', affirmed(kind)), rejects: list('k', negated(kind)) },
    countries: list('l', country),
  };
}

/**
 * Reads what a monitor says of itself (NIP-66). Undefined for an event of another kind. It never throws.
 *
 * @example
 * ```ts
 * import { readMonitorAnnouncement, type NostrEvent } from 'rx-relay-pool';
 *
 * const measuresReads = (event: NostrEvent): boolean => readMonitorAnnouncement(event)?.checks.includes('read') ?? false;
 * ```
 */
export function readMonitorAnnouncement(event: NostrEvent): MonitorAnnouncement | undefined {
  if (!isWellFormedEvent(event) || event.kind !== MONITOR_ANNOUNCEMENT) return undefined;
  const { tags } = event;
  const timeouts = new Map<string, number>();
  for (const [check, wait] of readTags(tags, 'timeout', MOST_ENTRIES, timeout)) {
    if (!timeouts.has(check)) timeouts.set(check, wait);
  }
  return {
    monitor: event.pubkey,
    ...present<Pick<MonitorAnnouncement, 'frequency' | 'place'>>({
      frequency: readTags(tags, 'frequency', 1, (value) => wholeNumber(value, 1))[0],
      place: placeIn(tags),
    }),
    checks: readTags(tags, 'c', MOST_ENTRIES, lowerCase),
    timeouts,
  };
}

/** The finest of the geohashes; monitors send the same one in several lengths. */
function placeIn(tags: readonly (readonly string[])[]): Place | undefined {
  let finest = '';
  for (const [name, value = '', label = ''] of tags) {
    // Monitors use the same tag, with another label, for names and numbers of countries.
    if (name !== 'g' || (label !== '' && label !== 'geohash')) continue;
    if (value.length > finest.length && decodeGeohash(value)) finest = value;
  }
  return decodeGeohash(finest);
}

/** NIP-66 has the check behind the milliseconds in its text, and before them in its example. */
function timeout(value: string, tag: readonly string[]): readonly [check: string, milliseconds: number] | undefined {
  const other = tag[2] ?? '';
  const before = milliseconds(value);
  if (before !== undefined) return [lowerCase(other) ?? EVERY_CHECK, before];
  const check = lowerCase(value);
  const behind = milliseconds(other);
  return check !== undefined && behind !== undefined ? [check, behind] : undefined;
}

function affirmed<T>(read: (value: string) => T | undefined): (value: string) => T | undefined {
  return (value) => (value.startsWith('!') ? undefined : read(value));
}

function negated<T>(read: (value: string) => T | undefined): (value: string) => T | undefined {
  return (value) => (value.startsWith('!') ? read(value.slice(1)) : undefined);
}

/** A label of ISO 3166-1 (NIP-32); only the form of it is looked at. */
function country(value: string, [, , namespace = '']: readonly string[]): string | undefined {
  return namespace.startsWith('ISO-3166-1') && /^[A-Z]{2}$/i.test(value) ? value.toUpperCase() : undefined;
}

function milliseconds(value: string): number | undefined {
  const number = /^\d{1,9}(?:\.\d{1,9})?$/.test(value) ? Number(value) : Infinity;
  return number <= LONGEST_WAIT ? number : undefined;
}

function nip(value: string): number | undefined {
  return wholeNumber(value, 1, LARGEST_KIND);
}

function kind(value: string): number | undefined {
  return wholeNumber(value, 0, LARGEST_KIND);
}

function text(value: string): string | undefined {
  return value !== '' && value.length <= LONGEST_TEXT ? value : undefined;
}

function lowerCase(value: string): string | undefined {
  return text(value.toLowerCase());
}
