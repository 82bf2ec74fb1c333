import {
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  merge,
  type Observable,
  of,
  repeat,
  Subject,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { Backoff } from '../policies/backoff.ts';
import type { Span } from '../policies/page.ts';
import { SyncSpans } from '../policies/sync-spans.ts';
import { type Filter, matchesFilter } from '../protocol/filter.ts';
import { Negentropy } from '../protocol/negentropy.ts';
import { type CallEnding, callRelay, type RelayCall } from './call-relay.ts';
import { fetchFrom, type Fetched } from './fetch-from.ts';
import type { PooledRelay } from './pooled-relay.ts';
import { frameSizeFor, isIgnorant, reconciliation, type ReconciliationResult } from './reconciliation.ts';
import type { SyncContext, SyncSettings } from './sync-options.ts';
import { NOT_BEGUN, type RelaySync } from './sync-progress.ts';
import type { LocalEvents } from './sync-store.ts';
import { upload } from './upload.ts';

/** Events that are fetched at once. */
const CHUNK = 250;
/** Ids in a row that a relay may name and not give. */
const MOST_NEVER_GIVEN = 1_000;
/** How often something is tried again in a row whose connection was lost, or that was refused for the moment. */
const MOST_RETRIES = 5;

/** How the sync with one relay goes: emits after every step; the last one says how it ended. */
export function syncRelay(
  relay: PooledRelay,
  filter: Filter,
  local: LocalEvents,
  settings: SyncSettings,
  context: SyncContext,
): Observable<RelaySync> {
  return defer(() => new RelaySyncing(relay, filter, local, settings, context).run());
}

/** Compares one span of time after the other, and transfers after each what it showed. */
class RelaySyncing {
  readonly #states = new Subject<RelaySync>();
  readonly #spans: SyncSpans;
  readonly #until: number;
  readonly #over: number;
  readonly #backoff: Backoff;
  #state: RelaySync = NOT_BEGUN;
  #wasReached = false;
  #neverGiven = 0;
  #isOver = false;

  constructor(
    private readonly relay: PooledRelay,
    private readonly filter: Filter,
    private readonly local: LocalEvents,
    private readonly settings: SyncSettings,
    private readonly context: SyncContext,
  ) {
    const { since = 0, until = Infinity } = filter;
    this.#until = until;
    this.#spans = new SyncSpans({ since, until });
    this.#over = context.scheduler.now() + settings.deadline;
    this.#backoff = new Backoff({ maxAttempts: MOST_RETRIES }, context.random);
  }

  run(): Observable<RelaySync> {
    const { deadline } = this.settings;
    const overdue$ = timer(deadline, this.context.scheduler).pipe(
      tap(() => this.#lacks(`the time was over, ${deadline} ms`)),
    );
    const work$ = defer(() => this.#step()).pipe(
      repeat({ delay: () => (this.#isOver ? EMPTY : of(undefined)) }),
      takeUntil(overdue$),
    );
    const end$ = defer(() => {
      const { status, failed } = this.#state;
      if (status !== 'pending') return of(this.#state);
      if (failed > 0) this.#lacks('some events could not be transferred');
      return of<RelaySync>({ ...this.#state, status: this.#state.why === undefined ? 'done' : 'incomplete' });
    });
    // What is under way when it is over is taken back before that is told.
    return concat(merge(this.#states, work$.pipe(finalize(() => this.#states.complete()))), end$);
  }

  /** The next span, or what is left when all were compared. */
  #step(): Observable<never> {
    const span = this.#spans.next();
    if (!span) return this.#finished();
    return this.#reconciled(span).pipe(concatMap((result) => this.#learnt(span, result)));
  }

  #reconciled({ since, until }: Span): Observable<ReconciliationResult> {
    const { relay, local, settings, context } = this;
    const { silenceTimeout, maxNeed, priority } = settings;
    if (isIgnorant(relay)) return of({ type: 'unable', why: 'its document does not name NIP-77' });
    return defer(() => {
      let result: ReconciliationResult | undefined;
      const from = local.items.indexOf({ created_at: since, id: '' });
      const to = local.items.indexOf({ created_at: until + 1, id: '' });
      const send: RelayCall['send'] = (connection, answer, sent) => {
        this.#wasReached = true;
        const negentropy = new Negentropy(local.items, from, to, frameSizeFor(relay.limits, settings.frameSize));
        const options = { filter: this.#within({ since, until }), negentropy, silenceTimeout, maxNeed };
        reconciliation(
          connection,
          { ...options, scheduler: context.scheduler },
          sent,
          (end) => (result = end),
        ).subscribe(answer);
      };
      const left = Math.max(1, this.#over - context.scheduler.now());
      const call = {
        verb: 'NEG-OPEN',
        priority,
        deadline: left,
        connectDeadline: this.#wasReached ? left : silenceTimeout,
        retries: MOST_RETRIES,
        refusal: () => undefined,
        send,
      } as const;
      return callRelay(relay, call, context).pipe(concatMap((ending) => this.#endedBy(ending, result)));
    });
  }

  #endedBy(ending: CallEnding, result: ReconciliationResult | undefined): Observable<ReconciliationResult> {
    if (ending.status === 'answered' && result) return of(result);
    // Many relays say nothing to what they do not know.
    if (ending.status === 'silent') return of({ type: 'unable', why: 'the relay did not answer a NEG-OPEN' });
    if (ending.status === 'rejected') return of({ type: 'unable', why: `the relay refused: ${ending.reason.raw}` });
    return this.#end(ending.status === 'answered' ? { status: 'silent' } : ending);
  }

  #learnt(span: Span, result: ReconciliationResult): Observable<never> {
    switch (result.type) {
      case 'reconciled':
        return this.#transfer(result.have, result.need);
      case 'too-much':
        if (this.#spans.split(span, this.context.scheduler.now() / 1_000)) return EMPTY;
        return span.since === span.until
          ? this.#paged(span, 'the relay reconciles fewer events than it has of one second')
          : this.#pagedToTheEnd(span, 'the relay reconciles too few events at once');
      case 'unable':
        return this.#pagedToTheEnd(span, result.why);
    }
  }

  #transfer(have: readonly string[], need: readonly string[]): Observable<never> {
    const { direction, dryRun } = this.settings;
    this.#tell({ have: this.#state.have + have.length, need: this.#state.need + need.length });
    if (dryRun) return EMPTY;
    return concat(
      direction === 'up' ? EMPTY : this.#download(need),
      direction === 'down' ? EMPTY : defer(() => this.#upload(have)),
    );
  }

  #download(ids: readonly string[]): Observable<never> {
    let left = ids;
    const step = defer(() => {
      const { chunk, left: rest } = this.local.claim(left, CHUNK);
      left = rest;
      if (chunk.length === 0 || this.#isOver) return EMPTY;
      if (this.#neverGiven >= MOST_NEVER_GIVEN) {
        left = [];
        this.#lacks('the relay names events that it does not give');
        return this.#failed(chunk.length + rest.length);
      }
      return concat(
        this.#fetched([{ ids: chunk }], () => (left = [...chunk, ...left])).pipe(
          finalize(() => this.local.release(chunk)),
        ),
        defer(() => {
          if (left.length > rest.length) return EMPTY; // it is tried again
          const missing = chunk.filter((id) => !this.local.has(id)).length;
          this.#neverGiven = missing === chunk.length ? this.#neverGiven + missing : 0;
          return missing > 0 ? this.#failed(missing) : EMPTY;
        }),
      );
    });
    return step.pipe(repeat({ delay: () => (left.length > 0 && !this.#isOver ? of(undefined) : EMPTY) }));
  }

  /** Fetches, and hands to the store what it has not; calls `again` where a retry makes sense, after a while. */
  #fetched(filters: readonly Filter[], again: () => void, heard?: (fetched: Fetched) => void): Observable<never> {
    const { local, settings, context, relay } = this;
    const isTaking = settings.direction !== 'up' && !settings.dryRun;
    const left = Math.max(1, this.#over - context.scheduler.now());
    let downloaded = 0;
    let hasEnded = false;
    const take = (fetched: Fetched): Observable<unknown> => {
      heard?.(fetched);
      switch (fetched.type) {
        case 'event':
          if (!isTaking || !matchesFilter(this.filter, fetched.event)) return EMPTY;
          return local.put(fetched.event).pipe(tap((isNew) => (downloaded += isNew ? 1 : 0)));
        case 'gap':
          this.#lacks(`not all could be fetched of the time from ${fetched.since} to ${fetched.until}`);
          return EMPTY;
        case 'whole':
          hasEnded = true;
          this.#backoff.reset();
          return EMPTY;
        case 'rejected':
          hasEnded = true;
          return this.#end({ status: 'rejected', reason: fetched.reason });
        case 'lost': {
          hasEnded = true;
          if (fetched.error.code === 'silent') return this.#end({ status: 'silent' });
          if (this.#backoff.exhausted) return this.#end({ status: 'unreachable', error: fetched.error });
          again();
          return timer(this.#backoff.next(), context.scheduler);
        }
      }
    };
    const times = { silenceTimeout: settings.silenceTimeout, deadline: left };
    return fetchFrom(relay, filters, { ...times, priority: settings.priority }, context).pipe(
      concatMap(take),
      ignoreElements(),
      finalize(() => this.#tell({ downloaded: this.#state.downloaded + downloaded })),
      (source) =>
        concat(
          source,
          defer(() => (hasEnded ? EMPTY : this.#end({ status: 'cancelled' }))),
        ),
    );
  }

  #upload(ids: readonly string[]): Observable<never> {
    const { local, settings, relay, context } = this;
    if (this.#isOver) return EMPTY;
    return upload(relay, ids, local, settings, context).pipe(
      tap(({ uploaded, failed, isGivenUp }) => {
        if (isGivenUp) this.#lacks('the relay accepts no events now');
        this.#tell({ uploaded: this.#state.uploaded + uploaded, failed: this.#state.failed + failed });
      }),
      ignoreElements(),
    );
  }

  /** Fetches all that matches in a span and compares it here. */
  #paged(span: Span, why: string): Observable<never> {
    if (this.#state.fallback === undefined) this.#tell({ method: 'paging', fallback: why });
    const from = this.local.items.indexOf({ created_at: span.since, id: '' });
    const to = this.local.items.indexOf({ created_at: span.until + 1, id: '' });
    const items = this.local.items.slice(from, to);
    let isDue = true;
    const step = defer(() => {
      isDue = false;
      const missing = new Map(items.map(({ id, created_at }) => [id, created_at]));
      const found = new Set<string>();
      let isWhole = false;
      const heard = (fetched: Fetched): void => {
        if (fetched.type === 'event') {
          const { event } = fetched;
          if (!missing.delete(event.id) && !this.local.had(event)) found.add(event.id);
        } else if (fetched.type === 'gap') {
          for (const [id, time] of missing) if (time >= fetched.since && time <= fetched.until) missing.delete(id);
        } else if (fetched.type === 'whole') isWhole = true;
      };
      return concat(
        this.#fetched([this.#within(span)], () => (isDue = true), heard),
        defer(() => {
          if (!isWhole) return EMPTY;
          const { direction, dryRun } = this.settings;
          this.#tell({ have: this.#state.have + missing.size, need: this.#state.need + found.size });
          return dryRun || direction === 'down' ? EMPTY : this.#upload([...missing.keys()]);
        }),
      );
    });
    return step.pipe(repeat({ delay: () => (isDue && !this.#isOver ? of(undefined) : EMPTY) }));
  }

  /** Spans are given oldest first, so nothing is left behind this one. */
  #pagedToTheEnd({ since }: Span, why: string): Observable<never> {
    return concat(this.#paged({ since, until: this.#until }, why), this.#finished());
  }

  #finished(): Observable<never> {
    return defer(() => {
      this.#isOver = true;
      return EMPTY;
    });
  }

  #failed(count: number): Observable<never> {
    this.#tell({ failed: this.#state.failed + count });
    return EMPTY;
  }

  /** It ends before all was compared. */
  #end(ending: Exclude<CallEnding, { readonly status: 'answered' }>): Observable<never> {
    this.#isOver = true;
    const { status } = ending;
    const reason = 'reason' in ending ? { reason: ending.reason } : {};
    const error = 'error' in ending ? { error: ending.error } : {};
    this.#state = { ...this.#state, status, ...reason, ...error };
    return EMPTY;
  }

  /** It cannot be whole; what was first to be missing is told. */
  #lacks(why: string): void {
    if (this.#state.why === undefined) this.#state = { ...this.#state, why };
  }

  #tell(news: Partial<RelaySync>): void {
    this.#state = { ...this.#state, ...news };
    this.#states.next(this.#state);
  }

  #within({ since, until }: Span): Filter {
    const { since: _, until: __, ...rest } = this.filter;
    return { ...rest, ...(since > 0 ? { since } : {}), ...(until < Infinity ? { until } : {}) };
  }
}
