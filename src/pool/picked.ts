import { Observable, type SchedulerLike, type Subscriber, Subscription } from 'rxjs';
import type { HedgePolicy } from '../policies/hedge-policy.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { Candidates, Choice } from './route.ts';
import { whole } from './routes.ts';

/** Milliseconds after which a request that has fewer relays than it should looks whether there are more by now. */
const LOOK_AGAIN = 30_000;

/** How relays are picked. */
export interface Picking {
  readonly count: number;
  /** Those of all relays that may be picked, the best first. */
  readonly rank: (relays: readonly PooledRelay[]) => readonly PooledRelay[];
  /** When another one is asked besides, because one is late. */
  readonly hedge: HedgePolicy | undefined;
  readonly scheduler: SchedulerLike;
}

/** A relay that has not answered yet. */
interface Asked {
  readonly since: number;
  readonly isCompany: boolean;
  /** Goes off when it is late. */
  readonly timer: Subscription;
}

/**
 * Picks so many relays and stays with them: only one that is gone, or where the request failed, is replaced, by the best of the others. Where
 * there is no other, the request stays where it is. With a hedge policy one that is late gets company, and whoever has not answered is let go
 * when enough have.
 */
export function pick(candidates$: Observable<Candidates>, picking: Picking): Observable<readonly Choice[]> {
  return new Observable((subscriber) => {
    const picked = new Picked(picking, subscriber);
    subscriber.add(() => picked.stop());
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
  #relays: readonly PooledRelay[] = [];
  #latest: Candidates = { relays: [], progress: new Map() };
  readonly #asked = new Map<PooledRelay, Asked>();
  /** Who was asked besides, by the relay that is late; until one of the two answers, fails or is gone. */
  readonly #company = new Map<PooledRelay, PooledRelay>();
  #look = Subscription.EMPTY;

  constructor(
    private readonly picking: Picking,
    private readonly subscriber: Subscriber<readonly Choice[]>,
  ) {}

  follow(candidates: Candidates): void {
    this.#latest = candidates;
    for (const relay of this.#relays) if (this.#is(relay, 'answered')) this.#answered(relay);
    this.#decide();
  }

  /** Who was late and is let go now took at least so long. */
  stop(): void {
    for (const relay of this.#asked.keys()) this.#leaves(relay, this.#company.has(relay));
    this.#look.unsubscribe();
  }

  #decide(): void {
    const { count } = this.picking;
    const { relays } = this.#latest;
    const present = this.#relays.filter((relay) => relays.includes(relay));
    const failed = present.filter((relay) => this.#is(relay, 'failed'));
    const staying = this.#withoutLosers(present.filter((relay) => !failed.includes(relay)));
    for (const [late, company] of this.#company) {
      if (!staying.includes(late) || !staying.includes(company)) this.#company.delete(late);
    }
    // Two of which one is late are to give one answer.
    const missing = count - staying.length + this.#company.size;
    const joining = missing > 0 ? this.#others(staying).slice(0, missing) : [];
    // Better one where it failed than none: it may come back.
    const kept = failed.slice(0, Math.max(0, missing - joining.length));
    for (const relay of this.#asked.keys()) if (!staying.includes(relay)) this.#leaves(relay, false);
    this.#relays = [...staying, ...joining, ...kept];
    for (const relay of joining) this.#asks(relay);
    this.#lookAgain(missing > joining.length);
    this.#tell();
  }

  #is(relay: PooledRelay, progress: 'answered' | 'failed'): boolean {
    return this.#latest.progress.get(relay.url) === progress;
  }

  /** Who may be picked besides those that are asked; of all, as a few that are left do not tell how the pool is. */
  #others(asked: readonly PooledRelay[]): readonly PooledRelay[] {
    try {
      const ranked = this.picking.rank(this.#latest.relays);
      return ranked.filter((relay) => !asked.includes(relay) && !this.#is(relay, 'failed'));
    } catch (error) {
      // A strategy of the caller's.
      this.subscriber.error(error);
      return [];
    }
  }

  /** When enough have answered, those that have not are of no use any more. */
  #withoutLosers(staying: readonly PooledRelay[]): readonly PooledRelay[] {
    const answered = staying.filter((relay) => this.#is(relay, 'answered'));
    if (answered.length < this.picking.count) return staying;
    for (const relay of staying) if (!answered.includes(relay)) this.#leaves(relay, true);
    return answered;
  }

  #answered(relay: PooledRelay): void {
    for (const [late, company] of this.#company) {
      if (company === relay) this.picking.hedge?.won();
      if (company === relay || late === relay) this.#company.delete(late);
    }
    this.#leaves(relay, true);
  }

  /** It is not waited for any more, and if `counts` it took so long, or would have taken longer. */
  #leaves(relay: PooledRelay, counts: boolean): void {
    const { hedge, scheduler } = this.picking;
    const asked = this.#asked.get(relay);
    if (!asked) return;
    this.#asked.delete(relay);
    asked.timer.unsubscribe();
    const now = scheduler.now();
    if (counts && !asked.isCompany) hedge?.record(now - asked.since, now);
  }

  #asks(relay: PooledRelay): void {
    const { hedge, scheduler } = this.picking;
    if (!hedge) return;
    const now = scheduler.now();
    hedge.began();
    const delay = hedge.delay(now);
    const timer =
      delay === undefined ? Subscription.EMPTY : scheduler.schedule(() => this.#isLate(relay, hedge), delay);
    this.#asked.set(relay, { since: now, isCompany: false, timer });
  }

  #isLate(relay: PooledRelay, hedge: HedgePolicy): void {
    const [company] = this.#others(this.#relays);
    if (!company || !hedge.tryHedge()) return;
    this.#company.set(relay, company);
    this.#asked.set(company, { since: this.picking.scheduler.now(), isCompany: true, timer: Subscription.EMPTY });
    this.#relays = [...this.#relays, company];
    this.#tell();
  }

  /** Nobody tells when a relay is ready again. */
  #lookAgain(isShort: boolean): void {
    this.#look.unsubscribe();
    const hasOthers = this.#latest.relays.length > this.#relays.length;
    if (!isShort || !hasOthers || this.subscriber.closed) return;
    this.#look = this.picking.scheduler.schedule(() => this.#decide(), LOOK_AGAIN);
  }

  #tell(): void {
    this.subscriber.next(this.#relays.map(whole));
  }
}
