import { expiresAt, toNostrEvent, type NostrEvent } from '../protocol/event.ts';
import { compileFilters, matchesFilter, type Filter } from '../protocol/filter.ts';
import type { Packet } from '../protocol/packet.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { auditArrivals, type Receiver } from './audit-arrivals.ts';
import type { EntryOf, HistoryEntry } from './history-entry.ts';
import type { Audit, AuditContext } from './history-rule.ts';
import { RelayRecord, type Standing } from './relay-record.ts';

interface Subscriber extends Receiver {
  readonly name: string;
  readonly relays: ReadonlySet<string> | undefined;
  /** The place in the history since which it is owed what relays hold: of its last question, or the beginning where others may have asked it before. */
  owedFrom: number;
  matches: (event: NostrEvent) => boolean;
  /** Whether its packets are known, and so its gaps. */
  tellsAll: boolean;
  readonly standings: Map<RelayUrl, Standing>;
  /** Events of which it was said that it misses them: once is enough. */
  readonly missed: Set<string>;
}

/** Reasons of `lost` that last until the relay says something, or the connection ends, of which the subscriber was told. */
const LASTING: readonly (string | undefined)[] = ['silent', 'deadline', 'parked'];

/** What subscribers were told, beside what they should have been. */
export function auditDeliveries(context: AuditContext): Audit {
  const { broken, verify } = context;
  /** The place of what is looked at in the history: of what happens in one instant, it tells what came first. */
  let place = 0;
  const relays = new Map<RelayUrl, RelayRecord>();
  const subscribers = new Map<string, Subscriber>();
  const arrivals = auditArrivals(context, subscribers);

  const relayOf = (url: RelayUrl): RelayRecord => {
    const known = relays.get(url);
    if (known) return known;
    const relay = new RelayRecord();
    relays.set(url, relay);
    return relay;
  };
  const standingOf = (subscriber: Subscriber, url: RelayUrl): Standing => {
    const known = subscriber.standings.get(url);
    if (known) return known;
    const since = Math.max(subscriber.owedFrom, relayOf(url).joinedIn);
    const standing: Standing = { since, word: undefined, eoseIn: Infinity, gaps: [] };
    subscriber.standings.set(url, standing);
    return standing;
  };

  /** Events of the relay that the subscriber should have by now, and has not. */
  const missing = (
    subscriber: Subscriber,
    url: RelayUrl,
    isInTime: (since: number) => boolean,
  ): readonly NostrEvent[] => {
    const relay = relayOf(url);
    const standing = standingOf(subscriber, url);
    const isNamed = ({ created_at }: NostrEvent): boolean =>
      standing.gaps.some(({ since, until }) => since <= created_at && created_at <= until);
    return [...relay.held.values()]
      .filter(({ event: { id } }) => !subscriber.delivered.has(id) && !subscriber.missed.has(id))
      .filter(({ event, since }) => isInTime(since) && subscriber.matches(event))
      .filter(({ event }) => !((relay.withheldIn.get(event.id) ?? -Infinity) > standing.since))
      .filter(({ event }) => expiresAt(event) === undefined && verify(event) && !isNamed(event))
      .filter(({ event, since }) => since > standing.eoseIn || isWithinLimit(subscriber.filters, event, relay))
      .map(({ event }) => event);
  };
  const owe = (
    at: number,
    subscriber: Subscriber,
    url: RelayUrl,
    events: readonly NostrEvent[],
    when: string,
  ): void => {
    for (const event of events) {
      broken(at, 'missed', `${subscriber.name} was not told of ${textOf(event)}, which ${url} holds, ${when}`);
      subscriber.missed.add(event.id);
    }
  };

  const delivered = (at: number, subscriber: Subscriber, event: NostrEvent, from: RelayUrl | undefined): void => {
    const { name } = subscriber;
    const what = `${name} was told of ${textOf(event)}${from === undefined ? '' : ` of ${from}`}`;
    if (subscriber.delivered.has(event.id)) broken(at, 'duplicate', `${what} a second time`);
    subscriber.delivered.add(event.id);
    if (!verify(event)) broken(at, 'unverified', `${what}, which does not verify`);
    if (!subscriber.matches(event)) broken(at, 'unmatched', `${what}, which it did not ask for`);
    if (from !== undefined && !relayOf(from).sent.has(event.id)) {
      broken(at, 'unsent', `${what}, which that relay had not sent`);
    }
  };
  const told = (at: number, subscriber: Subscriber, packet: Packet): void => {
    if (packet.type === 'event') return delivered(at, subscriber, packet.event, packet.relay);
    const standing = standingOf(subscriber, packet.relay);
    switch (packet.type) {
      case 'gap':
        standing.gaps.push(packet);
        return;
      case 'lost':
        standing.word = packet.error.code;
        return;
      case 'closed':
        standing.word = 'closed';
        return;
      case 'eose':
        standing.word = 'eose';
        standing.eoseIn = Math.min(standing.eoseIn, place);
        owe(
          at,
          subscriber,
          packet.relay,
          missing(subscriber, packet.relay, (since) => since < standing.since),
          'at EOSE',
        );
    }
  };
  const rested = (at: number): void => {
    for (const subscriber of subscribers.values()) {
      if (!subscriber.tellsAll || subscriber.endedAt < Infinity) continue;
      for (const [url, relay] of relays) {
        if (!relay.isMember || subscriber.relays?.has(url) === false) continue;
        const { word } = standingOf(subscriber, url);
        if (word === 'eose')
          owe(
            at,
            subscriber,
            url,
            missing(subscriber, url, () => true),
            'at rest',
          );
        else if (word !== 'closed' && !LASTING.includes(word)) {
          broken(at, 'unsettled', `${subscriber.name} has heard of ${url} ${word ?? 'nothing'}, at rest`);
        }
      }
    }
  };
  const asked = ({ name, filters, relays: only, joins }: EntryOf<'asked'>): void => {
    const known = subscribers.get(name);
    const change = { askedIn: place, owedFrom: joins ? 0 : place, filters, matches: compileFilters(filters) };
    if (known) {
      Object.assign(known, change);
      known.standings.clear();
      return;
    }
    subscribers.set(name, {
      name,
      relays: only,
      ...change,
      delivered: new Set(),
      standings: new Map(),
      missed: new Set(),
      tellsAll: true,
      endedAt: Infinity,
    });
  };

  const see = (entry: HistoryEntry): void => {
    place++;
    switch (entry.type) {
      case 'stored':
        return relayOf(entry.relay).stored(entry.event, place);
      case 'removed':
        relayOf(entry.relay).held.delete(entry.event.id);
        return;
      case 'withheld':
        relayOf(entry.relay).withheldIn.set(entry.event.id, place);
        return;
      case 'joined':
        Object.assign(relayOf(entry.relay), { isMember: true, joinedIn: place });
        // What was said when it was there before is another matter.
        for (const { standings } of subscribers.values()) standings.delete(entry.relay);
        return;
      case 'left':
        relayOf(entry.relay).isMember = false;
        return;
      case 'received': {
        const event = entry.message.type === 'EVENT' ? toNostrEvent(entry.message.event) : undefined;
        if (event) relayOf(entry.relay).sends(event, verify);
        return;
      }
      case 'asked':
        return asked(entry);
      case 'ended': {
        const subscriber = subscribers.get(entry.name);
        if (subscriber) subscriber.endedAt = entry.at;
        return;
      }
      case 'packet': {
        const subscriber = subscribers.get(entry.name);
        if (subscriber) told(entry.at, subscriber, entry.packet);
        return;
      }
      case 'event': {
        const subscriber = subscribers.get(entry.name);
        if (!subscriber) return;
        subscriber.tellsAll = false;
        return delivered(entry.at, subscriber, entry.event, undefined);
      }
      case 'rest':
        return rested(entry.at);
      default:
    }
  };
  return {
    see: (entry) => {
      see(entry);
      arrivals.see(entry);
    },
    end: (at) => arrivals.end?.(at),
  };
}

/** Whether no limit can have cut off what was stored before the first EOSE: whatever the relay ever held, or sent, is counted. */
function isWithinLimit(filters: readonly Filter[], event: NostrEvent, { ever }: RelayRecord): boolean {
  return filters.some((filter) => {
    if (filter.search !== undefined || !matchesFilter(filter, event)) return false;
    if (filter.limit === undefined) return true;
    let newer = 0;
    for (const other of ever.values()) {
      if (other !== event && other.created_at >= event.created_at && matchesFilter(filter, other)) newer++;
    }
    return newer < filter.limit;
  });
}

function textOf({ id, kind, created_at, content }: NostrEvent): string {
  return `event ${id.slice(0, 8)} (kind ${kind}, dated ${created_at}, ${JSON.stringify(content.slice(0, 20))})`;
}
