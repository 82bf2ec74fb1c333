import { BehaviorSubject, Subject } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { perFrame } from '../../src/operators/per-frame.ts';
import { VirtualTime } from '../../src/testing/index.ts';
import { marbles } from '../support/marbles.ts';

describe('perFrame', () => {
  it('emits the latest value 16 ms after the first that waits', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-ab 20ms c 30ms |');
      expectObservable(source.pipe(perFrame())).toBe('- 16ms b 21ms c 14ms |');
      expectSubscriptions(source.subscriptions).toBe('^ 53ms !');
    });
  });

  it('emits what waits when the source completes, then completes; an error passes at once', () => {
    marbles(({ hot, cold, expectObservable }) => {
      expectObservable(hot('-a|').pipe(perFrame())).toBe('- 16ms (a|)');
      expectObservable(cold('-a#').pipe(perFrame())).toBe('--#');
    });
  });

  it('leaves no timer when it is unsubscribed', () => {
    marbles(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const source = hot('-a---');
      expectObservable(source.pipe(perFrame()), '--!').toBe('---');
      flush();
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  describe('in a page', () => {
    afterEach(() => {
      vi.unstubAllGlobals();
      vi.useRealTimers();
    });
    /** A page's frames, by hand. */
    const pageWithFrames = () => {
      const waiting = new Map<number, (time: number) => void>();
      let made = 0;
      vi.stubGlobal('requestAnimationFrame', (draw: (time: number) => void) => (waiting.set(++made, draw), made));
      vi.stubGlobal('cancelAnimationFrame', (id: number) => waiting.delete(id));
      const frame = (): void => {
        const due = [...waiting.values()];
        waiting.clear();
        for (const draw of due) draw(0);
      };
      return { waiting, frame };
    };

    it('emits with the next frame, and asks for none while nothing comes', () => {
      const { waiting, frame } = pageWithFrames();
      const values: number[] = [];
      const source = new Subject<number>();
      source.pipe(perFrame()).subscribe((value) => values.push(value));
      expect(waiting.size).toBe(0);
      source.next(1);
      source.next(2);
      expect(values).toEqual([]);
      frame();
      expect(values).toEqual([2]);
      expect(waiting.size).toBe(0);
    });

    it('emits after a second where no frame is drawn, and takes back what it asked for', () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
      const { waiting } = pageWithFrames();
      const values: number[] = [];
      const source = new Subject<number>();
      source.pipe(perFrame()).subscribe((value) => values.push(value));
      source.next(1);
      vi.advanceTimersByTime(999);
      expect(values).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(values).toEqual([1]);
      expect(waiting.size).toBe(0);
      expect(vi.getTimerCount()).toBe(0);
    });

    it('keeps to the scheduler that it is given', async () => {
      const { waiting } = pageWithFrames();
      const time = new VirtualTime();
      const values: string[] = [];
      new BehaviorSubject('a').pipe(perFrame(time)).subscribe((value) => values.push(value));
      expect(waiting.size).toBe(0);
      await time.advance(15);
      expect(values).toEqual([]);
      await time.advance(1);
      expect(values).toEqual(['a']);
    });
  });
});
