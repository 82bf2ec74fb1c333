import { BehaviorSubject, defer, map, type Observable, of, switchMap } from 'rxjs';
import { PoolError } from '../../src/pool/pool-error.ts';
import type { PooledRelay } from '../../src/pool/pooled-relay.ts';
import type { PublishReport } from '../../src/pool/publish-report.ts';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import type { Route } from '../../src/pool/route.ts';
import type { Priority } from '../../src/policies/queue-outcome.ts';
import type { Packet } from '../../src/protocol/packet.ts';
import type { RelayUrl } from '../../src/protocol/relay-url.ts';
import { fakeEvent, seededRandom, type VirtualRelay, VirtualNetwork, VirtualTime } from '../../src/testing/index.ts';
import { zerosVerifier } from './clocked-verifiers.ts';
import { WatchedSockets } from './watched-sockets.ts';
import { type Trouble, TROUBLES } from './weather.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const RELAYS = 50;
/** Relays with few subscriptions a connection, as NIP-11 would say. */
const STRICT = 5;
const MAX_SUBSCRIPTIONS = 6;
/** Relays that the subscription of the whole day is on while little goes on. */
const AT_NIGHT = 4;
/** What the defaults of the pool come to. */
export const LIMITS = { sockets: 20, connections: 3, permits: 64, capacity: 1_000, silence: 10 * SECOND } as const;
/** How late an operation may end behind its deadline: verifying takes a turn or two of the event loop, and nothing more. */
const GRACE = 100;
/** When a live subscription awaits none of the relays that it had by then, whatever became of them. */
const SETTLED_AFTER = 2 * MINUTE;
const PRIORITIES: readonly Priority[] = ['critical', 'high', 'normal', 'low'];
const OUTCOMES = ['accepted', 'rejected', 'silent', 'unreachable', 'evicted', 'cancelled'];

/** One call of a verb: from its subscription until it is over, or taken back. */
interface Operation {
  readonly name: string;
  readonly begun: number;
  /** When it must be over; Infinity for a live one. */
  readonly due: number;
  /** Relays that a live one still awaits. */
  pending: number;
  isOver: boolean;
  cancel(): void;
}

/**
 * A day in the life of a pool: 50 relays in all kinds of weather, an app that asks, listens and publishes, and somebody who watches that no bound
 * is broken. Everything is drawn from the seed, so a seed replays its day.
 *
 * What is broken is written down in `broken`, with its time; the day ends with the first.
 */
export class Day {
  readonly time = new VirtualTime();
  readonly broken: string[] = [];
  /** How often things happened, to tell whether the day was one. */
  readonly tally = new Map<string, number>();
  /** Events that the subscription of the whole day delivered. */
  readonly delivered = new Set<string>();
  readonly gaps: (Packet & { readonly type: 'gap' })[] = [];
  readonly relays: readonly VirtualRelay[];
  readonly pool: RelayPool;
  readonly sockets: WatchedSockets;
  /** The relays of the pool, and those that were removed from it. */
  readonly known = new Set<PooledRelay>();
  readonly #pooled = new Map<RelayUrl, PooledRelay>();
  readonly #random: () => number;
  readonly #operations = new Set<Operation>();
  readonly #agenda: { readonly at: number; readonly work: () => void }[] = [];
  readonly #all: ReadonlySet<string>;
  readonly #lifelong: BehaviorSubject<ReadonlySet<string>>;
  readonly #network: VirtualNetwork;
  /** Where the operation that is subscribed to next goes. */
  #route: Observable<ReadonlySet<string>>;
  /** When the pool last gained a relay: one that is added again is asked, and so awaited, anew. */
  #grownAt = 0;
  #count = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    const { time } = this;
    this.#network = new VirtualNetwork({ time, seed, latency: (random) => 10 + 90 * random() });
    this.relays = Array.from({ length: RELAYS }, (_, index) =>
      this.#network.relay(`wss://relay${index}.test`, {
        verify: false,
        receivedCapacity: 0,
        ...(index < STRICT ? { limits: { max_subscriptions: MAX_SUBSCRIPTIONS } } : {}),
      }),
    );
    this.#all = new Set(this.relays.map(({ url }) => url));
    this.#lifelong = new BehaviorSubject<ReadonlySet<string>>(new Set([...this.#all].slice(0, AT_NIGHT)));
    this.#route = of(this.#all);
    this.sockets = new WatchedSockets(this.#network, time, LIMITS, {
      healthOf: (url) => this.#pooled.get(url)?.health,
      broken: (what) => this.#broken(what),
    });
    this.pool = new RelayPool({
      relays: [...this.#all],
      scheduler: time,
      random: seededRandom(seed + 1),
      WebSocket: this.sockets.WebSocket,
      verifier: zerosVerifier,
      // The bounds are those of requests that are asked one by one.
      alone: true,
      route: this.#routing(),
      maxSubscriptions: (url) => this.relays.find((relay) => relay.url === url)?.limits.max_subscriptions,
    });
    this.#live('the whole day', { kinds: [1] }, 'normal', this.#lifelong, (packet) => {
      if (packet.type === 'event') this.delivered.add(packet.event.id);
      else if (packet.type === 'gap') this.gaps.push(packet);
    });
  }

  /** So many hours of trouble, with a busy spell in every two of them. */
  async pass(hours: number): Promise<void> {
    const spells = Math.floor(hours / 2);
    const outages = [Math.floor(spells / 3), Math.floor((2 * spells) / 3)];
    const rush = Math.floor(spells / 2);
    for (let index = 0; index < spells && this.broken.length === 0; index++) {
      const begin = this.time.now();
      const spell = begin + this.#between(3, 80) * MINUTE;
      const length = this.#between(20, 50) * SECOND;
      for (const trouble of TROUBLES) this.#trouble(trouble, spell + this.#between(-60, length / SECOND) * SECOND);
      const outage = outages.indexOf(index);
      if (outage >= 0) this.#outage(spell + this.#between(5, 30) * SECOND, outage === 0);
      if (index === rush) this.#at(spell + 5 * SECOND, () => this.#rush());
      await this.#until(spell, MINUTE);
      this.#lifelong.next(this.#random() < 0.2 ? this.#all : new Set(this.#some(this.#between(4, 12))));
      await this.#busy(length);
      this.#lifelong.next(new Set(this.#some(AT_NIGHT)));
      await this.#until(begin + 2 * HOUR, MINUTE);
      await this.#look();
    }
  }

  /** All relays are well, and an hour goes by without anything new. */
  async calm(): Promise<void> {
    await this.#until(this.time.now() + HOUR / 2, MINUTE);
    for (const { work } of this.#agenda.splice(0)) work();
    for (const relay of this.relays) {
      this.#network.partition(relay.url, false);
      relay.clearFaults();
      relay.restart();
      this.pool.add(relay.url);
    }
    await this.#until(this.time.now() + HOUR, MINUTE);
  }

  /** Every relay gets an event of its own; gives those that the subscription of the whole day has not delivered in so many milliseconds. */
  async freshEvents(allowance: number): Promise<readonly string[]> {
    this.#lifelong.next(this.#all);
    await this.#until(this.time.now() + 3 * MINUTE, SECOND);
    const fresh = this.relays.map((relay) => ({ relay, event: this.#event() }));
    for (const { relay, event } of fresh) relay.add(event);
    const end = this.time.now() + allowance;
    const missing = (): typeof fresh => fresh.filter(({ event }) => !this.delivered.has(event.id));
    while (missing().length > 0 && this.time.now() < end && this.broken.length === 0)
      await this.#until(this.time.now() + SECOND, SECOND);
    this.#tally('milliseconds until the last fresh event', allowance - (end - this.time.now()));
    return missing().map(({ relay }) => relay.url);
  }

  /** Takes everything back. */
  leave(): void {
    for (const operation of this.#operations) operation.cancel();
  }

  /** What relays hold of the day and was not delivered, nor named by a gap of that relay. */
  get unexcused(): readonly string[] {
    return this.relays.flatMap(({ url, store }) =>
      store
        .query([{ kinds: [1] }])
        .filter(({ id }) => !this.delivered.has(id))
        .filter(({ created_at }) => {
          const isNamed = this.gaps.some(
            ({ relay, since, until }) => relay === url && since <= created_at && created_at <= until,
          );
          if (isNamed) this.#tally('excused');
          return !isNamed;
        })
        .map(({ content }) => `event ${content} of ${url}`),
    );
  }

  #routing(): Route {
    return (candidates$) =>
      defer(() => {
        const chosen$ = this.#route;
        return candidates$.pipe(
          switchMap(({ relays }) => {
            this.#pooled.clear();
            for (const relay of relays) {
              if (!this.known.has(relay)) this.#grownAt = this.time.now();
              this.known.add(relay);
              this.#pooled.set(relay.url, relay);
            }
            return chosen$.pipe(
              map((chosen) => relays.filter(({ url }) => chosen.has(url)).map((relay) => ({ relay }))),
            );
          }),
        );
      });
  }

  /** Operations of all kinds for so many milliseconds, until the last of them is over. */
  async #busy(length: number): Promise<void> {
    const end = this.time.now() + length;
    while (this.time.now() < end && this.broken.length === 0) {
      for (let count = this.#between(0, 3); count >= 1; count--) {
        this.#at(this.time.now() + this.#random() * SECOND, () => this.#operation());
      }
      if (this.#random() < 0.5) for (const relay of this.#someRelays(this.#between(1, 5))) relay.add(this.#event());
      await this.#until(this.time.now() + SECOND, SECOND);
    }
    while (this.#operations.size > 1 && this.time.now() < end + 5 * MINUTE && this.broken.length === 0) {
      await this.#until(this.time.now() + SECOND, SECOND);
    }
  }

  #operation(): void {
    const draw = this.#random();
    const priority = PRIORITIES[Math.floor(this.#random() * PRIORITIES.length)] ?? 'normal';
    const route = of(new Set(this.#random() < 0.03 ? this.#all : this.#some(this.#between(1, 7))));
    const name = `${this.#count++}`;
    const deadline = this.#random() < 0.5 ? undefined : this.#between(0.5, 30) * SECOND;
    const filter = this.#random() < 0.5 ? { kinds: [1] } : { kinds: [1], limit: this.#between(1, 20) };
    let operation: Operation | undefined;
    if (draw < 0.3) {
      operation = this.#live(name, filter, priority, route);
      // Everybody leaves some time, some before and most after it has settled, and a few much later.
      const kind = this.#random();
      const life = kind < 0.4 ? this.#between(0, 15) : kind < 0.9 ? this.#between(15, 40) : this.#between(130, 150);
      this.#at(this.time.now() + life * SECOND, operation.cancel);
    } else
      operation =
        draw < 0.65 ? this.#request(name, priority, route, deadline) : this.#publish(name, priority, route, deadline);
    if (this.#random() < 0.25) this.#at(this.time.now() + this.#random() * 12 * SECOND, operation.cancel);
  }

  /** More requests at once than one relay has places for, and it answers none. */
  #rush(): void {
    const relay = this.relays[STRICT];
    if (!relay) return;
    relay.restart();
    relay.faults.noEose = true;
    this.#at(this.time.now() + MINUTE, () => (relay.faults.noEose = false));
    this.#at(this.time.now() + SECOND, () => {
      for (let i = 0; i < 1.1 * (LIMITS.permits + LIMITS.capacity); i++) {
        const priority = PRIORITIES[i % PRIORITIES.length] ?? 'normal';
        this.#request(`rush ${i}`, priority, of(new Set([relay.url])), undefined);
      }
    });
  }

  #live(
    name: string,
    filter: { readonly kinds: number[]; readonly limit?: number },
    priority: Priority,
    route: Observable<ReadonlySet<string>>,
    heard: (packet: Packet) => void = () => undefined,
  ): Operation {
    const affinity = this.#random() < 0.3 ? { affinity: `screen ${this.#between(1, 4)}` } : {};
    this.#route = route;
    return this.#run(
      `subscription ${name}`,
      Infinity,
      this.pool.packets(filter, { priority, ...affinity }),
      (packet, operation) => {
        this.#tally(packet.type === 'lost' ? `lost: ${packet.error.code}` : packet.type);
        if (packet.type === 'closed') this.#tally(`closed: ${packet.reason.prefix}`);
        if (packet.type !== 'event' && packet.type !== 'gap') operation.pending = packet.pending;
        heard(packet);
      },
    );
  }

  #request(
    name: string,
    priority: Priority,
    route: Observable<ReadonlySet<string>>,
    deadline: number | undefined,
  ): Operation {
    this.#route = route;
    const options = { priority, ...(deadline === undefined ? {} : { deadline }) };
    const stream = this.pool.request({ kinds: [1], limit: 20 }, options);
    return this.#run(`request ${name}`, deadline ?? MINUTE, stream, () => this.#tally('stored event'));
  }

  #publish(
    name: string,
    priority: Priority,
    route: Observable<ReadonlySet<string>>,
    deadline: number | undefined,
  ): Operation {
    this.#route = route;
    let last: PublishReport | undefined;
    const options = { priority, ...(deadline === undefined ? {} : { deadline }) };
    const stream = this.pool.publish(this.#event(), options);
    return this.#run(
      `publish ${name}`,
      deadline ?? 10 * SECOND,
      stream,
      (report) => (last = report),
      () => {
        for (const { status } of Object.values(last?.outcomes ?? {})) {
          this.#tally(`publish: ${status}`);
          if (!OUTCOMES.includes(status)) this.#broken(`publish ${name} ended with an outcome ${status}`);
        }
        if (last?.pending !== 0) this.#broken(`publish ${name} ended while ${last?.pending} were awaited`);
      },
    );
  }

  #run<T>(
    name: string,
    within: number,
    stream: Observable<T>,
    next: (value: T, operation: Operation) => void,
    ended: () => void = () => undefined,
  ): Operation {
    const begun = this.time.now();
    const over = (): void => {
      operation.isOver = true;
      this.#operations.delete(operation);
    };
    const operation: Operation = {
      name,
      begun,
      due: begun + within + GRACE,
      pending: Infinity,
      isOver: false,
      cancel: () => {
        if (!operation.isOver) this.#tally('taken back');
        over();
        subscription.unsubscribe();
      },
    };
    this.#operations.add(operation);
    this.#tally(name.replace(/ .*/, ''));
    const subscription = stream.subscribe({
      next: (value) => {
        if (operation.isOver) this.#broken(`${name} went on after its end`);
        next(value, operation);
      },
      error: (error: unknown) => {
        over();
        this.#tally(`error: ${String(error)}`);
        // The only misuse of the day: all relays of its route may have been removed.
        const isKnown = error instanceof PoolError && error.code === 'no-relays';
        if (!isKnown) this.#broken(`${name} errored: ${String(error)}`);
      },
      complete: () => {
        over();
        ended();
      },
    });
    this.#check();
    return operation;
  }

  /** One relay has some trouble for some time, of seconds mostly, of an hour sometimes. */
  #trouble(trouble: Trouble, at: number): void {
    const [relay] = this.#someRelays(1);
    // One is spared, for the rush: what its breaker refuses would not fill its queue.
    if (relay && relay !== this.relays[STRICT]) this.#inflict(trouble, relay, at, 5 * SECOND * 600 ** this.#random());
  }

  #inflict({ name, begin, end, repeat }: Trouble, relay: VirtualRelay, at: number, duration: number): void {
    const place = { relay, network: this.#network, pool: this.pool };
    this.#at(at, () => {
      this.#tally(`trouble: ${name}`);
      begin(place, this.#random);
    });
    const again = (time: number): void => {
      if (!repeat || time >= at + Math.min(duration, MINUTE)) return;
      this.#at(time, () => repeat(place, this.#random));
      again(time + this.#between(0.2, 8) * SECOND);
    };
    again(at);
    this.#at(at + duration, () => end(place, this.#random));
  }

  /** Nothing works for some minutes: either all is refused, or nothing is heard any more. */
  #outage(at: number, refuses: boolean): void {
    const trouble = TROUBLES.find(({ name }) => name === (refuses ? 'stop' : 'partition'));
    const duration = this.#between(1, 8) * MINUTE;
    if (trouble) for (const relay of this.relays) this.#inflict(trouble, relay, at, duration);
  }

  async #until(end: number, step: number): Promise<void> {
    while (this.time.now() < end && this.broken.length === 0) {
      const next = this.#agenda[0]?.at ?? Infinity;
      const to = Math.max(this.time.now(), Math.min(end, this.time.now() + step, next));
      await this.time.advance(to - this.time.now());
      while (this.#agenda[0] && this.#agenda[0].at <= to) this.#agenda.shift()?.work();
      this.#check();
    }
  }

  /** What holds at any time. The sockets are watched at each change besides. */
  #check(): void {
    const now = this.time.now();
    this.sockets.check();
    for (const [url, { health }] of this.#pooled) {
      const { running, waiting } = health.bulkhead;
      if (running < 0 || running > LIMITS.permits) this.#broken(`${running} exchanges under way at ${url}`);
      if (waiting < 0 || waiting > LIMITS.capacity) this.#broken(`${waiting} exchanges wait at ${url}`);
      if (health.breaker.state === 'half-open') {
        const { probes } = health.breaker.stats;
        this.#peak('most probes', probes);
        if (probes > 1) this.#broken(`${probes} probes under way at ${url}`);
      }
      this.#peak('most waiting', waiting);
      this.#peak('most under way', running);
    }
    for (const { name, begun, due, pending } of this.#operations) {
      if (now > due) this.#broken(`${name} is not over after ${now - begun} ms`);
      const isFixed = name !== 'subscription the whole day';
      if (isFixed && pending > 0 && due === Infinity && now > Math.max(begun, this.#grownAt) + SETTLED_AFTER) {
        this.#broken(`${name} awaits ${pending} relays after ${now - begun} ms`);
      }
    }
  }

  /** What the pool says of itself agrees with what is. */
  async #look(): Promise<void> {
    let seen = 0;
    const subscription = this.pool.metrics$.subscribe(({ all, relays }) => {
      seen++;
      const sum = (of: (relay: PooledRelay) => number): number =>
        [...this.#pooled.values()].reduce((count, relay) => count + of(relay), 0);
      const depth = PRIORITIES.reduce((count, priority) => count + all.queue[priority].depth, 0);
      if (all.inFlight !== sum(({ health }) => health.bulkhead.running)) this.#broken('metrics$ differs in inFlight');
      if (depth !== sum(({ health }) => health.bulkhead.waiting)) this.#broken('metrics$ differs in depth');
      for (const { relay, connections } of relays) {
        if (connections > LIMITS.connections) this.#broken(`metrics$: ${connections} connections to ${relay}`);
      }
    });
    subscription.add(
      this.pool.relays$.subscribe((statuses) => {
        seen++;
        for (const { url, connections } of statuses) {
          if (connections !== this.sockets.openTo(url)) {
            this.#tally(`relays$ counts ${connections} connections of ${this.sockets.openTo(url)}`);
          }
        }
      }),
    );
    await this.#until(this.time.now() + 5 * SECOND, SECOND);
    subscription.unsubscribe();
    if (seen < 5 && this.broken.length === 0) this.#broken('relays$ or metrics$ said nothing');
  }

  #event(): ReturnType<typeof fakeEvent> {
    return fakeEvent({ content: `${this.#count++}`, created_at: Math.floor(this.time.now() / SECOND) });
  }

  #broken(what: string): void {
    const time = new Date(this.time.now()).toISOString().slice(11, 23);
    if (this.broken.length < 10) this.broken.push(`${time} ${what}`);
  }

  #tally(what: string, count = 1): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + count);
  }

  #peak(what: string, count: number): void {
    this.tally.set(what, Math.max(this.tally.get(what) ?? 0, count));
  }

  #at(at: number, work: () => void): void {
    const index = this.#agenda.findIndex((entry) => entry.at > at);
    this.#agenda.splice(index < 0 ? this.#agenda.length : index, 0, { at, work });
  }

  /** A whole number from a whole number on, else any: from `least` up to `greatest`. */
  #between(least: number, greatest: number): number {
    const draw = least + this.#random() * (greatest - least);
    return Number.isInteger(least) && Number.isInteger(greatest) ? Math.floor(draw) : draw;
  }

  #someRelays(count: number): readonly VirtualRelay[] {
    const left = [...this.relays];
    return Array.from({ length: count }, () => left.splice(Math.floor(this.#random() * left.length), 1)).flat();
  }

  #some(count: number): readonly string[] {
    return this.#someRelays(count).map(({ url }) => url);
  }
}
