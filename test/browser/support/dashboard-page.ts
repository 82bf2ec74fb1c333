import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { ReplaySubject } from 'rxjs';
import { expect } from 'vitest';
import type { DashboardCall, DashboardRelay, RelayPoolDashboard } from '../../../src/dashboard/index.ts';
import type { Explanation, PoolMetrics, RelayPool } from '../../../src/index.ts';
import { type ServedPage, servePage } from '../../support/page-server.ts';
import { isOfUnreachableRelay } from './unreachable-relay.ts';

declare global {
  // Only pages of this suite have these.
  var parts: { readonly RelayPool: typeof RelayPool; readonly ReplaySubject: typeof ReplaySubject };
  var watched: {
    pool?: RelayPool;
    relays$: ReplaySubject<readonly DashboardRelay[]>;
    metrics$: ReplaySubject<PoolMetrics>;
    explanations: readonly (DashboardCall & Partial<Explanation>)[];
    readonly element: RelayPoolDashboard;
  };
}

export const serveElement = (): Promise<ServedPage> => servePage('test/browser/pages/dashboard.js');

/** Opens a page and notes what goes wrong in it, for {@link ends}. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Page & { readonly problems: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1_280, height: 1_000 }, ...options });
  page.setDefaultTimeout(10_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`uncaught: ${String(error)}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    if (!isOfUnreachableRelay(message, page.url())) problems.push(message.text());
  });
  await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
  await page.goto(url);
  return Object.assign(page, { problems });
}

/** Closes a page, and fails when something had gone wrong inside. */
export async function ends(page: Page & { readonly problems: string[] }): Promise<void> {
  await page.context().close();
  expect(page.problems).toEqual([]);
}

/** What there is to watch from the beginning. */
export interface Beginning {
  readonly relays: readonly DashboardRelay[];
  /** The latest of a minute in which nothing changed. */
  readonly metrics: PoolMetrics;
  readonly explanations: readonly Explanation[];
}

/** Puts an element into the page that watches what the test tells it. */
export async function watchByHand(page: Page, beginning?: Beginning): Promise<void> {
  await page.waitForFunction(() => 'parts' in globalThis);
  await page.evaluate((from) => {
    const { ReplaySubject } = parts;
    const element = document.createElement('relay-pool-dashboard');
    const [relays$, metrics$] = [
      new ReplaySubject<readonly DashboardRelay[]>(1),
      new ReplaySubject<PoolMetrics>(from ? 61 : 1),
    ];
    globalThis.watched = { relays$, metrics$, explanations: from?.explanations ?? [], element };
    if (from) {
      relays$.next(from.relays);
      for (let back = 60; back >= 0; back--) metrics$.next({ ...from.metrics, at: from.metrics.at - back * 1_000 });
    }
    element.pool = {
      relays$,
      metrics$,
      get explanations() {
        return watched.explanations;
      },
      explain: (call) => watched.explanations.find((each) => `${each.call}` === call) as Explanation | undefined,
    };
    document.body.style.margin = '0';
    document.body.append(element);
  }, beginning);
}

/** Puts an element into the page that watches a pool of the page. */
export async function watchPool(page: Page, relays: readonly string[]): Promise<void> {
  await page.waitForFunction(() => 'parts' in globalThis);
  await page.evaluate((urls) => {
    const pool = new parts.RelayPool({ relays: urls, backoff: { base: 300, floor: 100, cap: 500 } });
    const element = document.createElement('relay-pool-dashboard');
    globalThis.watched = { pool, element } as unknown as typeof watched;
    document.body.append(element);
    element.pool = pool;
  }, relays);
}
