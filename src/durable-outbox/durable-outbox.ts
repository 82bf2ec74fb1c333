import {
  defer,
  filter,
  from,
  map,
  type Observable,
  ReplaySubject,
  startWith,
  Subject,
  Subscription,
  switchMap,
} from 'rxjs';
import { Backoff } from '../policies/backoff.ts';
import type { RelayPool } from '../pool/relay-pool.ts';
import { type NostrEvent, supersedes } from '../protocol/event.ts';
import { Courier } from './courier.ts';
import { Entry } from './entry.ts';
import { LatestWrites } from './latest-writes.ts';
import { newRecord } from './new-record.ts';
import { OutboxError } from './outbox-error.ts';
import {
  completeOptions,
  type CompleteOptions,
  type DurableOutboxOptions,
  type OutboxPublishOptions,
} from './outbox-options.ts';
import { decodeRecord, encodeRecord, type OutboxRecord } from './outbox-record.ts';
import type { OutboxReport, OutboxStatus, OutboxTrouble } from './outbox-report.ts';
import type { OutboxStore } from './outbox-store.ts';

/** Pieces of trouble that are told to who subscribes later. */
const TROUBLE_REMEMBERED = 100;

type StoreAction = Extract<OutboxTrouble, { type: 'store' }>['action'];

/**
 * Keeps what is published until enough relays have it: through offline spells, restarts and crashes. An event is written to the store first,
 * then sent with `pool.publish`, and again to the relays that still miss it, with backoff and when a relay comes back, until its quorum is
 * met, its time is over, or so many relays refused it for good that the quorum is out of reach.
 *
 * It begins with its construction to send what the store has. Who subscribes to `settled$` and `trouble$` in the same turn misses nothing.
 *
 * **What is promised.** Once `publish` has emitted, the event is sent until it has one of the typed ends of {@link OutboxStatus}, whatever
 * crashes. A relay counts as `accepted` after its own OK and never before; where that word is lost in a crash the event is sent to it
 * again, so each relay gets it once or more often. Of the versions of a replaceable event only the newest is sent. Other events go out in any order.
 *
 * It needs a pool, and does not close it.
 *
 * @throws RangeError from the constructor when an option is out of its range.
 *
 * @example
 * ```ts
 * import { firstValueFrom } from 'rxjs';
 * import { type NostrEvent, RelayPool } from 'rx-relay-pool';
 * import { DurableOutbox, levelOutboxStore } from 'rx-relay-pool/outbox';
 *
 * const pool = new RelayPool({ relays: ['wss://a.example', 'wss://b.example', 'wss://c.example'] });
 * const outbox = new DurableOutbox(pool, levelOutboxStore('outbox'), { quorum: 2 });
 * outbox.trouble$.subscribe((trouble) => console.warn(trouble.type, trouble.error));
 *
 * // Resolves when it is on the disk; then it goes out, now or tomorrow.
 * const keep = (event: NostrEvent) => firstValueFrom(outbox.publish(event));
 * ```
 */
export class DurableOutbox implements AsyncDisposable {
  readonly #options: CompleteOptions;
  readonly #writes: LatestWrites;
  readonly #courier: Courier;
  readonly #entries = new Map<string, Entry>();
  /** Of each replaceable event the newest version that is stored. */
  readonly #newest = new Map<string, Entry>();
  readonly #unreadable = new Set<string>();
  readonly #changed = new Subject<void>();
  readonly #settled = new Subject<OutboxReport>();
  readonly #trouble = new ReplaySubject<OutboxTrouble>(TROUBLE_REMEMBERED);
  readonly #openBackoff: Backoff;
  #reopening = Subscription.EMPTY;
  #opened: Promise<void>;
  #isOpen = false;
  #closing: Promise<void> | undefined;
  #characters = 0;

  constructor(
    private readonly pool: RelayPool,
    private readonly store: OutboxStore,
    options: DurableOutboxOptions = {},
  ) {
    this.#options = completeOptions(options);
    const { backoff, random } = this.#options;
    this.#writes = new LatestWrites(store);
    this.#openBackoff = new Backoff(backoff, random);
    this.#courier = new Courier(pool, this.#options, this.#entries, {
      isKept: (entry) => this.#isKept(entry),
      progress: (entry, isAnswer) => {
        if (isAnswer) void this.#save(entry);
        entry.tell();
        this.#changed.next();
      },
      over: (entry, status) => void (status === 'rejected' ? this.#reject(entry) : this.#settle(entry, status)),
      failed: ({ record: { event } }, error) => this.#trouble.next({ type: 'publish', event, error: asError(error) }),
    });
    this.#opened = this.#open();
  }

  /**
   * Keeps a signed event, and sends it until enough relays have it. On subscribe; the first report comes when a crash cannot undo it, the
   * last says how it ended. Unsubscribing takes nothing back: `cancel` does.
   *
   * An event that is kept already is not kept twice, and the options of its first publish count. One that was rejected is tried anew, with
   * these options, also by relays that had refused it.
   *
   * When the outbox is closed the stream completes; the last report then says `pending`, as the event is still kept.
   *
   * @throws OutboxError (through the stream), and then nothing is kept or sent.
   */
  publish(event: NostrEvent, options: OutboxPublishOptions = {}): Observable<OutboxReport> {
    return defer(() => from(this.#accept(event, options))).pipe(switchMap((entry) => entry.report$));
  }

  /** What is kept, oldest first: now, as soon as the store has been read, and after every change. Those that were rejected are among it. */
  get pending$(): Observable<readonly OutboxReport[]> {
    return this.#changed.pipe(
      startWith(undefined),
      filter(() => this.#isOpen),
      map(() => [...this.#entries.values()].filter(({ isStored }) => isStored).map(({ report }) => report)),
    );
  }

  /** The last report of each event that comes to an end, also of those that an earlier run had published. */
  get settled$(): Observable<OutboxReport> {
    return this.#settled.asObservable();
  }

  /** What goes wrong around the outbox; of what went wrong before the subscription the latest hundred. */
  get trouble$(): Observable<OutboxTrouble> {
    return this.#trouble.asObservable();
  }

  /**
   * Takes an event back: it is sent no more, also after a restart. Relays that have it keep it. Resolves with whether there was one. With the
   * `key` of an unreadable entry it removes that.
   *
   * @throws OutboxError (by rejecting) with `store-failed` when it could not be removed, so that it may go out after a restart.
   */
  async cancel(id: string): Promise<boolean> {
    this.#refuseWhenClosed();
    await this.#opened;
    const entry = this.#entries.get(id);
    if (!entry && !this.#unreadable.has(id)) return false;
    const failure = entry ? await this.#settle(entry, 'cancelled') : await this.#forget(id);
    if (failure) throw storeError('delete', failure);
    this.#unreadable.delete(id);
    return true;
  }

  /** Stops sending, waits for writes that are under way, and closes the store. What waits goes out after the next start. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#courier.stop();
    this.#reopening.unsubscribe();
    for (const entry of this.#entries.values()) if (entry.isStored) entry.end();
    this.#changed.complete();
    // An opening that fails has been told.
    await this.#opened.catch(() => undefined);
    await this.#writes.idle();
    await this.store.close().catch((error: unknown) => this.#storeTrouble('close', error));
    this.#settled.complete();
    this.#trouble.complete();
  }

  /** Reads the store; where that fails it is tried again later. */
  #open(): Promise<void> {
    const opened = this.#read();
    opened.catch((error: unknown) => {
      this.#storeTrouble('open', error);
      if (this.#closing) return;
      const again = (): void => void (this.#opened = this.#open());
      this.#reopening = this.#options.scheduler.schedule(again, this.#openBackoff.next());
    });
    return opened;
  }

  async #read(): Promise<void> {
    let kept: Iterable<readonly [string, string]>;
    try {
      kept = await this.store.entries();
    } catch (error) {
      throw storeError('open', error);
    }
    if (this.#closing) return;
    const records: OutboxRecord[] = [];
    for (const [key, text] of kept) {
      try {
        records.push(decodeRecord(key, text));
      } catch (error) {
        this.#unreadable.add(key);
        this.#trouble.next({ type: 'unreadable', key, error: asError(error) });
      }
    }
    this.#isOpen = true;
    for (const record of records.sort((a, b) => a.since - b.since)) {
      const entry = this.#newEntry(record);
      entry.isFresh = false;
      this.#hold(entry);
      this.#stored(entry);
    }
    this.#changed.next();
  }

  async #accept(event: NostrEvent, options: OutboxPublishOptions): Promise<Entry> {
    this.#refuseWhenClosed();
    const { scheduler, capacity, characters } = this.#options;
    const record = newRecord(event, options, this.#options, scheduler.now());
    if (typeof record.quorum === 'object') Object.keys(record.quorum).forEach((name) => this.pool.cluster(name));
    await this.#opened;
    this.#refuseWhenClosed();

    const known = this.#entries.get(record.event.id);
    if (known) {
      await known.stored;
      return known.status === 'rejected' ? this.#revive(known, record) : known;
    }
    const entry = this.#newEntry(record);
    const rival = entry.key === undefined ? undefined : this.#newest.get(entry.key);
    if (rival && supersedes(rival.record.event, record.event)) return this.#endUnkept(entry, 'superseded');
    if (record.until <= scheduler.now()) return this.#endUnkept(entry, 'expired');
    if (this.#entries.size >= capacity || this.#characters + entry.size > characters) {
      const message = `The outbox is full: ${this.#entries.size} of ${capacity} events, ${this.#characters} of ${characters} characters.`;
      throw new OutboxError('full', `${message} Nothing was sent.`);
    }
    this.#hold(entry);
    entry.stored = this.#writes.write(entry.id, entry.text).catch(async (error: unknown) => {
      this.#release(entry);
      this.#storeTrouble('put', error, entry.id);
      // What is said to have failed may be there all the same.
      await this.#forget(entry.id);
      throw storeError('put', error);
    });
    await entry.stored;
    // Unless it was cancelled meanwhile.
    if (this.#entries.get(entry.id) === entry) this.#stored(entry);
    this.#changed.next();
    return entry;
  }

  /** A rejected event is to be sent anew. */
  async #revive(entry: Entry, { quorum, relays, priority, until }: OutboxRecord): Promise<Entry> {
    const record = entry.afresh({ quorum, relays, priority, until });
    try {
      await this.#writes.write(entry.id, encodeRecord(record));
    } catch (error) {
      this.#storeTrouble('put', error, entry.id);
      throw storeError('put', error);
    }
    if (entry.status !== 'rejected') return entry;
    entry.revive(record);
    this.#courier.send(entry, 'fresh');
    this.#changed.next();
    return entry;
  }

  #newEntry(record: OutboxRecord): Entry {
    return new Entry(record, this.#options.backoff, this.#options.random);
  }

  #endUnkept(entry: Entry, status: OutboxStatus): Entry {
    entry.status = status;
    this.#conclude(entry);
    return entry;
  }

  #hold(entry: Entry): void {
    this.#entries.set(entry.id, entry);
    this.#characters += entry.size;
  }

  #release(entry: Entry): void {
    if (this.#entries.get(entry.id) !== entry) return;
    this.#entries.delete(entry.id);
    this.#characters -= entry.size;
    if (entry.key !== undefined && this.#newest.get(entry.key) === entry) this.#newest.delete(entry.key);
  }

  /** From here on a crash cannot undo it, and it may be sent. */
  #stored(entry: Entry): void {
    entry.isStored = true;
    if (entry.key !== undefined) {
      const rival = this.#newest.get(entry.key);
      const isOlder = rival !== undefined && supersedes(rival.record.event, entry.record.event);
      const older = isOlder ? entry : rival;
      if (!isOlder) this.#newest.set(entry.key, entry);
      // Only now, as a crash in between must leave the newer one.
      if (older) void this.#settle(older, 'superseded');
    }
    if (entry.status === 'superseded') return;
    entry.tell();
    if (this.#closing || entry.status === 'rejected') entry.end();
    if (this.#closing) return;
    if (entry.status === 'rejected') this.#courier.hold(entry);
    else this.#courier.send(entry, entry.isFresh ? 'fresh' : 'again');
  }

  /** Ends it, and says so when the store has forgotten it. Resolves with why the store did not. */
  async #settle(entry: Entry, status: OutboxStatus): Promise<Error | undefined> {
    if (this.#entries.get(entry.id) !== entry) return undefined;
    entry.status = status;
    this.#release(entry);
    this.#courier.drop(entry, status === 'delivered');
    this.#changed.next();
    // What is gone is not there to be forgotten.
    const failure = status === 'gone' ? undefined : await this.#forget(entry.id);
    this.#conclude(entry);
    return failure;
  }

  /** It is kept, and no more sent. */
  async #reject(entry: Entry): Promise<void> {
    entry.status = 'rejected';
    entry.record = { ...entry.record, isRejected: true };
    this.#courier.hold(entry);
    await this.#save(entry);
    // Unless it was cancelled, or is to be sent again, meanwhile.
    if (this.#entries.get(entry.id) !== entry || !entry.record.isRejected) return;
    this.#conclude(entry);
    this.#changed.next();
  }

  #conclude(entry: Entry): void {
    entry.tell();
    entry.end();
    this.#settled.next(entry.report);
  }

  /** Whether the store still has it. Where two outboxes share one, the other may have learnt of more relays that accepted it. */
  async #isKept(entry: Entry): Promise<boolean> {
    let text: string | undefined;
    try {
      text = await this.store.get(entry.id);
    } catch (error) {
      this.#storeTrouble('get', error, entry.id);
      return true;
    }
    if (text === undefined) return false;
    try {
      entry.learn(decodeRecord(entry.id, text).answers);
    } catch (error) {
      this.#trouble.next({ type: 'unreadable', key: entry.id, error: asError(error) });
      void this.#save(entry);
    }
    return true;
  }

  /** What cannot be written is known here all the same, and asked for again after a restart. */
  #save(entry: Entry): Promise<void> {
    const saved = this.#writes.write(entry.id, entry.text);
    return saved.catch((error: unknown) => this.#storeTrouble('put', error, entry.id));
  }

  async #forget(key: string): Promise<Error | undefined> {
    try {
      await this.#writes.write(key, undefined);
      return undefined;
    } catch (error) {
      this.#storeTrouble('delete', error, key);
      return asError(error);
    }
  }

  #storeTrouble(action: StoreAction, error: unknown, key?: string): void {
    const trouble = { type: 'store', action, error: asError(error) } as const;
    this.#trouble.next(key === undefined ? trouble : { ...trouble, key });
  }

  #refuseWhenClosed(): void {
    if (this.#closing) throw new OutboxError('closed', 'This outbox was closed: make a new one.');
  }
}

function storeError(action: StoreAction, cause: unknown): OutboxError {
  if (cause instanceof OutboxError) return cause;
  return new OutboxError('store-failed', `The store failed at '${action}': ${asError(cause).message}`, { cause });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
