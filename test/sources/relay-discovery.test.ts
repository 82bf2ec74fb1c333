import { concat, finalize, map, NEVER, Observable, of, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { NostrEvent } from '../../src/protocol/event.ts';
import { discoverRelays, type RelayDiscoveryOptions } from '../../src/sources/relay-discovery.ts';
import { ALICE, aReport, BOB, MALLORY } from '../support/discoveries.ts';
import { marbles } from '../support/marbles.ts';
import { TimeByHand } from '../support/time-by-hand.ts';

/** By the letter: `a` to `f` are relays of these names; `x` is someone's who is not trusted, `o` is older than `a`. */
const EVENTS: Readonly<Record<string, NostrEvent>> = {
  ...Object.fromEntries([...'abcdef'].map((name) => [name, aReport(ALICE, name, 5)])),
  x: aReport(MALLORY, 'x', 5),
  o: aReport(ALICE, 'a', 4),
};
const monitors = [ALICE, BOB];
const names = (relays: ReadonlyMap<string, unknown>): string =>
  [...relays.keys()].map((url) => new URL(url).hostname.split('.')[0]).join('');
/** The names of the relays of each map, as one text. */
const discovered = (source: Observable<NostrEvent>, options: Partial<RelayDiscoveryOptions> = {}): Observable<string> =>
  discoverRelays(source, { monitors, every: 4, ...options }).pipe(map(names));

const maps = { 1: 'a', 2: 'ab', 3: 'abc', 4: 'abcd' };

describe('discoverRelays', () => {
  it('emits the first change at once, then what changed, no sooner than it should', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('   -abc----------d--', EVENTS);
      const expected = '     -1---3--------4--';
      expectObservable(discovered(source), '^----------------!').toBe(expected, maps);
      expectSubscriptions(source.subscriptions).toBe('^----------------!');
    });
  });

  it('goes on at its pace under a stream of changes', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('   ab-c--d----------', EVENTS);
      const expected = '     1---3---4--------';
      expectObservable(discovered(source), '^----------------!').toBe(expected, maps);
    });
  });

  it('is silent where nothing changed', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('   xx-a-a-o-x---a---', EVENTS);
      const expected = '     ---1-------------';
      expectObservable(discovered(source), '^----------------!').toBe(expected, maps);
    });
  });

  it('completes with its source, with what is left to say', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  ab|', EVENTS);
      expectObservable(discovered(source)).toBe('1-(2|)', maps);
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('completes without a word where there is nothing left to say, and where there was nothing', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(discovered(cold('ax|', EVENTS))).toBe('1-|', maps);
      expectObservable(discovered(cold('x-|', EVENTS))).toBe('--|');
    });
  });

  it('passes an error on at once', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  ab#', EVENTS);
      expectObservable(discovered(source)).toBe('1-#', maps);
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('lets go of its source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  ab-------', EVENTS);
      expectObservable(discovered(source), '^--!').toBe('1---', maps);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('begins anew with each subscription', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('a-----b--|', EVENTS);
      const relays = discovered(source);
      expectObservable(relays).toBe('      1-----2--|', maps);
      expectObservable(relays, '--^').toBe('------b--|', { b: 'b' });
      expectSubscriptions(source.subscriptions).toBe(['^--------!', '--^------!']);
    });
  });

  it('goes by the clock of its scheduler', () => {
    marbles(({ cold, expectObservable }) => {
      const late = { p: aReport(ALICE, 'p', 900), q: aReport(ALICE, 'q', 901) };
      expectObservable(discovered(cold('qp|', late))).toBe('-p|', { p: 'p' });
      expectObservable(discovered(cold('q 999ms q|', late))).toBe('1000ms q|', { q: 'q' });
      const old = { a: aReport(ALICE, 'a', 1), b: aReport(BOB, 'b', 3) };
      // The first is gone by the next change.
      expectObservable(discovered(cold('a 3s b|', old), { maxAge: 2 })).toBe('a 3s b|', { a: 'a', b: 'b' });
    });
  });

  it('hands the options on', () => {
    marbles(({ cold, expectObservable }) => {
      const both = { ...EVENTS, A: aReport(BOB, 'a', 5) };
      expectObservable(discovered(cold('abA|', both), { agreement: 2 })).toBe('--1|', maps);
      expectObservable(discovered(cold('a----b|', EVENTS), { maxRelays: 1 })).toBe('1----b|', { ...maps, b: 'b' });
    });
  });

  it('waits for a second by default', () => {
    marbles(({ hot, expectObservable }) => {
      const source = discoverRelays(hot('ab', EVENTS), { monitors }).pipe(map(names));
      expectObservable(source, '^ 1s -!').toBe('1 999ms 2', maps);
    });
  });

  it('takes a synchronous source, and one that would not end', () => {
    const seen: string[] = [];
    const scheduler = new TimeByHand();
    const { a, b, c } = EVENTS as Record<'a' | 'b' | 'c', NostrEvent>;
    discovered(of(a, b, c), { scheduler }).subscribe({
      next: (relays) => seen.push(relays),
      complete: () => seen.push('|'),
    });
    expect(seen).toEqual(['a', 'abc', '|']);
    let asked = 0;
    const endless = new Observable<NostrEvent>((subscriber) => {
      while (!subscriber.closed) {
        asked++;
        subscriber.next(a);
      }
    });
    discovered(endless, { scheduler }).pipe(take(1)).subscribe();
    expect(asked).toBe(1);
    expect(scheduler.pending).toBe(0);
  });

  it.each<[string, (source: Subject<NostrEvent>) => void]>([
    ['completion', (source) => source.complete()],
    ['error', (source) => source.error(new Error('over'))],
  ])('leaves no timer behind after a %s', (_, end) => {
    const scheduler = new TimeByHand();
    const source = new Subject<NostrEvent>();
    discovered(source, { scheduler }).subscribe({ error: () => undefined });
    source.next(EVENTS['a']!);
    expect(scheduler.pending).toBe(1);
    end(source);
    expect(scheduler.pending).toBe(0);
  });

  it('has no timer while nothing happens', () => {
    const scheduler = new TimeByHand();
    let isOpen = true;
    const source = concat(of(EVENTS['a']!), NEVER).pipe(finalize(() => (isOpen = false)));
    const subscription = discovered(source, { scheduler }).subscribe();
    scheduler.moveTo(4);
    expect(scheduler.pending).toBe(0);
    subscription.unsubscribe();
    expect(isOpen).toBe(false);
  });

  it('can be fed, and left, from its own maps', () => {
    const scheduler = new TimeByHand();
    const source = new Subject<NostrEvent>();
    const seen: string[] = [];
    const subscription = discovered(source, { scheduler }).subscribe((relays) => {
      seen.push(relays);
      if (relays === 'a') source.next(EVENTS['b']!);
      if (relays === 'ab') subscription.unsubscribe();
    });
    source.next(EVENTS['a']!);
    expect(seen).toEqual(['a']);
    scheduler.moveTo(4);
    expect(seen).toEqual(['a', 'ab']);
    expect([scheduler.pending, source.observed]).toEqual([0, false]);
  });

  it.each<Partial<RelayDiscoveryOptions>>([
    { monitors: [] },
    { monitors: ['npub1'] },
    { agreement: 3 },
    { maxAge: 0 },
    { maxRelays: 0 },
    { every: 0 },
    { every: Number.NaN },
    { every: 2 ** 31 },
  ])('refuses %o at once', (options) => {
    expect(() => discoverRelays(NEVER, { monitors, ...options })).toThrow(RangeError);
  });
});
