import { type Observable, type Subscriber, Subscription } from 'rxjs';
import { classifyKind, type NostrEvent } from '../protocol/event.ts';
import type { Filter } from '../protocol/filter.ts';
import type { FilterShape } from '../protocol/filter-shape.ts';
import type { Packet } from '../protocol/packet.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { storedOf } from './stored-of.ts';

/** Events that are kept for those who join later; where there were more, nobody can join. */
const MOST_REPLAYED = 1_000;

/** Who takes part in a shared request. */
interface Rider {
  readonly filters: readonly Filter[];
  readonly subscriber: Subscriber<Packet>;
}

/** What a shared request needs. */
export interface SharingContext {
  /** Asks the relays; the names are those of all who take part, now and later. */
  readonly ask: (filters: readonly Filter[], ids: ReadonlySet<string>) => Observable<Packet>;
  /** A verified event by its id, while it is remembered. */
  readonly known: (id: string) => NostrEvent | undefined;
  /** Seconds since 1970. */
  readonly now: () => number;
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
  /** Who hears of an event, by the values of the list that they differ in. */
  readonly #byValue = new Map<string, Set<Rider>>();
  /** The events that were delivered, by their ids, and from where; undefined where there were too many. */
  #delivered: Map<string, RelayUrl> | undefined = new Map();
  readonly #said = new Map<RelayUrl, Packet & { readonly pending: number }>();
  readonly #gaps: (Packet & { readonly type: 'gap' })[] = [];
  #pending = 0;
  #asking: Subscription | undefined;
  #isOver = false;

  /** @param shape - What they ask, with the values of all in the list that they differ in. */
  constructor(
    private readonly shape: FilterShape,
    private readonly context: SharingContext,
  ) {}

  /** Whether all that this one asks for is asked for already, and what was delivered of it can be told. */
  canJoin(values: ReadonlySet<string>): boolean {
    if (this.#isOver || !this.#delivered) return false;
    for (const value of values) if (!this.#byValue.has(value)) return false;
    for (const id of this.#delivered.keys()) if (!this.context.known(id)) return false;
    return true;
  }

  /** Takes part until unsubscribed from; the last who leaves ends the request. */
  join(filters: readonly Filter[], values: ReadonlySet<string>, subscriber: Subscriber<Packet>): void {
    const rider: Rider = { filters, subscriber };
    this.#riders.add(rider);
    for (const value of values) {
      const riders = this.#byValue.get(value);
      if (riders) riders.add(rider);
      else this.#byValue.set(value, new Set([rider]));
    }
    subscriber.add(() => this.#left(rider, values));
    if (this.#asking) this.#replay(rider);
  }

  /** Asks, for all that take part so far. */
  start(): void {
    if (this.#isOver) return;
    const asking = (this.#asking = new Subscription());
    asking.add(
      this.context.ask(this.shape.filtersWith([...this.#byValue.keys()]), this.ids).subscribe({
        next: (packet) => this.#heard(packet),
        error: (error) => {
          this.#end();
          for (const { subscriber } of [...this.#riders]) subscriber.error(error);
        },
        complete: () => {
          this.#end();
          for (const { subscriber } of [...this.#riders]) subscriber.complete();
        },
      }),
    );
  }

  #heard(packet: Packet): void {
    if (packet.type === 'event') {
      this.#keep(packet.event, packet.relay);
      for (const rider of this.#ridersOf(packet.event)) rider.subscriber.next(packet);
      return;
    }
    if (packet.type === 'gap') this.#gaps.push(packet);
    else {
      this.#said.delete(packet.relay);
      this.#said.set(packet.relay, packet);
      this.#pending = packet.pending;
    }
    for (const { subscriber } of [...this.#riders]) subscriber.next(packet);
  }

  #keep({ id, kind }: NostrEvent, relay: RelayUrl): void {
    if (classifyKind(kind) === 'ephemeral') return;
    this.#delivered?.set(id, relay);
    if ((this.#delivered?.size ?? 0) > MOST_REPLAYED) this.#delivered = undefined;
  }

  /** Each once, though an event may have several of the values. */
  #ridersOf(event: NostrEvent): ReadonlySet<Rider> {
    const [only, ...more] = this.shape.valuesOf(event).flatMap((value) => this.#byValue.get(value) ?? []);
    if (!only) return new Set();
    return new Set([only, ...more].flatMap((riders) => [...riders]));
  }

  /** As a request of its own would have brought it: what is stored, then how the relays stand. */
  #replay({ filters, subscriber }: Rider): void {
    const delivered = [...(this.#delivered ?? [])].flatMap(([id, relay]) => {
      const event = this.context.known(id);
      return event ? [{ type: 'event' as const, relay, event }] : [];
    });
    const said = [...this.#said.values()].map((packet, index, all) => ({
      ...packet,
      pending: this.#pending + all.length - 1 - index,
    }));
    for (const packet of [...storedOf(delivered, filters, this.context.now()), ...this.#gaps, ...said]) {
      subscriber.next(packet);
    }
  }

  #left(rider: Rider, values: ReadonlySet<string>): void {
    this.#riders.delete(rider);
    for (const value of values) this.#byValue.get(value)?.delete(rider);
    if (this.#riders.size > 0) return;
    this.#end();
    this.#asking?.unsubscribe();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.context.over();
  }
}
