import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NostrEvent } from '../../src/index.ts';
import { signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';
import { launchChromium } from '../support/chromium.ts';
import type { ServedPage } from '../support/page-server.ts';
import { LibraryPage, serveLibrary } from './support/library-page.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };
const backoff = { base: 100, floor: 20, cap: 300 };
const note = (content: string): NostrEvent =>
  signedEvent({ content, created_at: Math.floor(Date.now() / 1_000) }, testKey(0));

describe('the durable outbox in Chromium, on IndexedDB', () => {
  let browser: Browser;
  let served: ServedPage;
  let context: BrowserContext;
  let relay: TestRelay;
  const pages: LibraryPage[] = [];

  beforeAll(async () => {
    served = await serveLibrary();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    relay = await TestRelay.start();
  });
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.end()));
    await context.close();
    await relay.stop();
  });

  const openPage = async (): Promise<LibraryPage> => {
    const page = await LibraryPage.open(context, served);
    pages.push(page);
    return page;
  };

  /** Starts an outbox in the page, publishes when there is something, and keeps in `app.news` what becomes of it. */
  const start = (page: LibraryPage, event?: NostrEvent): Promise<void> =>
    page.page.evaluate(
      async ([url, pauses, toPublish]) => {
        const pool = new library.RelayPool({ relays: [url], backoff: pauses });
        const outbox = new library.DurableOutbox(pool, library.levelOutboxStore('outbox'), { backoff: pauses });
        const news: string[] = [];
        globalThis.app = { pool, seen: [], news };
        outbox.trouble$.subscribe(({ error }) => news.push(`trouble ${error.message}`));
        outbox.settled$.subscribe(({ status, accepted }) => news.push(`${status} ${accepted}`));
        if (!toPublish) return;
        await new Promise<void>((resolve, reject) => {
          outbox.publish(toPublish).subscribe({ next: () => resolve(), error: reject });
        });
      },
      [relay.url, backoff, event] as const,
    );

  it('sends after a reload what was published offline', async () => {
    const event = note('from the train');
    await relay.stop();
    const page = await openPage();
    await start(page, event);
    await page.goto(served.url);
    await relay.restart();
    await start(page);
    await vi.waitFor(async () => expect(await page.news()).toEqual(['delivered 1']), PATIENCE);
    expect([...relay.store]).toMatchObject([{ id: event.id, sig: event.sig }]);

    // Nothing is left for a third start.
    await page.goto(served.url);
    const received = relay.received.length;
    await start(page, note('another'));
    await vi.waitFor(async () => expect(await page.news()).toEqual(['delivered 1']), PATIENCE);
    const sent = relay.received.slice(received).filter(({ message }) => message.type === 'EVENT');
    expect(sent).toHaveLength(1);
  });

  it('shares its store with another tab: nothing is lost, and what is told is true', async () => {
    await relay.stop();
    const [first, second] = [note('of the first tab'), note('of the second tab')];
    const one = await openPage();
    await start(one, first);
    const two = await openPage();
    await start(two, second);
    await relay.restart();
    await vi.waitFor(() => expect([...relay.store]).toHaveLength(2), PATIENCE);
    // The second found what the first had stored, and either may have been first to deliver it.
    await vi.waitFor(async () => {
      expect(await one.news()).toEqual([expect.stringMatching(/^(delivered 1|gone \d)$/)]);
      const news = await two.news();
      expect(news).toHaveLength(2);
      expect(news).toContain('delivered 1');
    }, PATIENCE);
    const three = await openPage();
    await start(three);
    await start(three, note('later'));
    await vi.waitFor(async () => expect(await three.news()).toEqual(['delivered 1']), PATIENCE);
    expect([...relay.store]).toHaveLength(3);
  });
});
