import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Span } from '../../src/policies/page.ts';
import { SyncSpans } from '../../src/policies/sync-spans.ts';

const NOW = 1_000;
const times = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 120 });
const within =
  ({ since, until }: Span) =>
  (time: number): boolean =>
    time >= since && time <= until;

it('every second is in one of the spans that were taken, and in one only, oldest first', () => {
  fc.assert(
    fc.property(
      times,
      fc.integer({ min: 1, max: 10 }),
      fc.constantFrom<Span>(
        { since: 0, until: Infinity },
        { since: 500, until: 2_500 },
        { since: 2_000, until: Infinity },
      ),
      (all, most, whole) => {
        const spans = new SyncSpans(whole);
        const taken: Span[] = [];
        for (let span = spans.next(); span; span = spans.next()) {
          const tooMuch = all.filter(within(span)).length > most;
          if (!tooMuch || !spans.split(span, NOW + 0.5)) taken.push(span);
        }
        expect(taken[0]?.since).toBe(whole.since);
        expect(taken.at(-1)?.until).toBe(whole.until);
        taken.slice(1).forEach(({ since }, index) => expect(since).toBe((taken[index]?.until ?? NaN) + 1));
        for (const span of taken) {
          expect(span.since).toBeLessThanOrEqual(span.until);
          // What was kept although it is too much is one second.
          if (all.filter(within(span)).length > most) expect(span.until).toBe(span.since);
        }
      },
    ),
  );
});

it('gives no span of nothing', () => {
  expect(new SyncSpans({ since: 2, until: 1 }).next()).toBeUndefined();
});

it('a second has no halves, and an end that is not there is cut off at now, then ever farther away', () => {
  const spans = new SyncSpans({ since: 0, until: Infinity });
  expect(spans.split({ since: 5, until: 5 }, NOW)).toBe(false);
  const given: (Span | undefined)[] = [spans.next()];
  let span = given[0];
  while (span && spans.split(span, NOW)) {
    const old = spans.next();
    given.push(old);
    span = spans.next();
  }
  expect(given.slice(1, 4)).toEqual([
    { since: 0, until: 1_000 },
    { since: 1_001, until: 1_002 },
    { since: 1_003, until: 1_006 },
  ]);
  expect(given.length).toBeLessThan(60);
});

it('gives no more spans than it may, however often it is told that they are too much', () => {
  const spans = new SyncSpans({ since: 0, until: 1e9 }, 100);
  let given = 0;
  for (let span = spans.next(); span; span = spans.next()) {
    given++;
    spans.split(span, NOW);
  }
  expect(given).toBeLessThanOrEqual(100);
  expect(given).toBeGreaterThan(50);
});
