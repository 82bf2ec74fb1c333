import { isHex64, type NostrEvent, supersedes } from '../protocol/event.ts';
import { present } from '../protocol/relay-limits.ts';
import {
  readRelayDiscovery,
  RELAY_DISCOVERY,
  type RelayDiscovery,
  type RelayFindings,
  type RoundTrip,
} from '../protocol/relay-monitor.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { median } from './median.ts';

/**
 * What trusted monitors together say of a relay (NIP-66): of the round trips the median, of the lists all that any of them names. Where they
 * contradict each other, and for the place and the network, the newest that says anything counts.
 *
 * @example
 * ```ts
 * import type { DiscoveredRelay } from 'rx-relay-pool';
 *
 * const isUsable = ({ requirements, roundTrip }: DiscoveredRelay): boolean =>
 *   !requirements.has.includes('payment') && (roundTrip.open ?? 0) < 2_000;
 * ```
 */
export interface DiscoveredRelay extends RelayFindings {
  readonly relay: RelayUrl;
  /** Who knows it, the newest first: public keys, 64 lower-case hex digits each. */
  readonly monitors: readonly string[];
  /** When the newest of them reported it, in seconds since 1970. */
  readonly seenAt: number;
}

/** What a {@link RelayDirectory} takes in. */
export interface RelayDirectoryOptions {
  /** The public keys of those who are believed. */
  readonly monitors: readonly string[];
  /** Seconds after which a report is of no use. @default 604_800 (a week) */
  readonly maxAge?: number | undefined;
  /** How many relays are kept; beyond it goes the one whose newest report is oldest. @default 2_000 */
  readonly maxRelays?: number | undefined;
  /** How many monitors have to know a relay. @default 1 */
  readonly agreement?: number | undefined;
}

/** Clocks differ; what is dated further ahead, in seconds, would supersede what is true. */
const MOST_AHEAD = 900;

interface Report {
  readonly id: string;
  readonly created_at: number;
  readonly discovery: RelayDiscovery;
}

interface Entry {
  /** By monitor. */
  readonly reports: Map<string, Report>;
  /** Of the newest report. */
  seenAt: number;
  /** Of the reports as they are, once it was asked for. */
  merged: DiscoveredRelay | undefined;
}

/**
 * The relays that trusted monitors report (NIP-66), each monitor's newest word on each relay counted. It has no clock: `now` is in milliseconds
 * since 1970.
 *
 * @throws RangeError from the constructor when there is no monitor, one is no public key, or a number is out of its range.
 */
export class RelayDirectory {
  readonly #monitors: ReadonlySet<string>;
  readonly #maxAge: number;
  readonly #maxRelays: number;
  readonly #agreement: number;
  readonly #entries = new Map<RelayUrl, Entry>();

  constructor(options: RelayDirectoryOptions) {
    const { monitors, maxAge = 604_800, maxRelays = 2_000, agreement = 1 } = options;
    this.#monitors = new Set(monitors);
    if (this.#monitors.size === 0) throw new RangeError("'monitors' must name at least one public key; got none.");
    for (const monitor of this.#monitors) {
      if (!isHex64(monitor))
        throw new RangeError(`'monitors' are public keys of 64 lower-case hex digits; got ${String(monitor)}.`);
    }
    if (!(maxAge > 0)) throw new RangeError(`'maxAge' must be a number of seconds above 0; got ${maxAge}.`);
    if (!(Number.isSafeInteger(maxRelays) && maxRelays > 0)) {
      throw new RangeError(`'maxRelays' must be a whole number above 0; got ${maxRelays}.`);
    }
    if (!(Number.isSafeInteger(agreement) && agreement > 0 && agreement <= this.#monitors.size)) {
      throw new RangeError(
        `'agreement' must be a whole number from 1 to the number of monitors, ${this.#monitors.size}; got ${agreement}.`,
      );
    }
    this.#maxAge = maxAge;
    this.#maxRelays = maxRelays;
    this.#agreement = agreement;
  }

  /**
   * Takes a verified event in.
   *
   * @returns whether {@link RelayDirectory.relays} is another for it
   */
  add(event: NostrEvent, now: number): boolean {
    if (event.kind !== RELAY_DISCOVERY || !this.#monitors.has(event.pubkey)) return false;
    const discovery = readRelayDiscovery(event);
    if (!discovery) return false;
    const { id, created_at } = event;
    if (this.#isTooOld(created_at, now) || created_at > now / 1_000 + MOST_AHEAD) return false;
    const { relay, monitor } = discovery;
    const entry = this.#entries.get(relay) ?? { reports: new Map<string, Report>(), seenAt: 0, merged: undefined };
    const known = entry.reports.get(monitor);
    if (known && !supersedes(event, known)) return false;
    entry.reports.set(monitor, { id, created_at, discovery });
    entry.seenAt = Math.max(entry.seenAt, created_at);
    entry.merged = undefined;
    this.#entries.set(relay, entry);
    const evicted = this.#entries.size > this.#maxRelays ? this.#evictOldest() : undefined;
    return entry === evicted ? false : this.#isKnown(entry) || (evicted !== undefined && this.#isKnown(evicted));
  }

  /** The relays that enough monitors know, without what has become too old. */
  relays(now: number): ReadonlyMap<RelayUrl, DiscoveredRelay> {
    const relays = new Map<RelayUrl, DiscoveredRelay>();
    for (const [relay, entry] of this.#entries) {
      for (const [monitor, { created_at }] of entry.reports) {
        if (!this.#isTooOld(created_at, now)) continue;
        entry.reports.delete(monitor);
        entry.merged = undefined;
      }
      if (entry.reports.size === 0) this.#entries.delete(relay);
      else if (this.#isKnown(entry)) relays.set(relay, (entry.merged ??= merge(relay, [...entry.reports.values()])));
    }
    return relays;
  }

  #isTooOld(createdAt: number, now: number): boolean {
    return createdAt < now / 1_000 - this.#maxAge;
  }

  #isKnown({ reports }: Entry): boolean {
    return reports.size >= this.#agreement;
  }

  #evictOldest(): Entry | undefined {
    let oldest: readonly [RelayUrl, Entry] | undefined;
    for (const candidate of this.#entries) if (!oldest || candidate[1].seenAt < oldest[1].seenAt) oldest = candidate;
    if (!oldest) return undefined;
    this.#entries.delete(oldest[0]);
    return oldest[1];
  }
}

function merge(relay: RelayUrl, reports: readonly Report[]): DiscoveredRelay {
  const newestFirst = [...reports].sort((a, b) => (supersedes(a, b) ? -1 : 1)).map(({ discovery }) => discovery);
  const all = <T>(list: (discovery: RelayDiscovery) => readonly T[]): readonly T[] => [
    ...new Set(newestFirst.flatMap(list)),
  ];
  const newest = <T>(of: (discovery: RelayDiscovery) => T | undefined): T | undefined =>
    newestFirst.map(of).find((value) => value !== undefined);
  const roundTrip = (name: keyof RoundTrip): number | undefined =>
    median(newestFirst.map((discovery) => discovery.roundTrip[name]));
  const requirements = settle(newestFirst.map(({ requirements: { has, hasNot } }) => ({ yes: has, no: hasNot })));
  const kinds = settle(newestFirst.map(({ kinds: { accepts, rejects } }) => ({ yes: accepts, no: rejects })));
  return {
    relay,
    monitors: newestFirst.map(({ monitor }) => monitor),
    seenAt: newestFirst[0]?.seenAt ?? 0,
    roundTrip: present<RoundTrip>({
      open: roundTrip('open'),
      read: roundTrip('read'),
      write: roundTrip('write'),
    }),
    ...present<Pick<DiscoveredRelay, 'network' | 'place'>>({
      network: newest(({ network }) => network),
      place: newest(({ place }) => place),
    }),
    nips: all(({ nips }) => nips),
    requirements: { has: requirements.yes, hasNot: requirements.no },
    topics: all(({ topics }) => topics),
    relayTypes: all(({ relayTypes }) => relayTypes),
    kinds: { accepts: kinds.yes, rejects: kinds.no },
    countries: all(({ countries }) => countries),
  };
}

interface Claims<T> {
  readonly yes: readonly T[];
  readonly no: readonly T[];
}

/** What is said first of a thing counts; who says yes and no at once says yes. */
function settle<T>(claims: readonly Claims<T>[]): Claims<T> {
  const settled = new Map<T, boolean>();
  const say = (things: readonly T[], isSo: boolean): void => {
    for (const thing of things) if (!settled.has(thing)) settled.set(thing, isSo);
  };
  for (const { yes, no } of claims) {
    say(yes, true);
    say(no, false);
  }
  const those = (wanted: boolean): readonly T[] =>
    [...settled].filter(([, isSo]) => isSo === wanted).map(([thing]) => thing);
  return { yes: those(true), no: those(false) };
}
