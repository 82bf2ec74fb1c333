import type { VirtualRelay } from '../../src/testing/index.ts';

/** A fetch that answers for all relays, and whom it was called for. */
export function documents(answer: (signal: AbortSignal | undefined) => Response | Promise<Response>) {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    asked.push(input as string);
    return Promise.resolve(answer(init?.signal ?? undefined));
  };
  return { fetch, asked };
}

/** An information document (NIP-11) with this `limitation`. */
export function limiting(limitation: unknown): Response {
  const headers = { 'Content-Type': 'application/nostr+json' };
  return new Response(JSON.stringify({ name: 'a relay', limitation }), { headers });
}

/** The REQs that a relay has received so far. */
export function requestsTo(relay: VirtualRelay) {
  return relay.received.flatMap(({ message }) => (message.type === 'REQ' ? [message] : []));
}

/** Counts, from now on, the REQs that come over a connection with so many open already. */
export function countExcess(relay: VirtualRelay, most: number): () => number {
  let excess = 0;
  relay.received$.subscribe(({ connection, message }) => {
    const open = relay.connections.find(({ id }) => id === connection)?.subscriptionIds.length ?? 0;
    if (message.type === 'REQ' && open >= most) excess++;
  });
  return () => excess;
}
