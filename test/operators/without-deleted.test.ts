import { from, of, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { latestReplaceable } from '../../src/operators/latest-replaceable.ts';
import { withoutDeleted } from '../../src/operators/without-deleted.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { marbles } from '../support/marbles.ts';
import { anEvent } from '../support/packets.ts';

const note = anEvent('1');
const other = anEvent('2');
const deletion = anEvent('3', { kind: 5, tags: [['e', note.id]] });
const events = { n: note, o: other, d: deletion };

const passed = (source: readonly NostrEvent[], options?: { capacity: number }): NostrEvent[] => {
  let result: NostrEvent[] = [];
  from(source)
    .pipe(withoutDeleted(options), toArray())
    .subscribe((all) => (result = all));
  return result;
};

describe('withoutDeleted', () => {
  it('drops an event after its deletion, which passes', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-n-o-d-n-o-|', events);
      expectObservable(source.pipe(withoutDeleted())).toBe('-n-o-d---o-|', events);
      expectSubscriptions(source.subscriptions).toBe('^----------!');
    });
  });

  it('lets the newest version that is not deleted through, with latestReplaceable behind it', () => {
    const version = (id: string, created_at: number) => anEvent(id, { kind: 30_023, created_at, tags: [['d', 'x']] });
    const [old, newer, again] = [version('4', 10), version('5', 20), version('6', 40)];
    const deletesNewer = anEvent('7', { kind: 5, created_at: 30, tags: [['e', newer.id]] });
    const deletesAll = anEvent('8', { kind: 5, created_at: 30, tags: [['a', `30023:${old.pubkey}:x`]] });
    const result = (source: readonly NostrEvent[]): NostrEvent[] => {
      const all: NostrEvent[] = [];
      from(source)
        .pipe(withoutDeleted(), latestReplaceable())
        .subscribe((event) => all.push(event));
      return all;
    };
    expect(result([deletesNewer, newer, old])).toEqual([deletesNewer, old]);
    expect(result([deletesAll, newer, old, again])).toEqual([deletesAll, again]);
  });

  it('forgets beyond its capacity', () => {
    const deletesOther = anEvent('4', { kind: 5, tags: [['e', other.id]] });
    expect(passed([deletion, deletesOther, note, other], { capacity: 1 })).toEqual([deletion, deletesOther, note]);
  });

  it('passes an error on', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('-d-n-#', events).pipe(withoutDeleted())).toBe('-d---#', events);
    });
  });

  it('unsubscribes from the source', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-n-o-n-', events);
      expectObservable(source.pipe(withoutDeleted()), '^---!').toBe('-n-o-', events);
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('has a memory of its own for each subscription', () => {
    const operator = withoutDeleted();
    const counts: number[] = [];
    for (const source of [of(deletion, note), of(note, deletion)]) {
      source.pipe(operator, toArray()).subscribe(({ length }) => counts.push(length));
    }
    expect(counts).toEqual([1, 2]);
  });

  it.each([[0], [1.5], [Number.NaN]])('refuses a capacity of %s at once', (capacity) => {
    expect(() => withoutDeleted({ capacity })).toThrow(RangeError);
  });
});
