import { config, NEVER, Observable, of, Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { switchOverlapping } from '../../src/operators/switch-overlapping.ts';
import { endless } from '../support/endless.ts';
import { heapInUse } from '../support/heap.ts';
import { marbles } from '../support/marbles.ts';

describe('switchOverlapping', () => {
  it('subscribes to the next before it lets go of the one before', () => {
    const log: string[] = [];
    const source = new Subject<string>();
    const inner = (name: string) =>
      new Observable<string>(() => {
        log.push(`+${name}`);
        return () => log.push(`-${name}`);
      });
    const subscription = source.pipe(switchOverlapping(inner)).subscribe();
    source.next('a');
    source.next('b');
    source.next('c');
    subscription.unsubscribe();
    expect(log).toEqual(['+a', '+b', '-a', '+c', '-b', '-c']);
  });

  it('passes on what the newest emits', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const a = cold('  -1-2-3-4-5-');
      const b = cold('      -6-7-8|');
      const source = hot('a---b-----------|', { a, b });
      expectObservable(source.pipe(switchOverlapping((inner) => inner))).toBe('-1-2-6-7-8------|');
      expectSubscriptions(source.subscriptions).toBe('^---------------!');
      expectSubscriptions(a.subscriptions).toBe('^---!');
      expectSubscriptions(b.subscriptions).toBe('----^-----!');
    });
  });

  it('passes on what both emit in the moment of the change', () => {
    const source = new Subject<string>();
    const old = new Subject<string>();
    const said: string[] = [];
    source
      .pipe(
        switchOverlapping((name) => {
          if (name === 'old') return old;
          // The new one is there, and the old one not yet let go.
          old.next('last of the old');
          return of('first of the new');
        }),
      )
      .subscribe((value) => said.push(value));
    source.next('old');
    source.next('new');
    expect(said).toEqual(['last of the old', 'first of the new']);
    expect(old.observed).toBe(false);
  });

  it('completes when the source and the newest have, in either order', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const a = cold('--1-|');
      const switched = (marble: string) => hot(marble, { a }).pipe(switchOverlapping((inner) => inner));
      expectObservable(switched('a-|')).toBe('      --1-|');
      expectObservable(switched('a-------|')).toBe('--1-----|');
      expectObservable(switched('|')).toBe('        |');
      expectObservable(switched('a-a-|')).toBe('    ----1-|');
    });
  });

  it('is not completed by one that it has let go of', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const a = cold('  ---|');
      const b = cold('     ---1--|');
      const source = hot('a-b|', { a, b });
      expectObservable(source.pipe(switchOverlapping((inner) => inner))).toBe('-----1--|');
    });
  });

  it('passes errors on: of the source, of an inner one, of the projection', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const a = cold('       -1---');
      const failing = cold('   --#');
      const source = hot('   a--#', { a });
      expectObservable(source.pipe(switchOverlapping((inner) => inner))).toBe('-1-#');
      expectSubscriptions(a.subscriptions).toBe(['^--!', '^-!']);
      const other = hot('    a-f-----', { a, f: failing });
      expectObservable(other.pipe(switchOverlapping((inner) => inner))).toBe('-1--#');
      expectSubscriptions(other.subscriptions).toBe('^---!');
      const broken = hot('   -b-').pipe(
        switchOverlapping(() => {
          throw new Error('no');
        }),
      );
      expectObservable(broken).toBe('-#', undefined, new Error('no'));
    });
  });

  it('lets go of everything on unsubscribe', () => {
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const a = cold('  1--------');
      const source = hot('-a-------', { a });
      expectObservable(source.pipe(switchOverlapping((inner) => inner)), '^----!').toBe('-1----');
      expectSubscriptions(source.subscriptions).toBe('^----!');
      expectSubscriptions(a.subscriptions).toBe('     -^---!');
    });
  });

  it('holds on to nothing when the first value of an inner one ends the stream', () => {
    const source = new Subject<void>();
    let held = 0;
    const inner = new Observable<number>((subscriber) => {
      held++;
      subscriber.add(() => held--);
      subscriber.next(1);
    });
    const said: number[] = [];
    source
      .pipe(
        switchOverlapping(() => inner),
        take(1),
      )
      .subscribe((value) => said.push(value));
    source.next();
    expect([said, held, source.observed]).toEqual([[1], 0, false]);
  });

  it.each([
    ['the source', (source: Observable<number>) => source.pipe(switchOverlapping((n) => of(n)))],
    ['an inner one', (inner: Observable<number>) => of('any').pipe(switchOverlapping(() => inner))],
  ])('lets go of %s when it is synchronous and never ends', (_, switched) => {
    const { source, made } = endless();
    const said: number[] = [];
    switched(source)
      .pipe(take(3))
      .subscribe((n) => said.push(n));
    expect([said, made()]).toEqual([[0, 1, 2], 3]);
  });

  it('lets go of a synchronous one that never ends when its own value brings about the next', () => {
    const names = new Subject<string>();
    const { source, made } = endless();
    const said: unknown[] = [];
    names
      .pipe(switchOverlapping((name): Observable<unknown> => (name === 'old' ? source : of(name))))
      .subscribe((n) => said.push(n) === 3 && names.next('new'));
    names.next('old');
    expect([said, made()]).toEqual([[0, 1, 2, 'new'], 3]);
  });

  it('notifies a subscriber that left of nothing', async () => {
    const notified: unknown[] = [];
    config.onStoppedNotification = (notification) => notified.push(notification);
    of(NEVER)
      .pipe(switchOverlapping((inner) => inner))
      .subscribe()
      .unsubscribe();
    // RxJS reports in a timer of 0 ms, so one that is set later and runs longer comes after it.
    await new Promise((done) => setTimeout(done, 5));
    config.onStoppedNotification = null;
    expect(notified).toEqual([]);
  });

  it('a value that brings about the next value leaves but the newest', () => {
    const source = new Subject<number>();
    const held = new Set<number>();
    const subscription = source
      .pipe(
        switchOverlapping(
          (n) =>
            new Observable<number>((subscriber) => {
              held.add(n);
              subscriber.add(() => held.delete(n));
              subscriber.next(n);
            }),
        ),
      )
      .subscribe((n) => {
        if (n < 3) source.next(n + 1);
      });
    source.next(1);
    expect([...held]).toEqual([3]);
    subscription.unsubscribe();
    expect([...held]).toEqual([]);
  });

  it('keeps nothing of the inner ones that are over, however many there were', async () => {
    const source = new Subject<Observable<number>>();
    const subscription = source.pipe(switchOverlapping((inner) => inner)).subscribe();
    const run = (count: number): void => {
      for (let n = 0; n < count; n++) source.next(n % 10 === 0 ? NEVER : of(n));
    };
    run(1_000);
    const before = await heapInUse();
    run(50_000);
    expect((await heapInUse()) - before).toBeLessThan(2 ** 20);
    subscription.unsubscribe();
  });
});
