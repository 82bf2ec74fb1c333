import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilters, type Filter, normalizeFilters } from '../../src/protocol/filter.ts';
import { encodeReq } from '../../src/protocol/message.ts';
import { splitFilters } from '../../src/protocol/split-filters.ts';
import { anyEvent, anyFilter } from '../support/any-filter.ts';

const bytesOf = (filters: readonly Filter[]): number => new TextEncoder().encode(encodeReq('12345678', filters)).length;

const anyLimits = fc.record(
  { maxFilters: fc.integer({ min: 1, max: 4 }), maxMessageLength: fc.integer({ min: 20, max: 700 }) },
  { requiredKeys: [] },
);
type Limits = typeof anyLimits extends fc.Arbitrary<infer T> ? T : never;

const fits = (group: readonly Filter[], { maxFilters = Infinity, maxMessageLength = Infinity }: Limits): boolean =>
  group.length <= maxFilters && bytesOf(group) <= maxMessageLength;

/** Every part that asks for one value of each list: shorter ones there are none. */
function smallest(filter: Filter): readonly Filter[] {
  return Object.entries(filter).reduce<readonly Filter[]>(
    (parts, [key, value]: [string, unknown]) =>
      parts.flatMap((part) => (Array.isArray(value) ? value.map((one: unknown) => ({ ...part, [key]: [one] })) : part)),
    [filter],
  );
}

describe('splitFilters', () => {
  it('loses nothing, adds nothing, and makes groups that fit and could not take the next filter', () => {
    const seen = { whole: 0, grouped: 0, cut: 0, impossible: 0, matched: 0 };
    fc.assert(
      fc.property(
        fc.array(anyFilter, { minLength: 1, maxLength: 6 }).map((filters) => normalizeFilters(filters)),
        anyLimits,
        fc.array(anyEvent, { maxLength: 10 }),
        (filters, limits, events) => {
          const groups = splitFilters(filters, limits);
          if (groups === undefined) {
            seen.impossible++;
            expect(filters.flatMap(smallest).some((filter) => !fits([filter], limits))).toBe(true);
            return;
          }
          const expected = events.filter(compileFilters(filters));
          seen.matched += expected.length;
          expect(events.filter(compileFilters(groups.flat()))).toEqual(expected);
          expect(groups.filter((group) => group.length === 0 || !fits(group, limits))).toEqual([]);
          // No group could have taken the first filter of the next one.
          const [, ...others] = groups;
          others.forEach((next, at) => {
            expect(fits([...(groups[at] ?? []), ...next.slice(0, 1)], limits)).toBe(false);
          });
          // What fits is handed on as it is, in order.
          const whole = filters.filter((filter) => fits([filter], limits));
          const handedOn = new Set(filters);
          const kept = groups.flat().filter((filter) => handedOn.has(filter));
          expect(kept.length).toBe(whole.length);
          kept.forEach((filter, at) => expect(filter).toBe(whole[at]));
          if (whole.length < filters.length) seen.cut++;
          else if (groups.length > 1) seen.grouped++;
          else seen.whole++;
        },
      ),
      { numRuns: 3_000 },
    );
    expect(seen).toSatisfy((counts: typeof seen) => Object.values(counts).every((count) => count > 50));
  });

  it('leaves all but the lists as it was, on every part', () => {
    fc.assert(
      fc.property(anyFilter, fc.integer({ min: 60, max: 250 }), (filter, maxMessageLength) => {
        for (const part of splitFilters([filter], { maxMessageLength })?.flat() ?? []) {
          expect(Object.keys(part)).toEqual(Object.keys(filter));
          for (const [key, value] of Object.entries(filter) as [string, unknown][]) {
            const given = (part as Record<string, unknown>)[key];
            if (Array.isArray(value)) expect(value).toEqual(expect.arrayContaining(given as unknown[]));
            else expect(given).toBe(value);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
