import {
  BehaviorSubject,
  combineLatest,
  type MonoTypeOperatorFunction,
  Observable,
  type Observer,
  type SchedulerLike,
  Subscription,
  switchMap,
} from 'rxjs';
import { bulkhead } from '../operators/bulkhead.ts';
import { Bulkhead } from '../operators/bulkhead-handle.ts';
import type { SocketBudget } from '../operators/socket-budget.ts';
import { PoolSize, type PoolSizeOptions } from '../policies/pool-size.ts';
import type { PriorityQueueOptions } from '../policies/priority-queue.ts';
import { RelayConduct } from '../policies/relay-conduct.ts';
import type { RelayError } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { Connection } from '../sources/connection.ts';
import { newRelayCounters } from '../sources/relay-counters.ts';
import type { Link, RelayOptions, RelayState, RelayStatus } from '../sources/relay.ts';
import { ConnectionSlot, type Use } from './connection-slot.ts';

/** What the connections of a relay are made with. */
export interface ConnectionsOptions extends Omit<RelayOptions, 'counters' | 'conduct' | 'onDropped' | 'scheduler'> {
  readonly scheduler: SchedulerLike;
  readonly dialling: MonoTypeOperatorFunction<Connection>;
  /** How many connections the relay gets. */
  readonly size: PoolSizeOptions | undefined;
  /** The sockets of all relays. */
  readonly budget: SocketBudget;
  /** How much may wait for a place among them. */
  readonly queue?: PriorityQueueOptions | undefined;
}

/** The state of several connections is that of the best one. */
const BEST_FIRST: readonly RelayState[] = [
  'authenticated',
  'connected',
  'connecting',
  'disconnecting',
  'disconnected',
  'failed',
];
/** Milliseconds between two looks at whether more are needed for those who wait, or fewer would do. */
const LOOK_EVERY = 1_000;

/** The connections of one relay: one to three, as many as its load asks for. Whoever uses one keeps it until it fails. */
export class RelayConnections {
  readonly #slots: BehaviorSubject<readonly ConnectionSlot[]>;
  readonly #size: PoolSize;
  readonly #counters = newRelayCounters();
  readonly #conduct: RelayConduct;
  /** Where requests wait while the relay allows no more. */
  readonly #places: Bulkhead;
  /** One page at a time beside the requests, where the relay limits its subscriptions. */
  readonly #pages: Bulkhead;
  /** Requests that one connection takes. */
  #mostRequests = Infinity;
  #exchanges = 0;
  #look = Subscription.EMPTY;
  #isClosed = false;

  constructor(
    readonly url: RelayUrl,
    private readonly options: ConnectionsOptions,
  ) {
    const { size, queue, scheduler } = options;
    this.#size = new PoolSize(size);
    this.#conduct = new RelayConduct(options.budgets);
    this.#slots = new BehaviorSubject<readonly ConnectionSlot[]>([this.#newSlot()]);
    this.#places = new Bulkhead({ ...queue, permits: Infinity, scheduler });
    this.#pages = new Bulkhead({ ...queue, permits: 1, scheduler });
  }

  /** REQs that the relay lets be open on one connection; Infinity where it is not known. Those that are open stay so. */
  set maxSubscriptions(count: number) {
    if (count - 1 === this.#mostRequests) return;
    this.#mostRequests = count - 1;
    this.#weigh();
  }

  /** Where the pages of live requests wait; undefined where the relay allows any number of subscriptions. */
  get pages(): Bulkhead | undefined {
    return this.#isLimited ? this.#pages : undefined;
  }

  /** The relay as the best of its connections sees it. */
  get status(): RelayStatus {
    const rank = ({ state }: RelayStatus): number => BEST_FIRST.indexOf(state);
    return this.#slots.value
      .map(({ relay }) => relay.status)
      .reduce((best, status) => (rank(status) < rank(best) ? status : best));
  }

  /** Emits at once, and whenever the status of a connection changes. */
  get changed$(): Observable<unknown> {
    return this.#slots.pipe(switchMap((slots) => combineLatest(slots.map(({ relay }) => relay.status$))));
  }

  /** Why no connection is open; undefined when one is, or none was needed. */
  get error(): RelayError | undefined {
    const errors = this.#slots.value.map(({ relay }) => relay.error);
    return errors.includes(undefined) ? undefined : errors[0];
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#slots.value.filter(({ isOpen }) => isOpen).length;
  }

  /** Requests that wait until the relay allows one more. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /**
   * The links of one connection, for as long as it is subscribed to: of the one with the same affinity, or else of the one with the
   * fewest users. When it is lost while another is open, that one takes over.
   */
  lease(use: Use): Observable<Link> {
    const links = new Observable<Link>((subscriber) => this.hold(use, subscriber, subscriber));
    return use.subscribes ? this.#waitForPlace(links, use) : links;
  }

  /** As {@link RelayConnections.lease}, of which `told` hears until `owner` is closed; what keeps a REQ open needs a place, and leases. */
  hold(use: Use, owner: Subscription, told: Pick<Observer<Link>, 'next' | 'complete'>): void {
    let lease = Subscription.EMPTY;
    owner.add(() => lease.unsubscribe());
    const takeOver = (slot: ConnectionSlot, entered: Subscription): void => {
      const mine = (lease = new Subscription());
      mine.add(
        slot.relay.link$.subscribe({
          next: (link) => {
            const other = 'error' in link ? this.#openSlot(use) : undefined;
            if (!other) return told.next(link);
            // It moves before anybody hears of it, who may want a place too.
            const moved = this.#enter(other, use);
            mine.unsubscribe();
            lease = moved;
            told.next({ ...link, retryAt: this.options.scheduler.now() });
            if (!moved.closed) takeOver(other, moved);
          },
          complete: () => told.complete(),
        }),
      );
      // After the links: who has left must not be there any more when the budget decides anew.
      mine.add(entered);
      if (owner.closed) mine.unsubscribe();
    };
    const slot = this.#choose(use);
    takeOver(slot, this.#enter(slot, use));
  }

  /** So many exchanges are under way or wait for their turn. */
  observe(exchanges: number): void {
    this.#exchanges = exchanges;
    this.#weigh();
  }

  revive(): void {
    for (const { relay } of this.#slots.value) relay.revive();
  }

  close(): void {
    this.#isClosed = true;
    this.#look.unsubscribe();
    for (const slot of this.#slots.value) slot.close();
  }

  /** Where the relay limits its subscriptions, they are the load: they fill connections although they ask for nothing. */
  #weigh(): void {
    const open = this.#isLimited ? this.#slots.value.reduce((sum, { subscriptions }) => sum + subscriptions, 0) : 0;
    this.#size.observe(Math.max(open, this.#exchanges), this.options.scheduler.now());
    this.#resize();
  }

  get #isLimited(): boolean {
    return this.#mostRequests < Infinity;
  }

  #waitForPlace(links: Observable<Link>, { priority }: Use): Observable<Link> {
    return new Observable((subscriber) => {
      subscriber.add(links.pipe(bulkhead(this.#places, { priority })).subscribe(subscriber));
      this.#weigh();
    });
  }

  #newSlot(): ConnectionSlot {
    const { budget, scheduler } = this.options;
    const onDropped = (error: RelayError): void => {
      for (const { relay } of this.#slots.value) relay.drop(error);
    };
    const shared = { counters: this.#counters, conduct: this.#conduct, onDropped };
    return new ConnectionSlot(this.url, { ...this.options, ...shared }, budget, scheduler.now());
  }

  #hasRoom({ subscriptions }: ConnectionSlot, { subscribes }: Use): boolean {
    return !subscribes || subscriptions < this.#mostRequests;
  }

  #choose(use: Use): ConnectionSlot {
    const [only, second] = this.#slots.value;
    if (only && !second) return only;
    const slots = this.#slots.value.filter(({ isLeaving }) => !isLeaving);
    const withRoom = slots.filter((slot) => this.#hasRoom(slot, use));
    const related = withRoom.find((slot) => slot.has(use.affinity));
    if (related) return related;
    const isWorse = (slot: ConnectionSlot, other: ConnectionSlot): boolean =>
      slot.isOpen === other.isOpen ? slot.users > other.users : other.isOpen;
    return (withRoom.length > 0 ? withRoom : this.#slots.value).reduce((best, slot) =>
      isWorse(best, slot) ? slot : best,
    );
  }

  /** An open connection that may take over, if there is one. */
  #openSlot(use: Use): ConnectionSlot | undefined {
    return this.#slots.value.find((slot) => slot.isOpen && !slot.isLeaving && this.#hasRoom(slot, use));
  }

  #resize(): void {
    if (this.#isClosed) return;
    const { budget, scheduler } = this.options;
    const size = this.#size.size(scheduler.now(), this.waiting > 0);
    const staying = this.#staying;
    if (size > staying) {
      const leaving = this.#slots.value.find(({ isLeaving }) => isLeaving);
      if (leaving) leaving.isLeaving = false;
      else if (!budget.isTight) this.#grow();
    } else if (size < staying) {
      // The first one stays: the relay is always known by one.
      const [, ...others] = this.#slots.value.filter(({ isLeaving }) => !isLeaving);
      this.#shrink(others.reduce((least, slot) => (slot.users < least.users ? slot : least)));
    }
    const places = this.#staying * this.#mostRequests;
    if (places !== this.#places.permits) this.#places.permits = places;
    this.#lookAgain();
  }

  /** Connections that let new users in. */
  get #staying(): number {
    let staying = 0;
    for (const { isLeaving } of this.#slots.value) if (!isLeaving) staying++;
    return staying;
  }

  #grow(): void {
    const slot = this.#newSlot();
    this.#slots.next([...this.#slots.value, slot]);
    slot.warmUp();
  }

  /** Lets no new user in; it closes when the last one has left. */
  #shrink(slot: ConnectionSlot): void {
    slot.isLeaving = true;
    slot.coolDown();
    if (slot.users === 0) this.#remove(slot);
  }

  /** Counts a user of a connection until it is unsubscribed from; one that is leaving goes with the last. */
  #enter(slot: ConnectionSlot, use: Use): Subscription {
    const entered = slot.enter(use, this.options.scheduler.now());
    entered.add(() => {
      if (slot.isLeaving && slot.users === 0) this.#remove(slot);
    });
    return entered;
  }

  #remove(slot: ConnectionSlot): void {
    this.#slots.next(this.#slots.value.filter((other) => other !== slot));
    slot.close();
  }

  #lookAgain(): void {
    if ((this.#slots.value.length === 1 && this.waiting === 0) || !this.#look.closed) return;
    this.#look = this.options.scheduler.schedule(() => {
      this.#look.unsubscribe();
      // Those who left since have told nobody.
      this.#weigh();
    }, LOOK_EVERY);
  }
}
