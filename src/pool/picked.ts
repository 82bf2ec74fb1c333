import { Observable, type SchedulerLike, Subscription } from 'rxjs';
import type { HedgePolicy } from '../policies/hedge-policy.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Candidates, Choice } from './route.ts';
import { whole } from './routes.ts';

/** How relays are picked. */
export interface Picking {
  readonly count: number;
  /** Relays that may be picked, the best first; those that are not to be asked are left out. */
  readonly rank: (relays: readonly PooledRelay[]) => readonly PooledRelay[];
  /** When another one is asked besides, because one is late. */
  readonly hedge: HedgePolicy | undefined;
  readonly scheduler: SchedulerLike;
}

/**
 * Picks so many relays and stays with them: only one that is gone, or where the request failed, is replaced, by the best of the others. Where
 * there is no other, the request stays where it is. With a hedge policy one that is late gets company, and whoever has not answered is let go
 * when enough have.
 */
export function pick(candidates$: Observable<Candidates>, picking: Picking): Observable<readonly Choice[]> {
  return new Observable((subscriber) => {
    const picked = new Picked(picking, (relays) => subscriber.next(relays.map(whole)));
    subscriber.add(picked.timers);
    subscriber.add(
      candidates$.subscribe({
        next: (candidates) => picked.follow(candidates),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
  });
}

class Picked {
  readonly timers = new Subscription();
  #relays: readonly PooledRelay[] = [];
  #latest: Candidates = { relays: [], progress: new Map() };
  /** Since when a relay has been asked that has not answered. */
  readonly #asked = new Map<PooledRelay, number>();
  /** Relays that are late and got company, and the company. */
  readonly #late = new Set<PooledRelay>();
  readonly #backups = new Set<PooledRelay>();

  constructor(
    private readonly picking: Picking,
    private readonly tell: (relays: readonly PooledRelay[]) => void,
  ) {}

  follow(candidates: Candidates): void {
    this.#latest = candidates;
    for (const relay of this.#relays) if (this.#is(relay, 'answered')) this.#answered(relay);
    this.#decide(false);
  }

  #decide(isHedge: boolean): void {
    const { count, rank } = this.picking;
    const { relays } = this.#latest;
    const present = this.#relays.filter((relay) => relays.includes(relay));
    const failed = present.filter((relay) => this.#is(relay, 'failed'));
    for (const relay of failed) this.#late.delete(relay);
    const staying = this.#withoutLosers(present.filter((relay) => !failed.includes(relay)));
    const missing = count - staying.filter((relay) => !this.#late.has(relay)).length;
    const others = relays.filter((relay) => !staying.includes(relay) && !this.#is(relay, 'failed'));
    const joining = missing > 0 ? rank(others).slice(0, missing) : [];
    // Better one where it failed than none: it may come back.
    const kept = failed.slice(0, Math.max(0, missing - joining.length));
    this.#relays = [...staying, ...joining, ...kept];
    for (const relay of joining) this.#asks(relay, isHedge);
    this.tell(this.#relays);
  }

  #is(relay: PooledRelay, progress: 'answered' | 'failed'): boolean {
    return this.#latest.progress.get(relay.url) === progress;
  }

  /** When enough have answered, those that have not because they are late, or company, are of no use any more. */
  #withoutLosers(staying: readonly PooledRelay[]): readonly PooledRelay[] {
    const answered = staying.filter((relay) => this.#is(relay, 'answered'));
    if (this.#backups.size === 0 || answered.length < this.picking.count) return staying;
    for (const relay of staying) if (!answered.includes(relay)) this.#answered(relay, false);
    this.#late.clear();
    this.#backups.clear();
    return answered;
  }

  /** It took so long, at least: it has answered, or was let go. */
  #answered(relay: PooledRelay, itself = true): void {
    const { hedge, scheduler } = this.picking;
    const since = this.#asked.get(relay);
    if (since === undefined) return;
    this.#asked.delete(relay);
    if (this.#backups.has(relay)) {
      if (itself) hedge?.won();
    } else hedge?.record(scheduler.now() - since, scheduler.now());
  }

  #asks(relay: PooledRelay, isBackup: boolean): void {
    const { hedge, scheduler } = this.picking;
    if (!hedge) return;
    const now = scheduler.now();
    this.#asked.set(relay, now);
    if (isBackup) {
      this.#backups.add(relay);
      return;
    }
    hedge.began();
    const delay = hedge.delay(now);
    if (delay === undefined) return;
    const timer = scheduler.schedule(() => {
      this.timers.remove(timer);
      this.#isDue(relay, hedge);
    }, delay);
    this.timers.add(timer);
  }

  #isDue(relay: PooledRelay, hedge: HedgePolicy): void {
    const isLate = this.#asked.has(relay) && this.#relays.includes(relay) && !this.#is(relay, 'failed');
    if (!isLate || this.#latest.relays.length <= this.#relays.length || !hedge.tryHedge()) return;
    this.#late.add(relay);
    this.#decide(true);
  }
}
