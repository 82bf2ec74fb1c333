import type { SchedulerLike } from 'rxjs';
import { callSafely } from '../operators/call-safely.ts';
import type { RelayErrorCode } from '../protocol/relay-error.ts';
import type { RelayUrl } from '../protocol/relay-url.ts';
import type { CountOutcome } from './count-report.ts';
import type { ExplainedRelay, ExplainedStep, Explanation } from './explanation.ts';
import type { LatencyOf } from './health.ts';
import type { CallObserver, PoolCall } from './pool-call.ts';
import type { PooledRelay } from './pooled-relay.ts';
import type { PublishOutcome } from './publish-report.ts';
import type { Answer } from './answer.ts';
import type { Candidates, Choice } from './route.ts';
import type { RelaySync } from './sync-progress.ts';

/** Steps of a relay that are kept of one call, the latest. */
const MOST_STEPS = 20;
/** Relays that are kept of one call. */
const MOST_RELAYS = 200;

/** What is called; the verb by default `EVENT` where there is one, or else `REQ`. */
type Called = Omit<PoolCall, 'verb'> & Partial<Pick<PoolCall, 'verb'>>;

/** The latest calls of a pool, and what became of them. */
export class Journal {
  readonly #calls: CallNotes[] = [];
  #count = 0;

  /**
   * @param capacity - Calls that are kept, the latest.
   * @param observe - Told of each call.
   */
  constructor(
    private readonly capacity: number,
    private readonly scheduler: SchedulerLike,
    private readonly observe: CallObserver | undefined,
  ) {
    if (capacity >= 0) return;
    throw new RangeError(`RelayPool: 'explained' must be a number from 0; got ${capacity}.`);
  }

  /** A call begins. */
  begin(called: Called): CallNotes {
    const call: PoolCall = { verb: called.event ? 'EVENT' : 'REQ', ...called };
    const { observe } = this;
    const told = observe && callSafely(() => observe(call), undefined);
    const notes = new CallNotes(call, ++this.#count, this.scheduler, told);
    this.#calls.push(notes);
    if (this.#calls.length > this.capacity) this.#calls.shift();
    return notes;
  }

  /** The calls that are kept, the latest first. */
  get explanations(): readonly Explanation[] {
    return this.#calls.map((notes) => notes.explanation).reverse();
  }

  /** The latest call of this name. */
  find(id: string): Explanation | undefined {
    return this.#calls.findLast((notes) => notes.isCalled(id))?.explanation;
  }
}

interface RelayNotes extends Pick<ExplainedRelay, 'relay' | 'known'> {
  readonly steps: ExplainedStep[];
  readonly pooled: PooledRelay;
  omitted: number;
  isChosen: boolean;
  sentAt: number | undefined;
}

/** What happens to one call. */
export class CallNotes {
  readonly #beganAt: number;
  readonly #relays = new Map<RelayUrl, RelayNotes>();
  #endedAt: number | undefined;

  /** @param told - Told once how it went. */
  constructor(
    readonly call: PoolCall,
    private readonly number: number,
    private readonly scheduler: SchedulerLike,
    private readonly told: ReturnType<CallObserver> | undefined,
  ) {
    this.#beganAt = scheduler.now();
  }

  isCalled(id: string): boolean {
    return id === `${this.number}` || this.call.ids.has(id) || id === this.call.event?.id;
  }

  get explanation(): Explanation {
    const { ids, filters, event, priority, verb } = this.call;
    return {
      call: this.number,
      ids: event ? [event.id] : [...(ids.size > 0 ? ids : [`${this.number}`])],
      verb,
      ...(event ? { event } : { filters }),
      priority,
      beganAt: this.#beganAt,
      ...(this.#endedAt === undefined ? {} : { endedAt: this.#endedAt }),
      relays: [...this.#relays.values()].map(({ relay, known, steps, omitted }) => ({
        relay,
        known,
        steps: [...steps],
        omitted,
      })),
    };
  }

  /** The route has chosen. */
  routed({ relays, progress }: Candidates, choices: readonly Choice[], isEjected: (url: RelayUrl) => boolean): void {
    const chosen = new Set(choices.map(({ relay }) => relay));
    for (const { relay, filters } of choices) {
      const notes = this.#notes(relay);
      if (!notes || notes.isChosen) continue;
      notes.isChosen = true;
      this.#add(notes, 'chosen', filters ? `for ${JSON.stringify(filters).slice(0, 200)}` : '');
    }
    for (const relay of relays) {
      const notes = chosen.has(relay) ? undefined : this.#notes(relay);
      if (!notes || (notes.steps.length > 0 && !notes.isChosen)) continue;
      const why = whyNot(relay, progress.get(relay.url) === 'failed', isEjected(relay.url));
      this.#add(notes, notes.isChosen ? 'left' : 'skipped', why);
      notes.isChosen = false;
    }
  }

  /** It was sent, after so many milliseconds of waiting for its turn. */
  sent(relay: RelayUrl, waited: number): void {
    if (waited > 0) this.#step(relay, 'throttled', `waited ${Math.round(waited)} ms for its turn`);
    this.#step(relay, 'sent', '');
    const notes = this.#relays.get(relay);
    if (notes) notes.sentAt = this.scheduler.now();
  }

  /** What a relay said about a request. */
  heard(packet: Answer['packet']): void {
    const { relay } = packet;
    switch (packet.type) {
      case 'event':
        return;
      case 'eose':
        return this.#answered(relay, 'eose', 'EOSE');
      case 'closed':
        return this.#step(relay, 'refused', packet.reason.raw);
      case 'gap':
        return this.#step(relay, 'gap', `events dated ${packet.since} to ${packet.until} may be missing`);
      case 'lost':
        return this.#step(relay, isLate(packet.error.code) ? 'late' : 'lost', packet.error.message);
    }
  }

  /** What became of an event, or of a count, at a relay. */
  settled(relay: RelayUrl, outcome: PublishOutcome | CountOutcome): void {
    switch (outcome.status) {
      case 'accepted':
        return this.#answered(relay, 'ok', 'OK');
      case 'counted':
        return this.#answered(relay, undefined, 'COUNT');
      case 'rejected':
        return this.#step(relay, 'refused', `${'isUnsent' in outcome ? 'not sent: ' : ''}${outcome.reason.raw}`);
      case 'silent':
        return this.#step(relay, 'late', 'there was no answer in time');
      default:
        return this.#step(relay, 'lost', outcome.status);
    }
  }

  /** How a sync with a relay ended. */
  synced(relay: RelayUrl, { status, method, have, need, fallback, why, reason, error }: RelaySync): void {
    switch (status) {
      case 'pending':
        return;
      case 'done':
      case 'incomplete': {
        const notes = [fallback, why].filter((note) => note !== undefined);
        const found = `${need} to get and ${have} to give, by ${method}`;
        return this.#step(relay, 'answered', [`${status}: ${found}`, ...notes].join('; '));
      }
      case 'rejected':
        return this.#step(relay, 'refused', reason?.raw ?? '');
      case 'silent':
        return this.#step(relay, 'late', 'there was no answer in time');
      default:
        return this.#step(relay, 'lost', error?.message ?? status);
    }
  }

  ended(): void {
    this.#endedAt = this.scheduler.now();
    const { told } = this;
    if (told) callSafely(() => told(this.explanation), undefined);
  }

  /** It is late when it took longer than nearly all answers of the relay do. */
  #answered(relay: RelayUrl, what: LatencyOf | undefined, word: string): void {
    const notes = this.#relays.get(relay);
    if (!notes) return;
    const took = this.scheduler.now() - (notes.sentAt ?? this.#beganAt);
    const usual = what && notes.pooled.health.usual(what);
    if (usual !== undefined && took > usual) {
      this.#add(notes, 'late', `most of its answers take at most ${Math.round(usual)} ms`);
    }
    this.#add(notes, 'answered', `${word} after ${Math.round(took)} ms`);
  }

  #notes(relay: PooledRelay): RelayNotes | undefined {
    const known = this.#relays.get(relay.url);
    if (known || this.#relays.size >= MOST_RELAYS) return known;
    const { health, isReady } = relay;
    const { reliability, cost, bulkhead } = health;
    const notes: RelayNotes = {
      relay: relay.url,
      known: { isReady, reliability, cost, inFlight: bulkhead.running, queued: bulkhead.waiting },
      steps: [],
      omitted: 0,
      isChosen: false,
      pooled: relay,
      sentAt: undefined,
    };
    this.#relays.set(relay.url, notes);
    return notes;
  }

  #step(relay: RelayUrl, what: ExplainedStep['what'], why: string): void {
    const notes = this.#relays.get(relay);
    if (notes) this.#add(notes, what, why);
  }

  #add(notes: RelayNotes, what: ExplainedStep['what'], why: string): void {
    notes.steps.push({ after: this.scheduler.now() - this.#beganAt, what, why });
    if (notes.steps.length <= MOST_STEPS) return;
    notes.steps.shift();
    notes.omitted++;
  }
}

function isLate(code: RelayErrorCode): boolean {
  return code === 'silent' || code === 'deadline';
}

function whyNot(relay: PooledRelay, hasFailed: boolean, isEjected: boolean): string {
  if (hasFailed) return 'the request failed there';
  if (relay.health.breaker.refusal) return 'its circuit breaker is open, as it failed too often';
  if (relay.isFailing) return `it is not connected: ${relay.status.error?.message ?? 'the last attempt failed'}`;
  if (isEjected) return 'it fails clearly more than the others';
  return 'the route preferred others';
}
