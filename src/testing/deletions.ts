import { replaceableKey, type NostrEvent } from '../protocol/event.ts';

const deletionKind = 5;

/**
 * What deletion requests (NIP-09) have taken away, so that it cannot come back: by author and id (`e` tags), and by
 * address up to the request's time (`a` tags). Only an author's own events count, and never another deletion.
 */
export class Deletions {
  readonly #ids = new Set<string>();
  readonly #addresses = new Map<string, number>();

  static isRequest(event: NostrEvent): boolean {
    return event.kind === deletionKind;
  }

  add(request: NostrEvent): void {
    for (const [name, value] of request.tags) {
      if (value === undefined) continue;
      if (name === 'e') this.#ids.add(`${request.pubkey} ${value}`);
      if (name === 'a' && value.split(':')[1] === request.pubkey) {
        this.#addresses.set(value, Math.max(this.#addresses.get(value) ?? 0, request.created_at));
      }
    }
  }

  covers(event: NostrEvent): boolean {
    if (Deletions.isRequest(event)) return false;
    if (this.#ids.has(`${event.pubkey} ${event.id}`)) return true;
    const key = replaceableKey(event);
    const until = key === undefined ? undefined : this.#addresses.get(key);
    return until !== undefined && event.created_at <= until;
  }

  clear(): void {
    this.#ids.clear();
    this.#addresses.clear();
  }
}
