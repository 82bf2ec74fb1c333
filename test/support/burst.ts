import type { NostrEvent } from '../../src/protocol/event.ts';
import { fakeEvent } from '../../src/testing/index.ts';

/** So many notes, a second apart, the newest first, named for their place; for a verifier that lets them pass. */
export function burstOf(count: number, newest: number): NostrEvent[] {
  return Array.from({ length: count }, (_, index) => fakeEvent({ content: `${index}`, created_at: newest - index }));
}
