import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NostrEvent } from '../../src/index.ts';
import { signedEvent, testKey, TestRelay } from '../../src/testing/index.ts';
import { launchChromium } from '../support/chromium.ts';
import type { ServedPage } from '../support/page-server.ts';
import { type BrowserWithTabs, launchWithTabs } from './support/browser-with-tabs.ts';
import { LibraryPage, type PageOptions, serveLibrary } from './support/library-page.ts';

/*
 * What Chromium does when it goes offline, as tried by hand and relied upon here, loopback being no exception: it fires `offline`,
 * refuses new connections at once, and holds the frames of those that are open, both ways, until it fires `online`. A close that
 * comes behind held frames is held too, one that comes alone is not. Chromium itself closes nothing.
 *
 * No wait of a pool ends by itself within these tests: an attempt is due after ten minutes, and a silent connection is looked at
 * after 30 seconds. What comes sooner comes of the event.
 */
const PATIENCE = { timeout: 20_000, interval: 20 };
const TEN_MINUTES = 600_000;
const backoff = { floor: TEN_MINUTES };
const now = Math.floor(Date.now() / 1_000);
const note = (content: string): NostrEvent => signedEvent({ content, created_at: now }, testKey(0));
const notes = { kinds: [1] };

let served: ServedPage;
let relay: TestRelay;
let page: LibraryPage;

beforeAll(async () => {
  served = await serveLibrary();
});
afterAll(() => served?.close());
afterEach(async () => {
  await page.end();
  await relay.stop();
});

/** A page that is subscribed to a relay with one event, and has it. */
async function subscribed(where: Parameters<typeof LibraryPage.open>[0], options: PageOptions = {}): Promise<void> {
  relay = await TestRelay.start();
  relay.seed(note('stored'));
  page = await LibraryPage.open(where, served);
  await page.subscribe(notes, { relays: [relay.url], backoff, livenessTimeout: 500, ...options });
  await page.sign('eose');
}

const connects = async (): Promise<number | undefined> => (await page.statuses())[0]?.counters.connects;

describe('offline and online in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('keeps a connection that outlived the time offline, and delivers what was held back', async () => {
    await subscribed(browser);
    await page.context.setOffline(true);
    await vi.waitFor(async () => expect(await page.news()).toEqual(['offline']), PATIENCE);
    relay.add(note('while offline'));
    await page.context.setOffline(false);
    await page.has('while offline');
    expect(await page.news()).toEqual(['offline', 'online']);
    // The probe has been answered and its time is over.
    await vi.waitFor(() => expect(verbs()).toEqual(['REQ', 'REQ', 'CLOSE']), PATIENCE);
    relay.add(note('afterwards'));
    await page.has('afterwards');
    expect(await page.contents()).toEqual(['stored', 'while offline', 'afterwards']);
    expect(await connects()).toBe(1);
  });

  it('reconnects at once when it comes online, with the events of the time between', async () => {
    await subscribed(browser);
    await page.context.setOffline(true);
    relay.drop();
    relay.seed(note('missed 1'), note('missed 2'));
    await page.sign('lost connection-lost');
    // It cannot dial: neither when asked to nor by itself.
    await page.page.evaluate(() => app.pool.revive());
    await page.sign('lost connect-failed');
    expect(page.failedDials).toEqual([expect.stringContaining('ERR_INTERNET_DISCONNECTED')]);
    expect(relay.connectionCount).toBe(0);

    await page.context.setOffline(false);
    await page.has('missed 1', 'missed 2');
    await page.sign('eose', 2);
    relay.add(note('live again'));
    await page.has('live again');
    expect([...(await page.contents())].sort()).toEqual(['live again', 'missed 1', 'missed 2', 'stored']);
  });

  it('replaces a connection that died unnoticed, at once when it comes online', async () => {
    await subscribed(browser, { backoff: { base: 100, floor: 20 } });
    await page.context.setOffline(true);
    relay.faults.halfOpen = true;
    // Later connections are well; those that are open stay dead.
    relay.faults.halfOpen = false;
    relay.seed(note('missed'));
    const before = Date.now();
    await page.context.setOffline(false);
    await page.sign('lost half-open');
    await page.sign('eose', 2);
    expect(Date.now() - before).toBeLessThan(30_000);
    expect([...(await page.contents())].sort()).toEqual(['missed', 'stored']);
    expect(await connects()).toBe(2);
  });

  it('does nothing on a page that has closed its pool', async () => {
    await subscribed(browser);
    await page.page.evaluate(() => app.pool.close());
    await page.context.setOffline(true);
    await page.context.setOffline(false);
    await vi.waitFor(async () => expect(await page.news()).toEqual(['complete', 'offline', 'online']), PATIENCE);
    await vi.waitFor(() => expect(relay.connectionCount).toBe(0), PATIENCE);
    expect(verbs()).toEqual(['REQ', 'CLOSE']);
    expect(page.failedDials).toEqual([]);
  });
});

describe('a tab in the background of Chromium', () => {
  let browser: BrowserWithTabs;
  beforeAll(async () => {
    browser = await launchWithTabs();
  });
  afterAll(() => browser?.close());

  /** Opens another tab in front of the page; returns how to go back. */
  async function hide(): Promise<() => Promise<void>> {
    const other = await page.context.newPage();
    await other.bringToFront();
    await vi.waitFor(async () => expect(await page.news()).toEqual(['hidden']), PATIENCE);
    return async () => {
      await page.page.bringToFront();
      await vi.waitFor(async () => expect(await page.news()).toEqual(['hidden', 'visible']), PATIENCE);
      await other.close();
    };
  }

  it('goes on receiving, and keeps its connection when it comes to the front', async () => {
    await subscribed(browser.tabs);
    const show = await hide();
    relay.add(note('in the background'));
    await page.has('in the background');
    await show();
    await vi.waitFor(() => expect(verbs()).toEqual(['REQ', 'REQ', 'CLOSE']), PATIENCE);
    expect(await page.contents()).toEqual(['stored', 'in the background']);
    expect(await connects()).toBe(1);
  });

  it('reconnects at once when it comes to the front', async () => {
    await subscribed(browser.tabs);
    const show = await hide();
    relay.drop();
    relay.seed(note('missed'));
    await page.sign('lost connection-lost');
    await show();
    await page.has('missed');
    await page.sign('eose', 2);
    expect([...(await page.contents())].sort()).toEqual(['missed', 'stored']);
  });

  it('replaces a connection that died unnoticed, at once when it comes to the front', async () => {
    await subscribed(browser.tabs, { backoff: { base: 100, floor: 20 } });
    const show = await hide();
    relay.faults.halfOpen = true;
    relay.faults.halfOpen = false;
    relay.seed(note('missed'));
    await show();
    await page.sign('lost half-open');
    await page.has('missed');
    expect(await connects()).toBe(2);
  });

  it('catches up after Chromium froze it', async () => {
    await subscribed(browser.tabs);
    const show = await hide();
    const chromium = await page.context.newCDPSession(page.page);
    await chromium.send('Page.setWebLifecycleState', { state: 'frozen' });
    relay.drop();
    relay.seed(note('missed'));
    await chromium.send('Page.setWebLifecycleState', { state: 'active' });
    await page.sign('lost connection-lost');
    await show();
    await page.has('missed');
    await page.sign('eose', 2);
    expect([...(await page.contents())].sort()).toEqual(['missed', 'stored']);
  });

  it('catches up though it hears that it is in front before it hears that its connection is gone', async () => {
    // The news came too early to cut a wait short: the first, short wait after a loss has to do.
    await subscribed(browser.tabs, { backoff: {} });
    const show = await hide();
    const chromium = await page.context.newCDPSession(page.page);
    await chromium.send('Page.setWebLifecycleState', { state: 'frozen' });
    relay.drop();
    relay.seed(note('missed'));
    await chromium.send('Page.setWebLifecycleState', { state: 'active' });
    await show();
    await page.has('missed');
    await page.sign('eose', 2);
    expect([...(await page.contents())].sort()).toEqual(['missed', 'stored']);
  });
});

/** What the relay was sent, in order. */
function verbs(): readonly string[] {
  return relay.received.map(({ message }) => message.type);
}
