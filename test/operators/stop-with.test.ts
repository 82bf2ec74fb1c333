import { config, NEVER, of, Subject, Subscription } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { stopWith } from '../../src/operators/stop-with.ts';
import { endless } from '../support/endless.ts';
import { heapInUse } from '../support/heap.ts';
import { marbles } from '../support/marbles.ts';

describe('stopWith', () => {
  it('passes everything on while the owner is there', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const owner = new Subscription();
      const [completes, fails] = [cold('-a-b-|'), cold('-a-#')];
      expectObservable(completes.pipe(stopWith(owner))).toBe('-a-b-|');
      expectObservable(fails.pipe(stopWith(owner))).toBe('-a-#');
      expectSubscriptions(completes.subscriptions).toBe('^----!');
      expectSubscriptions(fails.subscriptions).toBe('^--!');
    });
  });

  it('stops a synchronous source that never ends', () => {
    const owner = new Subscription();
    const { source, made } = endless();
    source.pipe(stopWith(owner)).subscribe((n) => n === 2 && owner.unsubscribe());
    expect(made()).toBe(3);
  });

  it('stops without a word', async () => {
    const told: unknown[] = [];
    config.onStoppedNotification = (notification) => told.push(notification);
    const owner = new Subscription();
    const source = new Subject<string>();
    const tell = (what: string) => () => told.push(what);
    source.pipe(stopWith(owner)).subscribe({ next: tell('next'), error: tell('error'), complete: tell('complete') });
    owner.unsubscribe();
    source.next('late');
    expect(source.observed).toBe(false);
    // RxJS reports in a timer of 0 ms, so one that is set later and runs longer comes after it.
    await new Promise((done) => setTimeout(done, 5));
    config.onStoppedNotification = null;
    expect(told).toEqual([]);
  });

  it('leaves nothing with the owner when it is over, or unsubscribed from', async () => {
    const owner = new Subscription();
    const run = (): void => {
      for (let n = 0; n < 50_000; n++) {
        of(n).pipe(stopWith(owner)).subscribe();
        NEVER.pipe(stopWith(owner)).subscribe().unsubscribe();
      }
    };
    run();
    const before = await heapInUse();
    run();
    expect((await heapInUse()) - before).toBeLessThan(2 ** 20);
    owner.unsubscribe();
  });
});
