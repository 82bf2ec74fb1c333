import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Page, type Span } from '../../src/policies/page.ts';
import type { Compared } from '../../src/policies/resume-proof.ts';
import { ResumeCursor, type ResumeOptions } from '../../src/policies/resume-cursor.ts';
import type { Filter } from '../../src/protocol/filter.ts';

/** The promise of resuming, checked against a relay that is nothing but a list. */

interface Stored {
  readonly id: number;
  readonly createdAt: number;
  readonly storedAt: number;
}

type Action =
  | { readonly type: 'store'; readonly age: number }
  | { readonly type: 'wait'; readonly seconds: number }
  | { readonly type: 'disconnect' }
  /** Connects, if it is not, and lets so many REQs be answered before anything else happens. */
  | { readonly type: 'exchange'; readonly answers: number };

/** How a relay answers one reconciliation. */
type Mood = 'honest' | 'unable' | 'not-now' | 'lies';

const START = 1_000_000;
const OVERLAP = 10;
const ROUNDS = 10_000;

class Model {
  now = START;
  readonly stored: Stored[] = [];
  readonly delivered = new Set<number>();
  /** Reported because an outage may have hidden events that are dated before it. */
  readonly outageGaps: Span[] = [];
  /** Reported because the relay does not hand out more. */
  readonly pageGaps: Span[] = [];
  connected = false;
  asked: Filter[] = [];
  answered = true;
  requests = 0;
  comparisons = 0;
  firstBegin: number | undefined;
  firstAnswer: number | undefined;
  readonly cursor: ResumeCursor;

  constructor(
    private readonly filter: Filter,
    private readonly cap: number,
    private readonly hints: boolean,
    private readonly shuffle: (events: Stored[]) => Stored[],
    options: ResumeOptions = {},
    private readonly moods: readonly Mood[] = [],
    private readonly isLive = true,
    private readonly isFit: (id: number) => boolean = () => true,
  ) {
    const delivered = { has: (id: string): boolean => this.delivered.has(Number(id)) };
    this.cursor = new ResumeCursor([filter], { overlap: OVERLAP, ...options }, delivered, isLive);
  }

  store(age: number): void {
    const event = { id: this.stored.length, createdAt: this.now - age, storedAt: this.now };
    this.stored.push(event);
    // A REQ that is not answered yet may not have reached the relay.
    const isHeard = this.isLive && this.connected && this.answered && this.isFit(event.id);
    if (isHeard && this.asked.some((filter) => matches(filter, event))) {
      this.delivered.add(event.id);
      this.cursor.live(event.createdAt, this.now);
    }
  }

  disconnect(): void {
    if (!this.connected) return;
    // Whoever asked and got no answer before the outage still asked then.
    if (!this.answered) this.firstAnswer ??= this.firstBegin;
    this.connected = false;
    this.cursor.lost(this.now);
  }

  exchange(answers: number): void {
    if (!this.connected) {
      this.connected = true;
      this.firstBegin ??= this.stored.length;
      const { filters, gaps } = this.cursor.begin(this.now);
      this.asked = [...filters];
      this.outageGaps.push(...gaps);
      this.answered = false;
    }
    for (let i = 0; i < answers; i++) if (!this.answerNext()) return;
  }

  /** Answers the live REQ or the next page; says whether there was one. */
  answerNext(): boolean {
    const compared = this.answered ? this.cursor.nextComparison() : undefined;
    if (compared) {
      this.outageGaps.push(...this.cursor.compared(this.#compared(compared)));
      return true;
    }
    const filter = this.answered ? this.cursor.nextPage() : this.asked[0];
    if (!filter) return false;
    this.requests++;
    this.answered = true;
    this.firstAnswer ??= this.stored.length;
    const matching = this.stored.filter((event) => matches(filter, event)).sort((a, b) => b.createdAt - a.createdAt);
    const most = Math.min(this.cap, filter.limit ?? Infinity);
    const page = new Page();
    const isLying = filter.ids !== undefined && this.#mood === 'lies';
    for (const event of this.shuffle(matching.slice(0, most))) {
      if (isLying && event.id % 2 === 0) continue;
      if (!this.isFit(event.id)) {
        page.unfit++;
        continue;
      }
      page.add(event.createdAt);
      this.delivered.add(event.id);
    }
    const hints = !this.hints ? [] : matching.length > this.cap ? ['more'] : ['finish'];
    (filter.ids ? this.outageGaps : this.pageGaps).push(...this.cursor.answered(page, hints));
    return true;
  }

  /** What it does with the reconciliation that is under way, or was the last. */
  get #mood(): Mood {
    return this.moods[this.comparisons % this.moods.length] ?? 'honest';
  }

  #compared(filter: Filter): Compared {
    this.comparisons++;
    if (this.#mood === 'unable' || this.#mood === 'not-now') return this.#mood;
    const stored = this.stored.filter((event) => matches(filter, event)).map(({ id }) => `${id}`);
    return { missing: stored.filter((id) => !this.delivered.has(Number(id))), atOnce: 7 };
  }

  finish(): void {
    this.exchange(0);
    for (let i = 0; i < ROUNDS; i++) if (!this.answerNext()) return;
    throw new Error('The cursor asks for pages for ever.');
  }

  /** Events that match, were not delivered, and may be missing by no gap that excuses them. */
  missing(from = 0, to = this.stored.length): Stored[] {
    return this.stored
      .slice(from, to)
      .filter((event) => matches(this.filter, event) && this.isFit(event.id) && !this.delivered.has(event.id))
      .filter((event) => !this.#excuses(event).some((gap) => matches(gap, event)));
  }

  /** An outage excuses only what was stored during it and dated before it; never what was there at the start, or is on time. */
  #excuses({ id, createdAt, storedAt }: Stored): readonly Span[] {
    const onTime = storedAt - createdAt <= OVERLAP;
    const fromTheStart = id < (this.firstAnswer ?? 0);
    return onTime || fromTheStart ? this.pageGaps : [...this.pageGaps, ...this.outageGaps];
  }
}

function matches(
  { since = 0, until = Infinity, ids }: Pick<Filter, 'since' | 'until' | 'ids'>,
  { id, createdAt }: Stored,
): boolean {
  return since <= createdAt && createdAt <= until && (ids?.includes(`${id}`) ?? true);
}

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('store' as const), age: fc.integer({ min: -300, max: 300 }) }),
  },
  // Many events of one second: what a page cannot get past.
  { weight: 3, arbitrary: fc.record({ type: fc.constant('store' as const), age: fc.constantFrom(0, 5) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 100 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ type: 'disconnect' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('exchange' as const), answers: fc.integer({ min: 0, max: 4 }) }),
  },
);

const setting = fc.record({
  cap: fc.integer({ min: 10, max: 25 }),
  hints: fc.boolean(),
  reversed: fc.boolean(),
  before: fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 80 }),
  crowd: fc.integer({ min: 0, max: 40 }),
  actions: fc.array(action, { maxLength: 120 }),
});

function run(
  filter: Filter,
  input: typeof setting extends fc.Arbitrary<infer S> ? S : never,
  pages?: number,
  moods?: readonly Mood[],
  { isLive = true, unfit = Infinity }: { readonly isLive?: boolean; readonly unfit?: number } = {},
): Model {
  const shuffle = (events: Stored[]): Stored[] => (input.reversed ? events.reverse() : events);
  const model = new Model(
    filter,
    input.cap,
    input.hints,
    shuffle,
    { pages: pages ?? 50, mode: moods ? 'negentropy' : 'window' },
    moods,
    isLive,
    (id) => (id + 1) % unfit !== 0,
  );
  for (const age of input.before) model.store(age);
  for (let i = 0; i < input.crowd; i++) model.store(50);
  for (const step of input.actions) {
    if (step.type === 'store') model.store(step.age);
    else if (step.type === 'wait') model.now += step.seconds;
    else if (step.type === 'disconnect') model.disconnect();
    else model.exchange(step.answers);
  }
  model.finish();
  if (!moods) return model;
  model.disconnect();
  model.now += 100;
  model.store(300);
  model.finish();
  return model;
}

describe('resuming from a cursor', () => {
  it('delivers every stored event or names the hole, for any schedule of disconnects and any storage order', () => {
    fc.assert(
      fc.property(setting, (input) => {
        expect(run({ kinds: [1] }, input).missing()).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('keeps that promise within the bounds of the filter', () => {
    fc.assert(
      fc.property(setting, fc.integer({ min: -200, max: 200 }), fc.nat(400), (input, age, span) => {
        const filter = { kinds: [1], since: START - age - span, until: START - age };
        expect(run(filter, input).missing()).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps that promise where a relay holds what is not fit to be taken', () => {
    fc.assert(
      fc.property(setting, fc.integer({ min: 2, max: 30 }), (input, unfit) => {
        expect(run({ kinds: [1] }, input, undefined, undefined, { unfit }).missing()).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('fetches all that was stored when it asked, and leaves no hole for an outage, where no live events are wanted', () => {
    fc.assert(
      fc.property(setting, fc.integer({ min: 2, max: 30 }), (input, unfit) => {
        const model = run({ kinds: [1] }, input, undefined, undefined, { isLive: false, unfit });
        expect([model.missing(0, model.firstBegin), model.outageGaps]).toEqual([[], []]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps that promise for what comes after the first REQ when the filter has a limit', () => {
    fc.assert(
      fc.property(setting, fc.nat(30), (input, limit) => {
        const model = run({ kinds: [1], limit }, input);
        expect(model.missing(model.firstAnswer)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps that promise when it may ask for few pages only', () => {
    fc.assert(
      fc.property(setting, fc.integer({ min: 1, max: 3 }), (input, pages) => {
        expect(run({ kinds: [1] }, input, pages).missing()).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('by comparing ids it delivers every stored event and leaves no hole, however events are dated', () => {
    let comparisons = 0;
    fc.assert(
      fc.property(setting, (input) => {
        const model = run({ kinds: [1] }, input, undefined, ['honest']);
        expect([model.missing(), model.outageGaps]).toEqual([[], []]);
        comparisons += model.comparisons;
      }),
      { numRuns: 2_000 },
    );
    expect(comparisons).toBeGreaterThanOrEqual(2_000);
  });

  it('names the hole where a relay cannot compare, or lies about what it has', () => {
    const moods = fc.array(fc.constantFrom<Mood>('honest', 'unable', 'not-now', 'lies'), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(setting, moods, fc.integer({ min: 1, max: 50 }), fc.boolean(), (input, answers, pages, isBounded) => {
        const filter = { kinds: [1], ...(isBounded ? { since: START - 250, until: START + 50 } : {}) };
        expect(run(filter, input, pages, answers).missing()).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('pages to the limit of the filter where the relay caps below it', () => {
    for (const crowd of [0, 15]) {
      const model = new Model({ kinds: [1], limit: 50 }, 20, false, (events) => events);
      for (let age = 0; age < 100; age++) model.store(age);
      for (let i = 0; i < crowd; i++) model.store(19);
      model.finish();
      const newest = [...model.stored].sort((a, b) => b.createdAt - a.createdAt).slice(0, 50);
      expect(newest.filter(({ id }) => !model.delivered.has(id))).toEqual([]);
      expect(model.delivered.size).toBe(50);
    }
  });

  it('asks for little: an outage costs the pages of its window, not those of the whole history', () => {
    const model = new Model({ kinds: [1] }, 50, false, (events) => events);
    for (let i = 0; i < 2_000; i++) model.store(5_000 + i);
    model.finish();
    expect(model.missing()).toEqual([]);
    const initial = model.requests;
    model.disconnect();
    model.now += 60;
    for (let i = 0; i < 5; i++) model.store(i);
    model.finish();
    expect(model.missing()).toEqual([]);
    expect(model.requests - initial).toBe(2);
  });
});
