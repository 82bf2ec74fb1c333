import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import { BoundedBuffer } from '../policies/bounded-buffer.ts';
import type { NostrEvent } from '../protocol/event.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
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

/** Who waits for a verdict. */
export interface Verdict {
  /** Told once: the copy that verified, or undefined when the one that was sent in is a forgery. */
  verified(event: NostrEvent | undefined): void;
}

/**
 * What is known of an id. It is emptied when it is forgotten: V8 links each table that a Map has outgrown to the next one, and one of those in the old
 * generation would keep every event that came since from being collected young.
 */
interface Known {
  /** The copy that verified. */
  event: NostrEvent | undefined;
  /** The relays that sent it, or say so. */
  relays: readonly RelayUrl[] | undefined;
  /** Until one has verified, the copy that is with the engine. */
  candidate: Candidate | undefined;
  /** The copies that come after it. */
  next: Candidate[] | undefined;
}

/** One copy of an event that somebody waits for. */
interface Candidate {
  readonly event: NostrEvent;
  readonly waiter: Verdict;
  /** The text that it was read from, or `''`. */
  readonly text: string;
  /** Others who sent in the same copy. */
  others: Verdict[] | undefined;
  engine: Verifier;
  /** What is known of its id. */
  readonly of: Known;
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
  readonly #known = new Map<string, Known>();
  /** Ids of which a copy verified, to be forgotten in this order. */
  readonly #remembered: BoundedBuffer<string>;
  /** Ids with copies that wait for a verdict. */
  #pending = 0;
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
    const { remembered = 10_000 } = options;
    if (!(Number.isSafeInteger(remembered) && remembered > 0)) {
      throw new RangeError(`RelayPool: 'remembered' must be a whole number above 0; got ${remembered}.`);
    }
    this.#scheduler = options.scheduler ?? asyncScheduler;
    // What answers from elsewhere answers in real time, which is no time on another clock.
    if (!options.verifier && this.#scheduler === asyncScheduler) this.#borrowed = borrowDefaultVerifier();
    this.#verifier = options.verifier ?? this.#borrowed ?? pureVerifier;
    this.#verdictTimeout = options.verdictTimeout ?? 10_000;
    this.#remembered = new BoundedBuffer(remembered, 'drop-oldest');
  }

  /** The copy of this id that verified, while it is remembered. */
  known(id: string): NostrEvent | undefined {
    return this.#known.get(id)?.event;
  }

  /**
   * A relay sent the event with this id, or says so. Returns the id of the event; of one that is not remembered nothing is noted.
   *
   * @param by - The relay alone: one list for all its events, which most of them need not share with others.
   */
  sighted(id: string, by: readonly [RelayUrl]): string | undefined {
    const known = this.#known.get(id);
    if (!known?.event) return undefined;
    if (!known.relays) known.relays = by;
    else if (!known.relays.includes(by[0])) known.relays = [...known.relays, by[0]];
    return known.event.id;
  }

  /** The relays of which that is noted. */
  relaysOf(id: string): readonly RelayUrl[] {
    return this.#known.get(id)?.relays ?? [];
  }

  /** Ids with copies that still wait for a verdict. */
  get pending(): number {
    return this.#pending;
  }

  /** How often the verifier threw, rejected, answered nonsense or not at all, and the pure one stepped in. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Tells this waiter, where a copy of the event verified, or one that was read from the same text waits for its verdict, so that nobody need read it
   * again; says whether.
   */
  join(id: string, waiter: Verdict & { readonly text: string }): boolean {
    const known = this.#known.get(id);
    if (!known) return false;
    if (known.event) waiter.verified(known.event);
    else if (known.candidate?.text === waiter.text) (known.candidate.others ??= []).push(waiter);
    else return false;
    return true;
  }

  /** Verifies a well-formed event, which was read from this text if any; `waiter` is told once, now or later. */
  check(event: NostrEvent, waiter: Verdict, text = ''): void {
    const known = this.#known.get(event.id);
    if (known?.event) return waiter.verified(known.event);
    const same =
      known && [known.candidate, ...(known.next ?? [])].find((copy) => copy && isSameCopy(copy.event, event));
    if (same) return void (same.others ??= []).push(waiter);
    const of = known ?? this.#meet(event.id);
    const candidate: Candidate = { event, waiter, text, others: undefined, engine: this.#verifier, of };
    if (of.candidate) return void (of.next ??= []).push(candidate);
    of.candidate = candidate;
    this.#enqueue(candidate);
  }

  /** Closes as soon as nobody waits for a verdict any more: nothing new is asked from here on. */
  closeWhenDone(): void {
    if (this.#pending === 0) this.close();
    else this.#closesWhenDone = true;
  }

  /** Forgets everything; callers that still wait are not called. */
  close(): void {
    this.#timers.unsubscribe();
    this.#queue = [];
    this.#pending = 0;
    for (const known of this.#known.values()) known.candidate = known.next = undefined;
    this.#known.clear();
    this.#remembered.takeAll();
    this.#borrowed?.close();
  }

  #enqueue(candidate: Candidate): void {
    this.#queue.push(candidate);
    // What comes after a pause waits for nothing; what comes on its heels is a batch. An engine to which a full batch is nothing need not wait for
    // its turn, nor let what comes pile up before it.
    const isDue = !this.#flushing || this.#queue.length >= this.#quickBatch;
    this.#flushSoon();
    if (isDue) this.#verifyNext();
  }

  /** Others wait behind this one already: it has been to the engine before. */
  #enqueueFirst(candidate: Candidate): void {
    this.#queue.unshift(candidate);
    this.#flushSoon();
  }

  /** Events that the engine whose turn it is takes in no time: it works elsewhere, or a full batch took none the last time. */
  get #quickBatch(): number {
    return this.#queue[0]?.engine.batchSize ?? (this.#batchSize === LARGEST_BATCH ? LARGEST_BATCH : Infinity);
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#schedule(0, () => this.#flush());
  }

  #flush(): void {
    const start = this.#scheduler.now();
    while (this.#queue.length > 0 && this.#scheduler.now() - start < SLICE_MS) this.#verifyNext();
    this.#flushing = this.#queue.length > 0;
    if (this.#flushing) this.#schedule(0, () => this.#flush());
  }

  #verifyNext(): void {
    const before = this.#scheduler.now();
    const batch = this.#nextBatch();
    this.#verify(batch);
    const spent = this.#scheduler.now() - before;
    // An engine that works in this thread is given less at a time, one that works elsewhere more.
    if (spent >= SLICE_MS) this.#batchSize = Math.max(1, this.#batchSize >> 1);
    // That a batch which was not full took no time says nothing about a full one.
    else if (batch.length === this.#batchSize && spent <= SLICE_MS / 4) {
      this.#batchSize = Math.min(LARGEST_BATCH, this.#batchSize << 1);
    }
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

  #meet(id: string): Known {
    const known = { event: undefined, relays: undefined, candidate: undefined, next: undefined };
    this.#known.set(id, known);
    this.#pending++;
    return known;
  }

  #accept(candidate: Candidate): void {
    const { event, of } = candidate;
    if (of.candidate !== candidate) return;
    const { next } = of;
    of.event = event;
    of.candidate = of.next = undefined;
    this.#pending--;
    this.#remember(event.id);
    tell(candidate, event);
    // Other content under an id that verified is a forgery, needless of a look at its signature.
    if (next) for (const copy of next) tell(copy, hasSameContent(copy.event, event) ? event : undefined);
  }

  #remember(id: string): void {
    if (this.#remembered.size === this.#remembered.capacity) {
      const oldest = this.#remembered.take() ?? '';
      const known = this.#known.get(oldest);
      this.#known.delete(oldest);
      if (known) known.event = known.relays = undefined;
    }
    this.#remembered.push(id);
  }

  #refuse(candidate: Candidate): void {
    const { event, of } = candidate;
    if (of.candidate !== candidate) return;
    of.candidate = of.next?.shift();
    if (of.candidate) this.#enqueueFirst(of.candidate);
    else {
      this.#pending--;
      this.#known.delete(event.id);
    }
    tell(candidate, undefined);
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
    // How much the engine took at a time says nothing of the one that steps in.
    this.#batchSize = 1;
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

function tell({ waiter, others }: Candidate, verified: NostrEvent | undefined): void {
  waiter.verified(verified);
  if (others) for (const other of others) other.verified(verified);
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
