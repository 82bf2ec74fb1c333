import { BehaviorSubject, combineLatest, map, type Observable, type SchedulerLike, tap } from 'rxjs';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Answer } from './answer.ts';
import type { Candidates, RelayProgress } from './route.ts';

/** Milliseconds after which a relay that failed may be chosen again. */
const FAILED_FOR = 60_000;

type Marks = ReadonlyMap<RelayUrl, { readonly progress: RelayProgress; readonly at: number }>;

/** How one request goes with its relays, for the route to choose by. */
export class RequestProgress {
  readonly #marks = new BehaviorSubject<Marks>(new Map());

  constructor(private readonly scheduler: SchedulerLike) {}

  /** The candidates of a route, now and after every change. */
  candidates(relays$: Observable<readonly PooledRelay[]>): Observable<Candidates> {
    // The relays are over when the pool is, and the marks with them.
    const ending$ = relays$.pipe(tap({ complete: () => this.#marks.complete() }));
    return combineLatest([ending$, this.#marks]).pipe(
      // A route's answer to one mark may lead to the next: who hears of the first one after that is told how things are by then.
      map(([relays]) => ({ relays, progress: this.#current(this.#marks.value) })),
    );
  }

  /** A relay has answered, or failed: then nothing is awaited from it. */
  heard({ packet, settles }: Answer): void {
    if (packet.type === 'eose') this.#mark(packet.relay, 'answered');
    else if (settles) this.#mark(packet.relay, 'failed');
  }

  #mark(relay: RelayUrl, progress: RelayProgress): void {
    const marks = this.#marks.value;
    if (progress !== 'failed' && marks.get(relay)?.progress === progress) return;
    this.#marks.next(new Map(marks).set(relay, { progress, at: this.scheduler.now() }));
  }

  #current(marks: Marks): ReadonlyMap<RelayUrl, RelayProgress> {
    const since = this.scheduler.now() - FAILED_FOR;
    return new Map(
      [...marks]
        .filter(([, { progress, at }]) => progress !== 'failed' || at > since)
        .map(([url, { progress }]) => [url, progress]),
    );
  }
}
