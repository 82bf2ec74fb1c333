import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import { parseReason } from '../../src/protocol/reason.ts';
import { RelayError } from '../../src/protocol/relay-error.ts';
import { relayUrl } from '../../src/protocol/relay-url.ts';

const relay = relayUrl('wss://relay.example');

/** A well-formed event, not signed: its id is made of `tail`. */
export function anEvent(tail: string, fields: Partial<NostrEvent> = {}): NostrEvent {
  const bare = {
    pubkey: 'a'.repeat(64),
    created_at: 1_700_000_000,
    kind: 1,
    tags: [],
    content: '',
    sig: 'b'.repeat(128),
  };
  return { id: tail.padStart(64, '0'), ...bare, ...fields };
}

/** Packets of every type. */
export const packetOf = {
  event: (event: NostrEvent): Packet => ({ type: 'event', relay, event }),
  eose: (pending: number): Packet => ({ type: 'eose', relay, pending }),
  closed: (pending: number): Packet => ({ type: 'closed', relay, reason: parseReason('error: no'), pending }),
  lost: (pending: number): Packet => ({
    type: 'lost',
    relay,
    error: new RelayError('silent', relay, 'no answer'),
    pending,
  }),
  gap: (): Packet => ({ type: 'gap', relay, since: 1, until: 2 }),
};
