import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Page, PageCount } from '../../src/policies/page.ts';
import { ResumeCursor, type ResumeOptions } from '../../src/policies/resume-cursor.ts';
import type { Filter } from '../../src/protocol/filter.ts';

const NOW = 1_000_000;
const author = 'a'.repeat(64);

/** A page of events with these times. */
function page(...times: readonly number[]): Page {
  const result = new Page();
  for (const time of times) result.add(time);
  return result;
}
/** A page of so many events, one a second, down from `newest`. */
const downFrom = (newest: number, count: number): Page =>
  page(...Array.from({ length: count }, (_, index) => newest - index));

/** A cursor that has been connected at NOW, was answered by a few events, and lost the connection at `lostAt`. */
function lostAt(lost: number, filter: Filter | readonly Filter[], options?: ResumeOptions): ResumeCursor {
  const cursor = new ResumeCursor([filter].flat(), options);
  cursor.begin(NOW);
  cursor.answered(page(NOW - 5), ['finish']);
  cursor.lost(lost);
  return cursor;
}

describe('Page', () => {
  it('counts, and knows its oldest second and how many are in it', () => {
    expect(page()).toMatchObject({ count: 0, oldest: Infinity, atOldest: 0 });
    expect(page(5, 3, 4, 3, 9)).toMatchObject({ count: 5, oldest: 3, atOldest: 2 });
  });
});

describe('PageCount', () => {
  const hex = 'ab'.repeat(32);

  it('counts an event once, until the answer is over', () => {
    const count = new PageCount();
    count.add(5, hex);
    count.addAgain(5, hex);
    count.addAgain(6, 'd'.repeat(64));
    count.addAgain(6, 'd'.repeat(64));
    count.add(4, 'c'.repeat(64));
    expect(count.page).toMatchObject({ count: 3, oldest: 4, atOldest: 1 });
    count.end();
    expect(count.page.count).toBe(3);
  });

  it('knows what came before, in whatever order the relay sends it, and however many are of one date', () => {
    const events = Array.from({ length: 60 }, (_, n) => ({
      id: `${n}`.padStart(64, '0'),
      createdAt: n % 3 === 0 ? 5 : n,
    }));
    const sent = fc.record({
      which: fc.array(fc.nat(events.length - 1), { maxLength: 150 }),
      order: fc.constantFrom('newest first', 'oldest first', 'none'),
    });
    fc.assert(
      fc.property(sent, ({ which, order }) => {
        const direction = { 'newest first': -1, 'oldest first': 1, none: 0 }[order];
        const answer = which.map((n) => events[n]!).sort((a, b) => direction * (a.createdAt - b.createdAt));
        const [count, expected, came] = [new PageCount(), new Page(), new Set<string>()];
        for (const { id, createdAt } of answer) {
          if (!came.has(id)) expected.add(createdAt);
          if (came.has(id) || Number(id) % 2 === 0) count.addAgain(createdAt, id);
          else count.add(createdAt, id);
          came.add(id);
        }
        expect(count.page).toEqual(expected);
      }),
    );
  });
});

describe('ResumeCursor', () => {
  describe('on the first connection', () => {
    it('says what is unknown when nothing of an answer was fit to be taken, and there is more', () => {
      const cursor = new ResumeCursor([{ kinds: [1], since: 500 }]);
      cursor.begin(NOW);
      expect(cursor.answered(page(), ['more'])).toEqual([{ since: 500, until: Infinity }]);
      expect(cursor.nextPage()).toBeUndefined();
    });

    it('asks for each of several filters by itself where nothing of the answer could be taken, and there is more', () => {
      const cursor = new ResumeCursor([{ kinds: [1] }, { kinds: [7] }]);
      cursor.begin(NOW);
      expect(cursor.answered(page(), ['more'])).toEqual([]);
      expect(cursor.nextPage()).toEqual({ kinds: [1] });
      expect(cursor.answered(page(), ['more'])).toEqual([{ since: 0, until: Infinity }]);
      expect(cursor.nextPage()).toEqual({ kinds: [7] });
    });

    it('asks for what the caller asked for, and nothing more when that was answered', () => {
      const cursor = new ResumeCursor([{ kinds: [1], limit: 50 }]);
      expect(cursor.begin(NOW)).toEqual({ filters: [{ kinds: [1], limit: 50 }], gaps: [] });
      expect(cursor.answered(downFrom(NOW, 50))).toEqual([]);
      expect(cursor.nextPage()).toBeUndefined();
      expect(cursor.unfetched()).toEqual([]);
    });

    it('pages on where a relay may have cut its answer: down from the oldest, what is known counted off', () => {
      const cursor = new ResumeCursor([{ kinds: [1], limit: 120 }]);
      cursor.begin(NOW);
      expect(cursor.answered(downFrom(NOW, 50))).toEqual([]);
      expect(cursor.nextPage()).toEqual({ kinds: [1], until: NOW - 49, limit: 71 });
      cursor.answered(downFrom(NOW - 49, 50));
      expect(cursor.nextPage()).toEqual({ kinds: [1], until: NOW - 98, limit: 22 });
      cursor.answered(downFrom(NOW - 98, 22));
      expect(cursor.nextPage()).toBeUndefined();
    });

    it('takes the word of the relay (NIP-67): finish ends, more goes on', () => {
      const finished = new ResumeCursor([{ kinds: [1] }]);
      finished.begin(NOW);
      finished.answered(downFrom(NOW, 500), ['finish']);
      expect(finished.nextPage()).toBeUndefined();
      const more = new ResumeCursor([{ kinds: [1] }]);
      more.begin(NOW);
      more.answered(downFrom(NOW, 3), ['more', 'unknown']);
      expect(more.nextPage()).toEqual({ kinds: [1], until: NOW - 2 });
    });

    it('takes a short answer for a whole one: no relay caps below ten', () => {
      for (const [count, isWhole] of [
        [0, true],
        [9, true],
        [10, false],
      ] as const) {
        const cursor = new ResumeCursor([{ kinds: [1] }]);
        cursor.begin(NOW);
        cursor.answered(downFrom(NOW, count));
        expect([count, cursor.nextPage() === undefined]).toEqual([count, isWhole]);
      }
    });

    it('does not take a page that is shorter than the one before for the last: relays leave some out after they have counted', () => {
      const cursor = new ResumeCursor([{ kinds: [1] }]);
      cursor.begin(NOW);
      cursor.answered(downFrom(NOW, 50));
      cursor.nextPage();
      cursor.answered(downFrom(NOW - 49, 49));
      expect(cursor.nextPage()).toEqual({ kinds: [1], until: NOW - 97 });
      // Nothing but what is known.
      cursor.answered(page(NOW - 97));
      expect(cursor.nextPage()).toBeUndefined();
    });

    it('steps over a second that fills a whole page, and says so', () => {
      const cursor = new ResumeCursor([{ kinds: [1] }]);
      cursor.begin(NOW);
      cursor.answered(page(...Array<number>(20).fill(NOW - 1)));
      expect(cursor.nextPage()).toEqual({ kinds: [1], until: NOW - 1 });
      expect(cursor.answered(page(...Array<number>(20).fill(NOW - 1)))).toEqual([{ since: NOW - 1, until: NOW - 1 }]);
      expect(cursor.nextPage()).toEqual({ kinds: [1], until: NOW - 2 });
    });

    it('gives up after as many pages as it may, and names what is left', () => {
      const cursor = new ResumeCursor([{ kinds: [1], since: 500 }], { pages: 2 });
      cursor.begin(NOW);
      cursor.answered(downFrom(NOW, 20));
      cursor.nextPage();
      expect(cursor.answered(downFrom(NOW - 19, 20))).toEqual([{ since: 500, until: NOW - 38 }]);
      expect(cursor.nextPage()).toBeUndefined();
    });

    it('fetches nothing where only live events are wanted', () => {
      const cursor = new ResumeCursor([{ kinds: [1], limit: 0 }]);
      expect(cursor.begin(NOW).filters).toEqual([{ kinds: [1], limit: 0 }]);
      expect(cursor.unfetched()).toEqual([]);
      cursor.answered(downFrom(NOW, 30));
      expect(cursor.nextPage()).toBeUndefined();
    });

    it('does not page a search, which has no order in time (NIP-50)', () => {
      const cursor = new ResumeCursor([{ search: 'x' }]);
      cursor.begin(NOW);
      cursor.answered(downFrom(NOW, 30), ['more']);
      expect(cursor.nextPage()).toBeUndefined();
    });

    it('says what was not fetched when nothing was answered', () => {
      const cursor = new ResumeCursor([{ kinds: [1], since: 100, until: 200 }, { kinds: [7] }]);
      cursor.begin(NOW);
      expect(cursor.unfetched()).toEqual([
        { since: 100, until: 200 },
        { since: 0, until: Infinity },
      ]);
    });
  });

  describe('after an outage', () => {
    it('opens the live stream unrestricted, and fetches from ten minutes before the outage on', () => {
      const cursor = lostAt(NOW + 1_000, { kinds: [1], limit: 50 });
      expect(cursor.begin(NOW + 2_000)).toEqual({
        filters: [{ kinds: [1], limit: 1 }],
        gaps: [{ since: 0, until: NOW + 400 - 1 }],
      });
      expect(cursor.answered(page(NOW + 1_999))).toEqual([]);
      expect(cursor.nextPage()).toEqual({ kinds: [1], since: NOW + 400 });
      expect(cursor.answered(downFrom(NOW + 1_999, 5))).toEqual([]);
      expect(cursor.nextPage()).toBeUndefined();
    });

    it('goes back by the overlap that it is told, and by the largest delay seen live, within its bound', () => {
      const delayed = (delay: number): Filter | undefined => {
        const cursor = new ResumeCursor([{ kinds: [1] }], { overlap: 60, maxOverlap: 5_000 });
        cursor.begin(NOW);
        cursor.answered(page());
        cursor.live(NOW + 10 - delay, NOW + 10);
        cursor.live(NOW + 20, NOW + 20);
        cursor.lost(NOW + 1_000);
        cursor.begin(NOW + 2_000);
        cursor.answered(page());
        return cursor.nextPage();
      };
      expect(delayed(0)).toEqual({ kinds: [1], since: NOW + 940 });
      expect(delayed(600)).toEqual({ kinds: [1], since: NOW + 340 });
      expect(delayed(1e9)).toEqual({ kinds: [1], since: NOW + 1_000 - 5_000 });
      // An event from the future moves nothing.
      expect(delayed(-1e9)).toEqual({ kinds: [1], since: NOW + 940 });
    });

    it('forgets a delay after 64 more live events', () => {
      const cursor = new ResumeCursor([{ kinds: [1] }], { overlap: 60 });
      cursor.begin(NOW);
      cursor.answered(page());
      cursor.live(NOW - 10_000, NOW);
      for (let n = 0; n < 64; n++) cursor.live(NOW, NOW);
      cursor.lost(NOW + 1_000);
      expect(cursor.begin(NOW + 2_000).gaps).toEqual([{ since: 0, until: NOW + 939 }]);
    });

    it('reports the older time once, not after each of many outages', () => {
      const cursor = lostAt(NOW + 1_000, { kinds: [1] });
      expect(cursor.begin(NOW + 2_000).gaps).toHaveLength(1);
      // Lost before it was answered: nothing is known that was not before.
      cursor.lost(NOW + 2_000);
      expect(cursor.begin(NOW + 3_000).gaps).toEqual([]);
      // The window that was not fetched yet still starts where it did.
      cursor.answered(page());
      expect(cursor.nextPage()).toEqual({ kinds: [1], since: NOW + 400 });
      cursor.lost(NOW + 4_000);
      expect(cursor.begin(NOW + 5_000).gaps).toEqual([]);
      cursor.answered(page());
      cursor.nextPage();
      cursor.answered(page());
      cursor.lost(NOW + 6_000);
      expect(cursor.begin(NOW + 7_000).gaps).toEqual([{ since: 0, until: NOW + 5_399 }]);
    });

    it('keeps what was not fetched before the outage for after it', () => {
      const cursor = new ResumeCursor([{ kinds: [1], limit: 100 }]);
      cursor.begin(NOW);
      cursor.answered(downFrom(NOW, 20));
      cursor.nextPage();
      cursor.lost(NOW + 1_000);
      cursor.begin(NOW + 2_000);
      cursor.answered(page());
      const window = cursor.nextPage();
      expect(window).toEqual({ kinds: [1], since: NOW + 400 });
      cursor.answered(page());
      expect(cursor.nextPage()).toEqual({ kinds: [1], until: NOW - 19, limit: 81 });
    });

    it('goes on with what was not answered, and nothing that came since, where no live events are wanted', () => {
      const stored = (filters: readonly Filter[], options?: ResumeOptions): ResumeCursor => {
        const cursor = new ResumeCursor(filters, options, undefined, false);
        cursor.begin(NOW);
        return cursor;
      };
      for (const mode of ['window', 'full', 'negentropy'] as const) {
        const cursor = stored([{ kinds: [1], limit: 100 }], { mode });
        // Lost before it was answered: all of it.
        cursor.lost(NOW + 1_000);
        expect(cursor.begin(NOW + 2_000)).toEqual({ filters: [{ kinds: [1], limit: 100 }], gaps: [] });
        cursor.answered(downFrom(NOW, 20));
        cursor.lost(NOW + 3_000);
        const rest = { kinds: [1], until: NOW - 19, limit: 81 };
        expect(cursor.begin(NOW + 4_000)).toEqual({ filters: [rest], gaps: [] });
        expect(cursor.unfetched()).toEqual([{ since: 0, until: NOW - 19 }]);
        cursor.answered(downFrom(NOW - 19, 81));
        expect(cursor.nextComparison()).toBeUndefined();
        expect(cursor.nextPage()).toBeUndefined();
        expect(cursor.unfetched()).toEqual([]);
      }
      const two = stored([{ kinds: [1] }, { kinds: [7] }]);
      two.answered(downFrom(NOW, 20));
      expect(two.nextPage()).toEqual({ kinds: [1] });
      two.answered(page(), ['finish']);
      two.lost(NOW + 1_000);
      // Of what is whole there is nothing to ask.
      expect(two.begin(NOW + 2_000).filters).toEqual([{ kinds: [7] }]);
      two.answered(downFrom(NOW, 20));
      expect(two.nextPage()).toEqual({ kinds: [7] });
      const nothing = stored([{ kinds: [1], limit: 0 }]);
      nothing.lost(NOW + 1_000);
      expect(nothing.begin(NOW + 2_000).filters).toEqual([{ kinds: [1], limit: 0 }]);
    });

    it('asks anew for everything where that is wanted or cheap, and leaves no gap', () => {
      const everything: [Filter, ResumeOptions | undefined, Filter][] = [
        [{ kinds: [1] }, { mode: 'full' }, { kinds: [1] }],
        [{ ids: [author] }, undefined, { ids: [author] }],
        [{ kinds: [0], authors: [author], limit: 1 }, undefined, { kinds: [0], authors: [author] }],
        [
          { kinds: [30_023], authors: [author], '#d': ['x'] },
          undefined,
          { kinds: [30_023], authors: [author], '#d': ['x'] },
        ],
        [{ search: 'x', limit: 5 }, undefined, { search: 'x', limit: 5 }],
      ];
      for (const [filter, options, expected] of everything) {
        expect(lostAt(NOW + 1_000, filter, options).begin(NOW + 2_000)).toEqual({ filters: [expected], gaps: [] });
      }
    });

    it('uses the window all the same where a limit cut something off, or too much could match', () => {
      const window: [Filter, ResumeOptions | undefined][] = [
        [{ kinds: [1], limit: 5 }, { mode: 'full' }],
        [{ kinds: [0, 1], authors: [author] }, undefined],
        [{ kinds: [30_023], authors: [author] }, undefined],
        [{ kinds: [0], authors: Array.from({ length: 501 }, (_, n) => `${n}`.padStart(64, '0')) }, undefined],
      ];
      for (const [filter, options] of window) {
        const { filters, gaps } = lostAt(NOW + 1_000, filter, options).begin(NOW + 2_000);
        expect(filters).toEqual([{ ...filter, limit: 1 }]);
        expect(gaps).toHaveLength(1);
      }
    });

    it('by comparing ids: nothing is a gap until that fails', () => {
      const delivered = new Set(['1']);
      const options: ResumeOptions = { mode: 'negentropy' };
      const cursor = new ResumeCursor([{ kinds: [1] }, { kinds: [7] }], options, delivered);
      cursor.begin(NOW);
      expect(cursor.nextComparison()).toBeUndefined();
      cursor.answered(page(NOW - 5), ['finish']);
      cursor.lost(NOW + 1_000);
      expect(cursor.begin(NOW + 2_000)).toEqual({
        filters: [
          { kinds: [1], limit: 1 },
          { kinds: [7], limit: 1 },
        ],
        gaps: [],
      });
      // Before it is proved, all of it is open.
      expect(cursor.unfetched()).toContainEqual({ since: 0, until: NOW + 399 });
      cursor.answered(page());
      expect(cursor.isComparing).toBe(false);
      expect(cursor.nextComparison()).toEqual({ kinds: [1] });
      expect(cursor.isComparing).toBe(true);
      expect(cursor.compared({ missing: ['1', '2', '3', '4'], atOnce: 2 })).toEqual([]);
      expect(cursor.isComparing).toBe(false);
      expect(cursor.nextComparison()).toEqual({ kinds: [7] });
      expect(cursor.compared({ missing: ['1'], atOnce: 2 })).toEqual([]);
      expect(cursor.nextComparison()).toBeUndefined();
      expect(cursor.nextPage()).toEqual({ kinds: [1], ids: ['2', '3'] });
      delivered.add('2');
      expect(cursor.answered(page(5))).toEqual([]);
      expect(cursor.nextPage()).toEqual({ kinds: [1], ids: ['3', '4'] });
      delivered.add('3').add('4');
      expect(cursor.answered(page(6, 7))).toEqual([]);
      expect(cursor.nextPage()).toBeUndefined();
      expect(cursor.unfetched()).toEqual([]);
    });

    it('by comparing ids: the window with its gap where that fails, once and for all or for this time', () => {
      const window = { kinds: [1], since: NOW + 400 };
      const gap = { since: 0, until: NOW + 399 };
      for (const outcome of ['unable', 'not-now'] as const) {
        const cursor = lostAt(NOW + 1_000, { kinds: [1] }, { mode: 'negentropy' });
        cursor.begin(NOW + 2_000);
        cursor.answered(page());
        cursor.nextComparison();
        expect(cursor.compared(outcome)).toEqual([gap]);
        expect(cursor.nextPage()).toEqual(window);
        cursor.answered(page());
        cursor.lost(NOW + 3_000);
        const isAgain = outcome === 'not-now';
        expect(cursor.begin(NOW + 4_000).gaps).toHaveLength(isAgain ? 0 : 1);
        cursor.answered(page());
        expect(cursor.nextComparison()).toEqual(isAgain ? { kinds: [1] } : undefined);
      }
      const liar = lostAt(NOW + 1_000, { kinds: [1] }, { mode: 'negentropy' });
      liar.begin(NOW + 2_000);
      liar.answered(page());
      liar.nextComparison();
      expect(liar.compared({ missing: ['1'], atOnce: 2 })).toEqual([]);
      liar.nextPage();
      expect(liar.answered(page())).toEqual([gap]);
      expect(liar.nextPage()).toEqual(window);
    });

    it('by comparing ids: a comparison that the end of the connection cuts off is made on the next', () => {
      const cursor = lostAt(NOW + 1_000, { kinds: [1] }, { mode: 'negentropy' });
      cursor.begin(NOW + 2_000);
      cursor.answered(page());
      cursor.nextComparison();
      cursor.lost(NOW + 2_500);
      expect(cursor.isComparing).toBe(false);
      expect(cursor.begin(NOW + 3_000).gaps).toEqual([]);
      cursor.answered(page());
      expect(cursor.nextComparison()).toEqual({ kinds: [1] });
      // All that was open before is proved with it.
      cursor.compared({ missing: [], atOnce: 2 });
      expect([cursor.nextPage(), cursor.unfetched()]).toEqual([undefined, []]);
    });

    it('by comparing ids: a relay that cannot is asked for no other filter', () => {
      const cursor = lostAt(NOW + 1_000, [{ kinds: [1] }, { kinds: [7] }], { mode: 'negentropy' });
      cursor.begin(NOW + 2_000);
      cursor.answered(page());
      cursor.nextComparison();
      const gap = { since: 0, until: NOW + 399 };
      expect(cursor.compared('unable')).toEqual([gap, gap]);
      expect(cursor.nextComparison()).toBeUndefined();
    });

    it('by comparing ids: the window has all its pages where they did not do for the ids', () => {
      const delivered = new Set<string>();
      const options: ResumeOptions = { mode: 'negentropy', pages: 2 };
      const cursor = new ResumeCursor([{ kinds: [1] }], options, delivered);
      cursor.begin(NOW);
      cursor.answered(page());
      cursor.lost(NOW + 1_000);
      cursor.begin(NOW + 2_000);
      cursor.answered(page());
      cursor.nextComparison();
      cursor.compared({ missing: ['1', '2', '3'], atOnce: 1 });
      for (const [id, gaps] of [
        ['1', []],
        ['2', [{ since: 0, until: NOW + 399 }]],
      ] as const) {
        expect(cursor.nextPage()).toEqual({ kinds: [1], ids: [id] });
        delivered.add(id);
        expect(cursor.answered(page(5))).toEqual(gaps);
      }
      expect(cursor.nextPage()).toEqual({ kinds: [1], since: NOW + 400 });
      expect(cursor.answered(downFrom(NOW + 1_900, 20))).toEqual([]);
      expect(cursor.nextPage()).toEqual({ kinds: [1], since: NOW + 400, until: NOW + 1_881 });
    });

    it('by comparing ids: not where the window by now has all that the filter asks for', () => {
      const cursor = lostAt(NOW + 1_000, { kinds: [1], since: NOW }, { mode: 'negentropy' });
      cursor.begin(NOW + 2_000);
      cursor.answered(page());
      expect(cursor.nextComparison()).toEqual({ kinds: [1], since: NOW });
      cursor.live(NOW, NOW + 2_000);
      cursor.lost(NOW + 2_000);
      expect(cursor.begin(NOW + 3_000)).toEqual({ filters: [{ kinds: [1], since: NOW }], gaps: [] });
      cursor.answered(page());
      expect([cursor.nextComparison(), cursor.unfetched()]).toEqual([undefined, []]);
    });

    it.each([-1, 0.5, NaN])('refuses to compare %d events', (proven) => {
      expect(() => new ResumeCursor([{}], { proven })).toThrow(RangeError);
    });

    it('keeps to the span that the filter itself has', () => {
      // All of it lies in the window: it is asked for again whole.
      const recent = lostAt(NOW + 1_000, { kinds: [1], since: NOW + 900, limit: 5 });
      expect(recent.begin(NOW + 2_000)).toEqual({ filters: [{ kinds: [1], since: NOW + 900 }], gaps: [] });
      recent.answered(page(NOW + 950));
      expect(recent.nextPage()).toBeUndefined();
      // All that it asks for is older than the outage: nothing but back-dated events can have come.
      const past = lostAt(NOW + 1_000, { kinds: [1], since: 100, until: 200 });
      expect(past.begin(NOW + 2_000)).toEqual({
        filters: [{ kinds: [1], since: 100, until: 200, limit: 1 }],
        gaps: [{ since: 100, until: 200 }],
      });
      past.answered(page());
      expect(past.nextPage()).toBeUndefined();
    });

    it('pages each filter by itself', () => {
      const cursor = lostAt(NOW + 1_000, [{ kinds: [1] }, { kinds: [7], limit: 5 }]);
      const { filters } = cursor.begin(NOW + 2_000);
      expect(filters).toEqual([
        { kinds: [1], limit: 1 },
        { kinds: [7], limit: 1 },
      ]);
      cursor.answered(page());
      expect(cursor.nextPage()).toEqual({ kinds: [1], since: NOW + 400 });
      cursor.answered(page());
      expect(cursor.nextPage()).toEqual({ kinds: [7], since: NOW + 400 });
      cursor.answered(page());
      expect(cursor.nextPage()).toBeUndefined();
    });

    it('keeps no more than eight spans apart, whatever outages come while it pages', () => {
      const cursor = new ResumeCursor([{ kinds: [1], limit: 1_000 }]);
      let now = NOW;
      for (let outage = 0; outage < 40; outage++) {
        cursor.begin(now);
        cursor.answered(downFrom(now, 20), ['more']);
        cursor.nextPage();
        now += 10_000;
        cursor.lost(now);
        now += 10_000;
      }
      expect(cursor.unfetched().length).toBeLessThanOrEqual(8);
      // Joined, not dropped: the oldest span still reaches down to the beginning.
      expect(cursor.unfetched().at(-1)?.since).toBe(0);
    });
  });
});
