import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectivity } from '../../src/sources/connectivity.ts';
import { hear } from '../support/world.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('connectivity', () => {
  it('tells that the browser is online again, and that its tab is visible again', () => {
    const [window, document] = [new EventTarget(), Object.assign(new EventTarget(), { visibilityState: 'hidden' })];
    vi.stubGlobal('window', window);
    vi.stubGlobal('document', document);
    const news = hear(connectivity());
    expect(news.values).toEqual([]);
    window.dispatchEvent(new Event('offline'));
    document.dispatchEvent(new Event('visibilitychange'));
    expect(news.values).toEqual([]);
    window.dispatchEvent(new Event('online'));
    document.visibilityState = 'visible';
    document.dispatchEvent(new Event('visibilitychange'));
    expect(news.values).toEqual(['online', 'visible']);
    news.subscription.unsubscribe();
    window.dispatchEvent(new Event('online'));
    expect(news.values).toHaveLength(2);
  });

  it('tells nothing, and does not end, where the platform tells nothing', () => {
    const news = hear(connectivity());
    expect([news.values, news.completed]).toEqual([[], false]);
    news.subscription.unsubscribe();
  });
});
