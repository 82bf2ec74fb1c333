import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fakeEvent, TestRelay } from '../../src/testing/index.ts';
import { launchChromium } from '../support/chromium.ts';
import type { ServedPage } from '../support/page-server.ts';
import { LibraryPage, serveLibrary } from './support/library-page.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };
const now = Math.floor(Date.now() / 1_000);
const COUNT = 300;

declare global {
  var pause: (isPaused: boolean) => void;
}

describe('a slow subscriber in a page', () => {
  let browser: Browser;
  let served: ServedPage;

  beforeAll(async () => {
    served = await serveLibrary();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  it('has its REQ closed when more comes than may wait, and asked again later, and loses nothing', async () => {
    await using relay = await TestRelay.start({ verify: false });
    const requests = (): readonly string[] =>
      relay.received.map(({ message }) => message.type).filter((type) => type === 'REQ' || type === 'CLOSE');
    const opened = await LibraryPage.open(browser, served);
    await opened.page.evaluate((url) => {
      // Who waits for what is tested here, so any signature will do.
      const verifier = { verify: (events: readonly unknown[]) => events.map(() => true) };
      const pool = new library.RelayPool({ relays: [url], verifier, maxBacklog: 20 });
      const pause$ = new library.BehaviorSubject(false);
      globalThis.app = { pool, seen: [], news: [] };
      globalThis.pause = (isPaused) => pause$.next(isPaused);
      pool.subscribe({ kinds: [1] }, { pause$ }).subscribe((event) => app.seen.push({ type: 'event', event }));
    }, relay.url);
    await vi.waitFor(() => expect(requests()).toEqual(['REQ']), PATIENCE);
    await opened.page.evaluate(() => pause(true));
    const events = Array.from({ length: COUNT }, (_, at) => fakeEvent({ content: `${at}`, created_at: now + at }));
    relay.add(...events);
    await vi.waitFor(() => expect(requests()).toEqual(['REQ', 'CLOSE']), PATIENCE);
    expect(await opened.contents()).toEqual([]);
    await opened.page.evaluate(() => pause(false));
    const expected = events.map(({ content }) => content).toSorted();
    await vi.waitFor(async () => expect((await opened.contents()).toSorted()).toEqual(expected), PATIENCE);
    relay.add(fakeEvent({ content: 'live', created_at: now + COUNT }));
    await vi.waitFor(async () => expect((await opened.contents()).at(-1)).toBe('live'), PATIENCE);
    await opened.end();
  });
});
