import fc from 'fast-check';
import { from, of, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { latestReplaceable } from '../../src/operators/latest-replaceable.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { marbles } from '../support/marbles.ts';
import { anEvent } from '../support/packets.ts';

const passed = (events: readonly NostrEvent[], options?: { capacity: number }): NostrEvent[] => {
  let result: NostrEvent[] = [];
  from(events)
    .pipe(latestReplaceable(options), toArray())
    .subscribe((all) => (result = all));
  return result;
};

const profile = (id: string, createdAt: number, pubkey = 'a') =>
  anEvent(id, { kind: 0, created_at: createdAt, pubkey: pubkey.repeat(64) });
const article = (id: string, createdAt: number, d: string) =>
  anEvent(id, { kind: 30_023, created_at: createdAt, tags: [['d', d]] });

describe('latestReplaceable', () => {
  it('drops a version that is older than the one passed, and the same one again', () => {
    const events = { o: profile('1', 10), n: profile('2', 20), m: profile('3', 30) };
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-n-o-n-m-o-|', events);
      expectObservable(source.pipe(latestReplaceable())).toBe('-n-----m---|', events);
      expectSubscriptions(source.subscriptions).toBe('^----------!');
    });
  });

  it('lets the lower id win on a tie', () => {
    const [low, high] = [profile('1', 10), profile('2', 10)];
    expect(passed([low, high])).toEqual([low]);
    expect(passed([high, low])).toEqual([high, low]);
  });

  it('passes every regular and ephemeral event', () => {
    const events = [1, 1, 20_001, 20_001, 45].map((kind, index) =>
      anEvent(`${index}`, { kind, created_at: 100 - index }),
    );
    expect(passed(events)).toEqual(events);
  });

  it('keeps authors, kinds and d tags apart', () => {
    const events = [
      profile('1', 10, 'a'),
      profile('2', 9, 'b'),
      anEvent('3', { kind: 3, created_at: 8 }),
      article('4', 7, 'x'),
      article('5', 6, 'y'),
      anEvent('6', { kind: 30_024, created_at: 5, tags: [['d', 'x']] }),
    ];
    expect(passed(events)).toEqual(events);
  });

  it('treats an addressable event without a d tag like one with an empty one', () => {
    const [bare, empty] = [anEvent('1', { kind: 30_023, created_at: 10 }), article('2', 9, '')];
    expect(passed([bare, empty])).toEqual([bare]);
  });

  it('forgets the key that was untouched for longest', () => {
    const [a, oldA] = [profile('1', 10, 'a'), profile('2', 5, 'a')];
    const [b, oldB] = [profile('3', 10, 'b'), profile('4', 5, 'b')];
    const c = profile('5', 10, 'c');
    // An old version of a is dropped, but touches a: so b goes when c comes.
    expect(passed([a, b, oldA, c, oldA, oldB], { capacity: 2 })).toEqual([a, b, c, oldB]);
  });

  it('ends with the current version of each key, in whichever order versions come', () => {
    const version = fc.record({
      author: fc.constantFrom('a', 'b'),
      createdAt: fc.nat(5),
      id: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(version), (versions) => {
        const events = versions.map(({ author, createdAt, id }) => profile(`${author}${id}`, createdAt, author));
        const last = new Map(passed(events).map((event) => [event.pubkey, event]));
        const best = new Map<string, NostrEvent>();
        for (const event of [...events].sort((x, y) => x.created_at - y.created_at || (x.id < y.id ? 1 : -1))) {
          best.set(event.pubkey, event);
        }
        const ids = (map: Map<string, NostrEvent>): unknown[] => [...map].map(([key, { id }]) => [key, id]).sort();
        expect(ids(last)).toEqual(ids(best));
      }),
    );
  });

  it('passes an error on', () => {
    marbles(({ cold, expectObservable }) => {
      const events = { a: profile('1', 10) };
      expectObservable(cold('-a-a-#', events).pipe(latestReplaceable())).toBe('-a---#', events);
    });
  });

  it('unsubscribes from the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const events = { a: profile('1', 10), b: profile('2', 20) };
      const source = hot('-a-b-b-', events);
      expectObservable(source.pipe(latestReplaceable()), '^---!').toBe('-a-b-', events);
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('has a memory of its own for each source and each subscription', () => {
    const operator = latestReplaceable();
    const [low, high] = [profile('1', 10), profile('2', 20)];
    const seen: number[] = [];
    of(high, low)
      .pipe(operator, toArray())
      .subscribe(({ length }) => seen.push(length));
    of(low, high)
      .pipe(operator, toArray())
      .subscribe(({ length }) => seen.push(length));
    of(low, high)
      .pipe(operator, take(1), toArray())
      .subscribe(({ length }) => seen.push(length));
    expect(seen).toEqual([1, 2, 1]);
  });

  it.each([[0], [1.5], [Number.NaN]])('refuses a capacity of %s at once', (capacity) => {
    expect(() => latestReplaceable({ capacity })).toThrow(RangeError);
  });
});
