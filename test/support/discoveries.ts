import type { NostrEvent } from '../../src/protocol/event.ts';
import { anEvent } from './packets.ts';

/** Public keys of monitors. */
export const [ALICE = '', BOB = '', CAROL = '', MALLORY = ''] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64));

/** What a monitor says of `wss://<name>.example` at `seenAt` seconds (NIP-66). */
export function aReport(
  monitor: string,
  name: string,
  seenAt: number,
  tags: readonly string[][] = [],
  fields: Partial<NostrEvent> = {},
): NostrEvent {
  return anEvent('1', {
    kind: 30_166,
    pubkey: monitor,
    created_at: seenAt,
    tags: [['d', `wss://${name}.example`], ...tags],
    ...fields,
  });
}
