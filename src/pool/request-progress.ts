import { Observable, type SchedulerLike, Subject } from 'rxjs';
import { stopWith } from '../operators/stop-with.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Answer } from './answer.ts';
import type { Candidates, RelayProgress } from './route.ts';

/** Milliseconds after which a relay that failed may be chosen again. */
const FAILED_FOR = 60_000;

/** How one request goes with its relays, for the route to choose by. */
export class RequestProgress {
  readonly #marks = new Map<RelayUrl, { readonly progress: RelayProgress; readonly at: number }>();
  readonly #marked = new Subject<void>();

  constructor(private readonly scheduler: SchedulerLike) {}

  /** The candidates of a route, now and after every change. */
  candidates(relays$: Observable<readonly PooledRelay[]>): Observable<Candidates> {
    return new Observable((subscriber) => {
      let relays: readonly PooledRelay[] | undefined;
      // A route's answer to one mark may lead to the next: who hears of the first one after that is told how things are by then.
      const tell = (): void => {
        if (relays) subscriber.next({ relays, progress: this.#current() });
      };
      subscriber.add(this.#marked.subscribe(tell));
      relays$.pipe(stopWith(subscriber)).subscribe({
        next: (now) => {
          relays = now;
          tell();
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
  }

  /** A relay has answered, or failed: then nothing is awaited from it. */
  heard({ packet, settles }: Answer): void {
    if (packet.type === 'eose') this.#mark(packet.relay, 'answered');
    else if (settles) this.#mark(packet.relay, 'failed');
  }

  #mark(relay: RelayUrl, progress: RelayProgress): void {
    if (progress !== 'failed' && this.#marks.get(relay)?.progress === progress) return;
    this.#marks.set(relay, { progress, at: this.scheduler.now() });
    this.#marked.next();
  }

  #current(): ReadonlyMap<RelayUrl, RelayProgress> {
    const since = this.scheduler.now() - FAILED_FOR;
    const current = new Map<RelayUrl, RelayProgress>();
    for (const [url, { progress, at }] of this.#marks)
      if (progress !== 'failed' || at > since) current.set(url, progress);
    return current;
  }
}
