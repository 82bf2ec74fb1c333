import { type NostrEvent, replaceableKey } from '../protocol/event.ts';
import { BoundedMap } from './bounded-map.ts';

const DELETION = 5;

/**
 * What deletion requests (NIP-09) have taken away, so that it cannot come back: by author and id (`e` tags), and by address up to the
 * request's time (`a` tags). Only an author's own events count, and never another deletion.
 */
export class Deletions {
  readonly #ids: BoundedMap<string, true>;
  readonly #addresses: BoundedMap<string, number>;

  /** @param capacity - Ids, and addresses, that are remembered; beyond it the one that was named least recently is forgotten. */
  constructor(capacity: number) {
    this.#ids = new BoundedMap(capacity);
    this.#addresses = new BoundedMap(capacity);
  }

  static isRequest(event: Pick<NostrEvent, 'kind'>): boolean {
    return event.kind === DELETION;
  }

  add(request: NostrEvent): void {
    for (const [name, value] of request.tags) {
      if (value === undefined) continue;
      if (name === 'e') this.#ids.set(`${request.pubkey} ${value}`, true);
      if (name === 'a' && value.split(':', 2)[1] === request.pubkey) {
        this.#addresses.set(value, Math.max(this.#addresses.get(value) ?? 0, request.created_at));
      }
    }
  }

  covers(event: NostrEvent): boolean {
    if (Deletions.isRequest(event)) return false;
    if (this.#ids.size > 0 && this.#ids.has(`${event.pubkey} ${event.id}`)) return true;
    if (this.#addresses.size === 0) return false;
    const key = replaceableKey(event);
    const until = key === undefined ? undefined : this.#addresses.get(key);
    return until !== undefined && event.created_at <= until;
  }

  clear(): void {
    this.#ids.clear();
    this.#addresses.clear();
  }
}
