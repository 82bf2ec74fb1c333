import { OutboxError } from './outbox-error.ts';
import type { OutboxStore } from './outbox-store.ts';

const ENTRIES = 'entries';

/** The store of a page, on IndexedDB itself: `level` would bring Node's `events` and `buffer`, and cannot ask for a flush. */
export function levelOutboxStore(location: string): OutboxStore {
  let opening: Promise<IDBDatabase> | undefined;
  const forget = (): void => (opening = undefined);
  /** Opened again where it failed, and where the browser closed it. */
  const open = (): Promise<IDBDatabase> => {
    const opened = (opening ??= openDatabase(location, forget));
    opened.catch(forget);
    return opened;
  };
  const read = async <T>(ask: (entries: IDBObjectStore) => () => T): Promise<T> =>
    completed((await open()).transaction(ENTRIES, 'readonly'), ask);
  const write = async (ask: (entries: IDBObjectStore) => unknown): Promise<void> =>
    completed((await open()).transaction(ENTRIES, 'readwrite', { durability: 'strict' }), (entries) => {
      ask(entries);
      return () => undefined;
    });

  return {
    entries: () =>
      read((entries) => {
        const [keys, values] = [entries.getAllKeys(), entries.getAll()];
        return () => keys.result.map((key, index) => [textOf(key), textOf(values.result[index])] as const);
      }),
    get: (key) =>
      read((entries) => {
        const value: IDBRequest<unknown> = entries.get(key);
        return () => (value.result === undefined ? undefined : textOf(value.result));
      }),
    put: (key, value) => write((entries) => entries.put(value, key)),
    delete: (key) => write((entries) => entries.delete(key)),
    close: async () => {
      const opened = opening;
      forget();
      // One that never opened need not be closed.
      const database = await opened?.catch(() => undefined);
      database?.close();
    },
  };
}

/** What is no text was put there by somebody else; the outbox says that it is none of ours. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function openDatabase(location: string, onClosed: () => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(new OutboxError('store-failed', `The store '${location}' cannot be opened.`, { cause }));
    try {
      const request = indexedDB.open(location, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(ENTRIES);
      request.onerror = () => fail(request.error);
      request.onsuccess = () => {
        const database = request.result;
        database.onclose = onClosed;
        // Somebody deletes it, or a later version wants it: it is not held back.
        database.onversionchange = () => {
          database.close();
          onClosed();
        };
        resolve(database);
      };
    } catch (error) {
      // There is no IndexedDB, or the page may not use it.
      fail(error);
    }
  });
}

/** Resolves with what was asked when the transaction is complete. */
function completed<T>(transaction: IDBTransaction, ask: (entries: IDBObjectStore) => () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const answer = ask(transaction.objectStore(ENTRIES));
    transaction.oncomplete = () => resolve(answer());
    transaction.onabort = () => reject(transaction.error ?? new Error('The transaction was aborted.'));
  });
}
