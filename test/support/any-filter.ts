import fc from 'fast-check';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { Filter } from '../../src/protocol/filter.ts';

// Worlds of a few values each, so that filters meet events, and each other.
const anyHex = fc.constantFrom('0', '1', '2', '3').map((digit) => digit.repeat(64));
const anyKind = fc.constantFrom(0, 1, 2, 10, 65535);
const anyTime = fc.nat(5);
const anyWord = fc.constantFrom('', 'a', 'b', 'é', '😀', 'undefined');

const anyTag = fc.oneof(
  fc.tuple(fc.constantFrom('e', 'p'), anyHex),
  fc.tuple(fc.constantFrom('t', 'T', 'd'), anyWord),
  fc.tuple(fc.constantFrom('e', 't')),
);

/** An event of a small world. */
export const anyEvent: fc.Arbitrary<NostrEvent> = fc.record({
  id: anyHex,
  pubkey: anyHex,
  created_at: anyTime,
  kind: anyKind,
  tags: fc.array(
    anyTag.map((tag): string[] => [...tag]),
    { maxLength: 5 },
  ),
  content: anyWord,
  sig: fc.constant('f'.repeat(128)),
});

const few = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 4 });

const lists = {
  ids: few(anyHex),
  authors: few(anyHex),
  kinds: few(anyKind),
  '#e': few(anyHex),
  '#p': few(anyHex),
  '#t': few(anyWord),
  '#T': few(anyWord),
};
const times = { since: anyTime, until: anyTime };
const others = { limit: fc.nat(3), search: anyWord };

/** With a few keys of these at a time: a filter with all of them matches next to nothing. */
function withSome(whole: Record<string, fc.Arbitrary<unknown>>, maxLength: number): fc.Arbitrary<Filter> {
  return fc
    .record(whole)
    .chain((all) =>
      fc
        .shuffledSubarray(Object.entries(all), { maxLength })
        .map((entries) => Object.fromEntries(entries) as unknown as Filter),
    );
}

/** Any filter of that world, not normalised: lists in any order, with repeats, empty ones too. */
export const anyFilter: fc.Arbitrary<Filter> = withSome({ ...lists, ...times, ...others }, 4);
/** Without `limit` and `search`, of so few keys that many of them are alike. */
export const anyPlainFilter: fc.Arbitrary<Filter> = withSome(
  { authors: lists.authors, kinds: lists.kinds, '#t': lists['#t'], since: fc.nat(2) },
  3,
);
