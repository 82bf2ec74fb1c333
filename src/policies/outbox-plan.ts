import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import { readRelayList, type RelayList } from '../protocol/relay-list.ts';
import { coverSets } from './set-cover.ts';

/** What is known of users, and which relays may be used. */
export interface OutboxKnowledge {
  /** Relay lists (NIP-65) by author. */
  readonly lists: ReadonlyMap<string, RelayList>;
  /** Where direct messages for a user go (NIP-17), by user. */
  readonly inboxes: ReadonlyMap<string, readonly string[]>;
  readonly isUsable: (relay: string) => boolean;
  /** What a relay is worth by itself, in authors; see `coverSets`. */
  readonly worth: (relay: string) => number;
}

/** How much of everything. */
export interface OutboxNumbers {
  /** By how many relays each author is to be covered. */
  readonly times: number;
  /** Relays in all. */
  readonly maxRelays: number;
  /** Authors in one filter. */
  readonly maxAuthors: number;
}

/** Who is to be asked what. */
export interface OutboxPlan {
  /** By relay URL. */
  readonly relays: ReadonlyMap<string, readonly Filter[]>;
  /** What no list tells a relay for. */
  readonly rest: readonly Filter[];
}

/** A gift wrap (NIP-59) goes to where its receiver wants direct messages, and nowhere else (NIP-17). */
const GIFT_WRAP = 1_059;
const RELAY_LIST = 10_002;

/**
 * Splits filters over the relays that authors write to, and for mentions over those that the mentioned read (NIP-65), so that few relays
 * cover each author `times` times.
 */
export function planRequest(
  filters: readonly Filter[],
  knowledge: OutboxKnowledge,
  { times, maxRelays, maxAuthors }: OutboxNumbers,
): OutboxPlan {
  const relays = new Map<string, Filter[]>();
  const rest: Filter[] = [];
  for (const filter of filters) {
    const key = filter.authors ? 'authors' : '#p';
    const users = filter[key];
    if (!users) {
      rest.push(filter);
      continue;
    }
    const relaysOf = (user: string): readonly string[] => {
      const list = knowledge.lists.get(user);
      return ((key === 'authors' ? list?.write : list?.read) ?? []).filter(knowledge.isUsable);
    };
    const { chosen, uncovered } = coverSets({
      wanted: new Map(users.map((user) => [user, relaysOf(user)])),
      times,
      maximum: maxRelays - relays.size,
      preferred: knowledge.worth,
      taken: new Set(relays.keys()),
    });
    const askingFor = (some: readonly string[]): readonly Filter[] =>
      chunks(some, maxAuthors).map((chunk) => ({ ...filter, [key]: chunk }));
    for (const [relay, some] of chosen) relays.set(relay, [...(relays.get(relay) ?? []), ...askingFor(some)]);
    rest.push(...askingFor(uncovered));
  }
  return { relays, rest };
}

/**
 * Where an event goes: to the relays its author writes to, and to those that the tagged users read (NIP-65). A gift wrap goes to where its receivers
 * want direct messages (NIP-17) and nowhere else, a relay list also to the relays that it names.
 *
 * @returns the relays, those of the author first, and whether the author's are known
 */
export function planPublish(
  event: NostrEvent,
  { lists, inboxes, isUsable }: OutboxKnowledge,
  { maxRelays }: OutboxNumbers,
): { readonly relays: readonly string[]; readonly isKnown: boolean } {
  const tagged = new Set(event.tags.filter(([name]) => name === 'p').flatMap(([, user]) => user ?? []));
  const usable = (relays: readonly string[]): readonly string[] =>
    [...new Set(relays)].filter(isUsable).slice(0, maxRelays);
  if (event.kind === GIFT_WRAP) {
    return { relays: usable([...tagged].flatMap((user) => inboxes.get(user) ?? [])), isKnown: true };
  }
  const named = event.kind === RELAY_LIST ? readRelayList(event) : undefined;
  const own = [...(lists.get(event.pubkey)?.write ?? []), ...(named?.write ?? []), ...(named?.read ?? [])];
  const theirs = [...tagged].flatMap((user) => lists.get(user)?.read ?? []);
  return { relays: usable([...own, ...theirs]), isKnown: usable(own).length > 0 };
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
