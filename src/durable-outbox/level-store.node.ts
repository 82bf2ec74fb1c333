import type { Level } from 'level';
import { OutboxError } from './outbox-error.ts';
import type { OutboxStore } from './outbox-store.ts';

/**
 * A store on the disk. In Node it is LevelDB, by the package `level`, which you install beside this one; in browsers it is IndexedDB, and
 * needs no package. It is opened by the outbox.
 *
 * A write counts when it is flushed: in Node it is synced to the disk, in browsers its transaction asks for `durability: 'strict'`. In Node one
 * process at a time has the store: the outbox of another gets `store-locked`, and tries again until it is free. In browsers tabs share it:
 * see `docs/durable-outbox.md`.
 *
 * @param location - A folder in Node; the name of a database in browsers.
 *
 * @example
 * ```ts
 * import { RelayPool } from 'rx-relay-pool';
 * import { DurableOutbox, levelOutboxStore } from 'rx-relay-pool/outbox';
 *
 * const pool = new RelayPool({ relays: ['wss://relay.example'] });
 * const outbox = new DurableOutbox(pool, levelOutboxStore('outbox'));
 * await outbox.close();
 * pool.close();
 * ```
 */
export function levelOutboxStore(location: string): OutboxStore {
  let opened: Level | undefined;
  const open = async (): Promise<Level> => {
    if (opened) return opened;
    // Loaded here, so that who brings a store of his own need not have it.
    const { Level } = await import('level').catch((cause: unknown) => {
      throw new OutboxError('store-failed', "levelOutboxStore needs the package 'level': npm install level", { cause });
    });
    const database: Level = new Level(location);
    try {
      await database.open();
    } catch (error) {
      throw readable(error, location);
    }
    return (opened = database);
  };
  const durably = { sync: true };
  return {
    entries: async () => (await open()).iterator().all(),
    get: async (key) => (await open()).get(key),
    put: async (key, value) => (await open()).put(key, value, durably),
    delete: async (key) => (await open()).del(key, durably),
    close: async () => {
      const database = opened;
      opened = undefined;
      await database?.close();
    },
  };
}

/** What `level` says of a failure to open is in the cause of its error. */
function readable(error: unknown, location: string): OutboxError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const isLocked = cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED';
  return isLocked
    ? new OutboxError('store-locked', `Another outbox, perhaps of another process, has '${location}' open.`, { cause })
    : new OutboxError('store-failed', `The store '${location}' cannot be opened.`, { cause });
}
