/**
 * Where a {@link DurableOutbox} keeps what waits: texts by key. Each call may reject; the outbox says so in its `trouble$`, and loses
 * nothing because of it.
 *
 * One store belongs to one outbox at a time. Where two share one all the same, each confirmation is still true, and both may send.
 *
 * @example
 * ```ts
 * import type { OutboxStore } from 'rx-relay-pool/outbox';
 *
 * // Lasts as long as the tab.
 * const sessionStore: OutboxStore = {
 *   entries: () => Promise.resolve(Object.entries(sessionStorage) as [string, string][]),
 *   get: (key) => Promise.resolve(sessionStorage.getItem(key) ?? undefined),
 *   put: async (key, value) => sessionStorage.setItem(key, value),
 *   delete: async (key) => sessionStorage.removeItem(key),
 *   close: () => Promise.resolve(),
 * };
 * ```
 */
export interface OutboxStore {
  /** All that is kept, in any order. It is called before anything else, and again, after a while, where it failed. */
  entries(): Promise<Iterable<readonly [key: string, value: string]>>;
  /** What is kept under a key; undefined when nothing is. */
  get(key: string): Promise<string | undefined>;
  /** Keeps a text in place of what the key had. It resolves when a crash cannot undo it, not before. */
  put(key: string, value: string): Promise<void>;
  /** Forgets a key, also one that there is not. It resolves when a crash cannot undo it, not before. */
  delete(key: string): Promise<void>;
  /** Releases what it holds. */
  close(): Promise<void>;
}

/**
 * A store that lasts as long as the process: for tests, and where there is no disk. Two outboxes, one after the other, may have the same
 * one; closing it forgets nothing.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 * import { DurableOutbox, memoryOutboxStore } from 'rx-relay-pool/outbox';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const outbox = new DurableOutbox(pool, memoryOutboxStore());
 * await outbox.close();
 * pool.close();
 * ```
 */
export function memoryOutboxStore(): OutboxStore {
  const kept = new Map<string, string>();
  return {
    entries: () => Promise.resolve([...kept]),
    get: (key) => Promise.resolve(kept.get(key)),
    put: (key, value) => {
      kept.set(key, value);
      return Promise.resolve();
    },
    delete: (key) => {
      kept.delete(key);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
