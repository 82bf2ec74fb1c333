import { map, of, range, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { relayLists } from '../../src/operators/relay-lists.ts';
import type { NostrEvent } from '../../src/protocol/event.ts';
import type { RelayList } from '../../src/protocol/relay-list.ts';
import { signedEvent, testKey } from '../../src/testing/index.ts';
import { VirtualTime } from '../../src/testing/index.ts';
import { marbles } from '../support/marbles.ts';

const names = ['ann', 'bob', 'eve'] as const;
const key = (name: string) => testKey(names.findIndex((each) => each === name));
/** The list of an author, who writes to `wss://<relay>.example` and reads nothing. */
const list = (name: string, relays: string, at = 10): NostrEvent =>
  signedEvent(
    { kind: 10_002, created_at: at, tags: [...relays].map((relay) => ['r', `wss://${relay}.example`, 'write']) },
    key(name),
  );
/** Short: `ann:ab bob:c`. */
const told = (lists: ReadonlyMap<string, RelayList>): string =>
  [...lists]
    .map(([pubkey, { write }]) => {
      const name = names.find((each) => key(each).publicKey === pubkey) ?? 'nobody';
      return `${name}:${write.map((url) => url.charAt(6)).join('')}`;
    })
    .join(' ');
const said = map(told);

const note = signedEvent({ kind: 1 }, testKey(0));
const events = {
  a: list('ann', 'ab'),
  b: list('bob', 'c'),
  e: list('eve', 'd'),
  n: list('ann', 'x', 20),
  o: list('ann', 'y', 5),
  x: note,
  f: { ...list('bob', 'z', 30), pubkey: 'nobody' },
};

describe('relayLists', () => {
  it('tells all lists so far with each new one, and passes the end on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-(e|)', events);
      const lists = { a: 'ann:ab', b: 'ann:ab bob:c', e: 'ann:ab bob:c eve:d' };
      expectObservable(source.pipe(relayLists({ every: 0 }), said)).toBe('-a-b-(e|)', lists);
      expectSubscriptions(source.subscriptions).toBe('^----!');
    });
  });

  it('takes newer lists, and says nothing of older ones, of the same again, and of what is no list', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-a-n-o-a-x-f-b-', events);
      const lists = { a: 'ann:ab', n: 'ann:x', b: 'ann:x bob:c' };
      expectObservable(source.pipe(relayLists({ every: 0 }), said), '^---------------!').toBe(
        '-a---n---------b-',
        lists,
      );
      expectSubscriptions(source.subscriptions).toBe('^---------------!');
    });
  });

  it('takes the lower id of two of one second', () => {
    const [low, high] = [list('ann', 'a'), list('ann', 'b')].sort((a, b) => (a.id < b.id ? -1 : 1)) as [
      NostrEvent,
      NostrEvent,
    ];
    const heard: string[] = [];
    of(high, low, high)
      .pipe(relayLists({ every: 0 }), said)
      .subscribe((word) => heard.push(word));
    expect(heard).toHaveLength(2);
    expect(heard[1]).toBe(told(new Map([[low.pubkey, asList(low)]])));
  });

  it('passes an error on, after what was told', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#', events);
      expectObservable(source.pipe(relayLists({ every: 0 }), said)).toBe('-a-#', { a: 'ann:ab' });
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('forgets the author who was renewed least recently, beyond its capacity', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-n-e-b-', events);
      const lists = { a: 'ann:ab', b: 'ann:ab bob:c', n: 'bob:c ann:x', e: 'ann:x eve:d', c: 'eve:d bob:c' };
      expectObservable(source.pipe(relayLists({ every: 0, capacity: 2 }), said), '^---------!').toBe(
        '-a-b-n-e-c-',
        lists,
      );
      expectSubscriptions(source.subscriptions).toBe('^---------!');
    });
  });

  it('reads so many relays of a list', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a|', events);
      expectObservable(source.pipe(relayLists({ every: 0, maxRelays: 1 }), said)).toBe('-a|', { a: 'ann:a' });
    });
  });

  it('begins anew with each subscription, for each source by itself', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const operator = relayLists({ every: 0 });
      const [one, other] = [cold('-a-n-|', events), cold('--b--o-|', events)];
      expectObservable(one.pipe(operator, said)).toBe('       -a-n-|', { a: 'ann:ab', n: 'ann:x' });
      expectObservable(one.pipe(operator, said), '------^').toBe('-------a-n-|', { a: 'ann:ab', n: 'ann:x' });
      expectObservable(other.pipe(operator, said)).toBe('     --b--o-|', { b: 'bob:c', o: 'bob:c ann:y' });
      expectSubscriptions(one.subscriptions).toBe(['^----!', '------^----!']);
      expectSubscriptions(other.subscriptions).toBe('^------!');
    });
  });

  it('tells the first map at once, the next after a while, and the last when the source completes', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-(ab)-e-------n-|', events);
      const lists = { a: 'ann:ab', e: 'ann:ab bob:c eve:d', n: 'bob:c eve:d ann:x' };
      expectObservable(source.pipe(relayLists({ every: 8 }), said)).toBe('-a-------e-------(n|)', lists);
      expectSubscriptions(source.subscriptions).toBe('^---------------!');
    });
  });

  it('leaves no timer behind', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-(ab)-', events);
      const lists$ = source.pipe(relayLists({ every: 8 }), said);
      expectObservable(lists$, '^-----!').toBe('-a-----', { a: 'ann:ab' });
      expectSubscriptions(source.subscriptions).toBe('^-----!');
    });
  });

  it('keeps time by the scheduler that it is given', async () => {
    const time = new VirtualTime();
    const source = new Subject<NostrEvent>();
    const heard: string[] = [];
    source.pipe(relayLists({ scheduler: time }), said).subscribe((word) => heard.push(word));
    for (const event of [events.a, events.b]) source.next(event);
    await time.advance(99);
    expect(heard.splice(0)).toEqual(['ann:ab']);
    await time.advance(1);
    expect(heard).toEqual(['ann:ab bob:c']);
  });

  it('gives maps that stay as they are', () => {
    const maps: ReadonlyMap<string, RelayList>[] = [];
    of(events.a, events.b)
      .pipe(relayLists({ every: 0 }))
      .subscribe((lists) => maps.push(lists));
    expect(maps.map(told)).toEqual(['ann:ab', 'ann:ab bob:c']);
  });

  it('stops an endless synchronous source when nobody listens', () => {
    const heard: string[] = [];
    range(1, Infinity)
      .pipe(
        map((at) => list('ann', 'a', at)),
        relayLists({ every: 0 }),
        said,
        take(3),
      )
      .subscribe((word) => heard.push(word));
    expect(heard).toEqual(['ann:a', 'ann:a', 'ann:a']);
  });

  it('can be fed, subscribed to again, and left from its own values', () => {
    const source = new Subject<NostrEvent>();
    const lists$ = source.pipe(relayLists({ every: 0 }), said);
    const heard: string[] = [];
    const subscription = lists$.subscribe((word) => {
      heard.push(`outer ${word}`);
      if (word === 'ann:ab') {
        lists$.pipe(take(1)).subscribe((inner) => heard.push(`inner ${inner}`));
        source.next(events.b);
      } else subscription.unsubscribe();
    });
    source.next(events.a);
    expect(heard).toEqual(['outer ann:ab', 'outer ann:ab bob:c', 'inner bob:c']);
    expect(source.observed).toBe(false);
  });

  it.each([
    { capacity: 0 },
    { capacity: 1.5 },
    { maxRelays: 0 },
    { maxRelays: Number.NaN },
    { every: -1 },
    { every: 2 ** 31 },
  ])('refuses %j at once', (options) => {
    expect(() => relayLists(options)).toThrow(RangeError);
  });
});

function asList({ pubkey, created_at, tags }: NostrEvent): RelayList {
  return { pubkey, createdAt: created_at, read: [], write: tags.map(([, url]) => url as RelayList['write'][number]) };
}
