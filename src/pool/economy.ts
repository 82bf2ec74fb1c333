import { Observable } from 'rxjs';
import type { Filter } from '../protocol/filter.ts';
import { type ShapedFilters, shapeOfFilters } from '../protocol/filter-shape.ts';
import type { Packet } from '../protocol/packet.ts';
import { SharedRequest, type SharingContext } from './shared-request.ts';

/** Names that one request is remembered by at most. */
const MOST_NAMES = 100;

/** What sharing needs of the pool. */
export type EconomyContext = Pick<SharingContext, 'known' | 'now'>;

/** How a request is made, and with which others it may be made together. */
export interface SharedCall {
  /** The same for requests that are made alike. */
  readonly key: string;
  /** Where two requests differ that are compared by identity, as their routes. */
  readonly with: object;
  /** Whether what was delivered can be told to those who join later. */
  readonly joinable: boolean;
  /** A name to explain the request by. */
  readonly id: string | undefined;
  readonly ask: SharingContext['ask'];
}

/**
 * Makes one request of several: of all that ask the same, whenever they come, and of those that begin in the same turn of the event loop and
 * differ in the values of one list alone, such as the profiles that a page full of names asks for.
 */
export class RequestEconomy {
  /** Requests that begin in this turn, by what they have in common. */
  #beginning = new Map<string, readonly SharedRequest[]>();
  readonly #running = new Map<string, Set<SharedRequest>>();
  readonly #identities = new WeakMap<object, number>();
  #nextIdentity = 0;

  constructor(private readonly context: EconomyContext) {}

  /** The packets of a request, shared where it can be. */
  share(filters: readonly Filter[], call: SharedCall): Observable<Packet> {
    const shaped = shapeOfFilters(filters);
    return new Observable((subscriber) => {
      const key = `${this.#identity(call.with)} ${call.key} ${shaped.shape.key}`;
      const request = this.#runningFor(key, shaped, filters) ?? this.#beginningFor(key, shaped, call);
      if (call.id !== undefined && request.ids.size < MOST_NAMES) request.ids.add(call.id);
      request.join(filters, shaped.values, subscriber);
    });
  }

  /** One that is under way and can tell what it has brought; what a search brings has an order of its own (NIP-50). */
  #runningFor(key: string, { values }: ShapedFilters, filters: readonly Filter[]): SharedRequest | undefined {
    if (filters.some(({ search }) => search !== undefined)) return undefined;
    for (const request of this.#running.get(key) ?? []) if (request.canJoin(values)) return request;
    return undefined;
  }

  #beginningFor(key: string, { shape, values }: ShapedFilters, call: SharedCall): SharedRequest {
    const beginning = this.#beginning.get(key) ?? [];
    const other = beginning.find((request) => request.hasRoomFor(values));
    if (other) return other;
    const over = (): void => this.#over(key, request);
    const request = new SharedRequest(shape, { ...this.context, ask: call.ask, isJoinable: call.joinable, over });
    this.#beginning.set(key, [...beginning, request]);
    // Each in a microtask of its own, so that what follows the thread of execution there finds who asked first.
    queueMicrotask(() => this.#begin(key, request));
    if (call.joinable) this.#runs(key, request);
    return request;
  }

  #begin(key: string, request: SharedRequest): void {
    this.#leavesBeginning(key, request);
    request.start();
  }

  #runs(key: string, request: SharedRequest): void {
    const running = this.#running.get(key);
    if (running) running.add(request);
    else this.#running.set(key, new Set([request]));
  }

  #over(key: string, request: SharedRequest): void {
    const running = this.#running.get(key);
    if (running?.delete(request) && running.size === 0) this.#running.delete(key);
    this.#leavesBeginning(key, request);
  }

  #leavesBeginning(key: string, request: SharedRequest): void {
    const left = this.#beginning.get(key)?.filter((other) => other !== request) ?? [];
    if (left.length > 0) this.#beginning.set(key, left);
    else this.#beginning.delete(key);
  }

  #identity(of: object): number {
    const known = this.#identities.get(of);
    if (known !== undefined) return known;
    this.#identities.set(of, this.#nextIdentity);
    return this.#nextIdentity++;
  }
}
