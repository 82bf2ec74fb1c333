import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveDashboard, type ServedDashboard } from '../../src/dashboard/serve-dashboard.node.ts';
import { RelayPool } from '../../src/index.ts';
import { TestRelay } from '../../src/testing/index.ts';
import { launchChromium } from '../support/chromium.ts';
import { openPage } from './support/dashboard-page.ts';

/** As it is published. */
const script = readFileSync(new URL('../../dist/page/dashboard.js', import.meta.url), 'utf8');

describe('the dashboard that is served, in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it('shows a pool of this process in several pages, explains, and comes back after a restart of its server', async () => {
    await using relay = await TestRelay.start();
    const pool = new RelayPool({ relays: [relay.url] });
    const subscription = pool.subscribe({ kinds: [1] }, { id: 'feed' }).subscribe();
    let served: ServedDashboard = await serveDashboard(pool, { script });
    const { url } = served;
    const pages = [await openPage(browser, url), await openPage(browser, url)];
    const name = relay.url.slice(0, -1);
    for (const page of pages) {
      const requests: string[] = [];
      page.on('request', (request) => requests.push(request.url()));
      await page.getByRole('row', { name }).getByText('connected').waitFor();
      await page.getByText('live', { exact: true }).waitFor();
      await page.getByRole('option', { name: /^REQ feed: kind 1/ }).click();
      await page.getByText(/^chosen \+.* · answered \+/).waitFor();
      expect(requests.filter((each) => !each.startsWith(url))).toEqual([]);
    }
    // The policy holds, and nothing of the page is against it: what it refuses would be a problem in the console.
    const blocked = await pages[0]?.evaluate(async () => {
      const violated = new Promise<string>((resolve) =>
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective)),
      );
      const element = document.createElement('script');
      element.textContent = 'globalThis.wasRun = true';
      document.head.append(element);
      return [await violated, 'wasRun' in globalThis];
    });
    expect(blocked).toEqual(['script-src-elem', false]);
    for (const page of pages) expect(page.problems.filter((problem) => !problem.includes('inline script'))).toEqual([]);

    await served.close();
    for (const page of pages) {
      await page.getByText('out of reach', { exact: true }).waitFor();
      await page.getByRole('list', { name: 'Alerts' }).getByText('does not answer').waitFor();
      // What was heard last stays.
      await page.getByRole('row', { name }).getByText('connected').waitFor();
    }
    const second = pool.add('ws://127.0.0.1:1');
    served = await serveDashboard(pool, { script, port: Number(new URL(url).port) });
    for (const page of pages) {
      await page.getByText('live', { exact: true }).waitFor();
      await page.getByRole('row', { name: second.slice(0, -1) }).waitFor();
      await page.getByRole('list', { name: 'Alerts' }).getByText('answers again').waitFor();
    }
    for (const page of pages) await page.context().close();
    await served.close();
    subscription.unsubscribe();
    pool.close();
  });
});
