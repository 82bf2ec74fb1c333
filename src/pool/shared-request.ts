import { type Observable, type Subscriber, Subscription } from 'rxjs';
import { stopWith } from '../operators/stop-with.ts';
import type { NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { FilterShape } from '../protocol/filter-shape.ts';
import type { Packet } from '../protocol/packet.ts';
import { RequestHistory } from './request-history.ts';

/** Values that one request asks for at most, unless a single subscriber asks for more. */
const MOST_VALUES = 500;

/** Who takes part in a shared request. */
interface Rider {
  readonly values: ReadonlySet<string>;
  readonly subscriber: Subscriber<Packet>;
  /** How many packets had come before it did. */
  readonly after: number;
  /** What it is to be told in its first turn: all that was before it came, and what came since; undefined where it hears what comes. */
  untold: Packet[] | undefined;
}

/** What a shared request needs. */
export interface SharingContext {
  /**
   * Asks the relays, and calls `asking` before it asks one; the names are those of all who take part, now and later.
   */
  readonly ask: (filters: readonly Filter[], ids: ReadonlySet<string>, asking: () => void) => Observable<Packet>;
  /** A verified event by its id, while it is remembered. */
  readonly known: (id: string) => NostrEvent | undefined;
  /** Seconds since 1970. */
  readonly now: () => number;
  /** Whether others may join while it asks. */
  readonly isJoinable: boolean;
  /** Called when it asks nobody any more. */
  readonly over: () => void;
}

/**
 * One request for several subscribers: they ask the same, or the same but for the values of one list. Each hears of the events that it asked for,
 * and all that relays say of themselves. Who joins later is told first what the others have heard.
 */
export class SharedRequest {
  readonly ids = new Set<string>();
  readonly #riders = new Set<Rider>();
  /** Who hears of an event, by the values of the list that they differ in; a value that is asked for stays when nobody is left. */
  readonly #byValue = new Map<string, Set<Rider>>();
  readonly #history: RequestHistory;
  /** What is to be told when all have been told what is being told. */
  readonly #untold: (() => void)[] = [];
  #isTelling = false;
  /** Packets that came. */
  #count = 0;
  /** Relays that are awaited: as the last packet said, and those that were asked since. */
  #pending = 0;
  #asking: Subscription | undefined;
  #isOver = false;

  /** @param shape - What they ask, with the values of all in the list that they differ in. */
  constructor(
    private readonly shape: FilterShape,
    private readonly context: SharingContext,
  ) {
    this.#history = new RequestHistory(context.known);
  }

  /** Whether it may ask for these too, before it starts. */
  hasRoomFor(values: ReadonlySet<string>): boolean {
    let room = MOST_VALUES - this.#byValue.size;
    for (const value of values) if (!this.#byValue.has(value) && --room < 0) return false;
    return true;
  }

  /** Whether all that this one asks for is asked for already, and what was delivered of it can be told. */
  canJoin(values: ReadonlySet<string>): boolean {
    if (this.#isOver) return false;
    for (const value of values) if (!this.#byValue.has(value)) return false;
    return this.#history.canBeTold;
  }

  /** Takes part until unsubscribed from; the last who leaves ends the request. */
  join(filters: readonly Filter[], values: ReadonlySet<string>, subscriber: Subscriber<Packet>): void {
    // Now, as it may be too much to be remembered by its first turn.
    const before = this.#asking && this.#history.toldTo(filters, this.context.now(), this.#pending);
    const rider: Rider = { values, subscriber, after: this.#count, untold: before && [...before] };
    this.#riders.add(rider);
    for (const value of values) {
      const riders = this.#byValue.get(value);
      if (riders) riders.add(rider);
      else this.#byValue.set(value, new Set([rider]));
    }
    subscriber.add(() => this.#left(rider));
    // Never while it subscribes: that would depend on whether others ask the same.
    if (rider.untold) queueMicrotask(() => this.#inTurn(() => this.#welcome(rider)));
  }

  /** Asks, for all that take part so far. */
  start(): void {
    if (this.#isOver) return;
    this.#asking = new Subscription();
    this.context
      .ask(this.shape.filtersWith([...this.#byValue.keys()]), this.ids, () => this.#pending++)
      .pipe(stopWith(this.#asking))
      .subscribe({
        next: (packet) => this.#inTurn(() => this.#heard(packet)),
        error: (error) => this.#endAll((subscriber) => subscriber.error(error)),
        complete: () => this.#endAll((subscriber) => subscriber.complete()),
      });
  }

  /** At once, or after what is being told: whoever is told something may cause the next, and all hear everything in one order. */
  #inTurn(tell: () => void): void {
    if (this.#isTelling) {
      this.#untold.push(tell);
      return;
    }
    this.#isTelling = true;
    try {
      for (let next: (() => void) | undefined = tell; next; next = this.#untold.shift()) next();
    } finally {
      this.#isTelling = false;
    }
  }

  #heard(packet: Packet): void {
    if (this.context.isJoinable) this.#history.add(packet);
    if ('pending' in packet) this.#pending = packet.pending;
    const number = ++this.#count;
    // It may be the set itself: who joins meanwhile knows of it, and who leaves is passed over.
    for (const { after, untold, subscriber } of packet.type === 'event' ? this.#ridersOf(packet.event) : this.#riders) {
      if (after >= number) continue;
      if (untold) untold.push(packet);
      else subscriber.next(packet);
    }
  }

  /** Each once, though an event may have several of the values. */
  #ridersOf(event: NostrEvent): Iterable<Rider> {
    const values = this.shape.valuesOf(event);
    const [value] = values;
    if (value !== undefined && values.length === 1) return this.#byValue.get(value) ?? [];
    const [only = [], ...more] = values.flatMap((each) => this.#byValue.get(each) ?? []);
    return more.length === 0 ? only : new Set([only, ...more].flatMap((riders) => [...riders]));
  }

  #welcome(rider: Rider): void {
    for (const packet of rider.untold ?? []) rider.subscriber.next(packet);
    rider.untold = undefined;
  }

  #left(rider: Rider): void {
    this.#riders.delete(rider);
    for (const value of rider.values) {
      const riders = this.#byValue.get(value);
      riders?.delete(rider);
      if (riders?.size === 0 && !this.#asking) this.#byValue.delete(value);
    }
    if (this.#riders.size > 0) return;
    this.#end();
    this.#asking?.unsubscribe();
  }

  #endAll(end: (subscriber: Subscriber<Packet>) => void): void {
    this.#end();
    // Unsubscribing calls them all, though one of them throws, as a subscriber's own teardown may.
    const ends = new Subscription();
    for (const { subscriber } of this.#riders) ends.add(() => end(subscriber));
    this.#inTurn(() => ends.unsubscribe());
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.context.over();
  }
}
