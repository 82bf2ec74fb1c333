import { type MonoTypeOperatorFunction, pipe, Subscription, tap } from 'rxjs';
import { type SocketBudget, type SocketUser } from '../operators/socket-budget.ts';
import { withinBudget } from '../operators/within-budget.ts';
import type { Priority } from '../policies/queue-outcome.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { Connection } from '../sources/connection.ts';
import { Relay, type RelayOptions } from '../sources/relay.ts';

/** What a connection is used for. */
export interface Use {
  readonly priority: Priority;
  /** Uses with the same one share a connection where they can. */
  readonly affinity: string | undefined;
  /** Whether it keeps a REQ open. */
  readonly subscribes: boolean;
}

const MOST_URGENT_FIRST: readonly Priority[] = ['critical', 'high', 'normal', 'low'];

/** One of a relay's connections, with those who use it. It has a place of the budget while it is dialled or open. */
export class ConnectionSlot implements SocketUser {
  readonly relay: Relay;
  /** Nobody new is let in, as there are more connections than are needed. */
  isLeaving = false;
  readonly #priorities = new Map<Priority, number>();
  /** The most urgent of them: the budget asks all who wait at each of its decisions. */
  #priority: Priority | undefined;
  readonly #affinities = new Map<string, number>();
  #connection: Connection | undefined;
  #usedAt: number;
  #users = 0;
  #subscriptions = 0;
  /** Keeps it open for those who will come. */
  #warm = Subscription.EMPTY;

  constructor(
    url: RelayUrl,
    options: RelayOptions & { readonly dialling: MonoTypeOperatorFunction<Connection> },
    private readonly budget: SocketBudget,
    now: number,
  ) {
    this.#usedAt = now;
    this.relay = new Relay(url, {
      ...options,
      dialling: pipe(
        options.dialling,
        withinBudget(budget, this),
        tap((connection) => (this.#connection = connection)),
      ),
    });
  }

  get isOpen(): boolean {
    return this.#connection?.isOpen === true;
  }

  /** REQs and publishes that use it. */
  get users(): number {
    return this.#users;
  }

  /** REQs that use it. */
  get subscriptions(): number {
    return this.#subscriptions;
  }

  get priority(): Priority | undefined {
    return this.#priority;
  }

  get usedAt(): number {
    return Math.max(this.#usedAt, this.#connection?.heardAt ?? 0);
  }

  has(affinity: string | undefined): boolean {
    return affinity !== undefined && this.#affinities.has(affinity);
  }

  /** Dials although nobody uses it yet. */
  warmUp(): void {
    this.#warm = this.relay.link$.subscribe();
  }

  coolDown(): void {
    this.#warm.unsubscribe();
  }

  /** Counts a user until the subscription that it gives is unsubscribed from. */
  enter({ priority, affinity, subscribes }: Use, now: number): Subscription {
    const change = (by: 1 | -1): void => {
      this.#users += by;
      if (subscribes) this.#subscriptions += by;
      count(this.#priorities, priority, by);
      if (affinity !== undefined) count(this.#affinities, affinity, by);
      const most = MOST_URGENT_FIRST.find((level) => this.#priorities.has(level));
      if (most === this.#priority) return;
      this.#priority = most;
      this.budget.changed();
    };
    this.#usedAt = now;
    change(1);
    return new Subscription(() => change(-1));
  }

  close(): void {
    this.coolDown();
    this.relay.close();
  }
}

function count<Key>(counts: Map<Key, number>, key: Key, change: number): void {
  const left = (counts.get(key) ?? 0) + change;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}
