import type { BalanceStrategy } from '../../src/policies/balance.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import type { RelayInformationOptions } from '../../src/sources/relay-information.ts';
import type { VirtualRelay } from '../../src/testing/index.ts';

/** A strategy without chance or measurements: whoever the pool has had for longest comes first. */
export const inOrder: BalanceStrategy = { rank: (candidates) => candidates };

/** The filters of each REQ that a relay has got. */
export function reqs({ received }: VirtualRelay): readonly (readonly Filter[])[] {
  return received.flatMap(({ message }) => (message.type === 'REQ' ? [message.filters as readonly Filter[]] : []));
}

/** How many REQs each relay has got. */
export const asked = (relays: readonly VirtualRelay[]): readonly number[] => relays.map((relay) => reqs(relay).length);

/** The numbers, from 0, of the relays that have got a REQ. */
export const whoWasAsked = (relays: readonly VirtualRelay[]): readonly number[] =>
  relays.flatMap((relay, index) => (reqs(relay).length > 0 ? [index] : []));

/** How many messages of a verb each relay has got. */
export const got = (relays: readonly VirtualRelay[], verb: 'REQ' | 'CLOSE' | 'EVENT'): readonly number[] =>
  relays.map(({ received }) => received.filter(({ message }) => message.type === verb).length);

/** Serves each relay's document (NIP-11) by its URL; where there is none, 404. */
export function documents(
  byRelay: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): RelayInformationOptions & { readonly fetch: typeof globalThis.fetch } {
  return {
    fetch: (input) => {
      const url = (input instanceof Request ? input.url : String(input)).replace(/^http/, 'ws');
      const document = byRelay[url];
      const headers = { 'content-type': 'application/nostr+json' };
      return Promise.resolve(
        document ? new Response(JSON.stringify(document), { headers }) : new Response('', { status: 404 }),
      );
    },
  };
}
