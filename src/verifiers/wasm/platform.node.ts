import * as crypto from 'node:crypto';
import { type NostrEvent, serializeEvent } from '../../protocol/event.ts';

export { spawnScript } from '../spawn-worker.node.ts';

/** Code lies on a disk: it is there in milliseconds, sooner than the pure verifier has made its tables. */
export const CODE_IS_NEAR = true;

/** `crypto.hash` came with Node 20.12 and 21.7. */
const hash: typeof crypto.hash | undefined = crypto.hash;

/** The id that the event should have (NIP-01). */
export function idOf(event: NostrEvent): string {
  const text = serializeEvent(event);
  return hash ? hash('sha256', text) : crypto.createHash('sha256').update(text).digest('hex');
}
