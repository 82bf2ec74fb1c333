import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import { readRelayList, type RelayList } from '../protocol/relay-list.ts';
import { tryAdmitRelayUrl } from '../protocol/try-relay-url.ts';
import { coverSets } from './set-cover.ts';

/** What is known of users, and which relays may be used. */
export interface OutboxKnowledge {
  /** Relay lists (NIP-65) by author. */
  readonly lists: ReadonlyMap<string, RelayList>;
  /** Where direct messages for a user go (NIP-17), by user, in any spelling. */
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

/** Where an event is to go. */
export interface PublishPlan {
  /** Those of the author first. */
  readonly relays: readonly string[];
  /** Of which one at least has to get it, or else the relays for what is not known do; undefined: these get it in no case. */
  readonly needed: readonly string[] | undefined;
}

/** A gift wrap (NIP-59) lies where its receiver wants direct messages, and nowhere else (NIP-17). */
const GIFT_WRAP = 1_059;
const RELAY_LIST = 10_002;

/**
 * Splits filters over the relays that authors write to, and for mentions over those that the mentioned read (NIP-65), so that few relays
 * cover each author `times` times. Gift wraps are looked for where their receivers want direct messages (NIP-17).
 */
export function planRequest(
  filters: readonly Filter[],
  knowledge: OutboxKnowledge,
  { times, maxRelays, maxAuthors }: OutboxNumbers,
): OutboxPlan {
  const relays = new Map<string, Filter[]>();
  const rest: Filter[] = [];
  for (const filter of filters.flatMap(withGiftWrapsApart)) {
    const key = filter.authors ? 'authors' : '#p';
    const users = filter[key];
    if (!users) {
      rest.push(filter);
      continue;
    }
    const { chosen, uncovered } = coverSets({
      wanted: new Map(users.map((user) => [user, relaysFor(filter, user, knowledge).filter(knowledge.isUsable)])),
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
 * Where an event goes: to the relays its author writes to, and to those that the tagged users read (NIP-65), where these are too many to some of
 * each user. A gift wrap goes to where its receivers want direct messages (NIP-17) and nowhere else, a relay list also to the relays that it
 * names.
 */
export function planPublish(
  event: NostrEvent,
  knowledge: OutboxKnowledge,
  { maxRelays }: Pick<OutboxNumbers, 'maxRelays'>,
): PublishPlan {
  const { lists, isUsable } = knowledge;
  const tagged = [...new Set(event.tags.filter(([name]) => name === 'p').flatMap(([, user]) => user ?? []))];
  const read = (user: string): readonly string[] =>
    event.kind === GIFT_WRAP ? inboxOf(user, knowledge) : (lists.get(user)?.read ?? []);
  const theirs = inTurn(tagged.map((user) => read(user).filter(isUsable)));
  const named = event.kind === RELAY_LIST ? readRelayList(event) : undefined;
  const own = [...(lists.get(event.pubkey)?.write ?? []), ...(named?.write ?? []), ...(named?.read ?? [])];
  const first = (relays: readonly string[]): readonly string[] => [...new Set(relays)].slice(0, maxRelays);
  if (event.kind === GIFT_WRAP) return { relays: first(theirs), needed: undefined };
  const needed = first(own.filter(isUsable));
  return { relays: first([...needed, ...theirs]), needed };
}

function relaysFor({ authors, kinds }: Filter, user: string, knowledge: OutboxKnowledge): readonly string[] {
  const list = knowledge.lists.get(user);
  if (authors) return list?.write ?? [];
  return kinds?.includes(GIFT_WRAP) ? inboxOf(user, knowledge) : (list?.read ?? []);
}

function inboxOf(user: string, { inboxes }: OutboxKnowledge): readonly string[] {
  return (inboxes.get(user) ?? []).flatMap((url) => tryAdmitRelayUrl(url) ?? []);
}

/** Their authors are made up for the occasion and have no list: it is the receivers who tell where they lie. */
function withGiftWrapsApart(filter: Filter): readonly Filter[] {
  const { kinds = [] } = filter;
  if (filter.authors || !filter['#p'] || !kinds.includes(GIFT_WRAP) || kinds.length === 1) return [filter];
  return [
    { ...filter, kinds: kinds.filter((kind) => kind !== GIFT_WRAP) },
    { ...filter, kinds: [GIFT_WRAP] },
  ];
}

/** The first of each list, then the second of each, and so on. */
function inTurn<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = lists.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
