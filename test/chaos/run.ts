import {
  BehaviorSubject,
  type Observable,
  type SchedulerAction,
  type SchedulerLike,
  Subject,
  type Subscription,
  tap,
} from 'rxjs';
import type { PublishReport } from '../../src/pool/publish-report.ts';
import type { PooledRelay } from '../../src/pool/pooled-relay.ts';
import { RelayPool } from '../../src/pool/relay-pool.ts';
import type { Route } from '../../src/pool/route.ts';
import { everyRelay } from '../../src/pool/routes.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Filter } from '../../src/protocol/filter.ts';
import {
  checkHistory,
  fakeEvent,
  type HistoryViolation,
  type Latency,
  logNormalLatency,
  paretoLatency,
  RecordedHistory,
  seededRandom,
  testKey,
  testSigner,
  uniformLatency,
  VirtualNetwork,
  type VirtualRelay,
  VirtualTime,
} from '../../src/testing/index.ts';
import type { Verifier } from '../../src/verifiers/verifier.ts';
import { laterVerifier } from '../support/clocked-verifiers.ts';
import { isReal } from '../support/chaos-verifier.ts';
import { FAULTS } from './faults.ts';
import { type Draft, LENGTH, type RelaySetting, type Schedule, type Step, type Wish } from './schedule.ts';
import { toldInPackets } from './told-packets.ts';

/** What a pool with its defaults is held to; of timers and attempts, twice the most that the schedules were seen to take. */
const LIMITS = { sockets: 20, connections: 3, permits: 64, capacity: 1_000, timers: 100, attemptsPerMinute: 40 };
/** A `revive` makes each connection try at once, and begin its waits anew: so many attempts of the three in their first quarter of a minute. */
const ATTEMPTS_OF_REVIVE = 15;
/** After so long every connection is back, and every refusal forgotten: backoff and breakers rest for a minute at most. */
const CALM = 150_000;
/** A connection that nobody uses is kept for a minute; half a minute is for the closing handshake. */
const IDLE = 95_000;
const LATENCIES: Readonly<Record<RelaySetting['latency'], Latency>> = {
  none: 0,
  uniform: uniformLatency(5, 150),
  'log-normal': logNormalLatency(60, 0.8),
  pareto: paretoLatency(10, 1.2, 8_000),
};
const AUTHORS = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64));
const SIGNER = testSigner(testKey(0));
const VERIFIER: Verifier = { verify: (events) => events.map(isReal) };

const TIMERS = 'timers of the pool';

/** What a run came to. */
export interface Outcome {
  readonly violations: readonly HistoryViolation[];
  readonly history: RecordedHistory;
}

/** Lives through a schedule on virtual time, and judges what happened. */
export async function run(schedule: Schedule): Promise<Outcome> {
  const chaos = new Chaos(schedule);
  try {
    await chaos.pass();
  } catch (error) {
    const text = `the run failed: ${String(error)}`;
    return { history: chaos.history, violations: [{ at: chaos.time.now(), rule: 'errored', text }] };
  }
  const revives = schedule.steps.filter((step) => step.do === 'revive').length;
  const violations = checkHistory(chaos.history, {
    verify: isReal,
    sockets: LIMITS.sockets,
    socketsPerRelay: LIMITS.connections,
    attemptsPerMinute: LIMITS.attemptsPerMinute + revives * ATTEMPTS_OF_REVIVE,
    subscriptions: (url) => chaos.relays.find((relay) => relay.url === url)?.limits.max_subscriptions,
  });
  return { violations, history: chaos.history };
}

interface Subscriber {
  readonly name: string;
  readonly filter$: BehaviorSubject<readonly Filter[]>;
  readonly changes: boolean;
  readonly pause$: BehaviorSubject<boolean> | undefined;
  /** What is done in its handler when it hears something next. */
  readonly steps: Step[];
  readonly subscription: Subscription;
}

class Chaos {
  /** No schedule has so much to do at once. */
  readonly time = new VirtualTime({ maximumPerInstant: 30_000 });
  readonly history = new RecordedHistory(this.time);
  readonly relays: readonly VirtualRelay[];
  readonly #network: VirtualNetwork;
  readonly #random: () => number;
  readonly #pool: RelayPool;
  readonly #wake = new Subject<void>();
  readonly #work = new WeakSet<object>();
  readonly #most = new Map<string, number>();
  readonly #subscribers = new Map<number, Subscriber>();
  readonly #others: Subscription[] = [];
  /** Ends of faults that last. */
  readonly #ends = new Set<() => void>();
  readonly #members = new Set<string>();
  #pooled: readonly PooledRelay[] = [];
  #published: { readonly event: NostrEvent; last?: PublishReport } | undefined;
  #made = 0;
  #names = 0;

  constructor(private readonly schedule: Schedule) {
    const { seed, relays, verifying, maxBacklog } = schedule;
    const { time, history } = this;
    this.#random = seededRandom(seed);
    this.#network = new VirtualNetwork({ time, seed });
    this.relays = relays.map((setting, index) => this.#relay(setting, index));
    this.#pool = new RelayPool({
      scheduler: this.#marking(),
      random: seededRandom(seed + 1),
      WebSocket: history.recording(this.#network.WebSocket),
      verifier: verifying === 0 ? VERIFIER : laterVerifier(() => time, verifying, VERIFIER),
      signer: SIGNER,
      connectivity$: this.#wake,
      route: this.#seeing(everyRelay()),
      maxBacklog,
      maxSubscriptions: (url) => this.relays.find((relay) => relay.url === url)?.limits.max_subscriptions,
    });
    for (const { url } of this.relays) this.#join(url);
  }

  async pass(): Promise<void> {
    const start = this.time.now();
    for (const step of this.schedule.steps) {
      await this.#until(start + step.at);
      const handler = this.#subscribers.get(step.inHandlerOf ?? -1);
      if (handler) handler.steps.push(step);
      else this.#take(step);
    }
    await this.#until(start + LENGTH);
    this.#heal();
    await this.#rest();
    // Whoever was refused for good is asked again on the next connection.
    for (const relay of this.relays) relay.drop();
    await this.#rest();
    for (const relay of this.relays) relay.add(this.#event({ age: 0, kind: 1, author: 0, isTagged: true }));
    await this.#until(this.time.now() + 20_000);
    this.history.rest();
    await this.#leave();
  }

  #relay(setting: RelaySetting, index: number): VirtualRelay {
    const { cap, maxSubscriptions, asksForAuth, createdAtUpperLimit, order, hints, clockSkew } = setting;
    const relay = this.#network.relay(`wss://relay${index}.test`, {
      verify: false,
      receivedCapacity: 0,
      hints,
      clockSkew: 1_000 * clockSkew,
      faults: { order, cap },
      limits: {
        ...(maxSubscriptions === undefined ? {} : { max_subscriptions: maxSubscriptions }),
        ...(createdAtUpperLimit === undefined ? {} : { created_at_upper_limit: createdAtUpperLimit }),
      },
      ...(asksForAuth ? { auth: { read: true, write: true } } : {}),
    });
    this.#network.condition(relay.url, {
      latency: LATENCIES[setting.latency],
      ...(setting.isFlaky ? { lifetime: uniformLatency(1_000, 40_000) } : {}),
    });
    for (let count = 0; count < setting.stored; count++) {
      const draft = { age: Math.floor(count / 3) * 60, kind: 1, author: count % 4, isTagged: count % 2 === 0 };
      const isForged = setting.forged !== undefined && count % setting.forged === setting.forged - 1;
      relay.seed({ ...this.#event(draft), ...(isForged ? { sig: '1'.repeat(128) } : {}) });
    }
    this.history.watch(relay);
    return relay;
  }

  #take(step: Step): void {
    switch (step.do) {
      case 'store':
        for (let count = 0; count < step.count; count++) {
          const event = this.#event(step.draft);
          for (const index of step.relays) this.relays[index]?.add(event);
        }
        return;
      case 'subscribe':
        return this.#subscribe(step);
      case 'pause': {
        const pause$ = this.#subscribers.get(step.subscriber)?.pause$;
        pause$?.next(true);
        return this.#endAfter(step.for, () => pause$?.next(false));
      }
      case 'wish': {
        const subscriber = this.#subscribers.get(step.subscriber);
        if (!subscriber?.changes || subscriber.subscription.closed) return;
        const filters = filtersOf(step.wish);
        this.history.asks(subscriber.name, filters);
        subscriber.filter$.next(filters);
        return;
      }
      case 'unsubscribe':
        this.#subscribers.get(step.subscriber)?.subscription.unsubscribe();
        return;
      case 'request': {
        const [name, filters, { deadline }] = [`request ${this.#names++}`, filtersOf(step.wish), step];
        const stream = toldInPackets(this.#pool, name, filters, { deadline });
        this.#others.push(ignoring(stream.pipe(this.history.packets(name, filters, { within: deadline }))));
        return;
      }
      case 'publish':
        return this.#publish(this.#event(step.draft), step.deadline, step.takenBackAfter);
      case 'publish again':
        if (this.#published) this.#publish(this.#published.event, step.deadline, undefined, this.#published.last);
        return;
      case 'fault': {
        const fault = FAULTS.find(({ name }) => name === step.fault);
        const relay = this.relays[step.relay];
        if (!fault || !relay) return;
        const place = { relay, network: this.#network, random: this.#random };
        fault.begin(place);
        this.#endAfter(step.for, () => fault.end(place));
        return;
      }
      case 'offline':
        this.#network.isOffline = true;
        this.#endAfter(step.for, () => {
          this.#network.isOffline = false;
          if (step.isAnnounced) this.#wake.next();
        });
        return;
      case 'remove': {
        const relay = this.relays[step.relay];
        if (!relay || !this.#members.delete(relay.url)) return;
        this.history.left(relay.url);
        this.#pool.remove(relay.url);
        return;
      }
      case 'add': {
        const relay = this.relays[step.relay];
        if (relay) this.#join(relay.url);
        return;
      }
      case 'revive':
        this.#pool.revive();
    }
  }

  #join(url: string): void {
    if (this.#members.has(url)) return;
    this.#members.add(url);
    this.history.joined(url);
    this.#pool.add(url);
  }

  #subscribe({ subscriber: index, wish, alone, resume: mode, joinedAfter }: Step & { readonly do: 'subscribe' }): void {
    const name = `subscriber ${index}`;
    const filters = filtersOf(wish);
    const filter$ = new BehaviorSubject(filters);
    // What changes is asked by itself; the others may share.
    const changes = index % 2 === 0;
    const pause$ = index % 3 === 0 ? new BehaviorSubject(false) : undefined;
    const stream = this.#pool.packets(changes ? filter$ : filters, { alone, pause$, resume: { mode } });
    let count = 0;
    const steps: Step[] = [];
    const handle = (): void => {
      for (const step of steps.splice(0)) this.#take(step);
      // Who joins is told so many in all of a filter with a limit, and of what is replaced the newest in all, not of each relay.
      const isOwedAll = wish.limit === undefined && (wish.shape === 'notes' || wish.shape === 'two');
      if (++count !== joinedAfter || !isOwedAll) return;
      const late = this.#pool.packets(filters, { alone, resume: { mode } });
      this.#others.push(ignoring(late.pipe(this.history.packets(`late ${index}`, filters, { joins: true }))));
    };
    const subscription = ignoring(stream.pipe(this.history.packets(name, filters), tap(handle)));
    this.#subscribers.set(index, { name, filter$, changes, pause$, steps, subscription });
  }

  #publish(event: NostrEvent, deadline: number, takenBackAfter?: number, previous?: PublishReport): void {
    const name = `publish ${this.#names++}`;
    const published: { event: NostrEvent; last?: PublishReport } = { event };
    this.#published = published;
    const stream = this.#pool.publish(event, { deadline, ...(previous ? { previous } : {}) });
    const subscription = stream
      .pipe(this.history.reports(name, event, deadline))
      .subscribe({ next: (report) => (published.last = report), error: () => undefined });
    this.#others.push(subscription);
    if (takenBackAfter !== undefined) this.time.schedule(() => subscription.unsubscribe(), takenBackAfter);
  }

  #endAfter(milliseconds: number, end: () => void): void {
    const ended = (): void => {
      if (this.#ends.delete(ended)) end();
    };
    this.#ends.add(ended);
    this.time.schedule(ended, milliseconds);
  }

  /** Everything is well from here on. */
  #heal(): void {
    for (const end of this.#ends) end();
    for (const [index, relay] of this.relays.entries()) {
      relay.faults.dropAfter = undefined;
      const latency = LATENCIES[this.schedule.relays[index]?.latency ?? 'none'];
      this.#network.condition(relay.url, { latency });
      if (!relay.isRunning) relay.restart();
    }
  }

  async #rest(): Promise<void> {
    await this.#until(this.time.now() + CALM);
    this.history.rest();
  }

  async #leave(): Promise<void> {
    if (!this.schedule.endsBusy) {
      for (const { subscription } of this.#subscribers.values()) subscription.unsubscribe();
      for (const subscription of this.#others) subscription.unsubscribe();
      await this.#until(this.time.now() + IDLE);
      // Idle connections are closed, but nothing was told to.
      this.history.gauge('timers of a pool that nobody uses', this.#timers, 0);
    }
    this.#pool.close();
    this.history.gauge('timers of a closed pool', this.#timers, 0);
    await this.#until(this.time.now() + IDLE);
    this.history.over(this.time.actions.length);
  }

  /** Lets time pass, and looks at the bounds after each piece of work. */
  async #until(end: number): Promise<void> {
    if (end <= this.time.now()) return;
    let isOver = false;
    this.time.schedule(() => (isOver = true), end - this.time.now());
    const look = (): boolean => {
      this.#look();
      return isOver;
    };
    await this.time.until(look, end - this.time.now() + 1);
  }

  #look(): void {
    // Counting takes long, and there are never more than those of all.
    if (this.time.actions.length > (this.#most.get(TIMERS) ?? 0)) this.#gauge(TIMERS, this.#timers, LIMITS.timers);
    for (const { health } of this.#pooled) {
      const { running, waiting } = health.bulkhead;
      this.#gauge('exchanges under way', running, LIMITS.permits);
      this.#gauge('exchanges that wait', waiting, LIMITS.capacity);
      if (health.breaker.state === 'half-open') this.#gauge('probes under way', health.breaker.stats.probes, 1);
    }
  }

  /** Only what is more than ever is worth an entry. */
  #gauge(name: string, value: number, most: number): void {
    if (value <= (this.#most.get(name) ?? 0)) return;
    this.#most.set(name, value);
    this.history.gauge(name, value, most);
  }

  #seeing(route: Route): Route {
    return (candidates$, call) => route(candidates$.pipe(tap(({ relays }) => (this.#pooled = relays))), call);
  }

  /** The clock, with a mark on what the pool schedules. */
  #marking(): SchedulerLike {
    const { time } = this;
    return {
      now: () => time.now(),
      schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T): Subscription => {
        const marked = function (this: SchedulerAction<T>, given?: T): void {
          work.call(this, given);
        };
        this.#work.add(marked);
        return time.schedule(marked, delay, state);
      },
    };
  }

  /** What the pool has scheduled and not yet run. */
  get #timers(): number {
    return this.time.actions.filter((action) => this.#work.has((action as unknown as { work: object }).work)).length;
  }

  #event({ age, kind, author, isTagged }: Draft): NostrEvent {
    return fakeEvent({
      kind,
      content: `${this.#made++}`,
      created_at: Math.floor(this.time.now() / 1_000) - age,
      pubkey: AUTHORS[author] ?? '',
      tags: isTagged ? [['t', 'chaos']] : [],
    });
  }
}

/** A subscriber that has no use for what it hears, as the history has it all. */
function ignoring(stream: Observable<unknown>): Subscription {
  return stream.subscribe({ error: () => undefined });
}

/** The mark is of no event: a kind that is not drawn, or nobody's key. */
function filtersOf({ mark, shape, limit }: Wish): readonly Filter[] {
  const some = limit === undefined ? {} : { limit };
  const [kind, key] = [5_000 + mark, mark.toString(16).padStart(64, 'e')];
  switch (shape) {
    case 'notes':
      return [{ kinds: [1, 20_001, kind], ...some }];
    case 'profiles':
      return [{ kinds: [0, 3], authors: [...AUTHORS.slice(0, 3), key] }];
    case 'tagged':
      return [{ '#t': ['chaos', key], ...some }];
    case 'two':
      return [
        { kinds: [7, kind], ...some },
        { kinds: [1], authors: [...AUTHORS.slice(1), key] },
      ];
  }
}
