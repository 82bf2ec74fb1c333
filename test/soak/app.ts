import { BehaviorSubject, defer, finalize, interval, map, type Observable, Subscription, takeUntil, timer } from 'rxjs';
import type { WebSocket } from 'ws';
import type { Filter, NostrEvent, PoolMetrics, PoolRelayStatus, RelayPool } from '../../src/index.ts';
import { fakeEvent, seededRandom } from '../../src/testing/index.ts';
import { compileFilters } from '../../src/protocol/filter.ts';
import { ReceivedNumbers } from './received-numbers.ts';
import { AT_FIRST, KINDS, numberOf, tagOf, TAGS } from './stream.ts';

/** What the test does wrong on purpose, to show that it would be seen. */
export type Sabotage = 'events' | 'timers' | 'listeners' | 'loss' | 'twice';

/** Seconds that are asked for again after an outage, on top of it. */
const RESUME = { overlap: 5 };
/**
 * More than relays keep of the stream: however long a relay was away, nothing that it sends again is forgotten. Not much more, so that as many are
 * remembered before anything is measured.
 */
const SEEN = 60_000;

/** A subscription of which nothing may be lost: of so many numbers, one. */
interface Kept {
  readonly name: string;
  readonly received: ReceivedNumbers;
  /** The place of an event among those that have to come, or -1. */
  placeOf(event: NostrEvent): number;
  /** How many of them are among the first `before` events. */
  expected(before: number): number;
}

/** An app that uses everything a pool has, for as long as it is let, and counts what goes wrong. */
export class SoakApp {
  readonly broken: string[] = [];
  readonly tally = { events: 0, duplicates: 0, requests: 0, published: 0, counted: 0, notAccepted: 0 };
  metrics: PoolMetrics | undefined;
  relays: readonly PoolRelayStatus[] = [];
  readonly #kept: Kept[] = [];
  readonly #subscriptions = new Subscription();
  readonly #random = seededRandom(7);
  readonly #leaked: unknown[] = [];
  /** Streams that have begun and not ended, by what they are. */
  readonly #running = new Map<string, number>();

  constructor(
    private readonly pool: RelayPool,
    private readonly sockets: ReadonlySet<WebSocket>,
    private readonly sabotage: Sabotage | undefined,
  ) {
    this.#keep('all', 1, 0, (options) => pool.subscribe({ kinds: [...KINDS] }, options));
    // In and out of pauses, the longer of which hold the relays back.
    const pause$ = interval(500).pipe(map((turn) => turn % 10 >= 7));
    this.#keep('paused now and then', KINDS.length, 0, (options) =>
      pool.subscribe({ kinds: [1] }, { ...options, seenCapacity: SEEN / KINDS.length, pause$ }),
    );
    // One tag is in every one of them, so none of it may be missed when one takes the place of the other.
    const filters = (turn: number): Filter => ({ '#t': turn % 2 === 0 ? [tagOf(5)] : [tagOf(5), tagOf(7)] });
    const filter$ = new BehaviorSubject(filters(0));
    this.#subscriptions.add(interval(5_000).subscribe((turn) => filter$.next(filters(turn + 1))));
    this.#keep('of changing filters', TAGS, 5, (options) =>
      pool.subscribe(filter$, { ...options, seenCapacity: (2 * SEEN) / TAGS }),
    );
    this.#subscriptions.add(interval(250).subscribe((turn) => this.#comeAndGo(turn)));
    this.#subscriptions.add(interval(200).subscribe((turn) => this.#publish(turn)));
    this.#subscriptions.add(interval(1_000).subscribe(() => this.#count()));
    this.#subscriptions.add(this.#watched('metrics', pool.metrics$).subscribe((metrics) => (this.metrics = metrics)));
    this.#subscriptions.add(this.#watched('relays', pool.relays$).subscribe((relays) => (this.relays = relays)));
  }

  /** Streams that have begun and not ended. */
  get running(): number {
    return [...this.#running.values()].reduce((sum, count) => sum + count, 0);
  }

  /** As {@link SoakApp.running}, by name. */
  get runningNames(): string {
    return [...this.#running].flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : [])).join(', ');
  }

  /** Events that came before an older one, of the subscriptions of which nothing may be lost. */
  get ahead(): number {
    return this.#kept.reduce((sum, { received }) => sum + received.ahead, 0);
  }

  /** Whether all that was sent before this number has come. */
  hasAll(before: number): boolean {
    return this.#kept.every(({ received, expected }) => received.next >= expected(before));
  }

  /** What was sent before this number, and has not come by now, is lost. */
  giveUp(before: number): void {
    for (const { name, received, expected } of this.#kept) {
      const lost = received.skipTo(expected(before));
      if (lost.length > 0) this.broken.push(`${lost.length} lost by '${name}', the first at ${lost[0]}`);
    }
  }

  /** Begins nothing more; what is open stays open. */
  calm(): void {
    this.#subscriptions.unsubscribe();
  }

  #watched<T>(name: string, stream: Observable<T>): Observable<T> {
    const count = (change: number): void => void this.#running.set(name, (this.#running.get(name) ?? 0) + change);
    return defer(() => {
      count(1);
      return stream.pipe(finalize(() => count(-1)));
    });
  }

  #keep(name: string, every: number, offset: number, open: (options: object) => Observable<NostrEvent>): void {
    const kept: Kept = {
      name,
      received: new ReceivedNumbers(),
      placeOf: (event) => (numberOf(event) % every === offset ? Math.floor(numberOf(event) / every) : -1),
      expected: (before) => Math.floor((before + every - 1 - offset) / every),
    };
    this.#kept.push(kept);
    // Not ended by the test: the pool has to do so when it is closed.
    this.#watched(name, open({ seenCapacity: SEEN, resume: RESUME })).subscribe({
      next: (event) => this.#received(kept, event),
      error: (error) => this.broken.push(`'${name}' errs: ${String(error)}`),
    });
  }

  #received(kept: Kept, event: NostrEvent): void {
    this.tally.events++;
    const place = kept.placeOf(event);
    if (place === -1) return;
    this.#misbehave(event, kept);
    if (this.sabotage === 'loss' && place % 10_000 === 9_999) return;
    if (!kept.received.add(place)) this.broken.push(`${event.content} came twice to '${kept.name}'`);
  }

  #misbehave(event: NostrEvent, { received, placeOf }: Kept): void {
    const number = numberOf(event);
    // Those that the relays begin with come before anything is measured.
    if (number < AT_FIRST) return;
    if (this.sabotage === 'events') this.#leaked.push(structuredClone(event));
    if (this.sabotage === 'timers' && number % 20 === 0) setTimeout(() => undefined, 2 ** 30);
    if (this.sabotage === 'twice' && number % 20_000 === 0) received.add(placeOf(event));
    if (this.sabotage === 'listeners' && number % 100 === 0) {
      for (const socket of this.sockets) socket.on('unexpected-response', () => undefined);
    }
  }

  /** A view that opens and is left again: shared or alone, with a limit or a tag, live or not. */
  #comeAndGo(turn: number): void {
    this.tally.requests++;
    const since = Math.floor(Date.now() / 1_000) - 2;
    const tag = tagOf(Math.floor(this.#random() * TAGS));
    const choices: readonly Filter[] = [
      { kinds: [1], limit: 20 },
      { kinds: [6], '#t': [tag], since },
      { kinds: [1, 4], limit: 5, since },
      { kinds: [2], '#t': [tag], limit: 10 },
    ];
    const filter = choices[turn % choices.length] ?? {};
    const matches = compileFilters([filter]);
    const seen = new Set<string>();
    const options = { seenCapacity: SEEN, resume: RESUME, alone: turn % 5 === 0, priority: 'high' as const };
    const stream = turn % 3 === 0 ? this.pool.request(filter, options) : this.pool.subscribe(filter, options);
    this.#watched('view', stream)
      .pipe(takeUntil(timer(500 + this.#random() * 6_000)))
      .subscribe({
        next: (event) => {
          if (!matches(event)) this.broken.push(`${event.content} does not match ${JSON.stringify(filter)}`);
          if (seen.has(event.id)) this.broken.push(`${event.content} came twice to a view`);
          seen.add(event.id);
        },
        error: (error) => this.broken.push(`a view errs: ${String(error)}`),
      });
  }

  #publish(turn: number): void {
    // Ephemeral, so that relays do not have to keep it.
    const event = fakeEvent({ kind: 20_001, content: `published ${turn}`, created_at: Math.floor(Date.now() / 1_000) });
    let accepted = 0;
    this.#watched('publish', this.pool.publish(event, { deadline: 5_000 })).subscribe({
      next: (report) => (accepted = report.accepted),
      error: (error) => this.broken.push(`a publish errs: ${String(error)}`),
      complete: () => {
        this.tally.published++;
        if (accepted === 0) this.tally.notAccepted++;
      },
    });
  }

  #count(): void {
    this.#watched('count', this.pool.count({ kinds: [1] }, { deadline: 5_000 })).subscribe({
      error: (error) => this.broken.push(`a count errs: ${String(error)}`),
      complete: () => this.tally.counted++,
    });
  }
}
