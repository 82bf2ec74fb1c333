import type { RelayList } from '../../src/protocol/relay-list.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import { testKey, type VirtualRelay } from '../../src/testing/index.ts';
import { reqs } from './asked.ts';
import { worldOfLoners, type World, type WorldOptions } from './world.ts';

/** Where users write and read: a letter a relay, users by their number. */
export type Places = Readonly<Record<number, readonly [write: string, read?: string]>>;

/** A world whose pool has `relay1` alone; other relays, a letter each, are on the network. */
export interface OutboxWorld extends World {
  readonly home: VirtualRelay;
  /** The relay of a letter. */
  at(letter: string): VirtualRelay;
  /** The numbers of the users whom the open REQs of a relay name, each once; `all` for a filter without users. */
  asks(relay: VirtualRelay): string;
}

export const user = (index: number): string => testKey(index).publicKey;
export const urlOf = (letter: string): string => `wss://${letter}.test/`;

/** The lists of users. */
export function listsOf(places: Places): ReadonlyMap<string, RelayList> {
  const urls = (letters: string) => [...letters].map((letter) => relayUrl(urlOf(letter)));
  return new Map(
    Object.entries(places).map(([index, [write, read = '']]) => {
      const pubkey = user(Number(index));
      return [pubkey, { pubkey, createdAt: 1, write: urls(write), read: urls(read) }];
    }),
  );
}

export function outboxWorld(options: WorldOptions = {}): OutboxWorld {
  const world = worldOfLoners(options);
  const { network, relay: home } = world;
  for (const letter of 'abcdefgh') network.relay(urlOf(letter));
  const numberOf = (pubkey: string): number => [0, 1, 2, 3, 4, 5, 6, 7].findIndex((index) => user(index) === pubkey);
  const usersOf = ({ authors, '#p': mentioned }: Filter): readonly (string | number)[] =>
    (authors ?? mentioned)?.map(numberOf) ?? ['all'];
  const openReqs = ({ received }: VirtualRelay): readonly (readonly Filter[])[] => {
    const open = new Map<string, readonly Filter[]>();
    for (const { message, connection } of received) {
      if (message.type === 'REQ') {
        open.set(`${connection} ${message.subscriptionId}`, message.filters as readonly Filter[]);
      } else if (message.type === 'CLOSE') open.delete(`${connection} ${message.subscriptionId}`);
    }
    return [...open.values()];
  };
  return {
    ...world,
    home,
    at: (letter) => network.relay(urlOf(letter)),
    asks: (relay) => [...new Set(openReqs(relay).flat().flatMap(usersOf))].sort().join(' '),
  };
}

/** Whether a relay was ever connected to. */
export const wasDialled = (relay: VirtualRelay): boolean => relay.connectionCount > 0 || reqs(relay).length > 0;
