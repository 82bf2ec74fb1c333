import { type FileHandle, open, readFile } from 'node:fs/promises';
import { getEventHash } from 'nostr-tools/pure';
import { type Filter, isWellFormedEvent, matchesFilter, type NostrEvent, type SyncStore } from '../index.ts';
import { LocalError, messageOf } from './exit-code.ts';

/**
 * Events in a file, a line of JSON each: read whole at the beginning, then only appended to, a line in one write, so that what breaks off is one
 * line at most. A line that is no event, or not the event of its id, counts as `unreadable` and stays as it is.
 */
export class JsonLinesStore implements SyncStore {
  readonly #events = new Map<string, NostrEvent>();
  #file: FileHandle | undefined;
  #needsNewline = false;
  /** The writes, one after the other. */
  #writing: Promise<void> = Promise.resolve();
  /** Lines that are of no use. */
  unreadable = 0;

  private constructor(private readonly path: string) {}

  /**
   * Reads the file; one that is not there is empty, and is made with the first event.
   *
   * @throws LocalError (rejects) where it cannot be read.
   */
  static async open(path: string): Promise<JsonLinesStore> {
    const store = new JsonLinesStore(path);
    let text = '';
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
        throw new LocalError(`${path} cannot be read: ${messageOf(error)}`);
      }
    }
    for (const line of text.split('\n')) if (line.trim() !== '') store.#read(line);
    store.#needsNewline = text !== '' && !text.endsWith('\n');
    return store;
  }

  get size(): number {
    return this.#events.size;
  }

  list(filter: Filter): Iterable<NostrEvent> {
    return [...this.#events.values()].filter((event) => matchesFilter(filter, event));
  }

  get(ids: readonly string[]): Iterable<NostrEvent> {
    return ids.flatMap((id) => this.#events.get(id) ?? []);
  }

  /** @throws LocalError (rejects) where it cannot be written. */
  async put(event: NostrEvent): Promise<void> {
    const writing = this.#writing.then(() => this.#append(event));
    this.#writing = writing.catch(() => undefined);
    await writing;
  }

  /** Waits for what is being written, and closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #append(event: NostrEvent): Promise<void> {
    try {
      this.#file ??= await open(this.path, 'a');
      await this.#file.appendFile(`${this.#needsNewline ? '\n' : ''}${JSON.stringify(event)}\n`);
    } catch (error) {
      throw new LocalError(`${this.path} cannot be written: ${messageOf(error)}`);
    }
    this.#needsNewline = false;
    this.#events.set(event.id, event);
  }

  #read(line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      value = undefined;
    }
    // What stands under an id that is not its own would keep the true event from being fetched.
    if (isWellFormedEvent(value) && getEventHash(value) === value.id) this.#events.set(value.id, value);
    else this.unreadable++;
  }
}
