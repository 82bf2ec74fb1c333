import { defer, from, of, Subscription, switchMap } from 'rxjs';
import { LONGEST_DELAY } from '../policies/longest-delay.ts';
import { PoolError } from '../pool/pool-error.ts';
import type { PublishReport } from '../pool/publish-report.ts';
import type { RelayPool } from '../pool/relay-pool.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import { attempt } from './attempt.ts';
import type { Entry } from './entry.ts';
import type { CompleteOptions } from './outbox-options.ts';
import { type RelayNews, relayNews } from './relay-watch.ts';
import { standing } from './standing.ts';
import { Turns } from './turns.ts';

/** Whom a {@link Courier} tells what becomes of entries. */
export interface CourierReports {
  /** Whether the store still has it; asked before each attempt but the first of what was just published. */
  isKept(entry: Entry): Promise<boolean>;
  /** An attempt has news; `isAnswer`: a relay has said its last word, which is worth keeping. */
  progress(entry: Entry, isAnswer: boolean): void;
  /** It needs no more sending. After `delivered` an attempt under way goes on, for the relays that are left. */
  over(entry: Entry, status: 'delivered' | 'rejected' | 'superseded' | 'expired' | 'gone'): void;
  failed(entry: Entry, error: unknown): void;
}

/** Sends entries, again and again, until they need it no more: who, when, and how many at a time. It writes nothing. */
export class Courier {
  readonly #turns: Turns<Entry>;
  readonly #work = new Subscription();
  #isSending = false;
  #isStopped = false;
  #pause = Subscription.EMPTY;
  #watching: Subscription | undefined;

  constructor(
    private readonly pool: RelayPool,
    private readonly options: CompleteOptions,
    private readonly entries: ReadonlyMap<string, Entry>,
    private readonly reports: CourierReports,
  ) {
    this.#turns = new Turns(options);
    this.#work.add(options.connectivity$.subscribe(() => this.#wakeAll()));
  }

  /** It is to be sent as soon as its turn comes. */
  send(entry: Entry, kind: 'fresh' | 'again'): void {
    this.hold(entry);
    this.#turns.add(entry, kind);
    this.#watch();
    this.#sendNext();
  }

  /** It is not to be sent, and ends when its time is over. */
  hold(entry: Entry): void {
    this.#wait(entry, Infinity);
  }

  /** It is neither to be sent nor to end. */
  drop(entry: Entry, isAttemptKept: boolean): void {
    entry.timer.unsubscribe();
    this.#turns.remove(entry);
    if (!isAttemptKept) entry.attempt.unsubscribe();
    if (this.entries.size === 0) this.#unwatch();
  }

  /** Clears all timers, and takes back what was not sent yet. */
  stop(): void {
    this.#isStopped = true;
    for (const entry of this.entries.values()) entry.timer.unsubscribe();
    this.#pause.unsubscribe();
    this.#unwatch();
    this.#work.unsubscribe();
  }

  /** Waits so many milliseconds for its next turn, or for its end. */
  #wait(entry: Entry, delay: number): void {
    if (this.#isStopped) return;
    const { scheduler } = this.options;
    const due = scheduler.now() + delay;
    const act = (): void => {
      const now = scheduler.now();
      if (now >= entry.record.until) this.reports.over(entry, 'expired');
      else if (now >= due) this.send(entry, 'again');
      else this.#wait(entry, due - now);
    };
    const span = Math.min(due, entry.record.until) - scheduler.now();
    entry.timer.unsubscribe();
    entry.timer = scheduler.schedule(act, Math.max(0, Math.min(span, LONGEST_DELAY)));
  }

  #sendNext(): void {
    // An attempt that ends at once calls this again.
    if (this.#isSending || this.#isStopped) return;
    const { scheduler } = this.options;
    const next = (): Entry | undefined => (this.#isStopped ? undefined : this.#turns.next(scheduler.now()));
    this.#isSending = true;
    for (let entry = next(); entry; entry = next()) this.#attempt(entry);
    this.#isSending = false;
    this.#pause.unsubscribe();
    const { pause } = this.#turns;
    if (pause !== undefined && !this.#isStopped) this.#pause = scheduler.schedule(() => this.#sendNext(), pause);
  }

  #attempt(entry: Entry): void {
    const { scheduler, deadline, route } = this.options;
    const running = new Subscription(() => {
      this.#turns.done(entry);
      this.#sendNext();
    });
    entry.attempt = running;
    this.#work.add(running);
    const isKept$ = entry.isFresh ? of(true) : defer(() => this.reports.isKept(entry));
    entry.isFresh = false;
    const send$ = defer(() => {
      const patience = Math.max(1, Math.min(deadline, entry.record.until - scheduler.now()));
      return attempt(this.pool, entry.record, { deadline: patience, route });
    });
    const report$ = isKept$.pipe(
      switchMap((isKept) => {
        if (!isKept) this.reports.over(entry, 'gone');
        return isKept ? send$ : from([]);
      }),
    );
    const sending = report$.subscribe({
      next: (report) => this.#learn(entry, report),
      error: (error: unknown) => {
        this.#failed(entry, error);
        running.unsubscribe();
      },
      complete: () => {
        this.#ended(entry);
        running.unsubscribe();
      },
    });
    running.add(sending);
  }

  #learn(entry: Entry, { outcomes }: PublishReport): void {
    // Delivered already: the others get it all the same, but nobody waits for it.
    if (entry.status !== 'pending') return;
    entry.targets = Object.keys(outcomes) as RelayUrl[];
    const isAnswer = entry.learn(outcomes);
    if (this.#verdict(entry) === 'met') this.reports.over(entry, 'delivered');
    else this.reports.progress(entry, isAnswer);
  }

  #ended(entry: Entry): void {
    if (entry.status !== 'pending' || this.#isStopped) return;
    if (this.#verdict(entry) === 'failed') this.reports.over(entry, entry.isOutdated ? 'superseded' : 'rejected');
    else this.#wait(entry, entry.backoff.next());
  }

  #failed(entry: Entry, error: unknown): void {
    if (entry.status !== 'pending' || this.#isStopped) return;
    entry.targets = undefined;
    // A pool without relays may get some; one that is closed gets none, and its relays$ say so.
    const isQuiet = error instanceof PoolError && (error.code === 'no-relays' || error.code === 'pool-closed');
    if (!isQuiet) this.reports.failed(entry, error);
    this.#wait(entry, entry.backoff.next());
  }

  #verdict(entry: Entry): ReturnType<typeof standing> {
    const { quorum, answers } = entry.record;
    return standing(quorum, entry.targets ?? [], answers, (name) => this.#members(name));
  }

  #members(cluster: string): readonly RelayUrl[] {
    try {
      return this.pool.cluster(cluster).relays;
    } catch {
      // The pool of this run has no such cluster: the quorum waits for one that has.
      return [];
    }
  }

  #watch(): void {
    if (this.#watching || this.#isStopped) return;
    this.#watching = new Subscription();
    this.#watching.add(
      relayNews(this.pool.relays$).subscribe({
        next: (news) => this.#hear(news),
        // The pool was closed: there is nobody left to send to.
        complete: () => this.stop(),
      }),
    );
  }

  #unwatch(): void {
    this.#watching?.unsubscribe();
    this.#watching = undefined;
  }

  #hear({ back, isMore }: RelayNews): void {
    for (const entry of this.#waiting()) {
      if (back.some((url) => entry.misses(url)) || (isMore && entry.isStranded)) this.send(entry, 'again');
    }
  }

  #wakeAll(): void {
    for (const entry of this.#waiting()) {
      entry.backoff.reset();
      this.send(entry, 'again');
    }
  }

  #waiting(): Entry[] {
    return [...this.entries.values()].filter(({ isStored, status }) => isStored && status === 'pending');
  }
}
