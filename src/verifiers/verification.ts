import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import { BoundedMap } from '../policies/bounded-map.ts';
import type { NostrEvent } from '../protocol/event.ts';
import { borrowDefaultVerifier } from './default-verifier.ts';
import { pureVerifier } from './pure.ts';
import type { Verdicts, Verifier } from './verifier.ts';
import type { WasmVerifier } from './wasm/wasm-verifier.ts';

/** Knobs of {@link Verification}. */
export interface VerificationOptions {
  /** @default WebAssembly, in workers where there is a backlog; the pure one on a scheduler other than the platform's own time */
  readonly verifier?: Verifier | undefined;
  readonly scheduler?: SchedulerLike | undefined;
  /** Verified copies that are kept to be handed out again, oldest forgotten first. @default 10_000 */
  readonly remembered?: number | undefined;
  /** Milliseconds that a verifier may take for a batch before the pure one takes over. @default 10_000 */
  readonly verdictTimeout?: number | undefined;
}

/** What a caller of {@link Verification.check} is told: the copy that verified, or undefined when its own copy is a forgery. */
export type OnVerdict = (verified: NostrEvent | undefined) => void;

/** One copy of an event that somebody waits for. */
interface Candidate {
  readonly event: NostrEvent;
  readonly waiters: OnVerdict[];
  engine: Verifier;
}

/** A verifier call may hold the thread about this long before the event loop gets its turn. */
const SLICE_MS = 8;
const LARGEST_BATCH = 256;
/** An engine that failed this often in a row is not asked again. */
const FAILURES_UNTIL_GIVEN_UP = 3;

/**
 * Every event is verified once, whoever sends it and however many ask. Three rules keep lies out:
 *
 * - An id is remembered only after a copy of it verified, and only that copy is handed out afterwards.
 * - Copies of one id that differ are candidates: the next is tried when the one before was a forgery, so that a forgery which
 *   arrives first cannot hide the real event.
 * - Only the sender of a copy that failed, or that has other content than the one which verified, is told that it failed.
 */
export class Verification {
  readonly #scheduler: SchedulerLike;
  readonly #verdictTimeout: number;
  readonly #verified: BoundedMap<string, NostrEvent>;
  /** Per id the copies that wait; the first is with the engine. */
  readonly #candidates = new Map<string, Candidate[]>();
  readonly #timers = new Subscription();
  readonly #borrowed: WasmVerifier | undefined;
  #verifier: Verifier;
  #queue: Candidate[] = [];
  #flushing = false;
  #batchSize = 1;
  #closesWhenDone = false;
  #failures = 0;
  #failuresInRow = 0;

  constructor(options: VerificationOptions = {}) {
    this.#scheduler = options.scheduler ?? asyncScheduler;
    // What answers from elsewhere answers in real time, which is no time on another clock.
    if (!options.verifier && this.#scheduler === asyncScheduler) this.#borrowed = borrowDefaultVerifier();
    this.#verifier = options.verifier ?? this.#borrowed ?? pureVerifier;
    this.#verdictTimeout = options.verdictTimeout ?? 10_000;
    this.#verified = new BoundedMap(options.remembered ?? 10_000);
  }

  /** The copy of this id that verified, while it is remembered. */
  known(id: string): NostrEvent | undefined {
    return this.#verified.get(id);
  }

  /** Ids with copies that still wait for a verdict. */
  get pending(): number {
    return this.#candidates.size;
  }

  /** How often the verifier threw, rejected, answered nonsense or not at all, and the pure one stepped in. */
  get failures(): number {
    return this.#failures;
  }

  /** Verifies a well-formed event; `done` is called once, now or later. */
  check(event: NostrEvent, done: OnVerdict): void {
    const known = this.#verified.get(event.id);
    if (known) return done(known);
    const candidates = this.#candidates.get(event.id);
    if (!candidates) {
      const candidate: Candidate = { event, waiters: [done], engine: this.#verifier };
      this.#candidates.set(event.id, [candidate]);
      this.#enqueue(candidate);
      return;
    }
    const same = candidates.find((candidate) => isSameCopy(candidate.event, event));
    if (same) same.waiters.push(done);
    else candidates.push({ event, waiters: [done], engine: this.#verifier });
  }

  /** Closes as soon as nobody waits for a verdict any more: nothing new is asked from here on. */
  closeWhenDone(): void {
    if (this.#candidates.size === 0) this.close();
    else this.#closesWhenDone = true;
  }

  /** Forgets everything; callers that still wait are not called. */
  close(): void {
    this.#timers.unsubscribe();
    this.#queue = [];
    this.#candidates.clear();
    this.#verified.clear();
    this.#borrowed?.close();
  }

  #enqueue(candidate: Candidate): void {
    this.#queue.push(candidate);
    this.#flushSoon();
  }

  /** Others wait behind this one already: it has been to the engine before. */
  #enqueueFirst(candidate: Candidate): void {
    this.#queue.unshift(candidate);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#schedule(0, () => this.#flush());
  }

  #flush(): void {
    const start = this.#scheduler.now();
    let before = start;
    do {
      const batch = this.#nextBatch();
      this.#verify(batch);
      const now = this.#scheduler.now();
      // An engine that works in this thread is given less at a time, one that works elsewhere more.
      if (now - before >= SLICE_MS) this.#batchSize = Math.max(1, this.#batchSize >> 1);
      // That a batch which was not full took no time says nothing about a full one.
      else if (batch.length === this.#batchSize && now - before <= SLICE_MS / 4) {
        this.#batchSize = Math.min(LARGEST_BATCH, this.#batchSize << 1);
      }
      before = now;
    } while (this.#queue.length > 0 && before - start < SLICE_MS);
    this.#flushing = this.#queue.length > 0;
    if (this.#flushing) this.#schedule(0, () => this.#flush());
  }

  #nextBatch(): Candidate[] {
    const engine = this.#queue[0]?.engine;
    const most = engine?.batchSize ?? this.#batchSize;
    let length = 1;
    while (length < most && this.#queue[length]?.engine === engine) length++;
    return this.#queue.splice(0, length);
  }

  #verify(batch: readonly Candidate[]): void {
    const engine = batch[0]?.engine;
    if (!engine) return;
    const verdicts = ask(
      engine,
      batch.map((candidate) => candidate.event),
    );
    if (verdicts instanceof Promise) this.#await(batch, verdicts);
    else this.#settle(batch, verdicts);
  }

  #await(batch: readonly Candidate[], verdicts: Promise<Verdicts>): void {
    let waiting = true;
    const once = (action: () => void) => () => {
      if (!waiting) return;
      waiting = false;
      timer.unsubscribe();
      this.#timers.remove(timer);
      action();
    };
    const fail = once(() => this.#engineFailed(batch));
    const timer = this.#schedule(this.#verdictTimeout, fail);
    verdicts.then((answer) => once(() => this.#settle(batch, answer))(), fail);
  }

  #settle(batch: readonly Candidate[], verdicts: Verdicts | undefined): void {
    if (!Array.isArray(verdicts) || verdicts.length !== batch.length) return this.#engineFailed(batch);
    // That the pure one stepped in says nothing about the engine.
    if (batch[0]?.engine === this.#verifier) this.#failuresInRow = 0;
    batch.forEach((candidate, index) => {
      if (verdicts[index] === true) this.#accept(candidate);
      else this.#refuse(candidate);
    });
    if (this.#closesWhenDone) this.closeWhenDone();
  }

  #accept({ event }: Candidate): void {
    const candidates = this.#candidates.get(event.id);
    if (!candidates) return;
    this.#candidates.delete(event.id);
    this.#verified.set(event.id, event);
    for (const { event: copy, waiters } of candidates) {
      // Other content under an id that verified is a forgery, needless of a look at its signature.
      const verdict = hasSameContent(copy, event) ? event : undefined;
      for (const done of waiters) done(verdict);
    }
  }

  #refuse(candidate: Candidate): void {
    const { id } = candidate.event;
    const rest = this.#candidates.get(id)?.filter((other) => other !== candidate);
    if (!rest) return;
    const [next] = rest;
    if (next) {
      this.#candidates.set(id, rest);
      this.#enqueueFirst(next);
    } else this.#candidates.delete(id);
    for (const done of candidate.waiters) done(undefined);
  }

  #engineFailed(batch: readonly Candidate[]): void {
    this.#failures++;
    // Nothing is left to step in for the pure verifier: what makes it throw is no valid event.
    if (batch[0]?.engine === pureVerifier) {
      for (const candidate of batch) this.#refuse(candidate);
      if (this.#closesWhenDone) this.closeWhenDone();
      return;
    }
    if (++this.#failuresInRow >= FAILURES_UNTIL_GIVEN_UP) this.#verifier = pureVerifier;
    for (const candidate of batch) {
      candidate.engine = pureVerifier;
      this.#enqueueFirst(candidate);
    }
  }

  #schedule(delay: number, work: () => void): Subscription {
    const timer = this.#scheduler.schedule(() => {
      this.#timers.remove(timer);
      work();
    }, delay);
    this.#timers.add(timer);
    return timer;
  }
}

/** What the engine says; undefined where it throws or says nothing. */
function ask(engine: Verifier, events: readonly NostrEvent[]): Verdicts | Promise<Verdicts> | undefined {
  try {
    const verdicts = engine.verify(events);
    // A promise of ours keeps the rules of promises, whatever the engine's own does.
    return 'then' in verdicts ? Promise.resolve(verdicts) : verdicts;
  } catch {
    return undefined;
  }
}

function isSameCopy(a: NostrEvent, b: NostrEvent): boolean {
  return a.sig === b.sig && hasSameContent(a, b);
}

function hasSameContent(a: NostrEvent, b: NostrEvent): boolean {
  return (
    a.content === b.content &&
    a.pubkey === b.pubkey &&
    a.created_at === b.created_at &&
    a.kind === b.kind &&
    a.tags.length === b.tags.length &&
    a.tags.every((tag, i) => tag.length === b.tags[i]?.length && tag.every((value, j) => value === b.tags[i]?.[j]))
  );
}
