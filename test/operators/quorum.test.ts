import { concat, firstValueFrom, NEVER, Observable, of, retry, Subject, take, takeUntil, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { quorum, QuorumError, type QuorumReport } from '../../src/operators/quorum.ts';
import type { QuorumSize } from '../../src/policies/quorum.ts';
import type { PublishReport } from '../../src/pool/publish-report.ts';
import { marbles } from '../support/marbles.ts';
import { watchUnhandledErrors } from '../support/unhandled-errors.ts';

/** A report: a letter for each relay, `y` accepted, `n` refused, `.` pending. */
function report(letters: string): QuorumReport {
  const all = [...letters];
  const count = (wanted: string): number => all.filter((letter) => letter === wanted).length;
  return { accepted: count('y'), pending: count('.'), outcomes: Object.fromEntries(all.entries()) };
}

const progress = {
  a: report('...'),
  b: report('y..'),
  c: report('yn.'),
  d: report('yny'),
  f: report('n..'),
  g: report('nn.'),
  h: report('nny'),
  m: report('yy.'),
  n: report('yyy'),
};
const failed = (needed: number, last?: QuorumReport): QuorumError => new QuorumError(needed, last);

const unhandled = watchUnhandledErrors();

describe('quorum', () => {
  it.each<[QuorumSize, string]>([
    [1, '-(b|)'],
    [2, '---(m|)'],
    ['majority', '---(m|)'],
    [3, '-----(n|)'],
    ['all', '-----(n|)'],
  ])('of %s emits the first report in which so many have accepted, and completes', (size, expected) => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('ab-m-n-|', progress).pipe(quorum(size))).toBe(expected, progress);
    });
  });

  it('lets the source finish after the quorum', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a-b-m-n|', progress);
      expectObservable(source.pipe(quorum(1))).toBe('--(b|)', progress);
      expectSubscriptions(source.subscriptions).toBe('^------!');
    });
  });

  it('lets the source finish when whoever wanted one report has it', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a-b-m-n|', progress);
      expectObservable(source.pipe(quorum(1), take(1)), '^----!').toBe('--(b|)', progress);
      expectSubscriptions(source.subscriptions).toBe('^------!');
    });
  });

  it('lets the source finish after the failure too', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a-f-g-h|', progress);
      expectObservable(source.pipe(quorum(2))).toBe('----#', undefined, failed(2, progress.g));
      expectSubscriptions(source.subscriptions).toBe('^------!');
    });
  });

  it('unsubscribes from the source with finish: false, after either', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [met, refused] = [cold('a-b-m-n|', progress), cold('a-f-g-h|', progress)];
      expectObservable(met.pipe(quorum(2, { finish: false }))).toBe('   ----(m|)', progress);
      expectSubscriptions(met.subscriptions).toBe('              ^---!');
      expectObservable(refused.pipe(quorum(2, { finish: false }))).toBe('----#', undefined, failed(2, progress.g));
      expectSubscriptions(refused.subscriptions).toBe('          ^---!');
    });
  });

  it('unsubscribes from the source when it is unsubscribed from before the quorum', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      for (const finish of [true, false, undefined]) {
        const source = cold('a-b-m-n|', progress);
        expectObservable(source.pipe(quorum(3, { finish })), '^--!').toBe('---');
        expectSubscriptions(source.subscriptions).toBe('           ^--!');
      }
    });
  });

  it.each<[QuorumSize, string, number, QuorumReport]>([
    [2, '---#', 2, progress.g],
    ['majority', '---#', 2, progress.g],
    ['all', '-#', 3, progress.f],
    [3, '-#', 3, progress.f],
  ])('of %s errors as soon as too few are left', (size, expected, needed, last) => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('af-g-h-|', progress).pipe(quorum(size))).toBe(expected, undefined, failed(needed, last));
    });
  });

  it('of more than there are errors at the first report, and has nothing sent', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      for (const finish of [true, false]) {
        const source = cold('-a-b-m-n|', progress);
        expectObservable(source.pipe(quorum(4, { finish }))).toBe('-#', undefined, failed(4, progress.a));
        expectSubscriptions(source.subscriptions).toBe('           ^!');
      }
    });
    const log: string[] = [];
    const publishing = concat(of(report('..')), new Observable<QuorumReport>(() => void log.push('sent')));
    publishing.pipe(quorum(3)).subscribe({ error: () => log.push('error') });
    expect(log).toEqual(['error']);
  });

  it('errors when the source completes before, with what was last heard', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [some, none] = [cold('a-b|', progress), cold('--|', progress)];
      expectObservable(some.pipe(quorum(2))).toBe('         ---#', undefined, failed(2, progress.b));
      expectObservable(none.pipe(quorum(2))).toBe('         --#', undefined, failed(2));
      expectObservable(none.pipe(quorum('majority'))).toBe('--#', undefined, failed(1));
      expectSubscriptions(some.subscriptions).toBe('^--!');
    });
  });

  it('passes an error of the source on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a-b#', progress);
      expectObservable(source.pipe(quorum(2))).toBe('---#');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('keeps an error that the source has after the quorum to itself', async () => {
    const source = new Subject<QuorumReport>();
    const log: unknown[] = [];
    source.pipe(quorum(1)).subscribe({ next: (value) => log.push(value), complete: () => log.push('|') });
    source.next(progress.b);
    source.error(new Error('too late'));
    expect(log).toEqual([progress.b, '|']);
    expect(await unhandled.reported()).toEqual([]);
  });

  it('counts for each subscription and each source by itself', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const operator = quorum<QuorumReport>('majority');
      const [one, other] = [cold('-a-b-m|', progress), cold('-f-g-h|', progress)];
      expectObservable(one.pipe(operator)).toBe('         -----(m|)', progress);
      expectObservable(one.pipe(operator), '--^').toBe('  -------(m|)', progress);
      expectObservable(other.pipe(operator), '-^').toBe(' ----#', undefined, failed(2, progress.g));
      expectSubscriptions(one.subscriptions).toBe(['     ^-----!', '--^-----!']);
      expectSubscriptions(other.subscriptions).toBe('    -^-----!');
    });
  });

  it('takes synchronous sources: those that end, fail, and go on for ever', () => {
    const seen: unknown[] = [];
    const observer = {
      next: (value: unknown) => seen.push(value),
      error: (error: unknown) => seen.push(error),
      complete: () => seen.push('|'),
    };
    of(progress.a, progress.b, progress.m, progress.n).pipe(quorum(2)).subscribe(observer);
    expect(seen.splice(0)).toEqual([progress.m, '|']);
    of(progress.a, progress.f, progress.g).pipe(quorum(2)).subscribe(observer);
    expect(seen.splice(0)).toEqual([failed(2, progress.g)]);
    throwError(() => 'no')
      .pipe(quorum(2))
      .subscribe(observer);
    expect(seen.splice(0)).toEqual(['no']);
    let count = 0;
    const endless = new Observable<QuorumReport>((subscriber) => {
      for (; !subscriber.closed && count < 100; count++) subscriber.next(count > 3 ? progress.b : progress.a);
    });
    endless.pipe(quorum(1, { finish: false })).subscribe(observer);
    expect(seen.splice(0)).toEqual([progress.b, '|']);
    expect(count).toBe(5);
  });

  it('stops a synchronous source that is unsubscribed from before the quorum', () => {
    let sent = 0;
    const stop = new Subject<void>();
    new Observable<QuorumReport>((subscriber) => {
      for (; !subscriber.closed && sent < 100; sent++) {
        if (sent === 3) stop.next();
        subscriber.next(progress.a);
      }
    })
      .pipe(quorum(1), takeUntil(stop))
      .subscribe();
    expect(sent).toBe(4);
  });

  it.each([true, false])('tells once, whatever the source says from within: finish %s', (finish) => {
    const source = new Subject<QuorumReport>();
    const log: unknown[] = [];
    source.pipe(quorum(1, { finish })).subscribe({
      next: (value) => {
        log.push(value);
        source.next(progress.m);
        source.error(new Error('from within'));
      },
      error: (error: unknown) => log.push(error),
      complete: () => log.push('|'),
    });
    source.next(progress.b);
    expect(log).toEqual([progress.b, '|']);
  });

  it('can be subscribed to again from its own report', () => {
    const source = new Subject<QuorumReport>();
    const result = source.pipe(quorum(1));
    const log: string[] = [];
    result.subscribe({
      next: () => result.subscribe({ next: () => log.push('inner') }),
      complete: () => log.push('outer'),
    });
    source.next(progress.b);
    expect(log).toEqual(['outer']);
    source.next(progress.m);
    expect(log).toEqual(['outer', 'inner']);
  });

  it('has let the source go before it errors with finish: false, so that a retry finds its place free', () => {
    const log: string[] = [];
    const source = new Observable<QuorumReport>((subscriber) => {
      log.push('begin');
      subscriber.add(() => log.push('end'));
      subscriber.next(progress.a);
      subscriber.next(progress.g);
    });
    source.pipe(quorum(2, { finish: false }), retry(1)).subscribe({ error: () => log.push('error') });
    expect(log).toEqual(['begin', 'end', 'begin', 'end', 'error']);
  });

  it('holds on to nothing once the source has ended', () => {
    const source = new Subject<QuorumReport>();
    const subscription = source.pipe(quorum(1)).subscribe();
    source.next(progress.b);
    expect(subscription.closed).toBe(true);
    expect(source.observed).toBe(true);
    source.complete();
    expect(source.observed).toBe(false);
  });

  it('does not end the source when what is over is unsubscribed from', () => {
    const source = new Subject<QuorumReport>();
    const subscription = source.pipe(quorum(1)).subscribe();
    source.next(progress.b);
    subscription.unsubscribe();
    expect(source.observed).toBe(true);
  });

  it('is fit for promises', async () => {
    const source = concat(of(progress.a, progress.b), NEVER);
    await expect(firstValueFrom(source.pipe(quorum(1)))).resolves.toBe(progress.b);
    await expect(firstValueFrom(of(progress.f).pipe(quorum('all')))).rejects.toBeInstanceOf(QuorumError);
  });

  it('has an error of its own type, with the report', () => {
    let caught: unknown;
    of(progress.b, progress.c, report('ynn'))
      .pipe(quorum(2))
      .subscribe({ error: (error: unknown) => (caught = error) });
    expect(caught).toBeInstanceOf(QuorumError);
    expect(caught).toBeInstanceOf(Error);
    expect(caught).toMatchObject({ name: 'QuorumError', code: 'out-of-reach', needed: 2, report: report('ynn') });
    expect(String(caught)).toBe('QuorumError: A quorum of 2 is out of reach: 1 accepted, 0 are pending.');
    expect(String(failed(3))).toBe('QuorumError: A quorum of 3 is out of reach: 0 accepted, 0 are pending.');
  });

  it('takes the reports of a publish as they are', () => {
    const reports = new Subject<PublishReport>();
    const typed: Observable<PublishReport> = reports.pipe(quorum('majority'));
    typed.subscribe().unsubscribe();
    expect(reports.observed).toBe(false);
  });

  it.each([0, 1.5, Number.NaN, 'most' as 'all'])('refuses a size of %s at once', (size) => {
    expect(() => quorum(size)).toThrow(RangeError);
  });
});
